#include "cap/index/sieve.h"

#include <gtest/gtest.h>

namespace cloche::cap {
namespace {

constexpr Scale kOrder = {Scale::Kind::kOrder, 0}, kWhole = {Scale::Kind::kWhole, 0};

Measure measure_of(const std::string& text, const Scale& scale) {
  const auto value = read_json(text);
  EXPECT_TRUE(value.ok()) << text;
  return measure(&*value, scale);
}

TEST(Measure, KindsAreInOrderOnEveryScale) {
  for (const Scale& scale :
       {kOrder, kWhole, Scale{Scale::Kind::kPrefix, 3}, Scale{Scale::Kind::kSuffix, 3}}) {
    Measure last = measure(nullptr, scale);
    EXPECT_EQ(last, 0u);
    for (const char* text :
         {"null", "false", "true", "-1e308", "1e308", "\"\"", "[]", R"({"a": 1})"}) {
      EXPECT_GT(measure_of(text, scale), last) << text;
      last = measure_of(text, scale);
    }
  }
  EXPECT_TRUE(kind_range(Json::Kind::kNumber).contains(measure_of("-1e308", kOrder)));
  EXPECT_TRUE(kind_range(Json::Kind::kNumber).contains(measure_of("1e308", kOrder)));
  EXPECT_FALSE(kind_range(Json::Kind::kNumber).contains(measure_of("true", kOrder)));
  EXPECT_FALSE(kind_range(Json::Kind::kNumber).contains(measure_of("\"1\"", kOrder)));
}

TEST(Measure, NumbersKeepTheirOrder) {
  const char* const kAscending[] = {"-1.7e308",
                                    "-9007199254740993",
                                    "-9007199254740992",
                                    "-1.5",
                                    "-1",
                                    "-1e-300",
                                    "-1e-400",
                                    "0",
                                    "1e-400",
                                    "5e-324",
                                    "0.1",
                                    "1",
                                    "1.5",
                                    "2",
                                    "1e2",
                                    "9007199254740992",
                                    "9007199254740993",
                                    "1e300"};
  Measure last = 0;
  for (const char* text : kAscending) {
    EXPECT_GE(measure_of(text, kOrder), last) << text;
    last = measure_of(text, kOrder);
  }
  EXPECT_LT(measure_of("-1", kOrder), measure_of("1", kOrder));
  EXPECT_LT(measure_of("99.5", kOrder), measure_of("100", kOrder));
}

TEST(Measure, EqualNumbersAreOneHoweverWritten) {
  EXPECT_EQ(measure_of("1", kOrder), measure_of("1.000", kOrder));
  EXPECT_EQ(measure_of("100", kOrder), measure_of("1E+2", kOrder));
  EXPECT_EQ(measure_of("0", kOrder), measure_of("-0.0e5", kOrder));
  EXPECT_EQ(measure_of("0", kOrder), measure_of("-1e-999999", kOrder));
}

TEST(Measure, StringsByWhatTheScaleLooksAt) {
  const std::string longer(300, 'x');
  EXPECT_EQ(measure_of("\"a\"", kOrder), measure_of("\"b\"", kOrder));
  EXPECT_EQ(measure_of("\"ab\"", kWhole), measure_of("\"a\\u0062\"", kWhole));
  EXPECT_NE(measure_of("\"ab\"", kWhole), measure_of("\"ba\"", kWhole));
  EXPECT_NE(measure_of('"' + longer + '"', kWhole), measure_of('"' + longer + "x\"", kWhole));
  const Scale prefix = {Scale::Kind::kPrefix, 2}, suffix = {Scale::Kind::kSuffix, 2};
  EXPECT_EQ(measure_of("\"abc\"", prefix), measure_of("\"abd\"", prefix));
  EXPECT_NE(measure_of("\"abc\"", prefix), measure_of("\"bbc\"", prefix));
  EXPECT_NE(measure_of("\"a\"", prefix), measure_of("\"ab\"", prefix));
  EXPECT_EQ(measure_of("\"abc\"", suffix), measure_of("\"xbc\"", suffix));
  EXPECT_NE(measure_of("\"c\"", suffix), measure_of("\"bc\"", suffix));
}

Demand number(const char* name, const char* least, const char* most) {
  return {{name}, kOrder, {{measure_of(least, kOrder), measure_of(most, kOrder)}}};
}

TEST(Sieve, PassesThoseWhoseDemandsAreAllMet) {
  const Demand small = number("a", "0", "9"), large = number("a", "10", "99");
  const Demand other = number("b", "1", "1");
  Demand either = number("a", "5", "5");
  either.ranges.push_back(number("a", "50", "50").ranges[0]);
  Sieve sieve;
  sieve.add({&small});
  sieve.add({});
  sieve.add({&large});
  sieve.add({&large, &other});
  sieve.add({&either});
  const auto pass = [&sieve](const std::string& text) {
    const auto parameters = read_json(text);
    EXPECT_TRUE(parameters.ok()) << text;
    return sieve.pass(&*parameters);
  };
  using Numbers = std::vector<uint32_t>;
  EXPECT_EQ(pass(R"({"a": 1})"), (Numbers{0, 1}));
  EXPECT_EQ(pass(R"({"a": 5.0})"), (Numbers{0, 1, 4}));
  EXPECT_EQ(pass(R"({"a": 20, "b": 1})"), (Numbers{1, 2, 3}));
  EXPECT_EQ(pass(R"({"a": 50, "b": 2})"), (Numbers{1, 2, 4}));
  EXPECT_EQ(pass(R"({"a": "5"})"), (Numbers{1}));
  EXPECT_EQ(pass("{}"), (Numbers{1}));
  EXPECT_EQ(pass("[1]"), (Numbers{1}));
  EXPECT_EQ(sieve.pass(nullptr), (Numbers{1}));
}

TEST(Sieve, FollowsPathsThroughObjectsOnly) {
  Demand deep = number("x", "1", "1");
  deep.path = {"o", "x"};
  Sieve sieve;
  sieve.add({&deep});
  for (const auto& [text, passes] :
       std::vector<std::pair<const char*, bool>>{{R"({"o": {"x": 1}})", true},
                                                 {R"({"x": 1})", false},
                                                 {R"({"o": 1})", false},
                                                 {R"({"o": [{"x": 1}]})", false},
                                                 {R"({"o": {"x": 2}})", false}}) {
    const auto parameters = read_json(text);
    ASSERT_TRUE(parameters.ok());
    EXPECT_EQ(sieve.pass(&*parameters).size(), passes ? 1u : 0u) << text;
  }
}

TEST(Sieve, LooksAtSoManyDemandsAndNoMore) {
  std::vector<Demand> demands;
  for (size_t i = 0; i < Sieve::kMaxChecks; ++i) demands.push_back(number("a", "1", "1"));
  demands.push_back(number("b", "0", "1000000"));  // the widest: left out
  std::vector<const Demand*> all;
  for (const Demand& demand : demands) all.push_back(&demand);
  Sieve sieve;
  sieve.add(all);
  const auto parameters = read_json(R"({"a": 1, "b": -1})");
  EXPECT_EQ(sieve.pass(&*parameters).size(), 1u);
}

}  // namespace
}  // namespace cloche::cap
