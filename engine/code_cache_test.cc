// The cache of compiled code: hits, damage, strangers.
#include "engine/code_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "engine/engine_impl.h"
#include "engine/testing/fixture.h"

namespace cloche::engine {
namespace {

class CodeCacheTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/cloche-cache-test-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    root_ = name;
    folder_ = root_ + "/a/b";
    bytes_ = guest(R"((memory 1) (data (i32.const 8) "\2a")
      (func (export "_start") (call $exit (i32.load (i32.const 8)))))");
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::unique_ptr<Engine> make_engine() {
    EngineOptions options;
    options.host_functions = mini_kernel_functions();
    options.cache_dir = folder_;
    // Without the self-check, which uses the cache for its own guest.
    auto engine = EngineImpl::create_untested(options);
    if (!engine.ok()) ADD_FAILURE() << engine.error().message;
    CHECK(engine.ok());
    return std::move(engine).value();
  }
  // Loads and runs the module in a new engine.
  EngineStats use() {
    auto engine = make_engine();
    auto module = engine->load(bytes_, {});
    EXPECT_TRUE(module.ok());
    if (module.ok()) {
      MiniKernel kernel(*engine);
      EXPECT_TRUE(kernel.start(*module, {}).ok());
      EXPECT_EQ(kernel.run(), 42);
    }
    return engine->stats();
  }
  void expect_miss() {
    EngineStats stats = use();
    EXPECT_EQ(stats.compiles, 1u);
    EXPECT_EQ(stats.cache_hits, 0u);
  }
  void expect_hit() {
    EngineStats stats = use();
    EXPECT_EQ(stats.compiles, 0u);
    EXPECT_EQ(stats.cache_hits, 1u);
    EXPECT_EQ(stats.cache_rejects, 0u);
  }
  void expect_rejection() {
    EngineStats stats = use();
    EXPECT_EQ(stats.compiles, 1u);
    EXPECT_EQ(stats.cache_rejects, 1u);
  }
  std::string file(const std::string& suffix) {
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      if (entry.path().string().ends_with(suffix)) return entry.path();
    }
    ADD_FAILURE() << "no file *" << suffix;
    return "";
  }
  static void flip_bit(const std::string& path, size_t at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    char byte = static_cast<char>(file.get());
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(byte ^ 4));
  }

  std::string root_, folder_;
  std::vector<uint8_t> bytes_;
};

TEST_F(CodeCacheTest, TheSecondEngineCompilesNothing) {
  expect_miss();
  expect_hit();
}

TEST_F(CodeCacheTest, AModuleIsFoundWithoutItsBytes) {
  ModuleHash hash = (*make_engine()->load(bytes_, {}))->hash();
  auto engine = make_engine();
  ModuleRef module = engine->find(hash);
  ASSERT_NE(module, nullptr);
  EXPECT_EQ(module->imports().size(), 10u);
  MiniKernel kernel(*engine);
  ASSERT_TRUE(kernel.start(module, {}).ok());
  EXPECT_EQ(kernel.run(), 42);
}

TEST_F(CodeCacheTest, FilesAndFolderAreOursAlone) {
  use();
  struct stat status;
  ASSERT_EQ(stat(folder_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  for (const char* suffix : {".meta", ".code"}) {
    ASSERT_EQ(stat(file(suffix).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 2);
}

TEST_F(CodeCacheTest, AFlippedBitAnywhereIsRejectedAndRepaired) {
  use();
  for (const char* suffix : {".meta", ".code"}) {
    const size_t size = std::filesystem::file_size(file(suffix));
    for (size_t at : {size_t{0}, size_t{9}, size / 3, size / 2, size - 1}) {
      flip_bit(file(suffix), at);
      expect_rejection();
      expect_hit();
    }
  }
}

TEST_F(CodeCacheTest, ATruncatedOrEmptyFileIsRejected) {
  use();
  for (const char* suffix : {".meta", ".code"}) {
    for (size_t size : {size_t{0}, size_t{1}, std::filesystem::file_size(file(suffix)) - 1}) {
      std::filesystem::resize_file(file(suffix), size);
      expect_rejection();
      expect_hit();
    }
  }
}

TEST_F(CodeCacheTest, AMissingCodeFileIsRejected) {
  use();
  std::filesystem::remove(file(".code"));
  expect_rejection();
  expect_hit();
}

TEST_F(CodeCacheTest, AFileThatOthersCouldWriteIsRejected) {
  use();
  for (const char* suffix : {".meta", ".code"}) {
    for (mode_t mode : {0620u, 0602u, 0666u}) {
      ASSERT_EQ(chmod(file(suffix).c_str(), mode), 0);
      expect_rejection();
      expect_hit();
    }
  }
}

TEST_F(CodeCacheTest, AFileOfAnotherUserIsRejected) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to give a file away";
  use();
  ASSERT_EQ(chown(file(".code").c_str(), 12345, 12345), 0);
  expect_rejection();
  expect_hit();
}

TEST_F(CodeCacheTest, ASymbolicLinkIsRejected) {
  use();
  const std::string code = file(".code");
  std::filesystem::rename(code, root_ + "/elsewhere");
  std::filesystem::create_symlink(root_ + "/elsewhere", code);
  expect_rejection();
  expect_hit();
}

TEST_F(CodeCacheTest, AFolderThatOthersCouldWriteIsRefused) {
  use();
  for (mode_t mode : {0770u, 0707u, 0777u, 01777u}) {
    ASSERT_EQ(chmod(folder_.c_str(), mode), 0);
    auto cache = CodeCache::open(folder_);
    ASSERT_FALSE(cache.ok());
    EXPECT_EQ(cache.error().code, Code::kPermissionDenied);
    EXPECT_NE(cache.error().message.find(folder_), std::string::npos);
  }
  ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);  // readable by others is no danger
  EXPECT_TRUE(CodeCache::open(folder_).ok());
}

TEST_F(CodeCacheTest, BadFolders) {
  EXPECT_EQ(CodeCache::open("relative").error().code, Code::kInvalidArgument);
  EXPECT_EQ(CodeCache::open("").error().code, Code::kInvalidArgument);
  std::ofstream(root_ + "/file") << "x";
  EXPECT_FALSE(CodeCache::open(root_ + "/file").ok());
  EXPECT_FALSE(CodeCache::open(root_ + "/file/below").ok());
}

TEST_F(CodeCacheTest, AFullOrVanishedFolderOnlyCostsTime) {
  auto engine = make_engine();
  std::filesystem::remove_all(root_);
  auto module = engine->load(bytes_, {});
  EXPECT_TRUE(module.ok());
}

TEST_F(CodeCacheTest, ManyEnginesAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([this] { use(); });
  for (std::thread& thread : threads) thread.join();
  expect_hit();
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 2);
}

TEST_F(CodeCacheTest, OneEngineCompilesAModuleOnce) {
  auto engine = make_engine();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { EXPECT_TRUE(engine->load(bytes_, {}).ok()); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(engine->stats().compiles, 1u);
}

}  // namespace
}  // namespace cloche::engine
