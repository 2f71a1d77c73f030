#include "base/clock.h"

#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>

#include "base/result.h"

namespace cloche {
namespace {
int64_t read_clock(clockid_t id) {
  timespec time{};
  clock_gettime(id, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}
}  // namespace

int64_t HostClock::monotonic_ns() { return read_clock(CLOCK_MONOTONIC); }
int64_t HostClock::realtime_ns() { return read_clock(CLOCK_REALTIME); }
int64_t HostClock::cpu_ns() { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

uint64_t HostClock::page_faults() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return static_cast<uint64_t>(usage.ru_minflt);
}

void HostRandom::fill(void* buffer, size_t size) {
  auto* at = static_cast<char*>(buffer);
  while (size > 0) {
    ssize_t got = getrandom(at, size, 0);
    CHECK(got > 0);
    at += got;
    size -= static_cast<size_t>(got);
  }
}

}  // namespace cloche
