#include "base/json.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace cloche {
namespace {

std::string refusal(std::string_view text, const JsonLimits& limits = {}) {
  auto value = read_json(text, limits);
  return value.ok() ? "" : std::to_string(value.error().offset) + ": " + value.error().message;
}

std::string again(std::string_view text) {
  auto value = read_json(text);
  return value.ok() ? write_json(*value) : "refused: " + value.error().message;
}

TEST(Json, ReadsEveryKind) {
  EXPECT_EQ(again(" null "), "null");
  EXPECT_EQ(again("[true,false , []]"), "[true,false,[]]");
  EXPECT_EQ(again("{\"b\": {}, \"a\":\t\"x\"}\r\n"), "{\"a\":\"x\",\"b\":{}}");
  EXPECT_EQ(again("\"\\u00e4\\n\\\"\\\\\\/\\ud83d\\ude00\""), "\"ä\\n\\\"\\\\/😀\"");
}

TEST(Json, KeepsTheTextOfNumbers) {
  for (const char* number : {"0", "-0", "9007199254740993", "0.1", "1e-400", "1e308", "-1.50E+3",
                             "123456789012345678901234567890"}) {
    EXPECT_EQ(again(number), number);
  }
}

TEST(Json, FindsMembers) {
  auto value = read_json(R"({"z": 1, "a": 2, "": 3, "m": 4})");
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(value->find("a")->text, "2");
  EXPECT_EQ(value->find("z")->text, "1");
  EXPECT_EQ(value->find("")->text, "3");
  EXPECT_EQ(value->find("b"), nullptr);
  EXPECT_EQ(value->find("m")->offset, 29u);
}

TEST(Json, RefusesWhatTheGrammarDoesNotHave) {
  for (const char* text : {"",           " ",           "nul",
                           "True",       "NaN",         "Infinity",
                           "-Infinity",  "01",          "-",
                           "+1",         ".5",          "1.",
                           "1e",         "1e+",         "0x10",
                           "[1,]",       "[,1]",        "[1 2]",
                           "[",          "{",           "{\"a\"}",
                           "{\"a\":}",   "{a:1}",       "{'a':1}",
                           "{\"a\":1,}", "\"",          "\"\\x\"",
                           "\"\\u12\"",  "\"\\u12g4\"", "1 2",
                           "// c\n1",    "\"a\nb\"",    "\xEF\xBB\xBF{}",
                           "]",          "\"\\"}) {
    EXPECT_NE(refusal(text), "") << text;
  }
  EXPECT_EQ(refusal(std::string_view("1\0", 2)), "1: more follows after the value");
  EXPECT_EQ(refusal(std::string_view("{} \0{}", 6)), "3: more follows after the value");
}

TEST(Json, RefusesWhatReadersDisagreeAbout) {
  EXPECT_EQ(refusal(R"({"a":1,"b":2,"a":1})"), "13: the name \"a\" occurs twice");
  EXPECT_EQ(refusal(R"({"a":1,"\u0061":2})"), "7: the name \"a\" occurs twice");
  for (const char* text :
       {R"("\ud800")", R"("\udc00\ud800")", R"("\ud800\u0041")", R"("\ud800x")"}) {
    EXPECT_NE(refusal(text).find("surrogate"), std::string::npos) << text << refusal(text);
  }
  for (const char* bytes : {"\x80", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82"}) {
    EXPECT_NE(refusal("\"" + std::string(bytes) + "\"").find("UTF-8"), std::string::npos) << bytes;
  }
}

TEST(Json, SaysWhereAnErrorIs) {
  const auto error = [](std::string_view text) { return read_json(text).error(); };
  EXPECT_EQ(error(R"({"a": [1, {"b/c": tru}]})").pointer, "/a/1/b~1c");
  EXPECT_EQ(error(R"({"a": [1, {"b/c": tru}]})").offset, 21u);
  EXPECT_EQ(error("[").offset, 1u);
  EXPECT_EQ(error("nul").message, "syntax error while parsing value - invalid literal");
  EXPECT_LT(error("\"" + std::string(1'000'000, 'x')).message.size(), 100u);
}

TEST(Json, FindsEveryTokenAgain) {
  const std::string text =
      R"( { "a\"\\" : [ "x\"" , -1.5e3, true,false,null ,{"":[]} ] , "b":"" } )";
  const Json value = read_json(text).value();
  const Json& list = value.members[0].value;
  EXPECT_EQ(text.substr(value.members[0].name_offset, 3), "\"a\\");
  EXPECT_EQ(text[list.offset], '[');
  EXPECT_EQ(text.substr(list.items[0].offset, 3), "\"x\\");
  EXPECT_EQ(text.substr(list.items[1].offset, 6), "-1.5e3");
  EXPECT_EQ(text.substr(list.items[3].offset, 5), "false");
  EXPECT_EQ(text.substr(list.items[4].offset, 4), "null");
  EXPECT_EQ(text.substr(list.items[5].members[0].value.offset, 2), "[]");
  EXPECT_EQ(text.substr(value.members[1].value.offset, 2), "\"\"");
}

