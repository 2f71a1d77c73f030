// Linear memory as guests see it: its edges, growth, discards, isolation.
#include <array>
#include <cstring>

#include "engine/testing/fixture.h"

namespace cloche::engine {
namespace {

class MemoryTest : public EngineFixture {
 protected:
  // Loads a byte at `address` + `offset` in the way of `kind`; true if that trapped.
  static bool traps(const ModuleRef& module, uint32_t address) {
    MiniKernel kernel(engine());
    EXPECT_TRUE(kernel.start(module, {static_cast<int32_t>(address)}).ok());
    int status = kernel.run();
    EXPECT_TRUE(status == 0 || status == MiniKernel::kTrapStatus) << status;
    if (status == MiniKernel::kTrapStatus) {
      EXPECT_EQ(kernel.last_trap(), TrapKind::kMemoryOutOfBounds);
    }
    return status != 0;
  }
  static ModuleRef toucher(const std::string& instruction, const std::string& before = "") {
    return load("(memory 2 1000) (func (export \"_start\") " + before + instruction +
                " (call $exit (i32.const 0)))");
  }
};

constexpr char kLoad8[] = "(drop (i32.load8_u (call $k_arg (i32.const 0))))";
constexpr char kLoad64[] = "(drop (i64.load (call $k_arg (i32.const 0))))";
constexpr char kStore8[] = "(i32.store8 (call $k_arg (i32.const 0)) (i32.const 1))";
constexpr char kFarLoad[] = "(drop (i32.load8_u offset=4294967295 (call $k_arg (i32.const 0))))";
constexpr char kFarVector[] = "(drop (v128.load offset=4294967295 (call $k_arg (i32.const 0))))";
constexpr char kFill[] = "(memory.fill (call $k_arg (i32.const 0)) (i32.const 1) (i32.const 16))";

TEST_F(MemoryTest, Edges) {
  constexpr uint32_t kSize = 2 * 65536;
  for (const char* instruction : {kLoad8, kStore8}) {
    auto module = toucher(instruction);
    EXPECT_FALSE(traps(module, 0));
    EXPECT_FALSE(traps(module, kSize - 1));
    EXPECT_TRUE(traps(module, kSize));
    EXPECT_TRUE(traps(module, kSize + 4096));
    EXPECT_TRUE(traps(module, 0x7fffffff));
    EXPECT_TRUE(traps(module, 0xffffffff));
  }
  auto straddling = toucher(kLoad64);
  EXPECT_FALSE(traps(straddling, kSize - 8));
  EXPECT_TRUE(traps(straddling, kSize - 7));
  EXPECT_TRUE(traps(straddling, 0xffffffff));
  for (const char* instruction : {kFarLoad, kFarVector}) {
    auto module = toucher(instruction);
    EXPECT_TRUE(traps(module, 0));
    EXPECT_TRUE(traps(module, 1));
    EXPECT_TRUE(traps(module, 0xffffffff));  // the last byte that an address can name
  }
  auto fill = toucher(kFill);
  EXPECT_FALSE(traps(fill, kSize - 16));
  EXPECT_TRUE(traps(fill, kSize - 15));
}

TEST_F(MemoryTest, EdgesAfterGrowth) {
  for (const char* grow :
       {"(drop (memory.grow (i32.const 3)))", "(drop (call $k_grow (i32.const 327680)))"}) {
    auto module = toucher(kStore8, grow);
    EXPECT_FALSE(traps(module, 5 * 65536 - 1));
    EXPECT_TRUE(traps(module, 5 * 65536));
    auto fill = toucher(kFill, grow);
    EXPECT_FALSE(traps(fill, 5 * 65536 - 16));
    EXPECT_TRUE(traps(fill, 5 * 65536 - 15));
  }
}

TEST_F(MemoryTest, EdgesAfterReuseOfAGrownSlot) {
  auto module = load(R"((memory 2 1000) (func (export "_start")
    (if (call $k_arg (i32.const 0)) (then
      (drop (memory.grow (i32.const 10)))
      (i32.store (i32.const 700000) (i32.const 1)) (call $exit (i32.const 1))))
    (drop (i32.load8_u (call $k_arg (i32.const 1))))
    (call $exit (memory.size))))");
  MiniKernel kernel(engine());
  const uint64_t slots = engine().stats().slots;
  for (auto [address, expected] :
       {std::pair{131071, 2}, {131072, 128}, {700000, 128}, {131071, 2}}) {
    ASSERT_TRUE(kernel.start(module, {1}).ok());
    EXPECT_EQ(kernel.run(), 1);
    kernel.clear();
    ASSERT_TRUE(kernel.start(module, {0, address}).ok());
    EXPECT_EQ(kernel.run(), expected) << address;
    kernel.clear();
  }
  EXPECT_EQ(engine().stats().slots, slots + 1);
}

TEST_F(MemoryTest, GrowthStopsAtTheModulesAndThePoolsLimit) {
  auto module = load(R"((memory 1 4) (func (export "_start")
    (call $exit (i32.add (i32.mul (memory.grow (i32.const 2)) (i32.const 10))
                         (memory.grow (i32.const 2))))))");
  MiniKernel kernel(engine());
  ASSERT_TRUE(kernel.start(module, {}).ok());
  EXPECT_EQ(kernel.run(), 10 - 1);
  EXPECT_EQ(module->max_memory(), 4u * 65536);

