// The kernel of one sandbox: processes, scheduling, time, signals, over engine and vfs.
//
// An actor (design D2): all objects belong to the one OS thread that calls run(); no locks, one
// order of events. Time, randomness and the outside world come in through KernelOptions only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "kernel/memory_use.h"
#include "kernel/nested.h"
#include "kernel/process.h"
#include "kernel/tool_gate.h"
#include "vfs/budget.h"
#include "vfs/walk.h"

namespace cloche::kernel {

class Kernel;

struct KernelLimits {
  uint32_t processes = 256;             // pids.max: processes and threads together
  uint64_t memory = 512ull << 20;       // memory.max, bytes
  uint64_t memory_high = UINT64_MAX;    // memory.high, bytes: beyond it the sandbox is slowed down
  uint64_t address_space = 1ull << 30;  // of one process
  uint32_t open_files = 1024;           // per process (RLIMIT_NOFILE hard)
  uint64_t pipe_bytes = 65536;          // of one pipe
  uint32_t argument_bytes = 2 << 20;    // argv + envp of one exec (E2BIG)
  uint64_t module_bytes = 64 << 20;
  uint64_t file_bytes = UINT64_MAX;  // of one file that a process writes (RLIMIT_FSIZE hard)
  uint64_t timers = 4096;            // of timerfd_create and timer_create (ENFILE, EAGAIN)
  uint64_t watches = 65536;          // of epoll and inotify (ENOSPC)
  uint64_t fork_rate = 0;            // new processes and threads a second (EAGAIN); 0: no limit
  int64_t compile_ns = INT64_MAX;    // of all programs together (ENOMEM)
};

// A program that a process is about to run.
struct ProgramStart {
  std::vector<int32_t> pids;  // the process, its parent, and so on
  const std::string& path;    // of the guest
  const std::vector<std::string>& argv;
};

class ReadyPrograms;

struct KernelOptions {
  engine::Engine* engine = nullptr;
  ReadyPrograms* ready = nullptr;  // images of programs (kernel/ready.h); null: none
  Clock* clock = nullptr;
  // What guests read of any clock is rounded down to it; waiting and limits go by the clock itself.
  int64_t clock_step_ns = 1;
  RandomSource* random = nullptr;  // each process has a split() of it, if it splits
  // Root with all mounts; /dev and /proc are added by Kernel.
  std::unique_ptr<vfs::Namespace> names;
  std::string hostname = "cloche";
  KernelLimits limits;
  vfs::Credentials user;  // never uid 0
  // What files in memory take, also those of /dev/shm and memfd_create(2); null: 64 MiB of their
  // own. The kernel asks its question for memory.max, and hears of what it refuses.
  Ref<vfs::Budget> disk;
  // Decides about tool calls; null: there are no tools, and no /dev/tool. Outlives the kernel.
  ToolGate* tools = nullptr;
  // The kernel inside which this one runs; null: none. It counts processes and memory of both, and
  // outlives this one. Whoever makes the kernel gives it to that one by add_nested().
  Kernel* outer = nullptr;
  // Called before a program starts, for the audit log: false keeps it from starting.
  std::function<bool(const ProgramStart& start)> on_start;
  // Called when a limit of this sandbox is reached, for the audit log: `process`, of it or of one
  // inside, asked for more than there is, or was ended for it; null: nobody inside did.
  std::function<void(const char* limit, const Process* process)> on_limit;
  // One line for --verbose: unknown system calls, traps, denied things.
  std::function<void(const std::string& line)> log;
};

struct StartOptions {
  std::string path;  // absolute, or looked up in PATH of env if it has no '/'
  std::vector<std::string> argv, envp;
  std::string cwd = "/home/user";
  std::vector<std::pair<int32_t, FileRef>> files;  // descriptors it starts with
  bool new_session = true;
  // A number of the caller's, for kill_job(), the CPU time and the record of tool calls.
  uint32_t job = 0;
  Ref<RefCounted> terminal;  // Tty to be the controlling terminal, or null
  Ref<Authority> authority;  // over tools; null: none
  // Who compiles the program if need be: start() itself, or a thread beside the sandbox's turns.
  enum class Compile : uint8_t { kHere, kAside } compile = Compile::kHere;
  // Set: runs the warm-up of a program that has one, and then the process ends. Called with what it
  // left; not called if that cannot be an image.
  std::function<void(engine::ImageRef image)> on_ready = {};
};

// How the first process ended.
struct ExitStatus {
  bool exited = false;  // else killed by `signal`
  int32_t code = 0, signal = 0;
  std::string message;          // of a trap, for a person
  const char* limit = nullptr;  // "memory.max" when the kernel ended it for that limit
};

// What the I/O side keeps for one sandbox: terminals, host streams, socket names, the numbers of
// pipes (kernel/io_state.h).
class IoState;
IoState* create_io_state(Kernel& kernel);
void destroy_io_state(IoState* state);
// Hangs /dev, /dev/shm and /proc into the kernel's namespace, where those directories exist. For
// Kernel::create().
SysResult<Unit> mount_kernel_file_systems(Kernel& kernel);
// The leader of a session ended: its controlling terminal, if it has one, hangs up (SIGHUP to the
// foreground group) and is no longer that of any process. One that hung up before now sends its
// foreground group SIGHUP and SIGCONT. Not while guest code runs.
void end_session(Process& leader);

// What an engine must offer to guests of this kernel: every row of abi/syscalls.tab, and `kern.*`.
// The list does not depend on a kernel: calls find theirs by the running context's user().
std::vector<engine::HostFunction> host_functions();

// How often limits were reached, by name.
using LimitHits = std::map<std::string_view, uint64_t>;

struct KernelUsage {
  uint64_t processes = 0, forks = 0, execs = 0, syscalls = 0;
  int64_t cpu_ns = 0;  // with what the compiler took, but for programs of the pack
  MemoryUse memory;    // sandboxes inside counted
  uint64_t memory_peak_bytes = 0;
  uint64_t memory_kills = 0;     // processes ended for memory.max
  int64_t memory_slowed_ns = 0;  // time that it stood still for memory.high
  int64_t compile_ns = 0;        // spent to compile programs, those of sandboxes inside too
};

class Kernel {
 public:
  static std::unique_ptr<Kernel> create(KernelOptions options);
  ~Kernel();

