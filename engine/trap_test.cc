// Traps end one context and no other.
#include "engine/testing/fixture.h"

namespace cloche::engine {
namespace {

struct TrapCase {
  const char* name;
  const char* code;
  TrapKind kind;
};

class TrapTest : public EngineFixture, public ::testing::WithParamInterface<TrapCase> {};

// The child traps while a sibling and the parent live on, twice, so that a second trap meets the
// call that the first one made anew.
TEST_P(TrapTest, EndsThatContextAlone) {
  const std::string body =
      R"((memory 1) (table 2 funcref) (type $pair (func (param i32) (result i32)))
    (tag $tag) (func $nothing) (elem (i32.const 0) $nothing) (global $zero (mut i32) (i32.const 0))
    (func $forever (param i32) (result i32)
      (i32.add (call $forever (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
    (func $trap )" +
      std::string(GetParam().code) + R"()
    (func (export "_start") (local $i i32) (local $sum i32)
      (loop $next
        (i32.store (i32.const 64) (i32.const 1000))
        (if (i32.eqz (call $fork)) (then
          (i32.store (i32.const 64) (i32.const 1)) (call $trap) (call $exit (i32.const 1))))
        (if (i32.eqz (call $fork)) (then (call $sched) (call $exit (i32.const 7))))
        (local.set $sum (i32.add (local.get $sum) (i32.add (call $wait) (call $wait))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $i) (i32.const 2))))
      (call $exit (i32.add (local.get $sum) (i32.load (i32.const 64))))))";
  MiniKernel kernel(engine());
  EXPECT_EQ(run(kernel, body), 2 * (128 + 7) + 1000);
  EXPECT_EQ(kernel.traps(), 2u);
  EXPECT_EQ(kernel.last_trap(), GetParam().kind) << kernel.trap_messages().back();
  EXPECT_FALSE(kernel.trap_messages().back().empty());
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, TrapTest,
    ::testing::Values(
        TrapCase{"unreachable", "(unreachable)", TrapKind::kUnreachable},
        TrapCase{"load", "(drop (i32.load (i32.const 0xfffffff0)))", TrapKind::kMemoryOutOfBounds},
        TrapCase{"store", "(i64.store (i32.const 65530) (i64.const 1))",
                 TrapKind::kMemoryOutOfBounds},
        TrapCase{"fill", "(memory.fill (i32.const 60000) (i32.const 1) (i32.const 6000))",
                 TrapKind::kMemoryOutOfBounds},
        TrapCase{"division", "(drop (i32.div_u (i32.const 1) (global.get $zero)))",
                 TrapKind::kDivisionByZero},
        TrapCase{
            "overflow",
            "(drop (i32.div_s (i32.const 0x80000000) (i32.sub (global.get $zero) (i32.const 1))))",
            TrapKind::kIntegerOverflow},
        TrapCase{"conversion", "(drop (i32.trunc_f64_s (f64.const nan)))",
                 TrapKind::kBadConversion},
        TrapCase{"stack", "(drop (call $forever (i32.const 0)))", TrapKind::kStackOverflow},
        TrapCase{"null_call", "(call_indirect (i32.const 1))", TrapKind::kBadIndirectCall},
        TrapCase{"outside_call", "(call_indirect (i32.const 5))", TrapKind::kBadIndirectCall},
        TrapCase{"signature", "(drop (call_indirect (type $pair) (i32.const 1) (i32.const 0)))",
                 TrapKind::kBadIndirectCall},
        TrapCase{"exception", "(throw $tag)", TrapKind::kUncaughtException}),
    [](const auto& test) { return test.param.name; });

class TrapOrderTest : public EngineFixture {};

// The first context of a slot traps: its relatives must find a working stack.
TEST_F(TrapOrderTest, TheParentMayTrapFirst) {
  auto module = load(R"((memory 1) (func (export "_start")
    (i32.store (i32.const 0) (i32.const 11))
    (call $sched)
    (if (i32.eq (call $k_arg (i32.const 0)) (i32.const 1)) (then (unreachable)))
    (call $exit (i32.load (i32.const 0)))))");
  MiniKernel kernel(engine());
  ASSERT_TRUE(kernel.start(module, {1}).ok());
  ASSERT_TRUE(kernel.step());
  auto child = kernel.context(1).fork();
  ASSERT_TRUE(child.ok());
  MiniKernel other(engine());  // answers k.arg with 0
  ASSERT_TRUE(other.start(module, {0}).ok());
  (*child)->set_user(other.context(1).user());
  EXPECT_EQ(kernel.run(), MiniKernel::kTrapStatus);
  kernel.clear();  // the parent is gone, its slot is the child's alone
  EXPECT_EQ((*child)->run().reason, Stop::Reason::kSuspended);
  EXPECT_EQ(other.requested_status(), 11);
}

}  // namespace
}  // namespace cloche::engine
