// What the tests of this folder share.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "tools/broker.h"

namespace cloche::tools::testing {

class TestClock final : public Clock {
 public:
  int64_t monotonic_ns() override { return now; }
  int64_t realtime_ns() override { return 1'700'000'000'000'000'000 + now; }
  std::atomic<int64_t> now = 1'000'000'000;
};

class FunctionHandler final : public Handler {
 public:
  using Function = std::function<Outcome(const Invocation&)>;
  explicit FunctionHandler(Function function) : function_(std::move(function)) {}
  Outcome handle(const Invocation& call) noexcept override { return function_(call); }

 private:
  const Function function_;
};

// Keeps jobs until the test runs them.
class ManualExecutor final : public Executor {
 public:
  Accepted submit(Job job) override {
    if (jobs.size() >= room) return Accepted::kBusy;
    jobs.push_back(std::move(job));
    return Accepted::kYes;
  }
  void run_all() {
    for (const Job& job : std::exchange(jobs, {})) job();
  }
  std::vector<Job> jobs;
  size_t room = 1000;
};

// One broker with its surroundings, and calls as a kernel makes them.
class Bench {
 public:
  Bench() {
    auto made = audit::Log::create({.memory_bytes = 16 << 20}, audit_clock);
    EXPECT_TRUE(made.ok());
    log = std::move(made).value();
  }

  void add(const std::string& name, FunctionHandler::Function function,
           std::optional<std::string> parameters = {}, std::optional<std::string> result = {}) {
    Tool tool;
    tool.name = name;
    tool.parameters = std::move(parameters);
    tool.result = std::move(result);
    tool.handler = std::make_shared<FunctionHandler>(std::move(function));
    const Status added = registry.add(std::move(tool));
    EXPECT_TRUE(added.ok()) << (added.ok() ? "" : added.error().message);
  }
  void add_echo(const std::string& name) {
    add(name, [](const Invocation& call) { return Outcome::of(call.parameters); });
  }

  // A capability for what matches, as the host gives it.
  cap::Capability mint(const std::string& pattern, cap::Restriction restriction = {}) {
    auto scope = cap::Scope::tools(pattern);
    EXPECT_TRUE(scope.ok());
    auto root = tree.mint(*scope);
    EXPECT_TRUE(root.ok());
    auto child = root->derive(std::move(restriction));
    EXPECT_TRUE(child.ok());
    return *child;
  }
  Ref<kernel::Authority> authority(std::vector<cap::Capability> capabilities) {
    auto made = Broker::make_authority(std::move(capabilities));
    EXPECT_TRUE(made.ok());
    return *made;
  }

  Broker& broker() {
    if (!broker_) {
      BrokerOptions options;
      options.registry = &registry;
      options.audit = log.get();
      options.executor = executor != nullptr ? executor : &manual;
      options.clock = &clock;
      options.sandbox = "box";
      options.calls_at_once = calls_at_once;
      options.on_limit = [this](const char* limit, const kernel::ToolCaller& caller) {
        reached.push_back(std::string(limit) + " " + caller.program);
      };
      options.ring = [this] {
        const std::lock_guard guard(lock);
        ++rings;
        rung.notify_all();
      };
      broker_ = std::make_unique<Broker>(std::move(options));
    }
    return *broker_;
  }

  Ref<kernel::ToolCall> begin(kernel::Authority& from, const std::string& name,
                              const std::string& parameters = "{}") {
    return broker().call(from, {{7, 3, 1}, "/usr/bin/agent"}, name, parameters);
  }
  // Begins a call, runs its handler, and gives "ok BODY", "denied BODY" or "failed BODY".
  std::string call(kernel::Authority& from, const std::string& name,
                   const std::string& parameters = "{}") {
    const auto pending = begin(from, name, parameters);
    manual.run_all();
    broker().deliver();
    return text_of(*pending);
  }
  static std::string text_of(kernel::ToolCall& call) {
    if (!call.answered()) return "pending";
    const kernel::ToolAnswer answer = call.take_answer();
    using Status = kernel::ToolAnswer::Status;
    const char* word = answer.status == Status::kOk       ? "ok "
                       : answer.status == Status::kDenied ? "denied "
                                                          : "failed ";
    return word + answer.body;
  }

  // The audit log's lines with that event.
  std::vector<Json> events(const std::string& event) {
    std::vector<Json> found;
    for (const std::string& line : log->lines()) {
      auto json = read_json(line);
      EXPECT_TRUE(json.ok()) << line;
      if (json->find("event")->text == event) found.push_back(std::move(*json));
    }
    return found;
  }

  TestClock clock, audit_clock;
  Registry registry;
  cap::Tree tree;
  std::unique_ptr<audit::Log> log;
  ManualExecutor manual;
  Executor* executor = nullptr;  // null: `manual`
  uint32_t calls_at_once = 256;
  std::vector<std::string> reached;  // limits, and by whom  // programs that were refused for it
  std::mutex lock;
  std::condition_variable rung;
  int rings = 0;

 private:
  std::unique_ptr<Broker> broker_;
};

}  // namespace cloche::tools::testing
