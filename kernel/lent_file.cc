#include "kernel/lent_file.h"

#include "kernel/device.h"
#include "kernel/inode_state.h"
#include "kernel/io_state.h"
#include "kernel/kernel.h"

namespace cloche::kernel {
namespace {

// What all descriptors of it in the inner kernel share, those opened by /dev/stdout too.
class LentStream final : public Opener {
 public:
  LentStream(FileRef outer, LendFor for_what, Ref<OutputBudget> bytes)
      : file(std::move(outer)), direction(for_what), budget(std::move(bytes)) {}

  SysResult<FileRef> open(Call& call, const vfs::Location& location, uint32_t flags) override;

  const FileRef file;
  const LendFor direction;
  const Ref<OutputBudget> budget;
};

class LentFile final : public OpenFile {
 public:
  LentFile(Ref<LentStream> stream, vfs::Location location, uint32_t flags)
      : OpenFile(flags), stream_(std::move(stream)), location_(std::move(location)) {}
  FileKind kind() const override { return FileKind::kHost; }

  SysResult<uint64_t> read(Call& call, std::span<uint8_t> out) override {
    return stream_->file->read(call, out);
  }
  SysResult<uint64_t> write(Call& call, std::span<const uint8_t> in) override {
    if (in.empty()) return 0;
    const uint64_t granted = stream_->budget->take(in.size());
    if (granted == 0) return in.size();
    const auto written = stream_->file->write(call, in.first(granted));
    stream_->budget->give_back(granted - (written.ok() ? *written : 0));
    return written;
  }
  uint32_t poll() override { return stream_->file->poll(); }
  uint64_t activity() const override { return stream_->file->activity(); }
  WaitQueue* wait_queue(uint32_t wanted) override { return stream_->file->wait_queue(wanted); }
  SysResult<vfs::Stat> stat() override { return location_.inode->stat(); }
  const vfs::Location& location() const override { return location_; }
  std::string describe() const override { return describe_location(nullptr, location_, "pipe"); }

 private:
  const Ref<LentStream> stream_;
  const vfs::Location location_;
};

uint32_t mode_of(LendFor direction) {
  return direction == LendFor::kInput ? kReadOnly : kWriteOnly;
}

SysResult<FileRef> LentStream::open(Call&, const vfs::Location& location, uint32_t flags) {
  if ((flags & kAccessMode) != mode_of(direction)) return Errno::kACCES;
  return FileRef(make_ref<LentFile>(Ref<LentStream>(this), location,
                                    mode_of(direction) | (flags & (kNonBlock | kAppend))));
}

bool carries_bytes_only(OpenFile& file) {
  switch (file.kind()) {
    case FileKind::kRegular:
    case FileKind::kPipe:
    case FileKind::kTerminal:
    case FileKind::kSocket:
    case FileKind::kHost:
      return true;
    case FileKind::kOther: {
      const vfs::Location& location = file.location();
      const auto stat = location ? location.inode->stat() : SysResult<vfs::Stat>(Errno::kINVAL);
      return stat.ok() && stat->type == vfs::FileType::kCharDevice && is_memory_device(stat->rdev);
    }
    case FileKind::kPath:
    case FileKind::kDirectory:
    case FileKind::kTerminalMaster:
    case FileKind::kEvent:
    case FileKind::kEpoll:
    case FileKind::kTimer:
    case FileKind::kSignals:
    case FileKind::kProcess:
    case FileKind::kNotify:
      return false;
  }
  return false;
}

}  // namespace

SysResult<FileRef> lend_file(Kernel& inner, FileRef file, LendFor direction,
                             Ref<OutputBudget> budget) {
  if (!(direction == LendFor::kInput ? file->readable() : file->writable())) return Errno::kBADF;
  if (!carries_bytes_only(*file)) return Errno::kINVAL;
  const auto stream = make_ref<LentStream>(std::move(file), direction, std::move(budget));
  vfs::Location location;
  location.inode = inner.io().make_inode(vfs::FileType::kFifo, 0600, inner.options().user);
  state_of(*location.inode).opener = stream;
  return FileRef(make_ref<LentFile>(stream, std::move(location), mode_of(direction)));
}

}  // namespace cloche::kernel
