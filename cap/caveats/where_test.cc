#include "cap/caveats/where.h"

#include <gtest/gtest.h>

#include "cap/caveats/predicate.h"

namespace cloche::cap {
namespace {

std::shared_ptr<const Caveat> compile(std::string_view where, Others others = Others::kRefuse) {
  auto json = read_json(where);
  EXPECT_TRUE(json.ok()) << where;
  auto caveat = compile_where(*json, others);
  EXPECT_TRUE(caveat.ok()) << where << ": "
                           << (caveat.ok()
                                   ? ""
                                   : caveat.error()[0].pointer + " " + caveat.error()[0].message);
  return caveat.ok() ? *caveat : nullptr;
}

// "" when the caveat allows the parameters, else why not.
std::string reason(const Caveat& caveat, std::string_view parameters) {
  auto json = read_json(parameters);
  EXPECT_TRUE(json.ok()) << parameters;
  Request request;
  request.parameters = &*json;
  const bool allowed = caveat.allows(request);
  const std::string text = caveat.explain(request);
  EXPECT_EQ(allowed, text.empty()) << parameters << " " << text;
  return text;
}

std::string reason(std::string_view where, std::string_view parameters) {
  return reason(*compile(where), parameters);
}

// Whether {"p": value} passes {"p": conditions}.
bool passes(const std::string& conditions, const std::string& value) {
  return reason("{\"p\":" + conditions + "}", "{\"p\":" + value + "}").empty();
}

// The mistakes, one a line: pointer, message, suggestion.
std::string mistakes(std::string_view where) {
  auto json = read_json(where);
  EXPECT_TRUE(json.ok()) << where;
  auto caveat = compile_where(*json, Others::kRefuse, "/where");
  if (caveat.ok()) return "";
  std::string out;
  for (const Mistake& mistake : caveat.error()) {
    out += (out.empty() ? "" : "\n") + mistake.pointer + ": " + mistake.message;
    if (!mistake.suggestion.empty()) out += " -> " + mistake.suggestion;
  }
  return out;
}

constexpr const char* kTransfer =
    R"({"amount": {"gt": 0, "le": 100}, "currency": {"in": ["EUR", "USD"]},
    "to/iban": {"starts_with": "DE"}, "note": {"max_length": 80, "optional": true}})";

TEST(Where, TheExampleOfTheInterface) {
  EXPECT_EQ(reason(kTransfer, R"({"amount": 100, "currency": "EUR", "to": {"iban": "DE1"}})"), "");
  EXPECT_EQ(reason(kTransfer,
                   R"({"amount": 0.01, "currency": "USD", "to": {"iban": "DE1"}, "note": "hi"})"),
            "");
  const auto refused = [](std::string_view parameters) { return reason(kTransfer, parameters); };
  EXPECT_EQ(refused(R"({"amount": 100.01, "currency": "EUR", "to": {"iban": "DE1"}})"),
            "amount must be up to 100, is 100.01");
  EXPECT_EQ(refused(R"({"amount": 0, "currency": "EUR", "to": {"iban": "DE1"}})"),
            "amount must be above 0, is 0");
  EXPECT_EQ(refused(R"({"amount": "5", "currency": "EUR", "to": {"iban": "DE1"}})"),
            "amount must be above 0, is \"5\"");
  EXPECT_EQ(refused(R"({"currency": "EUR", "to": {"iban": "DE1"}})"), "amount is missing");
  EXPECT_EQ(refused(R"({"amount": null, "currency": "EUR", "to": {"iban": "DE1"}})"),
            "amount must be above 0, is null");
  EXPECT_EQ(refused(R"({"amount": 5, "currency": "eur", "to": {"iban": "DE1"}})"),
            "currency must be one of \"EUR\", \"USD\", is \"eur\"");
  EXPECT_EQ(refused(R"({"amount": 5, "currency": "EUR", "to": {"iban": "FR1"}})"),
            "to/iban must be beginning with \"DE\", is \"FR1\"");
  EXPECT_EQ(refused(R"({"amount": 5, "currency": "EUR", "to": {}})"), "to/iban is missing");
  EXPECT_EQ(refused(R"({"amount": 5, "currency": "EUR"})"), "to/iban is missing");
  EXPECT_EQ(refused(R"({"amount": 5, "currency": "EUR", "to": "DE1"})"),
            "to must be an object, is \"DE1\"");
  EXPECT_EQ(refused(R"({"amount": 5, "currency": "EUR", "to": null})"),
            "to must be an object, is null");
  EXPECT_EQ(refused(R"({"amount": 5, "currency": "EUR", "to": [{"iban": "DE1"}]})"),
            "to must be an object, is [{\"iban\":\"DE1\"}]");
  EXPECT_EQ(refused(R"({"amount": 5, "currency": "EUR", "to": {"iban": "DE1", "bic": "X"}})"),
            "to/bic is not among the parameters that are allowed");
  EXPECT_EQ(refused(R"({"amount": 5, "currency": "EUR", "to": {"iban": "DE1"}, "bcc": 1})"),
            "bcc is not among the parameters that are allowed");
  EXPECT_EQ(refused(R"({"amount": 5, "currency": "EUR", "to": {"iban": "DE1"}, "note": null})"),
            "note must be at most 80 long, is null");
  EXPECT_EQ(refused("[]"), "the parameters must be an object, not an array");
  EXPECT_EQ(refused("null"), "the parameters must be an object, not null");
}