  // Starts a process without a parent. Errors: as execve (ENOENT, EACCES, ENOEXEC, ...); kSUSPEND,
  // with Compile::kAside: to be called again with the same options as soon as may_start().
  SysResult<int32_t> start(StartOptions options);
  bool may_start() const;
  // The limit for which the last start() gave ENOMEM: "compile.time", "memory.max"; null: none.
  const char* refused_for() const;
  // What waits for may_start() is the compilation of a program of the pack.
  bool compiles_for_host() const;
  // The CPU time of the compiler until now counts, here and inside. What it compiles is paid for by
  // the sandbox whose process wants it, unless it is a program of the pack.
  void settle_compiling();
  bool pays_compiler() const;      // at present: for itself or for one inside
  int64_t compile_cpu_ns() const;  // until now; in cpu_ns()

  // Runs ready threads until none is ready, `slice_ns` has passed, or a process started by start()
  // ended. Fires due timers.
  enum class Idle : uint8_t { kReady, kWaiting, kFinished };
  Idle run(int64_t slice_ns) { return run(slice_ns, Question()); }
  // The same, until `should_stop` says yes, also while a sandbox inside has its turn.
  Idle run(int64_t slice_ns, const Question& should_stop);
  // When something is due by itself (monotonic ns), or Call::kNoDeadline.
  int64_t next_deadline() const;
  // Status of a process started by start(); false while it lives. The caller collects it once.
  bool collect(int32_t pid, ExitStatus* status);

  // From outside: as kill(2) with no permission check; pid < 0: a process group.
  SysResult<Unit> signal(int32_t pid, int32_t signo);
  // Ends every process now (SIGKILL), without running them again, and every sandbox inside. Cost:
  // O(processes). What they held of the host's memory is given back before it returns, or, if it is
  // much, by a thread afterwards: until then usage() counts it, and start() and the destructor
  // wait.
  enum class GiveBack : uint8_t { kNow, kSoon };
  void kill_all(GiveBack when = GiveBack::kNow);

