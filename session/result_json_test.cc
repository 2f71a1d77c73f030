#include <gtest/gtest.h>

#include <string>

#include "include/cloche/cloche.hpp"

namespace cloche {
namespace {

TEST(ResultJsonTest, WhatIsNotUtf8IsBase64OfRfc4648) {
  const auto output = [](const std::string& bytes) {
    RunResult result;
    result.stdout_bytes = bytes;
    const std::string json = to_json(result);
    const size_t begin = json.find("\"stdout\":\"") + 10;
    return json.substr(begin, json.find('"', begin) - begin);
  };
  EXPECT_EQ(output("\xff"), "/w==");
  EXPECT_EQ(output("\xff\xfe"), "//4=");
  EXPECT_EQ(output("\xfb\xff\xfe"), "+//+");
  EXPECT_EQ(output("f\xc0oba"), "ZsBvYmE=");
  EXPECT_EQ(output("\xed\xa0\x80"), "7aCA");  // half of a surrogate pair
}

TEST(ResultJsonTest, AllFieldsInOrder) {
  RunResult result;
  result.outcome = Outcome::kExited;
  result.exit_code = 3;
  result.stdout_bytes = "a\n\"\xe2\x82\xac\x01";
  result.stderr_bytes = "\xff";
  result.stderr_truncated = true;
  result.usage = {.wall_ms = 1.23456,
                  .cpu_ms = 0.5,
                  .memory_peak_bytes = 1,
                  .processes = 2,
                  .forks = 3,
                  .file_bytes = 4,
                  .tool_calls = 0};
  result.limits_hit = {{"pids.max", 2}};
  EXPECT_EQ(
      to_json(result),
      R"({"outcome":"exited","limit":null,"exit_code":3,"signal":null,)"
      "\"stdout\":\"a\\n\\\"\xe2\x82\xac\\u0001\",\"stdout_encoding\":\"utf-8\","
      R"("stderr":"/w==","stderr_encoding":"base64",)"
      R"("truncated":{"stdout":false,"stderr":true},)"
      R"("usage":{"wall_ms":1.235,"cpu_ms":0.5,"memory_peak_bytes":1,"processes":2,"forks":3,)"
      R"("file_bytes":4,"tool_calls":0},"tool_calls":[],"error":null,"limits_hit":{"pids.max":2}})");
}

TEST(ResultJsonTest, OtherOutcomes) {
  RunResult result;
  result.outcome = Outcome::kSignaled;
  result.signal = 15;
  EXPECT_NE(to_json(result).find(R"("exit_code":null,"signal":"SIGTERM")"), std::string::npos);
  result.outcome = Outcome::kLimit;
  result.limit = "cpu.time";
  EXPECT_NE(to_json(result).find(R"("outcome":"limit","limit":"cpu.time")"), std::string::npos);
}

TEST(ResultJsonTest, Failures) {
  const std::string text = to_json(Failure{Failure::Kind::kNotFound, "no \"x\""});
  EXPECT_NE(text.find(R"("outcome":"error")"), std::string::npos);
  EXPECT_NE(text.find(R"("error":{"type":"not_found","message":"no \"x\""})"), std::string::npos);
}

}  // namespace
}  // namespace cloche
