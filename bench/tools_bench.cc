// What calls of tools cost: tools_bench REPEATS PACK CODE_CACHE CALLER.wasm. Prints one JSON
// object: for each name the least and the median of the repeats, of one call, in nanoseconds of
// wall time. The packs added to PACK must have Python.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "audit/log.h"
#include "cap/caveats/where.h"
#include "include/cloche/cloche.hpp"
#include "tools/broker.h"

namespace cloche {
namespace {

constexpr int kCalls = 2000;
constexpr const char* kSchema =
    R"({"type": "object", "properties": {"amount": {"type": "number"}, "currency": {"type": "string"},
        "note": {"type": "string"}}, "required": ["amount", "currency"], "additionalProperties": false})";
constexpr const char* kWhere =
    R"({"amount": {"gt": 0, "le": 100}, "currency": {"in": ["EUR", "USD"]},
        "note": {"max_length": 80, "optional": true}})";
constexpr const char* kParameters = R"({"amount": 99.5, "currency": "USD", "note": "rent"})";

class Report {
 public:
  explicit Report(int repeats) : repeats_(repeats) {}
  ~Report() { std::printf("\n}\n"); }

  // Wall time of one of the `count` calls that `action` makes.
  void measure(const char* name, int count, const std::function<void()>& action) {
    measure_as_told(name, count, [&action] {
      const auto start = std::chrono::steady_clock::now();
      action();
      const std::chrono::duration<double, std::nano> time =
          std::chrono::steady_clock::now() - start;
      return time.count();
    });
  }

  // The same, by the nanoseconds that `action` says it took.
  void measure_as_told(const char* name, int count, const std::function<double()>& action) {
    std::vector<double> values;
    action();
    for (int i = 0; i < repeats_; ++i) values.push_back(action() / count);
    std::sort(values.begin(), values.end());
    std::printf("%s\"%s\": {\"min_ns\": %.1f, \"median_ns\": %.1f}", first_ ? "{\n" : ",\n", name,
                values.front(), values[values.size() / 2]);
    first_ = false;
  }

 private:
  const int repeats_;
  bool first_ = true;
};

// Runs a job where it is submitted: what is measured is the broker's own work.
class InlineExecutor final : public tools::Executor {
 public:
  Accepted submit(Job job) override {
    job();
    return Accepted::kYes;
  }
};

class ConstantHandler final : public tools::Handler {
 public:
  tools::Outcome handle(const tools::Invocation&) noexcept override {
    return tools::Outcome::of("true");
  }
};

enum class WithSchema : uint8_t { kNo, kYes };

void measure_broker(Report& report, const char* name, const std::string& path, WithSchema schema) {
  HostClock clock, audit_clock;
  tools::Registry registry;
  tools::Tool tool{.name = "payments/transfer", .handler = std::make_shared<ConstantHandler>()};
  if (schema == WithSchema::kYes) tool.parameters = kSchema;
  CHECK(registry.add(std::move(tool)).ok());
  auto log = audit::Log::create({.path = path}, audit_clock);
  CHECK(log.ok());
  cap::Tree tree;
  const auto root = tree.mint(cap::Scope::tools("payments/*").value());
  cap::Restriction restriction;
  restriction.caveats.push_back(
      cap::compile_where(read_json(kWhere).value(), cap::Others::kRefuse).value());
  restriction.budget.calls = UINT64_MAX / 2;
  const auto authority =
      tools::Broker::make_authority({root->derive(std::move(restriction)).value()});
  InlineExecutor executor;
  tools::BrokerOptions options;
  options.registry = &registry;
  options.audit = log->get();
  options.executor = &executor;
  options.clock = &clock;
  options.sandbox = "bench";
  options.ring = [] {};
  tools::Broker broker(std::move(options));
  const kernel::ToolCaller caller{{2, 1}, "/usr/bin/agent"};
  report.measure(name, kCalls, [&] {
    for (int i = 0; i < kCalls; ++i) {
      const auto call = broker.call(**authority, caller, "payments/transfer", kParameters);
      broker.deliver();
      CHECK(call->answered() && call->take_answer().body == "true");
    }
    (void)broker.take_reports();
  });
}

