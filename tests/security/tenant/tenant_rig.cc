// tenant_rig [--seconds S] [--attackers N] [--only NAME] [--runs N] PACK CODE_CACHE PROGRAMS
//
// Runs each hostile program (attacks.cc) in this process, N at a time (as many as there are
// workers), beside a neighbour that does small jobs. Prints a line for each: how it ended, how late
// after its limit, how much memory the process had beyond the time before, and what the neighbour
// noticed. All are run twice, so that what the second round leaves behind is a leak. Ends with
// status 1 when one ended in another way than it should, the neighbour failed, or something was
// left.
//
//   --seconds S  repeat each for S seconds, so that percentiles mean something; no second round
//   --only NAME  only those whose name begins so
//   --runs N     instead: N runs of random attacks, each in a sandbox of its own; prints what the
//                process holds before and after
#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>

#include "tests/security/tenant/attacks.h"
#include "tests/security/tenant/host_watch.h"

namespace cloche::tenant {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kMebibyte = 1 << 20;

struct Arguments {
  double seconds = 0;
  unsigned long attackers = std::max(1u, std::thread::hardware_concurrency());
  std::string only;
  unsigned long runs = 0;
  std::string pack, cache, programs;
};

[[noreturn]] void fail(const std::string& message) {
  std::fprintf(stderr, "tenant_rig: %s\n", message.c_str());
  std::exit(2);
}

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// One run of an attack in a sandbox of its own.
struct Ended {
  std::string how;  // text_of()
  bool expected = false;
  double late_ms = 0;  // after the limit that ended it, of those that are times
  double gone_ms = 0;  // that the sandbox took to be destroyed
  double memory_max = 0;
};

double late_ms(const RunResult& result, const Limits& limits) {
  const auto after = [](double used, const std::optional<std::chrono::nanoseconds>& limit) {
    return used - std::chrono::duration<double, std::milli>(limit.value_or(limit->zero())).count();
  };
  if (result.outcome == Outcome::kTimeout) return after(result.usage.wall_ms, limits.timeout);
  if (result.limit == "cpu.time") return after(result.usage.cpu_ms, limits.cpu_time);
  return 0;
}

Ended run_attack(const Host& host, const std::string& programs, const Attack& attack,
                 const RunOptions& run) {
  SandboxOptions options;
  options.limits = limits_of(attack);
  options.mounts.push_back({programs, kPrograms});
  options.tools.push_back({.name = "quick", .handler = [](const ToolInvocation&) {
                             return ToolResult::success("true");
                           }});
  options.allow_tools = {"quick"};
  Ended ended;
  Clock::time_point done;
  {
    auto sandbox = Sandbox::create(host, options);
    if (!sandbox) {
      ended.how = sandbox.error().message;
      return ended;
    }
    auto result = sandbox->run(run);
    if (!result) {
      ended.how = result.error().message;
      return ended;
    }
    ended.how = text_of(*result);
    ended.expected = as_expected(attack, *result);
    if (!ended.expected) ended.how += " " + to_json(*result).substr(0, 600);
    ended.late_ms = late_ms(*result, options.limits);
    done = Clock::now();
  }
  ended.gone_ms = ms_since(done);
  ended.memory_max = static_cast<double>(*options.limits.memory);
  return ended;
}

// Compiles the attacks' programs, so that no attack ends at a limit of memory that the compiler
// reaches: asked for no attack they end at once.
void compile_programs(const Host& host, const std::string& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    SandboxOptions options;
    options.mounts.push_back({folder, kPrograms});
    auto sandbox = Sandbox::create(host, options);
    if (!sandbox) fail(sandbox.error().message);
    const std::string program = std::string(kPrograms) + "/" + entry.path().filename().string();
    auto result = sandbox->run({program, "nothing"});
    if (!result) fail(result.error().message);
    if (result->outcome != Outcome::kExited) fail(program + ": " + to_json(*result));
  }
}

// What was seen of an attack, the worst of all its runs.
struct Seen {
  std::string how;
  bool good = true;
  double late_ms = 0, gone_ms = 0, memory_part = 0;
  std::vector<double> alone, beside;  // the neighbour's latencies
};

class Rig {
 public:
  Rig(const Host& host, const Arguments& arguments)
      : host_(host), arguments_(arguments), neighbour_(host) {}

  // Each attack; prints a line for each if it shall. False: something was not as it should be.
  enum class Print : uint8_t { kNo, kYes };
  bool run_all(Print print);

