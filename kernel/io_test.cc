// Pipes, FIFOs, descriptors, reading and writing, poll and select, through the calls of a guest.
#include <gtest/gtest.h>

#include "kernel/pipe.h"
#include "kernel/testing/io_helpers.h"

namespace cloche::kernel::testing {
namespace {

constexpr int32_t kEagain = -11, kEbadf = -9, kEfault = -14, kEinval = -22, kEmfile = -24,
                  kEpipe = -32, kEspipe = -29, kEintr = -4, kEnxio = -6, kEperm = -1, kEbusy = -16;
constexpr int32_t kSigPipeNumber = 13;
using Lines = std::vector<std::string>;

std::span<const uint8_t> bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// --- the ring itself

TEST(PipeRing, WrapsAndGrows) {
  auto ring = *Pipe::create(make_ref<PipeMemory>(), 16384);
  ring->add_reader();
  ring->add_writer();
  std::string sent, got;
  uint8_t buffer[5000];
  uint32_t seed = 1;
  for (int turn = 0; turn < 2000; ++turn) {
    seed = seed * 1103515245 + 12345;
    const std::string text((seed >> 16) % 4097, static_cast<char>('a' + turn % 26));
    if (ring->write(bytes(text)).ok()) sent += text;
    const auto count = ring->read(std::span(buffer).first((seed >> 8) % 5000));
    if (count.ok()) got.append(reinterpret_cast<char*>(buffer), *count);
  }
  ring->remove_writer();
  for (;;) {
    const auto count = ring->read(buffer);
    ASSERT_TRUE(count.ok());
    if (*count == 0) break;
    got.append(reinterpret_cast<char*>(buffer), *count);
  }
  EXPECT_GT(sent.size(), 1000000u);
  EXPECT_EQ(sent, got);
  ring->remove_reader();
}

TEST(PipeRing, SmallWritesAreWholeOrNothing) {
  auto ring = *Pipe::create(make_ref<PipeMemory>(), 8192);
  ring->add_reader();
  ring->add_writer();
  EXPECT_EQ(*ring->write(bytes(std::string(6000, 'x'))), 6000u);
  EXPECT_EQ(ring->write(bytes(std::string(4096, 'y'))).error(), Errno::kAGAIN);
  EXPECT_EQ(*ring->write(bytes(std::string(4097, 'z'))), 2192u) << "larger ones may be split";
  EXPECT_EQ(ring->write(bytes("1")).error(), Errno::kAGAIN);
}

TEST(PipeRing, CapacityChanges) {
  auto ring = *Pipe::create(make_ref<PipeMemory>(), 65536);
  ring->add_reader();
  ring->add_writer();
  EXPECT_EQ(*ring->write(bytes(std::string(10000, 'x'))), 10000u);
  EXPECT_EQ(ring->set_capacity(4096).error(), Errno::kBUSY);
  EXPECT_EQ(*ring->set_capacity(10001), 16384u);
  EXPECT_EQ(*ring->write(bytes(std::string(20000, 'y'))), 6384u);
  uint8_t buffer[20000];
  EXPECT_EQ(*ring->read(buffer), 16384u);
  EXPECT_EQ(buffer[9999], 'x');
  EXPECT_EQ(buffer[10000], 'y');
}

// --- pipes of a guest

TEST(PipeTest, CarriesBytesAndEnds) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const PipeFds fds = pipe(g);
    GUEST_CHECK(fds.read == 0 && fds.write == 1);
    GUEST_CHECK(write(g, fds.write, "hello") == 5);
    GUEST_CHECK(read(g, fds.read, 2) == "he");
    GUEST_CHECK(read(g, fds.read) == "llo");
    GUEST_CHECK(g.call("close", fds.write) == 0);
    GUEST_CHECK(read(g, fds.read).empty());
    GUEST_CHECK(g.call("write", fds.read, kTextAt, 1) == kEbadf);
    GUEST_CHECK(g.call("read", 77, kTextAt, 1) == kEbadf);
    GUEST_CHECK(g.call("pread64", fds.read, kTextAt, 1, 0, 0) == kEspipe);
    g.exit(0);
  });
}

