#include "cap/caveats/file_path.h"

#include <gtest/gtest.h>

namespace cloche::cap {
namespace {

TEST(FilePath, MustBeCanonical) {
  for (const char* path :
       {"/", "/a", "/a/b.c", "/a/..b", "/a/.hidden", "/a/b c", "/a/ü", "/100%"}) {
    EXPECT_TRUE(check_path_parameter(path).ok()) << path;
  }
  for (const char* path :
       {"", "a", "./a", "~/a", "/a/", "//a", "/a//b", "/.", "/a/./b", "/..", "/a/../b", "/a/..",
        "/a\\b", "/a\nb", "/a\x7f", "/a/%2e%2e/b", "/a%2Fb", "/a%00", "file:///a"}) {
    EXPECT_FALSE(check_path_parameter(path).ok()) << path;
  }
  EXPECT_FALSE(check_path_parameter(std::string_view("/a\0/b", 5)).ok());
}

TEST(FilePath, IsBeneathBySegments) {
  EXPECT_TRUE(is_beneath("/data/a", "/data"));
  EXPECT_TRUE(is_beneath("/data/a/b", "/data"));
  EXPECT_FALSE(is_beneath("/data", "/data"));
  EXPECT_FALSE(is_beneath("/database/a", "/data"));
  EXPECT_FALSE(is_beneath("/etc/data/a", "/data"));
  EXPECT_TRUE(is_beneath("/a", "/"));
  EXPECT_FALSE(is_beneath("/", "/"));
}

}  // namespace
}  // namespace cloche::cap
