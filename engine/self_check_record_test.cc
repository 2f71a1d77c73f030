// The note that the self-check passed: when it stands in for the check, and when not.
#include "engine/self_check_record.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "engine/engine_impl.h"
#include "engine/testing/fixture.h"

namespace cloche::engine {
namespace {

namespace fs = std::filesystem;

class SelfCheckRecordTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/cloche-record-test-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::vector<fs::path> files(const std::string& suffix) {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      if (entry.path().string().ends_with(suffix)) found.push_back(entry.path());
    }
    return found;
  }
  fs::path record() {
    const auto found = files(".checked");
    EXPECT_EQ(found.size(), 1u);
    return found.empty() ? fs::path() : found[0];
  }
  // Makes an engine. Did that run the self-check? Its guest is compiled into the cache, from which
  // it is removed first.
  bool checks() {
    for (const char* suffix : {".meta", ".code"}) {
      for (const fs::path& path : files(suffix)) fs::remove(path);
    }
    EngineOptions options;
    options.host_functions = mini_kernel_functions();
    options.cache_dir = folder_;
    auto engine = Engine::create(options);
    if (!engine.ok()) ADD_FAILURE() << engine.error().message;
    return !files(".meta").empty();
  }

  std::string folder_;
};

TEST_F(SelfCheckRecordTest, StandsInForTheCheck) {
  EXPECT_TRUE(checks());
  EXPECT_FALSE(checks());
  struct stat status;
  ASSERT_EQ(stat(record().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(SelfCheckRecordTest, ProbeTriesAllTheSame) {
  EXPECT_TRUE(checks());
  fs::remove(files(".meta").front());
  EXPECT_GE(Engine::probe(folder_).size(), 15u);
  EXPECT_FALSE(files(".meta").empty());
}

TEST_F(SelfCheckRecordTest, AFlippedBitAnywhereCountsAsNone) {
  EXPECT_TRUE(checks());
  const auto size = static_cast<std::streamoff>(fs::file_size(record()));
  for (std::streamoff at : {std::streamoff{0}, size / 3, size / 2, size - 1}) {
    std::fstream file(record(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const char byte = static_cast<char>(file.get());
    file.seekp(at);
    file.put(static_cast<char>(byte ^ 4));
    file.close();
    EXPECT_TRUE(checks()) << at;
    EXPECT_FALSE(checks()) << at;
  }
}

TEST_F(SelfCheckRecordTest, AShorterOrLongerFileCountsAsNone) {
  EXPECT_TRUE(checks());
  const auto size = fs::file_size(record());
  for (auto other : {size - size, size - 1, size + 1}) {
    fs::resize_file(record(), other);
    EXPECT_TRUE(checks()) << other;
    EXPECT_FALSE(checks()) << other;
  }
}

TEST_F(SelfCheckRecordTest, WhatOthersCouldHaveWrittenCountsAsNone) {
  EXPECT_TRUE(checks());
  for (mode_t mode : {0620u, 0602u, 0666u}) {
    ASSERT_EQ(chmod(record().c_str(), mode), 0);
    EXPECT_TRUE(checks());
    EXPECT_FALSE(checks());
  }
  const fs::path path = record();
  fs::rename(path, folder_ + "/elsewhere");
  fs::create_symlink(folder_ + "/elsewhere", path);
  EXPECT_TRUE(checks());
}

TEST_F(SelfCheckRecordTest, AnotherUsersFileCountsAsNone) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to give a file away";
  EXPECT_TRUE(checks());
  ASSERT_EQ(chown(record().c_str(), 12345, 12345), 0);
  EXPECT_TRUE(checks());
}

// The record of one set of conditions says nothing about another.
TEST_F(SelfCheckRecordTest, HoldsForItsConditionsOnly) {
  auto fast = PageScanner::create(PageScanner::Method::kPagemap);
  ASSERT_TRUE(fast.ok());
  const std::string conditions = self_check_conditions(1, **fast);
  for (const char* part :
       {"\nbuild ", "\nengine wasmtime ", "\nkernel Linux ", "\npage scan ", "\nshadow stack "}) {
    EXPECT_NE(conditions.find(part), std::string::npos) << part;
  }
  EXPECT_NE(conditions, self_check_conditions(2, **fast));
  auto cache = CodeCache::open(folder_);
  ASSERT_TRUE(cache.ok());
  SelfCheckRecord(cache->get(), 1, **fast).keep();
  EXPECT_TRUE(SelfCheckRecord(cache->get(), 1, **fast).passed());
  EXPECT_FALSE(SelfCheckRecord(cache->get(), 2, **fast).passed());
  EXPECT_FALSE(SelfCheckRecord(nullptr, 1, **fast).passed());
  // Under the name of other conditions, too.
  const fs::path first = record();
  SelfCheckRecord(cache->get(), 2, **fast).keep();
  for (const fs::path& path : files(".checked")) {
    if (path != first) fs::copy_file(first, path, fs::copy_options::overwrite_existing);
  }
  EXPECT_FALSE(SelfCheckRecord(cache->get(), 2, **fast).passed());
}

}  // namespace
}  // namespace cloche::engine