TEST(Json, QuotesAnyBytes) {
  EXPECT_EQ(quote_json("a\"\\\n\x01ü"), R"("a\"\\\n\u0001ü")");
  EXPECT_EQ(quote_json("a\xff"), "\"a\xEF\xBF\xBD\"");
  EXPECT_EQ(quote_json(""), "\"\"");
}

TEST(Json, ReachesEachLimit) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(refusal(nested(64)), "");
  EXPECT_EQ(refusal(nested(65)), "64: arrays and objects are nested deeper than 64");
  EXPECT_EQ(refusal(std::string(10'000, '[')), "64: arrays and objects are nested deeper than 64");
  EXPECT_EQ(refusal("[1,2,3]", {.values = 4}), "");
  EXPECT_EQ(refusal("[1,2,3]", {.values = 3}), "5: there are more than 3 values");
  EXPECT_EQ(refusal("[1,2,3]", {.bytes = 7}), "");
  EXPECT_EQ(refusal("[1,2,3]", {.bytes = 6}), "0: the text is longer than 6 bytes");
  EXPECT_EQ(refusal("1e-999999999"), "");
  EXPECT_EQ(refusal("1e0000000000001"), "");
  EXPECT_EQ(refusal("[1e-1000000000]"), "1: the exponent is too large");
  EXPECT_NE(refusal("1e999").find("the number is out of the range of a double"), std::string::npos);
  EXPECT_NE(refusal("-1e400"), "");
}

TEST(Json, RefusesManyMembersOfOneNameQuickly) {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) text += "\"a\":1,";
  text += "\"b\":1}";
  EXPECT_EQ(refusal(text), "7: the name \"a\" occurs twice");
}

TEST(Json, ComparesByMeaning) {
  const auto same = [](std::string_view a, std::string_view b) {
    return same_json(read_json(a).value(), read_json(b).value());
  };
  EXPECT_TRUE(same(R"({"a":1,"b":[2.0]})", R"({"b":[20e-1],"a":1.00})"));
  EXPECT_FALSE(same("9007199254740993", "9007199254740992"));
  EXPECT_FALSE(same("[1,2]", "[2,1]"));
  EXPECT_FALSE(same("[1]", "[1,1]"));
  EXPECT_FALSE(same("1", "\"1\""));
  EXPECT_FALSE(same("0", "false"));
  EXPECT_FALSE(same(R"({"a":1})", R"({"a":1,"b":1})"));
  EXPECT_TRUE(same("null", "null"));
}

TEST(Json, CountsMemory) {
  const auto bytes = [](std::string_view text) { return json_bytes(read_json(text).value()); };
  EXPECT_EQ(bytes("null"), sizeof(Json));
  EXPECT_EQ(bytes("[1,22]"), 3 * sizeof(Json) + 3);
  EXPECT_EQ(bytes(R"({"ab":"c"})"), sizeof(Json) + sizeof(JsonMember) + 3);
}

// Everything that a reader may tell of a text.
std::string account(const Result<Json, JsonError>& read) {
  if (!read.ok()) return std::to_string(read.error().offset) + ": " + read.error().message;
  std::string text = kind_name(read->kind) + std::to_string(read->offset) + read->text;
  if (read->boolean) text += "!";
  for (const Json& item : read->items) text += "[" + account(item) + "]";
  for (const JsonMember& member : read->members) {
    text += "{" + member.name + "@" + std::to_string(member.name_offset) + account(member.value);
  }
  return text;
}

TEST(Json, TellsOfAnyTextWhatTheLibraryTells) {
  const std::string samples[] = {
      R"({"amount": 99.5, "currency": "USD", "note": "rent"})",
      R"( { "a\"\\" : [ "x\"" , -1.5e3, true,false,null ,{"":[]} ] , "b":"" } )",
      R"([0,-0,01,1.,.5,1e5,123456789012345678901,-12345678901234567890.5,"\u0041é"])",
      R"({"b":1,"a":{"c":[[[[]]]]},"b":2})",
      std::string(20, '[') + "1" + std::string(20, ']'),
      "\xEF\xBB\xBF{}",
      std::string("{}\0", 3),
      "tru",
      "truefalse",
      " 7 ",
      ""};
  std::mt19937 random(7);
  const std::string_view bytes = "{}[]\",:-+.eE0123456789 \n\\abtruefalsn\x01\x7f\xc3\xa9\0";
  int read = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string text = samples[random() % std::size(samples)];
    for (auto changes = random() % 4; changes > 0 && !text.empty(); --changes) {
      const size_t at = random() % text.size();
      const char byte = bytes[random() % bytes.size()];
      switch (random() % 3) {
        case 0:
          text[at] = byte;
          break;
        case 1:
          text.insert(at, 1, byte);
          break;
        default:
          text.erase(at, 1 + random() % 3);
      }
    }
    const JsonLimits limits = {
        .bytes = 60, .depth = 4 + 16 * static_cast<uint32_t>(random() % 2), .values = 8};
    // Nothing stands behind it, as a sanitizer sees.
    const std::vector<char> bare(text.begin(), text.end());
    const auto value = read_json({bare.data(), bare.size()}, limits);
    ASSERT_EQ(account(value), account(internal::read_json_by_library(text, limits))) << text;
    read += value.ok();
  }
  EXPECT_GT(read, 1000);
}

