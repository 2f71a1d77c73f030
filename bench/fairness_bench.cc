// How exactly sandboxes share CPUs and how soon they are served and ended, with bash in each:
// fairness_bench PART SECONDS PACK CODE_CACHE, where PART is `shares`, `quota`, `affinity`,
// `shell`, `late`, `kill`. Prints one JSON object: times in nanoseconds; how far a share is from
// what it should be, in parts per billion.
#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "bench/crowd.h"

namespace cloche::bench {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
constexpr const char* kParked =
    "mkfifo /tmp/park; exec 3<>/tmp/park; "
    "for ((i = 1; i < 1000; i++)); do read -r <&3 & done; wait";
constexpr const char* kSleepers = "for ((i = 1; i < 1000; i++)); do sleep 1000 & done; wait";

using Crowd = std::vector<std::unique_ptr<Running>>;

// Four of each of three weights; the worst of the three shares.
void measure_shares(Report& report, const Host& host, milliseconds span) {
  Crowd crowd;
  for (uint64_t i = 0; i < 12; ++i) {
    SandboxOptions options = no_times();
    options.limits.cpu_weight = 100ull << i % 3;
    crowd.push_back(std::make_unique<Running>(host, std::move(options), kLoop));
  }
  std::this_thread::sleep_for(milliseconds(500));
  std::vector<double> used(3);
  for (size_t i = 0; i < crowd.size(); ++i) used[i % 3] -= crowd[i]->cpu_ns();
  std::this_thread::sleep_for(span);
  for (size_t i = 0; i < crowd.size(); ++i) used[i % 3] += crowd[i]->cpu_ns();
  const double all = used[0] + used[1] + used[2];
  double worst = 0;
  for (size_t i = 0; i < 3; ++i) {
    worst = std::max(worst, std::abs(used[i] / (all * static_cast<double>(1 << i) / 7) - 1));
  }
  report.print("shares 1:2:4, worst", worst * 1e9);
}

void measure_quota(Report& report, const Host& host, milliseconds span) {
  SandboxOptions options = no_times();
  options.limits.cpu_max = 250;
  const Running limited(host, std::move(options), kLoop);
  std::this_thread::sleep_for(milliseconds(500));
  const auto start = Clock::now();
  const double before = limited.cpu_ns();
  std::this_thread::sleep_for(span);
  const double used = limited.cpu_ns() - before;
  report.print("cpu.max 0.25, off", std::abs(used / ns_since(start) - 0.25) * 1e9);
}

// --- affinity

using Threads = std::set<int>;

Threads threads_now() {
  Threads threads;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    threads.insert(std::atoi(entry.path().filename().c_str()));
  }
  return threads;
}

std::string text_of(int thread, const char* what) {
  const std::string path = "/proc/self/task/" + std::to_string(thread) + "/" + what;
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return "";
  char text[1024];
  const size_t size = std::fread(text, 1, sizeof text - 1, file);
  std::fclose(file);
  return {text, size};
}

// CPU time of a thread, ns; the first number of schedstat.
double run_ns(int thread) { return std::strtod(text_of(thread, "schedstat").c_str(), nullptr); }

// Where it runs, or ran last: field 39 of proc(5)'s stat; -1: it is gone.
int processor_of(int thread) {
  const std::string stat = text_of(thread, "stat");
  size_t at = stat.rfind(')');  // the second field may hold anything
  for (int field = 2; field < 39 && at != stat.npos; ++field) at = stat.find(' ', at + 1);
  return at == stat.npos ? -1 : std::atoi(stat.c_str() + at);
}

