// Where an installation has what a host needs.
#include <cstdio>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "capi/capi_testing.h"

namespace {

namespace fs = std::filesystem;

using cloche::capi::testing::take;

// The environment when nothing says where anything is; that of before comes back at the end.
class LocationsTest : public testing::Test {
 protected:
  LocationsTest() {
    for (const char* name : kNames) {
      const char* const value = std::getenv(name);
      before_.emplace_back(name,
                           value == nullptr ? std::nullopt : std::optional<std::string>(value));
      unsetenv(name);
    }
    setenv("HOME", "/home/somebody", 1);
  }
  ~LocationsTest() override {
    for (const auto& [name, value] : before_) {
      if (value) {
        setenv(name, value->c_str(), 1);
      } else {
        unsetenv(name);
      }
    }
  }

 private:
  static constexpr const char* kNames[] = {"CLOCHE_PACK", "CLOCHE_CACHE_DIR", "XDG_CACHE_HOME",
                                           "HOME"};
  std::vector<std::pair<const char*, std::optional<std::string>>> before_;
};

TEST_F(LocationsTest, Versions) {
  EXPECT_STREQ(cloche_version(), CLOCHE_VERSION_STRING);
  EXPECT_EQ(cloche_abi_version(), CLOCHE_ABI_VERSION);
  EXPECT_EQ(CLOCHE_VERSION_NUMBER % 100, CLOCHE_VERSION_PATCH);
}

TEST_F(LocationsTest, ThePackIsNamedOrBesideOrInShare) {
  const fs::path beside = fs::read_symlink("/proc/self/exe").parent_path();
  const fs::path share = beside / ".." / "share" / "cloche";
  EXPECT_EQ(take(cloche_default_pack()), (beside / "cloche.pack").string());  // not there

  fs::create_directories(share);
  std::fclose(std::fopen((share / "cloche.pack").c_str(), "w"));
  EXPECT_EQ(take(cloche_default_pack()), (share / "cloche.pack").string());
  fs::remove_all(beside / ".." / "share");

  setenv("CLOCHE_PACK", "some/other.pack", 1);
  EXPECT_EQ(take(cloche_default_pack()), "some/other.pack");
  setenv("CLOCHE_PACK", "", 1);  // as if it were not there
  EXPECT_EQ(take(cloche_default_pack()), (beside / "cloche.pack").string());
}

TEST_F(LocationsTest, TheCacheIsNamedOrOfTheUser) {
  EXPECT_EQ(take(cloche_default_cache_dir()), "/home/somebody/.cache/cloche/code");
  setenv("XDG_CACHE_HOME", "relative", 1);  // to be ignored
  EXPECT_EQ(take(cloche_default_cache_dir()), "/home/somebody/.cache/cloche/code");
  setenv("XDG_CACHE_HOME", "/var/cache", 1);
  EXPECT_EQ(take(cloche_default_cache_dir()), "/var/cache/cloche/code");
  setenv("CLOCHE_CACHE_DIR", "/elsewhere", 1);
  EXPECT_EQ(take(cloche_default_cache_dir()), "/elsewhere");
  for (const char* name : {"CLOCHE_CACHE_DIR", "XDG_CACHE_HOME", "HOME"}) unsetenv(name);
  EXPECT_EQ(cloche_default_cache_dir(), nullptr);
}

}  // namespace
