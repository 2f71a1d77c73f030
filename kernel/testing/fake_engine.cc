#include "kernel/testing/fake_engine.h"

#include <ucontext.h>

#include <algorithm>

#if defined(__SANITIZE_ADDRESS__)
#define CLOCHE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CLOCHE_ASAN 1
#endif
#endif
#ifdef CLOCHE_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace cloche::kernel::testing {

namespace {

constexpr size_t kStackBytes = 256 << 10;
constexpr int32_t kSuspend = -4096, kRestart = -512, kEintr = -4;

struct Cancelled {};  // unwinds a program whose context is destroyed

using Memory = std::shared_ptr<std::vector<uint8_t>>;

}  // namespace

class FakePool final : public engine::Pool {
 public:
  FakePool(FakeEngine& engine, const engine::PoolOptions& options)
      : engine_(engine), options_(options) {}
  Result<std::unique_ptr<engine::Context>> start(const engine::ModuleRef& module, void* user,
                                                 engine::EntryPoint entry) override;
  Result<std::unique_ptr<engine::Context>> start(const engine::ImageRef&, void*) override {
    return make_error(Code::kUnsupported, "no images here");
  }
  uint64_t host_bytes() const override { return engine_.host_bytes; }
  FakeEngine& engine() { return engine_; }
  bool should_yield() const { return options_.should_yield && options_.should_yield(options_.env); }
  bool may_grow(uint64_t bytes, uint64_t to) const {
    return !options_.may_grow || options_.may_grow(options_.env, bytes, to);
  }
  uint64_t max_memory() const { return options_.max_memory; }

 private:
  FakeEngine& engine_;
  engine::PoolOptions options_;
};

class FakeContext final : public engine::Context {
 public:
  FakeContext(FakePool& pool, std::shared_ptr<const FakeModule> module, Memory memory)
      : pool_(pool), module_(std::move(module)), memory_(std::move(memory)) {
    ++pool_.engine().contexts;
  }

  ~FakeContext() override {
    CHECK(!running_);
    if (started_ && !over_) {
      cancelled_ = true;
      switch_in();
    }
    --pool_.engine().contexts;
  }

  engine::Stop run() override {
    CHECK(!over_);
    stop_ = {};
    switch_in();
    return stop_;
  }

  Result<std::unique_ptr<engine::Context>> fork() override {
    return std::unique_ptr<engine::Context>(twin(std::make_shared<std::vector<uint8_t>>(*memory_)));
  }
  Result<std::unique_ptr<engine::Context>> clone(uint32_t stack, uint32_t thread) override {
    std::unique_ptr<FakeContext> copy = twin(memory_);
    if (stack) copy->stack_pointer = stack;
    if (thread) copy->thread_pointer = thread;
    return std::unique_ptr<engine::Context>(std::move(copy));
  }

  void set_thread_pointer(uint32_t value) override { thread_pointer = value; }
  engine::MemoryView memory() override { return {memory_->data(), memory_->size()}; }
  Status grow_memory(uint64_t bytes) override {
    if (bytes <= memory_->size()) return ok_status();
    bytes = (bytes + 0xffff) & ~uint64_t{0xffff};
    if (bytes > std::min(module_->max_memory(), pool_.max_memory()))
      return make_error(Code::kResourceExhausted, "memory limit");
    memory_->resize(static_cast<size_t>(bytes));
    return ok_status();
  }
  // memory.grow: the old size in bytes, or -1.
  int64_t grow_by_itself(uint64_t bytes) {
    const uint64_t size = memory_->size();
    if (bytes == 0) return static_cast<int64_t>(size);
    const bool granted = size + bytes <= std::min(module_->max_memory(), pool_.max_memory()) &&
                         pool_.may_grow(size, size + bytes);
    return granted && grow_memory(size + bytes).ok() ? static_cast<int64_t>(size) : -1;
  }
  Status discard_memory(uint64_t offset, uint64_t size) override {
    CHECK(offset % 4096 == 0 && size % 4096 == 0 && offset + size <= memory_->size());
    std::memset(memory_->data() + offset, 0, static_cast<size_t>(size));
    return ok_status();
  }
  uint64_t private_bytes() override { return memory_->size(); }
  Result<engine::ImageRef> take_image(std::span<const uint8_t>) override {
    return make_error(Code::kUnsupported, "no images here");
  }
  bool shares_memory(const engine::Context& other) const override {
    return static_cast<const FakeContext&>(other).memory_ == memory_;
  }
  void* user() const override { return user_; }
  void set_user(void* user) override { user_ = user; }
  const engine::Module& module() const override { return *module_; }

