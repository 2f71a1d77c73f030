// inotify where the conformance cases cannot look: limits, what is counted, and what comes through
// another file system.
#include "kernel/notify.h"

#include <gtest/gtest.h>

#include "kernel/io_state.h"
#include "kernel/testing/io_helpers.h"

namespace cloche::kernel::testing {
namespace {

constexpr int32_t kEmfile = -24, kEnospc = -28, kEacces = -13;

struct Seen {
  int32_t watch;
  uint32_t mask, cookie, name_size;
};

int32_t add_watch(FakeGuest& g, int32_t fd, const std::string& path, uint32_t mask) {
  return g.call("inotify_add_watch", fd, g.text(kPathAt, path), mask);
}
std::vector<Seen> events(FakeGuest& g, int32_t fd, uint32_t room = 65536) {
  std::vector<Seen> seen;
  const int32_t count = g.call("read", fd, kFree, room);
  for (int32_t at = 0; at < count;) {
    seen.push_back(g.load<Seen>(kFree + static_cast<uint32_t>(at)));
    at += static_cast<int32_t>(sizeof(Seen) + seen.back().name_size);
  }
  return seen;
}

TEST(NotifyTest, InstancesAndWatchesAreLimitedAndGivenBack) {
  KernelLimits limits;
  limits.watches = 2;
  TestSandbox box(limits);
  expect_success(box, [](FakeGuest& g) {
    std::vector<int32_t> fds;
    for (;;) {
      const int32_t fd = g.call("inotify_init1", 0);
      if (fd < 0) GUEST_CHECK(fd == kEmfile);
      if (fd < 0) break;
      fds.push_back(fd);
    }
    GUEST_CHECK(fds.size() == 128);
    GUEST_CHECK(add_watch(g, fds[0], "/tmp", kNotifyCreate) == 1);
    GUEST_CHECK(add_watch(g, fds[1], "/tmp", kNotifyCreate) == 1);
    GUEST_CHECK(add_watch(g, fds[0], "/home", kNotifyCreate) == kEnospc);
    GUEST_CHECK(g.call("inotify_rm_watch", fds[0], 1) == 0);
    GUEST_CHECK(add_watch(g, fds[0], "/home", kNotifyCreate) == 2);
    GUEST_CHECK(g.call("close", fds[1]) == 0);
    GUEST_CHECK(add_watch(g, fds[0], "/tmp", kNotifyCreate) == 3);
    GUEST_CHECK(g.call("inotify_init1", 0) >= 0);
    g.exit(0);
  });
  EXPECT_EQ(box.kernel().io().watches()->used(), 0u);
  EXPECT_EQ(box.limits_reached, (std::vector<std::string>{"watches.max 2"}));
}

TEST(NotifyTest, EventsThatNobodyReadsAreDroppedAndThatIsTold) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const int32_t fd = g.call("inotify_init1", kO_NONBLOCK);
    GUEST_CHECK(add_watch(g, fd, "/tmp", kNotifyMovedFrom | kNotifyMovedTo) == 1);
    make_file(g, "/tmp/a", "x");
    g.text(kPathAt, "/tmp/a");
    g.text(kPathAt + 64, "/tmp/b");
    for (size_t i = 0; i < NotifyFile::kMaxEvents; ++i) {
      const uint32_t from = i % 2 ? kPathAt + 64 : kPathAt, to = i % 2 ? kPathAt : kPathAt + 64;
      GUEST_CHECK(g.call("renameat2", kAtFdCwd, from, kAtFdCwd, to, 0) == 0);
    }
    size_t count = 0;
    Seen last{};
    for (auto seen = events(g, fd); !seen.empty(); seen = events(g, fd)) {
      count += seen.size();
      last = seen.back();
    }
    GUEST_CHECK(count == NotifyFile::kMaxEvents + 1);
    GUEST_CHECK(last.watch == -1 && last.mask == kNotifyOverflow);
    g.call("renameat2", kAtFdCwd, kPathAt, kAtFdCwd, kPathAt + 64, 0);
    GUEST_CHECK(events(g, fd).size() == 2);
    g.exit(0);
  });
}

TEST(NotifyTest, LongNamesAreBoundedByTheirBytes) {
  TestSandbox box;
  expect_success(box, [&box](FakeGuest& g) {
    const std::string name(250, 'n');
    std::vector<int32_t> fds;
    for (int i = 0; i < 4; ++i) {
      fds.push_back(g.call("inotify_init1", kO_NONBLOCK));
      GUEST_CHECK(add_watch(g, fds.back(), "/tmp", kNotifyMovedFrom | kNotifyMovedTo) == 1);
    }
    make_file(g, "/tmp/a" + name, "x");
    g.text(kPathAt, "/tmp/a" + name);
    g.text(kPathAt + 512, "/tmp/b" + name);
    for (int i = 0; i < 8000; ++i) {
      const uint32_t from = i % 2 ? kPathAt + 512 : kPathAt, to = i % 2 ? kPathAt : kPathAt + 512;
      GUEST_CHECK(g.call("renameat2", kAtFdCwd, from, kAtFdCwd, to, 0) == 0);
    }
    const auto held = g.ask(
        [&box] { return static_cast<int64_t>(box.kernel().io().notify_quotas().bytes->used()); });
    GUEST_CHECK(held > (7 << 20) && held <= (8 << 20));
    for (const int32_t fd : fds) g.call("close", fd);
    GUEST_CHECK(g.ask([&box] {
      return static_cast<int64_t>(box.kernel().io().notify_quotas().bytes->used());
    }) == 0);
    g.exit(0);
  });
}

TEST(NotifyTest, WhoMayNotReadMayNotWatch) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const int32_t fd = g.call("inotify_init1", kO_NONBLOCK);
    GUEST_CHECK(g.call("mkdirat", kAtFdCwd, g.text(kPathAt, "/tmp/d"), 0300) == 0);
    GUEST_CHECK(add_watch(g, fd, "/tmp/d", kNotifyAll) == kEacces);
    GUEST_CHECK(g.call("fchmodat", kAtFdCwd, g.text(kPathAt, "/tmp/d"), 0700) == 0);
    GUEST_CHECK(add_watch(g, fd, "/tmp/d", kNotifyAll) == 1);
    g.exit(0);
  });
}

// A process that ends with open files closes them: that is an event for the others.
TEST(NotifyTest, ProcessesThatEndCloseTheirFiles) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const int32_t fd = g.call("inotify_init1", 0);
    make_file(g, "/tmp/a", "x");
    GUEST_CHECK(add_watch(g, fd, "/tmp/a", kNotifyCloseWrite) == 1);
    if (g.fork() == 0) {
      open(g, "/tmp/a", kO_WRONLY);
      g.exit(0);
    }
    const auto seen = events(g, fd);
    GUEST_CHECK(seen.size() == 1 && seen[0].mask == kNotifyCloseWrite && seen[0].name_size == 0);
    g.exit(0);
  });
}

}  // namespace
}  // namespace cloche::kernel::testing
