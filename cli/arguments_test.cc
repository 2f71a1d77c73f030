#include "cli/arguments.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include "cli/exit_codes.h"

namespace cloche::cli {
namespace {

using Argv = std::vector<std::string>;

RunArguments run_of(const Argv& argv) {
  Arguments arguments = parse_arguments(argv);
  if (const auto* finished = std::get_if<Finished>(&arguments)) {
    ADD_FAILURE() << finished->text;
    return {};
  }
  return std::get<RunArguments>(arguments);
}

std::string refusal_of(const Argv& argv) {
  Arguments arguments = parse_arguments(argv);
  const auto* finished = std::get_if<Finished>(&arguments);
  if (finished == nullptr) return "accepted";
  EXPECT_EQ(finished->exit_code, kExitOwnError);
  EXPECT_TRUE(finished->text.starts_with("cloche: ")) << finished->text;
  EXPECT_EQ(finished->text.find('\n'), finished->text.size() - 1) << finished->text;
  return finished->text;
}

TEST(ArgumentsTest, ProgramEndsTheOptions) {
  EXPECT_EQ(run_of({"run", "ls", "--json", "-v"}).argv, (Argv{"ls", "--json", "-v"}));
  EXPECT_EQ(run_of({"run", "--", "-x", "--"}).argv, (Argv{"-x", "--"}));
  EXPECT_EQ(run_of({"run", "--json", "ls", "--"}).argv, (Argv{"ls", "--"}));
  EXPECT_EQ(run_of({"run", "-"}).argv, Argv{"-"});
  EXPECT_EQ(run_of({"run", "-v", "/a:/b", "-it", "ls", "-t"}).argv, (Argv{"ls", "-t"}));
}

TEST(ArgumentsTest, ValuesMayLookLikeOptions) {
  EXPECT_EQ(run_of({"run", "-c", "--json"}).argv, (Argv{"bash", "-c", "--json"}));
  EXPECT_EQ(run_of({"run", "--hostname", "-x", "ls"}).sandbox.hostname, "-x");
  EXPECT_EQ(run_of({"run", "-e", "A=--json", "ls"}).sandbox.env[0].second, "--json");
}

TEST(ArgumentsTest, ScriptsTakeANameAndArguments) {
  EXPECT_EQ(run_of({"run", "-c", "s", "n", "-c"}).argv, (Argv{"bash", "-c", "s", "n", "-c"}));
  EXPECT_EQ(run_of({"run", "-c", "", "--", "n"}).argv, (Argv{"bash", "-c", "", "n"}));
  EXPECT_EQ(run_of({"run", "-tc", "s"}).argv, (Argv{"bash", "-c", "s"}));
}

TEST(ArgumentsTest, Modules) {
  const RunArguments run = run_of({"run", "--module", "a.wasm", "x", "--json"});
  EXPECT_EQ(run.module_path, "a.wasm");
  EXPECT_EQ(run.argv, (Argv{"a.wasm", "x", "--json"}));
  EXPECT_FALSE(run.json);
}

TEST(ArgumentsTest, EachMountAndVariableIsOneWord) {
  const RunArguments run =
      run_of({"run", "-v/a:/b", "--mount=/c:/d:rw", "-e", "A=1", "-eB=2", "ls", "x"});
  ASSERT_EQ(run.sandbox.mounts.size(), 2u);
  EXPECT_EQ(run.sandbox.mounts[1].mode, MountMode::kReadWrite);
  ASSERT_EQ(run.sandbox.env.size(), 2u);
  EXPECT_EQ(run.argv, (Argv{"ls", "x"}));
}

TEST(ArgumentsTest, Limits) {
  const Limits limits =
      run_of({"run", "--timeout", "0", "--cpu-time", "2s", "--memory", "1G", "--pids", "7",
              "--disk", "2G", "--inodes", "9", "--open-files", "10", "--output", "1K", "x"})
          .sandbox.limits;
  EXPECT_EQ(limits.timeout, std::chrono::seconds(0));
  EXPECT_EQ(limits.cpu_time, std::chrono::seconds(2));
  EXPECT_EQ(limits.memory, 1ull << 30);
  EXPECT_EQ(limits.processes, 7u);
  EXPECT_EQ(limits.disk, 2ull << 30);
  EXPECT_EQ(limits.inodes, 9u);
  EXPECT_EQ(limits.open_files, 10u);
  EXPECT_EQ(limits.output, 1024u);
}

TEST(ArgumentsTest, ClockAndRandom) {
  const std::string seed(64, 'a');
  const SandboxOptions options =
      run_of({"run", "--clock-resolution", "1ms", "--random-seed", seed, "x"}).sandbox;
  EXPECT_EQ(options.clock_resolution, std::chrono::milliseconds(1));
  EXPECT_EQ(options.random_seed, seed);
  EXPECT_EQ(run_of({"shell", "--clock-resolution", "1s"}).sandbox.clock_resolution,
            std::chrono::seconds(1));
}

TEST(ArgumentsTest, DefaultsAreThoseOfTheInterface) {
  const RunArguments run = run_of({"run", "x"});
  EXPECT_FALSE(run.sandbox.clock_resolution);
  EXPECT_EQ(run.sandbox.random_seed, "");
  // What is not said stays open: the policy may say it, and the sandbox has defaults.
  const Limits& limits = run.sandbox.limits;
  EXPECT_FALSE(limits.timeout || limits.cpu_time || limits.memory || limits.processes ||
               limits.disk || limits.inodes || limits.open_files || limits.output);
  EXPECT_EQ(run.sandbox.user, "user");
  EXPECT_TRUE(run.sandbox.env.empty());
}

TEST(ArgumentsTest, TheShellHasNoDeadlineUnlessAsked) {
  const RunArguments shell = run_of({"shell"});
  EXPECT_EQ(shell.sandbox.limits.timeout, std::chrono::seconds(0));
  EXPECT_TRUE(shell.terminal);
  EXPECT_EQ(run_of({"shell", "--timeout", "5s"}).sandbox.limits.timeout, std::chrono::seconds(5));
}

TEST(ArgumentsTest, TheLastOfASingleOptionCounts) {
  EXPECT_EQ(run_of({"run", "--hostname", "a", "--hostname", "b", "x"}).sandbox.hostname, "b");
}

TEST(ArgumentsTest, Refusals) {
  const auto mentions = [](const Argv& argv, const char* word) {
    const std::string text = refusal_of(argv);
    EXPECT_NE(text.find(word), std::string::npos) << text;
  };
  mentions({}, "command");
  mentions({"frob\nnicate"}, "frob\\nnicate");
  mentions({"run"}, "PROGRAM");
  mentions({"run", ""}, "PROGRAM");
  mentions({"run", "--bogus", "x"}, "--bogus");
  mentions({"run", "--timeout"}, "--timeout");
  mentions({"run", "--timeout=", "x"}, "--timeout");
  mentions({"run", "--timeout", "", "x"}, "--timeout");
  mentions({"run", "-c"}, "-c");
  mentions({"run", "-c", "x", "--module", "y"}, "exclude");
  mentions({"run", "--json", "-t", "x"}, "--json");
  mentions({"run", "--memory", "0", "x"}, "--memory");
  mentions({"run", "-w", "x", "y"}, "absolute");
  mentions({"run", "--clock-resolution", "0", "x"}, "--clock-resolution");
  mentions({"run", "--clock-resolution", "1001ms", "x"}, "1ns to 1s");
  mentions({"run", "--clock-resolution", "1", "x"}, "unit");
  mentions({"run", "--random-seed", "", "x"}, "--random-seed");
  mentions({"shell", "x"}, "x");
  mentions({"shell", "--json"}, "--json");
  mentions({"check"}, "POLICY");
  mentions({"check", "p.json", "--call", "tool"}, "--call");
  mentions({"audit"}, "subcommand");
  mentions({"audit", "verify"}, "FILE");
  mentions({"run", "--policy", "", "x"}, "--policy");
  mentions({"run", "--tool", "name", "x"}, "NAME=COMMAND");
}

TEST(ArgumentsTest, ToolsAndPolicies) {
  const RunArguments run = run_of({"run", "--policy", "a/p.json", "--tool", "x=cat =1", "--tool",
                                   "y/z=true", "--allow-tool", "x", "--audit", "log", "p"});
  EXPECT_EQ(run.policy_path, "a/p.json");
  ASSERT_EQ(run.sandbox.tools.size(), 2u);
  EXPECT_EQ(run.sandbox.tools[0].name, "x");
  EXPECT_EQ(run.sandbox.tools[0].command, "cat =1");
  EXPECT_EQ(run.sandbox.allow_tools, Argv{"x"});
  EXPECT_EQ(run.sandbox.audit_file, "log");
}

TEST(ArgumentsTest, CheckTakesJsonAsItIs) {
  const Arguments parsed =
      parse_arguments({"check", "p.json", "--call", "a/b", "[\"x\", {}]", "--json"});
  const auto* check = std::get_if<CheckArguments>(&parsed);
  ASSERT_NE(check, nullptr);
  EXPECT_EQ(check->file, "p.json");
  EXPECT_TRUE(check->json);
  EXPECT_EQ(check->call, (Argv{"a/b", "[\"x\", {}]"}));
}

TEST(ArgumentsTest, NamesOfSandboxes) {
  EXPECT_EQ(run_of({"run", "--name", "web-1", "x"}).name, "web-1");
  EXPECT_EQ(run_of({"shell", "--name", "a"}).name, "a");
  EXPECT_TRUE(run_of({"run", "x"}).publish);
  EXPECT_FALSE(run_of({"run", "--no-publish", "x"}).publish);
  for (const char* name : {"", ".", "a/b", "-a"}) {
    EXPECT_NE(refusal_of({"run", std::string("--name=") + name, "x"}).find("--name"),
              std::string::npos);
  }
}

template <class T>
T parsed(const Argv& argv) {
  Arguments arguments = parse_arguments(argv);
  if (auto* found = std::get_if<T>(&arguments)) return *found;
  ADD_FAILURE() << "another command: " << argv[0];
  return {};
}

TEST(ControlArgumentsTest, Kill) {
  EXPECT_EQ(parsed<TellArguments>({"kill", "a", "b"}).names, (Argv{"a", "b"}));
  EXPECT_EQ(parsed<TellArguments>({"kill", "a"}).request.what, Request::Do::kKill);
  EXPECT_EQ(parsed<TellArguments>({"kill", "a", "-s", "9"}).request.what, Request::Do::kKill);
  const auto to_process = parsed<TellArguments>({"kill", "a", "--pid", "5"}).request;
  EXPECT_EQ(to_process.what, Request::Do::kSignal);
  EXPECT_EQ(to_process.signal, 9);
  EXPECT_EQ(to_process.pid, 5);
  for (const char* name : {"TERM", "SIGTERM", "15"}) {
    const auto request = parsed<TellArguments>({"kill", "--signal", name, "a"}).request;
    EXPECT_EQ(request.what, Request::Do::kSignal);
    EXPECT_EQ(request.signal, 15);
  }
  for (const char* name : {"", "term", "0", "65", "SIGSIGTERM", "015", "-15", "signal 99"}) {
    EXPECT_NE(refusal_of({"kill", "a", std::string("--signal=") + name}).find("--signal"),
              std::string::npos);
  }
  for (const char* pid : {"0", "-1", "x", "2147483648"}) {
    EXPECT_NE(refusal_of({"kill", "a", std::string("--pid=") + pid}).find("--pid"),
              std::string::npos);
  }
}

TEST(ControlArgumentsTest, Renice) {
  EXPECT_EQ(parsed<TellArguments>({"renice", "a", "3", "-20"}).request.nice, -20);
  EXPECT_EQ(parsed<TellArguments>({"renice", "a", "3", "19"}).request.nice, 19);
  for (const char* nice : {"20", "-21", "", "-", "--1", "1.5", "x"}) {
    refusal_of({"renice", "a", "3", nice});
  }
  refusal_of({"renice", "a", "0", "1"});
  refusal_of({"renice", "a", "3"});
}

TEST(ControlArgumentsTest, UpdateSpeaksAsPoliciesDo) {
  const auto request =
      parsed<TellArguments>({"update", "a", "--memory", "1M", "--timeout", "1.5s", "--cpu-time",
                             "0", "--pids", "7", "--cpus", "0.5", "--limit", "memory.high=3M"})
          .request;
  EXPECT_EQ(request.what, Request::Do::kSetLimits);
  std::string text;
  for (const LimitValue& limit : request.limits) text += limit.name + "=" + limit.value + " ";
  EXPECT_EQ(text,
            "wall.time=1500000000ns cpu.time=none memory.max=1048576 pids.max=7 cpu.max=0.5 "
            "memory.high=3M ");
  for (const Argv& wrong :
       {Argv{"update", "a"}, Argv{"update"}, Argv{"update", "a", "--memory", "x"},
        Argv{"update", "a", "--limit", "x"}, Argv{"update", "a", "--limit", "=x"},
        Argv{"update", "a", "--limit", "x="}, Argv{"update", "a", "--colour", "red"}}) {
    refusal_of(wrong);
  }
}

TEST(ControlArgumentsTest, Watching) {
  EXPECT_TRUE(parsed<PsArguments>({"ps", "--json"}).json);
  const auto stats = parsed<StatsArguments>({"stats", "a", "--interval", "250ms", "-n", "3"});
  EXPECT_EQ(stats.interval, std::chrono::milliseconds(250));
  EXPECT_EQ(stats.count, 3u);
  EXPECT_EQ(stats.names, Argv{"a"});
  EXPECT_EQ(parsed<MetricsArguments>({"metrics", "x"}).names, Argv{"x"});
  EXPECT_EQ(parsed<TopArguments>({"top", "--once"}).count, 1u);
  EXPECT_TRUE(parsed<TopArguments>({"top", "--batch"}).batch);
  EXPECT_FALSE(parsed<TopArguments>({"top"}).batch);
  for (const Argv& wrong :
       {Argv{"ps", "x"}, Argv{"stats", "--interval", "1ms"}, Argv{"top", "-n", "3"},
        Argv{"stats", "-n", "x"}, Argv{"top", "--interval", "x"}, Argv{"pause"}}) {
    refusal_of(wrong);
  }
}

TEST(ArgumentsTest, SharesOfTheCpu) {
  const RunArguments run = run_of({"run", "--cpus", "0.25", "--cpu-weight", "50", "--cpu-affinity",
                                   "0-1", "--limit", "forks.rate=10", "p"});
  EXPECT_EQ(run.sandbox.limits.cpu_max, 250u);
  EXPECT_EQ(run.sandbox.limits.cpu_weight, 50u);
  EXPECT_EQ(run.sandbox.limits.cpus, "0-1");
  EXPECT_EQ(run.sandbox.limits.fork_rate, 10u);
  EXPECT_EQ(run.nice, 0);
  const RunArguments nice = run_of({"run", "--nice", "19", "p"});
  EXPECT_EQ(nice.nice, 19);
  EXPECT_LT(nice.sandbox.limits.cpu_weight.value(), 5u);
  EXPECT_EQ(run_of({"run", "--nice=-20", "p"}).nice, -20);
}

TEST(ArgumentsTest, SharesThatAreNone) {
  for (const auto& [option, value] :
       std::vector<std::pair<const char*, const char*>>{{"--cpus", "0"},
                                                        {"--cpus", "-1"},
                                                        {"--cpus", "two"},
                                                        {"--cpus", "0.0001"},
                                                        {"--cpu-weight", "0"},
                                                        {"--cpu-weight", "10001"},
                                                        {"--cpu-weight", "1.5"},
                                                        {"--nice", "20"},
                                                        {"--nice", "-21"},
                                                        {"--nice", ""},
                                                        {"--cpu-affinity", ""},
                                                        {"--cpu-affinity", "1-0"},
                                                        {"--cpu-affinity", "x"},
                                                        {"--limit", "memory.max"},
                                                        {"--limit", "memory.mx=1"},
                                                        {"--limit", "pids.max=0"}}) {
    const std::string text = refusal_of({"run", std::string(option) + "=" + value, "p"});
    EXPECT_NE(text.find(option), std::string::npos) << option << value << ": " << text;
  }
  EXPECT_NE(refusal_of({"run", "--nice=1", "--cpu-weight=5", "p"}).find("exclude"),
            std::string::npos);
}

TEST(ExitCodesTest, OneForEachOutcome) {
  RunResult result;
  result.outcome = Outcome::kExited;
  result.exit_code = 42;
  EXPECT_EQ(exit_code_of(result, 2), 42);
  result.outcome = Outcome::kSignaled;
  result.signal = 15;
  EXPECT_EQ(exit_code_of(result, 2), 143);
  result.outcome = Outcome::kTimeout;
  EXPECT_EQ(exit_code_of(result, 0), 124);
  result.outcome = Outcome::kLimit;
  EXPECT_EQ(exit_code_of(result, 0), 137);
  result.outcome = Outcome::kCancelled;
  EXPECT_EQ(exit_code_of(result, 2), 130);
  EXPECT_EQ(exit_code_of(result, 0), 137);
  result.outcome = Outcome::kError;
  result.error_type = "not_found";
  EXPECT_EQ(exit_code_of(result, 0), 127);
  result.error_type = "not_executable";
  EXPECT_EQ(exit_code_of(result, 0), 126);
  result.error_type = "io";
  EXPECT_EQ(exit_code_of(result, 0), 125);
}

}  // namespace
}  // namespace cloche::cli