  // --- for FakeGuest
  bool replaying() const { return position_ < log_.size(); }
  int64_t next_logged() { return log_[position_++]; }
  void append(int64_t value) {
    log_.push_back(value);
    ++position_;
  }
  int32_t host_call(const std::string& name, const std::vector<int32_t>& arguments);
  // Back to run(), when that was asked for.
  void stop_if_asked() {
    if (!suspend_asked_) return;
    suspend_asked_ = false;
    stop(engine::Stop::Reason::kSuspended);
  }
  void stop(engine::Stop::Reason reason) {
    stop_.reason = reason;
    switch_out();
  }
  void stop_by_trap(engine::TrapKind kind) {
    stop_.trap = kind;
    stop_.message = "trap";
    over_ = true;
    stop(engine::Stop::Reason::kTrapped);
  }
  FakePool& pool() { return pool_; }

  uint32_t stack_pointer = 0, thread_pointer = 0;

 private:
  class HostCall final : public engine::Call {
   public:
    explicit HostCall(FakeContext& context) : context_(context) {}
    engine::MemoryView memory() override { return context_.memory(); }
    engine::Context& context() override { return context_; }
    void suspend() override { context_.suspend_asked_ = true; }

   private:
    FakeContext& context_;
  };

  std::unique_ptr<FakeContext> twin(Memory memory) {
    CHECK(started_ && !over_ && !running_ && !replaying());
    auto copy = std::make_unique<FakeContext>(pool_, module_, std::move(memory));
    copy->log_ = log_;
    copy->stack_pointer = stack_pointer;
    copy->thread_pointer = thread_pointer;
    return copy;
  }

  static void enter(unsigned low, unsigned high) {
    const uintptr_t bits = (static_cast<uintptr_t>(high) << 32) | low;
    reinterpret_cast<FakeContext*>(bits)->program();
  }

  void program() {
    after_switch();
    try {
      FakeGuest guest(*this);
      module_->body()(guest);
      stop_.reason = engine::Stop::Reason::kReturned;
    } catch (const Cancelled&) {
    }
    over_ = true;
    switch_out();
  }

  void switch_in() {
    running_ = true;
    if (!started_) {
      started_ = true;
      stack_ = std::make_unique_for_overwrite<char[]>(kStackBytes);
      getcontext(&inside_);
      inside_.uc_stack.ss_sp = stack_.get();
      inside_.uc_stack.ss_size = kStackBytes;
      inside_.uc_link = nullptr;
      const auto bits = reinterpret_cast<uintptr_t>(this);
      makecontext(&inside_, reinterpret_cast<void (*)()>(&FakeContext::enter), 2,
                  static_cast<unsigned>(bits), static_cast<unsigned>(bits >> 32));
    }
#ifdef CLOCHE_ASAN
    void* own = nullptr;
    __sanitizer_start_switch_fiber(&own, stack_.get(), kStackBytes);
#endif
    swapcontext(&outside_, &inside_);
#ifdef CLOCHE_ASAN
    __sanitizer_finish_switch_fiber(own, nullptr, nullptr);
#endif
    running_ = false;
  }

  void switch_out() {
#ifdef CLOCHE_ASAN
    // Nobody comes back to a program that is over: its fake stack ends with it.
    __sanitizer_start_switch_fiber(over_ ? nullptr : &fake_stack_, outer_stack_, outer_size_);
#endif
    swapcontext(&inside_, &outside_);
    after_switch();
    if (cancelled_ || over_) throw Cancelled{};
  }

