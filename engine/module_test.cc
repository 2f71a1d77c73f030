// What load() takes and what it refuses, and why.
#include "engine/module.h"

#include <algorithm>

#include "engine/testing/fixture.h"

namespace cloche::engine {
namespace {

class ModuleTest : public EngineFixture {
 protected:
  static Code refusal(std::span<const uint8_t> bytes, const ModuleLimits& limits = {}) {
    auto module = engine().load(bytes, limits);
    if (module.ok()) return Code::kInternal;
    EXPECT_FALSE(module.error().message.empty());
    return module.error().code;
  }
  static Code refusal(const std::string& text, const ModuleLimits& limits = {}) {
    return refusal(assemble(text), limits);
  }
};

constexpr char kGood[] = "(module (memory 1) (func (export \"_start\")))";

TEST_F(ModuleTest, KnowsTheModule) {
  auto bytes = guest(R"((memory 3 9) (func (export "_start")))");
  auto module = engine().load(bytes, {});
  ASSERT_TRUE(module.ok());
  EXPECT_EQ((*module)->initial_memory(), 3u * 65536);
  EXPECT_EQ((*module)->max_memory(), 9u * 65536);
  const std::vector<Import>& imports = (*module)->imports();
  ASSERT_EQ(imports.size(), 10u);
  EXPECT_EQ(imports[0].module + "." + imports[0].name + " " + imports[0].type, "k.fork ii:");
  EXPECT_EQ(engine().find((*module)->hash()), *module);
  EXPECT_EQ(*engine().load(bytes, {}), *module);
  EXPECT_EQ(engine().find({}), nullptr);
}

TEST_F(ModuleTest, LimitlessMemoryIsOnePageShortOfFourGigabytes) {
  auto module = engine().load(assemble(kGood), {});
  ASSERT_TRUE(module.ok());
  EXPECT_EQ((*module)->max_memory(), (4ull << 30) - 65536);
}

TEST_F(ModuleTest, MalformedBytes) {
  EXPECT_EQ(refusal(std::vector<uint8_t>{}), Code::kMalformed);
  EXPECT_EQ(refusal(std::vector<uint8_t>{0x7f, 'E', 'L', 'F'}), Code::kMalformed);
  EXPECT_EQ(refusal(std::vector<uint8_t>(1000, 0xff)), Code::kMalformed);
  // (The text of a module is not a module, although the C API can read it.)
  std::string text = kGood;
  EXPECT_EQ(refusal(std::vector<uint8_t>(text.begin(), text.end())), Code::kMalformed);
}

TEST_F(ModuleTest, EveryTruncationIsRefusedUnlessItIsAModule) {
  auto bytes = guest(R"((memory 3) (data (i32.const 8) "hello") (func (export "_start")))");
  size_t valid = 0;
  for (size_t size = 0; size < bytes.size(); ++size) {
    auto module = engine().load(std::span(bytes).first(size), {});
    if (module.ok()) {
      ++valid;
      continue;
    }
    EXPECT_TRUE(module.error().code == Code::kMalformed ||
                module.error().code == Code::kUnsupported)
        << size;
  }
  EXPECT_EQ(valid, 2u);  // without the names, and without the data and the names
}

TEST_F(ModuleTest, Limits) {
  auto bytes = assemble("(module (memory 10) (func (export \"_start\")))");
  EXPECT_EQ(refusal(bytes, {.max_bytes = bytes.size() - 1}), Code::kResourceExhausted);
  EXPECT_EQ(refusal(bytes, {.max_memory_pages = 9}), Code::kResourceExhausted);
  EXPECT_TRUE(engine().load(bytes, {.max_bytes = bytes.size(), .max_memory_pages = 10}).ok());
  // Also for a module that is there already.
  EXPECT_EQ(refusal(bytes, {.max_memory_pages = 9}), Code::kResourceExhausted);
  EXPECT_EQ(refusal("(module (memory 1) (table 1048577 funcref) (func (export \"_start\")))"),
            Code::kResourceExhausted);
  std::string globals;
  for (int i = 0; i < 1025; ++i) globals += "(global (mut i32) (i32.const 0))";
  EXPECT_EQ(refusal("(module (memory 1) " + globals + " (func (export \"_start\")))"),
            Code::kResourceExhausted);
  EXPECT_EQ(refusal("(module (memory 65536) (func (export \"_start\")))"),
            Code::kResourceExhausted);
}

// What would keep the compiler from being stopped for long: wasmtime/src/size.rs.
class FunctionSizeTest : public ModuleTest {
 protected:
  static std::string repeat(int count, const std::string& text) {
    std::string all;
    for (int i = 0; i < count; ++i) all += text;
    return all;
  }
  // Values of a type, as parameters or results.
  static std::string many(const char* what, int count) {
    return std::string("(") + what + repeat(count, " i32") + ")";
  }
  static std::string with(const std::string& body, const std::string& rest = "") {
    return "(module (memory 1) (func (export \"_start\")) " + rest + " (func " + body + "))";
  }
  static void expect_limit(const std::string& good, const std::string& bad) {
    auto module = engine().load(assemble(good), {});
    EXPECT_TRUE(module.ok()) << (module.ok() ? "" : module.error().message);
    EXPECT_EQ(refusal(bad), Code::kResourceExhausted);
  }
};

TEST_F(FunctionSizeTest, Bytes) {
  const auto nops = [](int count) { return with(repeat(count, "nop ")); };
  expect_limit(nops(524'286), nops(524'287));
}

TEST_F(FunctionSizeTest, Loops) {
  const auto loops = [](int depth) { return with(repeat(depth, "(loop ") + repeat(depth, ")")); };
  expect_limit(loops(16), loops(17));
  const auto rows = [](int count) { return with(repeat(count, "(loop (loop (loop)))")); };
  expect_limit(rows(5'461), rows(5'462));
}

TEST_F(FunctionSizeTest, Locals) {
  const auto reads = [](int count) {
    std::string body = "(local " + repeat(1'001, "i32 ") + ")";
    for (int i = 0; i < count; ++i) body += "(drop (local.get " + std::to_string(i) + "))";
    return with(body);
  };
  expect_limit(reads(1'000), reads(1'001));
}

TEST_F(FunctionSizeTest, Branches) {
  const auto tables = [](int targets) {
    const std::string all = repeat(targets, "0 ");
    return with(repeat(2, "(block (br_table " + all + " (i32.const 0)))"));
  };
  expect_limit(tables(32'767), tables(32'768));  // a block is one, too
}

TEST_F(FunctionSizeTest, BranchesTimesLocals) {
  const auto branches = [](int count, const std::string& read) {
    std::string reads;
    for (int i = 0; i < 1'000; ++i) reads += "(local.set 0 (local.get " + read + "))";
    std::string own = "(local " + repeat(1'000, "i32 ") + ")";
    for (int i = 0; i < 1'000; ++i) {
      const std::string local = read.empty() ? std::to_string(i) : read;
      own += "(drop (local.get " + local + "))";
    }
    return with(own + repeat(count, "(block)"));
  };
  expect_limit(branches(500, ""), branches(501, ""));
  expect_limit(branches(2'000, "7"), branches(501, ""));  // locals that are not read do not count
}

TEST_F(FunctionSizeTest, Values) {
  const std::string types =
      "(func $f " + many("param", 1'000) + " " + many("result", 1'000) + " unreachable) ";
  const auto calls = [&types](int count, const std::string& more) {
    return with(repeat(count, "(block unreachable (call $f) unreachable)") + more,
                types + "(func $g (param i32)) (func $h " + many("param", 72) + ")");
  };
  expect_limit(calls(65, "unreachable (br 0)"), calls(66, ""));
  const auto carried = [](int count) {
    return with("(block " + many("result", 1'000) + " unreachable " + repeat(count, "(br 0)") +
                ") unreachable");
  };
  expect_limit(carried(130), carried(131));
}

TEST_F(FunctionSizeTest, IndirectCalls) {
  const auto calls = [](int count) {
    return with(repeat(count, "(call_indirect (i32.const 0))"), "(table 1 funcref)");
  };
  expect_limit(calls(8'192), calls(8'193));
}

TEST_F(FunctionSizeTest, CallsTimesWhatCatches) {
  const auto calls = [](int count) {
    return with("(block $out (try_table " + repeat(128, "(catch_all $out)") +
                repeat(count, "(call 0)") + "))");
  };
  expect_limit(calls(128), calls(129));
}

TEST_F(ModuleTest, WhatForkCannotCarryIsRefused) {
  const std::string entry = "(func (export \"_start\"))";
  const std::string table = "(memory 1) (table $t 4 funcref) (elem $e func $f) (func $f) ";
  const std::vector<std::string> modules = {
      "(func (export \"_start\") (table.set $t (i32.const 0) (ref.null func)))",
      "(func (export \"_start\") (drop (table.grow $t (ref.null func) (i32.const 1))))",
      "(func (export \"_start\") (table.fill $t (i32.const 0) (ref.null func) (i32.const 1)))",
      "(func (export \"_start\") (table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 1)))",
      "(func (export \"_start\") (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1)))",
      "(func (export \"_start\") (elem.drop $e))",
      "(data $d \"x\") (func (export \"_start\") (data.drop $d))",
      "(global (mut funcref) (ref.null func))" + entry,
      "(global (mut externref) (ref.null extern))" + entry,
      "(start $f)" + entry,
      "(func (export \"cloche.memory\"))" + entry,
  };
  for (const std::string& module : modules) {
    EXPECT_EQ(refusal("(module " + table + module + ")"), Code::kUnsupported) << module;
  }
}

TEST_F(ModuleTest, OtherFeaturesAreRefused) {
  const std::string entry = "(func (export \"_start\"))";
  const std::vector<std::string> modules = {
      "(memory 1 2 shared)" + entry,                                       // threads
      "(memory 1) (func (drop (i32.atomic.load (i32.const 0))))" + entry,  // threads
      "(memory i64 1)" + entry,                                            // memory64
      "(memory 1) (memory 1)" + entry,                                     // multi-memory
      "(memory 1) (type (struct (field i32)))" + entry,                    // gc
      "(memory 1) (func (param anyref))" + entry,                          // gc
      "(memory 1) (type $t (func)) (func (param (ref $t)))" + entry,       // function refs
      "(memory 1) (func (drop (i8x16.relaxed_swizzle (v128.const i64x2 0 0) (v128.const i64x2 0 "
      "0))))" +
          entry,                                                                // relaxed SIMD
      "(memory 1) (global i32 (i32.add (i32.const 1) (i32.const 1)))" + entry,  // extended const
      "(memory 1 1 (pagesize 1))" + entry,                                      // page sizes
  };
  for (const std::string& module : modules) {
    EXPECT_EQ(refusal("(module " + module + ")"), Code::kUnsupported) << module;
  }
  EXPECT_EQ(refusal("(component)"), Code::kUnsupported);
}

TEST_F(ModuleTest, OnlyFunctionsCanBeImported) {
  for (const char* import :
       {"(memory 1)", "(table 1 funcref)", "(global i32)", "(global (mut i32))", "(tag)"}) {
    const std::string memory = std::string(import) == "(memory 1)" ? "" : "(memory 1)";
    EXPECT_EQ(refusal("(module (import \"k\" \"x\" " + std::string(import) + ") " + memory +
                      "(func (export \"_start\")))"),
              Code::kUnsupported)
        << import;
  }
  EXPECT_EQ(refusal("(module (import \"k\" \"x\" (func (param externref))) (memory 1)"
                    "(func (export \"_start\")))"),
            Code::kUnsupported);
}

TEST_F(ModuleTest, NeedsAnEntryAndAMemory) {
  EXPECT_EQ(refusal("(module (memory 1))"), Code::kUnsupported);
  EXPECT_EQ(refusal("(module (func (export \"_start\")))"), Code::kUnsupported);
  EXPECT_EQ(refusal("(module (memory 0) (func (export \"_start\")))"), Code::kUnsupported);
  EXPECT_EQ(refusal("(module (memory 1) (func (export \"_start\") (param i32)))"),
            Code::kUnsupported);
  EXPECT_EQ(refusal("(module (memory 1) (func (export \"_start\") (result i32) (i32.const 0)))"),
            Code::kUnsupported);
  EXPECT_EQ(refusal("(module (memory (export \"_start\") 1))"), Code::kUnsupported);
}

TEST_F(ModuleTest, DataMustLieInTheMemory) {
  EXPECT_EQ(
      refusal("(module (memory 1) (data (i32.const 65535) \"ab\") (func (export \"_start\")))"),
      Code::kMalformed);
  EXPECT_EQ(refusal("(module (memory 1) (data (i32.const -1) \"a\") (func (export \"_start\")))"),
            Code::kMalformed);
  EXPECT_TRUE(engine()
                  .load(assemble("(module (memory 1) (data (i32.const 65535) \"a\")"
                                 "(func (export \"_start\")))"),
                        {})
                  .ok());
}

// Active segments count as dropped when the program runs; passive ones stay usable, and indices of
// either stay what they were. Later segments overwrite earlier ones.
TEST_F(ModuleTest, SegmentsKeepTheirMeaning) {
  MiniKernel kernel(engine());
  EXPECT_EQ(run(kernel, R"((memory 1)
    (data $first (i32.const 0) "AAAA") (data $passive "BCD") (data $second (i32.const 2) "EE")
    (func (export "_start")
      (memory.init $passive (i32.const 4) (i32.const 1) (i32.const 2))
      (memory.init $first (i32.const 8) (i32.const 0) (i32.const 0))
      (call $k_write (i32.const 0) (i32.const 6))
      (memory.init $second (i32.const 8) (i32.const 0) (i32.const 1))
      (call $exit (i32.const 0))))"),
            MiniKernel::kTrapStatus);
  EXPECT_EQ(kernel.output(), "AAEECD");
  EXPECT_EQ(kernel.last_trap(), TrapKind::kMemoryOutOfBounds);
}

TEST_F(ModuleTest, DamagedDescriptionsAreMalformed) {
  auto module = engine().load(guest(R"((memory 1) (data (i32.const 5) "xyz")
    (func (export "_start")))"),
                              {});
  ASSERT_TRUE(module.ok());
  std::span<const uint8_t> good = static_cast<const ModuleImpl&>(**module).info().bytes();
  std::vector<uint8_t> bytes(good.begin(), good.end());
  auto accepts = [](std::span<const uint8_t> some) {
    return ModuleInfo::decode(SharedBytes::copy_of(some)).ok();
  };
  EXPECT_TRUE(accepts(bytes));
  for (size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(accepts(good.first(size)));
  bytes.push_back(0);
  EXPECT_FALSE(accepts(bytes));
  bytes.pop_back();
  for (size_t field : {0u, 4u, 12u, 24u, 32u, 36u}) {  // magic, version, memory, global, counts
    std::vector<uint8_t> damaged = bytes;
    std::fill_n(damaged.begin() + static_cast<ptrdiff_t>(field), 4, uint8_t{0x7f});
    EXPECT_FALSE(accepts(damaged)) << field;
  }
}

}  // namespace
}  // namespace cloche::engine
