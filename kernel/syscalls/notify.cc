// inotify_init1(2), inotify_add_watch(2), inotify_rm_watch(2).
#include "kernel/notify.h"

#include "kernel/io_state.h"
#include "kernel/kernel.h"
#include "kernel/open.h"
#include "kernel/syscalls/handlers.h"
#include "kernel/syscalls/paths.h"

namespace cloche::kernel {
namespace {

SysResult<Ref<NotifyFile>> instance_of(Call& call, Fd fd) {
  const FileRef file = TRY(call.process().fds->get(fd));
  if (file->kind() != FileKind::kNotify) return Errno::kINVAL;
  return Ref<NotifyFile>(static_cast<NotifyFile*>(file.get()));
}

}  // namespace

SysResult<int32_t> sys_inotify_init1(Call& call, uint32_t flags) {
  if (flags & ~uint32_t{kCloseOnExec | kNonBlock}) return Errno::kINVAL;
  Process& process = call.process();
  TRY(process.fds->check_room(1, descriptor_limit(process)));
  const NotifyQuotas quotas = call.kernel().io().notify_quotas();
  if (!quotas.instances->take(1)) return Errno::kMFILE;
  return install(call, make_ref<NotifyFile>(quotas, flags), flags);
}

SysResult<int32_t> sys_inotify_add_watch(Call& call, Fd fd, UserPath path, uint32_t mask) {
  constexpr uint32_t kFlags = kNotifyOnlyDirectory | kNotifyDontFollow | kNotifyExcludeUnlinked |
                              kNotifyMaskCreate | kNotifyMaskAdd | kNotifyOneShot;
  if (!(mask & (kNotifyAll | kFlags))) return Errno::kINVAL;
  if ((mask & kNotifyMaskAdd) && (mask & kNotifyMaskCreate)) return Errno::kINVAL;
  const auto instance = TRY(instance_of(call, fd));
  const Last last = mask & kNotifyDontFollow ? Last::kKeep : Last::kFollow;
  const vfs::Location found = TRY(find_file(call, kAtCwd, path, last));
  if ((mask & kNotifyOnlyDirectory) && found.inode->type() != vfs::FileType::kDirectory)
    return Errno::kNOTDIR;
  TRY(vfs::may_access(*found.inode, call.process().credentials, vfs::kRead));
  const auto number = instance->watch(found.inode, mask);
  if (!number.ok() && number.error() == Errno::kNOSPC)
    tell_full(call.process(), &IoState::watches, "watches.max");
  return number;
}

SysResult<int32_t> sys_inotify_rm_watch(Call& call, Fd fd, int32_t number) {
  const auto instance = TRY(instance_of(call, fd));
  TRY(instance->forget(number));
  return 0;
}

}  // namespace cloche::kernel
