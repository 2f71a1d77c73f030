// One system call in progress: the typed, bounds-checked way to its arguments and to guest memory,
// and the way to block.
//
// Every guest pointer has its own type; 64-bit arithmetic on every pointer and length; a structure
// is copied in once, checked as a copy and never read twice. A span into guest memory stays good
// for the handler only (one virtual CPU: nothing else runs), and not across grow_memory().
//
// Handlers are plain functions `SysResult<R> sys_NAME(Call& call, typed arguments...)` in
// kernel/syscalls/<group>.cc, bound to the rows of abi/syscalls.tab by kernel/syscalls/table.cc.
#pragma once

#include <cstring>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "abi/errno.h"
#include "base/ref.h"
#include "engine/engine.h"
#include "kernel/wait_queue.h"

namespace cloche::kernel {

using abi::Errno;
using abi::SysResult;

class Kernel;
class Process;
class Thread;

// Argument types. Each takes one i32; int64_t and uint64_t take two (low, high).
enum class Fd : int32_t {};
struct UserPtr {  // untyped
  uint32_t address = 0;
  explicit operator bool() const { return address != 0; }
};
template <class T>
struct In : UserPtr {};  // the kernel reads T
template <class T>
struct Out : UserPtr {};  // the kernel writes T
template <class T>
struct InOut : UserPtr {};
struct UserPath : UserPtr {};    // NUL-terminated, < 4096 bytes
struct UserString : UserPtr {};  // NUL-terminated, other limits

// What a blocked call gives: ERESTART, EINTR; or it goes on waiting, unless the process ends.
enum class OnSignal : uint8_t { kRestart, kInterrupt, kWait };

class Call {
 public:
  Kernel& kernel() const { return kernel_; }
  Process& process() const { return process_; }
  Thread& thread() const { return thread_; }

  // --- guest memory
  SysResult<std::span<const uint8_t>> bytes_in(UserPtr at, uint64_t size) const;  // EFAULT
  SysResult<std::span<uint8_t>> bytes_out(UserPtr at, uint64_t size) const;       // EFAULT
  template <class T>
  SysResult<T> get(UserPtr at) const {
    auto bytes = TRY(bytes_in(at, sizeof(T)));
    T value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  template <class T>
  SysResult<Unit> put(UserPtr at, const T& value) const {
    auto bytes = TRY(bytes_out(at, sizeof(T)));
    std::memcpy(bytes.data(), &value, sizeof value);
    return Unit{};
  }
  // Up to `limit` bytes before the NUL. Errors: EFAULT; `too_long` when there is no NUL in them.
  SysResult<std::string> string(UserPtr at, uint32_t limit, Errno too_long) const;
  SysResult<std::string> path(UserPath at) const { return string(at, 4096, Errno::kNAMETOOLONG); }

  // --- blocking (retry model, abi/README.md)
  // `return call.block({&queue}, ...)` suspends the thread until a queue is woken, the deadline
  // (monotonic ns, kNoDeadline for none) passes or a signal arrives; then the handler runs again
  // from its start. Gives kSUSPEND, or at once kRESTART/kINTR when a deliverable signal is pending.
  static constexpr int64_t kNoDeadline = INT64_MAX;
  Errno block(std::initializer_list<WaitQueue*> queues, int64_t deadline = kNoDeadline,
              OnSignal on_signal = OnSignal::kRestart);
  Errno block(std::span<WaitQueue* const> queues, int64_t deadline, OnSignal on_signal);
  bool retried() const { return retried_; }      // not the first run of this call
  bool timed_out() const { return timed_out_; }  // the deadline of the last block() has passed
  // Scratch that survives from one run of the handler to the next: bytes already written, an
  // absolute deadline computed by the first run, an object the call holds on to (the file it works
  // on, a FIFO end not yet open). Empty at the first run; dropped when the call gives a result or
  // is abandoned, or its thread ends.
  struct Scratch {
    uint64_t progress = 0;
    int64_t deadline = 0;
    Ref<RefCounted> object;
  };
  Scratch& scratch();

  // Stops the guest at its next function entry without a wait: the kernel then acts on the thread's
  // request (fork, exec, exit). Gives kSUSPEND.
  Errno suspend();
  engine::Call& engine_call() const { return engine_call_; }

 private:
  friend struct CallGate;
  Call(Kernel& kernel, Process& process, Thread& thread, engine::Call& engine_call)
      : kernel_(kernel), process_(process), thread_(thread), engine_call_(engine_call) {}
  Kernel& kernel_;
  Process& process_;
  Thread& thread_;
  engine::Call& engine_call_;
  bool retried_ = false, timed_out_ = false;
};

}  // namespace cloche::kernel
