#include "kernel/open.h"

#include <algorithm>

#include "kernel/device.h"
#include "kernel/directory_file.h"
#include "kernel/fifo.h"
#include "kernel/inode_state.h"
#include "kernel/kernel.h"
#include "kernel/notify.h"
#include "kernel/regular_file.h"

namespace cloche::kernel {
namespace {

// What F_GETFL shows of the flags given.
constexpr uint32_t kOpenOnly = kCreate | kExclusive | kNoCtty | kTruncate | kCloseOnExec;

vfs::OpenAccess body_access(uint32_t flags) {
  switch (flags & kAccessMode) {
    case kWriteOnly:
      return vfs::OpenAccess::kWrite;
    case kReadWrite:
      return vfs::OpenAccess::kReadWrite;
    default:
      return vfs::OpenAccess::kRead;
  }
}

}  // namespace

SysResult<FileRef> open_location(Call& call, vfs::Opened opened, uint32_t flags) {
  const vfs::Location& location = opened.location;
  const vfs::Namespace& names = call.kernel().names();
  const uint32_t status = flags & ~kOpenOnly;
  vfs::Inode& inode = *location.inode;
  if (flags & kPath) return FileRef(make_ref<PathFile>(location, status, &names));
  if (const InodeState* state = find_state(inode); state && state->opener)
    return state->opener->open(call, location, status);
  switch (inode.type()) {
    case vfs::FileType::kRegular: {
      if (!opened.body) opened.body = TRY(inode.open(body_access(flags)));
      notify_file(location, kNotifyOpen);
      return FileRef(make_ref<RegularFile>(location, std::move(opened.body), status, &names));
    }
    case vfs::FileType::kDirectory:
      notify_file(location, kNotifyOpen);
      return FileRef(make_ref<DirectoryFile>(location, status, names));
    case vfs::FileType::kFifo:
      TRY(inode.may_open_special());
      return open_fifo(call, location, status);
    case vfs::FileType::kCharDevice:
      TRY(inode.may_open_special());
      return open_device(call, location, status | (flags & kNoCtty));
    case vfs::FileType::kSymlink:
      return Errno::kLOOP;
    case vfs::FileType::kSocket:
    case vfs::FileType::kBlockDevice:
      break;
  }
  return Errno::kNXIO;
}

uint32_t descriptor_limit(const Process& process) {
  return static_cast<uint32_t>(
      std::min<uint64_t>(process.limits[kLimitOpenFiles].soft, FdTable::kHardLimit));
}

SysResult<int32_t> install(Call& call, FileRef file, uint32_t flags) {
  Process& process = call.process();
  const Fd fd = TRY(
      process.fds->add(std::move(file), (flags & kCloseOnExec) != 0, 0, descriptor_limit(process)));
  return static_cast<int32_t>(fd);
}

}  // namespace cloche::kernel
