// What checks of capabilities cost: cap_bench [REPEATS]. Prints one JSON object: for each name the
// least and the median of the repeats in nanoseconds of CPU time.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>

#include "cap/caveats/where.h"
#include "cap/space.h"
#include "policy/policy.h"
#include "policy/words.h"

namespace cloche::cap {
namespace {

constexpr Now kNow = {1'000'000, 1'000'000};
constexpr uint32_t kGrants = 1000;
constexpr uint32_t kTreeNodes = 10'000;
constexpr const char* kWhere =
    R"({"amount": {"gt": 0, "le": 100}, "currency": {"in": ["EUR", "USD"]},
        "to/iban": {"starts_with": "DE"}, "note": {"max_length": 80, "optional": true}})";
constexpr const char* kParameters =
    R"({"amount": 99.5, "currency": "USD", "to": {"iban": "DE02120300000000202051"}, "note": "rent"})";

double cpu_ns() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

class Report {
 public:
  explicit Report(int repeats) : repeats_(repeats) {}
  ~Report() { printf("\n}\n"); }

  // CPU time of one of `count` things that `action` does.
  void measure(const char* name, int count, const std::function<void()>& action) {
    std::vector<double> values;
    action();
    for (int i = 0; i < repeats_; ++i) {
      const double start = cpu_ns();
      action();
      values.push_back((cpu_ns() - start) / count);
    }
    std::sort(values.begin(), values.end());
    printf("%s\"%s\": {\"min_ns\": %.1f, \"median_ns\": %.1f}", first_ ? "{\n" : ",\n", name,
           values.front(), values[values.size() / 2]);
    first_ = false;
  }

 private:
  const int repeats_;
  bool first_ = true;
};

std::shared_ptr<const Caveat> transfer_caveat(const std::string& where = kWhere) {
  auto caveat = compile_where(read_json(where).value(), Others::kRefuse);
  CHECK(caveat.ok());
  return *caveat;
}

// A process that holds kGrants capabilities, each with a caveat and a budget.
struct Holder {
  Tree tree;
  Capability root = tree.mint(Scope::tools("**").value()).value();
  Space space;

  void grant(const std::string& pattern, std::shared_ptr<const Caveat> caveat) {
    Restriction restriction;
    restriction.scope = Scope::tools(pattern).value();
    restriction.caveats.push_back(std::move(caveat));
    restriction.budget.calls = UINT64_MAX;
    CHECK(space.install(root.derive(std::move(restriction)).value()).ok());
  }
  void charge(const Request& request, int times) {
    for (int i = 0; i < times; ++i) CHECK(space.charge(request, kNow, {}).ok());
  }
};

Request call_of(std::string_view name, const Json& parameters) {
  Request request;
  request.name = name;
  request.parameters = &parameters;
  return request;
}

void measure_charges(Report& report) {
  constexpr int kTimes = 20'000;
  const Json parameters = read_json(kParameters).value();
  Holder one, names, same, patterns;
  one.grant("payments/transfer", transfer_caveat());
  for (uint32_t i = 0; i < kGrants; ++i) {
    const std::string number = std::to_string(i);
    names.grant("payments/transfer" + number, transfer_caveat());
    same.grant("payments/*", transfer_caveat(R"({"amount": {"eq": )" + number + R"(},
        "currency": {"exists": true}, "to": {"exists": true}, "note": {"exists": true}})"));
    patterns.grant("payments/*", transfer_caveat(R"({"note": {"matches": "rent )" + number +
                                                 R"("}, "amount": {"exists": true},
        "currency": {"exists": true}, "to": {"exists": true}})"));
  }
  same.grant("payments/transfer", transfer_caveat());
  patterns.grant("payments/transfer", transfer_caveat());
  report.measure("charge, 1 grant", kTimes,
                 [&] { one.charge(call_of("payments/transfer", parameters), kTimes); });
  report.measure("charge, 1000 grants of other tools", kTimes,
                 [&] { names.charge(call_of("payments/transfer500", parameters), kTimes); });
  report.measure("charge, 1000 grants that match the name, the last allows", kTimes / 100,
                 [&] { same.charge(call_of("payments/transfer", parameters), kTimes / 100); });
  report.measure("the same, each by a pattern", kTimes / 100,
                 [&] { patterns.charge(call_of("payments/transfer", parameters), kTimes / 100); });
  const Json wrong = read_json(R"({"amount": "much"})").value();
  report.measure("refuse, 1000 grants that match the name", kTimes / 100, [&] {
    for (int i = 0; i < kTimes / 100; ++i) {
      CHECK(same.space.check(call_of("payments/transfer", wrong), kNow));
    }
  });
  const Capability budget = one.root.derive({}).value();
  const Json none = read_json("{}").value();
  report.measure("charge without caveats", kTimes, [&] {
    for (int i = 0; i < kTimes; ++i) {
      CHECK(Use::charge(budget, call_of("payments/transfer", none), kNow, {}).ok());
    }
  });
}

