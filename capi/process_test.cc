// Programs that go on by themselves, through the public interfaces.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include "capi/capi_testing.h"
#include "include/cloche/cloche.hpp"

namespace cloche::capi {
namespace {

using namespace std::chrono_literals;
using capi::testing::Box;
using capi::testing::cpp_host;
using capi::testing::text_of;
using End = Process::End;

Sandbox make_sandbox(SandboxOptions options = {}) {
  auto sandbox = Sandbox::create(cpp_host(), std::move(options));
  EXPECT_TRUE(sandbox) << sandbox.error().message;
  return std::move(*sandbox);
}

RunOptions shell(const std::string& script) {
  RunOptions options;
  options.argv = {"bash", "-c", script};
  return options;
}

RunOptions piped(const std::string& script) {
  RunOptions options = shell(script);
  options.standard_input = Stream::pipe();
  options.standard_output = Stream::pipe();
  return options;
}

Process must_spawn(Sandbox& sandbox, RunOptions options) {
  auto process = sandbox.spawn(std::move(options));
  EXPECT_TRUE(process) << process.error().message;
  return std::move(*process);
}

std::string read_some(int fd) {
  char buffer[65536];
  const ssize_t got = read(fd, buffer, sizeof buffer);
  return got > 0 ? std::string(buffer, static_cast<size_t>(got)) : std::string();
}

std::string read_line(int fd) {
  std::string line;
  for (char c; read(fd, &c, 1) == 1 && c != '\n';) line += c;
  return line;
}

std::string read_all(int fd) {
  std::string all;
  for (std::string some; !(some = read_some(fd)).empty();) all += some;
  return all;
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = write(fd, bytes.data(), bytes.size());
    ASSERT_GT(put, 0);
    bytes.remove_prefix(static_cast<size_t>(put));
  }
}

int open_files() {
  int count = 0;
  for (int fd = 0; fd < 1024; ++fd) count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

TEST(ProcessTest, GoesOnByItselfAndEnds) {
  Sandbox sandbox = make_sandbox();
  Process process = must_spawn(sandbox, shell("echo out; echo err >&2; exit 3"));
  EXPECT_GT(process.pid(), 0);
  const RunResult& result = process.wait();
  EXPECT_EQ(result.outcome, Outcome::kExited);
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.stdout_bytes, "out\n");
  EXPECT_EQ(result.stderr_bytes, "err\n");
  EXPECT_GT(result.usage.wall_ms, 0);
  EXPECT_EQ(&process.wait(), &result);
  EXPECT_EQ(process.poll(), &result);
}

TEST(ProcessTest, RunsWhileOthersRun) {
  Sandbox sandbox = make_sandbox();
  Process server =
      must_spawn(sandbox, piped("while read line; do echo \"<$line>\"; done; echo end"));
  const int in = server.descriptor(End::kInput), out = server.descriptor(End::kOutput);
  for (int i = 0; i < 5; ++i) {
    write_all(in, "a" + std::to_string(i) + "\n");
    EXPECT_EQ(read_line(out), "<a" + std::to_string(i) + ">");
    const auto result = sandbox.run({"bash", "-c", "ls /home > /dev/null; echo done"});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->stdout_bytes, "done\n");
    EXPECT_EQ(server.poll(), nullptr);
  }
  server.close_descriptor(End::kInput);
  EXPECT_EQ(read_all(out), "end\n");
  EXPECT_TRUE(server.wait().ok());
  EXPECT_EQ(server.wait().stdout_bytes, "");
}

TEST(ProcessTest, WhatARunLeavesBehindDoesNotTakeItAway) {
  Sandbox sandbox = make_sandbox();
  Process sleeper = must_spawn(sandbox, shell("sleep 60"));
  ASSERT_TRUE(sandbox.run({"bash", "-c", "sleep 60 & exit 0"}));
  const auto list = sandbox.stats().processes;
  EXPECT_EQ(list.size(), 1u);  // bash became the sleep
  EXPECT_EQ(sleeper.poll(), nullptr);
}