std::vector<uint8_t> read_file(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void fail(const std::string& message) {
  std::fprintf(stderr, "tools_bench: %s\n", message.c_str());
  std::exit(1);
}

// 1,000 calls each, and the nanoseconds that they took, by the guest's clock.
constexpr const char* kPythonCalls = R"(
import time, tools
tools.quick()
start = time.perf_counter_ns()
for _ in range(1000): tools.quick()
print(time.perf_counter_ns() - start))";
constexpr const char* kJsCalls = R"(
await tools.quick();
const start = process.hrtime.bigint();
for (let i = 0; i < 1000; ++i) await tools.quick();
console.log(String(process.hrtime.bigint() - start));)";

// Calls from inside, answered by a function of this program.
void measure_guest(Report& report, char** argv) {
  auto host = Host::create({.pack = argv[2], .cache_dir = argv[3]});
  if (!host) fail(host.error().message);
  SandboxOptions options;
  options.limits.timeout = options.limits.cpu_time = std::chrono::nanoseconds(0);
  options.allow_tools = {"**"};
  options.tools.push_back({.name = "quick", .handler = [](const ToolInvocation&) {
                             return ToolResult::success("true");
                           }});
  options.tools.push_back({.name = "slow", .handler = [](const ToolInvocation&) {
                             std::this_thread::sleep_for(std::chrono::milliseconds(10));
                             return ToolResult::success("true");
                           }});
  auto sandbox = Sandbox::create(*host, std::move(options));
  if (!sandbox) fail(sandbox.error().message);
  const auto run = [&](RunOptions run_options) {
    auto result = sandbox->run(std::move(run_options));
    if (!result) fail(result.error().message);
    if (!result->ok()) fail(result->stderr_bytes + result->error_message);
    return result->stdout_bytes;
  };
  const auto shell = [&](const char* script) {
    RunOptions run_options;
    run_options.argv = {"bash", "-c", script};
    run(std::move(run_options));
  };
  report.measure("bash, tool call", 200, [&] {
    shell("for ((i = 0; i < 200; i++)); do tool call quick >/dev/null || exit 1; done");
  });
  const std::vector<uint8_t> caller = read_file(argv[4]);
  const auto call_from_c = [&](const char* tool, const char* parallel, const char* rounds) {
    RunOptions run_options;
    run_options.argv = {"caller", tool, parallel, rounds};
    run_options.module = caller;
    run(std::move(run_options));
  };
  report.measure("C, one after the other", 2000, [&] { call_from_c("quick", "1", "2000"); });
  report.measure("C, 64 calls of 10 ms at a time", 10, [&] { call_from_c("slow", "64", "10"); });
  const auto tell = [&](std::vector<std::string> argv_inside) {
    RunOptions run_options;
    run_options.argv = std::move(argv_inside);
    return std::atof(run(std::move(run_options)).c_str());
  };
  report.measure_as_told("Python, one after the other", 1000,
                         [&] { return tell({"python3", "-c", kPythonCalls}); });
  report.measure_as_told("JavaScript, one after the other", 1000,
                         [&] { return tell({"js", "--input-type=module", "-e", kJsCalls}); });
}

}  // namespace
}  // namespace cloche

int main(int argc, char** argv) {
  using namespace cloche;  // NOLINT
  if (argc != 5) fail("usage: tools_bench REPEATS PACK CODE_CACHE CALLER.wasm");
  Report report(std::max(1, std::atoi(argv[1])));
  measure_broker(report, "checked, charged, audited in memory", "", WithSchema::kNo);
  measure_broker(report, "the same, with a schema", "", WithSchema::kYes);
  char path[] = "/tmp/cloche-tools-bench-XXXXXX";
  const int file = mkstemp(path);
  if (file < 0) fail("no temporary file");
  close(file);
  measure_broker(report, "checked, charged, audited in a file", path, WithSchema::kNo);
  unlink(path);
  measure_guest(report, argv);
  return 0;
}
