// What conditions demand for certain, and that a space which goes by it decides as if it did not.
#include <gtest/gtest.h>

#include <random>

#include "cap/caveats/where.h"
#include "cap/space.h"

namespace cloche::cap {
namespace {

constexpr Now kNow = {1'000'000, 1'000'000};

// Random conditions and parameters that have a fair chance to meet.
class Random {
 public:
  explicit Random(uint32_t seed) : random_(seed) {}

  uint32_t below(uint32_t limit) { return static_cast<uint32_t>(random_()) % limit; }
  std::string value() {
    static constexpr const char* kValues[] = {"0",
                                              "-0.0",
                                              "1",
                                              "1.0",
                                              "10e-1",
                                              "2",
                                              "1e-400",
                                              "-3",
                                              "99.5",
                                              "100",
                                              "1e2",
                                              "null",
                                              "true",
                                              "false",
                                              R"("")",
                                              R"("a")",
                                              R"("ab")",
                                              R"("abc")",
                                              R"("b")",
                                              R"("/d/x")",
                                              R"("/d")",
                                              R"("/dx")",
                                              "[]",
                                              "[1]",
                                              R"({"x": 1})",
                                              R"({"x": "ab", "0": 2})",
                                              R"([{"x": 1}, "ab"])"};
    return kValues[below(std::size(kValues))];
  }
  std::string parameters() {
    std::string text = "{\"a\": " + value();
    if (below(2) == 0) text += ", \"b\": " + value();
    if (below(2) == 0)
      text += ", \"o\": {\"x\": " + value() + ", \"0\": " + value() + "}";
    else if (below(2) == 0)
      text += ", \"o\": " + value();
    return text + "}";
  }
  std::string where() {
    std::string text = "{";
    for (const char* name : {"a", "b", "o", "o/x", "o/0", "o/*/x"}) {
      if (below(3) != 0) continue;
      text += (text.size() > 1 ? ", \"" : "\"") + std::string(name) + "\": " + conditions();
    }
    return text + "}";
  }

 private:
  std::string conditions() {
    if (below(8) == 0) return R"({"exists": true})";
    std::string text = "{";
    const uint32_t first = below(8);
    for (uint32_t op = first; op < std::min(first + 1 + below(3), 10u); ++op) {
      text += (text.size() > 1 ? ", " : "") + condition(op);
    }
    if (below(5) == 0) text += R"(, "optional": true)";
    return text + "}";
  }
  std::string condition(uint32_t op) {
    switch (op) {
      case 0:
        return "\"le\": " + std::to_string(below(4));
      case 1:
        return "\"gt\": " + std::to_string(static_cast<int>(below(4)) - 3);
      case 2:
        return "\"in\": [" + value() + ", " + value() + "]";
      case 3:
        return "\"eq\": " + value();
      case 4:
        return R"("starts_with": "a")";
      case 5:
        return R"("ends_with": "b")";
      case 6:
        return R"("under": "/d")";
      case 7:
        return "\"not\": {\"eq\": " + value() + "}";
      case 8:
        return R"("max_length": 2)";
      default:
        return "\"any\": [{\"eq\": " + value() + "}, {\"lt\": 1}]";
    }
  }

