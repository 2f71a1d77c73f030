// What the engine's parts cost, without a kernel: engine_bench [REPEATS]. Prints the least and the
// median of the repeats, in nanoseconds.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <vector>

#include "engine/engine.h"
#include "engine/testing/mini_kernel.h"

namespace cloche::engine {
namespace {

enum {
  kFork = 1,
  kSwitch = 2,
  kCall = 3,
  kResume = 4,
  kVfork = 5,
  kExec = 6,
  kDeep = 7,
  kQuit = 60
};

struct Row {
  const char* name;
  std::vector<int32_t> arguments;  // of bench_guest.c
};

const std::vector<Row> kRows = {
    {"host call", {kCall, 10'000'000}},
    {"suspend and resume", {kResume, 200'000}},
    {"switch, 0 dirty pages", {kSwitch, 20'000, 0}},
    {"switch, 20 dirty pages", {kSwitch, 20'000, 20}},
    {"switch, 100 dirty pages", {kSwitch, 20'000, 100}},
    {"fork+exit+wait, 10 dirty pages", {kFork, 2'000, 10}},
    {"fork+exit+wait, 100 dirty pages", {kFork, 2'000, 100}},
    {"fork+exit+wait, 500 dirty pages", {kFork, 1'000, 500}},
    {"fork+exit+wait, 100 dirty, 10 writes each", {kFork, 2'000, 100, 10, 10}},
    {"fork+exit+wait, 500 frames deep", {kDeep, 2'000, 500}},
    {"vfork+exit+wait", {kVfork, 20'000}},
    {"vfork+exec+exit+wait", {kExec, 5'000}},
};

std::vector<uint8_t> read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void print(const char* name, std::vector<double> values) {
  std::sort(values.begin(), values.end());
  printf("%-44s %10.1f %10.1f\n", name, values.front(), values[values.size() / 2]);
  fflush(stdout);
}

// Nanoseconds of one call of `action`.
double time_of(const std::function<void()>& action) {
  auto begin = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count();
}

void run_guest(Engine& engine, const ModuleRef& module, const Row& row, int repeats) {
  std::vector<double> values;
  for (int i = 0; i < repeats; ++i) {
    MiniKernel kernel(engine);
    if (!kernel.start(module, row.arguments).ok() || kernel.run() != 0) abort();
    values.push_back(strtod(kernel.output().c_str(), nullptr) / 10);
  }
  print(row.name, values);
}

int bench_main(int argc, char** argv) {
  const int repeats = argc > 1 ? std::max(1, atoi(argv[1])) : 5;
  EngineOptions options;
  options.host_functions = mini_kernel_functions();
  std::unique_ptr<Engine> engine;
  std::vector<double> creations;
  for (int i = 0; i < repeats; ++i) {
    creations.push_back(time_of([&] {
      auto created = Engine::create(options);
      if (!created.ok()) abort();
      engine = std::move(created).value();
    }));
  }
  printf("%-44s %10s %10s\n", "ns", "least", "median");
  print("engine", creations);
  auto module = engine->load(read_file(CLOCHE_BENCH_GUEST), {});
  if (!module.ok()) {
    fprintf(stderr, "%s\n", module.error().message.c_str());
    return 2;
  }
  for (const Row& row : kRows) run_guest(*engine, *module, row, repeats);

  std::vector<double> cold, warm;
  for (int i = 0; i < repeats * 20; ++i) {
    auto pool = engine->create_pool({});
    for (std::vector<double>* values : {&cold, &warm}) {
      values->push_back(time_of([&] {
        auto context = pool->start(*module, nullptr);
        if (!context.ok()) abort();
      }));
    }
  }
  print("start and drop, first of a pool", cold);
  print("start and drop, in a slot used before", warm);
  return 0;
}

}  // namespace
}  // namespace cloche::engine

int main(int argc, char** argv) { return cloche::engine::bench_main(argc, argv); }
