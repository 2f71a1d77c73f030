#include "cap/caveats/grant.h"

#include <gtest/gtest.h>

namespace cloche::cap {
namespace {

constexpr const char* kTransfer = R"({"tool": "payments/transfer",
    "where": {"amount": {"gt": 0, "le": 100}}, "calls": 3, "bytes": 1000,
    "rate": {"calls": 10, "per": "1m"}, "expires": "2027-01-01T00:00:00Z"})";

std::string mistakes(std::string_view text) {
  auto grant = compile_grant(read_json(text).value(), "/tools/0");
  if (grant.ok()) return "";
  std::string out;
  for (const Mistake& mistake : grant.error()) {
    out += (out.empty() ? "" : "\n") + mistake.pointer;
    if (!mistake.suggestion.empty()) out += " -> " + mistake.suggestion;
  }
  return out;
}

TEST(Grant, TheExampleOfTheInterface) {
  const Grant whole = compile_grant(read_json(kTransfer).value()).value();
  const Restriction& grant = whole.restriction;
  EXPECT_EQ(whole.scope.text(), "payments/transfer");
  EXPECT_EQ(whole.audit, AuditParameters::kWhole);
  EXPECT_TRUE(grant.scope && grant.scope->text() == "payments/transfer");
  EXPECT_EQ(grant.budget.calls, 3u);
  EXPECT_EQ(grant.budget.bytes, 1000u);
  const Rate rate = grant.budget.rate.value_or(Rate());
  EXPECT_EQ(rate.calls, 10u);
  EXPECT_EQ(rate.per_ns, 60'000'000'000);
  EXPECT_EQ(grant.expires_ns, 1'798'761'600'000'000'000);
  EXPECT_EQ(grant.caveats.size(), 1u);
  EXPECT_TRUE(grant.drop.empty());
}

TEST(Grant, InWords) {
  const auto words = [](std::string_view text) {
    return compile_grant(read_json(text).value())->words;
  };
  EXPECT_EQ(
      words(kTransfer),
      "may call payments/transfer at most 3 times, with at most 1000 bytes in all, at most 10 "
      "times in 1m, until 2027-01-01T00:00:00Z, with amount above 0 up to 100");
  EXPECT_EQ(words(R"({"tool": "catalog/*", "calls": 1})"),
            "may call catalog/* at most 1 time, with no parameters");
  EXPECT_EQ(words(R"({"tool": "a", "others": "allow"})"), "may call a with any parameters");
}

TEST(Grant, WithoutWhereThereAreNoParameters) {
  const Restriction grant =
      compile_grant(read_json(R"({"tool": "a"})").value()).value().restriction;
  const Json parameters = read_json(R"({"x": 1})").value();
  Request request;
  request.name = "a";
  EXPECT_TRUE(grant.caveats[0]->allows(request));
  request.parameters = &parameters;
  EXPECT_FALSE(grant.caveats[0]->allows(request));
}

TEST(Grant, SaysHowToAudit) {
  const auto audit = [](std::string_view text) {
    return compile_grant(read_json(text).value())->audit;
  };
  EXPECT_EQ(audit(R"({"tool": "a", "audit": "hashed"})"), AuditParameters::kHashed);
  EXPECT_EQ(audit(R"({"tool": "a", "audit": "redacted"})"), AuditParameters::kRedacted);
  EXPECT_EQ(audit(R"({"tool": "a", "audit": "whole"})"), AuditParameters::kWhole);
}

TEST(Grants, KeepTheirOrderAndFailTogether) {
  const auto compile = [](std::string_view text) {
    return compile_grants(read_json(text).value(), "/tools");
  };
  const auto grants = compile(R"([{"tool": "b"}, {"tool": "a"}])");
  ASSERT_TRUE(grants.ok());
  EXPECT_EQ(grants.value()[0].scope.text(), "b");
  EXPECT_EQ(grants.value()[1].scope.text(), "a");
  EXPECT_TRUE(compile("[]")->empty());
  EXPECT_EQ(compile("{}").error()[0].pointer, "/tools");
  const auto wrong = compile(R"([{"tool": "a"}, {"tool": "a", "cals": 1}, 5])");
  ASSERT_EQ(wrong.error().size(), 2u);
  EXPECT_EQ(describe(wrong.error()[0]),
            "/tools/1/cals: there is no key \"cals\" here; did you mean \"calls\"?");
  EXPECT_EQ(describe(wrong.error()[1]), "/tools/2: a grant is an object with a \"tool\"");
}

TEST(Grant, FindsEveryMistake) {
  EXPECT_EQ(mistakes(R"({"toool": "a", "cals": 1})"),
            "/tools/0/tool\n/tools/0/toool -> tool\n/tools/0/cals -> calls");
  EXPECT_EQ(mistakes(R"({"tool": "A//b", "where": {"x": {"qe": 1}}, "others": "alow", "calls": -1,
                         "rate": {"calls": 1, "per": "1y"}, "expires": "tomorrow"})"),
            "/tools/0/tool\n/tools/0/where/x/qe -> eq\n/tools/0/others\n/tools/0/calls\n"
            "/tools/0/rate/per\n/tools/0/expires");
  for (const char* text : {"[]",
                           "null",
                           "{}",
                           R"({"tool": 1})",
                           R"({"tool": ""})",
                           R"({"tool": "a", "where": []})",
                           R"({"tool": "a", "where": null})",
                           R"({"tool": "a", "others": true})",
                           R"({"tool": "a", "calls": 1.5})",
                           R"({"tool": "a", "calls": "3"})",
                           R"({"tool": "a", "calls": null})",
                           R"({"tool": "a", "calls": 1e3})",
                           R"({"tool": "a", "calls": 1000000000000000000})",
                           R"({"tool": "a", "bytes": -0.0})",
                           R"({"tool": "a", "rate": 5})",
                           R"({"tool": "a", "rate": {}})",
                           R"({"tool": "a", "rate": {"calls": 1}})",
                           R"({"tool": "a", "rate": {"calls": 65537, "per": "1s"}})",
                           R"({"tool": "a", "rate": {"calls": 1, "per": "0s"}})",
                           R"({"tool": "a", "rate": {"calls": 1, "per": 60}})",
                           R"({"tool": "a", "rate": {"calls": 1, "per": "1m", "burst": 5}})",
                           R"({"tool": "a", "expires": 5})",
                           R"({"tool": "a", "Calls": 1})",
                           R"({"tool": "a", "audit": "none"})",
                           R"({"tool": "a", "audit": 1})"}) {
    EXPECT_NE(mistakes(text), "") << text;
  }
}

TEST(Duration, HasAUnit) {
  EXPECT_EQ(parse_duration("0s"), 0);
  EXPECT_EQ(parse_duration("15ns"), 15);
  EXPECT_EQ(parse_duration("2us"), 2000);
  EXPECT_EQ(parse_duration("3ms"), 3'000'000);
  EXPECT_EQ(parse_duration("1h"), 3'600'000'000'000);
  for (const char* text :
       {"", "s", "1", "1 s", "-1s", "1.5s", "1d", "1S", "1ss", "9999999999999999h"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Time, IsRfc3339) {
  EXPECT_EQ(parse_time("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_time("2000-02-29T12:34:56Z"), 951'827'696'000'000'000);
  EXPECT_EQ(parse_time("2000-03-01t00:00:00.5z"), 951'868'800'500'000'000);
  EXPECT_EQ(parse_time("2026-11-24T22:05:16+01:00"), 1'795'554'316'000'000'000);
  EXPECT_EQ(parse_time("2026-11-24T20:05:16-01:00"), parse_time("2026-11-24T21:05:16Z"));
  EXPECT_GT(parse_time("2261-12-31T23:59:59.999999999Z"), 9'000'000'000'000'000'000);
  for (const char* text :
       {"", "2027", "2027-01-01", "2027-01-01T00:00:00", "2027-01-01 00:00:00Z",
        "2027-02-29T00:00:00Z", "2027-13-01T00:00:00Z", "2027-00-01T00:00:00Z",
        "2027-01-32T00:00:00Z", "2027-01-01T24:00:00Z", "2027-01-01T00:00:60Z",
        "2027-01-01T00:00:00.Z", "2027-01-01T00:00:00.1234567890Z", "2027-01-01T00:00:00ZZ",
        "2027-01-01T00:00:00+1:00", "1969-12-31T23:59:59Z", "2262-01-01T00:00:00Z",
        "+027-01-01T00:00:00Z"}) {
    EXPECT_EQ(parse_time(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace cloche::cap
