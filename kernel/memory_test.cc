// Memory calls: the break, mappings, what is shared, limits.
#include <gtest/gtest.h>

#include "kernel/clone_flags.h"
#include "kernel/testing/sandbox.h"

namespace cloche::kernel::testing {
namespace {

constexpr int32_t kEnomem = -12, kEinval = -22, kEexist = -17, kEnodev = -19, kEbadf = -9,
                  kEfault = -14, kEacces = -13;
constexpr uint32_t kPage = 4096;
constexpr uint32_t kShared = 1, kPrivate = 2, kFixed = 0x10, kAnonymous = 0x20,
                   kFixedNoReplace = 0x100000;
constexpr uint32_t kReadWrite = 3;
using Lines = std::vector<std::string>;

int32_t map(FakeGuest& g, uint32_t size, uint32_t flags = kPrivate | kAnonymous, uint32_t at = 0,
            int32_t fd = -1, uint32_t page = 0) {
  return g.call("mmap2", at, size, kReadWrite, flags, fd, page);
}
int32_t open_file(FakeGuest& g, const std::string& path, int32_t flags = 2) {
  return g.call("openat", -100, g.text(0x3000, path), flags, 0644);
}

TEST(MemoryTest, BreakGrowsShrinksAndReadsZero) {
  TestSandbox box;
  EXPECT_EQ(box.run_program([](FakeGuest& g) {
    const auto start = static_cast<uint32_t>(g.call("brk", 0));
    if (start != 1 << 20) g.exit(1);
    if (g.call("brk", start + 100'000) != static_cast<int32_t>(start + 100'000)) g.exit(2);
    g.store<uint32_t>(start + 50'000, 77);
    g.store<uint32_t>(start + 10'000, 78);
    if (g.call("brk", start + 10'004) != static_cast<int32_t>(start + 10'004)) g.exit(3);
    g.call("brk", start + 100'000);
    if (g.load<uint32_t>(start + 50'000) != 0 || g.load<uint32_t>(start + 10'000) != 78) g.exit(4);
    if (g.call("brk", 5) != static_cast<int32_t>(start + 100'000)) g.exit(5);
    if (g.call("brk", 0xf0000000u) != static_cast<int32_t>(start + 100'000)) g.exit(6);
  }),
            0);
}

TEST(MemoryTest, MappingsAreZeroFirstFitAndMerge) {
  TestSandbox box;
  EXPECT_EQ(box.run_program([](FakeGuest& g) {
    const int32_t a = map(g, 10 * kPage), b = map(g, 1);
    if (a <= 0 || b != a + static_cast<int32_t>(10 * kPage)) g.exit(1);
    g.store<uint32_t>(static_cast<uint32_t>(a) + 3 * kPage, 5);
    if (g.call("munmap", static_cast<uint32_t>(a) + 2 * kPage, 3 * kPage) != 0) g.exit(2);
    const int32_t c = map(g, 2 * kPage);
    if (c != a + static_cast<int32_t>(2 * kPage)) g.exit(3);
    if (g.load<uint32_t>(static_cast<uint32_t>(c) + kPage) != 0) g.exit(4);
    if (g.call("munmap", a + 1, kPage) != kEinval || g.call("munmap", a, 0) != kEinval) g.exit(5);
    if (map(g, 0) != kEinval || map(g, kPage, kAnonymous) != kEinval) g.exit(6);
    if (map(g, kPage, kPrivate | kAnonymous | kFixed, 0x100) != kEinval) g.exit(7);
    if (map(g, kPage, kPrivate | kAnonymous | kFixedNoReplace, static_cast<uint32_t>(a)) != kEexist)
      g.exit(8);
    g.store<uint32_t>(static_cast<uint32_t>(a), 9);
    if (map(g, kPage, kPrivate | kAnonymous | kFixed, static_cast<uint32_t>(a)) != a) g.exit(9);
    if (g.load<uint32_t>(static_cast<uint32_t>(a)) != 0) g.exit(10);
  }),
            0);
}

TEST(MemoryTest, RemapGrowsInPlaceOrMoves) {
  TestSandbox box;
  EXPECT_EQ(box.run_program([](FakeGuest& g) {
    const int32_t a = map(g, kPage);
    g.store<uint32_t>(static_cast<uint32_t>(a), 1234);
    if (g.call("mremap", a, kPage, 3 * kPage, 0, 0) != a) g.exit(1);
    const int32_t block = map(g, kPage);
    if (block != a + static_cast<int32_t>(3 * kPage)) g.exit(2);
    if (g.call("mremap", a, 3 * kPage, 4 * kPage, 0, 0) != kEnomem) g.exit(3);
    const int32_t moved = g.call("mremap", a, 3 * kPage, 4 * kPage, 1, 0);
    if (moved <= block || g.load<uint32_t>(static_cast<uint32_t>(moved)) != 1234) g.exit(4);
    if (g.call("mremap", a, kPage, 2 * kPage, 1, 0) != kEfault) g.exit(5);
    if (g.call("mremap", moved, 4 * kPage, kPage, 0, 0) != moved) g.exit(6);
  }),
            0);
}

TEST(MemoryTest, LimitsAreEnforced) {
  KernelLimits limits;
  limits.address_space = 4 << 20;
  TestSandbox box(limits);
  EXPECT_EQ(box.run_program([](FakeGuest& g) {
    if (map(g, 4 << 20) != kEnomem) g.exit(1);
    if (map(g, 0xfffff000u) != kEnomem || map(g, 0xffffffffu) != kEnomem) g.exit(2);
    const int32_t a = map(g, 2 << 20);
    if (a <= 0) g.exit(3);
    if (map(g, 2 << 20) != kEnomem) g.exit(4);
    g.call("munmap", a, 2 << 20);
    if (map(g, 2 << 20) <= 0) g.exit(5);
    const auto start = static_cast<uint32_t>(g.call("brk", 0));
    if (g.call("brk", start + (2 << 20)) != static_cast<int32_t>(start)) g.exit(6);
  }),
            0);
}

TEST(MemoryTest, AdviceEmptiesAndProtectionIsChecked) {
  TestSandbox box;
  EXPECT_EQ(box.run_program([](FakeGuest& g) {
    const auto a = static_cast<uint32_t>(map(g, 2 * kPage));
    g.store<uint32_t>(a, 1);
    if (g.call("madvise", a, kPage, 4) != 0 || g.load<uint32_t>(a) != 0) g.exit(1);
    if (g.call("madvise", a + 4 * kPage, kPage, 4) != kEnomem) g.exit(2);
    if (g.call("madvise", a, kPage, 99) != kEinval) g.exit(3);
    if (g.call("mprotect", a, kPage, 0) != 0) g.exit(4);
    if (g.call("mprotect", a + 8 * kPage, kPage, 1) != kEnomem) g.exit(5);
    if (g.call("mprotect", a + 1, kPage, 1) != kEinval) g.exit(6);
  }),
            0);
}

TEST(MemoryTest, PrivateFileMappingsAreCopies) {
  TestSandbox box;
  box.file("/tmp/f", std::string(5000, 'x'), 0644);
  EXPECT_EQ(box.run_program([](FakeGuest& g) {
    const int32_t fd = open_file(g, "/tmp/f");
    const auto a = static_cast<uint32_t>(map(g, 2 * kPage, kPrivate, 0, fd));
    if (g.load<char>(a + 4999) != 'x' || g.load<char>(a + 5000) != 0) g.exit(1);
    g.store<char>(a, 'y');
    g.call("msync", a, kPage, 4);
    g.call("pread64", fd, 0x2000, 1, 0, 0);
    if (g.load<char>(0x2000) != 'x') g.exit(2);
    if (map(g, kPage, kPrivate, 0, 99) != kEbadf) g.exit(3);
    const int32_t directory = g.call("openat", -100, g.text(0x3000, "/tmp"), 0, 0);
    if (map(g, kPage, kPrivate, 0, directory) != kEnodev) g.exit(4);
    const int32_t read_only = open_file(g, "/tmp/f", 0);
    if (map(g, kPage, kShared, 0, read_only) != kEacces) g.exit(5);
  }),
            0);
}

TEST(MemoryTest, SharedFileMappingsWriteBackWhatChanged) {
  TestSandbox box;
  box.file("/tmp/f", std::string(2 * kPage, 'x'), 0644);
  EXPECT_EQ(box.run_program([](FakeGuest& g) {
    const int32_t fd = open_file(g, "/tmp/f");
    const auto a = static_cast<uint32_t>(map(g, 2 * kPage, kShared, 0, fd));
    g.store<char>(a, 'm');
    // The second page changes in the file only: writing back must not undo that.
    g.text(0x2000, "w");
    g.call("pwrite64", fd, 0x2000, 1, kPage, 0);
    if (g.call("msync", a, 2 * kPage, 4) != 0) g.exit(1);
    g.call("pread64", fd, 0x2000, 1, 0, 0);
    if (g.load<char>(0x2000) != 'm') g.exit(2);
    g.call("pread64", fd, 0x2000, 1, kPage, 0);
    if (g.load<char>(0x2000) != 'w') g.exit(3);
    g.store<char>(a + 1, 'u');
    g.call("munmap", a, 2 * kPage);
    g.call("pread64", fd, 0x2000, 2, 0, 0);
    if (g.load<char>(0x2001) != 'u') g.exit(4);
    // The end of a process writes back, too.
    const int32_t pid = g.fork();
    if (pid == 0) {
      const auto b = static_cast<uint32_t>(map(g, kPage, kShared, 0, fd));
      g.store<char>(b + 2, 'e');
      g.exit(0);
    }
    int32_t status;
    g.wait(pid, &status);
    g.call("pread64", fd, 0x2000, 3, 0, 0);
    if (g.load<char>(0x2002) != 'e') g.exit(5);
  }),
            0);
}

// Both sides take turns by the words themselves, and by futexes in the shared memory.
TEST(MemoryTest, AnonymousSharedMemoryIsSharedAfterFork) {
  TestSandbox box;
  EXPECT_EQ(box.run_program([](FakeGuest& g) {
    const auto a = static_cast<uint32_t>(map(g, 2 * kPage, kShared | kAnonymous));
    g.store<uint32_t>(a, 1);
    const int32_t pid = g.fork();
    if (pid == 0) {
      if (g.load<uint32_t>(a) != 1) g.exit(1);
      g.store<uint32_t>(a, 2);
      g.store<uint32_t>(a + kPage, 20);
      g.call("futex_time64", a, 1, 1, 0, 0, 0);
      if (g.load<uint32_t>(a + 4) == 0) g.call("futex_time64", a + 4, 0, 0, 0, 0, 0);
      g.exit(static_cast<int32_t>(g.load<uint32_t>(a + 4)));
    }
    if (g.load<uint32_t>(a) == 1) g.call("futex_time64", a, 0, 1, 0, 0, 0);
    if (g.load<uint32_t>(a) != 2 || g.load<uint32_t>(a + kPage) != 20) g.exit(2);
    g.store<uint32_t>(a + 4, 7);
    g.call("futex_time64", a + 4, 1, 1, 0, 0, 0);
    int32_t status = 0;
    g.wait(pid, &status);
    g.exit(status >> 8);
  }),
            7 << 8);
}

TEST(MemoryTest, TwoProcessesMapOneFile) {
  TestSandbox box;
  box.file("/tmp/shm", std::string(kPage, '\0'), 0644);
  box.program("other", [](FakeGuest& g) {
    const auto a = static_cast<uint32_t>(map(g, kPage, kShared, 0, open_file(g, "/tmp/shm")));
    while (g.load<uint32_t>(a) == 0) g.call("sched_yield");
    g.store<uint32_t>(a + 8, g.load<uint32_t>(a) + 1);
    g.exit(0);
  });
  EXPECT_EQ(box.run_program([](FakeGuest& g) {
    const uint32_t path = g.text(0x3100, "/bin/other");
    if (g.fork() == 0) {
      g.call("execve", path, 0, 0);
      g.exit(1);
    }
    const auto a = static_cast<uint32_t>(map(g, kPage, kShared, 0, open_file(g, "/tmp/shm")));
    for (int i = 0; i < 5; ++i) g.call("sched_yield");
    g.store<uint32_t>(a, 41);
    while (g.load<uint32_t>(a + 8) == 0) g.call("sched_yield");
    g.exit(static_cast<int32_t>(g.load<uint32_t>(a + 8)));
  }),
            42 << 8);
}

// One that is ended while another runs has nothing to say about what the other wrote since.
TEST(MemoryTest, AnEndUndoesNothing) {
  TestSandbox box;
  box.file("/tmp/f", std::string(kPage, 'x'), 0644);
  EXPECT_EQ(box.run_program([](FakeGuest& g) {
    const auto a = static_cast<uint32_t>(map(g, kPage, kShared | kAnonymous));
    const auto f = static_cast<uint32_t>(map(g, kPage, kShared, 0, open_file(g, "/tmp/f")));
    const int32_t pid = g.fork();
    if (pid == 0) {
      g.store<uint32_t>(a, 1);
      g.store<char>(f, '1');
      g.call("futex_time64", a, 1, 1, 0, 0, 0);
      for (;;) g.call("rt_sigsuspend", 0x2000, 8);
    }
    if (g.load<uint32_t>(a) == 0) g.call("futex_time64", a, 0, 0, 0, 0, 0);
    if (g.load<uint32_t>(a) != 1 || g.load<char>(f) != '1') g.exit(1);
    g.store<uint32_t>(a, 2);
    g.store<char>(f, '2');
    g.call("kill", pid, 9);
    int32_t status = 0;
    g.wait(pid, &status);
    if (g.load<uint32_t>(a) != 2 || g.load<char>(f) != '2') g.exit(2);
    g.call("munmap", f, kPage);
    g.call("pread64", open_file(g, "/tmp/f"), 0x2000, 1, 0, 0);
    if (g.load<char>(0x2000) != '2') g.exit(3);
  }),
            0);
}

TEST(MemoryTest, WhatATrapLeavesIsSeen) {
  TestSandbox box;
  EXPECT_EQ(box.run_program([](FakeGuest& g) {
    const auto a = static_cast<uint32_t>(map(g, kPage, kShared | kAnonymous));
    const int32_t pid = g.fork();
    if (pid == 0) {
      g.store<uint32_t>(a, 5);
      g.trap(engine::TrapKind::kUnreachable);
    }
    int32_t status = 0;
    g.wait(pid, &status);
    g.exit(static_cast<int32_t>(g.load<uint32_t>(a)));
  }),
            5 << 8);
}

// A part that one process gives back is still the other's, and new memory there is not shared.
TEST(MemoryTest, PartsOfSharedMemoryCanGo) {
  TestSandbox box;
  EXPECT_EQ(box.run_program([](FakeGuest& g) {
    const auto a = static_cast<uint32_t>(map(g, 3 * kPage, kShared | kAnonymous));
    for (uint32_t page = 0; page < 3; ++page) g.store<uint32_t>(a + page * kPage, page + 1);
    if (g.call("mremap", a, 3 * kPage, 4 * kPage, 1, 0) != kEinval) g.exit(1);
    const int32_t pid = g.fork();
    if (pid == 0) {
      g.call("munmap", a + kPage, kPage);
      if (map(g, kPage, kPrivate | kAnonymous | kFixed, a + kPage) < 0) g.exit(2);
      if (g.load<uint32_t>(a + kPage) != 0) g.exit(3);
      g.store<uint32_t>(a + kPage, 99);
      g.store<uint32_t>(a, 11);
      g.store<uint32_t>(a + 2 * kPage, 33);
      if (g.call("madvise", a, 3 * kPage, 4) != 0 || g.load<uint32_t>(a) != 11) g.exit(4);
      if (g.load<uint32_t>(a + kPage) != 0) g.exit(5);
      g.exit(0);
    }
    int32_t status = 0;
    g.wait(pid, &status);
    if (status != 0) g.exit(status >> 8);
    if (g.load<uint32_t>(a) != 11 || g.load<uint32_t>(a + kPage) != 2) g.exit(6);
    if (g.load<uint32_t>(a + 2 * kPage) != 33) g.exit(7);
  }),
            0);
}

// The address of private memory is another futex in each process.
TEST(MemoryTest, FutexesOfPrivateMemoryAreNotShared) {
  TestSandbox box;
  EXPECT_EQ(box.run_program([](FakeGuest& g) {
    const auto shared = static_cast<uint32_t>(map(g, kPage, kShared | kAnonymous));
    const auto a = static_cast<uint32_t>(map(g, kPage));
    const int32_t pid = g.fork();
    if (pid == 0) {
      g.store<uint32_t>(shared, 1);
      g.call("futex_time64", shared, 1, 1, 0, 0, 0);
      g.call("futex_time64", a, 0, 0, 0, 0, 0);
      g.exit(0);
    }
    if (g.load<uint32_t>(shared) == 0) g.call("futex_time64", shared, 0, 0, 0, 0, 0);
    for (int turn = 0; turn < 5; ++turn) g.call("sched_yield");
    const int32_t woken = g.call("futex_time64", a, 1, 1, 0, 0, 0);
    g.call("kill", pid, 9);
    g.exit(woken);
  }),
            0);
}

// Who still waits in a region that is gone takes no wake-up of a later one.
TEST(MemoryTest, FutexesEndWithTheirRegion) {
  constexpr uint32_t kThreadFlags = kCloneVm | kCloneFs | kCloneFiles | kCloneSighand |
                                    kCloneThread | kCloneSysvSem | kCloneParentSetTid |
                                    kCloneChildClearTid;
  TestSandbox box;
  EXPECT_EQ(box.run_program([](FakeGuest& g) {
    for (int round = 0; round < 20; ++round) {
      const auto a = static_cast<uint32_t>(map(g, kPage, kShared | kAnonymous));
      if (g.call("kern.clone", kThreadFlags, 0x8000, 0x4000, 0, 0x4000) == 0) {
        g.call("futex_time64", a, 0, 0, 0, 0, 0);
        g.exit(1);
      }
      g.call("sched_yield");
      g.call("munmap", a, kPage);
      if (map(g, kPage, kShared | kAnonymous) != static_cast<int32_t>(a)) g.exit(2);
      if (g.call("futex_time64", a, 1, 100, 0, 0, 0) != 0) g.exit(3);
      g.call("munmap", a, kPage);
    }
    g.exit(0);
  }),
            0);
}

// Further up in a file a shared mapping is a copy: written back, but not seen by others before.
TEST(MemoryTest, LargeFilesAreCopies) {
  TestSandbox box;
  box.file("/tmp/f", std::string((1 << 20) + kPage, 'x'), 0644);
  EXPECT_EQ(box.run_program([](FakeGuest& g) {
    const int32_t fd = open_file(g, "/tmp/f");
    const auto a = static_cast<uint32_t>(map(g, (1 << 20) + kPage, kShared, 0, fd));
    const int32_t pid = g.fork();
    if (pid == 0) {
      g.store<char>(a + (1 << 20), 'y');
      g.exit(0);
    }
    int32_t status = 0;
    g.wait(pid, &status);
    if (g.load<char>(a + (1 << 20)) != 'x') g.exit(1);
    g.call("pread64", fd, 0x2000, 1, 1 << 20, 0);
    if (g.load<char>(0x2000) != 'y') g.exit(2);
  }),
            0);
}

TEST(MemoryTest, RegionsCountOnceAndGo) {
  TestSandbox box;
  box.program("holder", [](FakeGuest& g) {
    const auto a = static_cast<uint32_t>(map(g, 64 * kPage, kShared | kAnonymous));
    for (uint32_t page = 0; page < 10; ++page) g.store<uint32_t>(a + page * kPage, 1);
    for (int child = 0; child < 3; ++child)
      if (g.fork() == 0) g.call("munmap", a + 8 * kPage, kPage);
    g.call("rt_sigsuspend", 0x2000, 8);
  });
  ASSERT_GT(box.start("holder"), 0);
  box.settle();
  // Ten pages, and the books of one region and eight mappings.
  EXPECT_GT(box.kernel().usage().memory.shared, 10 * kPage + 9 * 64 * 8);
  EXPECT_LT(box.kernel().usage().memory.shared, 13 * kPage);
  EXPECT_GT(box.kernel().usage().memory.objects, 4 * kPage);  // the processes
  box.kernel().kill_all();
  box.settle();
  EXPECT_EQ(box.kernel().usage().memory.shared, 0u);
  EXPECT_EQ(box.kernel().usage().memory.objects, 0u);
}

TEST(MarshallingTest, PointersAtTheEdges) {
  TestSandbox box;
  EXPECT_EQ(box.run_program([](FakeGuest& g) {
    const auto size = static_cast<uint32_t>(g.memory_size());
    if (g.call("uname", size - 389) != kEfault || g.call("uname", size - 390) != 0) g.exit(1);
    if (g.call("uname", size) != kEfault || g.call("uname", 0xffffffffu) != kEfault) g.exit(2);
    if (g.call("getrandom", size - 16, 17, 0) != kEfault) g.exit(3);
    if (g.call("getrandom", size - 16, 16, 0) != 16) g.exit(4);
    if (g.call("getrandom", 16, 0xffffffffu, 0) != kEfault) g.exit(5);
    if (g.call("getrandom", 0xfffffff0u, 0x20, 0) != kEfault) g.exit(6);  // wraps
    if (g.call("getrandom", 0xfffffff0u, 0, 0) != 0) g.exit(7);
    // A path without NUL that ends with the memory, and one that is too long.
    for (uint32_t i = 0; i < 16; ++i) g.store<char>(size - 16 + i, 'a');
    if (g.call("chdir", size - 16) != kEfault) g.exit(8);
    g.store<char>(size - 1, 0);
    if (g.call("chdir", size - 16) != -2) g.exit(9);
    for (uint32_t i = 0; i < 4096; ++i) g.store<char>(0x4000 + i, 'b');
    if (g.call("chdir", 0x4000) != -36) g.exit(10);
  }),
            0);
}

}  // namespace
}  // namespace cloche::kernel::testing
