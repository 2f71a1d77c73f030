// Bytes as a module: checked, and if they are one, compiled, started, forked and run for a moment.
// A hostile module may end its context and nothing else.
#include <cstdint>
#include <cstdlib>

#include "engine/engine_impl.h"

namespace cloche::engine {
namespace {

// Enough to reach every part of a small module, short enough for many of them.
constexpr int kTurns = 4;

void on_call(void*, Call& call, Value* values) noexcept {
  MemoryView memory = call.memory();
  if (memory.size > 0) values[0].i32 = memory.data[memory.size - 1];
  call.suspend();
}

Engine& engine() {
  static Engine* const shared = [] {
    constexpr ValueType kI32 = ValueType::kI32;
    EngineOptions options;
    options.host_functions = {
        HostFunction{"k", "a", {kI32}, {kI32}, on_call, nullptr},
        HostFunction{"k", "b", {kI32, kI32}, {kI32}, on_call, nullptr},
        HostFunction{"t", "stop", {kI32}, {}, on_call, nullptr},
        HostFunction{"t", "answer", {}, {kI32}, on_call, nullptr},
    };
    auto created = EngineImpl::create_untested(options);
    if (!created.ok()) abort();
    return created->release();
  }();
  return *shared;
}

bool runs_on(Context& context) {
  Stop::Reason reason = context.run().reason;
  return reason == Stop::Reason::kSuspended || reason == Stop::Reason::kPreempted;
}

void run_module(const ModuleRef& module) {
  PoolOptions options;
  options.max_memory = 4 << 20;
  options.should_yield = [](void*) noexcept { return true; };
  auto pool = engine().create_pool(options);
  auto context = pool->start(module, nullptr);
  if (!context.ok()) return;
  std::unique_ptr<Context> child;
  for (int turn = 0; turn < kTurns && runs_on(**context); ++turn) {
    if (!child) {
      auto forked = (*context)->fork();
      if (!forked.ok()) return;
      child = std::move(forked).value();
    } else if (!runs_on(*child)) {
      child.reset();
    }
  }
}

}  // namespace
}  // namespace cloche::engine

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cloche::engine;
  auto module = engine().load({data, size}, {.max_bytes = 64 << 10, .max_memory_pages = 64});
  if (module.ok()) run_module(*module);
  // The same bytes as a description from a damaged cache file.
  auto info = ModuleInfo::decode(SharedBytes::copy_of({data, size}));
  (void)info;
  return 0;
}