TEST(Where, InWords) {
  EXPECT_EQ(compile(kTransfer)->describe(),
            "amount above 0 up to 100, currency one of \"EUR\", \"USD\", to/iban beginning with "
            "\"DE\", note at most 80 long or absent");
  EXPECT_EQ(compile("{}")->describe(), "no parameters");
  EXPECT_EQ(compile("{}", Others::kAllow)->describe(), "any parameters");
  EXPECT_EQ(compile(R"({"u":{"not":{"host_in":["a.b"]}},"x":{"exists":false},"y":{"exists":true},
                        "z":{"any":[{"eq":1},{"all":[{"gt":5},{"ne":7}]}]}})",
                    Others::kAllow)
                ->describe(),
            "u not (a URL at a.b), x absent, y with any value, z (exactly 1 or (above 5 and other "
            "than 7)), "
            "and any other parameters");
}

TEST(Where, NothingNamedMeansNoParameters) {
  EXPECT_EQ(reason("{}", "{}"), "");
  EXPECT_EQ(reason("{}", R"({"a":1})"), "a is not among the parameters that are allowed");
  EXPECT_EQ(reason(*compile("{}", Others::kAllow), R"({"a":1})"), "");
  Request none;
  EXPECT_TRUE(compile("{}")->allows(none));
  EXPECT_FALSE(compile(R"({"a":{"eq":1}})")->allows(none));
}

TEST(Where, OthersAllowLetsOnlyOthersThrough) {
  const auto caveat = compile(
      R"({"to/iban": {"starts_with": "DE"}, "n": {"eq": 1, "optional": true}})", Others::kAllow);
  EXPECT_EQ(reason(*caveat, R"({"to": {"iban": "DE", "bic": 1}, "x": [1]})"), "");
  EXPECT_NE(reason(*caveat, R"({"to": {"iban": "FR"}})"), "");
  EXPECT_NE(reason(*caveat, R"({"x": 1})"), "");
  EXPECT_NE(reason(*caveat, R"({"to": "DE"})"), "");
  EXPECT_NE(reason(*caveat, R"({"to": {"iban": "DE"}, "n": null})"), "");
  const auto optional =
      compile(R"({"to/iban": {"starts_with": "DE", "optional": true}})", Others::kAllow);
  EXPECT_EQ(reason(*optional, R"({"to": {"bic": 1}})"), "");
  EXPECT_EQ(reason(*optional, "{}"), "");
  EXPECT_NE(reason(*optional, R"({"to": "FR1"})"), "");
  EXPECT_NE(reason(*optional, R"({"to": [{"iban": "FR1"}]})"), "");
}

