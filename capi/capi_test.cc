// The C interface, through its header alone. The programs of the pack beside the build run inside.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "capi/capi_testing.h"
#include "include/cloche/cloche.h"

using namespace cloche::capi::testing;  // NOLINT

namespace {

using std::chrono::milliseconds;

// --- errors

TEST(CApiTest, NullHandlesAreErrorsAndTheFirstErrorStays) {
  cloche_error* error = nullptr;
  EXPECT_EQ(cloche_host_create(nullptr, &error), nullptr);
  const cloche_error* first = error;
  EXPECT_EQ(cloche_sandbox_create(nullptr, nullptr, &error), nullptr);
  const char* const argv[] = {"true", nullptr};
  EXPECT_EQ(cloche_sandbox_run(nullptr, argv, &error), nullptr);
  EXPECT_EQ(cloche_sandbox_run_command(nullptr, nullptr, &error), nullptr);
  EXPECT_EQ(cloche_host_compile(nullptr, "/bin/sh", &error), -1);
  EXPECT_EQ(cloche_read_manifest(nullptr, &error), nullptr);
  EXPECT_EQ(cloche_verify_audit(nullptr, &error), nullptr);
  EXPECT_EQ(error, first);
  EXPECT_NE(take(cloche_error_json(error)).find("a null pointer"), std::string::npos);
  EXPECT_EQ(take_message(error), "cloche_host_create: a null pointer");
  EXPECT_EQ(cloche_sandbox_run(nullptr, argv, nullptr), nullptr);  // who does not want to know
  Box box;
  EXPECT_EQ(cloche_sandbox_run(box.sandbox(), nullptr, &error), nullptr);
  EXPECT_EQ(take_message(error), "cloche_sandbox_run: a null pointer");
  EXPECT_EQ(cloche_sandbox_create(shared_host(), nullptr, &error), nullptr);
  EXPECT_EQ(take_message(error), "cloche_sandbox_create: a null pointer");
}

TEST(CApiTest, AccessorsOfNothingGiveNothing) {
  EXPECT_EQ(cloche_error_kind(nullptr), CLOCHE_NONE);
  EXPECT_EQ(cloche_error_message(nullptr), nullptr);
  EXPECT_EQ(cloche_list_count(nullptr), 0u);
  EXPECT_EQ(cloche_list_get(nullptr, 0), nullptr);
  EXPECT_EQ(cloche_host_probe(nullptr), nullptr);
  EXPECT_EQ(cloche_findings_count(nullptr), 0u);
  EXPECT_EQ(cloche_findings_name(nullptr, 0), nullptr);
  EXPECT_FALSE(cloche_findings_ok(nullptr, 0));
  EXPECT_EQ(cloche_findings_detail(nullptr, 0), nullptr);
  EXPECT_EQ(cloche_host_engine_version(nullptr), nullptr);
  EXPECT_EQ(cloche_host_manifest(nullptr), nullptr);
  EXPECT_EQ(cloche_host_warnings(nullptr), nullptr);
  EXPECT_EQ(cloche_sandbox_audit(nullptr), nullptr);
  EXPECT_EQ(cloche_result_outcome(nullptr), CLOCHE_NONE);
  EXPECT_FALSE(cloche_result_ok(nullptr));
  EXPECT_EQ(cloche_result_exit_code(nullptr), -1);
  EXPECT_EQ(cloche_result_signal(nullptr), 0);
  EXPECT_EQ(cloche_result_limit(nullptr), nullptr);
  EXPECT_EQ(cloche_result_error_type(nullptr), nullptr);
  EXPECT_EQ(cloche_result_error_message(nullptr), nullptr);
  size_t size = 5;
  EXPECT_EQ(cloche_result_stdout(nullptr, &size), nullptr);
  EXPECT_EQ(size, 0u);
  EXPECT_EQ(cloche_result_stderr(nullptr, nullptr), nullptr);
  EXPECT_FALSE(cloche_result_stdout_truncated(nullptr));
  EXPECT_FALSE(cloche_result_stderr_truncated(nullptr));
  EXPECT_EQ(cloche_result_usage(nullptr, "wall_ms"), -1);
  EXPECT_EQ(cloche_result_call_count(nullptr), 0u);
  EXPECT_EQ(cloche_result_call_decision(nullptr, 0), CLOCHE_NONE);
  EXPECT_EQ(cloche_result_call_tool(nullptr, 0), nullptr);
  EXPECT_EQ(cloche_result_call_reason(nullptr, 0), nullptr);
  EXPECT_EQ(cloche_result_call_parameters_sha256(nullptr, 0), nullptr);
  EXPECT_EQ(cloche_result_call_ms(nullptr, 0), -1);
  EXPECT_EQ(cloche_result_json(nullptr), nullptr);
  EXPECT_EQ(cloche_error_json(nullptr), nullptr);
  EXPECT_FALSE(cloche_report_good(nullptr));
  EXPECT_EQ(cloche_report_line_count(nullptr), 0u);
  EXPECT_EQ(cloche_report_line(nullptr, 0), nullptr);
  EXPECT_EQ(cloche_report_json(nullptr), nullptr);
  EXPECT_FALSE(cloche_verdict_whole(nullptr));
  EXPECT_FALSE(cloche_verdict_ended(nullptr));
  EXPECT_EQ(cloche_verdict_problem(nullptr), nullptr);
  EXPECT_EQ(cloche_verdict_first(nullptr), 0u);
  EXPECT_EQ(cloche_verdict_last(nullptr), 0u);
  EXPECT_EQ(cloche_verdict_head(nullptr), nullptr);
  EXPECT_EQ(cloche_tool_invocation_tool(nullptr), nullptr);
  EXPECT_EQ(cloche_tool_invocation_parameters(nullptr, &size), nullptr);
  EXPECT_EQ(cloche_tool_invocation_time_left(nullptr), 0u);
  EXPECT_FALSE(cloche_tool_invocation_cancelled(nullptr));
  EXPECT_EQ(cloche_check_policy(nullptr, 1, "p"), nullptr);
  EXPECT_EQ(cloche_check_policy("{}", 2, nullptr), nullptr);
  EXPECT_EQ(cloche_check_policy_call("{}", 2, "p", nullptr, "{}", 2), nullptr);
  EXPECT_EQ(cloche_check_policy_call("{}", 2, "p", "t", nullptr, 2), nullptr);
  EXPECT_EQ(cloche_printable(nullptr, 1), nullptr);
}

TEST(CApiTest, NullIsFreedAndSignalled) {
  cloche_free(nullptr);
  cloche_error_free(nullptr);
  cloche_list_free(nullptr);
  cloche_host_options_free(nullptr);
  cloche_host_free(nullptr);
  cloche_findings_free(nullptr);
  cloche_options_free(nullptr);
  cloche_command_free(nullptr);
  cloche_sandbox_free(nullptr);
  cloche_result_free(nullptr);
  cloche_report_free(nullptr);
  cloche_verdict_free(nullptr);
  cloche_job_run(nullptr);
  cloche_job_drop(nullptr);
  cloche_sandbox_signal(nullptr, 15);
  cloche_sandbox_kill(nullptr);
  cloche_sandbox_resize(nullptr, 1, 1);
  cloche_tool_result_set(nullptr, "1", 1);
  cloche_tool_result_fail(nullptr, nullptr, nullptr);
}

TEST(CApiTest, TheFirstMistakeOfASetterIsKept) {
  const std::pair<const char*, std::function<void(cloche_options*)>> mistakes[] = {
      {"cloche_options_add_mount: a null pointer",
       [](auto* o) { cloche_options_add_mount(o, nullptr, "/data", CLOCHE_MOUNT_READ_ONLY); }},
      {"cloche_options_add_mount: no mode is 3",
       [](auto* o) { cloche_options_add_mount(o, "/tmp", "/data", 3); }},
      {"cloche_options_add_mount: no mode is -1",
       [](auto* o) { cloche_options_add_mount(o, "/tmp", "/data", -1); }},
      {"cloche_options_set_env: a null pointer",
       [](auto* o) { cloche_options_set_env(o, "A", nullptr); }},
      {"cloche_options_set_workdir: a null pointer",
       [](auto* o) { cloche_options_set_workdir(o, nullptr); }},
      {"cloche_options_set_user: a null pointer",
       [](auto* o) { cloche_options_set_user(o, nullptr); }},
      {"cloche_options_set_hostname: a null pointer",
       [](auto* o) { cloche_options_set_hostname(o, nullptr); }},
      {"cloche_options_set_limit: a null pointer",
       [](auto* o) { cloche_options_set_limit(o, nullptr, "1"); }},
      {"cloche_options_set_limit: a null pointer",
       [](auto* o) { cloche_options_set_limit(o, "memory.max", nullptr); }},
      {"cloche_options_set_limit: there is no limit 'memory.maxx'; did you mean 'memory.max'?",
       [](auto* o) { cloche_options_set_limit(o, "memory.maxx", "1M"); }},
      {"cloche_options_set_limit: limit output.over: 'stop' is not \"kill\" or \"truncate\"",
       [](auto* o) { cloche_options_set_limit(o, "output.over", "stop"); }},
      {"cloche_options_set_clock_resolution: it is too long",
       [](auto* o) { cloche_options_set_clock_resolution(o, UINT64_MAX); }},
      {"cloche_options_set_random_seed: a null pointer",
       [](auto* o) { cloche_options_set_random_seed(o, nullptr); }},
      {"cloche_options_set_random_seed: the seed is empty",
       [](auto* o) { cloche_options_set_random_seed(o, ""); }},
      {"cloche_options_set_policy: a null pointer",
       [](auto* o) { cloche_options_set_policy(o, nullptr, 0, nullptr, nullptr); }},
      {"cloche_options_set_policy: the policy is empty",
       [](auto* o) { cloche_options_set_policy(o, "", 0, nullptr, nullptr); }},
      {"cloche_options_allow_tool: a null pointer",
       [](auto* o) { cloche_options_allow_tool(o, nullptr); }},
      {"cloche_options_set_audit_file: the path is empty",
       [](auto* o) { cloche_options_set_audit_file(o, ""); }},
      {"cloche_options_set_log: a null pointer",
       [](auto* o) { cloche_options_set_log(o, nullptr, nullptr); }},
      {"cloche_options_add_tool: a null pointer",
       [](auto* o) {
         EXPECT_EQ(cloche_options_add_tool(o, "t", nullptr, nullptr, nullptr), nullptr);
       }},
      {"cloche_options_add_command: a null pointer",
       [](auto* o) { EXPECT_EQ(cloche_options_add_command(o, "t", nullptr), nullptr); }},
      {"cloche_tool_set_parameters: a null pointer",
       [](auto* o) {
         cloche_tool_set_parameters(cloche_options_add_command(o, "t", "cat"), nullptr);
       }},
      {"cloche_tool_set_timeout: it is too long",
       [](auto* o) {
         cloche_tool_set_timeout(cloche_options_add_command(o, "t", "cat"), UINT64_MAX);
       }},
      {"cloche_options_set_executor: a null pointer",
       [](auto* o) { cloche_options_set_executor(o, nullptr, nullptr, nullptr); }},
  };
  for (const auto& [message, make] : mistakes) {
    const Handle<cloche_options> options(cloche_options_new(), cloche_options_free);
    make(options.get());
    cloche_options_set_user(options.get(), nullptr);  // a later one
    cloche_error* error = nullptr;
    EXPECT_EQ(cloche_sandbox_create(shared_host(), options.get(), &error), nullptr);
    EXPECT_EQ(take_message(error), message);
    make(nullptr);  // no handle: nothing happens
  }
}

TEST(CApiTest, MistakesOfHostsAndCommands) {
  const Handle<cloche_host_options> options(cloche_host_options_new(), cloche_host_options_free);
  cloche_host_options_set_pack(options.get(), "/no/such/pack");
  cloche_error* error = nullptr;
  EXPECT_EQ(cloche_host_create(options.get(), &error), nullptr);
  take_message(error, CLOCHE_NOT_FOUND);
  EXPECT_EQ(cloche_read_manifest("/etc/passwd", &error), nullptr);
  take_message(error, CLOCHE_MALFORMED);
  cloche_host_options_set_progress(options.get(), nullptr, nullptr);
  EXPECT_EQ(cloche_host_create(options.get(), &error), nullptr);
  EXPECT_EQ(take_message(error), "cloche_host_options_set_progress: a null pointer");

  Box box;
  const std::pair<const char*, std::function<void(cloche_command*)>> mistakes[] = {
      {"cloche_command_add_argument: a null pointer",
       [](auto* c) { cloche_command_add_argument(c, nullptr); }},
      {"cloche_command_set_module: a null pointer",
       [](auto* c) { cloche_command_set_module(c, nullptr, 0); }},
      {"cloche_command_set_input: a null pointer",
       [](auto* c) { cloche_command_set_input(c, nullptr, 3); }},
      {"cloche_command_set_fd: no stream is 3", [](auto* c) { cloche_command_set_fd(c, 3, 1); }},
      {"cloche_command_set_fd: no descriptor is -1",
       [](auto* c) { cloche_command_set_fd(c, CLOCHE_STDOUT, -1); }},
      {"cloche_command_set_null: no stream is -1",
       [](auto* c) { cloche_command_set_null(c, -1); }}};
  for (const auto& [message, make] : mistakes) {
    const Handle<cloche_command> command(cloche_command_new(), cloche_command_free);
    cloche_command_add_argument(command.get(), "true");
    make(command.get());
    EXPECT_EQ(cloche_sandbox_run_command(box.sandbox(), command.get(), &error), nullptr);
    EXPECT_EQ(take_message(error), message);
    make(nullptr);
  }
}

// --- hosts and runs

TEST(CApiTest, TheCacheMayBeNamedFromTheCurrentFolder) {
  const auto original = std::filesystem::current_path();
  char folder[] = "/tmp/cloche-capi-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  std::filesystem::current_path(folder);
  {
    const Handle<cloche_host_options> options(cloche_host_options_new(), cloche_host_options_free);
    cloche_host_options_set_cache_dir(options.get(), "some/cache");
    cloche_error* error = nullptr;
    const Handle<cloche_host> host(cloche_host_create(options.get(), &error), cloche_host_free);
    EXPECT_NE(host, nullptr) << text_of(cloche_error_message(error));
    const Handle<cloche_list> warnings(cloche_host_warnings(host.get()), cloche_list_free);
    EXPECT_EQ(cloche_list_count(warnings.get()), 0u);
  }
  std::filesystem::current_path(original);
  EXPECT_FALSE(std::filesystem::is_empty(std::string(folder) + "/some/cache"));
  std::filesystem::remove_all(folder);
}

TEST(CApiTest, AHostTellsOfItself) {
  EXPECT_TRUE(take(cloche_host_engine_version(shared_host())).starts_with("wasmtime "));
  EXPECT_NE(take(cloche_host_manifest(shared_host())).find("\"dash\""), std::string::npos);
  const Handle<cloche_list> warnings(cloche_host_warnings(shared_host()), cloche_list_free);
  EXPECT_EQ(cloche_list_count(warnings.get()), 0u);
  cloche_error* error = nullptr;
  EXPECT_NE(cloche_host_compile(shared_host(), "/usr/bin/dash", &error), -1);
  EXPECT_EQ(cloche_host_compile(shared_host(), "/usr/bin/dash", &error), CLOCHE_COMPILED_BEFORE);
  EXPECT_EQ(error, nullptr);
  EXPECT_EQ(cloche_host_compile(shared_host(), "/no/such", &error), -1);
  take_message(error, CLOCHE_NOT_FOUND);
  const Handle<cloche_host_options> options(cloche_host_options_new(), cloche_host_options_free);
  const Handle<cloche_findings> findings(cloche_host_probe(options.get()), cloche_findings_free);
  const size_t count = cloche_findings_count(findings.get());
  ASSERT_GT(count, 0u);
  EXPECT_NE(text_of(cloche_findings_name(findings.get(), 0)), "");
  EXPECT_TRUE(cloche_findings_ok(findings.get(), 0));
  EXPECT_EQ(cloche_findings_name(findings.get(), count), nullptr);
}

TEST(CApiTest, AProgramRunsAndItsResultSaysHow) {
  Box box;
  cloche_options_set_env(box.options(), "WHO", "world");
  cloche_options_set_hostname(box.options(), "bell");
  cloche_options_set_user(box.options(), "somebody");
  cloche_options_set_workdir(box.options(), "/tmp");
  const auto result =
      box.shell(R"(echo "$WHO $USER $PWD"; echo problem >&2; printf 'a\0b'; exit 3)");
  EXPECT_EQ(cloche_result_outcome(result.get()), CLOCHE_EXITED);
  EXPECT_EQ(cloche_result_exit_code(result.get()), 3);
  EXPECT_FALSE(cloche_result_ok(result.get()));
  size_t size = 0;
  const char* out = cloche_result_stdout(result.get(), &size);
  EXPECT_EQ(std::string(out, size), std::string("world somebody /tmp\na\0b", 23));
  EXPECT_EQ(out[size], '\0');
  EXPECT_EQ(text_of(cloche_result_stderr(result.get(), nullptr)), "problem\n");
  EXPECT_GT(cloche_result_usage(result.get(), "wall_ms"), 0);
  EXPECT_GT(cloche_result_usage(result.get(), "memory_peak_bytes"), 0);
  EXPECT_EQ(cloche_result_usage(result.get(), "tool_calls"), 0);
  EXPECT_EQ(cloche_result_usage(result.get(), "more"), -1);
  EXPECT_NE(take(cloche_result_json(result.get())).find("\"exit_code\":3"), std::string::npos);
  EXPECT_EQ(cloche_result_usage(result.get(), nullptr), -1);
  EXPECT_EQ(box.output("cat /proc/sys/kernel/hostname"), "bell\n");
  EXPECT_EQ(cloche_result_outcome(box.shell("kill -USR1 $$").get()), CLOCHE_SIGNALED);
  EXPECT_EQ(cloche_result_signal(box.shell("kill -USR1 $$").get()), 10);
}

TEST(CApiTest, AProgramThatIsNotThereIsAResult) {
  Box box;
  const char* const argv[] = {"no-such-program", nullptr};
  cloche_error* error = nullptr;
  const Handle<cloche_result> result(cloche_sandbox_run(box.sandbox(), argv, &error),
                                     cloche_result_free);
  EXPECT_EQ(error, nullptr);
  EXPECT_EQ(cloche_result_outcome(result.get()), CLOCHE_ERROR);
  EXPECT_EQ(text_of(cloche_result_error_type(result.get())), "not_found");
  EXPECT_NE(text_of(cloche_result_error_message(result.get())), "");
  const char* const nothing[] = {nullptr};
  const Handle<cloche_result> none(cloche_sandbox_run(box.sandbox(), nothing, &error),
                                   cloche_result_free);
  EXPECT_EQ(none, nullptr);
  take_message(error);
}

TEST(CApiTest, StreamsAreBytesDescriptorsOrNothing) {
  Box box;
  const Handle<cloche_command> command(cloche_command_new(), cloche_command_free);
  for (const char* word : {"sh", "-c", "read line; echo \"<$line>\"; echo problem >&2"}) {
    cloche_command_add_argument(command.get(), word);
  }
  cloche_command_set_input(command.get(), "a b\n", 4);
  cloche_command_set_null(command.get(), CLOCHE_STDERR);
  for (int i = 0; i < 2; ++i) {  // a command can be used again
    const auto result = box.run(command.get());
    EXPECT_EQ(text_of(cloche_result_stdout(result.get(), nullptr)), "<a b>\n");
    EXPECT_EQ(text_of(cloche_result_stderr(result.get(), nullptr)), "");
  }
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  cloche_command_set_fd(command.get(), CLOCHE_STDOUT, ends[1]);
  cloche_command_set_input(command.get(), nullptr, 0);
  const auto result = box.run(command.get());
  EXPECT_EQ(text_of(cloche_result_stdout(result.get(), nullptr)), "");
  char got[16] = {};
  EXPECT_EQ(read(ends[0], got, sizeof got), 3);
  EXPECT_STREQ(got, "<>\n");
  EXPECT_NE(fcntl(ends[1], F_GETFD), -1);  // not closed
  close(ends[0]);
  close(ends[1]);
}

TEST(CApiTest, ATerminalHasTheSizeThatItWasGiven) {
  Box box;
  const Handle<cloche_command> command(cloche_command_new(), cloche_command_free);
  for (const char* word : {"sh", "-c", "stty size; test -t 0 && echo terminal"}) {
    cloche_command_add_argument(command.get(), word);
  }
  int in[2], out[2];
  ASSERT_EQ(pipe(in), 0);
  ASSERT_EQ(pipe(out), 0);
  cloche_command_set_fd(command.get(), CLOCHE_STDIN, in[0]);
  cloche_command_set_fd(command.get(), CLOCHE_STDOUT, out[1]);
  cloche_command_set_terminal(command.get(), 33, 77);
  EXPECT_TRUE(cloche_result_ok(box.run(command.get()).get()));
  char got[64] = {};
  EXPECT_GT(read(out[0], got, sizeof got - 1), 0);
  EXPECT_STREQ(got, "33 77\r\nterminal\r\n");
  for (const int fd : {in[0], in[1], out[0], out[1]}) close(fd);
}

// _start: exit_group(7), then yield for ever.
// clang-format off
constexpr unsigned char kModule[] = {
    0, 'a', 's', 'm', 1, 0, 0, 0,
    1, 12, 3, 0x60, 0, 0, 0x60, 0, 0, 0x60, 1, 0x7f, 1, 0x7f,
    2, 20, 1, 5, 'l', 'i', 'n', 'u', 'x', 10, 'e', 'x', 'i', 't', '_', 'g', 'r', 'o', 'u', 'p', 0, 2,
    3, 3, 2, 0, 1,
    5, 3, 1, 0, 1,
    6, 11, 2, 0x7f, 1, 0x41, 0, 0x0b, 0x7f, 1, 0x41, 0, 0x0b,
    7, 51, 4, 6, 'm', 'e', 'm', 'o', 'r', 'y', 2, 0, 6, '_', 's', 't', 'a', 'r', 't', 0, 1,
    15, '_', '_', 's', 't', 'a', 'c', 'k', '_', 'p', 'o', 'i', 'n', 't', 'e', 'r', 3, 0,
    11, '_', '_', 'c', 'l', 'o', 'c', 'h', 'e', '_', 't', 'p', 3, 1,
    10, 19, 2, 14, 0, 0x41, 7, 0x10, 0, 0x1a, 0x03, 0x40, 0x10, 2, 0x0c, 0, 0x0b, 0x0b, 2, 0, 0x0b};
// clang-format on

TEST(CApiTest, AModuleIsRunFromItsBytes) {
  Box box;
  const Handle<cloche_command> command(cloche_command_new(), cloche_command_free);
  cloche_command_add_argument(command.get(), "seven");
  cloche_command_set_module(command.get(), kModule, sizeof kModule);
  const auto result = box.run(command.get());
  EXPECT_EQ(cloche_result_exit_code(result.get()), 7)
      << text_of(cloche_result_error_message(result.get()));
  cloche_command_set_module(command.get(), kModule, sizeof kModule - 1);
  EXPECT_EQ(text_of(cloche_result_error_type(box.run(command.get()).get())), "not_executable");
}

TEST(CApiTest, MountsAndLimitsHold) {
  char folder[] = "/tmp/cloche-capi-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::string file = std::string(folder) + "/file";
  std::ofstream(file) << "of the host\n";
  Box box;
  cloche_options_add_mount(box.options(), folder, "/ro", CLOCHE_MOUNT_READ_ONLY);
  cloche_options_add_mount(box.options(), folder, "/cow", CLOCHE_MOUNT_COPY_ON_WRITE);
  cloche_options_set_limit(box.options(), "output.max", "1000");
  EXPECT_EQ(
      box.output("cat /ro/file; (echo x > /ro/file) 2>/dev/null || echo no; echo x > /cow/file; "
                 "cat /cow/file /ro/file"),
      "of the host\nno\nx\nof the host\n");
  const auto loud = box.shell("while :; do echo 0123456789; done");
  EXPECT_EQ(cloche_result_outcome(loud.get()), CLOCHE_LIMIT);
  EXPECT_EQ(text_of(cloche_result_limit(loud.get())), "output.max");
  unlink(file.c_str());
  rmdir(folder);

  Box slow;
  cloche_options_set_limit(slow.options(), "wall.time", "200ms");
  cloche_options_set_limit(slow.options(), "cpu.time", "none");
  EXPECT_EQ(cloche_result_outcome(slow.shell("while :; do :; done").get()), CLOCHE_TIMEOUT);
}

TEST(CApiTest, RunsWithASeedCanBeRepeated) {
  const std::string seed(64, 'a');
  std::string first;
  for (int i = 0; i < 2; ++i) {
    Box box;
    cloche_options_set_random_seed(box.options(), seed.c_str());
    cloche_options_set_clock_resolution(box.options(), 1'000'000'000);
    const std::string got = box.output("od -A n -N 16 -t x1 /dev/urandom; date +%N");
    EXPECT_NE(got.find("\n000000000\n"), std::string::npos) << got;
    if (i == 0) first = got;
    EXPECT_EQ(got, first);
  }
}

TEST(CApiTest, EveryLimitIsHandedOn) {
  const std::pair<const char*, const char*> limits[] = {
      {"wall.time", "3s"},    {"cpu.time", "2s"},       {"compile.time", "4s"},
      {"cpu.weight", "50"},   {"cpu.max", "0.5"},       {"cpuset", "0"},
      {"memory.max", "100M"}, {"memory.high", "90M"},   {"pids.max", "77"},
      {"forks.rate", "99"},   {"disk.max", "10M"},      {"inodes.max", "123"},
      {"file.max", "1M"},     {"open_files.max", "99"}, {"timers.max", "9"},
      {"watches.max", "8"},   {"pipe.max", "8K"},       {"arguments.max", "64K"},
      {"module.max", "5M"},   {"tools.calls", "6"},     {"tools.bytes", "7M"},
      {"tools.time", "8s"},   {"output.max", "9M"},     {"output.over", "truncate"}};
  Box box;
  for (const auto& [name, value] : limits) cloche_options_set_limit(box.options(), name, value);
  EXPECT_EQ(box.output("echo made"), "made\n");
  for (const auto& [name, value] : limits) {
    char* kept = cloche_sandbox_limit(box.sandbox(), name);
    EXPECT_EQ(text_of(kept), value) << name;
    cloche_free(kept);
  }
}

TEST(CApiTest, OutputBeyondItsLimitCanBeLost) {
  Box box;
  cloche_options_set_limit(box.options(), "output.max", "4");
  cloche_options_set_limit(box.options(), "output.over", "truncate");
  const auto result = box.shell("echo 123456; exit 3");
  EXPECT_EQ(cloche_result_exit_code(result.get()), 3);
  EXPECT_EQ(cloche_result_outcome(result.get()), CLOCHE_EXITED);
}

TEST(CApiTest, SandboxesInsideTakeANumberOfThem) {
  Box none;
  EXPECT_EQ(cloche_result_exit_code(none.shell("cloche run true").get()), 77);
  Box one;
  cloche_options_set_sandboxes(one.options(), 1);
  EXPECT_EQ(one.output("cloche run echo inside"), "inside\n");
  EXPECT_EQ(cloche_result_exit_code(one.shell("cloche run true").get()), 77);
  cloche_options_set_sandboxes(nullptr, 1);
}

TEST(CApiTest, OtherThreadsSignalAndKill) {
  Box box;
  cloche_sandbox* sandbox = box.sandbox();
  std::atomic<bool> over = false;
  std::thread signals([sandbox, &over] {
    while (!over) {
      cloche_sandbox_signal(sandbox, 15);
      std::this_thread::sleep_for(milliseconds(10));
    }
  });
  const auto stopped = box.shell("trap 'echo caught; exit 5' TERM; while :; do :; done");
  over = true;
  signals.join();
  // The signal may come before the trap is set.
  EXPECT_TRUE(cloche_result_exit_code(stopped.get()) == 5 ||
              cloche_result_signal(stopped.get()) == 15);
  over = false;
  std::thread kills([sandbox, &over] {
    while (!over) {
      cloche_sandbox_kill(sandbox);
      std::this_thread::sleep_for(milliseconds(10));
    }
  });
  const auto killed = box.shell("trap '' TERM; while :; do :; done");
  over = true;
  kills.join();
  EXPECT_EQ(cloche_result_outcome(killed.get()), CLOCHE_CANCELLED);
}

TEST(CApiTest, AnotherThreadLooksAndSteersWhileItRuns) {
  Box box;
  cloche_sandbox* sandbox = box.sandbox();
  std::thread control([sandbox] {
    cloche_error* error = nullptr;
    int64_t pid = -1;
    while (pid < 0) {
      const Handle<cloche_stats> stats(cloche_sandbox_stats(sandbox), cloche_stats_free);
      if (text_of(cloche_stats_state(stats.get())) != "running") continue;
      if (cloche_stats_process_count(stats.get()) == 0) continue;
      pid = cloche_stats_process_number(stats.get(), 0, "pid");
      EXPECT_GT(cloche_stats_number(stats.get(), "memory.total"), 0);
      EXPECT_EQ(cloche_stats_number(stats.get(), "memory.more"), -1);
      EXPECT_EQ(cloche_stats_limit_hits(stats.get(), "pids.max"), 0u);
      EXPECT_NE(text_of(cloche_stats_process_name(stats.get(), 0)), "");
      EXPECT_NE(text_of(cloche_stats_process_command(stats.get(), 0)), "");
      EXPECT_EQ(text_of(cloche_stats_process_sandbox(stats.get(), 0)), "");
      EXPECT_NE(cloche_stats_process_state(stats.get(), 0), '\0');
      EXPECT_EQ(cloche_stats_process_name(stats.get(), 99), nullptr);
      EXPECT_EQ(cloche_stats_process_number(stats.get(), 99, "pid"), -1);
    }
    EXPECT_TRUE(cloche_sandbox_set_limit(sandbox, "memory.max", "100M", &error));
    EXPECT_EQ(take(cloche_sandbox_limit(sandbox, "memory.max")), "100M");
    EXPECT_EQ(cloche_sandbox_limit(sandbox, "memory"), nullptr);
    EXPECT_FALSE(cloche_sandbox_set_limit(sandbox, "memory.max", "lots", &error));
    take_message(error);
    EXPECT_TRUE(cloche_sandbox_set_nice(sandbox, static_cast<int>(pid), 5, &error));
    EXPECT_FALSE(cloche_sandbox_set_nice(sandbox, 9999, 5, &error));
    take_message(error, CLOCHE_NOT_FOUND);
    cloche_sandbox_pause(sandbox);
    const Handle<cloche_stats> paused(cloche_sandbox_stats(sandbox), cloche_stats_free);
    EXPECT_EQ(text_of(cloche_stats_state(paused.get())), "paused");
    cloche_sandbox_resume(sandbox);
    EXPECT_FALSE(cloche_sandbox_signal_process(sandbox, 9999, 9, &error));
    take_message(error, CLOCHE_NOT_FOUND);
    EXPECT_TRUE(cloche_sandbox_signal_process(sandbox, static_cast<int>(pid), 9, &error));
  });
  const auto result = box.shell("while :; do :; done");
  control.join();
  EXPECT_EQ(cloche_result_outcome(result.get()), CLOCHE_SIGNALED);
  EXPECT_EQ(cloche_result_signal(result.get()), 9);
}

TEST(CApiTest, NothingIsSteeredThroughNull) {
  cloche_error* error = nullptr;
  EXPECT_EQ(cloche_sandbox_stats(nullptr), nullptr);
  EXPECT_EQ(cloche_stats_state(nullptr), nullptr);
  EXPECT_EQ(cloche_stats_number(nullptr, "tasks"), -1);
  EXPECT_EQ(cloche_stats_limit_hits(nullptr, "pids.max"), 0u);
  EXPECT_EQ(cloche_stats_process_count(nullptr), 0u);
  EXPECT_EQ(cloche_stats_process_state(nullptr, 0), '\0');
  EXPECT_EQ(cloche_sandbox_limit(nullptr, "memory.max"), nullptr);
  EXPECT_FALSE(cloche_sandbox_set_limit(nullptr, "memory.max", "1M", &error));
  EXPECT_FALSE(cloche_sandbox_signal_process(nullptr, 2, 9, &error));
  EXPECT_FALSE(cloche_sandbox_set_nice(nullptr, 2, 9, &error));
  EXPECT_EQ(take_message(error), "cloche_sandbox_set_limit: a null pointer");
  cloche_sandbox_pause(nullptr);
  cloche_sandbox_resume(nullptr);
  cloche_stats_free(nullptr);
}

// --- tools

struct Seen {
  std::mutex mutex;
  std::vector<std::string> parameters;
  std::set<std::thread::id> threads;
  std::atomic<int> released = 0, running = 0;
  std::atomic<bool> cancelled = false;
};

void release(void* env) { ++static_cast<Seen*>(env)->released; }

bool comes_true(const std::function<bool()>& what) {
  for (int i = 0; i < 10'000 && !what(); ++i) std::this_thread::sleep_for(milliseconds(1));
  return what();
}

// What a handler uses: lives until the library lets go of it, which is on any thread and may be
// after the sandbox is freed. Declared before the box, so that it goes after it.
template <class T>
struct Lent : T {
  template <class... Arguments>
  explicit Lent(Arguments&&... arguments) : T(std::forward<Arguments>(arguments)...) {}
  ~Lent() {
    EXPECT_TRUE(comes_true([this] { return let_go == lent; }));
  }
  void* lend() {
    ++lent;
    return static_cast<T*>(this);
  }
  static void take_back(void* env) { ++static_cast<Lent*>(static_cast<T*>(env))->let_go; }
  std::atomic<int> lent = 0, let_go = 0;
};

using Maker = std::function<void(cloche_tool_result*)>;

void echo(void* env, const cloche_tool_invocation* invocation, cloche_tool_result* result) {
  Seen& seen = *static_cast<Seen*>(env);
  size_t size = 0;
  const char* parameters = cloche_tool_invocation_parameters(invocation, &size);
  EXPECT_EQ(parameters[size], '\0');
  EXPECT_GT(cloche_tool_invocation_time_left(invocation), 50'000'000'000u);
  EXPECT_LT(cloche_tool_invocation_time_left(invocation), 60'000'000'001u);
  EXPECT_FALSE(cloche_tool_invocation_cancelled(invocation));
  EXPECT_EQ(text_of(cloche_tool_invocation_tool(invocation)), "echo");
  const std::lock_guard lock(seen.mutex);
  seen.parameters.emplace_back(parameters, size);
  seen.threads.insert(std::this_thread::get_id());
  cloche_tool_result_fail(result, "the last one counts", nullptr);
  cloche_tool_result_set(result, parameters, size);
}

TEST(CApiToolTest, AHandlerIsCalledOnAnotherThread) {
  Seen seen;
  Box box;
  cloche_tool* tool = cloche_options_add_tool(box.options(), "echo", echo, &seen, release);
  cloche_tool_set_description(tool, "gives back what it gets");
  cloche_tool_set_parameters(tool,
                             R"({"type": "object", "properties": {"a": {"type": "integer"}}})");
  cloche_options_allow_tool(box.options(), "echo");
  EXPECT_EQ(box.output("tool call echo --a 1; tool list"),
            "{\"a\":1}\necho\tgives back what it gets\n");
  EXPECT_EQ(seen.parameters, std::vector<std::string>{"{\"a\":1}"});
  EXPECT_FALSE(seen.threads.contains(std::this_thread::get_id()));
  const auto result = box.shell("tool call echo --json '{\"a\":\"one\"}'; tool call other");
  ASSERT_EQ(cloche_result_call_count(result.get()), 2u);
  EXPECT_EQ(cloche_result_exit_code(result.get()), 77);
  EXPECT_EQ(cloche_result_call_decision(result.get(), 1), CLOCHE_CALL_DENIED);
  EXPECT_EQ(text_of(cloche_result_call_tool(result.get(), 1)), "other");
  EXPECT_NE(text_of(cloche_result_call_reason(result.get(), 1)), "");
  EXPECT_EQ(text_of(cloche_result_call_parameters_sha256(result.get(), 1)).size(), 64u);
  EXPECT_GE(cloche_result_call_ms(result.get(), 1), 0);
  EXPECT_EQ(cloche_result_call_tool(result.get(), 2), nullptr);
  EXPECT_EQ(seen.parameters.size(), 1u);
  EXPECT_EQ(seen.released, 0);
  box.free_all();
  EXPECT_TRUE(comes_true([&seen] { return seen.released == 1; }));
}

TEST(CApiToolTest, WithoutAGrantNothingIsCalled) {
  Lent<Seen> seen;
  Box box;
  cloche_options_add_tool(box.options(), "echo", echo, seen.lend(), seen.take_back);
  EXPECT_EQ(cloche_result_exit_code(box.shell("tool call echo --a 1").get()), 77);
  EXPECT_TRUE(seen.parameters.empty());
}

TEST(CApiToolTest, TheEnvironmentIsReleasedWhenAToolCannotBeAdded) {
  Seen seen;
  const Handle<cloche_options> options(cloche_options_new(), cloche_options_free);
  EXPECT_EQ(cloche_options_add_tool(options.get(), nullptr, echo, &seen, release), nullptr);
  EXPECT_EQ(cloche_options_add_tool(options.get(), "echo", nullptr, &seen, release), nullptr);
  EXPECT_EQ(cloche_options_add_tool(nullptr, "echo", echo, &seen, release), nullptr);
  cloche_options_set_executor(nullptr, nullptr, &seen, release);
  EXPECT_EQ(seen.released, 4);
}

void give_garbage(void* env, const cloche_tool_invocation*, cloche_tool_result* result) {
  (*static_cast<const Maker*>(env))(result);
}

TEST(CApiToolTest, GarbageIsAFailureThatTellsTheGuestNothing) {
  const Maker garbage[] = {
      [](auto*) {},
      [](auto* r) { cloche_tool_result_set(r, nullptr, 10); },
      [](auto* r) { cloche_tool_result_set(r, "", 0); },
      [](auto* r) { cloche_tool_result_set(r, "{}{}", 4); },
      [](auto* r) { cloche_tool_result_set(r, "\"\xff\"", 3); },
      [](auto* r) { cloche_tool_result_set(r, "1\0", 2); },
      [](auto* r) { cloche_tool_result_set(r, std::string(101, ' ').c_str(), 101); },
      [](auto* r) { cloche_tool_result_fail(r, nullptr, nullptr); },
  };
  for (const Maker& each : garbage) {
    Lent<Maker> make(each);
    Box box;
    cloche_tool* tool =
        cloche_options_add_tool(box.options(), "t", give_garbage, make.lend(), make.take_back);
    cloche_tool_set_result_bytes(tool, 100);
    cloche_options_allow_tool(box.options(), "t");
    const auto result = box.shell("tool call t");
    EXPECT_EQ(cloche_result_exit_code(result.get()), 1) << &each - garbage;
    EXPECT_EQ(text_of(cloche_result_stdout(result.get(), nullptr)), "");
    EXPECT_EQ(cloche_result_call_decision(result.get(), 0), CLOCHE_CALL_FAILED);
  }
}

// All lines of the audit log.
std::string audit_of(Box& box) {
  const Handle<cloche_list> audit(cloche_sandbox_audit(box.sandbox()), cloche_list_free);
  const size_t count = cloche_list_count(audit.get());
  EXPECT_EQ(cloche_list_get(audit.get(), count), nullptr);
  std::string lines;
  for (size_t i = 0; i < count; ++i) lines += cloche_list_get(audit.get(), i);
  return lines;
}

TEST(CApiToolTest, AMessageIsShownAndADetailOnlyLogged) {
  Lent<Maker> fails(
      [](auto* r) { cloche_tool_result_fail(r, "no such symbol", "the database said secret"); });
  Box box;
  cloche_options_add_tool(box.options(), "t", give_garbage, fails.lend(), fails.take_back);
  cloche_options_allow_tool(box.options(), "t");
  const auto result = box.shell("tool call t");
  EXPECT_EQ(text_of(cloche_result_stderr(result.get(), nullptr)), "tool: no such symbol\n");
  EXPECT_NE(audit_of(box).find("the database said secret"), std::string::npos);
}

TEST(CApiToolTest, AnExceptionOfAHandlerIsAFailure) {
  Lent<Maker> throws([](auto* r) {
    cloche_tool_result_set(r, "1", 1);
    throw std::runtime_error("secret of a bug");
  });
  Box box;
  cloche_options_add_tool(box.options(), "t", give_garbage, throws.lend(), throws.take_back);
  cloche_options_allow_tool(box.options(), "t");
  const auto result = box.shell("tool call t");
  EXPECT_EQ(cloche_result_exit_code(result.get()), 1);
  EXPECT_EQ(text_of(cloche_result_stderr(result.get(), nullptr)), "tool: the tool failed\n");
  EXPECT_NE(audit_of(box).find("secret of a bug"), std::string::npos);
}

void wait_for_cancel(void* env, const cloche_tool_invocation* invocation, cloche_tool_result*) {
  Seen& seen = *static_cast<Seen*>(env);
  ++seen.running;
  while (!cloche_tool_invocation_cancelled(invocation))
    std::this_thread::sleep_for(milliseconds(1));
  EXPECT_EQ(cloche_tool_invocation_time_left(invocation), 0u);
  seen.cancelled = true;
}

TEST(CApiToolTest, AHandlerThatOutlivesItsSandboxKeepsItsEnvironment) {
  Seen seen;
  {
    Box box;
    cloche_tool* tool =
        cloche_options_add_tool(box.options(), "t", wait_for_cancel, &seen, release);
    cloche_tool_set_timeout(tool, 300'000'000);
    cloche_options_allow_tool(box.options(), "t");
    const auto result = box.shell("tool call t & tool call t; wait");
    EXPECT_EQ(cloche_result_call_count(result.get()), 2u);
    EXPECT_EQ(seen.running, 2);  // at the same time
  }
  EXPECT_TRUE(comes_true([&seen] { return seen.released == 1; }));
  EXPECT_TRUE(seen.cancelled);
}

struct Pool {
  std::atomic<int> taken = 0, released = 0;
  int room = 1;
  std::vector<std::thread> threads;
};

bool execute(void* env, cloche_job* job) {
  Pool& pool = *static_cast<Pool*>(env);
  if (pool.taken >= pool.room) return false;
  ++pool.taken;
  pool.threads.emplace_back([job] { cloche_job_run(job); });
  return true;
}

TEST(CApiToolTest, AnExecutorRunsJobsOrHasNoRoom) {
  Pool pool;
  Lent<Seen> seen;
  {
    Box box;
    cloche_options_add_tool(box.options(), "echo", echo, seen.lend(), seen.take_back);
    cloche_options_allow_tool(box.options(), "echo");
    cloche_options_set_executor(box.options(), execute, &pool,
                                [](void* env) { ++static_cast<Pool*>(env)->released; });
    EXPECT_EQ(box.output("tool call echo --a 1"), "{\"a\":1}\n");
    EXPECT_EQ(cloche_result_exit_code(box.shell("tool call echo --a 2").get()), 1);
  }
  for (std::thread& thread : pool.threads) thread.join();
  EXPECT_EQ(pool.taken, 1);
  EXPECT_TRUE(comes_true([&pool] { return pool.released == 1; }));
  EXPECT_EQ(seen.parameters.size(), 1u);
}

TEST(CApiToolTest, AJobThatIsDroppedEndsAtItsDeadline) {
  Lent<Seen> seen;
  Box box;
  cloche_tool* tool =
      cloche_options_add_tool(box.options(), "echo", echo, seen.lend(), seen.take_back);
  cloche_tool_set_timeout(tool, 100'000'000);
  cloche_options_allow_tool(box.options(), "echo");
  cloche_options_set_executor(
      box.options(),
      [](void*, cloche_job* job) {
        cloche_job_drop(job);
        return true;
      },
      nullptr, nullptr);
  EXPECT_EQ(cloche_result_exit_code(box.shell("tool call echo").get()), 1);
  EXPECT_TRUE(seen.parameters.empty());
}

TEST(CApiToolTest, ACommandIsATool) {
  Box box;
  cloche_options_add_command(box.options(), "count", "wc -c");
  cloche_options_allow_tool(box.options(), "count");
  EXPECT_EQ(box.output("tool call count --json '{\"abc\":1}'"), "9\n");
}

// --- policies, audit logs, texts

constexpr char kPolicy[] = R"({"version": 1, "tools": [{"tool": "t", "where": {"a": {"le": 5}}}]})";

TEST(CApiTest, PoliciesAreCheckedAndKept) {
  const Handle<cloche_report> good(cloche_check_policy(kPolicy, sizeof kPolicy - 1, "p.json"),
                                   cloche_report_free);
  EXPECT_TRUE(cloche_report_good(good.get()));
  EXPECT_GT(cloche_report_line_count(good.get()), 0u);
  EXPECT_EQ(cloche_report_line(good.get(), cloche_report_line_count(good.get())), nullptr);
  EXPECT_EQ(text_of(cloche_report_json(good.get()))[0], '{');
  // The NUL is part of what is read.
  const Handle<cloche_report> bad(cloche_check_policy(kPolicy, sizeof kPolicy, "p.json"),
                                  cloche_report_free);
  EXPECT_FALSE(cloche_report_good(bad.get()));
  EXPECT_TRUE(text_of(cloche_report_line(bad.get(), 0)).starts_with("p.json:"));
  const auto allows = [](const std::string& parameters) {
    const Handle<cloche_report> answer(
        cloche_check_policy_call(kPolicy, sizeof kPolicy - 1, "p.json", "t", parameters.data(),
                                 parameters.size()),
        cloche_report_free);
    return cloche_report_good(answer.get());
  };
  EXPECT_TRUE(allows("{\"a\":5}"));
  EXPECT_FALSE(allows("{\"a\":6}"));
  EXPECT_FALSE(allows(""));

  Box box;
  Seen seen;
  cloche_options_add_command(box.options(), "t", "cat");
  cloche_options_set_policy(box.options(), kPolicy, sizeof kPolicy - 1, "p.json", nullptr);
  EXPECT_EQ(box.output("tool call t --a 5"), "{\"a\":5}\n");
  EXPECT_EQ(cloche_result_exit_code(box.shell("tool call t --a 6").get()), 77);

  const Handle<cloche_options> options(cloche_options_new(), cloche_options_free);
  cloche_options_set_policy(options.get(), kPolicy, sizeof kPolicy, "p.json", nullptr);
  cloche_error* error = nullptr;
  EXPECT_EQ(cloche_sandbox_create(shared_host(), options.get(), &error), nullptr);
  EXPECT_TRUE(take_message(error).starts_with("p.json:"));
}

TEST(CApiTest, AnAuditFileIsWrittenAndVerified) {
  char path[] = "/tmp/cloche-capi-audit-XXXXXX";
  close(mkstemp(path));
  unlink(path);
  {
    Box box;
    cloche_options_set_audit_file(box.options(), path);
    box.shell("true");
  }
  cloche_error* error = nullptr;
  const Handle<cloche_verdict> verdict(cloche_verify_audit(path, &error), cloche_verdict_free);
  EXPECT_EQ(error, nullptr);
  EXPECT_TRUE(cloche_verdict_whole(verdict.get()));
  EXPECT_TRUE(cloche_verdict_ended(verdict.get()));
  EXPECT_EQ(text_of(cloche_verdict_problem(verdict.get())), "");
  EXPECT_GT(cloche_verdict_last(verdict.get()), cloche_verdict_first(verdict.get()));
  EXPECT_EQ(text_of(cloche_verdict_head(verdict.get())).size(), 64u);
  unlink(path);
  EXPECT_EQ(cloche_verify_audit(path, &error), nullptr);
  take_message(error, CLOCHE_NOT_FOUND);
}

TEST(CApiTest, LogLinesComeWhileItRuns) {
  std::vector<std::string> lines;
  Box box;
  cloche_options_set_log(
      box.options(),
      [](void* env, const char* line) {
        static_cast<std::vector<std::string>*>(env)->emplace_back(line);
      },
      &lines);
  const Handle<cloche_command> command(cloche_command_new(), cloche_command_free);
  cloche_command_add_argument(command.get(), "seven");
  std::string module(reinterpret_cast<const char*>(kModule), sizeof kModule);
  module.replace(module.find("exit_group"), 10, "exit_grave");
  cloche_command_set_module(command.get(), module.data(), module.size());
  EXPECT_EQ(cloche_result_outcome(box.run(command.get()).get()), CLOCHE_ERROR);
  ASSERT_FALSE(lines.empty());
  EXPECT_NE(lines[0].find("exit_grave"), std::string::npos);
}

TEST(CApiTest, NamesAndTexts) {
  EXPECT_NE(text_of(cloche_version()), "");
  EXPECT_EQ(text_of(cloche_error_kind_name(CLOCHE_INVALID_ARGUMENT)), "invalid_argument");
  EXPECT_EQ(text_of(cloche_error_kind_name(CLOCHE_INTERNAL)), "internal");
  EXPECT_EQ(cloche_error_kind_name(CLOCHE_BUSY + 1), nullptr);
  EXPECT_EQ(cloche_error_kind_name(CLOCHE_NONE), nullptr);
  EXPECT_EQ(text_of(cloche_outcome_name(CLOCHE_CANCELLED)), "cancelled");
  EXPECT_EQ(cloche_outcome_name(CLOCHE_ERROR + 1), nullptr);
  EXPECT_EQ(cloche_outcome_name(CLOCHE_NONE), nullptr);
  EXPECT_EQ(take(cloche_signal_name(15)), "SIGTERM");
  EXPECT_EQ(take(cloche_printable("a\x1b[", 3)), "a\\x1b[");
  EXPECT_EQ(take(cloche_printable(nullptr, 0)), "");
}

}  // namespace
