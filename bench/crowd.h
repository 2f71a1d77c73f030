// Sandboxes with a bash in each that stay: one that waits, one that runs a script.
#pragma once

#include <unistd.h>

#include <atomic>
#include <thread>

#include "bench/latencies.h"

namespace cloche::bench {

constexpr const char* kLoop = "while :; do :; done";

inline SandboxOptions no_times() {
  SandboxOptions options;
  options.limits.timeout = options.limits.cpu_time = std::chrono::nanoseconds(0);
  return options;
}

// A sandbox whose bash waits for a line that does not come.
class Parked {
 public:
  explicit Parked(const Host& host) : sandbox_(value_of(Sandbox::create(host, no_times()))) {
    int in[2], out[2];
    if (pipe(in) != 0 || pipe(out) != 0) fail("no more descriptors: see ulimit -n");
    input_ = in[1];
    thread_ = std::thread([this, in = in[0], out = out[1]] {
      RunOptions run;
      run.argv = {"bash", "-c", "echo parked; read -r line"};
      run.standard_input = Stream::descriptor(in);
      run.standard_output = Stream::descriptor(out);
      (void)sandbox_.run(std::move(run)).operator bool();
      close(in);
      close(out);
    });
    char text[8];
    if (read(out[0], text, sizeof text) != 7) fail("a shell did not park");
    close(out[0]);
  }
  ~Parked() {
    close(input_);
    thread_.join();
  }
  Parked(const Parked&) = delete;
  Parked& operator=(const Parked&) = delete;

 private:
  Sandbox sandbox_;
  int input_ = -1;
  std::thread thread_;
};

// A sandbox that runs a script on a thread of its own until it is dropped.
class Running {
 public:
  Running(const Host& host, SandboxOptions options, const char* script)
      : sandbox_(value_of(Sandbox::create(host, std::move(options)))), thread_([this, script] {
          (void)sandbox_.run({"bash", "-c", script}).operator bool();
          ended_ = true;
        }) {}
  ~Running() {
    while (!ended_) {  // one that has not begun yet cannot be killed
      sandbox_.kill();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    thread_.join();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  Sandbox& sandbox() { return sandbox_; }
  double cpu_ns() const { return static_cast<double>(sandbox_.stats().cpu_ns); }
  bool ended() const { return ended_; }

 private:
  Sandbox sandbox_;
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

}  // namespace cloche::bench
