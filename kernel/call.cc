#include "kernel/call.h"

#include "kernel/call_gate.h"
#include "kernel/exec.h"
#include "kernel/state.h"

namespace cloche::kernel {

SysResult<std::span<const uint8_t>> Call::bytes_in(UserPtr at, uint64_t size) const {
  const std::span<uint8_t> bytes = TRY(bytes_out(at, size));
  return std::span<const uint8_t>(bytes);
}

SysResult<std::span<uint8_t>> Call::bytes_out(UserPtr at, uint64_t size) const {
  const engine::MemoryView memory = engine_call_.memory();
  // Wherever it points, as on Linux; and not null, which memcpy() does not take even for no bytes.
  if (size == 0) return std::span<uint8_t>(memory.data, 0);
  if (size > memory.size || at.address > memory.size - size) return Errno::kFAULT;
  return std::span<uint8_t>(memory.data + at.address, static_cast<size_t>(size));
}

SysResult<std::string> Call::string(UserPtr at, uint32_t limit, Errno too_long) const {
  const engine::MemoryView memory = engine_call_.memory();
  if (at.address >= memory.size) return Errno::kFAULT;
  const uint64_t room = memory.size - at.address;
  const char* begin = reinterpret_cast<const char*>(memory.data) + at.address;
  const size_t searched = static_cast<size_t>(room < limit ? room : limit);
  const void* end = std::memchr(begin, 0, searched);
  if (end) return std::string(begin, static_cast<const char*>(end));
  return room < limit ? Errno::kFAULT : too_long;
}

Errno Call::block(std::initializer_list<WaitQueue*> queues, int64_t deadline, OnSignal on_signal) {
  return block(std::span<WaitQueue* const>(queues.begin(), queues.size()), deadline, on_signal);
}

Errno Call::block(std::span<WaitQueue* const> queues, int64_t deadline, OnSignal on_signal) {
  thread_.deaf = on_signal == OnSignal::kWait;
  if (!thread_.deaf && kernel_.signal_deliverable(thread_))
    return on_signal == OnSignal::kRestart ? Errno::kRESTART : Errno::kINTR;
  thread_.waiting = true;
  for (WaitQueue* queue : queues) {
    thread_.waiters.push_back(std::make_unique<Waiter>());
    thread_.waiters.back()->join(*queue, thread_);
  }
  if (deadline != kNoDeadline) {
    const auto expire = [](void* env, uint64_t) {
      Thread& thread = *static_cast<Thread*>(env);
      thread.timer = 0;
      thread.call.timed_out = true;
      thread.process->kernel->make_ready(thread);
    };
    thread_.timer = kernel_.add_timer(deadline, &thread_, expire, 0);
  }
  engine_call_.suspend();
  return Errno::kSUSPEND;
}

Call::Scratch& Call::scratch() { return thread_.call.scratch; }

Errno Call::suspend() {
  engine_call_.suspend();
  return Errno::kSUSPEND;
}

namespace {

bool has_unfinished_call(const Thread& thread) {
  return thread.call.row || thread.waiting || thread.request_done ||
         thread.request != Request::kNone;
}

// A thread that asked to end, or whose process ends, gets no further call.
bool must_not_call(const Thread& thread) {
  if (thread.process->exiting) return true;
  return thread.request == Request::kExec || thread.request == Request::kExitThread ||
         thread.request == Request::kExitGroup;
}

bool is_too_many_files(const SyscallRow& row, int32_t result) {
  constexpr int32_t kWasiNumber = 33;
  return result == (row.kind == 'w' ? kWasiNumber : -static_cast<int32_t>(Errno::kMFILE));
}

// EMFILE: for the sandbox's limit, or for one that the process set itself?
void tell_files(const Thread& thread) {
  const Process& process = *thread.process;
  Kernel& kernel = *process.kernel;
  if (process.fds && process.fds->open_count() >= kernel.options().limits.open_files) {
    kernel.tell_limit("open_files.max", &process);
  }
}

std::vector<engine::ValueType> params_of(const SyscallRow& row) {
  if (!row.params) return std::vector<engine::ValueType>(row.arity, engine::ValueType::kI32);
  std::vector<engine::ValueType> params;
  for (const char* at = row.params; *at; ++at)
    params.push_back(*at == 'j' ? engine::ValueType::kI64 : engine::ValueType::kI32);
  return params;
}

// An i64 becomes two words, the low one first.
void take_words(const char* params, const engine::Value* values, int32_t* words) {
  for (; *params; ++params, ++values) {
    *words++ = values->i32;
    if (*params == 'j') *words++ = static_cast<int32_t>(static_cast<uint64_t>(values->i64) >> 32);
  }
}

int32_t no_such_call(Kernel& kernel, const Process& process, const SyscallRow& row) {
  if (kernel.state().logged_calls.emplace(row.name, true).second)
    kernel.log(process.name + ": system call " + row.name + " is not implemented (ENOSYS)");
  return -static_cast<int32_t>(Errno::kNOSYS);
}

}  // namespace

void CallGate::enter(void* env, engine::Call& engine_call, engine::Value* values) noexcept {
  const auto& row = *static_cast<const SyscallRow*>(env);
  auto& thread = *static_cast<Thread*>(engine_call.context().user());
  int32_t arguments[kMaxArguments] = {};
  if (row.params) {
    take_words(row.params, values, arguments);
  } else {
    for (uint32_t i = 0; i < row.arity; ++i) arguments[i] = values[i].i32;
  }
  values[0].i32 = handle(row, engine_call, thread, arguments);
}

int32_t CallGate::handle(const SyscallRow& row, engine::Call& engine_call, Thread& thread,
                         const int32_t* arguments) {
  if (must_not_call(thread)) {
    engine_call.suspend();
    return kSuspended;
  }
  Kernel& kernel = *thread.process->kernel;
  Kernel::State& state = kernel.state();
  ++state.usage.syscalls;
  state.engine_call = &engine_call;
  Call call(kernel, *thread.process, thread, engine_call);
  const bool resumes = &row == &result_row() || (row.kind == 'w' && thread.call.row == &row);
  const int32_t result = resumes ? resume(call) : begin(row, call, arguments);
  refresh_signal_word(thread, engine_call);
  state.engine_call = nullptr;
  return result;
}

int32_t CallGate::begin(const SyscallRow& row, Call& call, const int32_t* arguments) {
  Thread& thread = call.thread_;
  if (has_unfinished_call(thread)) {
    thread.request = Request::kNone;
    thread.request_done = false;
    cancel_wait(call.kernel_, thread);
  }
  if (!row.invoke) return no_such_call(call.kernel_, call.process_, row);
  const int32_t result = row.invoke(call, arguments);
  if (result == kSuspended) {
    CHECK(row.kind != '-');
    thread.call.row = &row;
    std::memcpy(thread.call.arguments.data(), arguments, sizeof thread.call.arguments);
    return result;
  }
  const Process& process = *thread.process;
  if ((row.kind == 'b' || row.kind == 'w') && (process.exiting || process.stopped)) {
    // A signal of the call's own making (SIGPIPE, SIGTTOU) took hold: no further instruction of the
    // program runs before it has acted. The result waits until the guest asks again.
    thread.call.row = &row;
    thread.request_done = true;
    thread.request_value = result;
    call.engine_call_.suspend();
    return kSuspended;
  }
  return finish(row, thread, result);
}

int32_t CallGate::finish(const SyscallRow& row, Thread& thread, int32_t result) {
  if (is_too_many_files(row, result)) tell_files(thread);
  thread.call.row = nullptr;
  thread.call.scratch = {};
  thread.call.timed_out = false;
  return result;
}

int32_t CallGate::resume(Call& call) {
  Thread& thread = call.thread_;
  if (thread.request_done) {
    thread.request_done = false;
    return finish(*thread.call.row, thread, thread.request_value);
  }
  if (!thread.call.row) return -static_cast<int32_t>(Errno::kINVAL);
  if (thread.waiting || thread.request != Request::kNone) {
    call.engine_call_.suspend();  // it asked before it yielded
    return kSuspended;
  }
  call.retried_ = true;
  call.timed_out_ = std::exchange(thread.call.timed_out, false);
  const SyscallRow& row = *thread.call.row;
  const std::array<int32_t, kMaxArguments> arguments = thread.call.arguments;
  const int32_t result = row.invoke(call, arguments.data());
  return result == kSuspended ? result : finish(row, thread, result);
}

std::vector<engine::HostFunction> host_functions() {
  std::vector<engine::HostFunction> functions;
  for (const auto rows : {linux_rows(), kern_rows(), wasi_rows()}) {
    for (const SyscallRow& row : rows) {
      engine::HostFunction function;
      function.module = row.module;
      function.name = row.name;
      function.params = params_of(row);
      if (row.has_result) function.results.assign(1, engine::ValueType::kI32);
      function.call = &CallGate::enter;
      function.env = const_cast<SyscallRow*>(&row);  // read only, by enter()
      functions.push_back(std::move(function));
    }
  }
  return functions;
}

}  // namespace cloche::kernel