TEST(ProcessTest, KillEndsOneThatIgnoresEverything) {
  Sandbox sandbox = make_sandbox();
  Process deaf =
      must_spawn(sandbox, shell("trap '' INT TERM HUP QUIT; while :; do sleep 60 & wait; done"));
  Process busy = must_spawn(sandbox, shell("trap '' INT TERM; while :; do :; done"));
  deaf.signal(15);
  busy.signal(15);
  EXPECT_EQ(deaf.wait_for(50ms), nullptr);
  const auto start = std::chrono::steady_clock::now();
  deaf.kill();
  busy.kill();
  EXPECT_EQ(deaf.wait().outcome, Outcome::kCancelled);
  EXPECT_EQ(busy.wait().outcome, Outcome::kCancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  EXPECT_TRUE(sandbox.stats().processes.empty());
}

TEST(ProcessTest, SignalsGoToOneProgramAlone) {
  Sandbox sandbox = make_sandbox();
  const std::string script =
      "trap 'echo got; exit 7' USR1; echo ready; while :; do sleep 0.01; done";
  Process first = must_spawn(sandbox, piped(script)), second = must_spawn(sandbox, piped(script));
  EXPECT_EQ(read_line(first.descriptor(End::kOutput)), "ready");
  EXPECT_EQ(read_line(second.descriptor(End::kOutput)), "ready");
  first.signal(10);
  EXPECT_EQ(first.wait().exit_code, 7);
  sandbox.signal(10);  // is for runs
  EXPECT_EQ(second.wait_for(50ms), nullptr);
  sandbox.kill();  // is for all
  EXPECT_EQ(second.wait().outcome, Outcome::kCancelled);
}

TEST(ProcessTest, AReaderWhoDoesNotReadMakesTheProgramWait) {
  Sandbox sandbox = make_sandbox();
  RunOptions options = shell("head -c 3000000 /dev/zero; echo written >&2");
  options.standard_output = Stream::pipe();
  options.standard_error = Stream::pipe();
  Process process = must_spawn(sandbox, std::move(options));
  pollfd told{process.descriptor(End::kError), POLLIN, 0};
  EXPECT_EQ(poll(&told, 1, 200), 0);
  EXPECT_LT(sandbox.stats().memory.buffers, 1u << 20);
  EXPECT_EQ(read_all(process.descriptor(End::kOutput)).size(), 3'000'000u);
  EXPECT_EQ(read_line(process.descriptor(End::kError)), "written");
  EXPECT_TRUE(process.wait().ok());
}

TEST(ProcessTest, AReaderWhoLeavesEndsTheProgram) {
  Sandbox sandbox = make_sandbox();
  Process process = must_spawn(sandbox, piped("trap - PIPE; while echo x; do :; done"));
  EXPECT_EQ(read_line(process.descriptor(End::kOutput)), "x");
  process.close_descriptor(End::kOutput);
  EXPECT_EQ(process.wait().signal, 13);
}

TEST(ProcessTest, TwoProgramsSpeakThroughTheHost) {
  Sandbox sandbox = make_sandbox();
  Process upper = must_spawn(sandbox, piped("tr a-z A-Z"));
  RunOptions options = shell("seq 1000 | sed 's/^/line /'");
  options.standard_output = Stream::descriptor(upper.descriptor(End::kInput));
  Process lines = must_spawn(sandbox, std::move(options));
  EXPECT_TRUE(lines.wait().ok());
  upper.close_descriptor(End::kInput);
  const std::string all = read_all(upper.descriptor(End::kOutput));
  EXPECT_TRUE(all.starts_with("LINE 1\nLINE 2\n")) << all.substr(0, 50);
  EXPECT_TRUE(all.ends_with("LINE 1000\n"));
}

TEST(ProcessTest, ATerminalHasBothEndsAndASize) {
  Sandbox sandbox = make_sandbox();
  RunOptions options =
      piped("trap 'stty size' WINCH; stty size; read line; echo \"<$line>\"; read x");
  options.terminal = true;
  options.window = {30, 100};
  Process process = must_spawn(sandbox, std::move(options));
  const int out = process.descriptor(End::kOutput);
  EXPECT_EQ(process.descriptor(End::kError), -1);
  EXPECT_EQ(read_line(out), "30 100\r");
  process.resize({40, 120});
  write_all(process.descriptor(End::kInput), "hello\n");
  std::string shown;
  while (shown.find("<hello>") == std::string::npos) {
    const std::string line = read_line(out);
    ASSERT_FALSE(line.empty()) << shown;
    shown += line;
  }
  EXPECT_NE(shown.find("40 120"), std::string::npos) << shown;
  write_all(process.descriptor(End::kInput), "\x03");
  EXPECT_FALSE(process.wait().ok());
  EXPECT_EQ(read_all(out).find("<hello>"), std::string::npos);
}

TEST(ProcessTest, LimitsAreThoseOfARun) {
  SandboxOptions options;
  options.limits.timeout = 60s;
  options.limits.cpu_time = 300ms;
  options.limits.output = 1000;
  Sandbox sandbox = make_sandbox(std::move(options));
  Process quiet = must_spawn(sandbox, shell("sleep 60"));
  Process busy = must_spawn(sandbox, shell("while :; do :; done"));
  Process loud = must_spawn(sandbox, shell("head -c 2000 /dev/zero; sleep 60"));
  RunOptions late = shell("sleep 60");
  late.timeout = 100ms;
  Process timed = must_spawn(sandbox, std::move(late));
  EXPECT_EQ(timed.wait().outcome, Outcome::kTimeout);
  EXPECT_EQ(loud.wait().limit, "output.max");
  EXPECT_EQ(loud.wait().stdout_bytes.size(), 1000u);
  EXPECT_EQ(busy.wait().limit, "cpu.time");
  EXPECT_GE(busy.wait().usage.cpu_ms, 300);
  EXPECT_EQ(quiet.poll(), nullptr);  // what others used was not its own
  const auto run = sandbox.run({"echo", "still"});
  ASSERT_TRUE(run);
  EXPECT_EQ(run->stdout_bytes, "still\n");
  EXPECT_LT(run->usage.cpu_ms, 300);
}

TEST(ProcessTest, ARunMayHaveATimeOutOfItsOwn) {
  Sandbox sandbox = make_sandbox();
  RunOptions options = shell("sleep 60");
  options.timeout = 50ms;
  const auto result = sandbox.run(std::move(options));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->outcome, Outcome::kTimeout);
  RunOptions none = shell("true");
  none.timeout = 0ns;
  EXPECT_EQ(sandbox.run(std::move(none)).error().kind, Failure::Kind::kInvalidArgument);
}