TEST(PipeTest, ReaderWaitsForWriter) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const PipeFds fds = pipe(g);
    if (g.fork() == 0) {
      for (int i = 0; i < 3; ++i) g.call("sched_yield");
      write(g, fds.write, "late");
      g.exit(0);
    }
    g.call("close", fds.write);
    GUEST_CHECK(read(g, fds.read) == "late");
    GUEST_CHECK(read(g, fds.read).empty());
    g.exit(0);
  });
}

TEST(PipeTest, LargeWriteGoesOnAfterBlocking) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    constexpr uint32_t kSize = 200000;
    const PipeFds fds = pipe(g);
    if (g.fork() == 0) {
      g.call("close", fds.read);
      for (uint32_t i = 0; i < kSize; i += 4) g.store<uint32_t>(kFree + i, i);
      GUEST_CHECK(g.call("write", fds.write, kFree, kSize) == static_cast<int32_t>(kSize));
      g.exit(0);
    }
    g.call("close", fds.write);
    uint32_t got = 0;
    for (;;) {
      const int32_t count = g.call("read", fds.read, kFree + got, 30000);
      GUEST_CHECK(count >= 0);
      if (count == 0) break;
      got += static_cast<uint32_t>(count);
    }
    GUEST_CHECK(got == kSize);
    for (uint32_t i = 0; i < kSize; i += 4000) GUEST_CHECK(g.load<uint32_t>(kFree + i) == i);
    g.exit(0);
  });
}

TEST(PipeTest, BrokenPipeRaisesSigpipe) {
  TestSandbox box;
  EXPECT_EQ(box.run_program([](FakeGuest& g) {
    const PipeFds fds = pipe(g);
    g.call("close", fds.read);
    write(g, fds.write, "x");
    g.exit(0);
  }),
            kSigPipeNumber);
  expect_success(box, [](FakeGuest& g) {
    g.sigaction(kSigPipeNumber, 1);
    const PipeFds fds = pipe(g);
    g.call("close", fds.read);
    GUEST_CHECK(write(g, fds.write, "x") == kEpipe);
    GUEST_CHECK(g.call("write", fds.write, kTextAt, 0) == 0);
    g.exit(0);
  });
}

TEST(PipeTest, WriterLeftBehindIsWokenWithEpipe) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    g.sigaction(kSigPipeNumber, 1);
    const PipeFds fds = pipe(g);
    const int32_t child = g.fork();
    if (child == 0) {
      g.call("close", fds.read);
      // 64 KiB go in, then it waits; the reader leaves.
      GUEST_CHECK(g.call("write", fds.write, kFree, 100000) == 65536);
      GUEST_CHECK(g.call("write", fds.write, kFree, 1) == kEpipe);
      g.exit(9);
    }
    g.call("sched_yield");
    g.call("close", fds.read);
    g.call("close", fds.write);
    int32_t status = 0;
    g.wait(child, &status);
    GUEST_CHECK(status == 9 << 8);
    g.exit(0);
  });
}

TEST(PipeTest, NonblockingEnds) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const PipeFds fds = pipe(g, kO_NONBLOCK);
    GUEST_CHECK(g.call("read", fds.read, kTextAt, 1) == kEagain);
    GUEST_CHECK(g.call("write", fds.write, kFree, 100000) == 65536);
    GUEST_CHECK(g.call("write", fds.write, kFree, 1) == kEagain);
    GUEST_CHECK(g.call("fcntl64", fds.read, 3, 0) == 04000);
    GUEST_CHECK(g.call("fcntl64", fds.read, 4, 0) == 0);
    GUEST_CHECK(g.call("fcntl64", fds.read, 3, 0) == 0);
    GUEST_CHECK(g.call("ioctl", fds.read, 0x541b, kTextAt) == 0);
    GUEST_CHECK(g.load<int32_t>(kTextAt) == 65536);
    GUEST_CHECK(g.call("fcntl64", fds.read, 1032, 0) == 65536);
    GUEST_CHECK(g.call("fcntl64", fds.read, 1031, 4096) == kEbusy);
    GUEST_CHECK(g.call("fcntl64", fds.read, 1031, 1 << 20) == kEperm);
    GUEST_CHECK(g.call("pipe2", kTextAt, 1) == kEinval);
    g.exit(0);
  });
}

