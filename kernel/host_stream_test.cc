// Bytes in and out of the sandbox: host descriptors, input from memory, captured output, budgets.
#include "kernel/host_stream.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "kernel/io_state.h"
#include "kernel/testing/io_helpers.h"

namespace cloche::kernel::testing {
namespace {

constexpr int32_t kEacces = -13, kEbadf = -9;

struct HostPipe {
  int read = -1, write = -1;
  HostPipe() {
    int fds[2];
    EXPECT_EQ(::pipe(fds), 0);
    read = fds[0];
    write = fds[1];
  }
  ~HostPipe() {
    close_read();
    close_write();
  }
  void close_read() { close_one(read); }
  void close_write() { close_one(write); }
  static void close_one(int& fd) {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
};

int32_t start(TestSandbox& box, const std::string& name, Body body,
              std::vector<std::pair<int32_t, FileRef>> files) {
  box.program(name, std::move(body));
  StartOptions options;
  options.path = "/bin/" + name;
  options.argv = {name};
  options.cwd = "/home";
  options.files = std::move(files);
  const auto pid = box.kernel().start(std::move(options));
  EXPECT_TRUE(pid.ok());
  return pid.ok() ? *pid : -1;
}

TEST(HostStreamTest, WaitsAreToldAndWoken) {
  TestSandbox box;
  HostPipe in, out;
  const int32_t pid = start(
      box, "cat",
      [](FakeGuest& g) {
        for (;;) {
          const std::string text = read(g, 0);
          if (text.empty()) g.exit(0);
          write(g, 1, "<" + text + ">");
        }
      },
      {{0, host_input(box.kernel(), in.read)}, {1, host_output(box.kernel(), out.write, {})}});
  HostPoller& poller = box.kernel().io().host();
  EXPECT_TRUE(poller.waits().empty());
  EXPECT_EQ(box.settle(), Kernel::Idle::kWaiting);
  ASSERT_EQ(poller.waits().size(), 1u);
  EXPECT_EQ(poller.waits()[0].fd, in.read);
  EXPECT_EQ(poller.waits()[0].events, 1u);
  poller.ready(in.read);
  EXPECT_EQ(box.settle(), Kernel::Idle::kWaiting) << "woken for nothing, it waits again";
  ASSERT_EQ(::write(in.write, "abc", 3), 3);
  poller.ready(in.read);
  box.settle();
  char buffer[16];
  ASSERT_EQ(::read(out.read, buffer, sizeof buffer), 5);
  EXPECT_EQ(std::string(buffer, 5), "<abc>");
  in.close_write();
  poller.ready(in.read);
  EXPECT_EQ(box.run(pid), 0);
}

TEST(HostStreamTest, FullHostPipeNeverBlocksTheWorker) {
  TestSandbox box;
  HostPipe out;
  const int32_t pid = start(box, "flood",
                            [](FakeGuest& g) {
                              GUEST_CHECK(g.call("write", 1, kFree, 300000) == 300000);
                              g.exit(0);
                            },
                            {{1, host_output(box.kernel(), out.write, {})}});
  HostPoller& poller = box.kernel().io().host();
  size_t total = 0;
  char buffer[10000];
  while (box.settle() == Kernel::Idle::kWaiting) {
    ASSERT_EQ(poller.waits().size(), 1u);
    EXPECT_EQ(poller.waits()[0].events, 4u);
    const ssize_t count = ::read(out.read, buffer, sizeof buffer);
    ASSERT_GT(count, 0);
    total += static_cast<size_t>(count);
    poller.ready(out.write);
  }
  EXPECT_EQ(box.run(pid), 0);
  ::fcntl(out.read, F_SETFL, O_NONBLOCK);
  for (ssize_t count; (count = ::read(out.read, buffer, sizeof buffer)) > 0;)
    total += static_cast<size_t>(count);
  EXPECT_EQ(total, 300000u);
}

TEST(HostStreamTest, WaitingForHangUpAloneDoesNotAskForOutput) {
  TestSandbox box;
  HostPipe out;
  const int32_t pid = start(box, "watch",
                            [](FakeGuest& g) {
                              uint16_t events = 0;
                              GUEST_CHECK(poll_one(g, 1, 0, events, -1) == 1 && events == 8);
                              g.exit(0);
                            },
                            {{1, host_output(box.kernel(), out.write, {})}});
  box.settle();
  const auto waits = box.kernel().io().host().waits();
  ASSERT_EQ(waits.size(), 1u);
  EXPECT_EQ(waits[0].events, 0u);
  out.close_read();
  box.kernel().io().host().ready(out.write);
  EXPECT_EQ(box.run(pid), 0);
}

TEST(HostStreamTest, BrokenHostPipeIsTheGuestsProblem) {
  TestSandbox box;
  HostPipe out;
  out.close_read();
  const int32_t pid = start(box, "broken",
                            [](FakeGuest& g) {
                              write(g, 1, "x");
                              g.exit(0);
                            },
                            {{1, host_output(box.kernel(), out.write, {})}});
  EXPECT_EQ(box.run(pid), kSigPipe) << "and this test is still alive";
  sigset_t pending;
  sigpending(&pending);
  EXPECT_EQ(sigismember(&pending, SIGPIPE), 0);
}

TEST(HostStreamTest, ClosedHostDescriptor) {
  TestSandbox box;
  HostPipe out;
  const int closed = out.write;
  out.close_write();
  const int32_t pid = start(box, "closed",
                            [](FakeGuest& g) {
                              GUEST_CHECK(write(g, 1, "x") == kEbadf);
                              g.exit(0);
                            },
                            {{1, host_output(box.kernel(), closed, {})}});
  EXPECT_EQ(box.run(pid), 0);
}

TEST(HostStreamTest, NothingOfTheHostShows) {
  TestSandbox box;
  const int file = ::open("/etc/hostname", O_RDONLY);
  ASSERT_GE(file, 0);
  const int32_t pid =
      start(box, "look",
            [](FakeGuest& g) {
              g.call("readlinkat", kAtFdCwd, g.text(kPathAt, "/proc/self/fd/0"), kFree, 99);
              GUEST_CHECK(g.string_at(kFree).starts_with("pipe:["));
              GUEST_CHECK(g.call("statx", 0, g.text(kPathAt, ""), 0x1000, 0, kFree) == 0);
              GUEST_CHECK(g.load<uint16_t>(kFree + 28) == 0010600);
              GUEST_CHECK(g.load<uint32_t>(kFree + 20) == 1000);
              GUEST_CHECK(g.call("_llseek", 0, 0, 0, kFree, 0) == -29);
              GUEST_CHECK(write(g, 0, "x") == kEbadf);
              GUEST_CHECK(open(g, "/dev/stdin", kO_RDWR) == kEacces);
              GUEST_CHECK(open(g, "/dev/stdin", kO_WRONLY) == kEacces);
              GUEST_CHECK(!read_all(g, open(g, "/dev/stdin", kO_RDONLY)).empty());
              GUEST_CHECK(g.call("ioctl", 0, 0x5401, kFree) == -25);
              g.exit(0);
            },
            {{0, host_input(box.kernel(), file)}});
  EXPECT_EQ(box.run(pid), 0) << ::testing::PrintToString(box.said());
  ::close(file);
}

TEST(MemoryStreamTest, InputAndCapture) {
  TestSandbox box;
  auto out = make_ref<Capture>();
  const int32_t pid =
      start(box, "echo",
            [](FakeGuest& g) {
              GUEST_CHECK(read(g, 0, 2) == "in");
              GUEST_CHECK(read_all(g, open(g, "/dev/stdin", kO_RDONLY)) == "put");
              write(g, 1, "one ");
              write(g, open(g, "/dev/stdout", kO_WRONLY | kO_APPEND), "two");
              GUEST_CHECK(open(g, "/dev/stdout", kO_RDONLY) == kEacces);
              g.exit(0);
            },
            {{0, memory_input(box.kernel(), "input")}, {1, memory_output(box.kernel(), out, {})}});
  EXPECT_EQ(box.run(pid), 0) << ::testing::PrintToString(box.said());
  EXPECT_EQ(out->bytes(), "one two");
}

TEST(MemoryStreamTest, WhatIsBeyondTheBudgetIsLost) {
  TestSandbox box;
  auto budget = make_ref<OutputBudget>(3u);
  auto out = make_ref<Capture>();
  HostPipe pipe;
  auto loss = make_ref<OutputLoss>(), other_loss = make_ref<OutputLoss>();
  const int32_t pid = start(box, "drop",
                            [](FakeGuest& g) {
                              GUEST_CHECK(write(g, 2, "a") == 1);
                              GUEST_CHECK(write(g, 1, "12345") == 5);
                              GUEST_CHECK(write(g, 1, "lost") == 4);
                              g.exit(0);
                            },
                            {{1, memory_output(box.kernel(), out, {budget, loss})},
                             {2, host_output(box.kernel(), pipe.write, {budget, other_loss})}});
  EXPECT_EQ(box.run(pid), 0) << ::testing::PrintToString(box.said());
  EXPECT_EQ(out->bytes(), "12");
  EXPECT_TRUE(budget->exceeded());
  EXPECT_TRUE(loss->truncated);
  EXPECT_FALSE(other_loss->truncated);
}

TEST(HostStreamTest, WhatIsBeyondTheBudgetStaysInside) {
  TestSandbox box;
  HostPipe pipe;
  auto budget = make_ref<OutputBudget>(3u);
  auto loss = make_ref<OutputLoss>();
  const int32_t pid = start(box, "drop",
                            [](FakeGuest& g) {
                              GUEST_CHECK(write(g, 1, "12345") == 5);
                              GUEST_CHECK(write(g, 1, "lost") == 4);
                              g.exit(0);
                            },
                            {{1, host_output(box.kernel(), pipe.write, {budget, loss})}});
  EXPECT_EQ(box.run(pid), 0) << ::testing::PrintToString(box.said());
  EXPECT_TRUE(loss->truncated);
  ::fcntl(pipe.read, F_SETFL, O_NONBLOCK);
  char bytes[8];
  EXPECT_EQ(::read(pipe.read, bytes, sizeof bytes), 3);
}

TEST(HostStreamTest, SharedInputIsFilledAgain) {
  TestSandbox box;
  auto source = make_ref<MemorySource>();
  auto line = make_ref<HostLine>(100u);
  const int32_t pid =
      start(box, "reads",
            [](FakeGuest& g) {
              for (int turn = 0; turn < 3; ++turn) {
                (void)read(g, 3);
                write(g, 3, "<" + read(g, 0) + ">");
              }
              g.exit(0);
            },
            {{0, shared_input(box.kernel(), source)}, {3, open_line(box.kernel(), line)}});
  for (const std::string text : {"a", "", "b"}) {
    source->refill(text);
    line->send("go");
    box.settle();
    EXPECT_EQ(line->take(), "<" + text + ">");
  }
  EXPECT_EQ(box.run(pid), 0);
}

TEST(HostStreamTest, ALineWaitsAndTellsOfItsEnd) {
  TestSandbox box;
  auto line = make_ref<HostLine>(5u);
  const int32_t pid = start(box, "echo",
                            [](FakeGuest& g) {
                              write(g, 3, read(g, 3, 2));
                              write(g, 3, read(g, 3));
                              (void)read(g, 3);
                              g.exit(0);
                            },
                            {{3, open_line(box.kernel(), line)}});
  EXPECT_EQ(box.settle(), Kernel::Idle::kWaiting);
  line->send("abc");
  EXPECT_FALSE(line->all_read());
  EXPECT_EQ(box.settle(), Kernel::Idle::kWaiting);
  EXPECT_EQ(line->received(), "abc");
  EXPECT_TRUE(line->all_read());
  EXPECT_FALSE(line->overflowed() || line->closed());
  EXPECT_EQ(box.kernel().io().captured()->bytes, 3u);
  EXPECT_EQ(line->take(), "abc");
  EXPECT_EQ(box.kernel().io().captured()->bytes, 0u);
  line->send("x");
  EXPECT_EQ(box.run(pid), 0);
  EXPECT_TRUE(line->closed());
}

TEST(HostStreamTest, ALineHoldsNoMoreThanItMay) {
  TestSandbox box;
  auto line = make_ref<HostLine>(5u);
  const int32_t pid = start(box, "floods",
                            [](FakeGuest& g) {
                              write(g, 3, "abc");
                              write(g, 3, "defgh");
                              write(g, 3, "i");
                              g.exit(0);
                            },
                            {{3, open_line(box.kernel(), line)}});
  EXPECT_EQ(box.run(pid), 0);
  EXPECT_TRUE(line->overflowed());
  EXPECT_EQ(line->take(), "abcde");
  EXPECT_FALSE(line->overflowed());
}

TEST(HostStreamTest, ALineCannotBeOpenedAgain) {
  TestSandbox box;
  auto line = make_ref<HostLine>(5u);
  const int32_t pid = start(box, "opens",
                            [](FakeGuest& g) {
                              for (const uint32_t flags : {kReadOnly, kWriteOnly, kReadWrite}) {
                                GUEST_CHECK(open(g, "/proc/self/fd/3", flags) == kEacces);
                              }
                              g.exit(0);
                            },
                            {{3, open_line(box.kernel(), line)}});
  EXPECT_EQ(box.run(pid), 0);
}

}  // namespace
}  // namespace cloche::kernel::testing
