#include "cli/control/wire.h"

#include <gtest/gtest.h>

#include "cli/control/text.h"

namespace cloche::cli {
namespace {

std::string_view line_of(const std::string& text) {
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  return std::string_view(text).substr(0, text.size() - 1);
}

Report full_report() {
  Report report{.name = "one", .command = "bash -c x", .pid = 12, .age_ns = 34};
  SandboxStats& stats = report.stats;
  stats.state = SandboxStats::State::kPaused;
  stats.wall_ns = 1;
  stats.cpu_ns = INT64_MAX;
  stats.throttled_ns = 3;
  stats.memory = {1, 2, 3, 4, 5, 6, UINT64_MAX};
  stats.tasks = 7;
  stats.sandboxes_inside = 8;
  stats.processes = {{.sandbox = "1.2",
                      .pid = 2,
                      .parent = 1,
                      .name = "a",
                      .command = "b c",
                      .state = 'R',
                      .nice = -20,
                      .cpu_ns = 9,
                      .memory_bytes = 10,
                      .threads = 11,
                      .open_files = UINT32_MAX}};
  report.limits = {{"memory.max", "1M"}};
  return report;
}

TEST(WireTest, RequestsComeAcross) {
  const Request request{.what = Request::Do::kSetLimits, .limits = {{"pids.max", "5"}, {"x", "y"}}};
  const auto decoded = decode_request(line_of(encode(request)));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->what, request.what);
  ASSERT_EQ(decoded->limits.size(), 2u);
  EXPECT_EQ(decoded->limits[0].name, "pids.max");
  EXPECT_EQ(decoded->limits[1].value, "y");
  const Request nice{.what = Request::Do::kNice, .pid = 3, .nice = -7};
  EXPECT_EQ(decode_request(line_of(encode(nice)))->nice, -7);
  const Request signal{.what = Request::Do::kSignal, .pid = 3, .signal = 64};
  EXPECT_EQ(decode_request(line_of(encode(signal)))->signal, 64);
}

TEST(WireTest, ReportsComeAcross) {
  const std::string text = encode(Reply{.report = full_report(), .changed = 2});
  const auto decoded = decode_reply(line_of(text));
  ASSERT_TRUE(decoded) << decoded.error().message;
  ASSERT_TRUE(decoded->report);
  EXPECT_EQ(decoded->changed, 2u);
  EXPECT_FALSE(decoded->failure);
  EXPECT_EQ(decoded->report->stats.memory.peak, UINT64_MAX);
  EXPECT_EQ(decoded->report->stats.processes.at(0).nice, -20);
  EXPECT_EQ(decoded->report->stats.state, SandboxStats::State::kPaused);
  EXPECT_EQ(encode(*decoded), text);  // every member
}

TEST(WireTest, FailuresComeAcross) {
  const Reply reply{.failure = Failure{Failure::Kind::kNotFound, "no process 5"}};
  const auto decoded = decode_reply(line_of(encode(reply)));
  ASSERT_TRUE(decoded && decoded->failure);
  EXPECT_EQ(decoded->failure->kind, Failure::Kind::kNotFound);
  EXPECT_EQ(decoded->failure->message, "no process 5");
}

TEST(WireTest, WhatIsNotKnownIsPassedOver) {
  EXPECT_TRUE(decode_request(R"({"cloche":1,"do":"pause","colour":[{"x":[1]}]})"));
  EXPECT_TRUE(decode_reply(R"({"cloche":1,"ok":true,"report":{"name":"x","new":{}}})"));
}

TEST(WireTest, OtherVersionsAreNamed) {
  for (const char* line : {R"({"cloche":2,"do":"show"})", R"({"cloche":0,"ok":true})"}) {
    EXPECT_EQ(decode_request(line).error().kind, Failure::Kind::kUnsupported) << line;
    EXPECT_EQ(decode_reply(line).error().kind, Failure::Kind::kUnsupported) << line;
  }
}

TEST(WireTest, HostileRequests) {
  for (const char* line : {"",
                           "{",
                           "[]",
                           "null",
                           "1",
                           "\"x\"",
                           "{}",
                           "\xff",
                           "{\"cloche\":1}",
                           "GET / HTTP/1.1",
                           R"({"cloche":-1,"do":"show"})",
                           R"({"cloche":"1","do":"show"})",
                           R"({"cloche":1.0,"do":"show"})",
                           R"({"cloche":1,"do":"reboot"})",
                           R"({"cloche":1,"do":1})",
                           R"({"cloche":1,"do":["show"]})",
                           R"({"cloche":1,"do":"show"} {})",
                           R"({"cloche":1,"do":"signal"})",
                           R"({"cloche":1,"do":"signal","signal":65})",
                           R"({"cloche":1,"do":"signal","signal":0})",
                           R"({"cloche":1,"do":"signal","signal":"9"})",
                           R"({"cloche":1,"do":"signal","signal":9,"pid":-1})",
                           R"({"cloche":1,"do":"signal","signal":9,"pid":2147483648})",
                           R"({"cloche":1,"do":"signal","signal":9,"pid":1e3})",
                           R"({"cloche":1,"do":"signal","signal":9,"pid":99999999999999999999999})",
                           R"({"cloche":1,"do":"nice","pid":1,"nice":20})",
                           R"({"cloche":1,"do":"nice","pid":1,"nice":-21})",
                           R"({"cloche":1,"do":"nice","nice":1})",
                           R"({"cloche":1,"do":"set_limits"})",
                           R"({"cloche":1,"do":"set_limits","limits":[]})",
                           R"({"cloche":1,"do":"set_limits","limits":{"pids.max":"1"}})",
                           R"({"cloche":1,"do":"set_limits","limits":["pids.max"]})",
                           R"({"cloche":1,"do":"set_limits","limits":[{"name":1,"value":"1"}]})"}) {
    EXPECT_FALSE(decode_request(line)) << line;
  }
}

TEST(WireTest, HostileReplies) {
  for (const char* line :
       {"", "{}", R"({"cloche":1})", R"({"cloche":1,"ok":"yes"})",
        R"({"cloche":1,"ok":true,"report":[]})", R"({"cloche":1,"ok":true,"report":{"pid":"1"}})",
        R"({"cloche":1,"ok":true,"report":{"tasks":-1}})",
        R"({"cloche":1,"ok":true,"report":{"cpu_ns":9223372036854775808}})",
        R"({"cloche":1,"ok":true,"report":{"state":"dancing"}})",
        R"({"cloche":1,"ok":true,"report":{"processes":[{"state":"RS"}]}})",
        R"({"cloche":1,"ok":true,"report":{"processes":[7]}})"}) {
    EXPECT_FALSE(decode_reply(line)) << line;
  }
  const std::string deep = R"({"cloche":1,"ok":true,"x":)" + std::string(100'000, '[');
  EXPECT_FALSE(decode_reply(deep));
  EXPECT_TRUE(decode_reply(deep + std::string(100'000, ']') + "}"));
  EXPECT_FALSE(decode_reply(R"({"cloche":1,"ok":true,"report":{"name":")" +
                            std::string(kMaxTextBytes + 1, 'x') + "\"}}"));
}

TEST(WireTest, TextThatATerminalWouldObeyIsMadeHarmless) {
  const auto reply = decode_reply(
      R"({"cloche":1,"ok":false,"message":"\u001b[2J\u202e","report":{"command":"\u009b1m\n"}})");
  ASSERT_TRUE(reply && reply->failure && reply->report);
  EXPECT_EQ(reply->failure->message, "?[2J?");
  EXPECT_EQ(reply->report->command, "?1m?");
}

TEST(WireTest, AReportThatIsTooLongLosesProcesses) {
  Reply reply{.report = full_report()};
  ProcessStats process = reply.report->stats.processes[0];
  process.command = std::string(kMaxTextBytes, 'x');
  reply.report->stats.processes.assign(1500, process);
  const std::string text = encode(reply);
  EXPECT_LE(text.size(), kMaxReplyBytes);
  const auto decoded = decode_reply(line_of(text));
  ASSERT_TRUE(decoded && decoded->report);
  EXPECT_EQ(decoded->report->stats.processes.size(), 750u);
  reply.report->command = std::string(kMaxReplyBytes, 'x');
  EXPECT_TRUE(decode_reply(line_of(encode(reply)))->failure);
}

TEST(WireTest, BrokenUtf8IsSentAsTheReplacementCharacter) {
  Report report = full_report();
  report.command = "a\xff";
  EXPECT_NE(report_json(report).find("a\xef\xbf\xbd"), std::string::npos);
}

}  // namespace
}  // namespace cloche::cli
