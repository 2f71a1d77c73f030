// What this process holds, and what a tenant notices.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "include/cloche/cloche.hpp"

namespace cloche::tenant {

struct Holdings {
  size_t descriptors = 0, mappings = 0, threads = 0;
  uint64_t resident = 0, of_files = 0;  // bytes; the latter, of files, the host can take back

  static Holdings now();
};

// Looks every millisecond how much memory this process has.
class MemoryWatch {
 public:
  MemoryWatch();
  ~MemoryWatch();
  MemoryWatch(const MemoryWatch&) = delete;
  MemoryWatch& operator=(const MemoryWatch&) = delete;

  // The most since the last call, in bytes.
  uint64_t take_peak() { return peak_.exchange(0); }

 private:
  std::atomic<uint64_t> peak_{0};
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

// A sandbox of somebody else: runs a small job, waits a moment, runs it again.
class Neighbour {
 public:
  explicit Neighbour(const Host& host);
  ~Neighbour();
  Neighbour(const Neighbour&) = delete;
  Neighbour& operator=(const Neighbour&) = delete;

  // How long each job took since the last call, in ms, sorted.
  std::vector<double> take_latencies();
  // Why a job failed; empty: none did.
  std::string problem();

 private:
  void run_jobs(Sandbox sandbox);

  std::mutex mutex_;
  std::vector<double> latencies_;
  std::string problem_;
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

// Of sorted values; 0 without any.
double percentile(const std::vector<double>& sorted, double part);

}  // namespace cloche::tenant
