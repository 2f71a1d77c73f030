#include "vfs/pack_set.h"

#include <unistd.h>

#include <fstream>
#include <set>

#include "vfs/pack_builder.h"
#include "vfs/packfs.h"
#include "vfs/test_tree.h"

namespace cloche::vfs {
namespace {

std::shared_ptr<PackImage> core() {
  const std::string bytes = PackBuilder::sample("big").bytes();
  return PackImage::open(pack_in_memory({bytes.begin(), bytes.end()})).value();
}

// /bin/{new,sh}, /etc/extra/{a,up}: `paths` is the inside of the manifest's array.
PackBuilder added_builder(const std::string& paths, const std::string& content = "#!new") {
  PackBuilder b;
  b.nodes.push_back(b.node("", 0040755, 0, 1, 2));
  b.nodes.push_back(b.node("bin", 0040755, 0, 3, 2));
  b.nodes.push_back(b.node("etc", 0040755, 0, 5, 1));
  b.nodes.push_back(b.node("new", 0100755, 1, b.blob(content), 0));
  b.nodes.push_back(b.node("sh", 0100755, 1, b.blob("#!evil"), 0));
  b.nodes.push_back(b.node("extra", 0040755, 2, 6, 2));
  b.nodes.push_back(b.node("a", 0100644, 5, b.blob("text"), 0));
  const uint32_t target = b.string("../../bin/sh");
  b.nodes.push_back(b.node("up", 0120777, 5, target, 12));
  b.manifest = R"({"format": 1, "paths": [)" + paths + R"(], "programs": []})";
  return b;
}

constexpr char kPaths[] = R"("/bin/new", "/etc/extra")";

Result<std::shared_ptr<const AddedPack>> open_added(const std::string& bytes,
                                                    const char* name = "added.pack") {
  return AddedPack::open(pack_in_memory({bytes.begin(), bytes.end()}), name);
}

std::shared_ptr<const AddedPack> added(const std::string& paths, const char* name = "added.pack") {
  return open_added(added_builder(paths).bytes(), name).value();
}

// The tree of the core and these, and what was said about packs left out.
struct Tree {
  explicit Tree(std::vector<std::shared_ptr<const AddedPack>> packs)
      : set(PackSet::create(core(), std::move(packs), &refused)), t(make_packfs(set, 5)) {}
  std::vector<std::string> refused;
  std::shared_ptr<const PackSet> set;
  TestSpace t;
};

TEST(PackSetTest, ShowsBothAsOneTree) {
  Tree tree({added(kPaths)});
  EXPECT_TRUE(tree.refused.empty());
  EXPECT_EQ(names_in(*tree.t.inode("/bin")), (std::vector<std::string>{"big", "sh", "new"}));
  EXPECT_EQ(names_in(*tree.t.inode("/etc")), (std::vector<std::string>{"link", "motd", "extra"}));
  EXPECT_EQ(names_in(*tree.t.inode("/etc/extra")), (std::vector<std::string>{"a", "up"}));
  EXPECT_EQ(tree.t.read("/bin/new"), "#!new");
  EXPECT_EQ(tree.t.read("/etc/extra/a"), "text");
  EXPECT_EQ(tree.t.read("/etc/extra/up"), "#!shell");
  EXPECT_EQ(tree.t.read("/etc/extra/../motd"), "");
  EXPECT_EQ(tree.t.read("/bin/none"), "!ENOENT");
  EXPECT_EQ(tree.t.space.path_of(*tree.t.walk("/etc/extra/../extra")).value(), "/etc/extra");
  EXPECT_EQ(tree.t.inode("/etc/extra")->parent(), tree.t.inode("/etc"));
  EXPECT_EQ(tree.t.write("/etc/extra/a", ""), "EROFS");
  EXPECT_EQ(tree.t.stat("/etc").nlink, 1u);
  EXPECT_EQ(tree.t.stat("/").nlink, 5u);
}

TEST(PackSetTest, FilesOfTwoPacksAreTwoFiles) {
  Tree tree({added(kPaths)});
  std::set<uint64_t> numbers;
  for (const char* path : {"/bin", "/bin/big", "/bin/sh", "/bin/new", "/etc", "/etc/extra",
                           "/etc/extra/a", "/etc/motd"}) {
    EXPECT_TRUE(numbers.insert(tree.t.stat(path).ino).second) << path;
  }
}

TEST(PackSetTest, ListsInPieces) {
  Tree tree({added(kPaths)});
  InodeRef bin = tree.t.inode("/bin");
  struct Piece {
    std::string name;
    uint64_t next = 0;
  } piece;
  std::vector<std::string> names;
  for (;;) {
    Piece got;
    ASSERT_TRUE(bin->readdir(piece.next, &got,
                             [](void* env, const DirEntry& entry) {
                               auto* const into = static_cast<Piece*>(env);
                               if (!into->name.empty()) return false;
                               into->name = entry.name;
                               into->next = entry.next;
                               return true;
                             })
                    .ok());
    if (got.name.empty()) break;
    names.push_back(got.name);
    piece = got;
  }
  EXPECT_EQ(names, (std::vector<std::string>{"big", "sh", "new"}));
}

TEST(PackSetTest, WhatTheManifestDoesNotNameIsNotThere) {
  Tree tree({added(R"("/bin/new")")});
  EXPECT_TRUE(tree.refused.empty());
  EXPECT_EQ(tree.t.read("/etc/extra/a"), "!ENOENT");
  EXPECT_EQ(tree.t.read("/bin/sh"), "#!shell");
}

TEST(PackSetTest, ANameThatThePackHasNotIsMissing) {
  Tree tree({added(R"("/bin/new", "/bin/ghost")")});
  EXPECT_EQ(tree.t.read("/bin/ghost"), "!ENOENT");
  EXPECT_EQ(names_in(*tree.t.inode("/bin")), (std::vector<std::string>{"big", "sh", "new"}));
}

// Left out whole: the core's file, and the other names of the pack, are as if it were not there.
struct Refused {
  const char* what;
  const char* paths;
  const char* says;
};
class RefusedPackTest : public testing::TestWithParam<Refused> {};

TEST_P(RefusedPackTest, IsLeftOut) {
  Tree tree({added(GetParam().paths)});
  ASSERT_EQ(tree.refused.size(), 1u);
  EXPECT_NE(tree.refused[0].find(GetParam().says), std::string::npos) << tree.refused[0];
  EXPECT_TRUE(tree.set->added().empty());
  EXPECT_EQ(tree.t.read("/bin/sh"), "#!shell");
  EXPECT_EQ(tree.t.read("/bin/new"), "!ENOENT");
  EXPECT_EQ(tree.set->identity(), core()->identity());
}

constexpr Refused kRefused[] = {
    {"replaces_a_file", R"("/bin/new", "/bin/sh")", "/bin/sh is in the core pack"},
    {"folder_missing", R"("/bin/new", "/opt/x")", "in no folder"},
    {"below_a_file", R"("/bin/new", "/bin/sh/x")", "in no folder"},
    {"below_a_symlink", R"("/bin/new", "/etc/link/x")", "in no folder"},
    {"inside_its_own", R"("/bin/new", "/etc/extra", "/etc/extra/a")", "in no folder"},
    {"twice", R"("/bin/new", "/bin/new")", "brought twice"},
};
INSTANTIATE_TEST_SUITE_P(Kinds, RefusedPackTest, testing::ValuesIn(kRefused),
                         [](const auto& one) { return one.param.what; });

TEST(PackSetTest, TheFirstOfTwoPacksWithOneNameWins) {
  auto other = added_builder(R"("/etc/extra", "/bin/new")");
  other.nodes[6].mode = 0100600;
  Tree tree({added(R"("/bin/new")", "a.pack"), open_added(other.bytes(), "b.pack").value()});
  ASSERT_EQ(tree.refused.size(), 1u);
  EXPECT_NE(tree.refused[0].find("b.pack"), std::string::npos);
  EXPECT_EQ(tree.t.read("/bin/new"), "#!new");
  EXPECT_EQ(tree.t.read("/etc/extra/a"), "!ENOENT");
}

// A pack with these members in its manifest and `content` as /bin/new.
std::shared_ptr<const AddedPack> named(const std::string& members, const std::string& content,
                                       const std::string& paths = R"("/bin/new")") {
  auto builder = added_builder(paths, content);
  builder.manifest = "{" + members + R"(, "paths": [)" + paths + R"(], "programs": []})";
  return open_added(builder.bytes(), members.c_str()).value();
}

TEST(PackSetTest, APackStandsInForAnother) {
  const auto plain = named(R"("pack": "p")", "plain");
  const auto fuller = named(R"("pack": "q", "replaces": "p")", "fuller");
  for (const auto& packs : {std::vector{plain, fuller}, std::vector{fuller, plain}}) {
    Tree tree(packs);
    EXPECT_TRUE(tree.refused.empty());
    EXPECT_EQ(tree.set->added().size(), 1u);
    EXPECT_EQ(tree.t.read("/bin/new"), "fuller");
  }
  EXPECT_EQ(Tree({plain, named(R"("pack": "q", "replaces": "p")", "bad", R"("/bin/sh")")})
                .t.read("/bin/new"),
            "plain");
}

TEST(PackSetTest, APackStandsInForNothingElse) {
  Tree other({named(R"("pack": "p")", "plain"), named(R"("pack": "q", "replaces": "r")", "other")});
  EXPECT_EQ(other.refused.size(), 1u);
  Tree nameless({named(R"("pack": "", "replaces": "")", "plain"),
                 named(R"("replaces": 1)", "other", R"("/etc/extra")")});
  EXPECT_EQ(nameless.set->added().size(), 2u);
  // The core is no added pack, whatever its name.
  Tree for_core({named(R"("replaces": "cloche-base")", "evil", R"("/bin/new", "/bin/sh")")});
  EXPECT_EQ(for_core.refused.size(), 1u);
  EXPECT_EQ(for_core.t.read("/bin/sh"), "#!shell");
}

TEST(PackSetTest, PathsMustBePlain) {
  for (const char* paths :
       {"", R"("bin/new")", R"("/new")", R"("/")", R"("/bin/")", R"("/bin/../x")", R"("/bin/./x")",
        R"("//bin/x")", R"("/bin/a\u0000b")", "1", R"("")"}) {
    const auto opened = open_added(added_builder(paths).bytes());
    ASSERT_FALSE(opened.ok()) << paths;
    EXPECT_EQ(opened.error().code, Code::kMalformed);
  }
  std::string many = R"("/bin/x")";
  for (size_t i = 0; i < AddedPack::kMaxPaths; ++i) many += R"(,"/bin/)" + std::to_string(i) + '"';
  EXPECT_FALSE(open_added(added_builder(many).bytes()).ok());
  auto no_paths = added_builder(kPaths);
  no_paths.manifest = R"({"format": 1})";
  EXPECT_FALSE(open_added(no_paths.bytes()).ok());
  no_paths.manifest = "no json";
  EXPECT_FALSE(open_added(no_paths.bytes()).ok());
}

TEST(PackSetTest, ADamagedManifestIsNotRead) {
  auto builder = added_builder(kPaths);
  std::string bytes = builder.bytes();
  bytes[builder.header.manifest_offset + 25] ^= 1;
  EXPECT_FALSE(open_added(bytes).ok());
}

TEST(PackSetTest, ADamagedIndexIsFoundWhenItIsFirstWanted) {
  std::string bytes = added_builder(kPaths).bytes();
  bytes[sizeof(pack::Header) + 3] ^= 1;
  Tree tree({open_added(bytes).value()});
  EXPECT_TRUE(tree.refused.empty());
  EXPECT_EQ(tree.t.read("/bin/sh"), "#!shell");
  EXPECT_EQ(tree.t.read("/bin/new"), "!EIO");
  EXPECT_EQ(tree.t.read("/etc/extra/a"), "!EIO");
  EXPECT_EQ(names_in(*tree.t.inode("/bin")), (std::vector<std::string>{"big", "sh"}));
  EXPECT_EQ(tree.set->find("/bin/new").error().code, Code::kMalformed);
}

TEST(PackSetTest, AFlippedBitNeverGivesOtherContent) {
  const std::string good = added_builder(kPaths).bytes();
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bytes = good;
    bytes[at] ^= 0x10;
    const auto opened = open_added(bytes);
    if (!opened.ok()) continue;
    Tree tree({*opened});
    EXPECT_EQ(tree.t.read("/bin/sh"), "#!shell");
    const std::string read = tree.t.read("/bin/new") + tree.t.read("/etc/extra/a");
    EXPECT_TRUE(read.find("!EIO") != std::string::npos || read == "#!newtext") << at << read;
  }
}

TEST(PackSetTest, TheIndexIsNotReadBeforeItIsWanted) {
  const auto pack = added(kPaths);
  Tree tree({pack});
  EXPECT_EQ(tree.t.read("/bin/none"), "!ENOENT");
  EXPECT_EQ(tree.t.read("/etc/motd"), "");
  EXPECT_FALSE(pack->is_loaded());
  EXPECT_EQ(tree.t.read("/bin/new"), "#!new");
  EXPECT_TRUE(pack->is_loaded());
}

TEST(PackSetTest, FindsFilesOfAllPacks) {
  Tree tree({added(kPaths)});
  EXPECT_EQ(tree.set->find("/bin/sh").value().image->identity(), core()->identity());
  EXPECT_EQ(tree.set->find("/bin/new").value().image->identity(), added(kPaths)->identity());
  for (const char* path :
       {"", "bin/sh", "/bin", "/etc/extra", "/etc/extra/up", "/bin/none", "/bin/sh/x"}) {
    EXPECT_EQ(tree.set->find(path).error().code, Code::kNotFound) << path;
  }
}

TEST(PackSetTest, IdentityIsOfAllPacks) {
  Tree with({added(kPaths)}), without({}), other({added(R"("/bin/new")")});
  EXPECT_EQ(without.set->identity(), core()->identity());
  EXPECT_NE(with.set->identity(), without.set->identity());
  EXPECT_NE(with.set->identity(), other.set->identity());
}

TEST(PackSetTest, FindsTheFilesBesideTheCore) {
  char folder[] = "/tmp/cloche-packs-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::string base = std::string(folder) + "/c.pack";
  const std::vector<std::string> names = {"c.pack",   "c-b.pack",     "c-a.pack",   "c-.pack",
                                          "d-a.pack", "c-a.pack.new", "cloche.pack"};
  for (const std::string& name : names) std::ofstream(std::string(folder) + "/" + name) << "x";
  EXPECT_EQ(added_pack_files(base), (std::vector<std::string>{std::string(folder) + "/c-a.pack",
                                                              std::string(folder) + "/c-b.pack"}));
  EXPECT_TRUE(added_pack_files(std::string(folder) + "/c").empty());
  EXPECT_TRUE(added_pack_files("/no/such/folder/c.pack").empty());
  for (const std::string& name : names) unlink((std::string(folder) + "/" + name).c_str());
  rmdir(folder);
}

}  // namespace
}  // namespace cloche::vfs