TEST(PipeTest, SignalInterruptsReadAndPartialWriteCounts) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    g.on_signal(16, [](FakeGuest& h, int32_t) { h.say("handler"); });
    g.sigaction(10, 16);
    const PipeFds fds = pipe(g);
    const int32_t self = g.call("getpid");
    if (g.fork() == 0) {
      g.call("sched_yield");
      g.call("kill", self, 10);
      for (int i = 0; i < 4; ++i) g.call("sched_yield");
      g.call("kill", self, 10);
      g.exit(0);
    }
    GUEST_CHECK(g.call("read", fds.read, kTextAt, 1) == kEintr);
    GUEST_CHECK(g.call("write", fds.write, kFree, 100000) == 65536);
    g.exit(0);
  });
  EXPECT_EQ(box.said(), (Lines{"handler", "handler"}));
}

TEST(PipeTest, SmallWritevIsAtomicAndBuffersAreChecked) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const PipeFds fds = pipe(g);
    g.text(kFree, "abcdef");
    for (uint32_t i = 0; i < 3; ++i) {
      g.store<uint32_t>(kFree + 64 + i * 8, kFree + i * 2);
      g.store<uint32_t>(kFree + 68 + i * 8, i == 1 ? 0 : 2);
    }
    GUEST_CHECK(g.call("writev", fds.write, kFree + 64, 3) == 4);
    GUEST_CHECK(read(g, fds.read) == "abef");
    GUEST_CHECK(g.call("writev", fds.write, kFree + 64, 1025) == kEinval);
    GUEST_CHECK(g.call("writev", fds.write, -8, 3) == kEfault);
    g.store<uint32_t>(kFree + 68, 0x80000000u);
    GUEST_CHECK(g.call("writev", fds.write, kFree + 64, 1) == kEinval);
    g.store<uint32_t>(kFree + 64, 0xfffffff0u);
    g.store<uint32_t>(kFree + 68, 0x100);
    GUEST_CHECK(g.call("writev", fds.write, kFree + 64, 1) == kEfault);
    GUEST_CHECK(g.call("write", fds.write, g.memory_size() - 4, 8) == kEfault);
    GUEST_CHECK(g.call("write", fds.write, g.memory_size() - 4, 4) == 4);
    GUEST_CHECK(g.call("read", fds.read, 0xffffffffu, 4) == kEfault);
    g.exit(0);
  });
}

// --- descriptors

