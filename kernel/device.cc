#include "kernel/device.h"

#include <cstring>

#include "kernel/file_lock.h"
#include "kernel/inode_state.h"
#include "kernel/io_state.h"
#include "kernel/kernel.h"
#include "kernel/tool_device.h"

namespace cloche::kernel {
namespace {

// The memory devices. Writes vanish (full: ENOSPC); there is no position.
class MemoryDevice final : public OpenFile {
 public:
  MemoryDevice(uint64_t number, vfs::Location location, uint32_t flags, const vfs::Namespace& names)
      : OpenFile(flags), number_(number), location_(std::move(location)), names_(names) {}
  ~MemoryDevice() override { release_description_locks(*this); }

  SysResult<uint64_t> read(Call& call, std::span<uint8_t> out) override {
    if (number_ == kDevNull) return 0;
    if (number_ == kDevRandom || number_ == kDevUrandom)
      call.process().random_source().fill(out.data(), out.size());
    else
      std::memset(out.data(), 0, out.size());
    return out.size();
  }
  SysResult<uint64_t> write(Call&, std::span<const uint8_t> in) override {
    if (number_ == kDevFull && !in.empty()) return Errno::kNOSPC;
    return in.size();
  }
  SysResult<uint64_t> read_at(Call& call, uint64_t, std::span<uint8_t> out) override {
    return read(call, out);
  }
  SysResult<uint64_t> write_at(Call& call, uint64_t, std::span<const uint8_t> in) override {
    return write(call, in);
  }
  SysResult<uint64_t> seek(int64_t, uint32_t) override { return 0; }
  bool can_be_watched() const override { return number_ == kDevRandom || number_ == kDevUrandom; }
  SysResult<vfs::Stat> stat() override { return location_.inode->stat(); }
  const vfs::Location& location() const override { return location_; }
  std::string describe() const override { return describe_location(&names_, location_, "device"); }

 private:
  uint64_t number_;
  vfs::Location location_;
  const vfs::Namespace& names_;
};

}  // namespace

bool is_memory_device(uint64_t number) {
  return number == kDevNull || number == kDevZero || number == kDevFull || number == kDevRandom ||
         number == kDevUrandom;
}

SysResult<FileRef> open_device(Call& call, const vfs::Location& location, uint32_t flags) {
  const uint64_t number = TRY(location.inode->stat()).rdev;
  Kernel& kernel = call.kernel();
  if (is_memory_device(number))
    return FileRef(make_ref<MemoryDevice>(number, location, flags, kernel.names()));
  if (number == kDevTty) return open_controlling_terminal(call, location, flags);
  if (number == kDevPtmx) return kernel.io().terminals().open_master(location, flags);
  if (number == kDevTool) return open_tool_device(call, location, flags);
  if (number >> 8 == kPtsMajor)
    return kernel.io().terminals().open_slave(call, location, flags,
                                              static_cast<uint32_t>(number & 0xff));
  return Errno::kNXIO;
}

}  // namespace cloche::kernel
