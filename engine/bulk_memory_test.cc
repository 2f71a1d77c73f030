// memory.fill, memory.copy and memory.init of any length: the same result as one instruction would
// have, nothing written before a trap, and stops in between.
#include <algorithm>
#include <random>

#include "engine/testing/fixture.h"

namespace cloche::engine {
namespace {

constexpr uint32_t kMemory = 8 * 65536, kSegment = 150'000, kPiece = 65536;

uint8_t segment_byte(uint32_t at) { return static_cast<uint8_t>(at * 37 + at / 251); }

// Arguments: the operation, to where, from where or which byte, how many. $act does it.
std::string program() {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string data;
  for (uint32_t i = 0; i < kSegment; ++i) {
    data += '\\';
    data += kDigits[segment_byte(i) >> 4];
    data += kDigits[segment_byte(i) & 15];
  }
  return "(memory 8 8) (data $seg \"" + data + "\")" + R"((data $small "0123456789")
    (func $act (local $to i32) (local $from i32) (local $length i32)
      (local.set $to (call $k_arg (i32.const 1)))
      (local.set $from (call $k_arg (i32.const 2)))
      (local.set $length (call $k_arg (i32.const 3)))
      (block $3 (block $2 (block $1 (block $0
        (br_table $0 $1 $2 $3 (call $k_arg (i32.const 0))))
        (memory.fill (local.get $to) (local.get $from) (local.get $length)) (return))
        (memory.copy (local.get $to) (local.get $from) (local.get $length)) (return))
        (memory.init $seg (local.get $to) (local.get $from) (local.get $length)) (return))
      (memory.init $small (local.get $to) (local.get $from) (local.get $length)))
    (func $prepare
      (memory.init $seg (i32.const 0) (i32.const 0) (i32.const 150000))
      (memory.init $seg (i32.const 200000) (i32.const 1) (i32.const 149999)))
  )";
}

enum Operation : int32_t { kFill, kCopy, kInit, kInitSmall };

struct Act {
  Operation operation = kFill;
  uint32_t to = 0, from = 0, length = 0;

  std::vector<int32_t> arguments() const {
    return {operation, static_cast<int32_t>(to), static_cast<int32_t>(from),
            static_cast<int32_t>(length)};
  }
  uint64_t readable() const {
    return operation == kFill ? UINT64_MAX : operation == kCopy ? kMemory : kSegment;
  }
  bool in_bounds() const {
    return uint64_t{to} + length <= kMemory && uint64_t{from} + length <= readable();
  }
};

// What the memory holds before and after.
std::string memory_before() {
  std::string memory(kMemory, '\0');
  for (uint32_t i = 0; i < kSegment; ++i) memory[i] = static_cast<char>(segment_byte(i));
  for (uint32_t i = 1; i < kSegment; ++i)
    memory[200'000 + i - 1] = static_cast<char>(segment_byte(i));
  return memory;
}

std::string memory_after(const Act& act) {
  std::string memory = memory_before();
  const std::string source = memory;
  for (uint32_t i = 0; i < act.length; ++i) {
    memory[act.to + i] = act.operation == kFill   ? static_cast<char>(act.from)
                         : act.operation == kCopy ? source[act.from + i]
                                                  : static_cast<char>(segment_byte(act.from + i));
  }
  return memory;
}

uint32_t below(std::mt19937& random, uint64_t limit) {
  return static_cast<uint32_t>(random() % limit);
}

// A length that may be near the size of a piece, or of some.
uint32_t some_length(std::mt19937& random) {
  switch (random() % 4) {
    case 0:
      return below(random, 300);
    case 1:
      return kPiece * (1 + below(random, 6)) + below(random, 5) - 2;
    default:
      return below(random, kMemory);
  }
}

class BulkMemoryTest : public EngineFixture {
 protected:
  static const ModuleRef& acts_once() {
    static const ModuleRef module = load(program() + R"((func (export "_start")
      (call $prepare) (call $act)
      (call $k_write (i32.const 0) (i32.const 524288))
      (call $exit (i32.const 0))))");
    return module;
  }
  // A thread of the same memory acts, and is expected to trap.
  static const ModuleRef& acts_in_thread() {
    static const ModuleRef module = load(program() + R"((func (export "_start")
      (call $prepare)
      (if (i32.eqz (call $thread (i32.const 65536))) (then (call $act) (call $exit (i32.const 0))))
      (drop (call $wait))
      (call $k_write (i32.const 0) (i32.const 524288))
      (call $exit (i32.const 0))))");
    return module;
  }
};

