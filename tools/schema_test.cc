#include "tools/schema.h"

#include <gtest/gtest.h>
#include <time.h>

#include <functional>
#include <thread>

namespace cloche {
namespace {

std::string repeat(std::string_view text, size_t count) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}

// Where and why a schema is refused; empty when it is not.
std::string refusal_of(std::string_view schema) {
  auto compiled = Schema::compile(schema);
  return compiled.ok() ? "" : compiled.error().pointer + ": " + compiled.error().message;
}

Schema schema_of(std::string_view text) {
  auto schema = Schema::compile(text);
  EXPECT_TRUE(schema.ok()) << schema.error().pointer << ": " << schema.error().message;
  return std::move(schema).value();
}

Json value_of(std::string_view text) {
  auto value = read_json(text);
  EXPECT_TRUE(value.ok()) << text;
  return std::move(value).value();
}

std::vector<SchemaProblem> problems_of(std::string_view schema, const Json& value) {
  auto result = schema_of(schema).validate(value);
  return result.ok() ? std::vector<SchemaProblem>() : result.error().problems;
}

std::vector<SchemaProblem> problems_of(std::string_view schema, std::string_view value) {
  return problems_of(schema, value_of(value));
}

bool matches(std::string_view schema, std::string_view value) {
  return problems_of(schema, value).empty();
}

struct Case {
  const char* schema;
  std::vector<const char*> good, bad;
};

void check(const std::vector<Case>& cases) {
  for (const Case& test : cases) {
    for (const char* value : test.good)
      EXPECT_TRUE(matches(test.schema, value)) << test.schema << value;
    for (const char* value : test.bad)
      EXPECT_FALSE(matches(test.schema, value)) << test.schema << value;
  }
}

TEST(Schema, Types) {
  check({
      {"true", {"1", "null"}, {}},
      {"false", {}, {"1", "null"}},
      {"{}", {"1", "{}"}, {}},
      {R"({"type":"null"})", {"null"}, {"0", "false"}},
      {R"({"type":"boolean"})", {"true", "false"}, {"0", "\"true\""}},
      {R"({"type":"string"})", {"\"\""}, {"1"}},
      {R"({"type":"array"})", {"[]"}, {"{}"}},
      {R"({"type":"object"})", {"{}"}, {"[]"}},
      {R"({"type":"number"})", {"1", "1.5", "1e300"}, {"\"1\""}},
      {R"({"type":"integer"})",
       {"1", "1.0", "10e-1", "1e300", "-1e300"},
       {"1.5", "1e-300", "\"1\""}},
      {R"({"type":["null","string"]})", {"null", "\"\""}, {"1"}},
      {R"({"enum":[1,"a",[2],{"b":null}]})",
       {"1.0", "\"a\"", "[2.0]", R"({"b":null})"},
       {"2", "[]"}},
      {R"({"const":{"a":[1,2]}})", {R"({"a":[1,2.0]})"}, {R"({"a":[2,1]})"}},
  });
}

TEST(Schema, StringsAndNumbers) {
  check({
      {R"({"minLength":2,"maxLength":3})",
       {"\"ab\"", "\"äöü\"", "\"😀😀\"", "1"},
       {"\"a\"", "\"abcd\""}},
      {R"({"pattern":"^a+$"})", {"\"aa\"", "1"}, {"\"ab\"", "\"\""}},
      {R"({"pattern":"b"})", {"\"abc\""}, {"\"ac\""}},
      {R"({"pattern":"^\\d\\w$"})", {"\"1a\""}, {"\"١a\"", "\"1ä\""}},  // ECMA-262: ASCII only
      {R"({"minimum":2,"maximum":4})", {"2", "4", "3.5", "\"\""}, {"1.99", "4.01"}},
      {R"({"exclusiveMinimum":2,"exclusiveMaximum":4})", {"3"}, {"2", "4"}},
      {R"({"multipleOf":0.01})", {"19.99", "0"}, {"0.075"}},
      {R"({"multipleOf":3})", {"9"}, {"10"}},
  });
}

TEST(Schema, Arrays) {
  check({
      {R"({"minItems":1,"maxItems":2})", {"[1]", "[1,2]"}, {"[]", "[1,2,3]"}},
      {R"({"items":{"type":"string"}})", {"[]", "[\"a\"]"}, {"[\"a\",1]"}},
      {R"({"prefixItems":[{"type":"string"}],"items":{"type":"null"}})",
       {"[]", "[\"a\",null]"},
       {"[1]", "[\"a\",1]"}},
      {R"({"prefixItems":[{}],"items":false})", {"[1]"}, {"[1,2]"}},
      {R"({"contains":{"const":1}})", {"[2,1]"}, {"[]", "[2]"}},
      {R"({"contains":{"const":1},"minContains":2,"maxContains":3})",
       {"[1,1]"},
       {"[1]", "[1,1,1,1]"}},
      {R"({"uniqueItems":true})",
       {"[]", "[1,\"1\",true,[1],{\"a\":1}]", "[9007199254740992,9007199254740993]"},
       {"[1,1.0]", "[100,1e2]", "[{\"a\":1,\"b\":2},{\"b\":2,\"a\":1.0}]", "[[1],[1]]", "[0,-0.0]",
        "[1e300,10e299]"}},
      {R"({"prefixItems":[{}],"unevaluatedItems":false})", {"[1]"}, {"[1,2]"}},
  });
}

TEST(Schema, Objects) {
  check({
      {R"({"required":["a"]})", {R"({"a":null})", "1"}, {"{}"}},
      {R"({"properties":{"a":{"type":"string"}}})", {"{}", R"({"a":"","b":1})"}, {R"({"a":1})"}},
      {R"({"properties":{"a":{}},"additionalProperties":false})", {R"({"a":1})"}, {R"({"b":1})"}},
      {R"({"patternProperties":{"^x-":{"type":"null"}},"additionalProperties":{"type":"string"}})",
       {R"({"x-a":null,"a":""})"},
       {R"({"x-a":""})", R"({"a":null})"}},
      {R"({"propertyNames":{"maxLength":2}})", {R"({"ab":1})"}, {R"({"abc":1})"}},
      {R"({"minProperties":1,"maxProperties":2})",
       {R"({"a":1})"},
       {"{}", R"({"a":1,"b":1,"c":1})"}},
      {R"({"dependentRequired":{"a":["b"]}})", {"{}", R"({"a":1,"b":1})"}, {R"({"a":1})"}},
      {R"({"dependentSchemas":{"a":{"required":["b"]}}})",
       {"{}", R"({"a":1,"b":1})"},
       {R"({"a":1})"}},
      {R"({"allOf":[{"properties":{"a":{}}}],"unevaluatedProperties":false})",
       {R"({"a":1})"},
       {R"({"b":1})"}},
  });
}

TEST(Schema, Combinations) {
  check({
      {R"({"allOf":[{"minimum":1},{"maximum":2}]})", {"1"}, {"0", "3"}},
      {R"({"anyOf":[{"maximum":1},{"minimum":3}]})", {"1", "3"}, {"2"}},
      {R"({"oneOf":[{"minimum":1},{"minimum":3}]})", {"1"}, {"0", "3"}},
      {R"({"not":{"type":"string"}})", {"1"}, {"\"\""}},
      {R"({"if":{"type":"string"},"then":{"minLength":1},"else":{"minimum":1}})",
       {"\"a\"", "1"},
       {"\"\"", "0"}},
  });
}

TEST(Schema, References) {
  check({
      {R"({"$defs":{"a":{"type":"string"}},"items":{"$ref":"#/$defs/a"}})", {"[\"\"]"}, {"[1]"}},
      {R"({"$defs":{"a":{"$anchor":"x","type":"string"}},"items":{"$ref":"#x"}})",
       {"[\"\"]"},
       {"[1]"}},
      {R"({"$id":"https://a.example/b","$defs":{"c":{"$id":"d","type":"null"}},"items":{"$ref":"d"}})",
       {"[null]"},
       {"[1]"}},
      {R"({"properties":{"next":{"$ref":"#"}},"required":["v"]})",
       {R"({"v":1,"next":{"v":2}})"},
       {R"({"v":1,"next":{}})"}},
      {R"({"$dynamicAnchor":"n","properties":{"c":{"$dynamicRef":"#n"}},"additionalProperties":false})",
       {R"({"c":{"c":{}}})"},
       {R"({"c":{"d":{}}})"}},
      {R"({"$ref":"https://json-schema.org/draft/2020-12/schema"})",
       {"true", R"({"type":"string"})"},
       {R"({"type":1})"}},
  });
}

TEST(Schema, FormatsAndContentsAreAnnotations) {
  check({
      {R"({"format":"email"})", {"\"no\""}, {}},
      {R"({"format":"regex"})", {"\"(\""}, {}},
      {R"({"contentMediaType":"application/json","contentEncoding":"base64"})", {"\"{\""}, {}},
  });
}

TEST(Schema, NumbersAreExact) {
  check({
      {R"({"const":9007199254740993})",
       {"9007199254740993", "9007199254740993.0"},
       {"9007199254740992"}},
      {R"({"maximum":9007199254740993})",
       {"9007199254740993"},
       {"9007199254740993.5", "9007199254740994"}},
      {R"({"enum":[123456789012345678901234567890]})",
       {"123456789012345678901234567890"},
       {"123456789012345678901234567891"}},
      {R"({"maximum":1e300})",
       {"1e300", "1e299", "10e299"},
       {"1.0000000000000000000001e300", "1e301"}},
      {R"({"exclusiveMaximum":0.1})",
       {"0.09999999999999999999999999"},
       {"0.1", "0.10000000000000000000001"}},
      {R"({"minimum":1e-300})", {"1e-300", "2e-300"}, {"1e-301", "0"}},
      {R"({"multipleOf":1e-300})", {"3e-300"}, {"15e-301"}},
      {R"({"multipleOf":7})",
       {"700000000000000000000000000007", "7e300"},
       {"700000000000000000000000000008", "1e300"}},
  });
}

TEST(Schema, ProblemsSayWhereAndWhatWithoutValues) {
  const auto problems =
      problems_of(R"({"properties":{"a/b":{"items":{"maximum":3}}}})", R"({"a/b":[1,987654]})");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].pointer, "/a~1b/1");
  EXPECT_NE(problems[0].message.find("maximum of 3"), std::string::npos) << problems[0].message;
  EXPECT_EQ(problems[0].message.find("987654"), std::string::npos) << problems[0].message;
}