  PoolOptions options;
  options.max_memory = 2 * 65536;
  auto pool = engine().create_pool(options);
  auto context = pool->start(module, nullptr);
  ASSERT_TRUE(context.ok());
  EXPECT_EQ((*context)->memory().size, 65536u);
  EXPECT_TRUE((*context)->grow_memory(65537).ok());
  EXPECT_EQ((*context)->memory().size, 2u * 65536);
  auto refused = (*context)->grow_memory(2 * 65536 + 1);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kResourceExhausted);
  EXPECT_EQ((*context)->memory().size, 2u * 65536);
}

// Not what the host grows: it knows what it does.
TEST_F(MemoryTest, WhoeverOwnsThePoolIsAskedWhenAGuestGrowsByItself) {
  auto module = load(R"((memory 1 9) (func (export "_start")
    (i32.store (i32.const 0) (memory.grow (i32.const 4)))
    (i32.store (i32.const 4) (memory.grow (i32.const 2)))
    (i32.store (i32.const 8) (memory.grow (i32.const 0)))))");
  struct Owner {
    std::vector<uint64_t> asked;
  } owner;
  PoolOptions options;
  options.env = &owner;
  options.may_grow = [](void* env, uint64_t bytes, uint64_t to) noexcept {
    auto& asked = static_cast<Owner*>(env)->asked;
    asked.insert(asked.end(), {bytes, to});
    return to - bytes <= 2 * 65536;
  };
  auto pool = engine().create_pool(options);
  auto context = pool->start(module, nullptr);
  ASSERT_TRUE(context.ok());
  EXPECT_TRUE((*context)->grow_memory(3 * 65536).ok());
  EXPECT_TRUE(owner.asked.empty());
  EXPECT_EQ((*context)->run().reason, Stop::Reason::kReturned);
  EXPECT_EQ(owner.asked, (std::vector<uint64_t>{3 * 65536, 7 * 65536, 3 * 65536, 5 * 65536}));
  const MemoryView memory = (*context)->memory();
  EXPECT_EQ(memory.size, 5u * 65536);
  std::array<int32_t, 3> answers{};
  std::memcpy(answers.data(), memory.data, sizeof answers);
  EXPECT_EQ(answers, (std::array{-1, 3, 5}));
}

TEST_F(MemoryTest, AGuestOverThePoolsLimitDoesNotStart) {
  auto module = load(R"((memory 3) (func (export "_start")))");
  PoolOptions options;
  options.max_memory = 2 * 65536;
  auto context = engine().create_pool(options)->start(module, nullptr);
  ASSERT_FALSE(context.ok());
  EXPECT_EQ(context.error().code, Code::kResourceExhausted);
}

