#include "policy/policy.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

#include "cap/caveats/predicate.h"
#include "policy/words.h"

namespace cloche::policy {
namespace {

constexpr cap::Now kNow = {1'700'000'000'000'000'000, 1};

// The example of the interface.
constexpr const char* kExample = R"({ "version": 1,
  "tools": [ { "tool": "payments/transfer",
               "where": { "amount": { "gt": 0, "le": 100 }, "currency": { "in": ["EUR", "USD"] },
                          "to/iban": { "starts_with": "DE" },
                          "note": { "max_length": 80, "optional": true } },
               "calls": 3, "rate": { "calls": 10, "per": "1m" }, "expires": "2027-01-01T00:00:00Z" },
             { "tool": "catalog/*", "calls": 100 } ],
  "mounts": [ { "host": "./data", "guest": "/data", "mode": "ro" } ],
  "env": { "LANG": "C.UTF-8" },
  "limits": { "cpu.time": "5s", "cpu.weight": 50, "cpu.max": "0.5", "cpuset": "0-1",
              "memory.max": "256M", "pids.max": 64 },
  "clock": { "resolution": "1ms" },
  "random": { "seed": "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F" } })";

// Every mistake, one a line.
std::string mistakes(std::string_view text) {
  auto policy = read_policy(text);
  if (policy.ok()) return "";
  std::string out;
  for (const cap::Mistake& mistake : policy.error()) {
    out += (out.empty() ? "" : "\n") + locate(mistake, "p.json", text);
  }
  return out;
}

std::string with_limit(const std::string& name, const std::string& value) {
  return "{\"version\":1,\"limits\":{\"" + name + "\":" + value + "}}";
}

uint64_t limit_value(const std::string& name, const std::string& value) {
  auto policy = read_policy(with_limit(name, value));
  return policy.ok() ? policy->limit(name)->value : UINT64_MAX;
}

TEST(Policy, TheExampleOfTheInterface) {
  EXPECT_EQ(mistakes(kExample), "");
  const Policy policy = read_policy(kExample).value();
  EXPECT_EQ(policy.tools.size(), 2u);
  EXPECT_EQ(policy.mounts[0].host, "./data");
  EXPECT_EQ(policy.mounts[0].guest, "/data");
  EXPECT_EQ(policy.env[0].second, "C.UTF-8");
  EXPECT_EQ(policy.limit("cpu.time")->value, 5'000'000'000u);
  EXPECT_EQ(policy.limit("cpu.max")->value, 500u);
  EXPECT_EQ(policy.limit("memory.max")->value, 256u << 20);
  EXPECT_EQ(policy.limit("cpuset")->cores, (std::vector<std::pair<uint32_t, uint32_t>>{{0, 1}}));
  EXPECT_EQ(policy.limit("output.max"), nullptr);
  EXPECT_EQ(policy.clock->ns, 1'000'000);
  EXPECT_EQ((*policy.random_seed)[31], 0x1f);
}

TEST(Policy, InWords) {
  EXPECT_EQ(
      describe(read_policy(kExample).value()),
      (std::vector<std::string>{
          "may call payments/transfer at most 3 times, at most 10 times in 1m, until "
          "2027-01-01T00:00:00Z, with amount above 0 up to 100, currency one of \"EUR\", \"USD\", "
          "to/iban beginning with \"DE\", note at most 80 long or absent",
          "may call catalog/* at most 100 times, with no parameters",
          "may read /data, which is ./data of the host", "has the variable LANG=C.UTF-8",
          "limit cpu.time, CPU time of a run: at most 5s",
          "limit cpu.weight, share of busy cores (100 is usual): 50",
          "limit cpu.max, cores at a time: at most 0.5", "limit cpuset, cores it may run on: 0-1",
          "limit memory.max, memory of all processes: at most 256M",
          "limit pids.max, processes and threads: at most 64",
          "reads clocks that are rounded down to 1ms",
          "gets random numbers that follow from the seed "
          "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f, in every run the "
          "same"}));
  EXPECT_EQ(describe(read_policy(R"({"version":1})").value()),
            (std::vector<std::string>{"may call no tools", "sees no files of the host"}));
}

TEST(Policy, AsJson) {
  const auto json = read_json(describe_json(read_policy(kExample).value()));
  ASSERT_TRUE(json.ok());
  EXPECT_TRUE(json->find("ok")->boolean);
  EXPECT_EQ(json->find("tools")->items[1].find("tool")->text, "catalog/*");
  EXPECT_EQ(json->find("mounts")->items[0].find("mode")->text, "ro");
  EXPECT_EQ(json->find("limits")->find("cpu.max")->text, "0.5");
  EXPECT_EQ(json->find("clock")->find("resolution")->text, "1ms");
  EXPECT_EQ(json->find("random")->find("seed")->text.size(), 64u);
  EXPECT_EQ(json->find("words")->items.size(), 12u);
  const auto least = read_json(describe_json(read_policy(R"({"version":1})").value()));
  EXPECT_TRUE(least->find("clock")->is(Json::Kind::kNull));
  EXPECT_TRUE(least->find("random")->is(Json::Kind::kNull));
  const std::string text = "{\"version\":1,\n \"tols\": []}";
  EXPECT_EQ(mistakes_json(read_policy(text).error(), text),
            R"({"ok":false,"mistakes":[{"line":2,"column":2,"pointer":"/tols",)"
            R"("message":"there is no key \"tols\" here","suggestion":"tools"}]})");
}

