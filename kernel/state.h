// The inside of a Kernel, for the files of this folder that make up the actor: the process table,
// the run queue, and the life of processes and threads. Files and system calls use kernel.h.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "kernel/address_space.h"
#include "kernel/compiler.h"
#include "kernel/futex.h"
#include "kernel/job_time.h"
#include "kernel/kernel.h"
#include "kernel/memory_guard.h"
#include "kernel/rate_limit.h"
#include "kernel/remains.h"
#include "kernel/run_queue.h"
#include "kernel/task_count.h"
#include "kernel/timer.h"

namespace cloche::kernel {

struct Kernel::State {
  KernelOptions options;
  std::optional<RoundedClock> guest_clock;
  std::unique_ptr<engine::Pool> pool;
  std::unique_ptr<Remains> remains;  // of an earlier run; or null
  // While all are ended at once: what their threads leave. Else null.
  std::vector<std::unique_ptr<engine::Context>>* left_contexts = nullptr;

  std::optional<Compiler> compiler;  // of the outermost kernel alone
  SharedMemory shared_memory;
  std::map<int32_t, std::unique_ptr<Process>> processes;  // zombies too
  std::unordered_map<int32_t, Thread*> threads;           // by tid
  int32_t last_pid = 1;                                   // pid 1 is the reaper inside the kernel
  TaskCount tasks;

  RunQueue ready;
  TimerHeap timers;
  FutexTable futexes;
  MemoryGuard memory_guard;

  std::vector<std::unique_ptr<Nested>> nested;
  size_t next_nested = 0;     // whose turn it is
  uint32_t turns_of_own = 0;  // of threads, since a nested one had a turn

  // The thread whose guest code runs, and its call while one is being handled.
  Thread* running = nullptr;
  engine::Call* engine_call = nullptr;
  int64_t start_ns = 0;  // monotonic, when the sandbox came up
  int64_t slice_end = 0;
  Question should_stop;   // of the run() under way
  int64_t run_start = 0;  // when `running` started to run
  int64_t cpu_event = 0;  // when its CPU time reaches a limit or a timer

  uint32_t stopped_processes = 0;       // by a signal, and not exiting
  std::vector<Process*> exiting;        // begin_exit() done, finish_exit() to do
  std::map<int32_t, ExitStatus> ended;  // of processes of start(), until collected
  KernelUsage usage;
  JobTime job_time;                   // whose usage.cpu_ns is
  Ref<CompileJob> start_job;          // of the start() that is to be tried again
  int64_t compile_cpu_ns = 0;         // of usage.compile_ns, what is in usage.cpu_ns
  const char* refused_for = nullptr;  // the limit for which the last program was not compiled
  uint64_t granted_since_check = 0;   // bytes promised since memory.max was last looked at
  int64_t slowed_until = 0;           // for memory.high; monotonic ns
  RateLimit forks;
  LimitHits limit_hits;
  std::map<std::string, bool> logged_calls;  // unknown calls that were logged

  static bool should_yield(void* env) noexcept;
  // memory.grow of the program itself: as far as brk(2) would.
  static bool may_grow(void* env, uint64_t bytes, uint64_t to) noexcept;
  bool is_asked_to_stop() const { return should_stop.ask && should_stop.ask(should_stop.env); }
  bool nested_ready(int64_t now) const;
};

// --- processes (process.cc)

// A process with a pid and nothing else but what it inherits from `parent` (null: defaults).
// EAGAIN: pids.max or RLIMIT_NPROC.
SysResult<Process*> create_process(Kernel& kernel, Process* parent);
// Whether pids.max has room for one more process or thread, here and in the sandboxes around; who
// has none is told that `process` wanted it (null: whoever acts).
bool has_task_room(Kernel& kernel, const Process* process);
// Undoes create_process() for one that never ran.
void discard_process(Kernel& kernel, Process& process);
// The process runs no more; `wait_status` is what its parent will see. Safe during a call and for
// any process. What needs the guest's memory or other processes happens in finish_exits().
void begin_exit(Kernel& kernel, Process& process, int32_t wait_status, std::string message = {});
// Ends all processes whose exit has begun. Not while guest code runs.
void finish_exits(Kernel& kernel);
// A zombie is gone: it was waited for, or nobody will.
void reap(Kernel& kernel, Process& process);
// Tells the parent by SIGCHLD and wakes its waits.
void notify_parent(Kernel& kernel, Process& process, int32_t code, int32_t status);
void stop_process(Kernel& kernel, Process& process, int32_t signo);
void continue_process(Kernel& kernel, Process& process);
// Ends the wait of a vfork parent.
void release_vfork_parent(Kernel& kernel, Process& child);
int64_t cpu_time(const Process& process);  // ns, its threads' included

// --- threads (thread.cc)

// A new thread at the end of process.threads, not yet ready. EAGAIN.
SysResult<Thread*> create_thread(Kernel& kernel, Process& process);
// The thread is gone: its context, waits and timers. Not while its guest code runs.
void destroy_thread(Kernel& kernel, Thread& thread);
// It may run (or is stopped, when its process is): anew or once more, or because its sleep is over.
enum class Ready : uint8_t { kAgain, kWoke };
void set_runnable(Kernel& kernel, Thread& thread, Ready why);
// Ends a wait without a result; abandons the suspended call.
void cancel_wait(Kernel& kernel, Thread& thread);
// Does what a suspended thread asked for: fork, vfork, clone, exec, exit.
void act_on_request(Kernel& kernel, Thread& thread);
// Writes 0 to the CLEARTID word and wakes its futex.
void clear_child_tid(Kernel& kernel, Thread& thread);

// --- signals (signal.cc)

// Does the default actions of what is pending and not blocked, drops what is ignored. To be called
// when a mask or a disposition changed, and when a process continues.
void act_on_pending(Kernel& kernel, Process& process);
// The next signal with a handler, taken: the disposition as it was, the mask raised. False: none.
bool take_caught(Kernel& kernel, Thread& thread, SignalInfo& info, SignalAction& action,
                 SignalSet& old_mask);
// Sets the signal word of the guest to what holds for `thread`, which is or will be running.
void refresh_signal_word(Thread& thread, engine::Context& context);
void refresh_signal_word(Thread& thread, engine::Call& call);
void set_mask(Kernel& kernel, Thread& thread, SignalSet mask);

}  // namespace cloche::kernel
