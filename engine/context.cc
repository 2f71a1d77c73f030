#include "engine/context.h"

#include "engine/pool.h"

namespace cloche::engine {

ContextImpl::ContextImpl(PoolImpl& pool, Slot& slot, Ref<AddressSpace> space, ContextState state,
                         void* user)
    : pool_(pool), slot_(slot), space_(std::move(space)), state_(std::move(state)), user_(user) {
  slot_.attach(this);
}

ContextImpl::~ContextImpl() {
  slot_.forget(this);
  if (space_->ref_count() == 1) slot_.linear_memory().release(space_.get());
  space_ = nullptr;
  if (slot_.detach(this)) pool_.give_back(slot_);
}

Stop ContextImpl::run() {
  CHECK(!over_);
  Stop stop = slot_.run(this);
  over_ = stop.reason == Stop::Reason::kTrapped || stop.reason == Stop::Reason::kReturned;
  if (over_) slot_.forget(this);
  return stop;
}

Result<std::unique_ptr<Context>> ContextImpl::fork() {
  CHECK(!over_);
  Ref<AddressSpace> space = TRY(slot_.linear_memory().fork(space_.get()));
  ContextState state;
  slot_.capture(this, &state);
  Counters::count(pool_.services().counters.forks);
  return std::unique_ptr<Context>(
      std::make_unique<ContextImpl>(pool_, slot_, std::move(space), std::move(state), user_));
}

Result<std::unique_ptr<Context>> ContextImpl::clone(uint32_t stack_pointer,
                                                    uint32_t thread_pointer) {
  CHECK(!over_);
  const ModuleInfo& info = slot_.module().info();
  const bool has_globals = (stack_pointer == 0 || info.stack_pointer != ModuleInfo::kNoGlobal) &&
                           (thread_pointer == 0 || info.thread_pointer != ModuleInfo::kNoGlobal);
  if (!has_globals) {
    return make_error(Code::kUnsupported,
                      "the module does not export __stack_pointer and __cloche_tp");
  }
  ContextState state;
  slot_.capture(this, &state);
  auto set = [&state](uint32_t index, uint32_t value) {
    if (value != 0) state.globals[index].of.i32 = static_cast<int32_t>(value);
  };
  set(info.stack_pointer, stack_pointer);
  set(info.thread_pointer, thread_pointer);
  return std::unique_ptr<Context>(
      std::make_unique<ContextImpl>(pool_, slot_, space_, std::move(state), user_));
}

void ContextImpl::set_thread_pointer(uint32_t value) {
  uint32_t index = slot_.module().info().thread_pointer;
  if (index != ModuleInfo::kNoGlobal) slot_.set_global(this, index, value);
}

MemoryView ContextImpl::memory() {
  if (!slot_.linear_memory().make_resident(space_.get()).ok()) return {};
  return slot_.memory();
}

Status ContextImpl::grow_memory(uint64_t bytes) {
  TRY(slot_.linear_memory().make_resident(space_.get()));
  return slot_.grow(bytes);
}

Status ContextImpl::discard_memory(uint64_t offset, uint64_t size) {
  TRY(slot_.linear_memory().make_resident(space_.get()));
  const uint64_t end = slot_.linear_memory().size();
  if (offset % kPageSize != 0 || size % kPageSize != 0 || offset > end || size > end - offset) {
    return make_error(Code::kInvalidArgument, "not a page-aligned part of the memory");
  }
  return slot_.linear_memory().discard(offset, size);
}

uint64_t ContextImpl::private_bytes() {
  const Slot& slot = slot_;
  return slot.linear_memory().private_bytes(*space_) + state_.stack.bytes.capacity();
}

Result<ImageRef> ContextImpl::take_image(std::span<const uint8_t> note) {
  const StartPoint& start = slot_.start_point();
  CHECK(over_ && start.entry == EntryPoint::kWarm);
  TRY(slot_.linear_memory().make_resident(space_.get()));
  const MemoryView memory = slot_.memory();
  return ReadyImageImpl::create(start.module, slot_.globals(), {memory.data, memory.size}, note);
}

bool ContextImpl::shares_memory(const Context& other) const {
  return static_cast<const ContextImpl&>(other).space_ == space_;
}

}  // namespace cloche::engine