  void after_switch() {
#ifdef CLOCHE_ASAN
    __sanitizer_finish_switch_fiber(fake_stack_, &outer_stack_, &outer_size_);
#endif
  }

  FakePool& pool_;
  std::shared_ptr<const FakeModule> module_;
  Memory memory_;
  void* user_ = nullptr;
  std::vector<int64_t> log_;
  size_t position_ = 0;
  engine::Stop stop_;
  bool started_ = false, running_ = false, over_ = false, cancelled_ = false;
  bool suspend_asked_ = false;
  std::unique_ptr<char[]> stack_;
  ucontext_t inside_{}, outside_{};
#ifdef CLOCHE_ASAN
  void* fake_stack_ = nullptr;
  const void* outer_stack_ = nullptr;
  size_t outer_size_ = 0;
#endif
};

int32_t FakeContext::host_call(const std::string& name, const std::vector<int32_t>& arguments) {
  const engine::HostFunction* function = pool_.engine().find_function(name);
  CHECK(function != nullptr);
  CHECK(arguments.size() <= function->params.size());
  std::array<engine::Value, 16> values{};
  // (The low half of an i64 is where an i32 would be.)
  for (size_t i = 0; i < arguments.size(); ++i) values[i].i64 = arguments[i];
  HostCall call(*this);
  function->call(function->env, call, values.data());
  return values[0].i32;
}

Result<std::unique_ptr<engine::Context>> FakePool::start(const engine::ModuleRef& module,
                                                         void* user, engine::EntryPoint entry) {
  CHECK(entry == engine::EntryPoint::kStart);
  auto fake = std::static_pointer_cast<const FakeModule>(module);
  auto memory = std::make_shared<std::vector<uint8_t>>(fake->initial_memory());
  auto context = std::make_unique<FakeContext>(*this, std::move(fake), std::move(memory));
  context->set_user(user);
  return std::unique_ptr<engine::Context>(std::move(context));
}

// --- guest

int32_t FakeGuest::raw_with(const std::string& name, const std::vector<int32_t>& arguments) {
  if (context_.replaying()) return static_cast<int32_t>(context_.next_logged());
  const std::string full = name.find('.') == std::string::npos ? "linux." + name : name;
  const int32_t result = context_.host_call(full, arguments);
  context_.append(result);
  return result;
}

int32_t FakeGuest::call_with(const std::string& name, std::vector<int32_t> arguments) {
  for (;;) {
    yield_point();  // entering libc's function
    int32_t result = raw_with(name, arguments);
    while (result == kSuspend) {
      yield_point();
      result = raw_with("kern.result", {});
    }
    bool ran = false;
    const bool restart = run_handlers(&ran);
    if (result != kRestart) return result;
    if (!restart) return kEintr;
  }
}

bool FakeGuest::run_handlers(bool* ran) {
  bool restart = true;
  while (load<int32_t>(kSignalWord) != 0) {
    constexpr uint32_t kFrame = kScratch;
    const int32_t signo = raw_with("kern.sigtake", {static_cast<int32_t>(kFrame)});
    if (signo <= 0) break;
    *ran = true;
    const auto handler = load<uint32_t>(kFrame);
    const auto flags = load<uint32_t>(kFrame + 4);
    const auto old_mask = load<uint64_t>(kFrame + 8);
    restart = restart && (flags & 0x10000000);
    if (handlers_.contains(handler)) handlers_[handler](*this, signo);
    constexpr uint32_t kMask = kScratch + 160;
    store(kMask, old_mask);
    raw_with("rt_sigprocmask", {2, static_cast<int32_t>(kMask), 0, 8});
  }
  return restart;
}

int64_t FakeGuest::ask(const std::function<int64_t()>& question) {
  if (context_.replaying()) return context_.next_logged();
  const int64_t answer = question();
  context_.append(answer);
  return answer;
}

void FakeGuest::yield_point() {
  if (!context_.replaying()) context_.stop_if_asked();
}

void FakeGuest::tick() {
  if (context_.replaying()) {
    (void)context_.next_logged();
    return;
  }
  context_.stop_if_asked();
  context_.append(0);
  if (context_.pool().should_yield()) context_.stop(engine::Stop::Reason::kPreempted);
}

