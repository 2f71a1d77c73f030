#include <cstring>

#include "kernel/clone_flags.h"
#include "kernel/exec.h"
#include "kernel/process.h"
#include "kernel/state.h"

namespace cloche::kernel {

Thread::Thread() = default;
Thread::~Thread() = default;

namespace {

int32_t new_thread_id(Kernel::State& state) {
  // Thread and process ids are one space; create_process() skips ids in use the same way.
  int32_t id = state.last_pid;
  do id = id + 1 >= 32768 ? 2 : id + 1;
  while (state.threads.contains(id) || state.processes.contains(id));
  state.last_pid = id;
  return id;
}

void copy_attributes(Thread& child, const Thread& parent) {
  child.blocked = parent.restore_mask ? parent.saved_mask : parent.blocked;
  child.name = parent.name;
}

void finish_request(Thread& thread, int32_t result) {
  thread.request = Request::kNone;
  thread.request_done = true;
  thread.request_value = result;
}

void put_word(engine::Context& context, uint32_t address, int32_t value) {
  const engine::MemoryView memory = context.memory();
  if (uint64_t{address} + sizeof value > memory.size) return;
  std::memcpy(memory.data + address, &value, sizeof value);
}

// What all kinds of new processes share; the caller adds memory and descriptors.
SysResult<Thread*> new_child(Kernel& kernel, Thread& thread,
                             Result<std::unique_ptr<engine::Context>> context, Process& child) {
  if (!context.ok()) {
    kernel.log("fork: " + context.error().message);
    return Errno::kNOMEM;
  }
  Thread* twin = TRY(create_thread(kernel, child));
  twin->context = std::move(*context);
  twin->context->set_user(twin);
  copy_attributes(*twin, thread);
  twin->alternate_stack = thread.alternate_stack;
  twin->call.row = thread.call.row;
  finish_request(*twin, 0);
  return twin;
}

SysResult<Process*> fork_process(Kernel& kernel, Thread& thread) {
  Process& parent = *thread.process;
  Process* child = TRY(create_process(kernel, &parent));
  child->fds = parent.fds->copy();
  AddressSpace& space = address_space_of(parent);
  space.push(*thread.context, AddressSpace::Push::kAll);
  child->address_space = space.copy();
  const auto twin = new_child(kernel, thread, thread.context->fork(), *child);
  if (!twin.ok()) {
    discard_process(kernel, *child);
    return twin.error();
  }
  ++kernel.state().usage.forks;
  set_runnable(kernel, **twin, Ready::kAgain);
  return child;
}

// A process in the same memory: vfork and posix_spawn.
SysResult<Process*> clone_process(Kernel& kernel, Thread& thread, const CloneArguments& how) {
  Process& caller = *thread.process;
  Process* parent = how.flags & kCloneParent ? caller.parent : &caller;
  Process* child = TRY(create_process(kernel, &caller));
  if (parent != &caller) {
    std::erase(caller.children, child);
    child->parent = parent;
    if (parent) parent->children.push_back(child);
  }
  child->exit_signal = static_cast<int32_t>(how.flags & kCloneExitSignal);
  if (how.flags & kCloneFiles)
    child->fds = caller.fds;
  else
    child->fds = caller.fds->copy();
  child->address_space = caller.address_space;
  const uint32_t tls = how.flags & kCloneSetTls ? how.tls : 0;
  const auto twin = new_child(kernel, thread, thread.context->clone(how.stack, tls), *child);
  if (!twin.ok()) {
    discard_process(kernel, *child);
    return twin.error();
  }
  if (how.flags & kCloneChildClearTid) (*twin)->clear_child_tid = how.child_tid;
  if (how.flags & kCloneChildSetTid) put_word(*(*twin)->context, how.child_tid, child->pid);
  if (how.flags & kCloneParentSetTid) put_word(*thread.context, how.parent_tid, child->pid);
  ++kernel.state().usage.forks;
  set_runnable(kernel, **twin, Ready::kAgain);
  return child;
}

SysResult<int32_t> clone_thread(Kernel& kernel, Thread& thread, const CloneArguments& how) {
  Process& process = *thread.process;
  const uint32_t tls = how.flags & kCloneSetTls ? how.tls : 0;
  auto context = thread.context->clone(how.stack, tls);
  if (!context.ok()) {
    kernel.log("clone: " + context.error().message);
    return Errno::kNOMEM;
  }
  Thread* twin = TRY(create_thread(kernel, process));
  twin->context = std::move(*context);
  twin->context->set_user(twin);
  copy_attributes(*twin, thread);
  twin->call.row = thread.call.row;
  finish_request(*twin, 0);
  if (how.flags & kCloneChildClearTid) twin->clear_child_tid = how.child_tid;
  if (how.flags & kCloneChildSetTid) put_word(*twin->context, how.child_tid, twin->tid);
  if (how.flags & kCloneParentSetTid) put_word(*thread.context, how.parent_tid, twin->tid);
  set_runnable(kernel, *twin, Ready::kAgain);
  return twin->tid;
}

// The parent sleeps until its child executes another program or ends; only its own death ends that.
void hold_parent(Thread& thread, Process& child) {
  child.vfork_waiter = &thread;
  thread.vfork_child = &child;
  thread.waiting = true;
  thread.held = true;
  thread.request_done = false;
}

void act_on_fork(Kernel& kernel, Thread& thread) {
  const auto child = fork_process(kernel, thread);
  finish_request(thread, child.ok() ? (*child)->pid : -static_cast<int32_t>(child.error()));
}

void act_on_clone(Kernel& kernel, Thread& thread, const CloneArguments& how) {
  if (how.flags & kCloneThread) {
    const auto tid = clone_thread(kernel, thread, how);
    finish_request(thread, tid.ok() ? *tid : -static_cast<int32_t>(tid.error()));
    return;
  }
  const auto child = clone_process(kernel, thread, how);
  finish_request(thread, child.ok() ? (*child)->pid : -static_cast<int32_t>(child.error()));
  if (child.ok() && (how.flags & kCloneVfork)) hold_parent(thread, **child);
}

void act_on_exec(Kernel& kernel, Thread& thread) {
  Process& process = *thread.process;
  const std::unique_ptr<Program> program = std::move(thread.exec);
  if (!start_program(kernel, process, thread, *program)) {
    begin_exit(kernel, process, kSigKill, "no memory to start " + program->executable);
  }
}

void act_on_thread_exit(Kernel& kernel, Thread& thread) {
  Process& process = *thread.process;
  const int32_t code = thread.request_value;
  if (process.threads.size() == 1) {
    begin_exit(kernel, process, (code & 0xff) << 8);
    return;
  }
  clear_child_tid(kernel, thread);
  destroy_thread(kernel, thread);
}

}  // namespace

SysResult<Thread*> create_thread(Kernel& kernel, Process& process) {
  Kernel::State& state = kernel.state();
  if (!has_task_room(kernel, &process)) return Errno::kAGAIN;
  if (!kernel.may_fork()) return Errno::kAGAIN;
  auto thread = std::make_unique<Thread>();
  thread->tid = process.threads.empty() && !state.threads.contains(process.pid)
                    ? process.pid
                    : new_thread_id(state);
  thread->process = &process;
  thread->state = ThreadState::kBlocked;
  state.threads[thread->tid] = thread.get();
  state.tasks.add();
  process.threads.push_back(std::move(thread));
  return process.threads.back().get();
}

void destroy_thread(Kernel& kernel, Thread& thread) {
  Kernel::State& state = kernel.state();
  Process& process = *thread.process;
  thread.held = false;
  cancel_wait(kernel, thread);
  state.ready.remove(thread);
  if (state.running == &thread) state.running = nullptr;
  if (thread.vfork_child) thread.vfork_child->vfork_waiter = nullptr;
  process.usage.user_ns += thread.cpu_ns;
  if (state.left_contexts && thread.context) {
    state.left_contexts->push_back(std::move(thread.context));
  }
  state.threads.erase(thread.tid);
  state.tasks.remove();
  std::erase_if(process.threads, [&thread](const auto& each) { return each.get() == &thread; });
}

void set_runnable(Kernel& kernel, Thread& thread, Ready why) {
  if (thread.process->exiting) return;
  if (thread.process->stopped) {
    thread.state = ThreadState::kStopped;
    return;
  }
  thread.state = ThreadState::kReady;
  kernel.state().ready.push(thread, why == Ready::kWoke);
}

void cancel_wait(Kernel& kernel, Thread& thread) {
  thread.waiting = thread.deaf = false;
  thread.waiters.clear();
  kernel.cancel_timer(std::exchange(thread.timer, 0));
  kernel.state().futexes.leave(thread);
  thread.waited = 0;
  thread.call = {};
}

void act_on_request(Kernel& kernel, Thread& thread) {
  switch (std::exchange(thread.request, Request::kNone)) {
    case Request::kNone:
      break;
    case Request::kFork:
      act_on_fork(kernel, thread);
      break;
    case Request::kVfork:
      act_on_clone(kernel, thread, {.flags = kCloneVm | kCloneVfork | kSigChld});
      break;
    case Request::kClone:
      act_on_clone(kernel, thread, thread.clone);
      break;
    case Request::kExec:
      act_on_exec(kernel, thread);
      break;
    case Request::kExitThread:
      act_on_thread_exit(kernel, thread);
      break;
    case Request::kExitGroup:
      begin_exit(kernel, *thread.process, (thread.request_value & 0xff) << 8);
      break;
  }
}

void clear_child_tid(Kernel& kernel, Thread& thread) {
  const uint32_t address = std::exchange(thread.clear_child_tid, 0);
  if (address == 0 || !thread.context) return;
  put_word(*thread.context, address, 0);
  kernel.state().futexes.wake(address_space_of(*thread.process).futex_key(address), 1, UINT32_MAX);
}

}  // namespace cloche::kernel