TEST_F(MemoryTest, ARelativeParkedBeforeGrowthComesBack) {
  EXPECT_EQ(run(R"((memory 1 100) (func (export "_start")
    (i32.store (i32.const 1000) (i32.const 3))
    (if (i32.eqz (call $fork)) (then
      (i32.store (i32.const 1000) (i32.const 4))
      (drop (memory.grow (i32.const 20)))
      (i32.store (i32.const 1000000) (i32.const 5))
      (call $sched)
      (call $exit (i32.add (i32.load (i32.const 1000)) (i32.load (i32.const 1000000))))))
    (call $sched) (call $sched)
    (if (i32.load (i32.const 1000000)) (then (call $exit (i32.const 99))))
    (i32.store (i32.const 1000000) (i32.const 50))
    (call $exit (i32.add (i32.add (call $wait) (i32.load (i32.const 1000)))
                         (i32.load (i32.const 1000000))))))"),
            9 + 3 + 50);
}

TEST_F(MemoryTest, DiscardReadsAsZero) {
  EXPECT_EQ(run(R"((memory 2) (data (i32.const 8192) "\01\02\03\04") (func (export "_start")
    (i32.store (i32.const 4096) (i32.const 9))
    (if (call $k_discard (i32.const 4096) (i32.const 8192)) (then (call $exit (i32.const 90))))
    (if (i32.load (i32.const 4096)) (then (call $exit (i32.const 91))))
    (if (i32.load (i32.const 8192)) (then (call $exit (i32.const 92))))
    (if (i32.eqz (call $fork)) (then (call $exit (i32.load (i32.const 8192)))))
    (if (i32.eqz (call $k_discard (i32.const 4097) (i32.const 4096))) (then (call $exit (i32.const 93))))
    (if (i32.eqz (call $k_discard (i32.const 126976) (i32.const 8192))) (then (call $exit (i32.const 94))))
    (call $exit (call $wait))))"),
            0);
}

TEST_F(MemoryTest, OneTenantsBytesNeverReachAnother) {
  auto module = load(R"((memory 16) (func (export "_start") (local $i i32)
    (loop $l
      (if (i32.load (local.get $i)) (then (call $exit (i32.const 66))))
      (i32.store (local.get $i) (i32.const 0x5ec2e7))
      (local.set $i (i32.add (local.get $i) (i32.const 1024)))
      (br_if $l (i32.lt_u (local.get $i) (i32.const 1048576))))
    (call $exit (i32.const 1))))");
  for (int i = 0; i < 4; ++i) {
    MiniKernel tenant(engine());
    for (int j = 0; j < 3; ++j) {
      ASSERT_TRUE(tenant.start(module, {}).ok());
      EXPECT_EQ(tenant.run(), 1);
      tenant.clear();
    }
  }
}

TEST_F(MemoryTest, PrivateBytesCountsWhatWasWritten) {
  auto module = load(R"((memory 64) (func (export "_start")
    (memory.fill (i32.const 65536) (i32.const 1) (i32.const 409600)) (call $sched)))");
  MiniKernel kernel(engine());
  ASSERT_TRUE(kernel.start(module, {}).ok());
  ASSERT_TRUE(kernel.step());
  const uint64_t bytes = kernel.context(1).private_bytes();
  EXPECT_GE(bytes, 409'600u);
  EXPECT_LT(bytes, 450'000u);
  auto child = kernel.context(1).fork();
  ASSERT_TRUE(child.ok());
  EXPECT_GE((*child)->private_bytes(), 409'600u);  // the first fork from the base layer copies
}

TEST_F(MemoryTest, HostBytesCountsStacksToo) {
  auto module = load(R"((memory 1)
    (func $deep (param i32) (result i32)
      (if (result i32) (local.get 0)
        (then (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
        (else (call $sched) (i32.const 0))))
    (func (export "_start") (drop (call $deep (i32.const 20000)))))");
  MiniKernel kernel(engine());
  ASSERT_TRUE(kernel.start(module, {}).ok());
  const uint64_t before = kernel.pool().host_bytes();
  ASSERT_TRUE(kernel.step());
  const uint64_t deep = kernel.pool().host_bytes();
  EXPECT_GT(deep, before + 20'000 * 16);
  auto child = kernel.context(1).fork();
  ASSERT_TRUE(child.ok());
  EXPECT_GT(kernel.pool().host_bytes(), deep + 20'000 * 16);
  child->reset();
  EXPECT_LE(kernel.pool().host_bytes(), deep);
}

}  // namespace
}  // namespace cloche::engine