TEST(Where, ANamedParameterCoversWhatIsInIt) {
  EXPECT_EQ(reason(R"({"to": {"exists": true}})", R"({"to": {"a": [1, {"b": null}]}})"), "");
  EXPECT_EQ(reason(R"({"to": {"exists": true}, "to/a": {"eq": 1}})", R"({"to": {"a": 1, "b": 2}})"),
            "");
  EXPECT_EQ(reason(R"({"to": {"exists": true}, "to/a": {"eq": 1}})", R"({"to": {"a": 2, "b": 2}})"),
            "to/a must be exactly 1, is 2");
}

TEST(Where, SlashesAndTildesInNames) {
  EXPECT_EQ(reason(R"({"a~1b~0": {"eq": 1}})", R"({"a/b~": 1})"), "");
  EXPECT_NE(reason(R"({"a~1b": {"eq": 1}})", R"({"a": {"b": 1}})"), "");
  EXPECT_NE(reason(R"({"a/b": {"eq": 1}})", R"({"a/b": 1})"), "");
}

TEST(Where, ElementsOfArrays) {
  constexpr const char* kEach = R"({"items/*/price": {"le": 10}, "items/*/id": {"exists": true}})";
  EXPECT_EQ(reason(kEach, R"({"items": [{"price": 1, "id": 1}, {"price": 10, "id": 2}]})"), "");
  EXPECT_EQ(reason(kEach, R"({"items": [{"price": 1, "id": 1}, {"price": 11, "id": 2}]})"),
            "items/1/price must be up to 10, is 11");
  EXPECT_EQ(reason(kEach, R"({"items": [{"price": 1}]})"), "items/0/id is missing");
  EXPECT_EQ(reason(kEach, R"({"items": [{"price": 1, "id": 1, "x": 1}]})"),
            "items/0/x is not among the parameters that are allowed");
  EXPECT_EQ(reason(kEach, R"({"items": []})"), "items/*/id is missing");
  EXPECT_EQ(reason(kEach, R"({"items": {"0": {"price": 1, "id": 1}}})"),
            "items must be an array, is {\"0\":{\"id\":1,\"price\":1}}");
  EXPECT_EQ(reason(R"({"to/*": {"ends_with": "@a.b", "optional": true}})", R"({"to": []})"), "");
  EXPECT_EQ(reason(R"({"to/*": {"ends_with": "@a.b"}})", R"({"to": ["x@a.b", "y@c.d"]})"),
            "to/1 must be ending with \"@a.b\", is \"y@c.d\"");
  EXPECT_EQ(reason(R"({"p/0": {"eq": 1}, "p/1": {"eq": 2}})", R"({"p": [1, 2]})"), "");
  EXPECT_EQ(reason(R"({"p/0": {"eq": 1}, "p/1": {"eq": 2}})", R"({"p": [1, 2, 3]})"),
            "p/2 is not among the parameters that are allowed");
  EXPECT_EQ(reason(R"({"p/0": {"eq": 1}, "p/1": {"eq": 2}})", R"({"p": [1]})"), "p/1 is missing");
  EXPECT_EQ(reason(R"({"p": {"min_length": 1, "max_length": 2}, "p/*": {"eq": 1}})",
                   R"({"p": [1, 1, 1]})"),
            "p must be at most 2 long, is [1,1,1]");
}

TEST(Where, Presence) {
  EXPECT_EQ(reason(R"({"a": {"exists": false}})", "{}"), "");
  EXPECT_EQ(reason(R"({"a": {"exists": false}})", R"({"a": null})"), "a must be absent");
  EXPECT_EQ(reason(R"({"a": {"exists": true}})", "{}"), "a is missing");
  EXPECT_EQ(reason(R"({"a": {"exists": true}})", R"({"a": null})"), "a is null");
  EXPECT_EQ(reason(R"({"a": {"optional": false, "eq": 1}})", "{}"), "a is missing");
  EXPECT_EQ(reason(R"({"a": {"eq": null}})", R"({"a": null})"), "");
  EXPECT_EQ(reason(R"({"a": {"eq": null}})", "{}"), "a is missing");
  EXPECT_EQ(reason(R"({"a": {"in": [null, 1]}})", R"({"a": null})"), "");
}

TEST(Operators, CompareExactly) {
  EXPECT_TRUE(passes(R"({"eq": 9007199254740993})", "9007199254740993"));
  EXPECT_FALSE(passes(R"({"eq": 9007199254740993})", "9007199254740992"));
  EXPECT_TRUE(passes(R"({"eq": 0.1})", "1e-1"));
  EXPECT_FALSE(passes(R"({"le": 0.3})", "0.30000000000000001"));
  EXPECT_TRUE(passes(R"({"lt": 1e308})", "9.9e307"));
  EXPECT_FALSE(passes(R"({"gt": 0})", "-0.0"));
  EXPECT_TRUE(passes(R"({"ge": 0})", "-0"));
  EXPECT_TRUE(passes(R"({"gt": 18446744073709551615})", "18446744073709551616"));
  EXPECT_FALSE(passes(R"({"ge": 1})", "1e-400"));
}

TEST(Operators, EqualityGoesByTypeAndValue) {
  EXPECT_TRUE(passes(R"({"eq": {"a": [1, "x"]}})", R"({"a": [1.0, "x"]})"));
  EXPECT_FALSE(passes(R"({"eq": 1})", "\"1\""));
  EXPECT_FALSE(passes(R"({"eq": true})", "1"));
  EXPECT_TRUE(passes(R"({"ne": 5})", "6"));
  EXPECT_FALSE(passes(R"({"ne": 5})", "5.0"));
  EXPECT_FALSE(passes(R"({"ne": 5})", "\"5\""));
  EXPECT_FALSE(passes(R"({"ne": "a"})", "null"));
  EXPECT_FALSE(passes(R"({"ne": "a"})", "[\"a\"]"));
  EXPECT_FALSE(passes(R"({"in": []})", "1"));
  EXPECT_TRUE(passes(R"({"not_in": ["a", "b"]})", "\"c\""));
  EXPECT_FALSE(passes(R"({"not_in": ["a", "b"]})", "\"a\""));
  EXPECT_FALSE(passes(R"({"not_in": ["a", "b"]})", "1"));
}

TEST(Operators, Strings) {
  EXPECT_TRUE(passes(R"({"starts_with": "ä"})", "\"äb\""));
  EXPECT_FALSE(passes(R"({"starts_with": "ä"})", "\"a\\u0308b\""));
  EXPECT_TRUE(passes(R"({"ends_with": ".txt"})", "\"a.txt\""));
  EXPECT_FALSE(passes(R"({"ends_with": ".txt"})", "\"a.txt\\u0000\""));
  EXPECT_TRUE(passes(R"({"contains": "b"})", "\"abc\""));
  EXPECT_FALSE(passes(R"({"contains": "b"})", "\"ac\""));
  EXPECT_TRUE(passes(R"({"contains": "b"})", "[\"a\", \"b\"]"));
  EXPECT_TRUE(passes(R"({"contains": 1})", "[2, 1.0]"));
  EXPECT_FALSE(passes(R"({"contains": 1})", "\"1\""));
  EXPECT_FALSE(passes(R"({"not": {"contains": 5}})", "[\"5\"]"));
  EXPECT_TRUE(passes(R"({"not": {"contains": 5}})", "[6]"));
  EXPECT_TRUE(passes(R"({"max_length": 2})", "\"äö\""));
  EXPECT_FALSE(passes(R"({"max_length": 2})", "\"a\\u0308ö\""));
  EXPECT_TRUE(passes(R"({"max_length": 1})", "\"😀\""));
  EXPECT_FALSE(passes(R"({"min_length": 2})", "\"😀\""));
  EXPECT_FALSE(passes(R"({"min_length": 0})", "5"));
}

TEST(Operators, RegularExpressionsMatchTheWhole) {
  EXPECT_TRUE(passes(R"({"matches": "[a-z]+"})", "\"abc\""));
  EXPECT_FALSE(passes(R"({"matches": "[a-z]+"})", "\"abc; rm\""));
  EXPECT_FALSE(passes(R"({"matches": "a|b"})", "\"ab\""));
  EXPECT_FALSE(passes(R"({"matches": ".*"})", "\"a\\nb\""));
  EXPECT_FALSE(passes(R"({"matches": "[a-z]+$"})", "\"abc\\n\""));
  EXPECT_FALSE(passes(R"({"matches": "5"})", "5"));
  EXPECT_TRUE(passes(R"({"matches": "\\p{L}."})", "\"äö\""));
}

TEST(Operators, RegularExpressionsAreLinear) {
  const std::string many(1'000'000, 'a');
  EXPECT_FALSE(passes(R"({"matches": "(a|aa)+(a*)*b"})", "\"" + many + "\""));
}

TEST(Operators, PathsAndUrls) {
  EXPECT_TRUE(passes(R"({"under": "/data"})", "\"/data/a/b\""));
  for (const char* value :
       {"\"/data\"", "\"/data/\"", "\"/data/../etc/passwd\"", "\"/database/x\"", "\"data/x\"",
        "\"/data/%2e%2e/x\"", "\"/data/a\\u0000\"", "\"/data//x\"", "5"}) {
    EXPECT_FALSE(passes(R"({"under": "/data"})", value)) << value;
    EXPECT_FALSE(passes(R"({"not": {"under": "/etc"}})", value) && value[1] != '/') << value;
  }
  EXPECT_FALSE(passes(R"({"not": {"under": "/etc"}})", "\"/data/../etc/passwd\""));
  EXPECT_TRUE(passes(R"({"not": {"under": "/etc"}})", "\"/data/x\""));
  EXPECT_EQ(
      reason(R"({"p": {"under": "/data"}})", R"({"p": "/data/../x"})"),
      "p must be beneath /data, is \"/data/../x\": \"/data/../x\" is not an absolute path without "
      "empty, . or .. segments, control characters and backslashes");
  constexpr const char* kHosts = R"({"host_in": ["example.com", "*.example.org"]})";
  EXPECT_TRUE(passes(kHosts, "\"https://example.com/x\""));
  EXPECT_TRUE(passes(kHosts, "\"https://a.example.org:8443\""));
  for (const char* value :
       {"\"https://evil.test/example.com\"", "\"https://example.com@evil.test\"",
        "\"https://example.org\"", "\"example.com\"", "\"https://example.com.evil.test\"", "1"}) {
    EXPECT_FALSE(passes(kHosts, value)) << value;
  }
  EXPECT_FALSE(passes(R"({"host_in": []})", "\"https://example.com\""));
  EXPECT_EQ(reason(R"({"p": {"host_in": ["a.b"]}})", R"({"p": "https://x@a.b/"})"),
            "p must be a URL at a.b, is \"https://x@a.b/\": the URL has user information");
}

TEST(Operators, NegationLetsNothingThroughThatIsUnclear) {
  EXPECT_TRUE(passes(R"({"not": {"eq": 5}})", "6"));
  for (const char* conditions :
       {R"({"not": {"eq": 5}})", R"({"not": {"gt": 5}})", R"({"not": {"in": [5]}})",
        R"({"not": {"in": []}})", R"({"not": {"any": []}})", R"({"not": {"host_in": []}})",
        R"({"not": {"starts_with": "a"}})", R"({"not": {"matches": "a"}})",
        R"({"not": {"under": "/a"}})", R"({"not": {"host_in": ["a.b"]}})",
        R"({"not": {"min_length": 3}})", R"({"not": {"not": {"gt": 5}}})",
        R"({"not": {"all": [{"gt": 5}, {"starts_with": "a"}]}})",
        R"({"not": {"any": [{"gt": 5}, {"lt": 1}]}})"}) {
    for (const char* value : {"true", "null", "{}"}) {
      EXPECT_FALSE(passes(conditions, value)) << conditions << value;
    }
  }
  EXPECT_FALSE(passes(R"({"not": {"host_in": ["evil.test"]}})", "\"https://x@evil.test\""));
  EXPECT_FALSE(passes(R"({"not": {"host_in": ["127.0.0.1"]}})", "\"http://2130706433/\""));
}

TEST(Operators, Combinations) {
  EXPECT_TRUE(passes(R"({"any": [{"eq": "a"}, {"gt": 5}]})", "6"));
  EXPECT_TRUE(passes(R"({"any": [{"eq": "a"}, {"gt": 5}]})", "\"a\""));
  EXPECT_FALSE(passes(R"({"any": [{"eq": "a"}, {"gt": 5}]})", "5"));
  EXPECT_FALSE(passes(R"({"any": []})", "5"));
  EXPECT_TRUE(passes(R"({"all": [{"gt": 1}, {"lt": 3}], "ne": 2.5})", "2"));
  EXPECT_FALSE(passes(R"({"all": [{"gt": 1}, {"lt": 3}], "ne": 2.5})", "2.5"));
  EXPECT_TRUE(passes(R"({"not": {"gt": 1, "lt": 3}})", "3"));
  EXPECT_FALSE(passes(R"({"not": {"gt": 1, "lt": 3}})", "2"));
}

TEST(Mistakes, EachIsFoundAndNamed) {
  EXPECT_EQ(mistakes(R"({"a": {"start_with": "x"}})"),
            "/where/a/start_with: there is no operator \"start_with\" -> starts_with");
  EXPECT_EQ(mistakes(R"({"a": {"lte": 1}})"), "/where/a/lte: there is no operator \"lte\" -> le");
  EXPECT_EQ(mistakes(R"({"a": {"<=": 1}})"), "/where/a/<=: there is no operator \"<=\" -> le");
  EXPECT_EQ(mistakes(R"({"a": {"frobnicate": 1}})"),
            "/where/a/frobnicate: there is no operator \"frobnicate\"");
  EXPECT_EQ(mistakes(R"({"a/b": {"gt": "1"}, "c": {"in": "x", "max_length": -1}})"),
            "/where/a~1b/gt: this needs a number\n/where/c/in: this needs a list of values\n"
            "/where/c/max_length: this needs a whole number, zero or more");
  EXPECT_EQ(mistakes(R"({"a": {"any": [{"eq": 1}, {"qe": 2}]}})"),
            "/where/a/any/1/qe: there is no operator \"qe\" -> eq");
}

TEST(Mistakes, WhatSaysNothingIsOne) {
  for (const char* where : {"[]",
                            "null",
                            "\"x\"",
                            R"({"a": {}})",
                            R"({"a": 5})",
                            R"({"a": null})",
                            R"({"a": []})",
                            R"({"": {"eq": 1}})",
                            R"({"a/": {"eq": 1}})",
                            R"({"/a": {"eq": 1}})",
                            R"({"a~2": {"eq": 1}})",
                            R"({"*": {"eq": 1}})",
                            R"({"a": {"optional": true}})",
                            R"({"a": {"optional": 1, "eq": 1}})",
                            R"({"a": {"exists": "yes"}})",
                            R"({"a": {"exists": true, "optional": true}})",
                            R"({"a": {"exists": false, "eq": 1}})",
                            R"({"a": {"ne": null}})",
                            R"({"a": {"not_in": []}})",
                            R"({"a": {"not_in": 1}})",
                            R"({"a": {"all": []}})",
                            R"({"a": {"all": {"eq": 1}}})",
                            R"({"a": {"any": [{}]}})",
                            R"({"a": {"any": [1]}})",
                            R"({"a": {"not": {}}})",
                            R"({"a": {"not": []}})",
                            R"({"a": {"not": {"exists": true}}})",
                            R"({"a": {"any": [{"optional": true}]}})",
                            R"({"a": {"starts_with": ""}})",
                            R"({"a": {"ends_with": 1}})",
                            R"({"a": {"contains": ""}})",
                            R"({"a": {"contains": null}})",
                            R"({"a": {"min_length": 1.5}})",
                            R"({"a": {"min_length": "1"}})",
                            R"({"a": {"max_length": 1e3}})",
                            R"({"a": {"matches": "("}})",
                            R"x({"a": {"matches": "(?=a)"}})x",
                            R"({"a": {"matches": "(a)\\1"}})",
                            R"({"a": {"matches": 1}})",
                            R"x({"a": {"matches": "(((a{100}){100}){100})"}})x",
                            R"({"a": {"under": "data"}})",
                            R"({"a": {"under": "/data/"}})",
                            R"({"a": {"under": 1}})",
                            R"({"a": {"host_in": "a.b"}})",
                            R"({"a": {"host_in": [1]}})",
                            R"({"a": {"host_in": ["https://a.b"]}})",
                            R"({"a": {"lt": null}})",
                            R"({"a/*": {"eq": 1}, "a/0": {"eq": 1}})",
                            R"({"a/*": {"eq": 1}, "a/b": {"eq": 1}})"}) {
    EXPECT_NE(mistakes(where), "") << where;
  }
}

TEST(Mistakes, BoundsAreReached) {
  std::string many = R"({"a": {"any": [{"eq": 1})";
  for (int i = 0; i < 4096; ++i) many += R"(,{"eq": 1})";
  EXPECT_EQ(mistakes(many + "]}}"),
            "/where/a/any/4095/eq: there are more than 4096 conditions\n"
            "/where/a/any/4096/eq: there are more than 4096 conditions");
  EXPECT_EQ(mistakes(R"({"a": {"matches": ")" + std::string(4097, 'a') + "\"}}"),
            "/where/a/matches: this needs a regular expression of at most 4096 bytes");
  std::string deep = "a";
  for (int i = 1; i < 32; ++i) deep += "/a";
  EXPECT_EQ(mistakes("{\"" + deep + "\": {\"eq\": 1}}"), "");
  EXPECT_NE(mistakes("{\"" + deep + "/a\": {\"eq\": 1}}"), "");
}

TEST(Mistakes, StandWhereTheyAre) {
  const std::string text = "{\"a\": {\n  \"gt\": \"x\"}}";
  auto caveat = compile_where(read_json(text).value(), Others::kRefuse);
  ASSERT_FALSE(caveat.ok());
  const TextPosition at = position_of(text, caveat.error()[0].offset);
  EXPECT_EQ(at.line, 2u);
  EXPECT_EQ(at.column, 9u);
}

TEST(Where, HostileTextIsMadePrintable) {
  const std::string text = reason("{}", "{\"\\u001b[2J\\n\\u202e\": 1}");
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_LT(reason("{}", "{\"" + std::string(100'000, 'a') + "\": 1}").size(), 300u);
  EXPECT_LT(reason(R"({"a": {"eq": 1}})", "{\"a\": \"" + std::string(100'000, 'x') + "\"}").size(),
            300u);
}

TEST(Where, KnowsItsMemory) {
  EXPECT_GT(compile(R"({"a": {"matches": "a+"}})")->bytes(),
            static_cast<size_t>(kMaxPatternMemory));
  EXPECT_LT(compile(R"({"a": {"eq": 1}})")->bytes(), 4096u);
}

}  // namespace
}  // namespace cloche::cap