TEST(Schema, ProblemsAreFewAndShort) {
  const auto ones = [](size_t count) { return "[" + repeat("1,", count - 1) + "1]"; };
  const char* nulls = R"({"items":{"type":"null"}})";
  EXPECT_EQ(problems_of(nulls, ones(1'000)).size(), Schema::kMaxProblems);
  const auto first = problems_of(nulls, ones(10'000));  // listing all of them takes too many steps
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].pointer, "/0");
  const std::string name(100'000, 'n');
  const auto problems = problems_of(R"({"additionalProperties":{"type":"null","enum":[null]}})",
                                    "{\"" + name + "\":1}");
  ASSERT_FALSE(problems.empty());
  for (const SchemaProblem& problem : problems) {
    EXPECT_LE(problem.pointer.size(), Schema::kMaxTextBytes);
    EXPECT_LE(problem.message.size(), Schema::kMaxTextBytes);
  }
  const auto names = problems_of(R"({"additionalProperties":false})", "{\"" + name + "\":1}");
  ASSERT_EQ(names.size(), 1u);
  EXPECT_LE(names[0].message.size(), Schema::kMaxTextBytes);
}

TEST(Schema, MessagesArePrintable) {
  const auto problems =
      problems_of(R"({"additionalProperties":false})", "{\"a\\u001b[2Jb\\u0000c\":1}");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].message.find('\x1b'), std::string::npos);
  EXPECT_EQ(problems[0].message.find('\0'), std::string::npos);
}

// Refusals: what is wrong, and where.

TEST(SchemaRefused, NotASchema) {
  EXPECT_NE(refusal_of("").find("line 1, column 1"), std::string::npos) << refusal_of("");
  EXPECT_NE(refusal_of(R"({"type":"string","type":"null"})"), "");
  EXPECT_NE(refusal_of(R"({"const":"\ud800"})"), "");
  EXPECT_NE(refusal_of("1"), "");
  EXPECT_EQ(refusal_of(R"({"properties":{"a":{"type":"strin"}}})").find("/properties/a/type: "), 0u)
      << refusal_of(R"({"properties":{"a":{"type":"strin"}}})");
  EXPECT_NE(refusal_of(R"({"minLength":-1})"), "");
  EXPECT_NE(refusal_of(R"({"required":"a"})"), "");
  EXPECT_NE(refusal_of(R"({"multipleOf":0})"), "");
}

TEST(SchemaRefused, OtherDialects) {
  EXPECT_EQ(refusal_of(R"({"$schema":"https://json-schema.org/draft/2020-12/schema"})"), "");
  EXPECT_EQ(refusal_of(R"({"properties":{"$schema":{"type":"string"}}})"), "");
  for (const char* dialect : {"http://json-schema.org/draft-07/schema#", "urn:mine",
                              "https://json-schema.org/draft/2019-09/schema"}) {
    const std::string schema = std::string(R"({"items":{"$schema":")") + dialect + "\"}}";
    EXPECT_EQ(refusal_of(schema).find("/items/$schema: only the dialect"), 0u)
        << refusal_of(schema);
  }
}

TEST(SchemaRefused, ReferencesElsewhere) {
  for (const char* target :
       {"https://a.example/b", "http://127.0.0.1:1/", "file:///etc/passwd", "other.json", "//a/b",
        "data:application/json,true", "urn:a:b", "http://json-schema.org/draft-07/schema#",
        "https://json-schema.org/draft/2019-09/schema", "#/$defs/none", "#none"}) {
    EXPECT_NE(refusal_of(std::string(R"({"$ref":")") + target + "\"}"), "") << target;
    EXPECT_NE(refusal_of(std::string(R"({"not":{"$dynamicRef":")") + target + "\"}}"), "")
        << target;
  }
  EXPECT_NE(refusal_of(R"({"$id":"http://json-schema.org/x","$ref":"draft-07/schema"})"), "");
  EXPECT_NE(refusal_of(R"({"$id":"https://a.example/","$ref":"b"})"), "");
}

TEST(SchemaRefused, Limits) {
  EXPECT_EQ(refusal_of(repeat("{\"not\":", 62) + "{}" + repeat("}", 62)), "");
  EXPECT_NE(refusal_of(repeat("{\"not\":", 64) + "{}" + repeat("}", 64)), "");
  EXPECT_NE(refusal_of("{\"not\":" + repeat("{\"not\":", 100'000)), "");
  EXPECT_EQ(refusal_of("{\"const\":\"" + std::string(1'000'000, 'a') + "\"}"), "");
  EXPECT_NE(refusal_of("{\"const\":\"" + std::string(1'100'000, 'a') + "\"}"), "");
  const auto patterns = [](size_t count) {
    return "{\"allOf\":[" + repeat(R"({"pattern":"a"},)", count - 1) + R"({"pattern":"b"}]})";
  };
  EXPECT_EQ(refusal_of(patterns(256)), "");
  EXPECT_NE(refusal_of(patterns(257)), "");
}

TEST(SchemaRefused, PatternsThatBacktrackOrGrow) {
  EXPECT_NE(refusal_of(R"({"pattern":"("})"), "");
  EXPECT_NE(refusal_of(R"j({"pattern":"(?=a)"})j"), "");
  EXPECT_NE(refusal_of(R"({"pattern":"(a)\\1"})"), "");
  EXPECT_NE(refusal_of(R"({"pattern":"((a{1000}){1000}){1000}"})"), "");
  EXPECT_NE(refusal_of(R"({"patternProperties":{"((a{1000}){1000}){1000}":{}}})"), "");
}

// A chain of `count` definitions, each `body` with % replaced by a reference to the next.
std::string chain(size_t count, std::string_view body) {
  std::string schema = R"({"$ref":"#/$defs/0","$defs":{)";
  for (size_t i = 0; i < count; ++i) {
    const std::string next = "{\"$ref\":\"#/$defs/" + std::to_string(i + 1) + "\"}";
    schema += "\"" + std::to_string(i) + "\":";
    for (char c : body) c == '%' ? schema += next : schema += c;
    schema += ",";
  }
  return schema + "\"" + std::to_string(count) + R"(":{"type":"string"}}})";
}

TEST(SchemaHostile, LongChainsOfReferences) {
  EXPECT_NE(refusal_of(chain(20'000, "%")), "");
  EXPECT_NE(refusal_of(chain(600, R"({"allOf":[%]})")), "");
  for (const char* body : {"%", R"({"allOf":[{"not":{"not":%}}]})"}) {
    const Schema schema = schema_of(chain(250, body));
    EXPECT_TRUE(schema.validate(value_of("\"\"")).ok()) << body;
    EXPECT_FALSE(schema.validate(value_of("1")).ok()) << body;
  }
}

TEST(SchemaHostile, StackIsBounded) {
  std::string schema = chain(400, R"({"anyOf":[false,%]})");
  const std::string_view last = R"({"type":"string"})";
  schema.replace(schema.find(last), last.size(), R"({"properties":{"a":{"$ref":"#"}}})");
  const auto problems = problems_of(schema, repeat("{\"a\":", 60) + "1" + repeat("}", 60));
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_NE(problems[0].message.find("nests too deeply"), std::string::npos) << problems[0].message;
}

TEST(SchemaHostile, ReferencesThatGoRound) {
  for (const char* schema :
       {R"({"$ref":"#"})", R"({"allOf":[{"$ref":"#"}]})", R"({"not":{"$ref":"#"}})",
        R"({"anyOf":[{"$ref":"#"},{"$ref":"#"}]})",
        R"({"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"$ref":"#/$defs/a"})",
        R"({"$dynamicAnchor":"a","$dynamicRef":"#a"})",
        R"({"if":{"$ref":"#"},"then":{"$ref":"#"},"unevaluatedProperties":{"$ref":"#"}})"}) {
    auto compiled = Schema::compile(schema);
    if (compiled.ok()) (void)compiled->validate(value_of(R"({"a":[1,{"b":2}]})"));
  }
}

double seconds_of(const std::function<void()>& work) {
  const auto cpu = [] {
    timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
  };
  const double start = cpu();
  work();
  return cpu() - start;
}

TEST(SchemaHostile, ReferencesThatDoubleAtEachStep) {
  for (const char* body : {R"({"allOf":[%,%]})", R"({"anyOf":[%,%]})", R"({"oneOf":[%,%]})",
                           R"({"not":{"anyOf":[%,%]}})", R"({"if":%,"then":%,"else":%})",
                           R"({"allOf":[{"properties":{"a":%}},{"properties":{"a":%}}]})",
                           R"({"allOf":[{"items":%},{"contains":%}]})"}) {
    EXPECT_LT(seconds_of([&] {
                auto schema = Schema::compile(chain(60, body));
                ASSERT_TRUE(schema.ok()) << body << schema.error().message;
                for (const std::string& value :
                     {std::string("1"), std::string("\"\""), std::string("{\"b\":1}"),
                      repeat("{\"a\":", 60) + "1" + repeat("}", 60),
                      repeat("[", 60) + "1" + repeat("]", 60)}) {
                  (void)schema->validate(value_of(value));
                }
              }),
              10)
        << body;
  }
}

TEST(SchemaHostile, RecursionOverDeepValues) {
  const char* schema =
      R"({"allOf":[{"properties":{"a":{"$ref":"#"}}},{"properties":{"a":{"$ref":"#"}}}],
                           "anyOf":[{"required":["b"]},{"properties":{"a":{"$ref":"#"}}}]})";
  EXPECT_LT(
      seconds_of([&] { (void)matches(schema, repeat("{\"a\":", 63) + "{}" + repeat("}", 63)); }),
      10);
}

TEST(SchemaHostile, StepsAreBounded) {
  std::string any = R"({"items":{"anyOf":[)";
  for (int i = 0; i < 20'000; ++i) any += "{\"const\":" + std::to_string(i) + "},";
  const auto problems = problems_of(any + "false]}}", "[" + repeat("-1,", 50'000) + "-1]");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_NE(problems[0].message.find("too many steps"), std::string::npos) << problems[0].message;
}

TEST(SchemaHostile, PatternsTakeLinearTime) {
  for (const char* pattern : {"(a+)+$", "^(a|aa)+$", "^(a*)*b$", "(x+x+)+y"}) {
    const std::string schema = std::string(R"({"pattern":")") + pattern + "\"}";
    EXPECT_LT(
        seconds_of([&] { (void)matches(schema, "\"" + std::string(1'000'000, 'a') + "!\""); }), 5)
        << pattern;
  }
}

// read_json() refuses what no double can hold; the checker must not trust that.
TEST(SchemaHostile, Numbers) {
  const std::string long_number(1'000'000, '9');
  for (const char* keyword : {"maximum", "multipleOf", "const", "minimum"}) {
    for (const std::string& limit : {std::string("1e999999999"), std::string("1e-999999999"),
                                     std::string("3"), std::string("0.5")}) {
      Json schema = value_of(std::string("{\"type\":\"integer\",\"") + keyword + "\":0}");
      ASSERT_EQ(schema.members[0].name, keyword);
      schema.members[0].value.text = limit;
      auto compiled = Schema::compile(schema);
      ASSERT_TRUE(compiled.ok()) << keyword << limit << compiled.error().message;
      for (const std::string& text : {std::string("1e999999999"), std::string("-1e-999999999"),
                                      long_number, "0." + long_number}) {
        Json value;
        value.kind = Json::Kind::kNumber;
        value.text = text;
        EXPECT_LT(seconds_of([&] { (void)compiled->validate(value); }), 5) << keyword << limit;
      }
    }
  }
}

// Numbers that share their nearest f64 are told apart without comparing each pair.
TEST(SchemaHostile, UniqueItemsThatLookAlike) {
  std::string items = "[";
  for (int i = 0; i < 50'000; ++i)
    items += "1" + std::string(200, '0') + std::to_string(100'000 + i) + ",";
  items += "0]";
  EXPECT_LT(seconds_of([&] { EXPECT_TRUE(matches(R"({"uniqueItems":true})", items)); }), 10);
}

// serde_json gives this name a meaning of its own in text.
TEST(SchemaHostile, NoObjectPassesForANumber) {
  const char* object = R"({"$serde_json::private::Number":"1"})";
  EXPECT_FALSE(matches(R"({"type":"number"})", object));
  EXPECT_TRUE(matches(R"({"type":"object"})", object));
  EXPECT_FALSE(matches(R"({"const":1})", object));
}

Json nested(size_t depth) {
  Json value;
  for (size_t i = 0; i < depth; ++i) {
    Json outer;
    outer.kind = Json::Kind::kArray;
    outer.items.push_back(std::move(value));
    value = std::move(outer);
  }
  return value;
}

TEST(SchemaHostile, ValuesOverTheLimits) {
  const Schema any = schema_of("true");
  EXPECT_TRUE(any.validate(nested(Schema::kMaxDepth)).ok());
  EXPECT_FALSE(any.validate(nested(Schema::kMaxDepth + 1)).ok());
  Json many;
  many.kind = Json::Kind::kArray;
  many.items.resize(Schema::kMaxValues - 1);
  EXPECT_TRUE(any.validate(many).ok());
  many.items.emplace_back();
  EXPECT_FALSE(any.validate(many).ok());
  Json text;
  text.kind = Json::Kind::kString;
  text.text.assign(Schema::kMaxValueBytes, 'a');
  EXPECT_TRUE(any.validate(text).ok());
  text.text.assign(Schema::kMaxValueBytes * 2, 'a');
  EXPECT_FALSE(any.validate(text).ok());
}

// What read_json() would not give: no number, broken UTF-8.
TEST(SchemaHostile, ValuesMadeByHand) {
  const Schema any = schema_of("true");
  Json number;
  number.kind = Json::Kind::kNumber;
  for (const char* text : {"", "NaN", "1;", "--1"}) {
    number.text = text;
    EXPECT_FALSE(any.validate(number).ok()) << text;
  }
  Json text;
  text.kind = Json::Kind::kString;
  text.text = "\xff";
  EXPECT_FALSE(any.validate(text).ok());
}

TEST(Schema, ThreadsShareOne) {
  const Schema schema =
      schema_of(R"({"properties":{"n":{"$ref":"#"},"s":{"pattern":"^[a-z]+$"}},"required":["s"]})");
  const Json good = value_of(R"({"s":"ab","n":{"s":"cd"}})");
  const Json bad = value_of(R"({"s":"ab","n":{"s":"c1"}})");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&schema, &good, &bad] {
      for (int round = 0; round < 500; ++round) {
        EXPECT_TRUE(schema.validate(good).ok());
        const auto result = schema.validate(bad);
        ASSERT_FALSE(result.ok());
        EXPECT_EQ(result.error().problems[0].pointer, "/n/s");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace cloche
