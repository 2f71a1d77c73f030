// sandbox_bench PACK CACHE ROUNDS: what a sandbox costs a program that has Cloche built in. Makes a
// sandbox, runs `bash -c 'echo hello'`, destroys it, ROUNDS times, after one warm-up; beside it the
// same command by posix_spawn of the host's bash. Prints JSON: microseconds of wall clock.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "include/cloche/cloche.hpp"

namespace {

using Clock = std::chrono::steady_clock;

double us_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

int fail(const std::string& message) {
  std::fprintf(stderr, "sandbox_bench: %s\n", message.c_str());
  return 1;
}

// One sandbox from nothing to nothing. False when the guest did not say hello.
bool run_inside(const cloche::Host& host, std::string* why) {
  auto sandbox = cloche::Sandbox::create(host, {});
  if (!sandbox) {
    *why = sandbox.error().message;
    return false;
  }
  auto result = sandbox->run({"bash", "-c", "echo hello"});
  if (!result) {
    *why = result.error().message;
    return false;
  }
  *why = "the guest said '" + result->stdout_bytes + "'";
  return result->ok() && result->stdout_bytes == "hello\n";
}

bool run_native() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  const char* argv[] = {"bash", "-c", "echo hello", nullptr};
  pid_t pid = -1;
  const int error = posix_spawn(&pid, "/bin/bash", &actions, nullptr,
                                const_cast<char* const*>(argv), environ);  // NOLINT
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  char text[16];
  ssize_t size = error == 0 ? read(ends[0], text, sizeof text) : -1;
  close(ends[0]);
  int status = -1;
  return error == 0 && waitpid(pid, &status, 0) == pid && status == 0 && size == 6;
}

void print(const char* name, std::vector<double> times, const char* end) {
  std::sort(times.begin(), times.end());
  std::printf("\"%s\": {\"min_us\": %.1f, \"median_us\": %.1f}%s", name, times.front(),
              times[times.size() / 2], end);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return fail("usage: sandbox_bench PACK CACHE ROUNDS");
  auto host = cloche::Host::create({.pack = argv[1], .cache_dir = argv[2], .progress = {}});
  if (!host) return fail(host.error().message);
  const int rounds = std::max(1, std::atoi(argv[3]));
  std::string why;
  if (!run_inside(*host, &why)) return fail(why);
  if (!run_native()) return fail("the host's bash did not say hello");
  std::vector<double> inside, native;
  for (int i = 0; i < rounds; i++) {
    auto start = Clock::now();
    if (!run_inside(*host, &why)) return fail(why);
    inside.push_back(us_since(start));
    start = Clock::now();
    if (!run_native()) return fail("the host's bash did not say hello");
    native.push_back(us_since(start));
  }
  std::printf("{");
  print("inside", inside, ", ");
  print("native", native, "}\n");
  return 0;
}
