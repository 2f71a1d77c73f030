// Memory that the host does not give: each call that asks the operating system for some fails, one
// after the other, alone or with all that follow. The sandbox may fail for it, with an error; the
// host may not, and nothing is lost but address space that could not be closed.
#include <gtest/gtest.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>

#include "include/cloche/cloche.hpp"
#include "tests/security/tenant/host_watch.h"

namespace {

std::atomic<int64_t> calls_left{INT64_MAX};  // until the one that fails
std::atomic<int64_t> failures{0};
enum class Fails : uint8_t { kOne, kAllFromThere };
std::atomic<Fails> fails{Fails::kOne};

bool is_refused(int error) {
  if (calls_left.load() == INT64_MAX) return false;
  const int64_t left = --calls_left;
  if (left > 0 || (left < 0 && fails == Fails::kOne)) return false;
  ++failures;
  errno = error;
  return true;
}

}  // namespace

// By the linker in place of libc's (CMakeLists.txt).
extern "C" {
#define REAL(type, name, ...) type __real_##name(__VA_ARGS__)
REAL(void*, mmap, void*, size_t, int, int, int, off_t);
REAL(void*, mmap64, void*, size_t, int, int, int, off_t);
REAL(void*, mremap, void*, size_t, size_t, int, ...);
REAL(int, madvise, void*, size_t, int);
REAL(int, mprotect, void*, size_t, int);
REAL(int, memfd_create, const char*, unsigned);
REAL(int, ftruncate, int, off_t);
REAL(int, ftruncate64, int, off_t);
REAL(int, fallocate, int, int, off_t, off_t);
REAL(int, fallocate64, int, int, off_t, off_t);
REAL(ssize_t, pwrite, int, const void*, size_t, off_t);
REAL(ssize_t, pwrite64, int, const void*, size_t, off_t);

void* __wrap_mmap(void* at, size_t size, int protection, int flags, int fd, off_t offset) {
  if (is_refused(ENOMEM)) return MAP_FAILED;
  return __real_mmap(at, size, protection, flags, fd, offset);
}
void* __wrap_mmap64(void* at, size_t size, int protection, int flags, int fd, off_t offset) {
  return __wrap_mmap(at, size, protection, flags, fd, offset);
}
void* __wrap_mremap(void* at, size_t size, size_t new_size, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  void* const to = flags & MREMAP_FIXED ? va_arg(rest, void*) : nullptr;
  va_end(rest);
  if (is_refused(ENOMEM)) return MAP_FAILED;
  return __real_mremap(at, size, new_size, flags, to);
}
int __wrap_madvise(void* at, size_t size, int advice) {
  return is_refused(ENOMEM) ? -1 : __real_madvise(at, size, advice);
}
int __wrap_mprotect(void* at, size_t size, int protection) {
  return is_refused(ENOMEM) ? -1 : __real_mprotect(at, size, protection);
}
int __wrap_memfd_create(const char* name, unsigned flags) {
  return is_refused(ENFILE) ? -1 : __real_memfd_create(name, flags);
}
int __wrap_ftruncate(int fd, off_t size) {
  return is_refused(ENOSPC) ? -1 : __real_ftruncate(fd, size);
}
int __wrap_ftruncate64(int fd, off_t size) { return __wrap_ftruncate(fd, size); }
int __wrap_fallocate(int fd, int how, off_t offset, off_t size) {
  return is_refused(ENOSPC) ? -1 : __real_fallocate(fd, how, offset, size);
}
int __wrap_fallocate64(int fd, int how, off_t offset, off_t size) {
  return __wrap_fallocate(fd, how, offset, size);
}
ssize_t __wrap_pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  return is_refused(ENOSPC) ? -1 : __real_pwrite(fd, bytes, size, offset);
}
ssize_t __wrap_pwrite64(int fd, const void* bytes, size_t size, off_t offset) {
  return __wrap_pwrite(fd, bytes, size, offset);
}
}

namespace cloche {
namespace {

// Forks with few and with many written pages, exec, growth, shared memory, files.
constexpr char kScript[] = R"(
  a=$(echo one); (b=$(printf '%2000000d' 1); ( : ); echo ${#b}) > /tmp/f
  head -c 3000000 /dev/zero > /tmp/g; sort /tmp/f | wc -l; echo "$a")";

Host& host() {
  static Host* const shared = [] {
    HostOptions options;
    options.pack = getenv("CLOCHE_PACK");
    options.cache_dir = getenv("CLOCHE_TEST_CACHE");
    auto made = Host::create(std::move(options));
    if (!made) abort();
    return new Host(std::move(*made));
  }();
  return *shared;
}

// Whether all went well. Anything may fail, with a reason.
bool run_one() {
  SandboxOptions options;
  options.limits.timeout = std::chrono::seconds(30);
  auto sandbox = Sandbox::create(host(), std::move(options));
  if (!sandbox) {
    EXPECT_FALSE(sandbox.error().message.empty());
    return false;
  }
  const auto result = sandbox->run({"bash", "-c", kScript});
  if (!result) {
    EXPECT_FALSE(result.error().message.empty());
    return false;
  }
  EXPECT_NE(result->outcome, Outcome::kTimeout);
  return result->outcome == Outcome::kExited && result->exit_code == 0 &&
         result->stdout_bytes == "1\none\n";
}

struct Counts {
  int64_t calls = 0, good = 0;
};

// Runs with a failure at each call. Ends the test if a run without one fails in between.
void starve(Fails how, Counts& counts) {
  fails = how;
  for (bool reached = true; reached;) {
    failures = 0;
    calls_left = ++counts.calls;
    counts.good += run_one();
    calls_left = INT64_MAX;
    reached = failures > 0;
    if (counts.calls % 16 == 0) {
      ASSERT_TRUE(run_one()) << "after call " << counts.calls;
    }
  }
  ASSERT_TRUE(run_one());
  EXPECT_GT(counts.calls, 50) << "the scenario asks for memory more often";
  printf("%lld calls, %lld runs ended well all the same\n", static_cast<long long>(counts.calls),
         static_cast<long long>(counts.good));
}

class Starvation : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(run_one());  // programs are compiled, all is warm
    before_ = tenant::Holdings::now();
  }
  tenant::Holdings before_;
};

TEST_F(Starvation, TheHostLivesAndNothingIsLost) {
  Counts counts;
  starve(Fails::kOne, counts);
  const tenant::Holdings after = tenant::Holdings::now();
  EXPECT_EQ(after.descriptors, before_.descriptors);
  EXPECT_LE(after.mappings, before_.mappings + 8);
}

TEST_F(Starvation, TheHostLivesWithoutMemoryForTheRestOfARun) {
  Counts counts;
  starve(Fails::kAllFromThere, counts);
  const tenant::Holdings after = tenant::Holdings::now();
  EXPECT_EQ(after.descriptors, before_.descriptors);
  // A range of memory that cannot be closed is left as it is: three mappings for each of the few
  // programs that run at the time.
  EXPECT_LE(after.mappings, before_.mappings + 8 + 3 * 3 * static_cast<uint64_t>(counts.calls));
}

}  // namespace
}  // namespace cloche