  std::mt19937 random_;
};

Json read(const std::string& text) {
  auto json = read_json(text);
  EXPECT_TRUE(json.ok()) << text;
  return std::move(json).value();
}

TEST(Demands, AreMetByWhateverIsAllowed) {
  Random random(1);
  int allowed = 0, unmet = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::string where = random.where(), text = random.parameters();
    const Others others = random.below(4) == 0 ? Others::kRefuse : Others::kAllow;
    const auto caveat = compile_where(read(where), others);
    if (!caveat.ok()) continue;  // contradicts itself
    const Json parameters = read(text);
    Request request;
    request.parameters = &parameters;
    const bool allows = (*caveat)->allows(request);
    allowed += allows;
    for (const Demand& demand : (*caveat)->demands()) {
      const bool met = demand.met_by(measure(value_at(&parameters, demand.path), demand.scale));
      ASSERT_TRUE(met || !allows) << where << " " << text;
      unmet += !met;
    }
  }
  EXPECT_GT(allowed, 1000);
  EXPECT_GT(unmet, 1000);
}

TEST(Demands, AreMadeOfTheOperatorsThatHaveThem) {
  const auto count = [](const char* where) {
    return compile_where(read(where), Others::kRefuse).value()->demands().size();
  };
  EXPECT_EQ(count(R"({"a": {"gt": 0, "le": 5}, "o/x": {"in": ["p", "q"]}})"), 3u);
  EXPECT_EQ(count(R"({"a": {"starts_with": "x", "ends_with": "y"}, "b": {"under": "/d"}})"), 3u);
  EXPECT_EQ(count(R"({"a": {"eq": 1, "optional": true}, "b": {"exists": true}})"), 0u);
  EXPECT_EQ(count(R"({"o": {"exists": true, "optional": false}, "o/x": {"eq": 1}})"), 1u);
  EXPECT_EQ(count(R"({"o": {"ne": 1, "optional": true}, "o/x": {"eq": 1}})"), 0u);
  EXPECT_EQ(count(R"({"l/0": {"eq": 1}, "m/*": {"eq": 1}})"), 0u);
  EXPECT_EQ(count(R"({"a": {"in": []}, "b": {"matches": "x"}, "c": {"not": {"eq": 1}}})"), 0u);
}

// The first of the capabilities that allows the request is charged; if none does, the refusal is
// that of the nearest. Said as plainly as can be: each is asked.
void check_against_each(Space& space, const std::vector<Capability>& held, const Request& request,
                        bool in_two_steps) {
  const Capability* first = nullptr;
  Denial nearest;
  for (const Capability& capability : held) {
    const auto denied = capability.check(request, kNow);
    if (!denied) {
      first = &capability;
      break;
    }
    if (denied->reason > nearest.reason) nearest = *denied;
  }
  const auto charge = [&]() -> Result<Use, Denial> {
    if (!in_two_steps) return space.charge(request, kNow, {});
    auto selection = space.select(request, kNow);
    if (!selection.ok()) return selection.error();
    return space.charge(std::move(*selection), kNow, {});
  };
  const auto use = charge();
  ASSERT_EQ(use.ok(), first != nullptr);
  if (use.ok()) {
    ASSERT_EQ(use->capability(), *first);
    return;
  }
  ASSERT_EQ(use.error().reason, nearest.reason);
  ASSERT_EQ(use.error().node, nearest.node);
  if (nearest.reason != Reason::kNoCapability) {
    ASSERT_EQ(use.error().text, nearest.text);
  }
}

TEST(Demands, MakeNoDifferenceToWhatIsAllowed) {
  Random random(2);
  int allowed = 0, denied = 0;
  for (int round = 0; round < 300; ++round) {
    Tree tree;
    const Capability root = tree.mint(Scope::tools("**").value()).value();
    Space space;
    std::vector<Capability> held;
    while (held.size() < 40) {
      Restriction restriction;
      const auto caveat = compile_where(read(random.where()), Others::kAllow);
      if (!caveat.ok()) continue;
      restriction.caveats.push_back(*caveat);
      static constexpr const char* kPatterns[] = {"t/a", "t/*", "**", "t/b"};
      restriction.scope = Scope::tools(kPatterns[random.below(4)]).value();
      if (random.below(3) == 0) restriction.budget.calls = random.below(3);
      if (random.below(9) == 0) restriction.expires_ns = kNow.realtime_ns;
      if (random.below(9) == 0) restriction.drop = Right::kInvoke;
      const Capability& parent = held.empty() || random.below(3) > 0 ? root : held.back();
      auto made = parent.derive(std::move(restriction));
      if (!made.ok()) continue;  // the parent was revoked
      held.push_back(std::move(made).value());
      ASSERT_TRUE(space.install(held.back()).ok());
      if (random.below(20) == 0) held.back().revoke();
    }
    for (int i = 0; i < 50; ++i) {
      const Json parameters = read(random.parameters());
      Request request;
      request.name = random.below(4) > 0 ? "t/a" : "t/b";
      request.parameters = &parameters;
      check_against_each(space, held, request, random.below(2) == 0);
      if (HasFatalFailure()) return;
      ++(space.check(request, kNow) ? denied : allowed);
    }
  }
  EXPECT_GT(allowed, 500);
  EXPECT_GT(denied, 500);
}

}  // namespace
}  // namespace cloche::cap
