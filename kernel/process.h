// Processes and threads. A process is what has a pid, descriptors, a current directory, signal
// dispositions and children; a thread is what runs. All belong to one Kernel, on one OS thread.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/engine.h"
#include "kernel/futex.h"
#include "kernel/open_file.h"
#include "kernel/signal.h"
#include "kernel/tool_gate.h"
#include "kernel/wait_queue.h"
#include "vfs/walk.h"

namespace cloche::kernel {

class Kernel;
class Process;
namespace wasi {
class State;
}

enum class ThreadState : uint8_t { kReady, kRunning, kBlocked, kStopped, kDead };

// What a suspended thread wants the kernel to do (set by a handler, acted on after run()).
enum class Request : uint8_t { kNone, kFork, kVfork, kClone, kExec, kExitThread, kExitGroup };

struct CloneArguments {
  uint32_t flags = 0, stack = 0, parent_tid = 0, tls = 0, child_tid = 0;
};

// A wait in FUTEX_WAIT. The thread blocks on `queue`; kernel/futex.h finds it by its key.
struct FutexWait {
  bool waits = false;
  FutexKey key;
  uint32_t bitset = 0;
  bool woken = false;
  WaitQueue queue;
};

struct ProcessHandle;  // kernel/process_fd.h

struct Program;  // an executable image ready to start: module, path, argv, envp (kernel/exec.h)

class Thread {
 public:
  int32_t tid = 0;
  Process* process = nullptr;
  std::unique_ptr<engine::Context> context;
  ThreadState state = ThreadState::kReady;

  SignalSet blocked = 0;
  bool restore_mask = false;  // after rt_sigsuspend, ppoll, pselect: saved_mask is "old mask"
  SignalSet saved_mask = 0;
  PendingSignals pending;
  SignalSet waited = 0;  // what rt_sigtimedwait waits for: not ignored, wakes the thread

  // The suspended call, to be tried again by kern.result.
  struct Pending {
    const struct SyscallRow* row = nullptr;
    std::array<int32_t, 11> arguments{};  // kMaxArguments of kernel/syscalls/table.h
    Call::Scratch scratch;
    bool timed_out = false;
  } call;
  Request request = Request::kNone;
  CloneArguments clone;
  std::unique_ptr<Program> exec;
  int32_t request_value = 0;  // exit code; result of fork/clone/vfork once done
  bool request_done = false;

  // Blocked by Call::block(), or held as a vfork parent (then only SIGKILL ends the wait).
  bool waiting = false;
  bool held = false;
  bool deaf = false;                             // it is blocked, and signals are left for later
  Process* vfork_child = nullptr;                // whom it is held for
  std::vector<std::unique_ptr<Waiter>> waiters;  // where it is blocked
  uint64_t timer = 0;                            // of the deadline, 0 none
  FutexWait futex;
  uint32_t clear_child_tid = 0;  // guest address; futex wake at thread exit
  uint32_t robust_list = 0;
  struct AlternateStack {
    uint32_t base = 0, flags = 2, size = 0;  // SS_DISABLE
  } alternate_stack;
  std::string name;  // comm, 15 bytes
  int64_t cpu_ns = 0;
  Thread *run_previous = nullptr, *run_next = nullptr;  // run queue links
  bool queued = false, woke = false;                    // in the run queue; in which of its lines
  int64_t credit = 0;                                   // towards its next turn, of weights

  Thread();
  ~Thread();
};

enum Resource : uint32_t {
  kLimitCpu,
  kLimitFileSize,
  kLimitData,
  kLimitStack,
  kLimitCore,
  kLimitRss,
  kLimitProcesses,
  kLimitOpenFiles,
  kLimitMemlock,
  kLimitAddressSpace,
  kLimitLocks,
  kLimitSigPending,
  kLimitMsgQueue,
  kLimitNice,
  kLimitRtPriority,
  kLimitRtTime,
  kResourceCount,
};

struct ResourceLimit {
  uint64_t soft = UINT64_MAX, hard = UINT64_MAX;
};

struct Usage {
  int64_t user_ns = 0, system_ns = 0;
  uint64_t max_memory = 0;  // bytes
  uint64_t voluntary = 0, involuntary = 0;
};

// POSIX timers of a process (timer_create).
struct PosixTimer;

// The address space book-keeping of one memory: break, mappings. Shared after vfork and clone.
class AddressSpace;  // kernel/address_space.h

class Process {
 public:
  int32_t pid = 0, pgid = 0, sid = 0;
  Process* parent = nullptr;  // null for those of Kernel::start() and for orphans: ppid is 1
  Kernel* kernel = nullptr;
  uint32_t job = 0;  // what it was started for; all that descend from it have the same
  std::vector<std::unique_ptr<Thread>> threads;
  std::vector<Process*> children;  // running and zombies