void FakeGuest::exit(int32_t code) {
  yield_point();
  (void)raw_with("linux.exit_group", {code});
  for (;;) yield_point();
}

void FakeGuest::trap(engine::TrapKind kind) {
  context_.stop_by_trap(kind);
  __builtin_unreachable();
}

void FakeGuest::load_bytes(uint32_t address, void* out, size_t size) {
  auto* bytes = static_cast<uint8_t*>(out);
  for (size_t i = 0; i < size; ++i) {
    if (!context_.replaying()) {
      const engine::MemoryView memory = context_.memory();
      CHECK(uint64_t{address} + i < memory.size);
      context_.append(memory.data[address + i]);
      bytes[i] = memory.data[address + i];
    } else {
      bytes[i] = static_cast<uint8_t>(context_.next_logged());
    }
  }
}

void FakeGuest::store_bytes(uint32_t address, const void* in, size_t size) {
  if (context_.replaying()) return;
  const engine::MemoryView memory = context_.memory();
  CHECK(uint64_t{address} + size <= memory.size);
  std::memcpy(memory.data + address, in, size);
}

uint32_t FakeGuest::text(uint32_t address, const std::string& value) {
  store_bytes(address, value.c_str(), value.size() + 1);
  return address;
}

uint32_t FakeGuest::list(uint32_t address, const std::vector<std::string>& values) {
  auto at = address + static_cast<uint32_t>((values.size() + 1) * 4);
  for (size_t i = 0; i < values.size(); ++i) {
    store(address + static_cast<uint32_t>(i * 4), at);
    text(at, values[i]);
    at += static_cast<uint32_t>(values[i].size() + 1);
  }
  store(address + static_cast<uint32_t>(values.size() * 4), uint32_t{0});
  return address;
}

std::string FakeGuest::string_at(uint32_t address) {
  std::string value;
  while (const char c = load<char>(address++)) value.push_back(c);
  return value;
}

uint64_t FakeGuest::memory_size() { return context_.memory().size; }

int64_t FakeGuest::memory_grow(uint64_t bytes) {
  return ask([this, bytes] { return context_.grow_by_itself(bytes); });
}

void FakeGuest::on_signal(uint32_t index, std::function<void(FakeGuest&, int32_t)> handler) {
  handlers_[index] = std::move(handler);
  raw_with("kern.set_sigword", {static_cast<int32_t>(kSignalWord)});
}

int32_t FakeGuest::sigaction(int32_t signo, uint32_t handler, uint32_t flags, uint64_t mask) {
  constexpr uint32_t kAction = kScratch + 200;
  store(kAction, handler);
  store(kAction + 4, flags);
  store(kAction + 8, mask);
  return call("rt_sigaction", signo, kAction, 0, 8);
}

int32_t FakeGuest::wait(int32_t pid, int32_t* status, uint32_t options) {
  constexpr uint32_t kInfo = kScratch + 240;
  const int32_t result = pid == -1 ? call("waitid", 0, 0, kInfo, options, 0)
                                   : call("waitid", 1, pid, kInfo, options, 0);
  if (result < 0) return result;
  const auto code = load<int32_t>(kInfo + 8);
  const auto value = load<int32_t>(kInfo + 20);
  if (status) {
    *status = code == 1   ? (value & 0xff) << 8
              : code == 5 ? ((value & 0xff) << 8) | 0x7f
              : code == 6 ? 0xffff
                          : value & 0x7f;
  }
  return load<int32_t>(kInfo + 12);
}

void FakeGuest::say(const std::string& line) {
  if (context_.replaying()) return;
  context_.stop_if_asked();  // a function like any other
  context_.pool().engine().record().push_back(line);
}

// --- engine

FakeModule::FakeModule(std::string name, Body body, uint64_t memory, uint64_t maximum,
                       std::vector<engine::Import> imports)
    : name_(std::move(name)),
      body_(std::move(body)),
      memory_(memory),
      maximum_(maximum),
      imports_(std::move(imports)) {
  std::memcpy(hash_.data(), name_.data(), std::min(name_.size(), hash_.size()));
}

