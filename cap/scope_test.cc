#include "cap/scope.h"

#include <gtest/gtest.h>

namespace cloche::cap {
namespace {

bool matches(const char* pattern, std::string_view name) {
  return Scope::tools(pattern).value().matches(Kind::kTool, name);
}

TEST(ToolName, HasOneForm) {
  for (const char* name : {"a", "get_price", "payments/transfer", "mcp.files/read-1", "0/1", "a..b",
                           "getPrice", "A"}) {
    EXPECT_TRUE(parse_tool_name(name).ok()) << name;
  }
  for (const char* name :
       {"",   "/",  "/a",   "a/", "a//b", ".",  "..", "a/.", "a/../b",     "a b",   "a\n",  "-a",
        "_a", ".a", "a\\b", "*",  "a/*",  "**", "a*", "é",   "p\xd0\xb0y", "a%2fb", "a\xff"}) {
    EXPECT_FALSE(parse_tool_name(name).ok()) << name;
  }
  EXPECT_FALSE(parse_tool_name(std::string_view("a\0b", 3)).ok());
  EXPECT_TRUE(parse_tool_name(std::string(255, 'a')).ok());
  EXPECT_FALSE(parse_tool_name(std::string(256, 'a')).ok());
  EXPECT_TRUE(parse_tool_name("1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16").ok());
  EXPECT_FALSE(parse_tool_name("1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17").ok());
}

TEST(ToolName, CaseCountsAndCanBeFolded) {
  EXPECT_FALSE(matches("getPrice", "getprice"));
  EXPECT_TRUE(matches("getPrice", "getPrice"));
  EXPECT_EQ(fold_case("Bank/getPrice-1"), "bank/getprice-1");
}

TEST(Scope, MatchesSegments) {
  EXPECT_TRUE(matches("a/b", "a/b"));
  EXPECT_FALSE(matches("a/b", "a/c"));
  EXPECT_FALSE(matches("a/b", "a"));
  EXPECT_FALSE(matches("a", "a/b"));
  EXPECT_TRUE(matches("a/*", "a/b"));
  EXPECT_FALSE(matches("a/*", "a"));
  EXPECT_FALSE(matches("a/*", "a/b/c"));
  EXPECT_FALSE(matches("*", "a/b"));
  EXPECT_TRUE(matches("*/b", "a/b"));
}

TEST(Scope, MatchesAnyNumberOfSegments) {
  EXPECT_TRUE(matches("**", "a"));
  EXPECT_TRUE(matches("**", "a/b/c"));
  EXPECT_TRUE(matches("a/**", "a"));
  EXPECT_TRUE(matches("a/**", "a/b/c"));
  EXPECT_FALSE(matches("a/**", "b/a"));
  EXPECT_FALSE(matches("a/**", "ab"));
  EXPECT_TRUE(matches("**/z", "z"));
  EXPECT_TRUE(matches("**/z", "a/b/z"));
  EXPECT_FALSE(matches("**/z", "a/z/b"));
  EXPECT_TRUE(matches("a/**/m/*/z", "a/b/m/c/m/d/z"));
  EXPECT_FALSE(matches("a/**/m/*/z", "a/m/z"));
  EXPECT_TRUE(matches("**/**", "a"));
  EXPECT_FALSE(matches("*/**/*", "a"));
}

TEST(Scope, NeverMatchesWhatIsNotCanonical) {
  for (const char* name : {"", "/", "a/", "/a", "a//b", "a/..", "é", "a\nb"}) {
    EXPECT_FALSE(matches("**", name)) << name;
    EXPECT_FALSE(matches("*/*", name)) << name;
  }
}

TEST(Scope, ManyWildcardsStayQuick) {
  EXPECT_FALSE(matches("**/a/**/a/**/a/**/a/**/a/**/a/**/b", "a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a"));
}

TEST(Scope, RefusesOddPatterns) {
  for (const char* pattern : {"", "a*", "***", "a/*b", "?", "a/[b]", "a//b", "a/", "{a,b}"}) {
    EXPECT_FALSE(Scope::tools(pattern).ok()) << pattern;
  }
}

TEST(Scope, TreesHoldWhatIsBeneath) {
  const Scope data = Scope::tree("/data").value();
  EXPECT_TRUE(data.matches(Kind::kTree, "/data"));
  EXPECT_TRUE(data.matches(Kind::kTree, "/data/a b/ü"));
  EXPECT_FALSE(data.matches(Kind::kTree, "/database"));
  EXPECT_FALSE(data.matches(Kind::kTree, "/"));
  for (const char* path : {"/data/", "/data//a", "/data/./a", "/data/../etc", "data", "",
                           "/data/a\\b", "/data/a\nb"}) {
    EXPECT_FALSE(data.matches(Kind::kTree, path)) << path;
  }
  EXPECT_FALSE(data.matches(Kind::kTree, std::string_view("/data/a\0b", 9)));
  EXPECT_TRUE(Scope::tree("/").value().matches(Kind::kTree, "/etc/passwd"));
  EXPECT_FALSE(Scope::tree("/a/../b").ok());
  EXPECT_FALSE(Scope::tree("/" + std::string(4096, 'a')).ok());
}

TEST(Scope, KindsDoNotMix) {
  EXPECT_FALSE(Scope::tools("**").value().matches(Kind::kTree, "/a"));
  EXPECT_FALSE(Scope::tree("/").value().matches(Kind::kTool, "a"));
}

TEST(Scope, KnowsWhatAnIndexNeeds) {
  EXPECT_EQ(Scope::tools("a/b").value().only_name(), "a/b");
  EXPECT_EQ(Scope::tools("a/*").value().only_name(), "");
  EXPECT_EQ(Scope::tools("a/*").value().first_segment(), "a");
  EXPECT_EQ(Scope::tools("**/a").value().first_segment(), "");
  EXPECT_EQ(Scope::tree("/a/b").value().only_name(), "");
  EXPECT_EQ(Scope::tree("/a/b").value().first_segment(), "a");
  EXPECT_EQ(Scope::tree("/").value().first_segment(), "");
}

}  // namespace
}  // namespace cloche::cap
