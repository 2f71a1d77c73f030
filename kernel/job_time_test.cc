#include "kernel/job_time.h"

#include <gtest/gtest.h>

namespace cloche::kernel {
namespace {

TEST(JobTime, OneJobPaysForTheWholeTurn) {
  JobTime time;
  time.ran(3, 10);
  time.ran(3, 30);
  time.end_turn(55);
  EXPECT_EQ(time.of(3), 55);
  EXPECT_EQ(time.of(0), 0);
}

TEST(JobTime, SeveralShareATurnByTheTimeThatTheyHad) {
  JobTime time;
  time.ran(1, 100);
  time.ran(2, 300);
  time.ran(1, 100);
  time.ran(3, 500);
  time.end_turn(2000);
  EXPECT_EQ(time.of(1), 400);
  EXPECT_EQ(time.of(2), 600);
  EXPECT_EQ(time.of(3), 1000);
}

TEST(JobTime, ATurnInWhichNobodyRanIsPaidByWhoRanLast) {
  JobTime time;
  time.ran(1, 100);
  time.end_turn(100);
  time.end_turn(7);
  EXPECT_EQ(time.of(1), 107);
}

TEST(JobTime, NobodyPaysForTheTurnBefore) {
  JobTime time;
  time.ran(1, 100);
  time.ran(2, 100);
  time.end_turn(200);
  time.ran(2, 50);
  time.end_turn(50);
  EXPECT_EQ(time.of(1), 100);
  EXPECT_EQ(time.of(2), 150);
}

TEST(JobTime, WhatIsChargedBesideCountsAndMayBeForgotten) {
  JobTime time;
  time.charge(4, 9);
  time.ran(4, 1);
  time.end_turn(1);
  EXPECT_EQ(time.of(4), 10);
  time.forget(4);
  time.end_turn(5);
  EXPECT_EQ(time.of(4), 0);
}

}  // namespace
}  // namespace cloche::kernel