// Loops that may run on one CPU only, on workers of their own, so that their threads are known.
struct Bound {
  Bound(const HostOptions& options, int cpu_) : cpu(cpu_) {
    const Threads before = threads_now();
    host.emplace(value_of(Host::create(options)));
    for (int i = 0; i < 2; ++i) {
      SandboxOptions sandbox = no_times();
      if (cpu >= 0) sandbox.limits.cpus = std::to_string(cpu);
      crowd.push_back(std::make_unique<Running>(*host, std::move(sandbox), kLoop));
    }
    std::this_thread::sleep_for(milliseconds(500));
    for (const int thread : threads_now()) {
      if (!before.contains(thread)) seen[thread] = {run_ns(thread), 0, 0};
    }
  }
  // What each thread did since the last look, where it is now.
  void look() {
    for (auto& [thread, of_it] : seen) {
      const double now = run_ns(thread), more = now - of_it.last;
      if (more <= 0) continue;
      (processor_of(thread) == cpu ? of_it.here : of_it.elsewhere) += more;
      of_it.last = now;
    }
  }

  struct Seen {
    double last = 0, here = 0, elsewhere = 0;
  };
  const int cpu;  // -1: any
  std::optional<Host> host;
  Crowd crowd;
  std::map<int, Seen> seen;
};

// Loops on the first CPU, loops on the second, and loops anywhere, which make the host move
// threads: how much of their time the first two ran on other CPUs, by looking each millisecond.
// Only workers count: threads that took a twentieth of the time or more.
void measure_affinity(Report& report, const HostOptions& options, milliseconds span) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) fail("no affinity");
  std::vector<int> cpus;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &allowed)) cpus.push_back(i);
  }
  if (cpus.size() < 2) fail("this needs two CPUs");
  Bound first(options, cpus[0]), second(options, cpus[1]);
  const Bound anywhere(options, -1);
  for (Bound* bound : {&first, &second}) bound->look();
  for (Bound* bound : {&first, &second}) {
    for (auto& [thread, of_it] : bound->seen) of_it.here = of_it.elsewhere = 0;
  }
  for (const auto end = Clock::now() + span; Clock::now() < end;) {
    std::this_thread::sleep_for(milliseconds(1));
    for (Bound* bound : {&first, &second}) bound->look();
  }
  double all = 0, elsewhere = 0;
  for (const Bound* bound : {&first, &second}) {
    for (const auto& [thread, of_it] : bound->seen) {
      const double total = of_it.here + of_it.elsewhere;
      if (total < 0.05 * std::chrono::duration<double, std::nano>(span).count()) continue;
      all += total;
      elsewhere += of_it.elsewhere;
    }
  }
  if (all == 0) fail("no worker ran");
  report.print("affinity, elsewhere", elsewhere / all * 1e9);
}

// A shell that answers each line, among `busy` that loop: from the line to its answer.
void measure_shell(Report& report, const Host& host, size_t busy, milliseconds span) {
  Crowd crowd;
  for (size_t i = 0; i < busy; ++i) {
    crowd.push_back(std::make_unique<Running>(host, no_times(), kLoop));
  }
  int in[2], out[2];
  if (pipe(in) != 0 || pipe(out) != 0) fail("no pipes");
  Sandbox shell = value_of(Sandbox::create(host, no_times()));
  std::thread thread([&] {
    RunOptions run;
    run.argv = {"bash", "-c", "while read -r line; do echo \"$line\"; done"};
    run.standard_input = Stream::descriptor(in[0]);
    run.standard_output = Stream::descriptor(out[1]);
    (void)shell.run(std::move(run)).operator bool();
  });
  std::mt19937 random(1);
  std::vector<double> times;
  char text[4];
  for (const auto end = Clock::now() + span; Clock::now() < end || times.size() < 50;) {
    const auto start = Clock::now();
    if (write(in[1], "hi\n", 3) != 3 || read(out[0], text, 3) != 3) fail("the shell is gone");
    times.push_back(ns_since(start));
    std::this_thread::sleep_for(milliseconds(20 + random() % 20));
  }
  times.erase(times.begin(), times.begin() + 5);  // it starts
  close(in[1]);
  thread.join();
  for (const int fd : {in[0], out[0], out[1]}) close(fd);
  const std::string name = "shell among " + std::to_string(busy);
  report.print(name + ", p50", percentile(times, 0.5));
  report.print(name + ", p99", percentile(times, 0.99));
}

