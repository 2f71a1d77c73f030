#include "engine/testing/mini_kernel.h"

#include <time.h>

#include "engine/wasmtime_api.h"

namespace cloche::engine {

std::vector<uint8_t> assemble(std::string_view text) {
  wasm_byte_vec_t bytes;
  ErrorHandle error(wasmtime_wat2wasm(text.data(), text.size(), &bytes));
  if (error) fprintf(stderr, "%s\n", message_of(error.get()).c_str());
  CHECK(!error);
  std::vector<uint8_t> result(bytes.data, bytes.data + bytes.size);
  wasm_byte_vec_delete(&bytes);
  return result;
}

// The calls. Those that stop the caller return nothing; it yields and then asks k.result.
struct MiniKernelCalls {
  using Process = MiniKernel::Process;
  using Request = MiniKernel::Request;

  static Process& caller(Call& call) { return *static_cast<Process*>(call.context().user()); }

  static void request(Call& call, Request what, int32_t a = 0, int32_t b = 0) {
    MiniKernel& kernel = *caller(call).kernel;
    kernel.request_ = what;
    kernel.request_argument_[0] = a;
    kernel.request_argument_[1] = b;
    call.suspend();
  }

  static void fork(void*, Call& call, Value* values) noexcept {  // mode 0 fork, 1 vfork, 2 thread
    constexpr Request kKinds[] = {Request::kFork, Request::kVfork, Request::kThread};
    request(call, kKinds[static_cast<uint32_t>(values[0].i32) % 3], values[1].i32);
  }
  static void wait(void*, Call& call, Value*) noexcept { request(call, Request::kWait); }
  static void exit(void*, Call& call, Value* values) noexcept {
    request(call, Request::kExit, values[0].i32);
  }
  static void sched(void*, Call& call, Value*) noexcept { request(call, Request::kSched); }
  static void exec(void*, Call& call, Value* values) noexcept {  // new arguments 0 and 1
    request(call, Request::kExec, values[0].i32, values[1].i32);
  }
  static void result(void*, Call& call, Value* values) noexcept {
    values[0].i32 = caller(call).result;
  }
  static void status(void*, Call& call, Value* values) noexcept {
    values[0].i32 = caller(call).status;
  }
  static void arg(void*, Call& call, Value* values) noexcept {
    const std::vector<int32_t>& arguments = caller(call).arguments;
    uint32_t index = static_cast<uint32_t>(values[0].i32);
    values[0].i32 = index < arguments.size() ? arguments[index] : 0;
  }
  static void clock(void*, Call&, Value* values) noexcept {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    values[0].i64 = now.tv_sec * 1'000'000'000ll + now.tv_nsec;
  }
  static void nop(void*, Call&, Value*) noexcept {}
  static void write(void*, Call& call, Value* values) noexcept {  // pointer, length
    MemoryView memory = call.memory();
    uint64_t pointer = static_cast<uint32_t>(values[0].i32);
    uint64_t length = static_cast<uint32_t>(values[1].i32);
    if (pointer > memory.size || length > memory.size - pointer) return;
    caller(call).kernel->output_.append(reinterpret_cast<char*>(memory.data) + pointer, length);
  }
  static void grow(void*, Call& call, Value* values) noexcept {  // bytes: 0, or -1
    uint64_t bytes = static_cast<uint32_t>(values[0].i32);
    values[0].i32 = call.context().grow_memory(bytes).ok() ? 0 : -1;
  }
  static void discard(void*, Call& call, Value* values) noexcept {  // offset, size: 0, or -1
    uint64_t offset = static_cast<uint32_t>(values[0].i32);
    uint64_t size = static_cast<uint32_t>(values[1].i32);
    values[0].i32 = call.context().discard_memory(offset, size).ok() ? 0 : -1;
  }
};

std::vector<HostFunction> mini_kernel_functions() {
  using Calls = MiniKernelCalls;
  constexpr ValueType kI = ValueType::kI32;
  auto row = [](const char* name, std::vector<ValueType> params, std::vector<ValueType> results,
                void (*call)(void*, Call&, Value*) noexcept) {
    return HostFunction{"k", name, std::move(params), std::move(results), call, nullptr};
  };
  return {
      row("fork", {kI, kI}, {}, Calls::fork),
      row("wait", {}, {}, Calls::wait),
      row("exit", {kI}, {}, Calls::exit),
      row("sched", {}, {}, Calls::sched),
      row("exec", {kI, kI}, {}, Calls::exec),
      row("result", {}, {kI}, Calls::result),
      row("status", {}, {kI}, Calls::status),
      row("arg", {kI}, {kI}, Calls::arg),
      row("clock", {}, {ValueType::kI64}, Calls::clock),
      row("nop", {kI}, {kI}, Calls::nop),
      row("write", {kI, kI}, {}, Calls::write),
      row("grow", {kI}, {kI}, Calls::grow),
      row("discard", {kI, kI}, {kI}, Calls::discard),
  };
}

MiniKernel::MiniKernel(Engine& engine, const Options& options) {
  PoolOptions pool;
  if (options.preempt) pool.should_yield = [](void*) noexcept { return true; };
  pool_ = engine.create_pool(pool);
}

Status MiniKernel::start(const ModuleRef& module, std::vector<int32_t> arguments) {
  module_ = module;
  add(nullptr, TRY(pool_->start(module, nullptr))).arguments = std::move(arguments);
  ready_.push_back(1);
  return ok_status();
}

Status MiniKernel::start(const ImageRef& image) {
  module_ = image->module();
  add(nullptr, TRY(pool_->start(image, nullptr)));
  ready_.push_back(1);
  return ok_status();
}

MiniKernel::Process& MiniKernel::add(Process* parent, std::unique_ptr<Context> context) {
  const int pid = next_pid_++;
  Process& process = processes_[pid];
  process.pid = pid;
  process.kernel = this;
  process.context = std::move(context);
  process.context->set_user(&process);
  if (parent) {
    process.parent = parent->pid;
    process.arguments = parent->arguments;
    ++parent->children;
  }
  return process;
}

bool MiniKernel::step() {
  if (finished_ || ready_.empty()) return false;
  Process& process = processes_.at(ready_.front());
  ready_.pop_front();
  request_ = Request::kNone;
  Stop stop = process.context->run();
  switch (stop.reason) {
    case Stop::Reason::kSuspended:
      serve(process);
      break;
    case Stop::Reason::kPreempted:
      ready_.push_back(process.pid);
      break;
    case Stop::Reason::kTrapped:
      ++traps_;
      last_trap_ = stop.trap;
      if (trap_messages_.size() < 100) trap_messages_.push_back(stop.message);
      exit(process, kTrapStatus);
      break;
    case Stop::Reason::kReturned:
      exit(process, 0);
      break;
  }
  return !finished_;
}

void MiniKernel::clear() {
  processes_.clear();
  ready_.clear();
  next_pid_ = 1;
  finished_ = false;
}

int MiniKernel::run() {
  while (step()) {
  }
  return status_;
}

void MiniKernel::serve(Process& process) {
  switch (request_) {
    case Request::kNone:
    case Request::kSched:
      process.result = 0;
      ready_.push_back(process.pid);
      break;
    case Request::kFork:
    case Request::kVfork:
    case Request::kThread:
      fork(process);
      break;
    case Request::kWait:
      if (!process.dead.empty()) {
        process.result = process.dead.front().first;
        process.status = process.dead.front().second;
        process.dead.pop_front();
        --process.children;
        ready_.push_front(process.pid);
      } else if (process.children == 0) {
        process.result = -1;
        ready_.push_front(process.pid);
      } else {
        process.waiting = true;
      }
      break;
    case Request::kExit:
      exit(process, request_argument_[0]);
      break;
    case Request::kExec: {
      auto context = pool_->start(module_, &process);
      CHECK(context.ok());
      process.context = std::move(context).value();
      process.arguments = {request_argument_[0], request_argument_[1]};
      wake_vfork_parent(process);
      ready_.push_back(process.pid);
      break;
    }
  }
}

void MiniKernel::fork(Process& process) {
  const Request kind = request_;
  auto context =
      kind == Request::kFork
          ? process.context->fork()
          : process.context->clone(
                kind == Request::kThread ? static_cast<uint32_t>(request_argument_[0]) : 0, 0);
  CHECK(context.ok());
  Process& child = add(&process, std::move(context).value());
  child.result = 0;
  process.result = child.pid;
  if (kind == Request::kVfork) {
    child.vfork_parent = process.pid;
    ready_.push_front(child.pid);
  } else {
    ready_.push_back(child.pid);
    ready_.push_back(process.pid);
  }
}

void MiniKernel::wake_vfork_parent(Process& process) {
  if (process.vfork_parent == 0) return;
  ready_.push_front(process.vfork_parent);
  process.vfork_parent = 0;
}

void MiniKernel::exit(Process& process, int status) {
  wake_vfork_parent(process);
  const int pid = process.pid;
  if (pid == 1) {
    finished_ = true;
    status_ = status;
    return;
  }
  auto parent = processes_.find(process.parent);
  if (parent != processes_.end()) {
    Process& waiter = parent->second;
    if (waiter.waiting) {
      waiter.waiting = false;
      waiter.result = pid;
      waiter.status = status;
      --waiter.children;
      ready_.push_front(waiter.pid);
    } else {
      waiter.dead.emplace_back(pid, status);
    }
  }
  processes_.erase(pid);
}

}  // namespace cloche::engine