 private:
  Seen run_one(const Attack& attack);
  void run_together(const Attack& attack, Seen& seen);

  const Host& host_;
  const Arguments& arguments_;
  Neighbour neighbour_;
  MemoryWatch memory_;
};

void Rig::run_together(const Attack& attack, Seen& seen) {
  const RunOptions run = run_options(attack);  // its module is this process's memory
  const double before = static_cast<double>(Holdings::now().resident);
  (void)memory_.take_peak();
  std::vector<Ended> ended(arguments_.attackers);
  std::vector<std::thread> threads;
  for (Ended& one : ended) {
    threads.emplace_back([&] { one = run_attack(host_, arguments_.programs, attack, run); });
  }
  for (std::thread& thread : threads) thread.join();
  const double grown = static_cast<double>(memory_.take_peak()) - before;
  for (const Ended& one : ended) {
    if (seen.good) seen.how = one.how;
    seen.good = seen.good && one.expected;
    seen.late_ms = std::max(seen.late_ms, one.late_ms);
    seen.gone_ms = std::max(seen.gone_ms, one.gone_ms);
    if (one.memory_max > 0) {
      seen.memory_part =
          std::max(seen.memory_part, grown / static_cast<double>(ended.size()) / one.memory_max);
    }
  }
}

Seen Rig::run_one(const Attack& attack) {
  Seen seen;
  if (arguments_.seconds > 0) {  // code that is compiled now is not what is measured
    Seen unused;
    run_together(attack, unused);
    (void)neighbour_.take_latencies();
    std::this_thread::sleep_for(std::chrono::duration<double>(arguments_.seconds / 2));
    seen.alone = neighbour_.take_latencies();
  }
  const auto start = Clock::now();
  do {
    run_together(attack, seen);
  } while (seen.good && ms_since(start) < arguments_.seconds * 1000);
  seen.beside = neighbour_.take_latencies();
  return seen;
}

void print_header() {
  std::printf("%-18s %-20s %8s %8s %8s %9s %9s %9s %9s %6s\n", "attack", "ended", "late ms",
              "gone ms", "mem/max", "alone p50", "p99", "beside p50", "p99", "ratio");
}

void print_line(const Attack& attack, const Seen& seen) {
  const double alone = percentile(seen.alone, 0.99), beside = percentile(seen.beside, 0.99);
  std::printf("%-18s %-20s %8.2f %8.2f %8.2f %9.2f %9.2f %9.2f %9.2f %6.2f%s\n",
              attack.name.c_str(), seen.how.c_str(), seen.late_ms, seen.gone_ms, seen.memory_part,
              percentile(seen.alone, 0.5), alone, percentile(seen.beside, 0.5), beside,
              alone > 0 ? beside / alone : 0, seen.good ? "" : "  WRONG");
  std::fflush(stdout);
}

bool Rig::run_all(Print print) {
  bool good = true;
  for (const Attack& attack : attacks()) {
    if (attack.name.rfind(arguments_.only, 0) != 0) continue;
    const Seen seen = run_one(attack);
    if (print == Print::kYes || !seen.good) print_line(attack, seen);
    good &= seen.good;
    const std::string problem = neighbour_.problem();
    if (problem.empty()) continue;
    std::printf("%s: the neighbour failed: %s\n", attack.name.c_str(), problem.c_str());
    return false;
  }
  return good;
}

void print_holdings(const char* when, const Holdings& held) {
  std::printf("%s: %zu descriptors, %zu mappings, %zu threads, %.1f MiB resident, %.1f of files\n",
              when, held.descriptors, held.mappings, held.threads,
              static_cast<double>(held.resident) / kMebibyte,
              static_cast<double>(held.of_files) / kMebibyte);
  std::fflush(stdout);
}

// Mappings come and go by a few with the allocator's arenas.
bool same_holdings(const Holdings& before, const Holdings& after) {
  constexpr size_t kMappings = 8;
  return after.descriptors <= before.descriptors && after.threads <= before.threads &&
         after.mappings <= before.mappings + kMappings;
}

int run_rounds(const Host& host, const Arguments& arguments) {
  bool good = true;
  print_header();
  {
    good &= Rig(host, arguments).run_all(Rig::Print::kYes);
  }
  if (arguments.seconds > 0) return good ? 0 : 1;
  const Holdings before = Holdings::now();
  {
    good &= Rig(host, arguments).run_all(Rig::Print::kNo);
  }
  const Holdings after = Holdings::now();
  print_holdings("after the first round", before);
  print_holdings("after the second", after);
  if (!same_holdings(before, after)) {
    std::printf("something was left behind\n");
    good = false;
  }
  return good ? 0 : 1;
}

