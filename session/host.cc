#include <filesystem>
#include <system_error>

#include "base/printable.h"
#include "kernel/kernel.h"
#include "session/failures.h"
#include "session/host_state.h"
#include "session/manifest.h"
#include "session/pack_program.h"

namespace cloche {
namespace {

using session::failure_of;

Expected<std::shared_ptr<const vfs::PackImage>> open_pack(const std::string& path) {
  auto image = vfs::PackImage::open_file(path);
  if (image.ok()) return std::shared_ptr<const vfs::PackImage>(std::move(image).value());
  Failure failure = failure_of(image.error());
  if (failure.kind == Failure::Kind::kNotFound) {
    failure.message = "no guest pack at '" + printable(path) +
                      "': scripts/build-guest makes one, --pack or CLOCHE_PACK names one";
  }
  return failure;
}

// The core and what lies beside it. Of that, what cannot be used is left out with a line in
// `problems`.
Expected<std::shared_ptr<const vfs::PackSet>> open_packs(const std::string& path,
                                                         std::vector<std::string>& problems) {
  auto core = open_pack(path);
  if (!core) return core.error();
  std::vector<std::shared_ptr<const vfs::AddedPack>> added;
  for (const std::string& file : vfs::added_pack_files(path)) {
    auto pack = vfs::AddedPack::open_file(file);
    if (pack.ok()) {
      added.push_back(std::move(pack).value());
    } else {
      problems.push_back("the pack " + printable(file) + " is left out: " + pack.error().message);
    }
  }
  return vfs::PackSet::create(std::move(*core), std::move(added), &problems);
}

// Where it is also when the current folder has changed. Empty: nobody knows the current folder.
std::string absolute(const std::string& path) {
  std::error_code ignored;
  return path.empty() ? path : std::filesystem::absolute(path, ignored).string();
}

// A cache that cannot be used makes programs slower to start and nothing else, so it is a warning.
Expected<std::unique_ptr<engine::Engine>> create_engine(const HostOptions& options,
                                                        session::CompileWatch* watch,
                                                        std::vector<std::string>& warnings) {
  const auto create = [watch](const std::string& cache_dir) {
    engine::EngineOptions engine_options;
    engine_options.cache_dir = cache_dir;
    engine_options.host_functions = kernel::host_functions();
    if (watch != nullptr) {
      engine_options.progress = [watch](engine::CompileStep step, uint64_t bytes) {
        if (step == engine::CompileStep::kBegin) {
          watch->begin(bytes);
        } else {
          watch->end();
        }
      };
    }
    return engine::Engine::create(std::move(engine_options));
  };
  std::string problem;
  if (!options.cache_dir.empty()) {
    auto engine = create(absolute(options.cache_dir));
    if (engine.ok()) return std::move(engine).value();
    if (engine.error().code == Code::kUnsupported) return failure_of(engine.error());
    problem = engine.error().message;
  }
  auto engine = create("");
  if (!engine.ok()) return failure_of(engine.error());
  if (!problem.empty()) {
    warnings.push_back("compiled code is not kept, every start will be slow: " + problem);
  }
  return std::move(engine).value();
}

Finding verify_pack(const std::string& file, const vfs::PackImage& image) {
  const Status verified = image.verify();
  if (!verified.ok())
    return {"guest pack", false, printable(file) + ": " + verified.error().message};
  return {"guest pack", true,
          printable(file) + ", " + std::to_string(image.header().file_size) +
              " bytes, every one as its hash says"};
}

}  // namespace

Expected<Host> Host::create(HostOptions options) {
  auto state = std::make_shared<State>();
  if (!options.pack.empty()) {
    auto packs = open_packs(options.pack, state->warnings);
    if (!packs) return packs.error();
    state->packs = std::move(*packs);
  }
  if (options.progress) state->watch = std::make_unique<session::CompileWatch>(options.progress);
  auto engine = create_engine(options, state->watch.get(), state->warnings);
  if (!engine) return engine.error();
  state->engine = std::move(*engine);
  if (state->packs) {
    state->ready = std::make_unique<session::ReadyStore>(*state->engine, state->packs);
  }
  state->options = std::move(options);
  return Host(std::move(state));
}

Expected<sched::Scheduler*> Host::State::scheduler() {
  const std::lock_guard lock(mutex_);
  if (!scheduler_) {
    sched::SchedulerOptions how;
    how.workers = options.workers;
    how.clock = &clock_;
    how.prod = [](void* env) noexcept { static_cast<engine::Engine*>(env)->tick(); };
    how.prod_env = engine.get();
    auto made = sched::Scheduler::create(how);
    if (!made.ok()) return failure_of(made.error());
    scheduler_ = std::move(made).value();
  }
  return scheduler_.get();
}

std::vector<Finding> Host::probe(const HostOptions& options) {
  std::vector<Finding> findings;
  for (const engine::Finding& finding : engine::Engine::probe(absolute(options.cache_dir))) {
    findings.push_back({finding.name, finding.ok, finding.detail});
  }
  std::vector<std::string> problems;
  auto packs = open_packs(options.pack, problems);
  if (!packs) {
    findings.push_back({"guest pack", false, packs.error().message});
    return findings;
  }
  findings.push_back(verify_pack(options.pack, (*packs)->core()));
  for (const auto& added : (*packs)->added()) {
    const auto image = added->image();
    findings.push_back(
        image.ok() ? verify_pack(added->name(), *image.value())
                   : Finding{"guest pack", false, added->name() + ": " + image.error().message});
  }
  for (const std::string& problem : problems) findings.push_back({"guest pack", false, problem});
  return findings;
}

std::string Host::manifest() const {
  return state_->packs ? session::manifest_of(*state_->packs) : std::string();
}

Expected<Host::Compiled> Host::compile(const std::string& guest_path) const {
  if (!state_->packs) return session::invalid("there is no guest pack");
  auto program = session::PackProgram::find(*state_->packs, guest_path);
  if (!program) return program.error();
  if (const auto module = state_->engine->find(program->hash())) {
    state_->make_ready(module, guest_path);
    return Compiled::kBefore;
  }
  auto bytes = program->read();
  if (!bytes) return bytes.error();
  const auto module = state_->engine->load(*bytes, {});
  if (!module.ok()) return failure_of(module.error());
  state_->make_ready(module.value(), guest_path);
  return Compiled::kNow;
}

std::vector<std::string> Host::warnings() const { return state_->warnings; }

std::string Host::engine_version() const { return state_->engine->version(); }

Expected<std::string> read_manifest(const std::string& pack) {
  std::vector<std::string> problems;
  auto packs = open_packs(pack, problems);
  if (!packs) return packs.error();
  auto text = (*packs)->core().manifest();
  if (!text.ok()) return failure_of(text.error());
  return session::manifest_of(**packs);
}

}  // namespace cloche
