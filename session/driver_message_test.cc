#include "session/driver_message.h"

#include <gtest/gtest.h>

#include <vector>

namespace cloche::session {
namespace {

constexpr uint64_t kValueBytes = 1000;

std::string size_of(size_t size) {
  std::string out;
  for (int i = 0; i < 4; ++i) out.push_back(static_cast<char>(size >> 8 * i & 0xff));
  return out;
}

std::string frame(const std::string& header, const std::string& body) {
  return size_of(header.size()) + size_of(body.size()) + header + body;
}

std::string header(const std::string& kind, const std::string& more = "") {
  return R"({"id":7,"kind":")" + kind + R"(","repr":"r","exit_code":3,"displays":[])" + more + "}";
}

CellReply reply_of(const std::string& bytes) {
  const auto read = read_cell_reply(bytes, kValueBytes);
  EXPECT_TRUE(read.ok()) << read.error();
  EXPECT_TRUE(read.ok() && *read);
  return read.ok() && *read ? **read : CellReply{};
}

std::string problem(const std::string& bytes) {
  const auto read = read_cell_reply(bytes, kValueBytes);
  return read.ok() ? "" : read.error();
}

TEST(DriverMessageTest, ARequestIsOneFrame) {
  const std::string frame = write_cell_request({.id = 5,
                                                .name = "<cell 2>",
                                                .code = std::string_view("\"ä\"\n\0", 6),
                                                .value_bytes = 9,
                                                .has_input = true});
  EXPECT_EQ(frame.substr(0, 4), size_of(frame.size() - 4));
  EXPECT_EQ(frame.substr(4),
            "{\"id\":5,\"name\":\"<cell "
            "2>\",\"code\":\"\\\"ä\\\"\\n\\u0000\",\"limit\":9,\"input\":true}");
}

TEST(DriverMessageTest, EverythingThatAReplySays) {
  const CellReply reply = reply_of(frame(
      R"({"id":7,"kind":"json","repr":"[1]","exit_code":3,"displays":[{"text/plain":"t","image/png":"AA=="}],)"
      R"("error":{"type":"E","message":"m","traceback":"t"}})",
      "[1]"));
  EXPECT_EQ(reply.id, 7u);
  EXPECT_EQ(reply.exit_code, 3);
  EXPECT_EQ(reply.value.kind, CodeValue::Kind::kJson);
  EXPECT_EQ(reply.value.data + reply.repr, "[1][1]");
  EXPECT_EQ(reply.error_type + reply.error_message + reply.traceback, "Emt");
  ASSERT_EQ(reply.displays.size(), 1u);
  ASSERT_EQ(reply.displays[0].forms.size(), 2u);
  EXPECT_EQ(reply.displays[0].forms[0].first + reply.displays[0].forms[0].second, "image/pngAA==");
}

TEST(DriverMessageTest, AFrameComesInPieces) {
  const std::string whole = frame(header("bytes"), std::string("\0\xff", 2));
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto read = read_cell_reply(whole.substr(0, size), kValueBytes);
    ASSERT_TRUE(read.ok() && !*read) << size;
  }
  EXPECT_EQ(reply_of(whole).value.data, std::string("\0\xff", 2));
}

TEST(DriverMessageTest, WhatIsNoJsonIsAText) {
  for (const std::string text : {"{", "1 2", "[1,\n2]", "NaN", "", "\"\\ud800\"", "1e999"}) {
    const CellReply reply = reply_of(frame(header("json"), text));
    EXPECT_EQ(reply.value.kind, CodeValue::Kind::kText) << text;
    EXPECT_EQ(reply.value.data, text);
  }
  for (const std::string text : {"1", "\"ä\"", "{\"a\":1,\"a\":2}", "[[], {}]"}) {
    EXPECT_EQ(reply_of(frame(header("json"), text)).value.kind, CodeValue::Kind::kJson) << text;
  }
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(reply_of(frame(header("json"), nested(256))).value.kind, CodeValue::Kind::kJson);
  EXPECT_EQ(reply_of(frame(header("json"), nested(257))).value.kind, CodeValue::Kind::kText);
}

TEST(DriverMessageTest, FormsThatAreNoJsonAreLeftOut) {
  const CellReply reply = reply_of(frame(
      R"({"id":7,"kind":"none","repr":"","exit_code":0,"displays":[{"application/json":"{","a/b+json":"[1]"}]})",
      ""));
  ASSERT_EQ(reply.displays.size(), 1u);
  ASSERT_EQ(reply.displays[0].forms.size(), 1u);
  EXPECT_EQ(reply.displays[0].forms[0].first, "a/b+json");
}

TEST(DriverMessageTest, Sizes) {
  EXPECT_EQ(reply_of(frame(header("text"), std::string(kValueBytes, 'a'))).value.data.size(),
            kValueBytes);
  EXPECT_EQ(problem(frame(header("text"), std::string(kValueBytes + 1, 'a'))),
            "it is longer than it may be");
  EXPECT_EQ(problem(std::string(8, '\xff')), "it is longer than it may be");
  EXPECT_EQ(problem(frame(header("text"), "a") + "b"), "more follows after it");
}

TEST(DriverMessageTest, HeadersThatAreWrong) {
  const std::vector<std::string> wrong = {
      "",
      "x",
      "[]",
      "{}",
      R"({"id":7})",
      header("none") + "x",
      header("perl"),
      R"({"id":-1,"kind":"none","repr":"","exit_code":0,"displays":[]})",
      R"({"id":7,"kind":"none","repr":"","exit_code":256,"displays":[]})",
      R"({"id":7,"kind":"none","repr":"","exit_code":0.5,"displays":[]})",
      R"({"id":7,"kind":"none","repr":null,"exit_code":0,"displays":[]})",
      R"({"id":7,"kind":"none","repr":"","exit_code":0,"displays":[[]]})",
      R"({"id":7,"kind":"none","repr":"","exit_code":0,"displays":[{"no type":"x"}]})",
      R"({"id":7,"kind":"none","repr":"","exit_code":0,"displays":[{"a/b":1}]})",
      header("none", R"(,"error":{"type":"E"})"),
      header("none", R"(,"id":7)"),
      std::string(100'000, '[')};
  for (const std::string& text : wrong)
    EXPECT_NE(problem(frame(text, "")), "") << text.substr(0, 100);
  EXPECT_NE(problem(frame(header("none"), "value")), "");
  EXPECT_NE(problem(frame(header("text"), "\xff")), "");
}

TEST(DriverMessageTest, ResultsAreOneLine) {
  CodeResult result;
  result.outcome = Outcome::kExited;
  result.exit_code = 1;
  result.value = {CodeValue::Kind::kBytes, "hi"};
  result.repr = "b'hi'";
  result.displays = {{{{"text/plain", "a\nb"}, {"application/json", "{\"a\":1}"}}}};
  result.error_type = "E";
  result.error_message = "m";
  result.traceback = "t\n";
  result.cell = 4;
  const std::string json = to_json(result);
  const std::string end =
      R"("error":{"type":"E","message":"m","traceback":"t\n"},"limits_hit":{},"value":"aGk=",)"
      R"("value_type":"bytes","repr":"b'hi'","displays":[{"text/plain":"a\nb","application/json":{"a":1}}],)"
      R"("cell":4,"session_restarted":false,"session_ended":false})";
  EXPECT_TRUE(json.ends_with(end)) << json;
}

}  // namespace
}  // namespace cloche::session