TEST_F(BulkMemoryTest, DoesWhatOneInstructionDoes) {
  std::mt19937 random(1);
  for (int done = 0; done < 120;) {
    Act act{static_cast<Operation>(random() % 3), below(random, kMemory), 0, some_length(random)};
    act.from = act.operation == kInit ? below(random, kSegment) : below(random, kMemory);
    // Copies to a place near by, both ways, mostly overlap.
    if (act.operation == kCopy && random() % 2 == 0) act.from = act.to + below(random, 9) - 4;
    if (!act.in_bounds()) continue;
    ++done;
    MiniKernel kernel(engine());
    ASSERT_TRUE(kernel.start(acts_once(), act.arguments()).ok());
    ASSERT_EQ(kernel.run(), 0);
    ASSERT_TRUE(kernel.output() == memory_after(act))
        << act.operation << " " << act.to << " " << act.from << " " << act.length;
  }
}

TEST_F(BulkMemoryTest, TrapsBeforeItWrites) {
  const std::string before = memory_before();
  constexpr uint32_t kEnd = kMemory, kLast = 0xffffffff;
  const std::vector<Act> acts = {
      {kFill, kEnd - kPiece, 1, kPiece + 1},
      {kFill, kEnd - 3 * kPiece, 1, 3 * kPiece + 1},
      {kFill, 0, 1, kEnd + 1},
      {kFill, 0, 1, kLast},
      {kFill, kLast, 1, kLast},
      {kFill, kLast - kPiece, 1, 2 * kPiece},
      {kFill, kEnd + 1, 1, 0},
      {kFill, kEnd - 10, 1, 11},
      {kCopy, 0, kEnd - 2 * kPiece, 2 * kPiece + 1},
      {kCopy, kEnd - 2 * kPiece, 0, 2 * kPiece + 1},
      {kCopy, 1, 0, kEnd},
      {kCopy, 0, 1, kEnd},
      {kCopy, kLast - 100, 0, kLast},
      {kCopy, 0, kLast - 100, kLast},
      {kInit, 0, 0, kSegment + 1},
      {kInit, 1, kSegment - kPiece, kPiece + 1},
      {kInit, kEnd - kPiece, 0, kPiece + 1},
      {kInit, 0, kLast, kLast},
      {kInitSmall, 0, 0, 11},
      {kInitSmall, 0, 5, kPiece + 1},
  };
  for (const Act& act : acts) {
    MiniKernel kernel(engine());
    ASSERT_TRUE(kernel.start(acts_in_thread(), act.arguments()).ok());
    EXPECT_EQ(kernel.run(), 0);
    EXPECT_EQ(kernel.traps(), 1u) << act.operation << " " << act.to << " " << act.length;
    EXPECT_EQ(kernel.last_trap(), TrapKind::kMemoryOutOfBounds);
    EXPECT_TRUE(kernel.output() == before) << act.operation << " " << act.to << " " << act.length;
  }
}