FakeEngine::FakeEngine(std::vector<engine::HostFunction> functions) {
  for (engine::HostFunction& function : functions) {
    const std::string name = function.module + "." + function.name;
    functions_[name] = std::move(function);
  }
}

void FakeEngine::add_program(const std::string& name, Body body, uint64_t memory, uint64_t maximum,
                             std::vector<engine::Import> imports) {
  programs_[name] =
      std::make_shared<FakeModule>(name, std::move(body), memory, maximum, std::move(imports));
}

const engine::HostFunction* FakeEngine::find_function(const std::string& name) const {
  const auto found = functions_.find(name);
  return found == functions_.end() ? nullptr : &found->second;
}

Result<engine::ModuleRef> FakeEngine::load(std::span<const uint8_t> wasm,
                                           const engine::ModuleLimits& limits,
                                           engine::Compilation& compilation) {
  using End = engine::Compilation::End;
  compilation.spent_ns = std::min(compile_ns, compilation.max_ns);
  if (compile_ns > compilation.max_ns) compilation.end = End::kTime;
  if (compile_bytes > compilation.max_bytes) compilation.end = End::kMemory;
  if (compilation.cancelled) compilation.end = End::kCancelled;
  if (compilation.end != End::kNone) return make_error(Code::kResourceExhausted, "it takes more");
  if (wasm.size() > limits.max_bytes) return make_error(Code::kResourceExhausted, "too large");
  const std::string text(reinterpret_cast<const char*>(wasm.data()), wasm.size());
  const auto found = programs_.find(text.size() < 4 ? "" : text.substr(4));
  if (found == programs_.end()) return make_error(Code::kUnsupported, "unknown import env.magic");
  return found->second;
}

// Numbers that are no open files, each its own: nobody polls them.
class FakeLoading final : public engine::Loading {
 public:
  FakeLoading(FakeEngine& engine, std::vector<uint8_t> wasm, const engine::ModuleLimits& limits,
              const engine::CompileLimits& compile_limits, int fd)
      : engine_(engine),
        wasm_(std::move(wasm)),
        limits_(limits),
        fd_(fd),
        compilation_{compile_limits} {
    held_ = engine.compile_bytes;
  }
  int fd() const override { return fd_; }
  bool done() const override { return done_; }
  void cancel() override { compilation_.cancelled = true; }
  int64_t spent_ns() const override { return compilation_.spent_ns; }
  uint64_t held_bytes() const override { return held_; }
  engine::Compilation::End end() const override { return compilation_.end; }
  const Result<engine::ModuleRef>& result() const override { return result_; }
  void finish() {
    result_ = engine_.load(wasm_, limits_, compilation_);
    held_ = 0;
    done_ = true;
  }

 private:
  FakeEngine& engine_;
  const std::vector<uint8_t> wasm_;
  const engine::ModuleLimits limits_;
  const int fd_;
  engine::Compilation compilation_;
  uint64_t held_ = 0;
  Result<engine::ModuleRef> result_ = engine::ModuleRef();
  bool done_ = false;
};

Result<std::shared_ptr<engine::Loading>> FakeEngine::load_aside(
    std::vector<uint8_t> wasm, const engine::ModuleLimits& limits,
    const engine::CompileLimits& compile_limits) {
  constexpr int kFirst = 1'000'000;
  const int fd = kFirst + static_cast<int>(loadings_.size());
  auto loading = std::make_shared<FakeLoading>(*this, std::move(wasm), limits, compile_limits, fd);
  if (loads_slowly)
    loadings_.push_back(loading);
  else
    loading->finish();
  return std::shared_ptr<engine::Loading>(std::move(loading));
}

void FakeEngine::finish_loading() {
  for (const auto& loading : std::exchange(loadings_, {})) loading->finish();
}

engine::ModuleRef FakeEngine::find(const std::array<uint8_t, 32>&) { return nullptr; }

std::unique_ptr<engine::Pool> FakeEngine::create_pool(const engine::PoolOptions& options) {
  return std::make_unique<FakePool>(*this, options);
}

}  // namespace cloche::kernel::testing
