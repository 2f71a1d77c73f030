// CPUs of the host, by number, as sched_setaffinity(2) and cpuset.cpus name them.
#pragma once

#include <bitset>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cloche::sched {

// A value. Thread class: unsafe.
class CpuSet {
 public:
  static constexpr unsigned kCpus = 1024;  // as glibc's cpu_set_t

  CpuSet() = default;
  // "0-3,7", as cpuset.cpus: numbers and ranges, separated by commas. kInvalidArgument: anything
  // else, an empty list, a range that goes down, a number beyond kCpus.
  static Result<CpuSet> parse(std::string_view list);
  // Those that the calling thread may run on.
  static CpuSet of_this_thread();

  void add(unsigned cpu) { cpus_.set(cpu); }
  bool has(unsigned cpu) const { return cpu < kCpus && cpus_[cpu]; }
  bool empty() const { return cpus_.none(); }
  std::vector<unsigned> list() const;  // ascending
  std::string to_string() const;       // the shortest list that parse() reads as this
  friend bool operator==(const CpuSet&, const CpuSet&) = default;

 private:
  std::bitset<kCpus> cpus_;
};

// Binds the calling thread to one CPU. kIo, kInvalidArgument: as sched_setaffinity(2) says.
Status pin_this_thread(unsigned cpu);

}  // namespace cloche::sched
