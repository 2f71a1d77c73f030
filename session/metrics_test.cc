#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>

#include "include/cloche/cloche.hpp"

namespace cloche {
namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(MetricsTest, ValuesAreInBaseUnits) {
  SandboxReport report{.name = "one"};
  report.stats.state = SandboxStats::State::kRunning;
  report.stats.cpu_ns = 1'500'000'000;
  report.stats.memory = {.processes = 7, .total = 1ull << 40};
  report.stats.limits_hit = {{"pids.max", 3}};
  report.limits = {{"memory.max", "256M"}, {"wall.time", "1500ms"}, {"cpu.max", "0.25"},
                   {"pids.max", "64"},     {"cpu.time", "none"},    {"cpuset", "0-1,4"}};
  const std::string text = to_prometheus({report});
  EXPECT_TRUE(has_line(text, "cloche_running{sandbox=\"one\"} 1")) << text;
  EXPECT_TRUE(has_line(text, "cloche_paused{sandbox=\"one\"} 0"));
  EXPECT_TRUE(has_line(text, "cloche_cpu_seconds_total{sandbox=\"one\"} 1.5"));
  EXPECT_TRUE(has_line(text, "cloche_memory_bytes{sandbox=\"one\"} 1099511627776"));
  EXPECT_TRUE(has_line(text, "cloche_memory_part_bytes{sandbox=\"one\",part=\"processes\"} 7"));
  EXPECT_TRUE(has_line(text, "cloche_limit{sandbox=\"one\",limit=\"memory.max\"} 268435456"));
  EXPECT_TRUE(has_line(text, "cloche_limit{sandbox=\"one\",limit=\"wall.time\"} 1.5"));
  EXPECT_TRUE(has_line(text, "cloche_limit{sandbox=\"one\",limit=\"cpu.max\"} 0.25"));
  EXPECT_TRUE(has_line(text, "cloche_limit{sandbox=\"one\",limit=\"pids.max\"} 64"));
  EXPECT_TRUE(has_line(text, "cloche_limit_hits_total{sandbox=\"one\",limit=\"pids.max\"} 3"));
  EXPECT_EQ(text.find("cpu.time"), std::string::npos);
  EXPECT_EQ(text.find("cpuset"), std::string::npos);
}

TEST(MetricsTest, LabelsAreEscaped) {
  const std::string text = to_prometheus({{.name = "a\"b\\c\nd"}});
  EXPECT_TRUE(has_line(text, "cloche_tasks{sandbox=\"a\\\"b\\\\c\\nd\"} 0")) << text;
}

// The format wants all samples of a metric in one group, below its one HELP and TYPE.
TEST(MetricsTest, EachMetricIsOneGroup) {
  std::istringstream lines(to_prometheus({{.name = "x"}, {.name = "y"}}));
  std::set<std::string> done;
  std::string line, current;
  while (std::getline(lines, line)) {
    if (line.starts_with("# HELP ")) {
      current = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(done.insert(current).second) << current;
      ASSERT_TRUE(std::getline(lines, line));
      EXPECT_TRUE(line.starts_with("# TYPE " + current + " ")) << line;
      EXPECT_EQ(line.ends_with(" counter"), current.ends_with("_total")) << line;
    } else {
      EXPECT_TRUE(line.starts_with(current + "{")) << line;
    }
  }
  EXPECT_GT(done.size(), 15u);
}

}  // namespace
}  // namespace cloche
