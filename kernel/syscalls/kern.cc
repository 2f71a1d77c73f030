// The `kern` imports (abi/README.md).
#include "kernel/clone_flags.h"
#include "kernel/exec.h"
#include "kernel/state.h"
#include "kernel/syscalls/handlers.h"
#include "kernel/syscalls/invoke.h"

namespace cloche::kernel {
namespace {

// What sigtake writes.
struct SignalFrame {
  uint32_t handler = 0, flags = 0;
  uint64_t old_mask = 0;
  int32_t signo = 0, pad = 0;
  GuestSignalInfo info;
};
static_assert(sizeof(SignalFrame) == 152);

SysResult<int32_t> kern_result(Call&) { return Errno::kINVAL; }  // CallGate::resume answers it

SysResult<uint64_t> kern_startup(Call& call, UserPtr buffer, uint32_t size) {
  const std::vector<uint8_t> block = startup_block(call.process(), buffer.address);
  if (size == 0) return uint64_t{block.size()};
  if (size < block.size()) return Errno::kINVAL;
  const auto out = TRY(call.bytes_out(buffer, block.size()));
  std::memcpy(out.data(), block.data(), block.size());
  return uint64_t{block.size()};
}

SysResult<int32_t> kern_set_sigword(Call& call, UserPtr word) {
  if (word) TRY(call.bytes_out(word, 4));
  call.process().sigword = word.address;
  address_space_of(call.process()).signal_word = -1;
  return 0;
}

SysResult<int32_t> kern_sigtake(Call& call, UserPtr frame_address) {
  TRY(call.bytes_out(frame_address, sizeof(SignalFrame)));
  SignalInfo info;
  SignalAction action;
  SignalFrame frame;
  if (!take_caught(call.kernel(), call.thread(), info, action, frame.old_mask)) return 0;
  frame.handler = action.handler;
  frame.flags = action.flags;
  frame.signo = info.signo;
  frame.info = to_guest(info);
  TRY(call.put(frame_address, frame));
  return info.signo;
}

SysResult<int32_t> request(Call& call, Request what) {
  call.thread().request = what;
  return call.suspend();
}

SysResult<int32_t> kern_fork(Call& call) { return request(call, Request::kFork); }
SysResult<int32_t> kern_vfork(Call& call) { return request(call, Request::kVfork); }

// The program once more, from its beginning in place of the image: its start-up cannot be the one
// of the image. Comes back only with an error.
SysResult<int32_t> kern_cold(Call& call) {
  call.thread().exec = TRY(same_program(call.kernel(), call.process()));
  return request(call, Request::kExec);
}

SysResult<int32_t> kern_clone(Call& call, uint32_t flags, uint32_t stack, uint32_t parent_tid,
                              uint32_t tls, uint32_t child_tid) {
  if (flags & kCloneNewMask) return Errno::kPERM;
  if (!(flags & kCloneVm) || (flags & (kClonePidFd | kClonePtrace))) return Errno::kINVAL;
  if ((flags & kCloneThread) && !(flags & kCloneSighand)) return Errno::kINVAL;
  if ((flags & kCloneThread) && (flags & kCloneVfork)) return Errno::kINVAL;
  if (!(flags & kCloneThread) && (flags & kCloneExitSignal) > kSignalCount) return Errno::kINVAL;
  call.thread().clone = {flags, stack, parent_tid, tls, child_tid};
  return request(call, Request::kClone);
}

SysResult<int32_t> kern_thread_exit(Call& call, int32_t code) {
  call.thread().request_value = code;
  return request(call, Request::kExitThread);
}

#define KERN_ROW(name, arity, kind) {"kern", #name, -1, arity, kind, bind<&kern_##name, arity>()},
constexpr SyscallRow kKernRows[] = {
    KERN_ROW(result, 0, '-') KERN_ROW(startup, 2, '-') KERN_ROW(set_sigword, 1, '-')
        KERN_ROW(sigtake, 1, '-') KERN_ROW(fork, 0, 'x') KERN_ROW(vfork, 0, 'x')
            KERN_ROW(clone, 5, 'x') KERN_ROW(thread_exit, 1, 'x') KERN_ROW(cold, 0, 'x')};
#undef KERN_ROW

}  // namespace

std::span<const SyscallRow> kern_rows() { return kKernRows; }
const SyscallRow& result_row() { return kKernRows[0]; }

SysResult<int32_t> sys_clone(Call& call, uint32_t flags, uint32_t stack, uint32_t parent_tid,
                             uint32_t tls, uint32_t child_tid) {
  return kern_clone(call, flags, stack, parent_tid, tls, child_tid);
}

SysResult<int32_t> sys_exit(Call& call, int32_t code) { return kern_thread_exit(call, code); }

SysResult<int32_t> sys_exit_group(Call& call, int32_t code) {
  call.thread().request_value = code;
  return request(call, Request::kExitGroup);
}

}  // namespace cloche::kernel
