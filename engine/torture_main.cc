// engine_torture FORKS SEED WORKERS: families of processes that fork, trap, start threads, are
// preempted and move between worker threads, until FORKS forks have been made. What each family
// printed must be what a model computes without forking. Exit status 0: all of it was.
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/engine.h"
#include "engine/testing/mini_kernel.h"
#include "engine/testing/torture_model.h"

namespace cloche::engine {
namespace {

constexpr int kFamilies = 20;      // alive at a time
constexpr int kTrees = 8;          // of each
constexpr int kStepsPerTurn = 20;  // before a worker takes another family

uint32_t model_sum(int depth, uint32_t seed);

int model_status(int depth, uint32_t seed) { return torture_status(seed, model_sum(depth, seed)); }

// The sum of the exit statuses of a process's children.
uint32_t model_sum(int depth, uint32_t seed) {
  uint32_t sum = 0;
  for (int child = 0; child < torture_children(depth, seed); ++child) {
    sum += static_cast<uint32_t>(model_status(depth - 1, torture_child_seed(seed, child)));
  }
  return sum;
}

std::string model_output(uint32_t seed) {
  std::string output;
  for (int tree = 0; tree < kTrees; ++tree) {
    uint32_t tree_seed = torture_tree_seed(seed, tree);
    output += std::to_string(model_sum(torture_tree_depth(tree_seed), tree_seed)) + " ";
  }
  return output;
}

struct Family {
  uint32_t seed = 0;
  std::unique_ptr<MiniKernel> kernel;
  std::thread::id last_worker;
};

class Torture {
 public:
  Torture(Engine& engine, ModuleRef module, uint64_t forks, uint32_t seed)
      : engine_(engine), module_(std::move(module)), forks_(forks), next_seed_(seed) {}

  void run(int workers) {
    for (int i = 0; i < kFamilies; ++i) families_.push_back(make_family());
    std::vector<std::thread> threads;
    for (int i = 0; i < workers; ++i) threads.emplace_back([this] { work(); });
    for (std::thread& thread : threads) thread.join();
  }
  uint64_t wrong() const { return wrong_; }
  uint64_t families() const { return finished_; }
  uint64_t migrations() const { return migrations_; }

 private:
  Family make_family() {
    Family family;
    family.seed = next_seed_++;
    family.kernel = std::make_unique<MiniKernel>(engine_, MiniKernel::Options{.preempt = true});
    Status started = family.kernel->start(module_, {kTrees, static_cast<int32_t>(family.seed)});
    if (!started.ok()) {
      fprintf(stderr, "start: %s\n", started.error().message.c_str());
      abort();
    }
    return family;
  }

  void check(const Family& family) {
    ++finished_;
    std::string expected = model_output(family.seed);
    if (family.kernel->status() == 0 && family.kernel->output() == expected) return;
    ++wrong_;
    fprintf(stderr, "family %u: status %d, printed \"%s\", expected \"%s\"\n", family.seed,
            family.kernel->status(), family.kernel->output().c_str(), expected.c_str());
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (!families_.empty()) {
      Family family = std::move(families_.front());
      families_.pop_front();
      auto self = std::this_thread::get_id();
      if (family.last_worker != std::thread::id() && family.last_worker != self) ++migrations_;
      family.last_worker = self;
      lock.unlock();
      bool more = true;
      for (int i = 0; i < kStepsPerTurn && more; ++i) more = family.kernel->step();
      lock.lock();
      if (more) {
        families_.push_back(std::move(family));
        continue;
      }
      check(family);
      if (engine_.stats().forks < forks_) families_.push_back(make_family());
    }
  }

  Engine& engine_;
  const ModuleRef module_;
  const uint64_t forks_;
  std::mutex mutex_;
  std::deque<Family> families_;
  uint32_t next_seed_;
  uint64_t wrong_ = 0, finished_ = 0, migrations_ = 0;
};

std::vector<uint8_t> read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

int torture_main(int argc, char** argv) {
  const uint64_t forks = argc > 1 ? strtoull(argv[1], nullptr, 10) : 20'000;
  const uint32_t seed = argc > 2 ? static_cast<uint32_t>(strtoul(argv[2], nullptr, 10)) : 1;
  const int workers = argc > 3 ? atoi(argv[3]) : 2;
  EngineOptions options;
  options.host_functions = mini_kernel_functions();
  auto engine = Engine::create(options);
  if (!engine.ok()) {
    fprintf(stderr, "%s\n", engine.error().message.c_str());
    return 2;
  }
  auto module = (*engine)->load(read_file(CLOCHE_TORTURE_GUEST), {});
  if (!module.ok()) {
    fprintf(stderr, "%s\n", module.error().message.c_str());
    return 2;
  }
  Torture torture(**engine, *module, forks, seed);
  torture.run(workers);
  EngineStats stats = (*engine)->stats();
  printf(
      "families %llu, forks %llu, switches %llu, preemptions %llu, traps %llu, migrations %llu, "
      "slots %llu, wrong %llu\n",
      static_cast<unsigned long long>(torture.families()),
      static_cast<unsigned long long>(stats.forks), static_cast<unsigned long long>(stats.switches),
      static_cast<unsigned long long>(stats.preemptions),
      static_cast<unsigned long long>(stats.traps),
      static_cast<unsigned long long>(torture.migrations()),
      static_cast<unsigned long long>(stats.slots),
      static_cast<unsigned long long>(torture.wrong()));
  return torture.wrong() == 0 ? 0 : 1;
}

}  // namespace
}  // namespace cloche::engine

int main(int argc, char** argv) { return cloche::engine::torture_main(argc, argv); }
