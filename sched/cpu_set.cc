#include "sched/cpu_set.h"

#include <pthread.h>
#include <sched.h>

#include <charconv>
#include <optional>

namespace cloche::sched {
namespace {

// The number at the front of `text`, which loses it.
std::optional<unsigned> take_number(std::string_view& text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number >= CpuSet::kCpus) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return number;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

Result<CpuSet> CpuSet::parse(std::string_view list) {
  const Error wrong = make_error(Code::kInvalidArgument,
                                 "a list of CPUs is numbers below %u and ranges, as 0-3,7", kCpus);
  CpuSet set;
  do {
    const auto first = take_number(list);
    if (!first) return wrong;
    auto last = first;
    if (take(list, '-')) last = take_number(list);
    if (!last || *last < *first) return wrong;
    for (unsigned cpu = *first; cpu <= *last; ++cpu) set.add(cpu);
  } while (take(list, ','));
  if (!list.empty()) return wrong;
  return set;
}

CpuSet CpuSet::of_this_thread() {
  static_assert(kCpus == CPU_SETSIZE);
  CpuSet set;
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  if (pthread_getaffinity_np(pthread_self(), sizeof cpus, &cpus) != 0) return set;
  for (unsigned cpu = 0; cpu < kCpus; ++cpu)
    if (CPU_ISSET(cpu, &cpus)) set.add(cpu);
  return set;
}

std::vector<unsigned> CpuSet::list() const {
  std::vector<unsigned> numbers;
  for (unsigned cpu = 0; cpu < kCpus; ++cpu)
    if (has(cpu)) numbers.push_back(cpu);
  return numbers;
}

std::string CpuSet::to_string() const {
  std::string text;
  for (unsigned cpu = 0; cpu < kCpus; ++cpu) {
    if (!has(cpu)) continue;
    const unsigned first = cpu;
    while (has(cpu + 1)) ++cpu;
    if (!text.empty()) text += ',';
    text += std::to_string(first);
    if (cpu > first) text += '-' + std::to_string(cpu);
  }
  return text;
}

Status pin_this_thread(unsigned cpu) {
  if (cpu >= CpuSet::kCpus) return make_error(Code::kInvalidArgument, "there is no CPU %u", cpu);
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(cpu, &cpus);
  const int error = pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus);
  if (error != 0) return errno_error(error, "binding a thread to CPU " + std::to_string(cpu));
  return ok_status();
}

}  // namespace cloche::sched