TEST(Policy, FindsEveryMistakeWithItsPlace) {
  EXPECT_EQ(
      mistakes(
          "{\"version\": 2,\n \"tools\": [{\"tool\": \"a\", \"where\": {\"x\": {\"gte\": 1}}}],\n"
          " \"mounts\": [{\"host\": \"d\", \"gest\": \"/d\"}],\n \"env\": {\"A-B\": \"\"},\n"
          " \"limits\": {\"memory.mx\": 5, \"pids.max\": \"64\"}}"),
      "p.json:1:13: /version: \"version\" must be 1\n"
      "p.json:2:42: /tools/0/where/x/gte: there is no operator \"gte\"; did you mean \"ge\"?\n"
      "p.json:3:13: /mounts/0/guest: \"guest\" must be a path\n"
      "p.json:3:27: /mounts/0/gest: there is no key \"gest\" here; did you mean \"guest\"?\n"
      "p.json:4:10: /env/A-B: a variable's name has letters, digits and _ and begins with no "
      "digit\n"
      "p.json:5:13: /limits/memory.mx: there is no key \"memory.mx\" here; did you mean "
      "\"memory.max\"?\n"
      "p.json:5:41: /limits/pids.max: \"pids.max\" must be a whole number from 1 to 1000000");
  EXPECT_EQ(mistakes("{\"version\": 1,}").substr(0, 12), "p.json:1:15:");
  EXPECT_EQ(mistakes(R"({"version":1,"env":{"A":"1","A":"2"}})"),
            "p.json:1:29: /env/A: the name \"A\" occurs twice");
}

TEST(Policy, RefusesWhatItDoesNotKnow) {
  for (const char* text :
       {"",
        "[]",
        "null",
        "{}",
        R"({"version": "1"})",
        R"({"version": 1.0})",
        R"({"version": 1, "tools": {}})",
        R"({"version": 1, "tools": [null]})",
        R"({"version": 1, "tools": null})",
        R"({"version": 1, "mounts": {}})",
        R"({"version": 1, "mounts": ["a:b"]})",
        R"({"version": 1, "mounts": [{"guest": "/d"}]})",
        R"({"version": 1, "mounts": [{"host": "", "guest": "/d"}]})",
        R"({"version": 1, "mounts": [{"host": "d", "guest": "d"}]})",
        R"({"version": 1, "mounts": [{"host": "d", "guest": "/d/../e"}]})",
        R"({"version": 1, "mounts": [{"host": "d\u0000", "guest": "/d"}]})",
        R"({"version": 1, "mounts": [{"host": "d", "guest": "/d", "mode": "RW"}]})",
        R"({"version": 1, "mounts": [{"host": "d", "guest": "/d"}, {"host": "e", "guest": "/d"}]})",
        R"({"version": 1, "env": []})",
        R"({"version": 1, "env": {"A": 1}})",
        R"({"version": 1, "env": {"": "x"}})",
        R"({"version": 1, "env": {"A": "x\u0000"}})",
        R"({"version": 1, "env": {"1A": "x"}})",
        R"({"version": 1, "limits": []})",
        R"({"version": 1, "network": true})"}) {
    EXPECT_NE(mistakes(text), "") << text;
  }
}