TEST(ProcessTest, AsManyAsThereMayBeProcesses) {
  SandboxOptions options;
  options.limits.processes = 256;
  Sandbox sandbox = make_sandbox(std::move(options));
  std::vector<Process> all;
  std::optional<Failure> refused;
  while (!refused && all.size() <= 256) {
    RunOptions sleeper;
    sleeper.argv = {"sleep", "60"};
    auto process = sandbox.spawn(std::move(sleeper));
    if (process) {
      all.push_back(std::move(*process));
    } else {
      refused = process.error();
    }
  }
  EXPECT_EQ(all.size(), 256u);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->kind, Failure::Kind::kResourceExhausted);
  EXPECT_FALSE(sandbox.run({"true"}));
  all.pop_back();
  while (sandbox.stats().tasks == 256) std::this_thread::sleep_for(1ms);
  EXPECT_TRUE(sandbox.run({"true"}));
  all.clear();
  while (sandbox.stats().tasks > 0) std::this_thread::sleep_for(1ms);
}

TEST(ProcessTest, WhatCannotBeStartedIsAResult) {
  Sandbox sandbox = make_sandbox();
  auto process = sandbox.spawn({"no-such-program"});
  ASSERT_TRUE(process);
  EXPECT_EQ(process->pid(), 0);
  EXPECT_EQ(process->wait().outcome, Outcome::kError);
  EXPECT_EQ(process->wait().error_type, "not_found");
  EXPECT_EQ(sandbox.spawn(std::vector<std::string>()).error().kind,
            Failure::Kind::kInvalidArgument);
  EXPECT_EQ(sandbox.run(piped("true")).error().kind, Failure::Kind::kInvalidArgument);
}

TEST(ProcessTest, IsKilledWithItsHandleUnlessItIsDetached) {
  Sandbox sandbox = make_sandbox();
  {
    Process gone = must_spawn(sandbox, shell("sleep 60"));
    Process stays = must_spawn(sandbox, shell("sleep 61"));
    stays.detach();
  }
  for (int i = 0; sandbox.stats().tasks > 1 && i < 5000; ++i) std::this_thread::sleep_for(1ms);
  const auto list = sandbox.stats().processes;
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].command, "sleep 61");
}

TEST(ProcessTest, ASandboxTakesItsProgramsAlong) {
  const int before = open_files();
  std::optional<Process> process;
  {
    Sandbox sandbox = make_sandbox();
    process = must_spawn(sandbox, piped("trap '' TERM; cat"));
    EXPECT_EQ(process->poll(), nullptr);
  }
  EXPECT_EQ(process->wait().outcome, Outcome::kCancelled);
  process->signal(15);
  process->kill();
  process->resize({10, 10});
  EXPECT_EQ(read_all(process->descriptor(End::kOutput)), "");
  process.reset();
  EXPECT_EQ(open_files(), before);
}