// 256 MB take 10 ms at the very least.
TEST_F(BulkMemoryTest, StopsInBetween) {
  constexpr char kLarge[] = R"((memory 4096) (func (export "_start")
    (memory.fill (i32.const 0) (i32.const 7) (i32.sub (i32.const 268435456) (call $k_arg (i32.const 0))))
    (memory.copy (i32.const 1) (i32.const 0) (i32.sub (i32.const 268435455) (call $k_arg (i32.const 0))))
    (call $exit (i32.add (i32.load8_u (i32.const 0)) (i32.load8_u (i32.const 268435455))))))";
  const uint64_t before = engine().stats().preemptions;
  MiniKernel kernel(engine(), {.preempt = true});
  EXPECT_EQ(run(kernel, kLarge, {0}), 14);
  EXPECT_GT(engine().stats().preemptions, before + 10);
}

// Two children are stopped within their work again and again, while their parent forks others.
TEST_F(BulkMemoryTest, RelativesForkMeanwhile) {
  constexpr char kFamily[] = R"((memory 1024)
    (func $fill_and_look (param $byte i32) (param $other i32) (local $round i32)
      (loop $again
        (memory.fill (i32.const 65536) (local.get $byte) (i32.sub (i32.const 60000000) (call $k_arg (i32.const 0))))
        (memory.copy (i32.const 65537) (i32.const 65536) (i32.sub (i32.const 60000000) (call $k_arg (i32.const 0))))
        (if (i32.ne (i32.load8_u (i32.const 60000000)) (local.get $byte)) (then (call $exit (i32.const 90))))
        (local.set $round (i32.add (local.get $round) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $round) (i32.const 3))))
      (call $exit (local.get $other)))
    (func (export "_start") (local $sum i32) (local $count i32)
      (if (i32.eqz (call $fork)) (then (call $fill_and_look (i32.const 1) (i32.const 10))))
      (if (i32.eqz (call $fork)) (then (call $fill_and_look (i32.const 2) (i32.const 20))))
      (loop $more
        (if (i32.eqz (call $fork)) (then
          (call $exit (i32.add (i32.const 1) (i32.load8_u (i32.const 70000))))))
        (call $sched)
        (local.set $count (i32.add (local.get $count) (i32.const 1)))
        (br_if $more (i32.lt_u (local.get $count) (i32.const 30))))
      (local.set $count (i32.const 0))
      (loop $collect
        (local.set $sum (i32.add (local.get $sum) (call $wait)))
        (local.set $count (i32.add (local.get $count) (i32.const 1)))
        (br_if $collect (i32.lt_u (local.get $count) (i32.const 32))))
      (call $exit (local.get $sum))))";
  MiniKernel kernel(engine(), {.preempt = true});
  EXPECT_EQ(run(kernel, kFamily, {0}), 10 + 20 + 30);
}

TEST_F(BulkMemoryTest, AnyShapeOfModule) {
  EXPECT_EQ(run(R"((memory 1) (func (export "_start")
    (call $exit (i32.const 3)) (unreachable) (memory.fill) (memory.copy)))"),
            3);
  // Constants are lengths only where they stand right before.
  EXPECT_EQ(run(R"((memory 8) (func (export "_start")
    (i32.const 0) (i32.const 1) (i32.const 5)
    (if (param i32) (result i32) (i32.eqz (call $k_arg (i32.const 0)))
      (then (drop) (i32.const 300000)))
    (memory.fill)
    (call $exit (i32.load8_u (i32.const 299999)))))",
                {0}),
            1);
  // Without a type of its own, and with tables, tags and names behind the functions.
  EXPECT_EQ(run(R"((memory 8) (table 2 funcref) (elem (i32.const 0) $f $g) (tag $t)
    (func $f (param i32) (memory.fill (i32.const 0) (i32.const 4) (local.get 0)))
    (func $g (param i32) (memory.copy (i32.const 1) (i32.const 0) (local.get 0)))
    (func (export "_start")
      (call_indirect (param i32) (call $k_arg (i32.const 0)) (i32.const 0))
      (call_indirect (param i32) (call $k_arg (i32.const 0)) (i32.const 1))
      (call $exit (i32.load8_u (call $k_arg (i32.const 0))))))",
                {200000}),
            4);
}

}  // namespace
}  // namespace cloche::engine