TEST(DescriptorTest, DupAndLowestNumber) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const int32_t fd = open(g, "/tmp/a", kO_RDWR | kO_CREAT);
    GUEST_CHECK(fd == 0);
    GUEST_CHECK(g.call("dup", fd) == 1);
    GUEST_CHECK(g.call("fcntl64", fd, 0, 10) == 10);
    GUEST_CHECK(g.call("fcntl64", fd, 1030, 10) == 11);
    GUEST_CHECK(g.call("fcntl64", 10, 1, 0) == 0);
    GUEST_CHECK(g.call("fcntl64", 11, 1, 0) == 1);
    GUEST_CHECK(g.call("close", 0) == 0);
    GUEST_CHECK(g.call("dup", 1) == 0);
    GUEST_CHECK(g.call("dup3", 1, 1, 0) == kEinval);
    GUEST_CHECK(g.call("dup3", 1, 5, kO_CLOEXEC) == 5);
    GUEST_CHECK(g.call("fcntl64", 5, 1, 0) == 1);
    GUEST_CHECK(g.call("dup3", 1, 1024, 0) == kEbadf);
    GUEST_CHECK(g.call("dup3", 1, -1, 0) == kEbadf);
    GUEST_CHECK(g.call("dup3", 99, 5, 0) == kEbadf);
    GUEST_CHECK(g.call("fcntl64", 1, 0, 1024) == kEinval);
    // One description: the position is shared.
    write(g, 1, "abc");
    GUEST_CHECK(g.call("_llseek", 5, 0, 0, kFree, 1) == 0);
    GUEST_CHECK(g.load<uint64_t>(kFree) == 3);
    GUEST_CHECK(g.call("close", 77) == kEbadf);
    g.exit(0);
  });
}

TEST(DescriptorTest, RangesAreClosed) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    for (int32_t i = 0; i < 8; ++i) GUEST_CHECK(open(g, "/tmp", kO_RDONLY) == i);
    GUEST_CHECK(g.call("dup3", 0, 900, 0) == 900);
    GUEST_CHECK(g.call("close_range", 3, 2, 0) == kEinval);
    GUEST_CHECK(g.call("close_range", 0, 0, 1) == kEinval);
    GUEST_CHECK(g.call("close_range", 2, 3, 0) == 0);
    GUEST_CHECK(g.call("close_range", 5, -1, 4) == 0);  // CLOSE_RANGE_CLOEXEC
    for (const int32_t open_one : {0, 1, 4}) GUEST_CHECK(g.call("fcntl64", open_one, 1, 0) == 0);
    for (const int32_t marked : {5, 6, 7, 900}) GUEST_CHECK(g.call("fcntl64", marked, 1, 0) == 1);
    for (const int32_t closed : {2, 3}) GUEST_CHECK(g.call("fcntl64", closed, 1, 0) == kEbadf);
    GUEST_CHECK(open(g, "/tmp", kO_RDONLY) == 2);  // not marked before it is open
    GUEST_CHECK(g.call("close_range", 1, -1, 0) == 0);
    GUEST_CHECK(g.call("close", 900) == kEbadf);
    GUEST_CHECK(g.call("close_range", 1, -1, 0) == 0);  // nothing is there
    GUEST_CHECK(open(g, "/tmp", kO_RDONLY) == 1);
    g.exit(0);
  });
}

TEST(DescriptorTest, TableIsLimited) {
  KernelLimits limits;
  limits.open_files = 8;
  TestSandbox box(limits);
  expect_success(box, [](FakeGuest& g) {
    for (int32_t i = 0; i < 7; ++i) GUEST_CHECK(open(g, "/tmp", kO_RDONLY) == i);
    GUEST_CHECK(g.call("pipe2", kFree, 0) == kEmfile);
    GUEST_CHECK(open(g, "/tmp", kO_RDONLY) == 7);  // the failed pipe took none
    GUEST_CHECK(open(g, "/tmp/new", kO_RDWR | kO_CREAT) == kEmfile);
    GUEST_CHECK(g.call("dup", 0) == kEmfile);
    GUEST_CHECK(g.call("faccessat", kAtFdCwd, g.text(kPathAt, "/tmp/new"), 0) == -2);
    g.exit(0);
  });
}

TEST(DescriptorTest, PipesAreBoundedInAll) {
  auto memory = make_ref<PipeMemory>();
  std::vector<Ref<Pipe>> pipes;
  for (;;) {
    auto made = Pipe::create(memory, 65536);
    if (!made.ok()) {
      EXPECT_EQ(made.error(), Errno::kNFILE);
      break;
    }
    pipes.push_back(*made);
  }
  EXPECT_EQ(pipes.front()->capacity(), 65536u);
  EXPECT_EQ(pipes.back()->capacity(), 4096u);
  EXPECT_EQ(pipes.size(), 1024u + 16384u);
  EXPECT_EQ(pipes.back()->set_capacity(8192).error(), Errno::kPERM);
  EXPECT_EQ(*pipes.front()->set_capacity(4096), 4096u);
  EXPECT_EQ(memory->resident, 0u) << "what was never written takes no memory";
  pipes.clear();
  EXPECT_EQ(memory->capacity.used(), 0u);
}

