// A context: see engine.h.
#pragma once

#include <memory>

#include "engine/engine.h"
#include "engine/slot.h"

namespace cloche::engine {

class PoolImpl;

class ContextImpl final : public Context {
 public:
  // `space` must be of `slot`.
  ContextImpl(PoolImpl& pool, Slot& slot, Ref<AddressSpace> space, ContextState state, void* user);
  ~ContextImpl() override;

  Stop run() override;
  Result<std::unique_ptr<Context>> fork() override;
  Result<std::unique_ptr<Context>> clone(uint32_t stack_pointer, uint32_t thread_pointer) override;
  void set_thread_pointer(uint32_t value) override;
  MemoryView memory() override;
  Status grow_memory(uint64_t bytes) override;
  Status discard_memory(uint64_t offset, uint64_t size) override;
  uint64_t private_bytes() override;
  Result<ImageRef> take_image(std::span<const uint8_t> note) override;
  bool shares_memory(const Context& other) const override;
  void* user() const override { return user_; }
  void set_user(void* user) override { user_ = user; }
  const Module& module() const override { return slot_.module(); }

  Slot& slot() { return slot_; }
  AddressSpace* space() { return space_.get(); }
  // Where the context stands, while it is not loaded.
  ContextState& state() { return state_; }

 private:
  void release();

  PoolImpl& pool_;
  Slot& slot_;
  Ref<AddressSpace> space_;
  ContextState state_;
  void* user_;
  bool over_ = false;
};

}  // namespace cloche::engine
