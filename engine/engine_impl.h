// The engine: see engine.h.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "engine/code_cache.h"
#include "engine/counters.h"
#include "engine/engine.h"
#include "engine/loader.h"
#include "engine/module.h"
#include "engine/page_scan.h"
#include "engine/ready_image.h"
#include "engine/runtime.h"
#include "engine/ticker.h"

namespace cloche::engine {

class CompileMeter;

std::string engine_version();

class EngineImpl final : public Engine {
 public:
  // Engine::create() without the self-check. A tick of 0 is none at all.
  static Result<std::unique_ptr<EngineImpl>> create_untested(EngineOptions options);

  using Engine::load;
  Result<ModuleRef> load(std::span<const uint8_t> wasm, const ModuleLimits& limits,
                         Compilation& compilation) override;
  Result<std::shared_ptr<Loading>> load_aside(std::vector<uint8_t> wasm, const ModuleLimits& limits,
                                              const CompileLimits& compile_limits) override {
    return loader_.start(std::move(wasm), limits, compile_limits);
  }
  ModuleRef find(const std::array<uint8_t, 32>& hash) override;
  ImageRef find_image(const ModuleRef& module, const ImageKey& key) override {
    return images_.find(cache_.get(), module, key, fingerprint());
  }
  void keep_image(const ImageRef& image, const ImageKey& key) override {
    images_.keep(cache_.get(), image, key, fingerprint());
  }
  std::unique_ptr<Pool> create_pool(const PoolOptions& options) override;
  void tick() noexcept override;
  EngineStats stats() const override { return counters_.snapshot(); }
  std::string version() const override;

  const PageScanner& scanner() const { return *scanner_; }
  const CodeCache* cache() const { return cache_.get(); }  // null: none on disk
  // Part of the key of compiled code: what the first runtime's engine answers.
  uint64_t fingerprint() const { return ticking_[kFirstKeepsExceptions].load()->fingerprint(); }

 private:
  explicit EngineImpl(EngineOptions options) : options_(std::move(options)) {}

  // The runtime that is always made: that of bash and the coreutils, which mostly is the only one.
  static constexpr bool kFirstKeepsExceptions = true;

  // The runtime for programs that keep exception references, or not; made when first needed.
  Result<Runtime*> runtime(bool keeps_exceptions);
  Result<ModuleRef> compile(const ModuleHash& hash, std::span<const uint8_t> wasm,
                            const ModuleLimits& limits, Compilation& compilation);
  // Of the code that wasmtime makes of a prepared module, in its own format.
  Status compile_code(Runtime& runtime, std::span<const uint8_t> module, CompileMeter& meter,
                      CrateBytes& code);
  ModuleRef find_in_memory(const ModuleHash& hash);
  ModuleRef find_on_disk(const ModuleHash& hash);
  ModuleRef remember(ModuleRef module, uint64_t code_bytes);

  const EngineOptions options_;
  Counters counters_;
  std::unique_ptr<PageScanner> scanner_;
  std::unique_ptr<HostFunctions> functions_;
  std::unique_ptr<CodeCache> cache_;

  std::mutex runtimes_mutex_;
  std::unique_ptr<Runtime> runtimes_[2];
  std::atomic<Runtime*> ticking_[2] = {};

  // Modules that somebody uses, and the ones used last, which are kept.
  std::mutex modules_mutex_;
  std::condition_variable loaded_;
  std::map<ModuleHash, std::weak_ptr<const Module>> modules_;
  size_t forget_at_ = 0;  // when so many are known, those that nobody uses are forgotten
  struct Recent {
    ModuleRef module;
    uint64_t code_bytes;
  };
  std::deque<Recent> recent_;
  uint64_t recent_bytes_ = 0;
  std::set<ModuleHash> loading_;

  ReadyImages images_;

  std::unique_ptr<Ticker> ticker_;  // its thread uses the runtimes
  Loader loader_{*this};            // last: its threads use everything
};

}  // namespace cloche::engine
