#include "engine/pool.h"

#include <algorithm>

#include "engine/context.h"
#include "engine/runtime.h"

namespace cloche::engine {

PoolImpl::PoolImpl(const PageScanner& scanner, Ticker& ticker, Counters& counters,
                   const PoolOptions& options)
    : options_(options), services_{scanner, ticker, counters, options_} {}

PoolImpl::~PoolImpl() {
  // Contexts refer to the pool: they go first.
  CHECK(idle_.size() == slots_.size());
}

Result<std::unique_ptr<Context>> PoolImpl::start(const ModuleRef& module, void* user,
                                                 EntryPoint entry) {
  CHECK(entry == EntryPoint::kStart || module->can_be_ready());
  return start_at({std::static_pointer_cast<const ModuleImpl>(module), nullptr, entry}, user);
}

Result<std::unique_ptr<Context>> PoolImpl::start(const ImageRef& image, void* user) {
  return start_at({std::static_pointer_cast<const ModuleImpl>(image->module()),
                   std::static_pointer_cast<const ReadyImageImpl>(image)},
                  user);
}

Result<std::unique_ptr<Context>> PoolImpl::start_at(StartPoint start, void* user) {
  const ModuleImpl& code = *start.module;
  if (!code.instance_pre()) {
    TRY(code.runtime().check_imports(code.imports()));
    return make_error(Code::kUnsupported, "the module's imports do not fit");
  }
  if (start.memory_bytes() > options_.max_memory) {
    return make_error(Code::kResourceExhausted, "the module starts with %llu bytes of memory",
                      static_cast<unsigned long long>(start.memory_bytes()));
  }
  Program& program = programs_[start.key()];
  program.start = std::move(start);
  if (!layers_) layers_ = TRY(LayerFile::create());
  if (!program.base_layer) program.base_layer = TRY(program.start.create_base_layer(layers_));
  Slot* slot = TRY(take_slot(program));
  return std::unique_ptr<Context>(std::make_unique<ContextImpl>(
      *this, *slot, slot->linear_memory().add(program.base_layer), slot->fresh_state(), user));
}

Result<Slot*> PoolImpl::take_slot(Program& program) {
  if (!program.idle.empty()) {
    Slot* slot = program.idle.back();
    program.idle.pop_back();
    idle_.erase(std::find(idle_.begin(), idle_.end(), slot));
    return slot;
  }
  std::unique_ptr<Slot> slot = TRY(Slot::create(services_, program.start, program.base_layer));
  Slot* result = slot.get();
  slots_[result] = std::move(slot);
  return result;
}

void PoolImpl::give_back(Slot& slot) {
  Program& program = programs_[slot.start_point().key()];
  if (options_.max_idle_slots == 0 || !slot.recycle(program.base_layer)) return remove(slot);
  program.idle.push_back(&slot);
  idle_.push_back(&slot);
  if (idle_.size() <= options_.max_idle_slots) return;
  Slot* oldest = idle_.front();
  idle_.erase(idle_.begin());
  std::erase(programs_[oldest->start_point().key()].idle, oldest);
  remove(*oldest);
}

void PoolImpl::remove(Slot& slot) { slots_.erase(&slot); }

uint64_t PoolImpl::host_bytes() const {
  uint64_t total = 0;
  for (const auto& [key, program] : programs_) {
    if (program.base_layer) total += program.base_layer->allocated();
  }
  for (const auto& [slot, owner] : slots_) total += slot->host_bytes();
  return total;
}

}  // namespace cloche::engine