TEST(DescriptorTest, CloseOnExecAndForkCopies) {
  TestSandbox box;
  box.program("second", [](FakeGuest& g) {
    g.say("0:" + std::to_string(g.call("fcntl64", 0, 1, 0)));
    g.say("1:" + std::to_string(g.call("fcntl64", 1, 1, 0)));
    g.exit(0);
  });
  expect_success(box, [](FakeGuest& g) {
    open(g, "/tmp", kO_RDONLY | kO_CLOEXEC);
    open(g, "/tmp", kO_RDONLY);
    const int32_t child = g.fork();
    if (child == 0) {
      g.call("close", 1);
      g.exit(0);
    }
    int32_t status = 0;
    g.wait(child, &status);
    GUEST_CHECK(g.call("fcntl64", 1, 1, 0) == 0);
    g.call("execve", g.text(kPathAt, "/bin/second"), g.list(kFree, {"second"}), 0);
    g.exit(1);
  });
  EXPECT_EQ(box.said(), (Lines{"0:-9", "1:0"}));
}

TEST(DescriptorTest, Eventfd) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const int32_t fd = g.call("eventfd2", 3, kO_NONBLOCK);
    GUEST_CHECK(g.call("read", fd, kFree, 7) == kEinval);
    GUEST_CHECK(g.call("read", fd, kFree, 8) == 8);
    GUEST_CHECK(g.load<uint64_t>(kFree) == 3);
    GUEST_CHECK(g.call("read", fd, kFree, 8) == kEagain);
    g.store<uint64_t>(kFree, UINT64_MAX);
    GUEST_CHECK(g.call("write", fd, kFree, 8) == kEinval);
    g.store<uint64_t>(kFree, UINT64_MAX - 1);
    GUEST_CHECK(g.call("write", fd, kFree, 8) == 8);
    g.store<uint64_t>(kFree, 1);
    GUEST_CHECK(g.call("write", fd, kFree, 8) == kEagain);
    const int32_t semaphore = g.call("eventfd2", 2, 1);
    for (int i = 0; i < 2; ++i) {
      GUEST_CHECK(g.call("read", semaphore, kFree, 8) == 8);
      GUEST_CHECK(g.load<uint64_t>(kFree) == 1);
    }
    g.exit(0);
  });
}

// --- FIFOs

TEST(FifoTest, EndsWaitForEachOther) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    GUEST_CHECK(g.call("mknodat", kAtFdCwd, g.text(kPathAt, "/tmp/f"), 0010644, 0) == 0);
    GUEST_CHECK(open(g, "/tmp/f", kO_WRONLY | kO_NONBLOCK) == kEnxio);
    const int32_t child = g.fork();
    if (child == 0) {
      const int32_t out = open(g, "/tmp/f", kO_WRONLY);
      GUEST_CHECK(out == 0);
      write(g, out, "through");
      g.exit(0);
    }
    const int32_t in = open(g, "/tmp/f", kO_RDONLY);
    GUEST_CHECK(in == 0);
    GUEST_CHECK(read_all(g, in) == "through");
    int32_t status = 0;
    g.wait(child, &status);
    g.call("close", in);
    // Nothing is left of the last users' ring.
    const int32_t both = open(g, "/tmp/f", kO_RDWR | kO_NONBLOCK);
    GUEST_CHECK(g.call("read", both, kTextAt, 1) == kEagain);
    g.exit(status);
  });
}

