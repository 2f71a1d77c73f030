#include "tools/stubs.h"

#include <gtest/gtest.h>

#include "tools/test_support.h"

namespace cloche::tools {
namespace {

StubType type_of(const std::string& schema) {
  const auto json = read_json(schema);
  EXPECT_TRUE(json.ok()) << schema;
  return json.ok() ? read_stub_type(*json) : StubType();
}

std::string typescript(const std::string& result) {
  const StubTool tool{"t", "", {}, type_of(result), {}};
  const std::string text = typescript_stubs({&tool, 1});
  const std::string before = "Promise<";
  const size_t begin = text.find(before) + before.size();
  return text.substr(begin, text.rfind(">;") - begin);
}

std::string python(const std::string& result) {
  const StubTool tool{"t", "", {}, type_of(result), {}};
  const std::string text = python_stubs({&tool, 1});
  const std::string before = "**named: Any) -> ";
  const size_t begin = text.find(before) + before.size();
  return text.substr(begin, text.find(":\n", begin) - begin);
}

TEST(StubsTest, Types) {
  struct Case {
    const char *schema, *python, *typescript;
  };
  for (const Case& c : {
           Case{"true", "Any", "any"},
           Case{R"({"type":"string"})", "str", "string"},
           Case{R"({"type":"integer"})", "int", "number"},
           Case{R"({"type":"number"})", "float", "number"},
           Case{R"({"type":["boolean","null"]})", "bool | None", "boolean | null"},
           Case{R"({"const":"a\"\\"})", R"(Literal["a\"\u005c"])", R"("a\"\u005c")"},
           Case{R"({"enum":["a",2,true,null,"a"]})", R"(Literal["a", 2, True] | None)",
                R"("a" | 2 | true | null)"},
           Case{R"({"enum":[1.5,99999999999999999999]})", "float | int", "number"},
           Case{R"({"type":"array","items":{"type":"string"}})", "builtins.list[str]",
                "Array<string>"},
           Case{R"({"type":"array","prefixItems":[true],"items":{"type":"string"}})",
                "builtins.list[Any]", "Array<unknown>"},
           Case{R"({"type":"object"})", "dict[str, Any]", "Record<string, unknown>"},
           Case{R"({"type":"object","additionalProperties":{"type":"number"}})", "dict[str, float]",
                "Record<string, number>"},
           Case{R"({"anyOf":[{"type":"string"},{"type":"number"}]})", "str | float",
                "string | number"},
           Case{R"({"oneOf":[{"type":"string"},{"minimum":3}]})", "Any", "any"},
           Case{R"({"allOf":[{"type":"string"}]})", "str", "string"},
           Case{R"({"allOf":[{"type":"string"},true]})", "Any", "any"},
           Case{R"({"$ref":"#/$defs/A~1b","$defs":{"A/b":{"type":"string"}}})", "str", "string"},
           Case{R"({"$ref":"#"})", "Any", "any"},
           Case{R"({"$ref":"https://example.com/a"})", "Any", "any"},
           Case{R"({"$ref":"#/$defs/A","$defs":{"A":{"$id":"x","type":"string"}}})", "Any", "any"},
           Case{R"({"type":"array","items":{"$ref":"#"}})", "builtins.list[Any]", "Array<unknown>"},
       }) {
    EXPECT_EQ(python(c.schema), c.python) << c.schema;
    EXPECT_EQ(typescript(c.schema), c.typescript) << c.schema;
  }
}

// Beyond each limit the type is a wider one.
TEST(StubsTest, Limits) {
  std::string values = "\"v\"", deep = R"({"type":"string"})", many, fields;
  for (size_t i = 0; i < kMaxStubLiterals; ++i) values += ",\"v" + std::to_string(i) + "\"";
  EXPECT_EQ(python("{\"enum\":[" + values + "]}"), "str");
  EXPECT_EQ(python("{\"const\":\"" + std::string(kMaxStubText + 1, 'x') + "\"}"), "str");
  for (size_t i = 0; i < kMaxStubDepth + 1; ++i) deep = R"({"type":"array","items":)" + deep + "}";
  EXPECT_NE(python(deep).find("[Any]"), std::string::npos);
  for (size_t i = 0; i < kMaxStubTypes; ++i) many += R"({"type":"string"},)";
  EXPECT_EQ(python("{\"anyOf\":[" + many + "{\"type\":\"null\"}]}"), "Any");
  for (size_t i = 0; i < kMaxStubTypes + 5; ++i) {
    fields += (i > 0 ? ",\"f" : "\"f") + std::to_string(i) + R"(":{"type":"null"})";
  }
  const StubType large = type_of(R"({"type":"object","properties":{)" + fields + "}}");
  EXPECT_EQ(large.fields.size(), kMaxStubTypes - 1);
  EXPECT_EQ(large.parts.size(), 1u);  // the others
  EXPECT_EQ(cut_text("aé", 2), "a…");
  EXPECT_EQ(cut_text("aé", 3), "aé");
}

TEST(StubsTest, AToolInPython) {
  const StubTool tool{
      "get_price",
      "What a \"share\" costs.\n\nIn C:\\.",
      type_of(R"({"type":"object","properties":{"day":{"type":"string"},"symbol":{"type":"string",
                  "description":"the ticker\n\"\"\""}},"required":["symbol"],"additionalProperties":true})"),
      type_of(R"({"type":"object","properties":{"price":{"type":"number"}},"required":["price"]})"),
      {"2 more calls"}};
  const std::string text = python_stubs({&tool, 1});
  EXPECT_NE(text.find(R"(
_Object1 = TypedDict("_Object1", {
    "price": float,
})

def get_price(*, symbol: str, day: str = ..., **others: Any) -> _Object1:
    """What a \"share\" costs.

    In C:\\.

    symbol: the ticker\n\"\"\"
    Allowed: 2 more calls
    """
)"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("    async def get_price(*, symbol: str, "), std::string::npos) << text;
}

TEST(StubsTest, AToolInTypeScript) {
  const StubTool tool{
      "mail/send",
      "Sends */ it.",
      type_of(R"({"type":"object","properties":{"to-all":{"type":"boolean"},"to":{"type":"string",
                  "description":"whom"}},"required":["to"]})"),
      type_of("true"),
      {}};
  const std::string text = typescript_stubs({&tool, 1});
  EXPECT_NE(text.find(R"(
  /** Sends *\/ it. */
  "mail/send"(parameters: {
    /** whom */
    to: string;
    "to-all"?: boolean;
  }, options?: { signal?: AbortSignal }): Promise<any>;
};
)"),
            std::string::npos)
      << text;
}

