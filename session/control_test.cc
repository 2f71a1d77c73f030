#include "session/control.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace cloche::session {
namespace {

TEST(ControlTest, AJobIsDoneHereWhenNobodyDrives) {
  Requests requests;
  Control control(requests);
  std::thread::id where;
  control.perform([&] { where = std::this_thread::get_id(); });
  EXPECT_EQ(where, std::this_thread::get_id());
}

TEST(ControlTest, WhileSomebodyDrivesJobsAreDoneThere) {
  Requests requests;
  Control control(requests);
  std::atomic<bool> started = false, stop = false;
  std::thread::id driver_id;
  std::thread driver([&] {
    driver_id = std::this_thread::get_id();
    const Control::Driving driving(control);
    started = true;
    while (!stop) control.serve();
  });
  while (!started) std::this_thread::yield();
  int unprotected = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      for (int k = 0; k < 200; ++k) {
        std::thread::id where;
        control.perform([&] {
          ++unprotected;  // jobs never overlap
          where = std::this_thread::get_id();
        });
        EXPECT_EQ(where, driver_id);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  stop = true;
  driver.join();
  EXPECT_EQ(unprotected, 800);
}

TEST(ControlTest, NoJobIsLostWhenDrivingBeginsAndEnds) {
  Requests requests;
  Control control(requests);
  std::atomic<bool> stop = false;
  std::thread driver([&] {
    while (!stop) {
      const Control::Driving driving(control);
      control.serve();
    }
  });
  int done = 0;
  for (int k = 0; k < 2000; ++k) control.perform([&done] { ++done; });
  stop = true;
  driver.join();
  EXPECT_EQ(done, 2000);
}

}  // namespace
}  // namespace cloche::session
