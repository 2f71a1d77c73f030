// epoll_create1(2), epoll_ctl(2), epoll_pwait(2), epoll_pwait2(2).
#include "kernel/epoll.h"

#include "kernel/io_state.h"
#include "kernel/kernel.h"
#include "kernel/open.h"
#include "kernel/syscalls/blocking.h"
#include "kernel/syscalls/handlers.h"
#include "kernel/syscalls/polling.h"

namespace cloche::kernel {
namespace {

enum Operation : int32_t { kAdd = 1, kRemove = 2, kModify = 3 };

// EPOLLEXCLUSIVE goes with few other events.
SysResult<Unit> check_exclusive(int32_t operation, const EpollEvent& event, const OpenFile& file) {
  constexpr uint32_t kWithExclusive = kPollIn | kPollOut | kPollErr | kPollHup | kPollReadNormal |
                                      kPollWriteNormal | kEpollWakeup | kEpollEdge |
                                      kEpollExclusive;
  if (!(event.events & kEpollExclusive)) return Unit{};
  if (operation == kModify) return Errno::kINVAL;
  if (operation != kAdd) return Unit{};
  if (file.kind() == FileKind::kEpoll || (event.events & ~kWithExclusive)) return Errno::kINVAL;
  return Unit{};
}

// The set that a wait works on. EBADF, EINVAL.
SysResult<Ref<EpollFile>> set_of(Call& call, Fd fd) {
  const FileRef file = TRY(file_of(call, fd));
  if (file->kind() != FileKind::kEpoll) return Errno::kINVAL;
  return Ref<EpollFile>(static_cast<EpollFile*>(file.get()));
}

struct EventWriter {
  Call& call;
  const UserPtr at;
  uint32_t written = 0;
  static bool write(void* env, const EpollEvent& event) {
    auto& writer = *static_cast<EventWriter*>(env);
    const uint64_t address = uint64_t{writer.at.address} + writer.written * sizeof event;
    if (address > UINT32_MAX) return false;
    const UserPtr to{static_cast<uint32_t>(address)};
    if (!writer.call.put(to, event).ok()) return false;
    ++writer.written;
    return true;
  }
};

SysResult<int32_t> wait(Call& call, Fd fd, UserPtr events, int32_t most, UserPtr mask_at,
                        uint32_t mask_size) {
  SignalSet mask = 0;
  const bool has_mask = TRY(read_mask(call, mask_at, mask_size, mask));
  constexpr int32_t kMost = INT32_MAX / int32_t{sizeof(EpollEvent)};
  if (most <= 0 || most > kMost) return Errno::kINVAL;
  const Ref<EpollFile> set = TRY(set_of(call, fd));
  EventWriter writer{call, events};
  bool more = false;
  const uint32_t limit = std::min(static_cast<uint32_t>(most), EpollFile::kMostEvents);
  const uint32_t found = set->collect(limit, &writer, &EventWriter::write, more);
  call.scratch().object = set;
  if (found == 0 && more) return run_again(call, has_mask, mask);
  // There is an event, but no place to put it.
  if (found == 0 && (set->poll() & kPollIn)) {
    if (has_mask && call.retried()) call.kernel().swap_mask_back(call.thread());
    return Errno::kFAULT;
  }
  WaitQueue* const queue = set->wait_queue(kPollIn);
  return answer_or_wait(call, static_cast<int32_t>(found), {&queue, 1}, has_mask, mask);
}

}  // namespace

SysResult<int32_t> sys_epoll_create1(Call& call, uint32_t flags) {
  if (flags & ~uint32_t{kCloseOnExec}) return Errno::kINVAL;
  return install(call, make_ref<EpollFile>(call.kernel().io().epoll_quotas(), 0u), flags);
}

SysResult<int32_t> sys_epoll_ctl(Call& call, Fd set_fd, int32_t operation, Fd fd,
                                 UserPtr event_at) {
  EpollEvent event;
  if (operation != kRemove) event = TRY(call.get<EpollEvent>(event_at));
  const FdTable& fds = *call.process().fds;
  const FileRef set = TRY(fds.get(set_fd));
  const FileRef file = TRY(fds.get(fd));
  if (!file->can_be_watched()) return Errno::kPERM;
  if (set == file || set->kind() != FileKind::kEpoll) return Errno::kINVAL;
  TRY(check_exclusive(operation, event, *file));
  auto& epoll = static_cast<EpollFile&>(*set);
  switch (operation) {
    case kAdd: {
      const auto added = epoll.add(fd, *file, event);
      if (added.ok()) return 0;
      // Or for the limit of sets in sets, of which nobody is told.
      if (added.error() == Errno::kNOSPC)
        tell_full(call.process(), &IoState::watches, "watches.max");
      return added.error();
    }
    case kRemove:
      TRY(epoll.remove(fd, *file));
      return 0;
    case kModify:
      TRY(epoll.modify(fd, *file, event));
      return 0;
    default:
      return Errno::kINVAL;
  }
}

SysResult<int32_t> sys_epoll_pwait(Call& call, Fd fd, UserPtr events, int32_t most, int32_t timeout,
                                   UserPtr mask, uint32_t mask_size) {
  start_clock_ms(call, timeout);
  return wait(call, fd, events, most, mask, mask_size);
}

SysResult<int32_t> sys_epoll_pwait2(Call& call, Fd fd, UserPtr events, int32_t most,
                                    UserPtr timeout, UserPtr mask, uint32_t mask_size) {
  TRY(start_clock(call, timeout));
  return wait(call, fd, events, most, mask, mask_size);
}

}  // namespace cloche::kernel
