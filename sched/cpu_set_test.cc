#include "sched/cpu_set.h"

#include <gtest/gtest.h>

#include <thread>

namespace cloche::sched {
namespace {

TEST(CpuSet, ReadsAndWritesLists) {
  for (const auto& [in, out] : std::vector<std::pair<const char*, const char*>>{
           {"0", "0"}, {"0-3,7", "0-3,7"}, {"7,3,2", "2-3,7"}, {"1,1-1", "1"}, {"1023", "1023"}}) {
    EXPECT_EQ(CpuSet::parse(in).value().to_string(), out);
  }
  EXPECT_EQ(CpuSet::parse("1,3-4").value().list(), (std::vector<unsigned>{1, 3, 4}));
  EXPECT_EQ(CpuSet().to_string(), "");
}

TEST(CpuSet, RefusesWhatIsNoList) {
  for (const char* wrong : {"", ",", "1,", ",1", "-", "1-", "-1", "3-1", "1024", "0-1024", "a",
                            "1 ", " 1", "0x1", "1--2", "1-2-3", "+1", "99999999999999999999"}) {
    EXPECT_EQ(CpuSet::parse(wrong).error().code, Code::kInvalidArgument) << wrong;
  }
}

TEST(CpuSet, PinsTheCallingThreadOnly) {
  const CpuSet before = CpuSet::of_this_thread();
  const unsigned last = before.list().back();
  CpuSet pinned;
  std::thread thread([last, &pinned] {
    EXPECT_TRUE(pin_this_thread(last).ok());
    pinned = CpuSet::of_this_thread();
  });
  thread.join();
  EXPECT_EQ(pinned.list(), std::vector<unsigned>{last});
  EXPECT_EQ(CpuSet::of_this_thread(), before);
  EXPECT_EQ(pin_this_thread(CpuSet::kCpus).error().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace cloche::sched