// `count` runs of random attacks, some at a time. False: one did not end as it should.
bool run_random(const Host& host, const Arguments& arguments, unsigned long count, unsigned seed) {
  constexpr unsigned kTogether = 6;
  std::vector<Attack> all = attacks();
  std::erase_if(all, [&](const Attack& each) { return !each.name.starts_with(arguments.only); });
  if (all.empty()) fail("no attack has a name that begins with " + arguments.only);
  std::atomic<long> left{static_cast<long>(count)};
  std::atomic<bool> good{true};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kTogether; ++i) {
    threads.emplace_back([&, random = std::mt19937(seed + i)]() mutable {
      while (left.fetch_sub(1) > 0) {
        const Attack& attack = all[random() % all.size()];
        const Ended ended = run_attack(host, arguments.programs, attack, run_options(attack));
        if (ended.expected) continue;
        std::printf("%s: %s\n", attack.name.c_str(), ended.how.c_str());
        good = false;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return good;
}

// The least that the process holds in the seconds after its runs: a compilation that was cancelled
// ends with the pass that is under way, and the allocator keeps what was freed until it is asked.
Holdings settle() {
  constexpr auto kLevel = std::chrono::seconds(5);
  constexpr auto kPatience = std::chrono::seconds(60);
  const auto start = Clock::now();
  Holdings least;
  auto last_fall = start;
  while (Clock::now() - last_fall < kLevel && Clock::now() - start < kPatience) {
    malloc_trim(0);
    const Holdings now = Holdings::now();
    if (last_fall == start || now.resident < least.resident) {
      least = now;
      last_fall = Clock::now();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return least;
}

int soak(const Host& host, const Arguments& arguments) {
  constexpr double kGrowth = 1.02;
  const auto start = Clock::now();
  const unsigned long warm_up = std::max(200ul, arguments.runs / 10);
  bool good = run_random(host, arguments, warm_up, 1);
  const Holdings before = settle();
  good &= run_random(host, arguments, arguments.runs, 1000);
  const Holdings after = settle();
  print_holdings(("after " + std::to_string(warm_up) + " runs").c_str(), before);
  print_holdings((std::to_string(arguments.runs) + " runs later").c_str(), after);
  const double growth = static_cast<double>(after.resident) / static_cast<double>(before.resident);
  std::printf("resident memory: %.2f %% of the start; %.0f s\n", growth * 100,
              ms_since(start) / 1000);
  return good && growth <= kGrowth && same_holdings(before, after) ? 0 : 1;
}

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  int i = 1;
  for (; i + 1 < argc && std::strncmp(argv[i], "--", 2) == 0; i += 2) {
    const std::string name = argv[i], value = argv[i + 1];
    if (name == "--seconds") {
      arguments.seconds = std::atof(value.c_str());
    } else if (name == "--attackers") {
      arguments.attackers = std::strtoul(value.c_str(), nullptr, 10);
      if (arguments.attackers == 0) fail("--attackers wants a number from 1");
    } else if (name == "--only") {
      arguments.only = value;
    } else if (name == "--runs") {
      arguments.runs = std::strtoul(value.c_str(), nullptr, 10);
    } else {
      fail("unknown option " + name);
    }
  }
  if (argc - i != 3) {
    fail(
        "usage: tenant_rig [--seconds S] [--attackers N] [--only NAME] [--runs N] PACK CODE_CACHE "
        "PROGRAMS");
  }
  arguments.pack = argv[i];
  arguments.cache = argv[i + 1];
  arguments.programs = argv[i + 2];
  return arguments;
}

}  // namespace
}  // namespace cloche::tenant

int main(int argc, char** argv) {
  using namespace cloche::tenant;  // NOLINT
  const Arguments arguments = parse(argc, argv);
  // As docs/quotas.md tells servers: else glibc keeps up to 64 MiB that were freed, for each of
  // many arenas.
  mallopt(M_MMAP_THRESHOLD, 128 << 10);
  mallopt(M_ARENA_MAX, 2);
  auto host = cloche::Host::create({.pack = arguments.pack, .cache_dir = arguments.cache});
  if (!host) fail(host.error().message);
  compile_programs(*host, arguments.programs);
  return arguments.runs > 0 ? soak(*host, arguments) : run_rounds(*host, arguments);
}
