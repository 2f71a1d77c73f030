#include "session/inner_request.h"

#include <gtest/gtest.h>

namespace cloche::session {
namespace {

std::string problem(const std::string& text) {
  const auto request = read_inner_request(text);
  return request.ok() ? "" : request.error();
}

TEST(InnerRequestTest, EveryKey) {
  const auto read = read_inner_request(
      R"({"argv":["a","b c"],"workdir":"/w","user":"me","hostname":"h","policy":"{}",)"
      R"("policy_name":"p.json","policy_folder":"/f","allow_tools":["x/*"],"sandboxes":3,)"
      R"("streams":[0,null,7],"mounts":[{"host":"d","guest":"/d","mode":"cow"}],)"
      R"("env":{"A":"1"},"limits":{"pids.max":5,"wall.time":"2s"}})");
  ASSERT_TRUE(read.ok()) << read.error();
  const SandboxOptions& options = read->options;
  EXPECT_EQ(read->argv, (std::vector<std::string>{"a", "b c"}));
  EXPECT_EQ(options.workdir + options.user + options.hostname, "/wmeh");
  EXPECT_EQ(options.policy + options.policy_name + options.policy_folder, "{}p.json/f");
  EXPECT_EQ(options.allow_tools, std::vector<std::string>{"x/*"});
  EXPECT_EQ(options.sandboxes, 3u);
  EXPECT_EQ(read->streams[0], 0);
  EXPECT_FALSE(read->streams[1]);
  EXPECT_EQ(read->streams[2], 7);
  ASSERT_EQ(options.mounts.size(), 1u);
  EXPECT_EQ(options.mounts[0].host + options.mounts[0].guest, "d/d");
  EXPECT_EQ(options.mounts[0].mode, MountMode::kCopyOnWrite);
  EXPECT_EQ(options.env[0].second, "1");
  EXPECT_EQ(options.limits.processes, 5u);
  EXPECT_EQ(options.limits.timeout, std::chrono::seconds(2));
}

TEST(InnerRequestTest, NothingIsGrantedThatIsNotSaid) {
  const auto read = read_inner_request(R"({"argv":["a"]})");
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(read->options.mounts.empty() && read->options.env.empty() &&
              read->options.allow_tools.empty() && read->options.policy.empty());
  EXPECT_FALSE(read->options.sandboxes);
  for (const auto& stream : read->streams) EXPECT_FALSE(stream);
}

TEST(InnerRequestTest, WhatTheGuestMayNotSay) {
  // These are options of a sandbox, but the host's.
  for (const char* key : {"tools", "tool_executor", "audit_file", "log", "pack", "version"}) {
    EXPECT_NE(problem(std::string(R"({"argv":["a"],")") + key + "\":[]}").find("there is no key"),
              std::string::npos)
        << key;
  }
}

TEST(InnerRequestTest, NumbersAreWholeAndSmall) {
  for (const char* number : {"-1", "1.0", "1e3", "1000000001", "\"1\"", "true", "null", "[]"}) {
    EXPECT_NE(problem(std::string(R"({"argv":["a"],"sandboxes":)") + number + "}"), "") << number;
  }
  for (const char* number : {"-1", "1.5", "2147483648", "\"1\"", "true", "[]"}) {
    EXPECT_NE(problem(std::string(R"({"argv":["a"],"streams":[null,null,)") + number + "]}"), "")
        << number;
  }
}

TEST(InnerRequestTest, HostileJsonIsRefused) {
  EXPECT_NE(problem(std::string(10'000, '[')), "");
  EXPECT_NE(problem(R"({"argv":["a"],"argv":["b"]})"), "");
  EXPECT_NE(problem(R"({"argv":["\ud800"]})"), "");
  EXPECT_NE(problem(R"({"argv":["a\u0000b"]})"), "");
  EXPECT_NE(problem("{\"argv\":[\"" + std::string(17 << 20, 'a') + "\"]}"), "");
}

}  // namespace
}  // namespace cloche::session
