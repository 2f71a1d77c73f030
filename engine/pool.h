// A pool: see engine.h.
#pragma once

#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "engine/engine.h"
#include "engine/slot.h"

namespace cloche::engine {

class PoolImpl final : public Pool {
 public:
  PoolImpl(const PageScanner& scanner, Ticker& ticker, Counters& counters,
           const PoolOptions& options);
  ~PoolImpl() override;

  Result<std::unique_ptr<Context>> start(const ModuleRef& module, void* user,
                                         EntryPoint entry) override;
  Result<std::unique_ptr<Context>> start(const ImageRef& image, void* user) override;
  uint64_t host_bytes() const override;

  const SlotServices& services() const { return services_; }
  // The last context of `slot` is gone.
  void give_back(Slot& slot);

 private:
  // What the pool keeps for one way to start a module.
  struct Program {
    StartPoint start;
    Ref<Layer> base_layer;
    std::vector<Slot*> idle;
  };

  Result<std::unique_ptr<Context>> start_at(StartPoint start, void* user);
  Result<Slot*> take_slot(Program& program);
  void remove(Slot& slot);

  const PoolOptions options_;
  const SlotServices services_;
  Ref<LayerFile> layers_;
  std::map<decltype(StartPoint().key()), Program> programs_;
  std::unordered_map<Slot*, std::unique_ptr<Slot>> slots_;
  std::vector<Slot*> idle_;  // of all programs, the longest idle first
};

}  // namespace cloche::engine