TEST(Json, SaysWhereSomethingStands) {
  const std::string text = "{\n \"a\": 1,\n}";
  EXPECT_EQ(position_of(text, 0).line, 1u);
  const TextPosition third = position_of(text, 11);
  EXPECT_EQ(third.line, 3u);
  EXPECT_EQ(third.column, 1u);
  EXPECT_EQ(position_of(text, 4).column, 3u);
  EXPECT_EQ(position_of(text, 1000).line, 3u);
}

TEST(JsonTest, EveryByteIsQuotedSoThatItReadsTheSame) {
  for (int byte = 0; byte < 128; ++byte) {
    const std::string text = {'a', static_cast<char>(byte), 'b'};
    const auto read = read_json(quote_json(text));
    ASSERT_TRUE(read.ok()) << byte;
    EXPECT_EQ(read->text, text);
    EXPECT_EQ(write_json(*read), quote_json(text));
  }
  EXPECT_EQ(quote_json("plain"), "\"plain\"");
  EXPECT_EQ(quote_json("\x7f\xff"), "\"\x7f\xef\xbf\xbd\"");
  EXPECT_EQ(quote_json(""), "\"\"");
}

TEST(JsonTest, OneLineOfJson) {
  for (const std::string text :
       {"1", " [1, {}] ", "\"\\u0041\xc3\xa4\"", "{\"a\":1,\"a\":2}", "null"}) {
    EXPECT_TRUE(is_json_line(text, 2)) << text;
  }
  for (const std::string text :
       {"", "{", "1 2", "[1,\n2]", "\t1", "NaN", "1e999", "\"\\ud800\"", "\"\xff\"",
        "\xef\xbb\xbf"
        "1",
        "[1,]", "'a'"}) {
    EXPECT_FALSE(is_json_line(text, 2)) << text;
  }
  EXPECT_FALSE(is_json_line(std::string("1\0", 2), 2));
  EXPECT_TRUE(is_json_line("[[1],[2]]", 2));
  EXPECT_FALSE(is_json_line("[[[1]]]", 2));
  EXPECT_FALSE(is_json_line(std::string(1'000'000, '['), 256));
}

}  // namespace
}  // namespace cloche