  Ref<RefCounted> address_space;      // AddressSpace
  std::shared_ptr<FdTable> fds;       // shared with clone(CLONE_FILES) only
  std::unique_ptr<wasi::State> wasi;  // of a program for WASI; null: of Cloche's own ABI
  vfs::Location cwd, root;
  vfs::Credentials credentials;
  Ref<Authority> authority;  // over tools; null: none
  uint32_t umask = 022;
  std::string executable;    // absolute guest path, for /proc/self/exe
  std::string program_file;  // as exec was given it, for AT_EXECFN
  vfs::Location executable_location;
  std::string name;                     // comm, 15 bytes
  std::vector<std::string> argv, envp;  // as of exec, for /proc
  uint64_t argument_bytes = 0;          // argument_cost() of both
  int32_t nice = 0;
  bool dumpable = true;  // PR_SET_DUMPABLE, told back; there are no core dumps

  std::array<SignalAction, kSignalCount> actions{};
  PendingSignals pending;
  uint32_t sigword = 0;  // guest address
  int32_t exit_signal = kSigChld;
  std::array<ResourceLimit, kResourceCount> limits{};
  Ref<RefCounted> controlling_terminal;  // Tty
  int32_t lost_foreground = 0;  // of a leader whose terminal hung up: the foreground group then

  // wait status and state changes not yet reported
  enum class State : uint8_t { kAlive, kZombie } life = State::kAlive;
  bool stopped = false;
  bool exiting = false;     // its end has begun; it never runs again
  int32_t wait_status = 0;  // as waitpid gives it, once a zombie
  std::string trap_message;
  const char* ended_by_limit = nullptr;  // "memory.max": the kernel ended it for that limit
  int32_t stop_signal = 0;
  bool report_stop = false, report_continue = false;
  bool did_exec = false;
  bool from_image = false;  // started from a ready image (kernel/ready.h)
  // Of a process that warms a program up: gets the image.
  std::function<void(engine::ImageRef image)> on_ready;
  bool started = false;            // by Kernel::start()
  Thread* vfork_waiter = nullptr;  // the parent's thread held until exec or exit
  WaitQueue child_changed;         // woken when a child changes state
  WaitQueue signal_arrived;        // woken when a signal becomes pending, for it or a thread
  Ref<ProcessHandle> handle;       // null: nobody holds on to it
  Usage usage, children_usage;
  int64_t start_ns = 0;
  struct IntervalTimer {
    uint64_t timer = 0;
    int64_t deadline = 0, interval = 0;
  } real_timer;
  // ITIMER_VIRTUAL and ITIMER_PROF count the same here: all CPU time of the process.
  struct CpuTimer {
    int64_t deadline = 0, interval = 0;  // ns of CPU time; deadline 0: off
  } virtual_timer, profile_timer;
  std::vector<std::unique_ptr<PosixTimer>> timers;
  std::array<uint8_t, 16> random_bytes{};  // AT_RANDOM
  std::unique_ptr<RandomSource> random;    // its own part of the sandbox's; null: it shares that
  int64_t next_cpu_warning_ns = 0;         // CPU time at which SIGXCPU is sent again; 0: not yet

  Process();
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // The process, its parent, and so on.
  std::vector<int32_t> lineage() const {
    std::vector<int32_t> pids;
    for (const Process* at = this; at != nullptr; at = at->parent) pids.push_back(at->pid);
    return pids;
  }
  // Where its random numbers come from.
  RandomSource& random_source();
  // As it stands in the audit log.
  ToolCaller caller() const { return {.pids = lineage(), .program = executable, .job = job}; }
  Thread* main_thread() const { return threads.empty() ? nullptr : threads.front().get(); }
};

}  // namespace cloche::kernel
