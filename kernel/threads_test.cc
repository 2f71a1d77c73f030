// What of the kernel works on threads of its own, without a kernel: for ThreadSanitizer
// (`scripts/sanitize --threads`), to which stacks that are swapped mean nothing.
#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <thread>

#include "engine/loader.h"
#include "kernel/remains.h"

namespace cloche::kernel {
namespace {

using std::chrono::milliseconds;

// Takes its time to give back what it holds.
class SlowPool final : public engine::Pool {
 public:
  SlowPool(std::atomic<int>& gone, const std::atomic<bool>& may_go)
      : gone_(gone), may_go_(may_go) {}
  ~SlowPool() override {
    while (!may_go_) std::this_thread::sleep_for(milliseconds(1));
    ++gone_;
  }
  Result<std::unique_ptr<engine::Context>> start(const engine::ModuleRef&, void*,
                                                 engine::EntryPoint) override {
    return make_error(Code::kUnsupported, "it starts nothing");
  }
  Result<std::unique_ptr<engine::Context>> start(const engine::ImageRef&, void*) override {
    return make_error(Code::kUnsupported, "it starts nothing");
  }
  uint64_t host_bytes() const override { return bytes_; }

 private:
  std::atomic<int>& gone_;
  const std::atomic<bool>& may_go_;
  uint64_t bytes_ = 4096;
};

class RemainsTest : public ::testing::Test {
 protected:
  std::unique_ptr<Remains> of_pools(int count) {
    std::vector<Remains::Part> parts(static_cast<size_t>(count));
    for (Remains::Part& part : parts) part.pool = std::make_unique<SlowPool>(gone_, may_go_);
    return std::make_unique<Remains>(std::move(parts));
  }
  std::atomic<int> gone_{0};
  std::atomic<bool> may_go_{false};
};

TEST_F(RemainsTest, CountUntilTheyAreGivenBack) {
  const auto remains = of_pools(3);
  EXPECT_GE(remains->host_bytes(), 3 * 4096u);
  EXPECT_EQ(gone_, 0);
  may_go_ = true;
  while (remains->host_bytes() > 0) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_EQ(gone_, 3);
}

TEST_F(RemainsTest, TheirEndWaits) {
  auto remains = of_pools(2);
  std::thread later([this] {
    std::this_thread::sleep_for(milliseconds(20));
    may_go_ = true;
  });
  remains = nullptr;
  EXPECT_EQ(gone_, 2);
  later.join();
}

// Compiles for as long as nobody cancels it, or at once.
class StubEngine final : public engine::Engine {
 public:
  Result<engine::ModuleRef> load(std::span<const uint8_t> wasm, const engine::ModuleLimits&,
                                 engine::Compilation& compilation) override {
    for (const bool endless = wasm[0] == 'e'; endless && !compilation.cancelled;) {
      ++compilation.spent_ns;
      ++compilation.held_bytes;
    }
    compilation.held_bytes = 0;
    if (compilation.cancelled) compilation.end = engine::Compilation::End::kCancelled;
    return Error{Code::kMalformed, std::string(wasm.begin(), wasm.end())};
  }
  Result<std::shared_ptr<engine::Loading>> load_aside(
      std::vector<uint8_t> wasm, const engine::ModuleLimits& limits,
      const engine::CompileLimits& compile_limits) override {
    return loader_.start(std::move(wasm), limits, compile_limits);
  }
  engine::ModuleRef find(const std::array<uint8_t, 32>&) override { return nullptr; }
  engine::ImageRef find_image(const engine::ModuleRef&, const ImageKey&) override {
    return nullptr;
  }
  void keep_image(const engine::ImageRef&, const ImageKey&) override {}
  std::unique_ptr<engine::Pool> create_pool(const engine::PoolOptions&) override { return nullptr; }
  engine::EngineStats stats() const override { return {}; }
  void tick() noexcept override {}
  std::string version() const override { return "stub"; }

 private:
  engine::Loader loader_{*this};
};

std::shared_ptr<engine::Loading> load(engine::Engine& engine, const std::string& what) {
  auto loading = engine.load_aside({what.begin(), what.end()}, {}, {});
  EXPECT_TRUE(loading.ok());
  return std::move(loading).value();
}

void wait_for(const engine::Loading& loading) {
  pollfd entry{loading.fd(), POLLIN, 0};
  EXPECT_EQ(poll(&entry, 1, 60'000), 1);
  EXPECT_TRUE(loading.done());
}

TEST(LoadingTest, WhatItGaveIsThereWhenItSaysSo) {
  StubEngine engine;
  for (int i = 0; i < 50; ++i) {
    const auto loading = load(engine, "no " + std::to_string(i));
    wait_for(*loading);
    EXPECT_EQ(loading->result().error().message, "no " + std::to_string(i));
    EXPECT_EQ(loading->held_bytes(), 0u);
  }
}

TEST(LoadingTest, OthersSeeWhatItTakesAndEndIt) {
  StubEngine engine;
  const auto loading = load(engine, "endless");
  while (loading->spent_ns() == 0 || loading->held_bytes() == 0) std::this_thread::yield();
  EXPECT_FALSE(loading->done());
  loading->cancel();
  wait_for(*loading);
  EXPECT_EQ(loading->end(), engine::Compilation::End::kCancelled);
}

TEST(LoadingTest, TheEngineEndsWhatIsUnderWay) {
  std::shared_ptr<engine::Loading> loading;
  {
    StubEngine engine;
    loading = load(engine, "endless");
  }
  EXPECT_TRUE(loading->done());
}

}  // namespace
}  // namespace cloche::kernel