TEST(FifoTest, ReaderSeesAWriterThatLeftAtOnce) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    g.call("mknodat", kAtFdCwd, g.text(kPathAt, "/tmp/f"), 0010644, 0);
    if (g.fork() == 0) {
      g.call("close", open(g, "/tmp/f", kO_WRONLY));
      g.exit(0);
    }
    const int32_t in = open(g, "/tmp/f", kO_RDONLY);
    GUEST_CHECK(in == 0);
    GUEST_CHECK(read(g, in).empty());
    g.exit(0);
  });
}

TEST(FifoTest, KilledOpenerLeavesNoEnd) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    g.call("mknodat", kAtFdCwd, g.text(kPathAt, "/tmp/f"), 0010644, 0);
    const int32_t child = g.fork();
    if (child == 0) {
      open(g, "/tmp/f", kO_RDONLY);
      g.exit(0);
    }
    g.call("sched_yield");
    g.call("kill", child, 9);
    int32_t status = 0;
    g.wait(child, &status);
    GUEST_CHECK(status == 9);
    GUEST_CHECK(open(g, "/tmp/f", kO_WRONLY | kO_NONBLOCK) == kEnxio);
    g.exit(0);
  });
}

TEST(FifoTest, DevFdOpensAPipeAgain) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const PipeFds fds = pipe(g);
    const int32_t again = open(g, "/dev/fd/" + std::to_string(fds.read), kO_RDONLY);
    GUEST_CHECK(again == 2);
    write(g, fds.write, "both");
    GUEST_CHECK(read(g, again) == "both");
    const int32_t writer = open(g, "/proc/self/fd/1", kO_WRONLY);
    GUEST_CHECK(writer == 3);
    g.call("close", fds.write);
    write(g, writer, "more");
    GUEST_CHECK(read(g, fds.read) == "more");
    g.exit(0);
  });
}

TEST(FifoTest, PipeWithoutWritersOpensAgainAtOnce) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const PipeFds fds = pipe(g);
    write(g, fds.write, "left");
    g.call("close", fds.write);
    const int32_t again = open(g, "/dev/fd/0", kO_RDONLY);
    GUEST_CHECK(again == 1);
    g.call("close", fds.read);
    GUEST_CHECK(read_all(g, again) == "left");
    g.exit(0);
  });
}

// --- poll and select

constexpr uint16_t kIn = 1, kOut = 4, kErr = 8, kHup = 16, kNval = 32;

TEST(PollTest, TellsWhatHolds) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const PipeFds fds = pipe(g);
    uint16_t events = 0;
    GUEST_CHECK(poll_one(g, fds.read, kIn, events, 0) == 0 && events == 0);
    GUEST_CHECK(poll_one(g, fds.write, kIn | kOut, events, 0) == 1 && events == kOut);
    write(g, fds.write, "x");
    GUEST_CHECK(poll_one(g, fds.read, kIn | kOut, events, -1) == 1 && events == kIn);
    GUEST_CHECK(poll_one(g, 55, kIn, events, -1) == 1 && events == kNval);
    GUEST_CHECK(poll_one(g, -1, kIn, events, 0) == 0 && events == 0);
    g.call("close", fds.write);
    GUEST_CHECK(poll_one(g, fds.read, 0, events, -1) == 1 && events == kHup);
    const PipeFds other = pipe(g);
    g.call("close", other.read);
    GUEST_CHECK(poll_one(g, other.write, kOut, events, -1) == 1 && events == (kOut | kErr));
    const int32_t file = open(g, "/tmp/a", kO_RDWR | kO_CREAT);
    GUEST_CHECK(poll_one(g, file, kIn | kOut, events, -1) == 1 && events == (kIn | kOut));
    g.exit(0);
  });
}

