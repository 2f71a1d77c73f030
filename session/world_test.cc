#include "session/world.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace cloche::session {
namespace {

class WorldTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/cloche-world-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
    mkdir((folder_ + "/sub").c_str(), 0755);
    std::ofstream(folder_ + "/file") << "text";
  }
  void TearDown() override {
    unlink((folder_ + "/file").c_str());
    rmdir((folder_ + "/sub").c_str());
    EXPECT_EQ(rmdir(folder_.c_str()), 0) << "something was made on the host";
  }

  Expected<World> build(const std::vector<Mount>& mounts, const std::string& user = "user") {
    return build_world({.packs = nullptr,
                        .mounts = mounts,
                        .open = open_host_mount,
                        .user = user,
                        .disk = 1 << 20,
                        .inodes = 100,
                        .clock = clock_});
  }
  std::string refusal(const std::vector<Mount>& mounts) {
    auto world = build(mounts);
    return world ? "accepted" : world.error().message;
  }
  static vfs::SysResult<vfs::Stat> stat(const World& world, const std::string& path) {
    const auto found = world.names->walk(world.names->root(), path, {}, vfs::kFollowLast);
    if (!found.ok()) return found.error();
    return found.value().inode->stat();
  }

  std::string folder_;
  HostClock host_clock_;
  RoundedClock clock_{host_clock_, 1};
};

TEST_F(WorldTest, TheSkeleton) {
  auto world = build({});
  ASSERT_TRUE(world) << world.error().message;
  EXPECT_EQ(world->home, "/home/user");
  EXPECT_EQ(stat(*world, "/").value().uid, 0u);
  EXPECT_EQ(stat(*world, "/").value().mode, 0755u);
  EXPECT_EQ(stat(*world, "/tmp").value().mode, 01777u);
  EXPECT_EQ(stat(*world, "/var/tmp").value().ino, stat(*world, "/tmp").value().ino);
  EXPECT_EQ(stat(*world, "/home/user").value().uid, kUserId);
  EXPECT_TRUE(stat(*world, "/dev").ok());
  EXPECT_TRUE(stat(*world, "/proc").ok());
}

TEST_F(WorldTest, TheUserOwnsNothingElse) {
  auto world = build({});
  ASSERT_TRUE(world);
  const vfs::Credentials user{.uid = kUserId, .gid = kUserId, .groups = {}};
  for (const char* path : {"/", "/home", "/dev", "/run", "/run/cloche", "/var"}) {
    const auto found = world->names->walk(world->names->root(), path, user, vfs::kFollowLast);
    ASSERT_TRUE(found.ok()) << path;
    EXPECT_FALSE(vfs::may_access(*found.value().inode, user, vfs::kWrite).ok()) << path;
  }
}

TEST_F(WorldTest, MountPointsAreMadeInMemory) {
  auto world = build({{folder_, "/a/b/c"}, {folder_ + "/file", "/home/user/x/file"}});
  ASSERT_TRUE(world) << world.error().message;
  EXPECT_TRUE(stat(*world, "/a/b/c/file").ok());
  EXPECT_EQ(stat(*world, "/a/b").value().uid, 0u);
  EXPECT_EQ(stat(*world, "/home/user/x").value().uid, kUserId);
  EXPECT_EQ(stat(*world, "/home/user/x/file").value().size, 4u);
}

TEST_F(WorldTest, AMountMayTakeThePlaceOfTheHome) {
  auto world = build({{folder_, "/home/user"}});
  ASSERT_TRUE(world);
  EXPECT_TRUE(stat(*world, "/home/user/file").ok());
}

TEST_F(WorldTest, Refusals) {
  EXPECT_NE(refusal({{folder_, "a"}}).find("absolute"), std::string::npos);
  EXPECT_NE(refusal({{folder_, ""}}).find("absolute"), std::string::npos);
  EXPECT_NE(refusal({{folder_, "/"}}).find("root"), std::string::npos);
  EXPECT_NE(refusal({{folder_, "/a/../b"}}).find("'..'"), std::string::npos);
  EXPECT_NE(refusal({{folder_, std::string("/a\0b", 4)}}).find("NUL"), std::string::npos);
  EXPECT_NE(refusal({{std::string("/a\0b", 4), "/a"}}).find("NUL"), std::string::npos);
  EXPECT_NE(refusal({{"", "/a"}}).find("empty"), std::string::npos);
  EXPECT_NE(refusal({{folder_, "/a"}, {folder_, "//a/."}}).find("another mount"),
            std::string::npos);
  EXPECT_NE(refusal({{folder_, "/a"}, {folder_, "/a/new"}}).find("cannot be made"),
            std::string::npos);
  EXPECT_NE(refusal({{folder_ + "/file", "/tmp"}}).find("folder of the sandbox"),
            std::string::npos);
  EXPECT_NE(refusal({{folder_, "/a"}, {folder_, "/a/file"}}).find("file in the sandbox"),
            std::string::npos);
  EXPECT_NE(refusal({{folder_ + "/none", "/a"}}).find(folder_ + "/none"), std::string::npos);
}

TEST_F(WorldTest, UserNames) {
  EXPECT_TRUE(build({}, "a_b-9"));
  for (const char* name : {"", "root", "nobody", "A", "9a", "a b", "a/b", "..", "a:b", "a\nb"}) {
    EXPECT_FALSE(build({}, name)) << name;
  }
  EXPECT_FALSE(build({}, std::string(33, 'a')));
}

TEST_F(WorldTest, ModulesArePlacedUnderTheirName) {
  auto world = build({});
  ASSERT_TRUE(world);
  EXPECT_EQ(*place_module(*world, "/x/prog.wasm", {1, 2, 3}), "/run/cloche/prog.wasm");
  EXPECT_EQ(stat(*world, "/run/cloche/prog.wasm").value().size, 3u);
  EXPECT_EQ(*place_module(*world, "prog.wasm", {1}), "/run/cloche/prog.wasm");
  EXPECT_EQ(stat(*world, "/run/cloche/prog.wasm").value().size, 1u);
  EXPECT_EQ(*place_module(*world, "..", {}), "/run/cloche/module");
  EXPECT_EQ(*place_module(*world, "a/", {}), "/run/cloche/module");
  EXPECT_EQ(*place_module(*world, std::string(300, 'n'), {}), "/run/cloche/module");
  EXPECT_EQ(*place_module(*world, std::string("a\0b", 3), {}), "/run/cloche/module");
}

}  // namespace
}  // namespace cloche::session
