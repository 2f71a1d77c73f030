#include "session/ready_store.h"

#include "base/clock.h"
#include "base/sha256.h"
#include "kernel/host_stream.h"
#include "sched/thread.h"
#include "session/grants.h"
#include "session/limits.h"
#include "session/options.h"
#include "session/world.h"

namespace cloche::session {
namespace {

constexpr int64_t kLongest = 60'000'000'000;  // of a warm-up
constexpr int64_t kSlice = 100'000'000;

// The image depends on all files of the packs and on what a sandbox for warm-ups is.
engine::Engine::ImageKey key_of(const vfs::PackSet& packs, const std::string& path) {
  std::vector<uint8_t> text(packs.identity().begin(), packs.identity().end());
  text.push_back(1);  // the version of warm_up()
  text.insert(text.end(), path.begin(), path.end());
  return sha256(text);
}

// A sandbox that holds the packs and nothing else.
struct Cleanroom {
  HostClock clock;
  RoundedClock guest_clock{clock, kClockResolutionNs};
  HostRandom random;
  World world;
  std::unique_ptr<kernel::Kernel> kernel;
};

bool build(Cleanroom& room, engine::Engine& engine,
           const std::shared_ptr<const vfs::PackSet>& packs, const SandboxOptions& options) {
  const EffectiveLimits limits;
  auto world = build_world({.packs = packs,
                            .mounts = options.mounts,
                            .open = open_host_mount,
                            .user = options.user,
                            .disk = limits.disk,
                            .inodes = limits.inodes,
                            .clock = room.guest_clock});
  if (!world) return false;
  room.world = std::move(*world);
  kernel::KernelOptions kernel;
  kernel.engine = &engine;
  kernel.clock = &room.clock;
  kernel.clock_step_ns = room.guest_clock.step_ns();
  kernel.random = &room.random;
  kernel.names = std::move(room.world.names);
  kernel.disk = room.world.budget;
  kernel.hostname = options.hostname;
  kernel.limits = kernel_limits(limits);
  kernel.user = {.uid = kUserId, .gid = kUserId, .groups = {}};
  room.kernel = kernel::Kernel::create(std::move(kernel));
  return true;
}

// One warm-up, from start to end.
class WarmUp {
 public:
  WarmUp(engine::Engine& engine, const std::shared_ptr<const vfs::PackSet>& packs,
         const std::string& path)
      : engine_(engine), packs_(packs), path_(path) {}

  void run() {
    const SandboxOptions options;
    Cleanroom room;
    if (!build(room, engine_, packs_, options)) return;
    kernel::Kernel& kernel = *room.kernel;
    kernel::StartOptions start;
    start.path = path_;
    start.argv = {path_};
    start.envp = environment_of(options, room.world.home);
    start.cwd = "/";
    const auto nowhere = [&kernel] {
      return kernel::memory_output(kernel, make_ref<kernel::Capture>(), {});
    };
    start.files = {{0, kernel::memory_input(kernel, {})}, {1, nowhere()}, {2, nowhere()}};
    start.on_ready = [this](engine::ImageRef made) { image_ = std::move(made); };
    if (!kernel.start(std::move(start)).ok()) return;
    const int64_t deadline = room.clock.monotonic_ns() + kLongest;
    while (room.clock.monotonic_ns() < deadline) {
      if (kernel.run(kSlice) == kernel::Kernel::Idle::kFinished) break;
    }
    kernel.kill_all();
  }
  engine::ImageRef take_image() { return std::move(image_); }

 private:
  engine::Engine& engine_;
  const std::shared_ptr<const vfs::PackSet>& packs_;
  const std::string& path_;
  engine::ImageRef image_;
};

}  // namespace

engine::ImageRef ReadyStore::find(const engine::ModuleRef& module, const std::string& path) {
  const engine::Engine::ImageKey key = key_of(*packs_, path);
  if (auto image = engine_.find_image(module, key)) return image;
  const std::lock_guard lock(mutex_);
  if (without_.contains(path)) return nullptr;
  if (auto image = engine_.find_image(module, key)) return image;
  auto image = warm_up(path);
  if (image && image->module() == module) {
    engine_.keep_image(image, key);
    return image;
  }
  without_.insert(path);
  return nullptr;
}

// On a thread of its own: the caller's may be in the middle of a call of a guest.
engine::ImageRef ReadyStore::warm_up(const std::string& path) {
  WarmUp warm_up(engine_, packs_, path);
  sched::Thread thread;
  if (!thread.start<&WarmUp::run>(&warm_up).ok()) return nullptr;
  thread.join();
  return warm_up.take_image();
}

}  // namespace cloche::session
