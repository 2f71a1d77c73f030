#include "engine/slot.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <algorithm>
#include <string_view>

#include "engine/context.h"
#include "engine/runtime.h"

namespace cloche::engine {
namespace {

// Exception objects are small and short-lived; what a slot may hold of them, live or (with the
// collector that never frees) dead.
constexpr uint64_t kMaxExceptionHeap = 64ull << 20;
// A recycled slot keeps no more of them than this.
constexpr uint64_t kMaxKeptHeap = 1ull << 20;
// Stack below this depth is given back when a slot is recycled.
constexpr uint64_t kKeptStack = 64ull << 10;

TrapKind kind_of(wasmtime_trap_code_t code) {
  switch (code) {
    case WASMTIME_TRAP_CODE_STACK_OVERFLOW:
      return TrapKind::kStackOverflow;
    case WASMTIME_TRAP_CODE_MEMORY_OUT_OF_BOUNDS:
    case WASMTIME_TRAP_CODE_HEAP_MISALIGNED:
      return TrapKind::kMemoryOutOfBounds;
    case WASMTIME_TRAP_CODE_TABLE_OUT_OF_BOUNDS:
    case WASMTIME_TRAP_CODE_INDIRECT_CALL_TO_NULL:
    case WASMTIME_TRAP_CODE_BAD_SIGNATURE:
      return TrapKind::kBadIndirectCall;
    case WASMTIME_TRAP_CODE_INTEGER_OVERFLOW:
      return TrapKind::kIntegerOverflow;
    case WASMTIME_TRAP_CODE_INTEGER_DIVISION_BY_ZERO:
      return TrapKind::kDivisionByZero;
    case WASMTIME_TRAP_CODE_BAD_CONVERSION_TO_INTEGER:
      return TrapKind::kBadConversion;
    case WASMTIME_TRAP_CODE_UNREACHABLE_CODE_REACHED:
      return TrapKind::kUnreachable;
    case WASMTIME_TRAP_CODE_UNCAUGHT_EXCEPTION:
      return TrapKind::kUncaughtException;
    case WASMTIME_TRAP_CODE_ALLOCATION_TOO_LARGE:
      return TrapKind::kOutOfMemory;
    default:
      return TrapKind::kOther;
  }
}

bool find_export(wasmtime_context_t* context, const wasmtime_instance_t& instance,
                 std::string_view name, wasmtime_extern_kind_t kind, wasmtime_extern_t* found) {
  return wasmtime_instance_export_get(context, &instance, name.data(), name.size(), found) &&
         found->kind == kind;
}

}  // namespace

const char* StartPoint::entry_name() const {
  if (image) return kResumeEntry;
  return entry == EntryPoint::kWarm ? kWarmEntry : "_start";
}

Result<Ref<Layer>> StartPoint::create_base_layer(const Ref<LayerFile>& file) const {
  return image ? image->create_base_layer(file) : module->create_base_layer(file);
}

Result<std::unique_ptr<Slot>> Slot::create(const SlotServices& services, StartPoint start,
                                           const Ref<Layer>& base_layer) {
  std::unique_ptr<Slot> slot(new Slot(services, std::move(start)));
  slot->memory_ = TRY(SlotMemory::create(services.scanner));
  slot->stack_ = TRY(NativeStack::create(kNativeStack));
  TRY(slot->memory_->reset(base_layer, slot->start_.memory_bytes()));
  TRY(slot->instantiate());
  TRY(slot->start_future());
  slot->capture_loaded(&slot->fresh_);
  if (slot->start_.image) slot->fresh_.globals = slot->start_.image->globals();
  Counters::count(services.counters.slots);
  return slot;
}

Slot::~Slot() {
  CHECK(!running_);
  // Deleting a suspended call unwinds whatever frames are on the stack; those of a context that was
  // discarded are as good as any. Then the store, then what it used.
  drop_future();
  store_.reset();
  if (heap_.base) munmap(heap_.base, heap_.reserved);
  if (memory_ && memory_->open()) Counters::count(services_.counters.lost_slots);
}

Status Slot::instantiate() {
  store_.reset(wasmtime_store_new(module().runtime().engine(), this, nullptr));
  store_context_ = wasmtime_store_context(store_.get());
  wasmtime_store_epoch_deadline_callback(store_.get(), on_epoch, this, nullptr);
  wasmtime_context_set_epoch_deadline(store_context_, 1u << 30);
  SlotScope scope(this);
  FutureHandle call(wasmtime_instance_pre_instantiate_async(module().instance_pre(), store_context_,
                                                            &instance_, &trap_, &error_));
  while (!wasmtime_call_future_poll(call.get())) {
  }
  call.reset();
  TrapHandle trap(std::exchange(trap_, nullptr));
  ErrorHandle error(std::exchange(error_, nullptr));
  if (trap || error) {
    std::string message = error ? message_of(error.get()) : message_of(trap.get());
    return make_error(Code::kResourceExhausted, "instantiating: %s", message.c_str());
  }
  return find_exports();
}

Status Slot::find_exports() {
  wasmtime_extern_t found;
  CHECK(find_export(store_context_, instance_, "cloche.memory", WASMTIME_EXTERN_MEMORY, &found));
  exported_memory_ = found.of.memory;
  // What compiled code uses must be the range that we switch.
  CHECK(memory_given_ &&
        wasmtime_memory_data(store_context_, &exported_memory_) == memory_->base() &&
        wasmtime_memory_data_size(store_context_, &exported_memory_) == memory_->size());
  CHECK(find_export(store_context_, instance_, start_.entry_name(), WASMTIME_EXTERN_FUNC, &found));
  entry_ = found.of.func;
  for (uint32_t i = 0; i < module().info().global_count; ++i) {
    std::string name = "cloche.g" + std::to_string(i);
    CHECK(find_export(store_context_, instance_, name, WASMTIME_EXTERN_GLOBAL, &found));
    globals_.push_back(found.of.global);
  }
  return ok_status();
}

Status Slot::start_future() {
  CHECK(!future_ && !loaded_);
  wasmtime_context_set_epoch_deadline(store_context_, 0);
  {
    SlotScope scope(this);
    future_.reset(
        wasmtime_func_call_async(store_context_, &entry_, nullptr, 0, nullptr, 0, &trap_, &error_));
    yield_ = Yield::kStart;
    bool done = wasmtime_call_future_poll(future_.get());
    Yield yielded = std::exchange(yield_, Yield::kNone);
    if (done || yielded != Yield::kStart || !stack_given_) {
      drop_future();
      return make_error(Code::kUnsupported, "the entry function did not stop at its first check");
    }
  }
  StackLayout layout = TRY(StackLayout::calibrate(*stack_, module()));
  if (calibrated_ && !(layout == layout_)) {
    return make_error(Code::kUnsupported, "the stack's layout changed");
  }
  layout_ = layout;
  calibrated_ = true;
  return ok_status();
}

void Slot::drop_future() {
  if (future_) {
    SlotScope scope(this);
    future_.reset();
  }
  if (trap_) wasm_trap_delete(std::exchange(trap_, nullptr));
  if (error_) wasmtime_error_delete(std::exchange(error_, nullptr));
  loaded_ = nullptr;
}

bool Slot::detach(ContextImpl* context) {
  changed_ = true;
  std::erase(contexts_, context);
  return contexts_.empty();
}

bool Slot::recycle(const Ref<Layer>& base_layer) {
  CHECK(contexts_.empty() && !running_ && !memory_->resident());
  changed_ = true;
  loaded_ = nullptr;
  if (memory_->broken() || heap_.size > kMaxKeptHeap) return false;
  if (!memory_->reset(base_layer, start_.memory_bytes()).ok()) return false;
  // Growing by nothing makes the instance look up its memory's size again.
  uint64_t previous = 0;
  ErrorHandle error(wasmtime_memory_grow(store_context_, &exported_memory_, 0, &previous));
  if (error ||
      wasmtime_memory_data_size(store_context_, &exported_memory_) != start_.memory_bytes()) {
    return false;
  }
  // The frames of a dead context may lie deep, and the call that owns the stack can be resumed from
  // whole frames only: shallow ones first, then the rest can go.
  if (future_) {
    CHECK(fresh_.stack.bytes.size() + layout_.split_offset(*stack_) < kKeptStack);
    load_state(fresh_);
  }
  stack_->trim(stack_->top() - kKeptStack);
  return true;
}

Status Slot::load(ContextImpl* context) {
  TRY(memory_->make_resident(context->space()));
  if (loaded_ == context) return ok_status();
  if (loaded_) capture_loaded(&loaded_->state());
  loaded_ = nullptr;
  if (!future_) TRY(start_future());
  load_state(context->state());
  loaded_ = context;
  Counters::count(services_.counters.switches);
  return ok_status();
}

void Slot::capture_loaded(ContextState* state) {
  layout_.save(*stack_, &state->stack);
  state->globals = globals();
}

std::vector<wasmtime_val_t> Slot::globals() const {
  std::vector<wasmtime_val_t> values(globals_.size());
  for (size_t i = 0; i < globals_.size(); ++i) {
    wasmtime_global_get(store_context_, &globals_[i], &values[i]);
  }
  return values;
}

void Slot::load_state(const ContextState& state) {
  layout_.load(*stack_, state.stack);
  for (size_t i = 0; i < globals_.size(); ++i) {
    ErrorHandle error(wasmtime_global_set(store_context_, &globals_[i], &state.globals[i]));
    CHECK(!error);
  }
}

void Slot::capture(ContextImpl* context, ContextState* state) {
  if (loaded_ == context) {
    capture_loaded(state);
  } else {
    *state = context->state();
  }
}

void Slot::forget(const ContextImpl* context) {
  CHECK(running_ != context);
  if (loaded_ == context) loaded_ = nullptr;
}

void Slot::set_global(ContextImpl* context, uint32_t index, uint32_t value) {
  wasmtime_val_t new_value;
  new_value.kind = WASMTIME_I32;
  new_value.of.i32 = static_cast<int32_t>(value);
  if (loaded_ == context) {
    ErrorHandle error(wasmtime_global_set(store_context_, &globals_[index], &new_value));
    CHECK(!error);
  } else {
    context->state().globals[index] = new_value;
  }
}

Status Slot::grow(uint64_t bytes) {
  if (bytes <= memory_->size()) return ok_status();
  const uint64_t limit = std::min(module().max_memory(), services_.options.max_memory);
  if (bytes > limit) {
    return make_error(Code::kResourceExhausted, "a memory of %llu bytes, the limit is %llu",
                      static_cast<unsigned long long>(bytes),
                      static_cast<unsigned long long>(limit));
  }
  const uint64_t pages = (bytes - memory_->size() + kWasmPage - 1) / kWasmPage;
  uint64_t previous = 0;
  host_grows_ = true;
  ErrorHandle error(wasmtime_memory_grow(store_context_, &exported_memory_, pages, &previous));
  host_grows_ = false;
  if (error) return make_error(Code::kResourceExhausted, "%s", message_of(error.get()).c_str());
  return ok_status();
}

Stop Slot::failed(Error error) {
  Stop stop;
  stop.reason = Stop::Reason::kTrapped;
  stop.trap = error.code == Code::kResourceExhausted ? TrapKind::kOutOfMemory : TrapKind::kOther;
  stop.message = std::move(error.message);
  return stop;
}

Stop Slot::run(ContextImpl* context) {
  CHECK(!running_);
  changed_ = true;
  if (Status loaded = load(context); !loaded.ok()) return failed(loaded.error());
  running_ = context;
  suspend_requested_ = false;
  services_.ticker.enter();
  bool done = poll();
  services_.ticker.leave();
  running_ = nullptr;
  return done ? end_of_future() : stop_of_yield();
}

// Polls until the context stops for a reason of ours. wasmtime may suspend for its own (a
// collection done in steps): then nothing may be switched, and the same context goes on.
bool Slot::poll() {
  SlotScope scope(this);
  bool done;
  do {
    yield_ = Yield::kNone;
    done = wasmtime_call_future_poll(future_.get());
  } while (!done && yield_ == Yield::kNone);
  return done;
}

Stop Slot::stop_of_yield() {
  Stop stop;
  if (yield_ == Yield::kPreempt) {
    stop.reason = Stop::Reason::kPreempted;
    Counters::count(services_.counters.preemptions);
  } else {
    stop.reason = Stop::Reason::kSuspended;
  }
  return stop;
}

// The entry function returned or trapped. That completes the future; the next context that is
// loaded gets a new one.
Stop Slot::end_of_future() {
  Stop stop;
  stop.reason = Stop::Reason::kReturned;
  if (trap_) {
    stop.reason = Stop::Reason::kTrapped;
    stop.message = message_of(trap_);
    wasmtime_trap_code_t code;
    if (wasmtime_trap_code(trap_, &code)) stop.trap = kind_of(code);
  } else if (error_) {
    stop.reason = Stop::Reason::kTrapped;
    stop.message = message_of(error_);
    if (stop.message.find("GC heap out of memory") != std::string::npos) {
      stop.trap = TrapKind::kOutOfMemory;
    }
  }
  if (cloche_store_drop_exception(store_.get())) stop.trap = TrapKind::kUncaughtException;
  if (stop.reason == Stop::Reason::kTrapped) Counters::count(services_.counters.traps);
  drop_future();
  return stop;
}

Context& Slot::context() {
  CHECK(running_);
  return *running_;
}

void Slot::suspend() {
  suspend_requested_ = true;
  wasmtime_context_set_epoch_deadline(store_context_, 0);
}

wasmtime_error_t* Slot::on_epoch(wasmtime_context_t*, void* env, uint64_t* delta,
                                 wasmtime_update_deadline_kind_t* kind) {
  auto* slot = static_cast<Slot*>(env);
  const PoolOptions& options = slot->services_.options;
  *delta = 1;
  *kind = WASMTIME_UPDATE_DEADLINE_YIELD;
  if (slot->yield_ == Yield::kStart) return nullptr;
  if (slot->suspend_requested_) {
    slot->yield_ = Yield::kSuspend;
  } else if (options.should_yield && options.should_yield(options.env)) {
    slot->yield_ = Yield::kPreempt;
  } else {
    *kind = WASMTIME_UPDATE_DEADLINE_CONTINUE;
  }
  return nullptr;
}

wasmtime_error_t* Slot::new_memory(size_t minimum, size_t reserve, size_t guard,
                                   wasmtime_linear_memory_t* result) {
  // Only the heap of exception objects starts with nothing: a program's memory has a page or more.
  if (minimum == 0) {
    if (heap_.base) return wasmtime_error_new("a second exception heap");
    uint64_t size = reserve + guard;
    void* map = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED) return wasmtime_error_new("no room for the exception heap");
    heap_ = {static_cast<uint8_t*>(map), 0, size};
    *result = {this, heap_get, heap_grow, nullptr};
    return nullptr;
  }
  // An image's memory is larger than the module declares.
  if (memory_given_ || minimum != module().initial_memory() || reserve > kMaxMemory ||
      guard > kMemoryGuard) {
    return wasmtime_error_new("a memory that the module does not have");
  }
  memory_given_ = true;
  *result = {this, memory_get, memory_grow, nullptr};
  return nullptr;
}