TEST(ProcessTest, AHandlerMaySpawnAndRun) {
  SandboxOptions options;
  Sandbox* self = nullptr;
  options.allow_tools = {"start"};
  options.tools.push_back({.name = "start", .handler = [&self](const ToolInvocation&) {
                             auto process = self->spawn({"echo", "from a handler"});
                             if (!process) return ToolResult::failure(process.error().message);
                             const std::string first = process->wait().stdout_bytes;
                             const auto second = self->run({"echo", "again"});
                             if (!second) return ToolResult::failure(second.error().message);
                             const bool good =
                                 first == "from a handler\n" && second->stdout_bytes == "again\n";
                             return ToolResult::success(good ? "\"good\"" : "\"bad\"");
                           }});
  Sandbox sandbox = make_sandbox(std::move(options));
  self = &sandbox;
  const auto result = sandbox.run({"tool", "call", "start"});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->stdout_bytes, "\"good\"\n") << result->stderr_bytes;
  EXPECT_EQ(result->tool_calls.size(), 1u);
}

TEST(ProcessTest, IsOnRecordAsARunIs) {
  SandboxOptions options;
  options.allow_tools = {"echo"};
  options.tools.push_back(
      {.name = "echo", .handler = [](const ToolInvocation&) { return ToolResult::success("1"); }});
  Sandbox sandbox = make_sandbox(std::move(options));
  Process other = must_spawn(sandbox, shell("sleep 60"));
  Process process = must_spawn(sandbox, shell("tool call echo; tool call echo; exit 4"));
  EXPECT_EQ(process.wait().tool_calls.size(), 2u);
  EXPECT_EQ(process.wait().usage.tool_calls, 2u);
  other.kill();
  EXPECT_EQ(other.wait().usage.tool_calls, 0u);
  std::string log;
  for (const std::string& line : sandbox.audit()) log += line + "\n";
  EXPECT_NE(log.find("\"run.start\",\"run\":1"), std::string::npos) << log;
  EXPECT_NE(log.find("\"run.end\",\"run\":2,\"outcome\":\"exited\",\"exit_code\":4"),
            std::string::npos)
      << log;
  EXPECT_NE(log.find("\"run.end\",\"run\":1,\"outcome\":\"cancelled\""), std::string::npos) << log;
}

TEST(ProcessTest, SessionsGoOnBeside) {
  Sandbox sandbox = make_sandbox();
  Process server = must_spawn(sandbox, piped("while read line; do echo \"<$line>\"; done"));
  for (int i = 0; i < 3; ++i) {
    const auto cell = sandbox.run_js("globalThis.n = (globalThis.n ?? 0) + 1; n");
    ASSERT_TRUE(cell) << cell.error().message;
    EXPECT_EQ(cell->value.data, std::to_string(i + 1)) << cell->error_message;
    write_all(server.descriptor(End::kInput), "x\n");
    EXPECT_EQ(read_line(server.descriptor(End::kOutput)), "<x>");
  }
}

TEST(ProcessTest, PausedItStandsStill) {
  Sandbox sandbox = make_sandbox();
  Process process = must_spawn(sandbox, piped("while read line; do echo \"<$line>\"; done"));
  sandbox.pause();
  write_all(process.descriptor(End::kInput), "x\n");
  pollfd told{process.descriptor(End::kOutput), POLLIN, 0};
  EXPECT_EQ(poll(&told, 1, 100), 0);
  sandbox.resume();
  EXPECT_EQ(read_line(process.descriptor(End::kOutput)), "<x>");
}

TEST(ProcessTest, FromManyThreadsAtOnce) {
  Sandbox sandbox = make_sandbox();
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&sandbox, &good, i] {
      for (int round = 0; round < 5; ++round) {
        const std::string word = std::to_string(i) + "." + std::to_string(round);
        auto process = sandbox.spawn({"echo", word});
        const auto run = sandbox.run({"echo", "run " + word});
        if (process && process->wait().stdout_bytes == word + "\n") ++good;
        if (run && run->stdout_bytes == "run " + word + "\n") ++good;
        if (round == 2) (void)sandbox.spawn({"sleep", "60"});  // and killed at once
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 40);
}