void measure_caveat(Report& report) {
  constexpr int kTimes = 20'000;
  const Json parameters = read_json(kParameters).value();
  const auto caveat = transfer_caveat();
  const Request request = call_of("payments/transfer", parameters);
  report.measure("caveat of the example", kTimes, [&] {
    for (int i = 0; i < kTimes; ++i) CHECK(caveat->allows(request));
  });
  report.measure("read the parameters", kTimes, [&] {
    for (int i = 0; i < kTimes; ++i) CHECK(read_json(kParameters).ok());
  });
  report.measure("compile the example", 1000, [&] {
    for (int i = 0; i < 1000; ++i) CHECK(transfer_caveat() != nullptr);
  });
}

void measure_tree(Report& report) {
  std::mt19937 random(1);
  std::vector<uint32_t> parents(kTreeNodes), depths(kTreeNodes, 1);
  for (uint32_t i = 1; i < kTreeNodes; ++i) {
    do parents[i] = static_cast<uint32_t>(random()) % i;
    while (depths[parents[i]] >= 60);
    depths[i] = depths[parents[i]] + 1;
  }
  report.measure("derive, revoke and drop 10000 nodes", 1, [&] {
    Tree tree;
    std::vector<Capability> nodes = {tree.mint(Scope::tools("**").value()).value()};
    nodes.reserve(kTreeNodes);
    for (uint32_t i = 1; i < kTreeNodes; ++i) {
      nodes.push_back(nodes[parents[i]].derive({}).value());
    }
    CHECK(nodes[0].revoke() == kTreeNodes);
  });
}

void measure_policy(Report& report) {
  std::string file = R"({"version": 1, "tools": [)";
  for (uint32_t i = 0; i < kGrants; ++i) {
    file += (i > 0 ? ",\n" : "") + std::string(R"({"tool": "payments/transfer)") +
            std::to_string(i) + R"(", "where": )" + kWhere + R"(, "calls": 3})";
  }
  file += "]}";
  const Json parameters = read_json(kParameters).value();
  report.measure("read and describe a policy of 1000 grants", 1, [&] {
    const auto policy = policy::read_policy(file);
    CHECK(policy.ok() && policy::describe(policy.value()).size() > kGrants);
  });
  report.measure("check a call with a policy of 1000 grants", 1, [&] {
    const auto policy = policy::read_policy(file);
    CHECK(!policy::check_call(policy.value(), "payments/transfer999", parameters, 10, kNow));
  });
}

}  // namespace
}  // namespace cloche::cap

int main(int argc, char** argv) {
  cloche::cap::Report report(argc > 1 ? std::max(1, std::atoi(argv[1])) : 15);
  cloche::cap::measure_caveat(report);
  cloche::cap::measure_charges(report);
  cloche::cap::measure_tree(report);
  cloche::cap::measure_policy(report);
  return 0;
}
