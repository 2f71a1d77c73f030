// A slot: one store, one instance, one native stack and one memory range, all at fixed addresses,
// shared by the contexts of a family. One context is *loaded* at a time: its frames are on the
// stack and its globals in the instance.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "base/result.h"
#include "engine/counters.h"
#include "engine/engine.h"
#include "engine/module.h"
#include "engine/native_stack.h"
#include "engine/ready_image.h"
#include "engine/slot_memory.h"
#include "engine/stack_image.h"
#include "engine/ticker.h"
#include "engine/wasmtime_api.h"

namespace cloche::engine {

class ContextImpl;

// What contexts of a slot begin with.
struct StartPoint {
  std::shared_ptr<const ModuleImpl> module;
  std::shared_ptr<const ReadyImageImpl> image;  // null: the module's initial data
  EntryPoint entry = EntryPoint::kStart;        // without an image

  const char* entry_name() const;
  uint64_t memory_bytes() const { return image ? image->memory_bytes() : module->initial_memory(); }
  Result<Ref<Layer>> create_base_layer(const Ref<LayerFile>& file) const;
  // Two of the same key may share slots.
  auto key() const { return std::make_tuple(module.get(), image.get(), entry); }
};

// What a slot needs from its pool and engine.
struct SlotServices {
  const PageScanner& scanner;
  Ticker& ticker;
  Counters& counters;
  const PoolOptions& options;
};

// All of a suspended context except its memory.
struct ContextState {
  StackImage stack;
  std::vector<wasmtime_val_t> globals;
};

// Thread class: one thread at a time.
class Slot final : public Call {
 public:
  // Errors: kResourceExhausted; kUnsupported if the stack is not as fork needs it.
  static Result<std::unique_ptr<Slot>> create(const SlotServices& services, StartPoint start,
                                              const Ref<Layer>& base_layer);
  ~Slot();
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  const StartPoint& start_point() const { return start_; }
  const ModuleImpl& module() const { return *start_.module; }
  SlotMemory& linear_memory() {
    changed_ = true;
    return *memory_;
  }
  const SlotMemory& linear_memory() const { return *memory_; }
  const StackLayout& layout() const { return layout_; }
  const NativeStack& stack() const { return *stack_; }
  // A context that has not run yet.
  const ContextState& fresh_state() const { return fresh_; }
  // Memory of the contexts, the stack and the exceptions. Cost: that of SlotMemory::host_bytes()
  // and a scan of the stack; nothing if no context here ran and no memory was asked for since.
  uint64_t host_bytes() const;

  // The contexts that live here.
  void attach(ContextImpl* context) {
    changed_ = true;
    contexts_.push_back(context);
  }
  bool detach(ContextImpl* context);  // true: that was the last

  // Makes the slot as good as new, after its last context is gone. False: delete it instead.
  bool recycle(const Ref<Layer>& base_layer);

  // Runs `context` until it stops. Afterwards it is loaded, or over.
  Stop run(ContextImpl* context);
  // Copies the state of `context`, which is suspended here.
  void capture(ContextImpl* context, ContextState* state);
  // Forgets `context`: whatever stands on the stack of it is dead.
  void forget(const ContextImpl* context);
  void set_global(ContextImpl* context, uint32_t index, uint32_t value);
  // As they are in the instance: those of the context that ran last.
  std::vector<wasmtime_val_t> globals() const;
  // Errors: kResourceExhausted.
  Status grow(uint64_t bytes);

  // Call
  MemoryView memory() override { return {memory_->base(), memory_->size()}; }
  Context& context() override;
  void suspend() override;

  // Callbacks of wasmtime.
  wasmtime_error_t* new_memory(size_t minimum, size_t reserve, size_t guard,
                               wasmtime_linear_memory_t* result);
  wasmtime_error_t* new_stack(size_t size, wasmtime_stack_memory_t* result);

 private:
  // Holds exception objects; wasmtime makes it when the first one is thrown.
  struct ExceptionHeap {
    uint8_t* base = nullptr;
    uint64_t size = 0;
    uint64_t reserved = 0;
  };
  enum class Yield : uint8_t { kNone, kStart, kSuspend, kPreempt };

  Slot(const SlotServices& services, StartPoint start)
      : services_(services), start_(std::move(start)) {}

  Status instantiate();
  Status find_exports();
  // Calls the entry function and stops it at its first epoch check: from then on the stack has a
  // head of its own, below which any context's frames can be put.
  Status start_future();
  Status load(ContextImpl* context);
  bool poll();
  // May the memory become `size` bytes large?
  bool may_grow(uint64_t size) const;
  Stop stop_of_yield();
  Stop end_of_future();
  void drop_future();
  void capture_loaded(ContextState* state);
  void load_state(const ContextState& state);
  static Stop failed(Error error);
  static wasmtime_error_t* on_epoch(wasmtime_context_t*, void* env, uint64_t* delta,
                                    wasmtime_update_deadline_kind_t* kind);
  static uint8_t* memory_get(void* env, size_t* size, size_t* capacity);
  static wasmtime_error_t* memory_grow(void* env, size_t size);
  static uint8_t* heap_get(void* env, size_t* size, size_t* capacity);
  static wasmtime_error_t* heap_grow(void* env, size_t size);

  const SlotServices services_;
  const StartPoint start_;
  std::unique_ptr<SlotMemory> memory_;
  std::unique_ptr<NativeStack> stack_;
  ExceptionHeap heap_;
  bool memory_given_ = false;
  bool stack_given_ = false;

  StoreHandle store_;
  wasmtime_context_t* store_context_ = nullptr;
  wasmtime_instance_t instance_{};
  wasmtime_func_t entry_{};
  wasmtime_memory_t exported_memory_{};
  std::vector<wasmtime_global_t> globals_;

  // The current call of the entry function. The two results are written by wasmtime and must not
  // move while it lives.
  FutureHandle future_;
  wasm_trap_t* trap_ = nullptr;
  wasmtime_error_t* error_ = nullptr;
  bool calibrated_ = false;
  StackLayout layout_;
  ContextState fresh_;

  ContextImpl* loaded_ = nullptr;  // whose frames are on the stack; null: nobody's who lives
  ContextImpl* running_ = nullptr;
  std::vector<ContextImpl*> contexts_;
  bool suspend_requested_ = false;
  bool host_grows_ = false;  // during grow(): nobody is asked
  Yield yield_ = Yield::kNone;

  // What host_bytes() said, and whether it may be more or less now.
  mutable uint64_t host_bytes_ = 0;
  mutable bool changed_ = true;
};

}  // namespace cloche::engine