TEST(ProcessTest, InC) {
  using capi::testing::Handle;
  Box box;
  cloche_error* error = nullptr;
  const Handle<cloche_command> command(cloche_command_new(), cloche_command_free);
  cloche_command_add_argument(command.get(), "cat");
  cloche_command_set_pipe(command.get(), CLOCHE_STDIN);
  cloche_command_set_pipe(command.get(), CLOCHE_STDOUT);
  Handle<cloche_process> process(cloche_sandbox_spawn(box.sandbox(), command.get(), &error),
                                 cloche_process_free);
  ASSERT_NE(process, nullptr) << text_of(cloche_error_message(error));
  EXPECT_GT(cloche_process_pid(process.get()), 0);
  EXPECT_EQ(cloche_process_wait_for(process.get(), 0, &error), nullptr);
  EXPECT_EQ(error, nullptr);
  write_all(cloche_process_descriptor(process.get(), CLOCHE_STDIN), "hello\n");
  const int out = cloche_process_take_descriptor(process.get(), CLOCHE_STDOUT);
  EXPECT_EQ(cloche_process_descriptor(process.get(), CLOCHE_STDOUT), -1);
  EXPECT_EQ(read_line(out), "hello");
  cloche_process_close_descriptor(process.get(), CLOCHE_STDIN);
  const Handle<cloche_result> result(cloche_process_wait(process.get(), &error),
                                     cloche_result_free);
  EXPECT_TRUE(cloche_result_ok(result.get()));
  close(out);
  // A time-out of its own; what is killed; what is left to the sandbox; null.
  const Handle<cloche_command> sleeper(cloche_command_new(), cloche_command_free);
  for (const char* word : {"sleep", "60"}) cloche_command_add_argument(sleeper.get(), word);
  process.reset(cloche_sandbox_spawn(box.sandbox(), sleeper.get(), &error));
  cloche_process_signal(process.get(), 15);
  const Handle<cloche_result> ended(cloche_process_wait(process.get(), &error), cloche_result_free);
  EXPECT_EQ(cloche_result_signal(ended.get()), 15);
  cloche_command_set_timeout(sleeper.get(), 20'000'000);
  process.reset(cloche_sandbox_spawn(box.sandbox(), sleeper.get(), &error));
  cloche_process_resize(process.get(), 10, 10);
  const Handle<cloche_result> late(cloche_process_wait(process.get(), &error), cloche_result_free);
  EXPECT_EQ(cloche_result_outcome(late.get()), CLOCHE_TIMEOUT);
  cloche_command_set_timeout(sleeper.get(), 0);
  process.reset(cloche_sandbox_spawn(box.sandbox(), sleeper.get(), &error));
  cloche_process_detach(process.get());
  cloche_process_kill(process.get());
  const Handle<cloche_result> killed(cloche_process_wait(process.get(), &error),
                                     cloche_result_free);
  EXPECT_EQ(cloche_result_outcome(killed.get()), CLOCHE_CANCELLED);
  EXPECT_EQ(error, nullptr);
}

TEST(ProcessTest, MistakesInC) {
  Box box;
  cloche_error* error = nullptr;
  EXPECT_EQ(cloche_sandbox_spawn(box.sandbox(), nullptr, &error), nullptr);
  (void)capi::testing::take_message(error);
  EXPECT_EQ(cloche_process_wait(nullptr, &error), nullptr);
  (void)capi::testing::take_message(error);
  EXPECT_EQ(cloche_process_pid(nullptr), CLOCHE_NONE);
  EXPECT_EQ(cloche_process_descriptor(nullptr, CLOCHE_STDIN), CLOCHE_NONE);
  EXPECT_EQ(cloche_process_take_descriptor(nullptr, 7), CLOCHE_NONE);
  cloche_process_close_descriptor(nullptr, CLOCHE_STDIN);
  cloche_process_signal(nullptr, 1);
  cloche_process_kill(nullptr);
  cloche_process_resize(nullptr, 1, 1);
  cloche_process_detach(nullptr);
  cloche_process_free(nullptr);
  cloche_command* command = cloche_command_new();
  cloche_command_set_pipe(command, 3);
  EXPECT_EQ(cloche_sandbox_spawn(box.sandbox(), command, &error), nullptr);
  EXPECT_NE(capi::testing::take_message(error).find("no stream is 3"), std::string::npos);
  cloche_command_free(command);
  command = cloche_command_new();
  cloche_command_add_argument(command, "true");
  cloche_command_set_pipe(command, CLOCHE_STDOUT);
  EXPECT_EQ(cloche_sandbox_run_command(box.sandbox(), command, &error), nullptr);
  EXPECT_NE(capi::testing::take_message(error).find("spawn"), std::string::npos);
  cloche_command_free(command);
}

}  // namespace
}  // namespace cloche::capi
