#include "kernel/process.h"

#include <algorithm>

#include "kernel/exec.h"
#include "kernel/posix_timer.h"
#include "kernel/process_fd.h"
#include "kernel/state.h"
#include "kernel/wasi/state.h"

namespace cloche::kernel {

Process::Process() = default;
Process::~Process() {
  if (!handle) return;
  handle->process = nullptr;
  handle->ended.wake();
}

namespace {

// Linux's default of kernel.pid_max on small machines; the first program gets 2.
constexpr int32_t kPidMax = 32768;
constexpr int32_t kFirstPid = 2;

bool id_in_use(const Kernel::State& state, int32_t id) {
  if (state.threads.contains(id) || state.processes.contains(id)) return true;
  for (const auto& [pid, process] : state.processes)
    if (process->pgid == id || process->sid == id) return true;
  return state.ended.contains(id);
}

void inherit(Process& child, Process& parent) {
  child.job = parent.job;
  child.pgid = parent.pgid;
  child.sid = parent.sid;
  child.cwd = parent.cwd;
  child.root = parent.root;
  child.credentials = parent.credentials;
  child.umask = parent.umask;
  child.dumpable = parent.dumpable;
  child.executable = parent.executable;
  child.program_file = parent.program_file;
  child.executable_location = parent.executable_location;
  child.name = parent.name;
  child.argv = parent.argv;
  child.envp = parent.envp;
  child.argument_bytes = parent.argument_bytes;
  child.nice = parent.nice;
  child.actions = parent.actions;
  child.sigword = parent.sigword;
  child.limits = parent.limits;
  child.controlling_terminal = parent.controlling_terminal;
  child.authority = parent.authority;
  child.random_bytes = parent.random_bytes;
}

std::vector<int32_t> group_ids_of_children(const Process& process) {
  std::vector<int32_t> groups;
  for (const Process* child : process.children)
    if (child->life == Process::State::kAlive) groups.push_back(child->pgid);
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return groups;
}

bool has_stopped_member(const Kernel::State& state, int32_t pgid) {
  if (state.stopped_processes == 0) return false;
  for (const auto& [pid, process] : state.processes)
    if (process->pgid == pgid && process->stopped && !process->exiting) return true;
  return false;
}

// A group that has just become orphaned and has a stopped member would be stopped for ever.
void wake_orphaned_group(Kernel& kernel, int32_t pgid) {
  if (!has_stopped_member(kernel.state(), pgid) || !kernel.group_is_orphaned(pgid)) return;
  kernel.signal_group(pgid, {.signo = kSigHup, .code = kSiKernel});
  kernel.signal_group(pgid, {.signo = kSigCont, .code = kSiKernel});
}

// The groups that lose a link to their session when `process` ends: its own, and those of children.
// Nothing comes of it unless one of them has a stopped member.
void handle_orphans(Kernel& kernel, Process& process) {
  std::vector<int32_t> groups;
  if (kernel.state().stopped_processes > 0) {
    groups = group_ids_of_children(process);
    groups.push_back(process.pgid);
  }
  std::vector<std::pair<int32_t, bool>> were_orphaned;
  for (int32_t group : groups) were_orphaned.emplace_back(group, kernel.group_is_orphaned(group));
  process.life = Process::State::kZombie;
  std::vector<Process*> children = std::move(process.children);
  process.children.clear();
  for (Process* child : children) {
    child->parent = nullptr;
    if (child->life == Process::State::kZombie) reap(kernel, *child);
  }
  for (const auto& [group, before] : were_orphaned)
    if (!before) wake_orphaned_group(kernel, group);
}

bool parent_ignores_children(const Process& parent) {
  const SignalAction& action = parent.actions[kSigChld - 1];
  return action.handler == 1 || (action.flags & kSaNoCldWait);
}

void remember_end(Kernel& kernel, const Process& process) {
  const int32_t status = process.wait_status;
  ExitStatus end;
  end.exited = (status & 0x7f) == 0;
  end.code = end.exited ? (status >> 8) & 0xff : 0;
  end.signal = status & 0x7f;
  end.message = process.trap_message;
  end.limit = process.ended_by_limit;
  kernel.state().ended[process.pid] = std::move(end);
}

void account_memory(Kernel& kernel, Process& process) {
  if (!process.address_space) return;
  process.usage.max_memory =
      std::max(process.usage.max_memory, address_space_of(process).granted());
  (void)kernel;
}

// Parts of the end that need the guest's memory, the terminal or other processes.
void finish_exit(Kernel& kernel, Process& process) {
  account_memory(kernel, process);
  if (!process.threads.empty() && process.threads.front()->context) {
    const bool memory_lives_on = process.address_space->ref_count() > 1;
    for (auto& thread : process.threads)
      if (memory_lives_on && !kernel.state().left_contexts) clear_child_tid(kernel, *thread);
    if (!memory_lives_on) address_space_of(process).sync_all(*process.threads.front()->context);
  }
  while (!process.threads.empty()) destroy_thread(kernel, *process.threads.back());
  release_vfork_parent(kernel, process);
  kernel.cancel_timer(process.real_timer.timer);
  process.real_timer = {};
  process.timers.clear();
  process.address_space = nullptr;
  if (process.fds && process.fds.use_count() == 1) process.fds->close_all(process);
  process.fds = nullptr;
  if (process.sid == process.pid) end_session(process);
  process.controlling_terminal = nullptr;
  process.cwd = {};
  process.root = {};
  process.executable_location = {};
  process.stopped = false;
  handle_orphans(kernel, process);
  if (process.handle) process.handle->ended.wake();
  kernel.state().tasks.add();  // a zombie counts against pids.max

  Process* parent = process.parent;
  if (!parent) {
    if (process.started) remember_end(kernel, process);
    reap(kernel, process);
    return;
  }
  const bool core = false;
  const bool exited = (process.wait_status & 0x7f) == 0;
  const bool unwanted = process.exit_signal == kSigChld && parent_ignores_children(*parent);
  notify_parent(kernel, process,
                exited ? kCldExited
                : core ? kCldDumped
                       : kCldKilled,
                exited ? (process.wait_status >> 8) & 0xff : process.wait_status & 0x7f);
  if (unwanted || process.exit_signal == 0) reap(kernel, process);
}

}  // namespace

bool has_task_room(Kernel& kernel, const Process* process) {
  for (Kernel* at = &kernel; at; at = at->options().outer) {
    if (!at->state().tasks.full()) continue;
    at->tell_limit("pids.max", process ? process : at->acting());
    return false;
  }
  return true;
}

SysResult<Process*> create_process(Kernel& kernel, Process* parent) {
  Kernel::State& state = kernel.state();
  if (!has_task_room(kernel, parent)) return Errno::kAGAIN;
  if (parent && state.tasks.used() >= parent->limits[kLimitProcesses].soft) return Errno::kAGAIN;
  int32_t pid = state.last_pid;
  do {
    pid = pid + 1 >= kPidMax ? kFirstPid : pid + 1;
    if (pid == state.last_pid) return Errno::kAGAIN;
  } while (id_in_use(state, pid));
  state.last_pid = pid;
  auto process = std::make_unique<Process>();
  process->pid = pid;
  process->kernel = &kernel;
  process->start_ns = kernel.clock().monotonic_ns();
  process->random = (parent ? parent->random_source() : kernel.random()).split();
  if (parent) {
    inherit(*process, *parent);
    process->parent = parent;
    parent->children.push_back(process.get());
  } else {
    process->pgid = process->sid = pid;
  }
  ++state.usage.processes;
  return (state.processes[pid] = std::move(process)).get();
}

void discard_process(Kernel& kernel, Process& process) {
  while (!process.threads.empty()) destroy_thread(kernel, *process.threads.back());
  if (process.fds && process.fds.use_count() == 1) process.fds->close_all(process);
  if (process.parent) std::erase(process.parent->children, &process);
  --kernel.state().usage.processes;
  kernel.state().processes.erase(process.pid);
}

void begin_exit(Kernel& kernel, Process& process, int32_t wait_status, std::string message) {
  if (process.exiting) return;
  Kernel::State& state = kernel.state();
  process.exiting = true;
  if (process.stopped) --state.stopped_processes;
  process.wait_status = wait_status;
  process.trap_message = std::move(message);
  for (auto& thread : process.threads) {
    state.ready.remove(*thread);
    thread->held = false;
    cancel_wait(kernel, *thread);
    if (thread.get() != state.running) thread->state = ThreadState::kDead;
  }
  if (state.running && state.running->process == &process && state.engine_call)
    state.engine_call->suspend();
  state.exiting.push_back(&process);
}

void finish_exits(Kernel& kernel) {
  Kernel::State& state = kernel.state();
  CHECK(!state.engine_call);
  while (!state.exiting.empty()) {
    Process* process = state.exiting.back();
    state.exiting.pop_back();
    finish_exit(kernel, *process);
  }
}

void reap(Kernel& kernel, Process& process) {
  Kernel::State& state = kernel.state();
  if (process.parent) std::erase(process.parent->children, &process);
  state.tasks.remove();
  state.processes.erase(process.pid);
}

void notify_parent(Kernel& kernel, Process& process, int32_t code, int32_t status) {
  Process* parent = process.parent;
  if (!parent) return;
  const bool end = code == kCldExited || code == kCldKilled || code == kCldDumped;
  const bool unwanted_stop = !end && (parent->actions[kSigChld - 1].flags & kSaNoCldStop);
  const int32_t signo = end ? process.exit_signal : kSigChld;
  if (signo != 0 && !unwanted_stop) {
    SignalInfo info;
    info.signo = signo;
    info.code = code;
    info.pid = process.pid;
    info.uid = process.credentials.uid;
    info.status = status;
    (void)kernel.send_signal(*parent, info);
  }
  parent->child_changed.wake();
}

void stop_process(Kernel& kernel, Process& process, int32_t signo) {
  if (process.stopped || process.exiting) return;
  process.stopped = true;
  ++kernel.state().stopped_processes;
  process.stop_signal = signo;
  process.report_stop = true;
  process.report_continue = false;
  Kernel::State& state = kernel.state();
  for (auto& thread : process.threads) {
    if (thread->state != ThreadState::kReady) continue;
    state.ready.remove(*thread);
    thread->state = ThreadState::kStopped;
  }
  if (state.running && state.running->process == &process && state.engine_call)
    state.engine_call->suspend();
  notify_parent(kernel, process, kCldStopped, signo);
}

void continue_process(Kernel& kernel, Process& process) {
  if (!process.stopped) return;
  process.stopped = false;
  if (!process.exiting) --kernel.state().stopped_processes;
  process.report_stop = false;
  process.report_continue = true;
  for (auto& thread : process.threads)
    if (thread->state == ThreadState::kStopped) set_runnable(kernel, *thread, Ready::kAgain);
  notify_parent(kernel, process, kCldContinued, kSigCont);
  act_on_pending(kernel, process);
}

void release_vfork_parent(Kernel& kernel, Process& child) {
  Thread* waiter = std::exchange(child.vfork_waiter, nullptr);
  if (!waiter) return;
  waiter->held = false;
  waiter->vfork_child = nullptr;
  waiter->request_done = true;
  kernel.make_ready(*waiter);
}

RandomSource& Process::random_source() { return random ? *random : kernel->random(); }

int64_t cpu_time(const Process& process) {
  int64_t total = process.usage.user_ns + process.usage.system_ns;
  for (const auto& thread : process.threads) total += thread->cpu_ns;
  return total;
}

bool Kernel::group_is_orphaned(int32_t pgid) {
  for (const auto& [pid, process] : state_->processes) {
    if (process->pgid != pgid || process->life == Process::State::kZombie) continue;
    const Process* parent = process->parent;
    if (parent && parent->pgid != pgid && parent->sid == process->sid) return false;
  }
  return true;
}

}  // namespace cloche::kernel