  // The same for the processes that were started with this job, and all that descend from them. How
  // those of start() ended is forgotten. Sandboxes inside that they started end at the next run().
  // A start() of it that waits begins again.
  void kill_job(uint32_t job);

  // From now on these hold; what is in use beyond them stays, and nothing is added. Processes keep
  // what they set themselves, if it is less. Sandboxes inside keep theirs, as far as those are not
  // more than these. Not while guest code runs.
  void set_limits(const KernelLimits& limits);
  // As setpriority(2) for one process, with no permission check. ESRCH, EINVAL.
  SysResult<Unit> set_nice(int32_t pid, int32_t nice);
  // Whether one more process or thread is within the rate of them, here and around; it is counted.
  bool may_fork();
  // Whether memory.max has room for so many bytes more, here and in the sandboxes around.
  bool has_room(uint64_t bytes);

  // A sandbox inside this one. From now on run() gives it turns; it ends with kGone, or here.
  void add_nested(std::unique_ptr<Nested> nested);
  const std::vector<std::unique_ptr<Nested>>& nested() const;
  uint32_t tasks() const;  // threads and zombies, those of sandboxes inside counted
  // Whether run() has something to do now.
  bool ready();

  // Cost: a scan of the page tables of what has run since the last time.
  KernelUsage usage();
  // The same for memory_peak_bytes only, and only if enough was written since then: what may be
  // missed is one part in MemoryGuard::kGrowth.
  void note_peak();
  int64_t cpu_ns() const;  // of usage(), without the cost of the rest
  // Of it, what the processes of this job and all that descend from them used, those in sandboxes
  // inside, too; until it is forgotten.
  int64_t cpu_ns(uint32_t job) const;
  void forget_time(uint32_t job);
  // Limits of this sandbox and of those inside, as pids.events of cgroup v2 counts them.
  const LimitHits& limit_hits() const;
  Process* find(int32_t pid);
  std::vector<Process*> all_processes();  // ascending pid

  // --- for the system calls and objects of this folder
  struct State;
  State& state() { return *state_; }
  IoState& io() { return *io_; }
  Clock& clock();               // for waiting and counting
  RoundedClock& guest_clock();  // for all that a guest is told
  RandomSource& random();       // of the sandbox; see Process::random_source()
  vfs::Namespace& names();
  const KernelOptions& options() const;
  void log(const std::string& line);
  // A limit of this sandbox was reached: see on_limit. `limit`: a literal, "pids.max".
  void tell_limit(const char* limit, const Process* process);
  // Only counts it, here and in the sandboxes around.
  void count_limit(const char* limit);
  void make_ready(Thread& thread);
  // Calls fire(env, argument) at or soon after `deadline` (monotonic ns), once. Returns an id > 0.
  uint64_t add_timer(int64_t deadline, void* env, void (*fire)(void* env, uint64_t argument),
                     uint64_t argument);
  void cancel_timer(uint64_t id);
  // Makes a signal pending for a process or one thread, with all side effects (wake, stop,
  // continue, ignore, default actions). EAGAIN when a queue is full.
  SysResult<Unit> send_signal(Process& process, const SignalInfo& info);
  SysResult<Unit> send_signal(Thread& thread, const SignalInfo& info);
  void signal_group(int32_t pgid, const SignalInfo& info);
  bool signal_deliverable(const Thread& thread) const;
  bool group_is_orphaned(int32_t pgid);
  // A call that waits under another signal mask (ppoll, pselect, rt_sigsuspend): the first run
  // swaps the mask in; the handler swaps it back before it returns a result that is not EINTR.
  // After EINTR it stays until the handler of the signal has been taken (abi/README.md).
  void swap_mask_in(Thread& thread, SignalSet mask);
  void swap_mask_back(Thread& thread);
  // The thread whose guest code is running or whose call is being handled; null outside run().
  Thread* running();
  // The process of running(), here or in a sandbox inside; null: nobody's.
  const Process* acting();

 private:
  explicit Kernel(KernelOptions options);
  // Before state_: open files of processes refer to it until the last of them is gone.
  std::unique_ptr<IoState, void (*)(IoState*)> io_{create_io_state(*this), &destroy_io_state};
  std::unique_ptr<State> state_;
};

}  // namespace cloche::kernel
