#include "tests/security/tenant/host_watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>

namespace cloche::tenant {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kLook = std::chrono::milliseconds(1);
constexpr auto kThink = std::chrono::milliseconds(5);  // of the neighbour, between two jobs

struct Resident {
  uint64_t all = 0, of_files = 0;
};

Resident resident_bytes(int statm) {
  char text[128] = {};
  unsigned long size = 0, resident = 0, shared = 0;
  if (pread(statm, text, sizeof text - 1, 0) <= 0) return {};
  if (std::sscanf(text, "%lu %lu %lu", &size, &resident, &shared) != 3) return {};
  const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return {resident * page, shared * page};
}

size_t entries(const char* path) {
  DIR* folder = opendir(path);
  if (folder == nullptr) return 0;
  size_t count = 0;
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

}  // namespace

Holdings Holdings::now() {
  Holdings held;
  held.descriptors = entries("/proc/self/fd");
  held.threads = entries("/proc/self/task");
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) ++held.mappings;
  const int statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  const Resident resident = resident_bytes(statm);
  held.resident = resident.all;
  held.of_files = resident.of_files;
  close(statm);
  return held;
}

MemoryWatch::MemoryWatch()
    : thread_([this] {
        const int statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
        while (!ended_) {
          const uint64_t now = resident_bytes(statm).all;
          uint64_t peak = peak_;
          while (now > peak && !peak_.compare_exchange_weak(peak, now)) {
          }
          std::this_thread::sleep_for(kLook);
        }
        close(statm);
      }) {}

MemoryWatch::~MemoryWatch() {
  ended_ = true;
  thread_.join();
}

Neighbour::Neighbour(const Host& host) {
  auto sandbox = Sandbox::create(host, {});
  if (!sandbox) {
    problem_ = sandbox.error().message;
    return;
  }
  thread_ =
      std::thread([this, mine = std::move(*sandbox)]() mutable { run_jobs(std::move(mine)); });
}

Neighbour::~Neighbour() {
  ended_ = true;
  if (thread_.joinable()) thread_.join();
}

void Neighbour::run_jobs(Sandbox sandbox) {
  while (!ended_) {
    const auto start = Clock::now();
    auto result = sandbox.run({"bash", "-c", "x=$(echo hello); echo \"$x\""});
    const std::chrono::duration<double, std::milli> time = Clock::now() - start;
    const bool good = result && result->ok() && result->stdout_bytes == "hello\n";
    {
      const std::lock_guard lock(mutex_);
      latencies_.push_back(time.count());
      if (!good) {
        problem_ = result ? to_json(*result) : result.error().message;
        return;
      }
    }
    std::this_thread::sleep_for(kThink);
  }
}

std::vector<double> Neighbour::take_latencies() {
  const std::lock_guard lock(mutex_);
  std::vector<double> taken;
  taken.swap(latencies_);
  std::sort(taken.begin(), taken.end());
  return taken;
}

std::string Neighbour::problem() {
  const std::lock_guard lock(mutex_);
  return problem_;
}

double percentile(const std::vector<double>& sorted, double part) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<size_t>(part * static_cast<double>(sorted.size() - 1))];
}

}  // namespace cloche::tenant
