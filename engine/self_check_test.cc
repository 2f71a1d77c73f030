#include "engine/self_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "engine/context.h"
#include "engine/testing/fixture.h"

namespace cloche::engine {
namespace {

TEST(SelfCheckTest, TheBytesAreThoseOfTheText) {
  std::ifstream file(CLOCHE_SELF_CHECK_WAT);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  std::vector<uint8_t> bytes = assemble(text);
  std::span<const uint8_t> built_in = self_check_guest();
  if (std::equal(bytes.begin(), bytes.end(), built_in.begin(), built_in.end())) return;
  std::string expected = "// Made from self_check_guest.wat; do not edit.\n";
  for (size_t i = 0; i < bytes.size(); ++i) {
    char byte[8];
    snprintf(byte, sizeof byte, "0x%02x,%s", bytes[i], i % 16 == 15 ? "\n" : " ");
    expected += byte;
  }
  ADD_FAILURE() << "self_check_guest.inc should be:\n" << expected;
}

TEST(SelfCheckTest, ProbeFindsThisHostGood) {
  std::vector<Finding> findings = Engine::probe("");
  EXPECT_GE(findings.size(), 15u);
  for (const Finding& finding : findings) {
    EXPECT_TRUE(finding.ok) << finding.name << ": " << finding.detail;
  }
}

TEST(SelfCheckTest, ProbeNamesABadCacheFolderAndGoesOn) {
  std::vector<Finding> findings = Engine::probe("relative");
  int bad = 0;
  for (const Finding& finding : findings) {
    if (finding.ok) continue;
    ++bad;
    EXPECT_EQ(finding.name, "code cache");
  }
  EXPECT_EQ(bad, 1);
  EXPECT_GE(findings.size(), 15u);
}

// Control of the method: the place that calibration found is really where wasmtime keeps its entry
// state. Were junk there harmless, the calibration would prove nothing.
class PoisonTest : public EngineFixture {};

TEST_F(PoisonTest, JunkInTheEntryStateIsFatal) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto poison = [](bool apply) {
    MiniKernel kernel(engine());
    ModuleRef module = load(R"((memory 1) (func (export "_start") (call $sched) (unreachable)))");
    if (!kernel.start(module, {}).ok()) abort();
    kernel.step();
    Slot& slot = static_cast<ContextImpl&>(kernel.context(1)).slot();
    auto* word = reinterpret_cast<uint64_t*>(const_cast<uint8_t*>(slot.layout().split()));
    const uint64_t split = reinterpret_cast<uintptr_t>(word);
    int found = 0;
    for (; word < reinterpret_cast<uint64_t*>(slot.stack().top() - 0x10); ++word) {
      if (*word != split) continue;
      ++found;
      if (apply) *word = 0xdeadbeefdeadbee8;
    }
    if (found == 0) abort();
    exit(kernel.run() == MiniKernel::kTrapStatus ? 0 : 1);
  };
  EXPECT_EXIT(poison(false), ::testing::ExitedWithCode(0), "");
  auto crashed = [](int status) { return WIFSIGNALED(status); };
  EXPECT_EXIT(poison(true), crashed, "");
}

}  // namespace
}  // namespace cloche::engine