// How long after its limit a loop is gone, beside another one on each worker.
void measure_kill(Report& report, const Host& host, int runs) {
  Crowd crowd;
  for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i) {
    crowd.push_back(std::make_unique<Running>(host, no_times(), kLoop));
  }
  std::vector<double> cpu, wall;
  const auto run = [&host](const Limits& limits) {
    SandboxOptions options;
    options.limits = limits;
    Sandbox sandbox = value_of(Sandbox::create(host, std::move(options)));
    return value_of(sandbox.run({"bash", "-c", kLoop}));
  };
  for (int i = 0; i < runs; ++i) {
    cpu.push_back((run({.cpu_time = milliseconds(30)}).usage.cpu_ms - 30) * 1e6);
    wall.push_back((run({.timeout = milliseconds(30)}).usage.wall_ms - 30) * 1e6);
  }
  for (const auto& [name, times] : {std::pair{"cpu.time", &cpu}, std::pair{"wall.time", &wall}}) {
    for (const auto& [which, part] :
         {std::pair{"p50", 0.5}, std::pair{"p99", 0.99}, std::pair{"max", 1.0}}) {
      report.print(std::string("late after ") + name + ", " + which, percentile(*times, part));
    }
  }
}

// With 1,000 processes that wait, each `script`: from kill() to the end of run(), after which
// nothing of them runs and what became of it is known; and from there until the host has its memory
// back.
void measure_kill_many(Report& report, const Host& host, const std::string& what,
                       const char* script, int runs) {
  std::vector<double> ends, memory;
  for (int i = 0; i < runs; ++i) {
    SandboxOptions options = no_times();
    options.limits.processes = 1100;
    options.limits.memory = 4ull << 30;
    Running many(host, std::move(options), script);
    while (many.sandbox().stats().tasks < 1000 && !many.ended()) {
      std::this_thread::sleep_for(milliseconds(10));
    }
    const auto start = Clock::now();
    many.sandbox().kill();
    while (!many.ended()) std::this_thread::sleep_for(microseconds(50));
    ends.push_back(ns_since(start));
    while (many.sandbox().stats().memory.processes > 0) {
      std::this_thread::sleep_for(microseconds(50));
    }
    memory.push_back(ns_since(start));
  }
  report.print("kill of 1000 " + what, percentile(ends, 0), percentile(ends, 0.5));
  report.print("memory of 1000 " + what, percentile(memory, 0), percentile(memory, 0.5));
}

}  // namespace
}  // namespace cloche::bench

int main(int argc, char** argv) {
  using namespace cloche;         // NOLINT
  using namespace cloche::bench;  // NOLINT
  const std::string part = argc == 5 ? argv[1] : "";
  const int seconds = argc == 5 ? std::atoi(argv[2]) : 0;
  if (seconds < 1) fail("usage: fairness_bench PART SECONDS PACK CODE_CACHE");
  const HostOptions options{.pack = argv[3], .cache_dir = argv[4]};
  Report report;
  if (part == "affinity") {
    measure_affinity(report, options, std::chrono::seconds(seconds));
    return 0;
  }
  const Host host = value_of(Host::create(options));
  if (part == "shares") {
    measure_shares(report, host, std::chrono::seconds(seconds));
  } else if (part == "quota") {
    measure_quota(report, host, std::chrono::seconds(seconds));
  } else if (part == "shell") {
    measure_shell(report, host, 100, std::chrono::seconds(2 * seconds));
  } else if (part == "late") {
    measure_kill(report, host, 20 * seconds);
  } else if (part == "kill") {
    measure_kill_many(report, host, "forked", kParked, 2 * seconds - 1);
    measure_kill_many(report, host, "programs", kSleepers, 2 * seconds - 1);
  } else {
    fail("no part '" + part + "'");
  }
  return 0;
}
