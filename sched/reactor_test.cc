#include "sched/reactor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>

namespace cloche::sched {
namespace {

struct TestSleeper final : Sleeper {
  void ready() noexcept override { ++calls; }
  std::atomic<int> calls{0};
};

void ring(const OwnedFd& fd) {
  const uint64_t one = 1;
  CHECK(write(fd.get(), &one, sizeof one) == sizeof one);
}

void settle() { std::this_thread::sleep_for(std::chrono::milliseconds(10)); }

class ReactorTest : public testing::Test {
 protected:
  static OwnedFd make_fd() { return OwnedFd(eventfd(0, EFD_NONBLOCK)); }
  void arm(TestSleeper& sleeper, std::initializer_list<FdWait> waits) {
    EXPECT_TRUE(reactor_->arm(sleeper, {waits.begin(), waits.size()}).ok());
  }
  static void expect_call(TestSleeper& sleeper) {
    while (sleeper.calls == 0) settle();
  }

  std::unique_ptr<Reactor> reactor_ = std::move(Reactor::create().value());
  OwnedFd a_ = make_fd(), b_ = make_fd();
  TestSleeper one_, two_;
};

TEST_F(ReactorTest, CallsOnceWhenADescriptorIsReady) {
  arm(one_, {{a_.get(), POLLIN}, {b_.get(), POLLIN}});
  settle();
  EXPECT_EQ(one_.calls, 0);
  ring(b_);
  expect_call(one_);
  settle();
  EXPECT_EQ(one_.calls, 1);  // it is still readable, but nobody asked again
  reactor_->disarm(one_);
}

TEST_F(ReactorTest, WhatIsReadyAlreadyCounts) {
  ring(a_);
  arm(one_, {{a_.get(), POLLIN}});
  expect_call(one_);
  reactor_->disarm(one_);
}

TEST_F(ReactorTest, SeveralMayWaitForOneDescriptor) {
  arm(one_, {{a_.get(), POLLIN}});
  arm(two_, {{a_.get(), POLLIN}});
  ring(a_);
  expect_call(one_);
  expect_call(two_);
  reactor_->disarm(one_);
  reactor_->disarm(two_);
}

TEST_F(ReactorTest, OneThatWaitsForSomethingElseGoesOnWaiting) {
  std::array<int, 2> pipe;
  ASSERT_EQ(pipe2(pipe.data(), O_NONBLOCK), 0);
  const OwnedFd reader(pipe[0]);
  OwnedFd writer(pipe[1]);
  arm(one_, {{reader.get(), POLLIN}});
  arm(two_, {{reader.get(), POLLPRI}});
  ASSERT_EQ(write(writer.get(), "x", 1), 1);
  expect_call(one_);
  settle();
  EXPECT_EQ(two_.calls, 0);
  reactor_->disarm(one_);
  writer.reset();  // a hang-up concerns all
  expect_call(two_);
  reactor_->disarm(two_);
}

TEST_F(ReactorTest, DisarmedItIsNotCalled) {
  arm(one_, {{a_.get(), POLLIN}});
  reactor_->disarm(one_);
  reactor_->disarm(one_);
  ring(a_);
  settle();
  EXPECT_EQ(one_.calls, 0);
}

TEST_F(ReactorTest, ArmingAgainReplaces) {
  arm(one_, {{a_.get(), POLLIN}});
  arm(one_, {{b_.get(), POLLIN}});
  ring(a_);
  settle();
  EXPECT_EQ(one_.calls, 0);
  ring(b_);
  expect_call(one_);
  reactor_->disarm(one_);
}

TEST_F(ReactorTest, TheSameDescriptorTwiceIsFine) {
  arm(one_, {{a_.get(), POLLIN}, {a_.get(), POLLPRI}});
  ring(a_);
  expect_call(one_);
  reactor_->disarm(one_);
}

TEST_F(ReactorTest, FilesAndClosedDescriptorsAreReady) {
  const OwnedFd file(open("/proc/self/exe", O_RDONLY));
  arm(one_, {{file.get(), POLLIN}});
  expect_call(one_);
  arm(two_, {{file.get(), POLLIN}});
  expect_call(two_);
  reactor_->disarm(one_);
  reactor_->disarm(two_);
  TestSleeper three;
  arm(three, {{-1, POLLIN}});
  expect_call(three);
  reactor_->disarm(three);
}

// A number that comes back as another file is watched as that.
TEST_F(ReactorTest, ANumberMayBeUsedAgain) {
  const int number = a_.get();
  arm(one_, {{number, POLLIN}});
  reactor_->disarm(one_);
  a_.reset();
  OwnedFd again = make_fd();
  ASSERT_EQ(again.get(), number);
  arm(two_, {{number, POLLIN}});
  ring(again);
  expect_call(two_);
  reactor_->disarm(two_);
  EXPECT_EQ(one_.calls, 0);
}

}  // namespace
}  // namespace cloche::sched
