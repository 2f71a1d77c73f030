#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sha256.h"
#include "engine/compile_meter.h"
#include "engine/engine_impl.h"
#include "engine/pool.h"
#include "engine/self_check.h"
#include "engine/self_check_record.h"

namespace cloche::engine {
namespace {

// Modules kept although nobody uses them at the moment: so many, and so many bytes of code, as no
// sandbox is charged for them.
constexpr size_t kRecentModules = 256;
constexpr uint64_t kRecentBytes = 128 << 20;

Error refusal(int32_t verdict, const std::string& message) {
  switch (verdict) {
    case CLOCHE_PREPARE_MALFORMED:
      return make_error(Code::kMalformed, "not a valid module: %s", message.c_str());
    case CLOCHE_PREPARE_UNSUPPORTED:
      return make_error(Code::kUnsupported, "the module uses what the sandbox does not offer: %s",
                        message.c_str());
    case CLOCHE_PREPARE_TOO_LARGE:
      return make_error(Code::kResourceExhausted, "the module is too large: %s", message.c_str());
    default:
      return make_error(Code::kInternal, "%s", message.c_str());
  }
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::create(EngineOptions options) {
  if (options.tick.count() <= 0) return make_error(Code::kInvalidArgument, "a tick of no length");
  const std::string cache_dir = options.cache_dir;
  auto engine = TRY(EngineImpl::create_untested(std::move(options)));
  const SelfCheckRecord record(engine->cache(), engine->fingerprint(), engine->scanner());
  if (record.passed()) return std::unique_ptr<Engine>(std::move(engine));
  Status tested = test_host_memory(engine->scanner());
  if (tested.ok()) {
    auto test = TRY(SelfCheck::create(cache_dir, SelfCheck::Extent::kQuick));
    tested = test->quick();
  }
  if (!tested.ok()) {
    return make_error(tested.error().code, "programs cannot fork on this host: %s",
                      tested.error().message.c_str());
  }
  record.keep();
  return std::unique_ptr<Engine>(std::move(engine));
}

Result<std::unique_ptr<EngineImpl>> EngineImpl::create_untested(EngineOptions options) {
  std::unique_ptr<EngineImpl> engine(new EngineImpl(std::move(options)));
  engine->scanner_ = TRY(PageScanner::create());
  engine->functions_ = TRY(HostFunctions::create(engine->options_.host_functions));
  TRY(engine->runtime(kFirstKeepsExceptions));
  if (!engine->options_.cache_dir.empty()) {
    engine->cache_ = TRY(CodeCache::open(engine->options_.cache_dir));
  }
  EngineImpl* self = engine.get();
  engine->ticker_ = TRY(Ticker::create(self->options_.tick, [self] { self->tick(); }));
  return engine;
}

void EngineImpl::tick() noexcept {
  for (auto& slot : ticking_) {
    if (Runtime* runtime = slot.load()) runtime->increment_epoch();
  }
}

Result<Runtime*> EngineImpl::runtime(bool keeps_exceptions) {
  const size_t index = keeps_exceptions ? 1 : 0;
  if (Runtime* ready = ticking_[index].load()) return ready;
  std::lock_guard lock(runtimes_mutex_);
  if (!runtimes_[index]) {
    runtimes_[index] = TRY(Runtime::create(
        *functions_, keeps_exceptions ? Runtime::Collector::kNull : Runtime::Collector::kCounting));
    ticking_[index] = runtimes_[index].get();
  }
  return runtimes_[index].get();
}

Result<ModuleRef> EngineImpl::load(std::span<const uint8_t> wasm, const ModuleLimits& limits,
                                   Compilation& compilation) {
  if (wasm.size() > limits.max_bytes) {
    return make_error(Code::kResourceExhausted, "a module of %zu bytes, the limit is %llu",
                      wasm.size(), static_cast<unsigned long long>(limits.max_bytes));
  }
  const ModuleHash hash = sha256(wasm);
  {
    // Whoever wants a module that another thread is compiling waits for it.
    constexpr auto kLookAround = std::chrono::milliseconds(10);
    std::unique_lock lock(modules_mutex_);
    while (
        !loaded_.wait_for(lock, kLookAround, [this, &hash] { return !loading_.contains(hash); })) {
      if (!compilation.cancelled) continue;
      compilation.end = Compilation::End::kCancelled;
      return make_error(Code::kResourceExhausted, "nobody waits for this module any more");
    }
    loading_.insert(hash);
  }
  auto result = [&]() -> Result<ModuleRef> {
    if (ModuleRef found = find(hash)) {
      const auto* code = static_cast<const ModuleImpl*>(found.get());
      TRY(code->runtime().check_imports(code->imports()));
      if (found->initial_memory() > uint64_t{limits.max_memory_pages} * kWasmPage) {
        return make_error(Code::kResourceExhausted, "the module starts with too much memory");
      }
      return found;
    }
    return compile(hash, wasm, limits, compilation);
  }();
  {
    std::lock_guard lock(modules_mutex_);
    loading_.erase(hash);
  }
  loaded_.notify_all();
  return result;
}

ModuleRef EngineImpl::find(const std::array<uint8_t, 32>& hash) {
  if (ModuleRef module = find_in_memory(hash)) return module;
  if (!cache_) return nullptr;
  ModuleRef module = find_on_disk(hash);
  if (module) Counters::count(counters_.cache_hits);
  return module;
}

ModuleRef EngineImpl::find_in_memory(const ModuleHash& hash) {
  std::lock_guard lock(modules_mutex_);
  auto found = modules_.find(hash);
  return found == modules_.end() ? nullptr : found->second.lock();
}

ModuleRef EngineImpl::find_on_disk(const ModuleHash& hash) {
  const uint64_t fingerprint = this->fingerprint();
  Result<CodeCache::Entry> entry = cache_->find(hash, fingerprint);
  if (!entry.ok()) {
    if (entry.error().code != Code::kNotFound) Counters::count(counters_.cache_rejects);
    return nullptr;
  }
  const int fd = entry->code_fd;
  struct stat status{};
  const uint64_t size = fstat(fd, &status) == 0 ? static_cast<uint64_t>(status.st_size) : 0;
  auto module = [&]() -> Result<ModuleRef> {
    ModuleInfo info = TRY(ModuleInfo::decode(std::move(entry->info)));
    Runtime* runtime = TRY(this->runtime(info.keeps_exceptions));
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    wasmtime_module_t* code = nullptr;
    ErrorHandle error(wasmtime_module_deserialize_file(runtime->engine(), path.c_str(), &code));
    if (error) return make_error(Code::kMalformed, "%s", message_of(error.get()).c_str());
    return ModuleRef(
        std::make_shared<ModuleImpl>(hash, std::move(info), *runtime, ModuleHandle(code)));
  }();
  close(fd);
  if (!module.ok()) {
    cache_->remove(hash, fingerprint);
    Counters::count(counters_.cache_rejects);
    return nullptr;
  }
  return remember(std::move(module).value(), size);
}

ModuleRef EngineImpl::remember(ModuleRef module, uint64_t code_bytes) {
  std::lock_guard lock(modules_mutex_);
  std::weak_ptr<const Module>& known = modules_[module->hash()];
  if (ModuleRef first = known.lock()) return first;
  known = module;
  recent_.push_back({module, code_bytes});
  recent_bytes_ += code_bytes;
  while (recent_.size() > kRecentModules || recent_bytes_ > kRecentBytes) {
    recent_bytes_ -= recent_.front().code_bytes;
    recent_.pop_front();
  }
  // What nobody has any more is forgotten in batches: a guest may make any number of modules.
  if (modules_.size() >= forget_at_) {
    std::erase_if(modules_, [](const auto& each) { return each.second.expired(); });
    forget_at_ = 2 * modules_.size() + kRecentModules;
  }
  return module;
}

Result<ModuleRef> EngineImpl::compile(const ModuleHash& hash, std::span<const uint8_t> wasm,
                                      const ModuleLimits& limits, Compilation& compilation) {
  CrateBytes prepared, info_bytes, message, code_bytes;
  CompileMeter meter(compilation);
  int32_t verdict = cloche_prepare(wasm.data(), wasm.size(), limits.max_memory_pages,
                                   prepared.out(), info_bytes.out(), message.out());
  if (verdict != CLOCHE_PREPARE_GOOD) return refusal(verdict, message.text());
  ModuleInfo info =
      TRY(ModuleInfo::decode(SharedBytes::copy_of({info_bytes.data(), info_bytes.size()})));
  Runtime* runtime = TRY(this->runtime(info.keeps_exceptions));
  TRY(runtime->check_imports(info.imports));
  TRY(compile_code(*runtime, {prepared.data(), prepared.size()}, meter, code_bytes));
  // A full disk costs the next start a compilation, no more.
  if (cache_ && cache_
                    ->store(hash, fingerprint(), {info_bytes.data(), info_bytes.size()},
                            {code_bytes.data(), code_bytes.size()})
                    .ok()) {
    // What is mapped from a file the host can take back, and other processes share.
    if (ModuleRef module = find_on_disk(hash)) return module;
  }
  wasmtime_module_t* code = nullptr;
  ErrorHandle error(
      wasmtime_module_deserialize(runtime->engine(), code_bytes.data(), code_bytes.size(), &code));
  if (error) return make_error(Code::kInternal, "%s", message_of(error.get()).c_str());
  return remember(std::make_shared<ModuleImpl>(hash, std::move(info), *runtime, ModuleHandle(code)),
                  code_bytes.size());
}

Status EngineImpl::compile_code(Runtime& runtime, std::span<const uint8_t> module,
                                CompileMeter& meter, CrateBytes& code) {
  if (options_.progress) options_.progress(CompileStep::kBegin, module.size());
  CrateBytes message;
  const int32_t verdict = cloche_compile(runtime.engine(), module.data(), module.size(),
                                         meter.question(), code.out(), message.out());
  if (options_.progress) options_.progress(CompileStep::kEnd, module.size());
  switch (verdict) {
    case CLOCHE_PREPARE_GOOD:
      Counters::count(counters_.compiles);
      return ok_status();
    case CLOCHE_PREPARE_STOPPED:
      return meter.reason();
    default:
      return make_error(Code::kUnsupported, "the compiler refused the module: %s",
                        message.text().c_str());
  }
}

std::unique_ptr<Pool> EngineImpl::create_pool(const PoolOptions& options) {
  return std::make_unique<PoolImpl>(*scanner_, *ticker_, counters_, options);
}

std::string engine_version() { return "wasmtime " WASMTIME_VERSION; }

std::string EngineImpl::version() const { return engine_version(); }

}  // namespace cloche::engine