uint8_t* Slot::memory_get(void* env, size_t* size, size_t* capacity) {
  auto* slot = static_cast<Slot*>(env);
  *size = slot->memory_->size();
  *capacity = kMaxMemory;
  return slot->memory_->base();
}

bool Slot::may_grow(uint64_t size) const {
  const PoolOptions& options = services_.options;
  const uint64_t bytes = memory_->size();
  if (host_grows_ || !running_ || size <= bytes || !options.may_grow) return true;
  return options.may_grow(options.env, bytes, size);
}

wasmtime_error_t* Slot::memory_grow(void* env, size_t size) {
  auto* slot = static_cast<Slot*>(env);
  if (size > std::min(slot->services_.options.max_memory, kMaxMemory - kWasmPage)) {
    return wasmtime_error_new("over the memory limit");
  }
  if (!slot->may_grow(size)) return wasmtime_error_new("refused");
  if (!slot->memory_->grow(size).ok()) return wasmtime_error_new("no host memory");
  return nullptr;
}

uint8_t* Slot::heap_get(void* env, size_t* size, size_t* capacity) {
  auto* slot = static_cast<Slot*>(env);
  *size = slot->heap_.size;
  *capacity = kMaxExceptionHeap;
  return slot->heap_.base;
}

wasmtime_error_t* Slot::heap_grow(void* env, size_t size) {
  ExceptionHeap& heap = static_cast<Slot*>(env)->heap_;
  if (size > kMaxExceptionHeap) return wasmtime_error_new("the exception heap is full");
  if (mprotect(heap.base, size, PROT_READ | PROT_WRITE) != 0) {
    return wasmtime_error_new(strerror(errno));
  }
  heap.size = size;
  return nullptr;
}

wasmtime_error_t* Slot::new_stack(size_t size, wasmtime_stack_memory_t* result) {
  if (size > stack_->size()) return wasmtime_error_new("a stack of another size");
  stack_given_ = true;
  result->env = this;
  result->get_stack_memory = [](void* env, size_t* length) {
    const NativeStack& stack = *static_cast<Slot*>(env)->stack_;
    *length = stack.size();
    return stack.top();
  };
  result->finalizer = nullptr;
  return nullptr;
}

uint64_t Slot::host_bytes() const {
  if (!changed_) return host_bytes_;
  std::vector<PageRun> runs;
  services_.scanner.private_pages(stack_->bottom(), stack_->size(), &runs);
  uint64_t bytes = memory_->host_bytes() + total_size(runs) + heap_.size;
  for (ContextImpl* context : contexts_) bytes += context->state().stack.bytes.capacity();
  host_bytes_ = bytes;
  changed_ = running_ != nullptr;
  return bytes;
}

}  // namespace cloche::engine