TEST(PollTest, WaitsForEventsTimeAndSignals) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const PipeFds fds = pipe(g);
    uint16_t events = 0;
    GUEST_CHECK(poll_one(g, fds.read, kIn, events, 500) == 0);
    if (g.fork() == 0) {
      g.call("sched_yield");
      write(g, fds.write, "x");
      g.exit(0);
    }
    GUEST_CHECK(poll_one(g, fds.read, kIn, events, 100000) == 1 && events == kIn);
    read(g, fds.read);
    // The mask of ppoll lets a blocked signal in for the time of the wait.
    g.on_signal(16, [](FakeGuest& h, int32_t) { h.say("handler"); });
    g.sigaction(10, 16);
    g.store<uint64_t>(kFree, 1ull << 9);
    GUEST_CHECK(g.call("rt_sigprocmask", 0, kFree, 0, 8) == 0);
    g.call("kill", g.call("getpid"), 10);
    g.store<int32_t>(kFree + 16, fds.read);
    g.store<uint32_t>(kFree + 20, kIn);
    g.store<uint64_t>(kFree + 32, 0);
    g.say("before");
    GUEST_CHECK(g.call("ppoll_time64", kFree + 16, 1, 0, kFree + 32, 8) == kEintr);
    g.say("after");
    GUEST_CHECK(g.call("rt_sigprocmask", 0, 0, kFree, 8) == 0);
    GUEST_CHECK(g.load<uint64_t>(kFree) == 1ull << 9);
    GUEST_CHECK(g.call("ppoll_time64", kFree + 16, 1, 0, kFree + 32, 4) == kEinval);
    GUEST_CHECK(g.call("ppoll_time64", kFree + 16, 5000, 0, 0, 8) == kEinval);
    GUEST_CHECK(g.call("ppoll_time64", -4, 1, 0, 0, 8) == kEfault);
    g.exit(0);
  });
  EXPECT_EQ(box.said(), (Lines{"before", "handler", "after"}));
}

TEST(SelectTest, SetsAreReadAndWritten) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const PipeFds fds = pipe(g);
    const auto select = [&g](uint32_t reads, uint32_t writes, int32_t count, bool poll) {
      g.store<uint32_t>(kFree, reads);
      g.store<uint32_t>(kFree + 4, writes);
      g.store<int64_t>(kFree + 8, 0);
      g.store<int64_t>(kFree + 16, 0);
      return g.call("pselect6_time64", count, kFree, kFree + 4, 0, poll ? kFree + 8 : 0, 0);
    };
    GUEST_CHECK(select(1, 2, 2, false) == 1);
    GUEST_CHECK(g.load<uint32_t>(kFree) == 0 && g.load<uint32_t>(kFree + 4) == 2);
    write(g, fds.write, "x");
    GUEST_CHECK(select(1, 2, 2, false) == 2);
    GUEST_CHECK(select(1, 2, 1, false) == 1);  // only descriptors below the count are looked at
    GUEST_CHECK(select(1u << 20, 0, 32, true) == kEbadf);
    GUEST_CHECK(select(0, 0, -1, true) == kEinval);
    GUEST_CHECK(select(0, 0, 32, true) == 0);
    g.exit(0);
  });
}

// --- regular files