TEST(StubsTest, NamesThatAreNoneInPythonAreOverloads) {
  std::vector<StubTool> tools;
  for (const char* name : {"a/b", "class", "list", "str", "ok"}) {
    tools.push_back(
        {name, "", type_of(R"({"type":"object","properties":{"from":{"type":"null"}}})"), {}, {}});
  }
  const std::string text = python_stubs(tools);
  for (const char* name : {"a/b", "class", "list", "str"}) {
    EXPECT_NE(
        text.find("\ndef call(name: Literal[\"" + std::string(name) + "\"], parameters: _Object"),
        std::string::npos)
        << text;
  }
  EXPECT_NE(text.find("\ndef ok(parameters: _Object5 = ..., /) -> Any:"), std::string::npos)
      << text;
}

TEST(StubsTest, HoldWhatTheReaderMayCall) {
  testing::Bench bench;
  bench.add(
      "mine", [](const Invocation&) { return Outcome::of("1"); }, {}, R"({"type":"integer"})");
  bench.add_echo("other");
  const auto authority = bench.authority({bench.mint("mine")}), nothing = bench.authority({});
  for (const auto form : {kernel::ToolText::kPython, kernel::ToolText::kTypeScript}) {
    const std::string text = bench.broker().describe(*authority, form);
    EXPECT_NE(text.find("mine("), std::string::npos) << text;
    EXPECT_EQ(text.find("other("), std::string::npos) << text;
    EXPECT_EQ(bench.broker().describe(*nothing, form).find("mine("), std::string::npos);
  }
}

}  // namespace
}  // namespace cloche::tools
