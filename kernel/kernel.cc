#include "kernel/kernel.h"

#include <algorithm>

#include "kernel/exec.h"
#include "kernel/io_state.h"
#include "kernel/ready.h"
#include "kernel/state.h"
#include "kernel/tty.h"

namespace cloche::kernel {
namespace {

constexpr const char* kDefaultPath = "/usr/local/bin:/usr/bin:/bin";
constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kNestedSliceNs = 1'000'000;

int64_t saturating_add(int64_t a, int64_t b) {
  int64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

// What a trap is to a parent that waits (docs/signals.md).
int32_t signal_of(engine::TrapKind trap) {
  switch (trap) {
    case engine::TrapKind::kMemoryOutOfBounds:
    case engine::TrapKind::kStackOverflow:
    case engine::TrapKind::kBadIndirectCall:
      return kSigSegv;
    case engine::TrapKind::kDivisionByZero:
    case engine::TrapKind::kIntegerOverflow:
    case engine::TrapKind::kBadConversion:
      return kSigFpe;
    case engine::TrapKind::kUnreachable:
      return kSigIll;
    case engine::TrapKind::kUncaughtException:
      return kSigAbrt;
    case engine::TrapKind::kOutOfMemory:
      return kSigKill;
    case engine::TrapKind::kOther:
      return kSigIll;
  }
  return kSigIll;
}

void on_trap(Kernel& kernel, Thread& thread, const engine::Stop& stop) {
  Process& process = *thread.process;
  const int32_t signo = signal_of(stop.trap);
  kernel.log(process.name + "[" + std::to_string(process.pid) + "]: " + stop.message + " (" +
             signal_name(signo) + ")");
  begin_exit(kernel, process, signo, stop.message);
}

bool has_thread(const Process& process, const Thread& thread) {
  return std::any_of(process.threads.begin(), process.threads.end(),
                     [&thread](const auto& each) { return each.get() == &thread; });
}

// The thread stopped and lives on: where does it stand now?
void settle(Kernel& kernel, Thread& thread) {
  if (thread.waiting)
    thread.state = ThreadState::kBlocked;
  else
    set_runnable(kernel, thread, Ready::kAgain);
}

// --- CPU time of a process: RLIMIT_CPU, ITIMER_VIRTUAL, ITIMER_PROF

int64_t seconds_to_ns(uint64_t seconds) {
  return seconds > static_cast<uint64_t>(INT64_MAX / kSecond)
             ? INT64_MAX
             : static_cast<int64_t>(seconds) * kSecond;
}

// SIGXCPU is due at the soft limit and each second after it.
int64_t next_warning(const Process& process) {
  const int64_t soft = seconds_to_ns(process.limits[kLimitCpu].soft);
  return process.next_cpu_warning_ns ? process.next_cpu_warning_ns : soft;
}

// CPU time at which something is due for the process; INT64_MAX: never.
int64_t next_cpu_event(const Process& process) {
  int64_t next = std::min(next_warning(process), seconds_to_ns(process.limits[kLimitCpu].hard));
  for (const Process::CpuTimer* timer : {&process.virtual_timer, &process.profile_timer})
    if (timer->deadline) next = std::min(next, timer->deadline);
  return next;
}

void fire_cpu_timer(Kernel& kernel, Process& process, Process::CpuTimer& timer, int64_t used,
                    int32_t signo) {
  if (timer.deadline == 0 || used < timer.deadline) return;
  timer.deadline = timer.interval ? used + timer.interval : 0;
  (void)kernel.send_signal(process, {.signo = signo, .code = kSiKernel});
}

void check_cpu_time(Kernel& kernel, Process& process) {
  const int64_t used = cpu_time(process);
  if (used < next_cpu_event(process)) return;
  fire_cpu_timer(kernel, process, process.virtual_timer, used, kSigVtAlrm);
  fire_cpu_timer(kernel, process, process.profile_timer, used, kSigProf);
  if (used >= seconds_to_ns(process.limits[kLimitCpu].hard)) {
    (void)kernel.send_signal(process, {.signo = kSigKill, .code = kSiKernel});
  } else if (used >= next_warning(process)) {
    process.next_cpu_warning_ns = used + kSecond;
    (void)kernel.send_signal(process, {.signo = kSigXcpu, .code = kSiKernel});
  }
}

void after_run(Kernel& kernel, Thread& thread, const engine::Stop& stop) {
  Process& process = *thread.process;
  if (process.exiting) {
    thread.state = ThreadState::kDead;
    return;
  }
  switch (stop.reason) {
    case engine::Stop::Reason::kTrapped:
      on_trap(kernel, thread, stop);
      return;
    case engine::Stop::Reason::kReturned:
      if (process.on_ready) take_ready_image(kernel, thread);
      begin_exit(kernel, process, 0);
      return;
    case engine::Stop::Reason::kPreempted:
      ++process.usage.involuntary;
      break;
    case engine::Stop::Reason::kSuspended:
      ++process.usage.voluntary;
      break;
  }
  act_on_request(kernel, thread);
  if (process.exiting || !has_thread(process, thread)) return;
  check_cpu_time(kernel, process);
  if (!process.exiting) settle(kernel, thread);
}

// Runs `thread` from `now` on; returns the time when it stopped.
int64_t run_thread(Kernel& kernel, Thread& thread, int64_t now) {
  Kernel::State& state = kernel.state();
  state.running = &thread;
  state.run_start = now;
  state.cpu_event =
      saturating_add(now, next_cpu_event(*thread.process) - cpu_time(*thread.process));
  thread.state = ThreadState::kRunning;
  AddressSpace& space = address_space_of(*thread.process);
  space.pull(*thread.context);
  refresh_signal_word(thread, *thread.context);
  const engine::Stop stop = thread.context->run();
  space.push(*thread.context, AddressSpace::Push::kSeen);
  const int64_t end = kernel.clock().monotonic_ns();
  thread.cpu_ns += end - now;
  state.job_time.ran(thread.process->job, end - now);
  after_run(kernel, thread, stop);
  state.running = nullptr;
  return end;
}

// Among the threads a nested sandbox counts as one.
bool is_turn_of_nested(Kernel::State& state, int64_t now) {
  if (state.nested.empty() || !state.nested_ready(now)) return false;
  return state.ready.empty() || state.turns_of_own >= state.ready.size();
}

// Gives the next nested sandbox that is ready its turn; returns the time when that ended.
int64_t run_nested(Kernel& kernel, int64_t now) {
  Kernel::State& state = kernel.state();
  state.turns_of_own = 0;
  for (size_t tried = 0; tried < state.nested.size(); ++tried) {
    const size_t at = (state.next_nested + tried) % state.nested.size();
    Nested& nested = *state.nested[at];
    if (!nested.ready(now)) continue;
    state.next_nested = at + 1;
    const uint32_t job = nested.job();
    const int64_t slice = std::min(kNestedSliceNs, state.slice_end - now);
    if (nested.turn(slice, state.should_stop) == Nested::Turn::kGone) {
      std::erase_if(state.nested, [&nested](const auto& each) { return each.get() == &nested; });
    }
    const int64_t end = kernel.clock().monotonic_ns();
    state.job_time.ran(job, end - now);
    return end;
  }
  return kernel.clock().monotonic_ns();
}

std::vector<std::string> search_path(const StartOptions& options) {
  if (options.path.find('/') != std::string::npos) return {options.path};
  std::string path = kDefaultPath;
  for (const std::string& entry : options.envp)
    if (entry.starts_with("PATH=")) path = entry.substr(5);
  std::vector<std::string> candidates;
  for (size_t from = 0; from <= path.size();) {
    const size_t colon = std::min(path.find(':', from), path.size());
    const std::string directory = path.substr(from, colon - from);
    candidates.push_back((directory.empty() ? "." : directory) + "/" + options.path);
    from = colon + 1;
  }
  return candidates;
}

SysResult<std::unique_ptr<Program>> find_program(Kernel& kernel, const vfs::Location& cwd,
                                                 const StartOptions& options) {
  if (options.path.empty()) return Errno::kNOENT;
  Ref<CompileJob>& job = kernel.state().start_job;
  Ref<CompileJob>* const aside = options.compile == StartOptions::Compile::kAside ? &job : nullptr;
  // One that is compiled here has nothing to do with another one's compilation.
  const bool mine = job && job->found().job == options.job;
  if (job && !mine && aside) return Errno::kSUSPEND;
  if (mine) {
    if (!job->done()) return Errno::kSUSPEND;
    const Ref<CompileJob> done = std::exchange(job, nullptr);
    return finish_program(kernel, *done);
  }
  Errno error = Errno::kNOENT;
  const bool searched = options.path.find('/') == std::string::npos;
  for (const std::string& candidate : search_path(options)) {
    auto program = load_program(kernel, kernel.options().user,
                                {.base = cwd,
                                 .path = candidate,
                                 .argv = options.argv,
                                 .envp = options.envp,
                                 .job = options.job},
                                aside);
    if (program.ok() || !searched) return program;
    // As execvp: an unreadable directory or file is remembered, the search goes on.
    if (program.error() == Errno::kACCES)
      error = Errno::kACCES;
    else if (program.error() != Errno::kNOENT && program.error() != Errno::kNOTDIR)
      return program.error();
  }
  return error;
}

// A new maximum; a limit that the process left at its maximum follows.
void renew_limit(ResourceLimit& limit, uint64_t now) {
  const bool at_most = limit.soft == limit.hard;
  limit.hard = now;
  limit.soft = at_most ? now : std::min(limit.soft, now);
}

void set_limits(Process& process, const KernelLimits& limits) {
  const auto set = [&process](Resource which, uint64_t soft, uint64_t hard) {
    process.limits[which] = {soft, hard};
  };
  set(kLimitStack, 8 << 20, UINT64_MAX);
  set(kLimitCore, 0, 0);
  set(kLimitFileSize, limits.file_bytes, limits.file_bytes);
  set(kLimitProcesses, limits.processes, limits.processes);
  set(kLimitOpenFiles, limits.open_files, limits.open_files);
  set(kLimitMemlock, 8 << 20, 8 << 20);
  set(kLimitAddressSpace, limits.address_space, limits.address_space);
  set(kLimitSigPending, PendingSignals::kQueueLimit, PendingSignals::kQueueLimit);
  set(kLimitMsgQueue, 0, 0);
  set(kLimitNice, 0, 0);
  set(kLimitRtPriority, 0, 0);
}

bool has_nul(const StartOptions& options) {
  const auto bad = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  return bad(options.path) || bad(options.cwd) ||
         std::any_of(options.argv.begin(), options.argv.end(), bad) ||
         std::any_of(options.envp.begin(), options.envp.end(), bad);
}

SysResult<Unit> prepare_process(Kernel& kernel, Process& process, StartOptions& options,
                                Program& program) {
  process.started = true;
  process.job = options.job;
  process.root = kernel.names().root();
  process.credentials = kernel.options().user;
  set_limits(process, kernel.options().limits);
  process.fds = std::make_shared<FdTable>();
  const auto limit = static_cast<uint32_t>(process.limits[kLimitOpenFiles].soft);
  for (auto& [fd, file] : options.files)
    TRY(process.fds->set(Fd{fd}, std::move(file), false, limit, process));
  if (options.on_ready) {
    if (!program.module->can_be_ready()) return Errno::kINVAL;
    program.image = nullptr;
    program.entry = engine::EntryPoint::kWarm;
    process.on_ready = std::move(options.on_ready);
  }
  Thread* thread = TRY(create_thread(kernel, process));
  if (!start_program(kernel, process, *thread, program)) return Errno::kNOMEM;
  process.authority = std::move(options.authority);
  // Only terminals are ever given there. A new process leads a session of its own.
  if (options.terminal) static_cast<Tty*>(options.terminal.get())->become_controlling(process);
  return Unit{};
}

std::unique_ptr<engine::Pool> make_pool(Kernel::State& state) {
  engine::PoolOptions options;
  options.should_yield = &Kernel::State::should_yield;
  options.may_grow = &Kernel::State::may_grow;
  options.env = &state;
  return state.options.engine->create_pool(options);
}

}  // namespace

bool Kernel::State::should_yield(void* env) noexcept {
  State& state = *static_cast<State*>(env);
  if (!state.running || state.running->process->exiting || state.running->process->stopped)
    return true;
  if (!state.ready.empty() || state.is_asked_to_stop()) return true;
  Clock& clock = *state.options.clock;
  const int64_t now = clock.monotonic_ns();
  return state.nested_ready(now) || now >= state.slice_end || now >= state.cpu_event ||
         now >= state.memory_guard.next_check() || now >= state.timers.next_deadline() ||
         state.memory_guard.is_due(clock, now);
}

bool Kernel::State::nested_ready(int64_t now) const {
  return std::any_of(nested.begin(), nested.end(),
                     [now](const auto& each) { return each->ready(now); });
}

Kernel::Kernel(KernelOptions options) : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
  state_->tasks.set_limit(state_->options.limits.processes);
  state_->forks.set_rate(state_->options.limits.fork_rate);
  io_->set_limits(state_->options.limits);
  names().set_observer(&io_->notify_names());
  io_->set_outer(state_->options.outer ? &state_->options.outer->io() : nullptr);
  if (state_->options.outer) {
    state_->tasks.set_outer(&state_->options.outer->state().tasks);
  } else {
    state_->compiler.emplace(*this);
  }
  state_->guest_clock.emplace(*state_->options.clock, state_->options.clock_step_ns);
  state_->start_ns = state_->options.clock->monotonic_ns();
  state_->pool = make_pool(*state_);
}

std::unique_ptr<Kernel> Kernel::create(KernelOptions options) {
  std::unique_ptr<Kernel> kernel(new Kernel(std::move(options)));
  if (vfs::Budget* files = kernel->state().options.disk.get()) {
    files->set_question(kernel.get(), [](void* env, uint64_t bytes) {
      return static_cast<Kernel*>(env)->has_room(bytes);
    });
    files->on_refusal([raw = kernel.get()](vfs::Budget::Kind kind) {
      raw->tell_limit(kind == vfs::Budget::Kind::kBytes ? "disk.max" : "inodes.max", raw->acting());
    });
  }
  const auto mounted = mount_kernel_file_systems(*kernel);
  if (!mounted.ok())
    kernel->log(std::string("cannot mount /dev and /proc: ") + abi::errno_name(mounted.error()));
  return kernel;
}

Kernel::~Kernel() {
  kill_all();
  if (vfs::Budget* files = state_->options.disk.get()) {
    files->set_question(nullptr, nullptr);
    files->on_refusal(nullptr);
  }
}

const char* Kernel::refused_for() const { return state_->refused_for; }

bool Kernel::may_start() const {
  if (state_->start_job) return state_->start_job->done();
  return !compiler_of(const_cast<Kernel&>(*this)).busy();
}

bool Kernel::compiles_for_host() const { return state_->start_job && state_->start_job->of_pack(); }

void Kernel::settle_compiling() { compiler_of(*this).settle(); }

bool Kernel::pays_compiler() const {
  return compiler_of(const_cast<Kernel&>(*this)).is_paid_by(*this);
}

int64_t Kernel::compile_cpu_ns() const { return state_->compile_cpu_ns; }

SysResult<int32_t> Kernel::start(StartOptions options) {
  state_->refused_for = nullptr;
  if (has_nul(options)) return Errno::kINVAL;
  state_->remains = nullptr;  // an earlier run's memory is not this one's
  // Before anything is made: whether a program was compiled before shows nowhere.
  vfs::Location cwd = TRY(names().walk(names().root(), options.cwd, state_->options.user,
                                       vfs::kFollowLast | vfs::kDirectoryOnly));
  const auto program = TRY(find_program(*this, cwd, options));
  Process* process = TRY(create_process(*this, nullptr));
  process->cwd = std::move(cwd);
  const auto prepared = prepare_process(*this, *process, options, *program);
  if (!prepared.ok()) {
    discard_process(*this, *process);
    return prepared.error();
  }
  set_runnable(*this, *process->main_thread(), Ready::kAgain);
  return process->pid;
}

Kernel::Idle Kernel::run(int64_t slice_ns, const Question& should_stop) {
  State& state = *state_;
  state.should_stop = should_stop;
  int64_t now = clock().monotonic_ns();
  state.slice_end = saturating_add(now, slice_ns);
  const int64_t cpu_start = clock().cpu_ns();
  MemoryGuard& guard = state.memory_guard;
  guard.begin_turn(clock());
  Idle idle = Idle::kReady;
  for (;;) {
    state.timers.fire_due(now);
    if (now >= guard.next_check() || guard.is_due(clock(), now)) guard.check(*this, now);
    finish_exits(*this);
    if (!state.ended.empty())
      idle = Idle::kFinished;
    else if (now < state.slowed_until)
      idle = Idle::kWaiting;
    else if (state.ready.empty() && !state.nested_ready(now))
      idle = Idle::kWaiting;
    else if (now < state.slice_end && !state.is_asked_to_stop()) {
      if (is_turn_of_nested(state, now)) {
        now = run_nested(*this, now);
      } else {
        ++state.turns_of_own;
        now = run_thread(*this, *state.ready.pop(), now);
      }
      continue;
    }
    break;
  }
  guard.end_turn(clock());
  const int64_t used = clock().cpu_ns() - cpu_start;
  state.usage.cpu_ns += used;
  state.job_time.end_turn(used);
  return idle;
}

int64_t Kernel::next_deadline() const {
  int64_t next = state_->timers.next_deadline();
  // Nothing else happens before.
  if (state_->slowed_until > state_->options.clock->monotonic_ns()) return state_->slowed_until;
  for (const auto& nested : state_->nested) next = std::min(next, nested->next_deadline());
  return next;
}

bool Kernel::ready() {
  const int64_t now = clock().monotonic_ns();
  if (now < state_->slowed_until) return false;
  return !state_->ready.empty() || !state_->ended.empty() || !state_->exiting.empty() ||
         state_->nested_ready(now) || state_->timers.next_deadline() <= now;
}

void Kernel::set_limits(const KernelLimits& limits) {
  State& state = *state_;
  CHECK(!state.running);
  if (limits.fork_rate != state.options.limits.fork_rate) state.forks.set_rate(limits.fork_rate);
  state.options.limits = limits;
  state.tasks.set_limit(limits.processes);
  io_->set_limits(limits);
  for (auto& [pid, process] : state.processes) {
    renew_limit(process->limits[kLimitProcesses], limits.processes);
    renew_limit(process->limits[kLimitOpenFiles], limits.open_files);
    renew_limit(process->limits[kLimitAddressSpace], limits.address_space);
    renew_limit(process->limits[kLimitFileSize], limits.file_bytes);
  }
  state.memory_guard.look_soon();
  // What is counted here, too, needs no more than that; these are of each process alone.
  for (const auto& nested : state.nested) {
    KernelLimits less = nested->kernel().options().limits;
    less.address_space = std::min(less.address_space, limits.address_space);
    less.open_files = std::min(less.open_files, limits.open_files);
    less.file_bytes = std::min(less.file_bytes, limits.file_bytes);
    less.pipe_bytes = std::min(less.pipe_bytes, limits.pipe_bytes);
    less.argument_bytes = std::min(less.argument_bytes, limits.argument_bytes);
    less.module_bytes = std::min(less.module_bytes, limits.module_bytes);
    nested->kernel().set_limits(less);
  }
}

SysResult<Unit> Kernel::set_nice(int32_t pid, int32_t nice) {
  Process* process = find(pid);
  if (!process) return Errno::kSRCH;
  if (nice < -20 || nice > 19) return Errno::kINVAL;
  process->nice = nice;
  return Unit{};
}

const std::vector<std::unique_ptr<Nested>>& Kernel::nested() const { return state_->nested; }

uint32_t Kernel::tasks() const { return state_->tasks.used(); }

bool Kernel::may_fork() {
  Kernel* const outer = state_->options.outer;
  if (outer && !outer->may_fork()) return false;
  if (state_->forks.take(clock().monotonic_ns())) return true;
  tell_limit("forks.rate", acting());
  return false;
}

void Kernel::add_nested(std::unique_ptr<Nested> nested) {
  state_->nested.push_back(std::move(nested));
}

bool Kernel::collect(int32_t pid, ExitStatus* status) {
  const auto found = state_->ended.find(pid);
  if (found == state_->ended.end()) return false;
  *status = std::move(found->second);
  state_->ended.erase(found);
  return true;
}

SysResult<Unit> Kernel::signal(int32_t pid, int32_t signo) {
  if (signo < 1 || signo > kSignalCount) return Errno::kINVAL;
  const SignalInfo info{.signo = signo, .code = kSiKernel};
  if (pid < 0) {
    signal_group(-pid, info);
  } else {
    Process* process = find(pid);
    if (!process) return Errno::kSRCH;
    TRY(send_signal(*process, info));
  }
  if (!state_->running) finish_exits(*this);
  return Unit{};
}

namespace {

// Contexts and bytes from which on giving back takes more than about a millisecond.
constexpr size_t kManyContexts = 16;
constexpr uint64_t kManyBytes = 8 << 20;

size_t count_contexts(const Kernel::State& state) {
  size_t count = state.threads.size();
  for (const auto& nested : state.nested) count += count_contexts(nested->kernel().state());
  return count;
}

bool holds_much(const Kernel::State& state) {
  const size_t contexts = count_contexts(state);
  return contexts >= kManyContexts || (contexts > 0 && state.usage.memory.processes >= kManyBytes);
}

// Ends all, and puts what they held of the engine into `parts`.
void end_all(Kernel& kernel, std::vector<Remains::Part>& parts) {
  Kernel::State& state = kernel.state();
  Remains::Part part;
  state.left_contexts = &part.contexts;
  for (Process* process : kernel.all_processes()) begin_exit(kernel, *process, kSigKill);
  finish_exits(kernel);
  state.left_contexts = nullptr;
  part.pool = std::exchange(state.pool, make_pool(state));
  parts.push_back(std::move(part));
  for (const auto& nested : state.nested) end_all(nested->kernel(), parts);
}

}  // namespace

void Kernel::kill_all(GiveBack when) {
  state_->start_job = nullptr;
  if (when == GiveBack::kSoon && holds_much(*state_)) {
    std::vector<Remains::Part> parts;
    end_all(*this, parts);
    state_->remains = std::make_unique<Remains>(std::move(parts));
  } else {
    for (Process* process : all_processes()) begin_exit(*this, *process, kSigKill);
    finish_exits(*this);
  }
  state_->nested.clear();
}

void Kernel::kill_job(uint32_t job) {
  if (state_->start_job && state_->start_job->found().job == job) state_->start_job = nullptr;
  std::vector<int32_t> started;
  for (Process* process : all_processes()) {
    if (process->job != job) continue;
    if (process->started) started.push_back(process->pid);
    begin_exit(*this, *process, kSigKill);
  }
  finish_exits(*this);
  for (const int32_t pid : started) state_->ended.erase(pid);
}

int64_t Kernel::cpu_ns() const { return state_->usage.cpu_ns; }
int64_t Kernel::cpu_ns(uint32_t job) const { return state_->job_time.of(job); }
void Kernel::forget_time(uint32_t job) { state_->job_time.forget(job); }

namespace {

// Estimates of what stands behind one, with its share of tables.
constexpr uint64_t kProcessBytes = 4096, kThreadBytes = 1024, kDescriptorBytes = 256,
                   kInodeBytes = 512;

uint64_t object_bytes(const Kernel::State& state) {
  uint64_t bytes = 0;
  for (const auto& [pid, process] : state.processes) {
    bytes += kProcessBytes + process->threads.size() * kThreadBytes;
    bytes += process->argument_bytes;
    if (process->fds) bytes += uint64_t{process->fds->open_count()} * kDescriptorBytes;
  }
  return bytes;
}

}  // namespace

KernelUsage Kernel::usage() {
  State& state = *state_;
  MemoryUse& memory = state.usage.memory;
  memory = {};
  memory.processes = state.pool->host_bytes();
  if (state.remains) {
    const uint64_t bytes = state.remains->host_bytes();
    memory.processes += bytes;
    if (bytes == 0) state.remains = nullptr;
  }
  memory.shared = state.shared_memory.bytes();
  memory.buffers = io_->buffer_bytes();
  memory.objects = object_bytes(state) + io_->object_bytes();
  if (state.compiler) memory.objects += state.compiler->held_bytes();
  for (const auto& nested : state.nested) memory += nested->kernel().usage().memory;
  // Those of sandboxes inside are in it.
  if (const vfs::Budget* files = state.options.disk.get()) {
    memory.files = files->bytes_used() + files->inodes_used() * kInodeBytes;
  }
  state.usage.memory_peak_bytes = std::max(state.usage.memory_peak_bytes, memory.total());
  state.memory_guard.counted(clock(), memory.total());
  return state.usage;
}

void Kernel::note_peak() {
  if (!state_->memory_guard.knows_peak(clock())) (void)usage();
}

Process* Kernel::find(int32_t pid) {
  const auto found = state_->processes.find(pid);
  return found == state_->processes.end() ? nullptr : found->second.get();
}

std::vector<Process*> Kernel::all_processes() {
  std::vector<Process*> all;
  all.reserve(state_->processes.size());
  for (const auto& [pid, process] : state_->processes) all.push_back(process.get());
  return all;
}

Clock& Kernel::clock() { return *state_->options.clock; }
RoundedClock& Kernel::guest_clock() { return *state_->guest_clock; }
RandomSource& Kernel::random() { return *state_->options.random; }
vfs::Namespace& Kernel::names() { return *state_->options.names; }
const KernelOptions& Kernel::options() const { return state_->options; }
Thread* Kernel::running() { return state_->running; }

const Process* Kernel::acting() {
  if (state_->running) return state_->running->process;
  for (const auto& nested : state_->nested) {
    if (const Process* process = nested->kernel().acting()) return process;
  }
  return nullptr;
}

void Kernel::log(const std::string& line) {
  if (state_->options.log) state_->options.log(line);
}

const LimitHits& Kernel::limit_hits() const { return state_->limit_hits; }

void Kernel::count_limit(const char* limit) {
  for (Kernel* at = this; at; at = at->state_->options.outer) ++at->state_->limit_hits[limit];
}

void Kernel::tell_limit(const char* limit, const Process* process) {
  count_limit(limit);
  if (state_->options.on_limit) state_->options.on_limit(limit, process);
}

void Kernel::make_ready(Thread& thread) {
  if (!thread.waiting || thread.held) return;
  thread.waiting = thread.deaf = false;
  thread.waiters.clear();
  cancel_timer(std::exchange(thread.timer, 0));
  if (thread.state == ThreadState::kBlocked) set_runnable(*this, thread, Ready::kWoke);
}

uint64_t Kernel::add_timer(int64_t deadline, void* env, void (*fire)(void* env, uint64_t argument),
                           uint64_t argument) {
  return state_->timers.add(deadline, env, fire, argument);
}

void Kernel::cancel_timer(uint64_t id) { state_->timers.cancel(id); }

}  // namespace cloche::kernel