TEST(Limits, HaveUnitsAndRanges) {
  EXPECT_EQ(limit_value("wall.time", "\"90s\""), 90'000'000'000u);
  EXPECT_EQ(limit_value("memory.max", "\"1G\""), 1u << 30);
  EXPECT_EQ(limit_value("memory.max", "4096"), 4096u);
  EXPECT_EQ(limit_value("disk.max", "\"12B\""), 12u);
  EXPECT_EQ(limit_value("cpu.max", "\"2\""), 2000u);
  EXPECT_EQ(limit_value("cpu.max", "0.25"), 250u);
  EXPECT_EQ(limit_value("cpu.weight", "10000"), 10'000u);
  EXPECT_EQ(limit_value("open_files.max", "65536"), 65'536u);
  EXPECT_EQ(limit_value("timers.max", "1"), 1u);
  EXPECT_EQ(limit_value("watches.max", "1000000"), 1'000'000u);
  for (const auto& [name, value] :
       std::vector<std::pair<const char*, const char*>>{{"cpu.time", "\"0s\""},
                                                        {"cpu.time", "5"},
                                                        {"cpu.time", "\"5\""},
                                                        {"cpu.time", "\"1d\""},
                                                        {"cpu.time", "\"9000h\""},
                                                        {"memory.max", "\"0\""},
                                                        {"memory.max", "0"},
                                                        {"memory.max", "-1"},
                                                        {"memory.max", "1.5"},
                                                        {"memory.max", "\"1T\""},
                                                        {"memory.max", "\"M\""},
                                                        {"memory.max", "\"1MB\""},
                                                        {"memory.max", "\"999999999G\""},
                                                        {"memory.max", "null"},
                                                        {"pids.max", "0"},
                                                        {"pids.max", "\"64\""},
                                                        {"pids.max", "1000001"},
                                                        {"pids.max", "1e3"},
                                                        {"cpu.weight", "10001"},
                                                        {"cpu.weight", "true"},
                                                        {"cpu.max", "\"0\""},
                                                        {"cpu.max", "\"0.0001\""},
                                                        {"cpu.max", "\"1.\""},
                                                        {"cpu.max", "\".5\""},
                                                        {"cpu.max", "\"1.2.3\""},
                                                        {"cpu.max", "\"1025\""},
                                                        {"cpu.max", "5e-1"},
                                                        {"cpuset", "\"\""},
                                                        {"cpuset", "0"},
                                                        {"cpuset", "\"1-0\""},
                                                        {"cpuset", "\"0,\""},
                                                        {"cpuset", "\"0-\""},
                                                        {"cpuset", "\"1024\""},
                                                        {"cpuset", "\"0 1\""},
                                                        {"output.over", "\"drop\""},
                                                        {"output.over", "true"},
                                                        {"open_files.max", "65537"}}) {
    const std::string text = mistakes(with_limit(name, value));
    EXPECT_NE(text.find("must be"), std::string::npos) << name << value << text;
  }
}

int64_t resolution(const std::string& value) {
  auto policy = read_policy("{\"version\":1,\"clock\":{\"resolution\":" + value + "}}");
  return policy.ok() ? policy->clock->ns : 0;
}

TEST(ClockAndRandom, HaveUnitsAndRanges) {
  EXPECT_EQ(resolution("\"1ns\""), 1);
  EXPECT_EQ(resolution("\"100us\""), 100'000);
  EXPECT_EQ(resolution("\"1s\""), 1'000'000'000);
  EXPECT_EQ(resolution("\"1000ms\""), 1'000'000'000);
  for (const char* value : {"\"0ns\"", "\"1001ms\"", "\"2s\"", "\"1m\"", "\"1\"", "\"\"", "\"ms\"",
                            "\"-1ms\"", "\"+1ms\"", "\"1.5ms\"", "\"1 ms\"", "\"1MS\"", "1", "0",
                            "null", "[]", "true", "\"99999999999999999999ns\""}) {
    EXPECT_EQ(resolution(value), 0) << value;
  }
  EXPECT_EQ(
      mistakes("{\"version\": 1,\n \"clok\": {\"resolution\": \"1ms\"},\n"
               " \"clock\": {\"resolutoin\": \"1ms\"},\n"
               " \"random\": {\"seed\": \"12\", \"sed\": 1}}"),
      "p.json:2:2: /clok: there is no key \"clok\" here; did you mean \"clock\"?\n"
      "p.json:3:11: /clock/resolution: \"resolution\" must be a time from \"1ns\" to \"1s\" "
      "like \"1ms\": a whole number and ns, us, ms or s\n"
      "p.json:3:12: /clock/resolutoin: there is no key \"resolutoin\" here; did you mean "
      "\"resolution\"?\n"
      "p.json:4:21: /random/seed: \"seed\" must be 64 hexadecimal digits, which are 32 bytes\n"
      "p.json:4:27: /random/sed: there is no key \"sed\" here; did you mean \"seed\"?");
  for (const char* text :
       {R"({"version": 1, "clock": "1ms"})", R"({"version": 1, "clock": {}})",
        R"({"version": 1, "clock": null})", R"({"version": 1, "random": {}})",
        R"({"version": 1, "random": "00"})", R"({"version": 1, "random": {"seed": 5}})",
        R"({"version": 1, "random": {"seed": null}})"}) {
    EXPECT_NE(mistakes(text), "") << text;
  }
}

TEST(Call, IsAnsweredAsASandboxWould) {
  const Policy policy = read_policy(kExample).value();
  const auto answer = [&policy](const char* tool, const char* parameters, cap::Now now = kNow) {
    return answer_json(check_call(policy, tool, read_json(parameters).value(), 10, now));
  };
  constexpr const char* kGood = R"({"amount": 5, "currency": "EUR", "to": {"iban": "DE1"}})";
  EXPECT_EQ(answer("payments/transfer", kGood), R"({"allowed":true,"reason":null,"message":null})");
  EXPECT_EQ(
      answer("payments/transfer", R"({"amount": 500, "currency": "EUR", "to": {"iban": "DE1"}})"),
      R"({"allowed":false,"reason":"caveat","message":"amount must be up to 100, is 500"})");
  EXPECT_EQ(
      answer("payments/refund", kGood),
      R"({"allowed":false,"reason":"no_capability","message":"no capability for payments/refund"})");
  EXPECT_EQ(answer("payments/transfer", kGood, {1'800'000'000'000'000'000, 1}),
            R"({"allowed":false,"reason":"expired","message":"the capability has expired"})");
  EXPECT_EQ(answer("catalog/list", "{}"), R"({"allowed":true,"reason":null,"message":null})");
  EXPECT_NE(answer("catalog/list", R"({"page": 1})").find("page is not among"), std::string::npos);
  EXPECT_NE(answer("Catalog/list", "{}").find("no_capability"), std::string::npos);
}

TEST(Install, IsAllOrNothing) {
  const Policy policy = read_policy(kExample).value();
  cap::Tree tree;
  const cap::Capability root = tree.mint(cap::Scope::tools("**").value()).value();
  cap::Space small(1), space;
  EXPECT_EQ(install(policy.tools, root, small).error().code, Code::kResourceExhausted);
  EXPECT_EQ(small.size(), 0u);
  EXPECT_EQ(tree.nodes(), 1u);
  ASSERT_TRUE(install(policy.tools, root, space).ok());
  EXPECT_EQ(space.size(), 2u);
  EXPECT_EQ(space.get(1)->calls_left(), 3u);
}

// --- the published schema names what the compiler knows

std::set<std::string> names(const Json& object) {
  std::set<std::string> out;
  for (const JsonMember& member : object.members) out.insert(member.name);
  return out;
}

// A copy of what stands there; null when there is nothing.
Json at(const Json& json, std::initializer_list<const char*> path) {
  const Json* value = &json;
  for (const char* step : path) {
    value = value->find(step);
    if (!value) {
      ADD_FAILURE() << "the schema has no " << step;
      return {};
    }
  }
  return *value;
}

TEST(Schema, NamesWhatTheCompilerKnows) {
  std::ifstream file(CLOCHE_POLICY_SCHEMA);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto read = read_json(text);
  ASSERT_TRUE(read.ok()) << read.error().message;
  const Json& schema = *read;

  std::set<std::string> operators = names(at(schema, {"$defs", "operators", "properties"}));
  operators.merge(names(at(schema, {"$defs", "parameter", "properties"})));
  std::set<std::string> known;
  for (const std::string_view name : cap::operator_names()) known.emplace(name);
  EXPECT_EQ(operators, known);

  std::set<std::string> rows;
  for (const LimitRow& row : limit_rows()) rows.emplace(row.name);
  EXPECT_EQ(names(at(schema, {"$defs", "limits", "properties"})), rows);

  // Each key that the schema has is one that the compiler takes: none is called unknown.
  const auto keys_are_known = [](const Json& properties, const std::string& before,
                                 const std::string& after) {
    for (const std::string& key : names(properties)) {
      std::string policy = before;
      policy.append("\"").append(key).append("\":[]").append(after);
      EXPECT_EQ(mistakes(policy).find("there is no key"), std::string::npos) << key;
    }
  };
  keys_are_known(at(schema, {"properties"}), "{", "}");
  keys_are_known(at(schema, {"$defs", "clock", "properties"}), R"({"version":1,"clock":{)", "}}");
  keys_are_known(at(schema, {"$defs", "random", "properties"}), R"({"version":1,"random":{)", "}}");
  keys_are_known(at(schema, {"$defs", "grant", "properties"}), R"({"version":1,"tools":[{)", "}]}");
  keys_are_known(at(schema, {"$defs", "mount", "properties"}), R"({"version":1,"mounts":[{)",
                 "}]}");
}

}  // namespace
}  // namespace cloche::policy