TEST(ReadWriteTest, PositionsAndOffsets) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const int32_t fd = open(g, "/tmp/a", kO_RDWR | kO_CREAT);
    GUEST_CHECK(write(g, fd, "0123456789") == 10);
    GUEST_CHECK(g.call("pread64", fd, kFree, 4, 3, 0) == 4);
    GUEST_CHECK(g.load<char>(kFree) == '3');
    GUEST_CHECK(g.call("pread64", fd, kFree, 4, 0, -1) == kEinval);
    GUEST_CHECK(g.call("pwrite64", fd, kFree, 2, 0, 1) == 2);  // beyond 4 GiB
    GUEST_CHECK(g.call("_llseek", fd, 0, 0, kFree, 2) == 0);
    GUEST_CHECK(g.load<uint64_t>(kFree) == (1ull << 32) + 2);
    GUEST_CHECK(g.call("_llseek", fd, 0, 0, kFree, 4) == 0);  // SEEK_HOLE
    GUEST_CHECK(g.load<uint64_t>(kFree) < (1ull << 32));
    GUEST_CHECK(g.call("_llseek", fd, -1, -5, kFree, 0) == kEinval);
    GUEST_CHECK(g.call("_llseek", fd, 0, 0, kFree, 5) == kEinval);
    GUEST_CHECK(g.call("ftruncate64", fd, 5, 0) == 0);
    GUEST_CHECK(g.call("_llseek", fd, 0, 0, kFree, 0) == 0);
    GUEST_CHECK(read_all(g, fd) == "01234");
    GUEST_CHECK(g.call("preadv2", fd, kFree, 0, 0, 0, 8) == -95);
    const int32_t append = open(g, "/tmp/a", kO_WRONLY | kO_APPEND);
    GUEST_CHECK(write(g, append, "+") == 1);
    GUEST_CHECK(g.call("read", append, kFree, 1) == kEbadf);
    GUEST_CHECK(file_text(g, "/tmp/a") == "01234+");
    g.exit(0);
  });
}

TEST(ReadWriteTest, FileSizeLimit) {
  TestSandbox box;
  EXPECT_EQ(box.run_program([](FakeGuest& g) {
    g.store<uint64_t>(kFree, 10);
    g.store<uint64_t>(kFree + 8, UINT64_MAX);
    GUEST_CHECK(g.call("prlimit64", 0, 1, kFree, 0) == 0);
    const int32_t fd = open(g, "/tmp/a", kO_RDWR | kO_CREAT);
    GUEST_CHECK(write(g, fd, "123456") == 6);
    GUEST_CHECK(write(g, fd, "123456") == 4);  // up to the limit, no signal
    g.sigaction(25, 1);
    GUEST_CHECK(write(g, fd, "x") == -27);
    GUEST_CHECK(g.call("write", fd, kFree, 0) == 0);
    GUEST_CHECK(g.call("ftruncate64", fd, 11, 0) == -27);
    GUEST_CHECK(g.call("ftruncate64", fd, 10, 0) == 0);
    g.sigaction(25, 0);
    write(g, fd, "x");
    g.exit(1);
  }),
            25)
      << ::testing::PrintToString(box.said());
}

TEST(ReadWriteTest, Copies) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    make_file(g, "/tmp/a", "0123456789");
    const int32_t in = open(g, "/tmp/a", kO_RDWR);
    const int32_t out = open(g, "/tmp/b", kO_RDWR | kO_CREAT);
    g.store<uint64_t>(kFree, 4);
    GUEST_CHECK(g.call("copy_file_range", in, kFree, out, 0, 100, 0) == 6);
    GUEST_CHECK(g.load<uint64_t>(kFree) == 10);
    GUEST_CHECK(file_text(g, "/tmp/b") == "456789");
    GUEST_CHECK(g.call("copy_file_range", in, 0, in, 0, 4, 0) == kEinval);  // overlap
    const PipeFds fds = pipe(g);
    GUEST_CHECK(g.call("copy_file_range", fds.read, 0, out, 0, 4, 0) == kEinval);
    GUEST_CHECK(g.call("sendfile64", fds.write, in, 0, 3) == 3);
    GUEST_CHECK(read(g, fds.read) == "012");
    GUEST_CHECK(g.call("sendfile64", fds.write, in, 0, 3) == 3);
    GUEST_CHECK(read(g, fds.read) == "345");
    GUEST_CHECK(g.call("sendfile64", out, fds.read, 0, 3) == kEinval);
    GUEST_CHECK(g.call("splice", fds.read, 0, out, 0, 3, 0) == kEinval);  // never ENOSYS
    g.exit(0);
  });
}

}  // namespace
}  // namespace cloche::kernel::testing
