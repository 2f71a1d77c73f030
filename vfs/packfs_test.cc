#include "vfs/packfs.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <random>
#include <thread>

#include "vfs/pack_builder.h"
#include "vfs/test_tree.h"

namespace cloche::vfs {
namespace {

Result<std::shared_ptr<PackImage>> open_bytes(const std::string& bytes,
                                              uint64_t cache = PackImage::kDefaultCacheBytes) {
  return PackImage::open(pack_in_memory({bytes.begin(), bytes.end()}), cache);
}

std::string big_text() {
  std::mt19937 random(3);
  std::string text(300000, '\0');
  for (char& c : text) c = static_cast<char>('a' + random() % 7);
  return text;
}

class PackfsTest : public testing::Test {
 protected:
  std::shared_ptr<PackImage> image_ = open_bytes(PackBuilder::sample(big_text()).bytes()).value();
  TestSpace t_{make_packfs(image_, 5)};
};

TEST_F(PackfsTest, ShowsTheTree) {
  EXPECT_EQ(names_in(*t_.inode("/")), (std::vector<std::string>{"bin", "empty", "etc"}));
  EXPECT_EQ(names_in(*t_.inode("/empty")), std::vector<std::string>{});
  EXPECT_EQ(t_.read("/bin/sh"), "#!shell");
  EXPECT_EQ(t_.read("/etc/link"), "#!shell");
  EXPECT_EQ(t_.read("/etc/motd"), "");
  EXPECT_EQ(t_.read("/bin/big"), big_text());
  EXPECT_EQ(t_.read("/bin/none"), "!ENOENT");
  EXPECT_EQ(t_.read("/bin/sh/x"), "!ENOTDIR");
  Stat stat = t_.stat("/bin/sh");
  EXPECT_EQ(stat.mode, 0755u);
  EXPECT_EQ(stat.size, 7u);
  EXPECT_EQ(stat.uid, 0u);
  EXPECT_EQ(stat.mtime.seconds, 1'700'000'000);
  EXPECT_EQ(t_.stat("/").nlink, 5u);
  EXPECT_EQ(t_.space.path_of(*t_.walk("/bin/../etc")).value(), "/etc");
}

TEST_F(PackfsTest, GivesOneObjectForOneFile) {
  InodeRef a = t_.inode("/bin/sh");
  EXPECT_EQ(a, t_.inode("/etc/../bin/sh"));
  EXPECT_EQ(t_.inode("/bin"), a->parent() ? a->parent() : t_.inode("/bin"));
}

TEST_F(PackfsTest, KnowsTheHashOfContent) {
  Sha256Digest expected = sha256(bytes_of("#!shell"));
  auto hash = t_.inode("/bin/sh")->content_hash();
  EXPECT_TRUE(std::equal(hash.begin(), hash.end(), expected.begin(), expected.end()));
  EXPECT_TRUE(t_.inode("/bin")->content_hash().empty());
}

TEST_F(PackfsTest, ReadsAtAnyOffset) {
  std::string text = big_text();
  auto body = t_.inode("/bin/big")->open(OpenAccess::kRead).value();
  std::mt19937 random(4);
  for (int i = 0; i < 300; ++i) {
    uint64_t offset = random() % (text.size() + 10);
    std::vector<uint8_t> out(random() % 120000);
    uint64_t count = body->read_at(offset, out).value();
    std::string expected = offset < text.size() ? text.substr(offset, out.size()) : "";
    ASSERT_EQ(std::string(out.begin(), out.begin() + static_cast<long>(count)), expected);
  }
  std::vector<uint8_t> one(1);
  EXPECT_EQ(body->read_at(UINT64_MAX, one).value(), 0u);
}

TEST_F(PackfsTest, EveryChangeIsRefused) {
  const uint32_t kFlags[] = {0, Inode::kNoReplace, Inode::kExchange};
  EXPECT_EQ(t_.write("/empty/x", ""), "EROFS");
  EXPECT_EQ(t_.write("/bin/sh", ""), "EROFS");
  EXPECT_EQ(t_.mkdir("/empty/x"), "EROFS");
  EXPECT_EQ(t_.symlink("/empty/x", "y"), "EROFS");
  EXPECT_EQ(t_.unlink("/bin/sh"), "EROFS");
  EXPECT_EQ(t_.rmdir("/empty"), "EROFS");
  for (uint32_t flags : kFlags) {
    EXPECT_EQ(t_.rename("/bin/sh", flags == Inode::kExchange ? "/bin/big" : "/x", flags), "EROFS");
  }
  EXPECT_EQ(outcome(make_node(t_.space, t_.arg("/x"), kGuest, FileType::kFifo, 0666)), "EROFS");
  Inode& sh = *t_.inode("/bin/sh");
  InodeRef hold = t_.inode("/bin/sh"), root = t_.inode("/"), empty = t_.inode("/empty");
  SetAttr change;
  change.set_mode = change.set_mtime = true;
  const Credentials owner{0, 0, {}};  // even the owner
  EXPECT_EQ(outcome(change_attr(*hold, owner, change)), "EROFS");
  EXPECT_EQ(outcome(truncate(*hold, owner, 0)), "EROFS");
  EXPECT_EQ(outcome(access(*hold, owner, kWrite)), "EROFS");
  OpenRequest tmpfile;
  tmpfile.unnamed = tmpfile.write = true;
  EXPECT_EQ(outcome(open(t_.space, t_.arg("/empty"), owner, tmpfile)), "EROFS");
  // And below the checks of ops.cc.
  CreateAttr attr{0777, 0, 0};
  EXPECT_EQ(outcome(root->create("x", attr)), "EROFS");
  EXPECT_EQ(outcome(root->mkdir("x", attr)), "EROFS");
  EXPECT_EQ(outcome(root->symlink("x", "y", attr)), "EROFS");
  EXPECT_EQ(outcome(root->mknod("x", FileType::kFifo, attr)), "EROFS");
  EXPECT_EQ(outcome(root->create_unnamed(attr)), "EROFS");
  EXPECT_EQ(outcome(root->link("x", hold)), "EROFS");
  EXPECT_EQ(outcome(root->unlink("bin")), "EROFS");
  EXPECT_EQ(outcome(root->rmdir("empty")), "EROFS");
  EXPECT_EQ(outcome(root->rename("bin", root, "x", 0)), "EROFS");
  EXPECT_EQ(outcome(hold->set_attr(change)), "EROFS");
  EXPECT_EQ(outcome(hold->truncate(0)), "EROFS");
  EXPECT_EQ(outcome(hold->open(OpenAccess::kWrite)), "EROFS");
  EXPECT_EQ(outcome(hold->open(OpenAccess::kReadWrite)), "EROFS");
  auto body = hold->open(OpenAccess::kRead).value();
  std::vector<uint8_t> byte(1);
  EXPECT_EQ(outcome(body->write_at(0, byte)), "EBADF");
  EXPECT_EQ(outcome(body->append(byte)), "EBADF");
  EXPECT_EQ(outcome(body->truncate(0)), "EINVAL");
  EXPECT_EQ(read_all(*hold), "#!shell");
  (void)sh;
}

TEST_F(PackfsTest, ServesManyThreadsAndASmallCache) {
  std::string text = big_text();
  auto image = open_bytes(PackBuilder::sample(text).bytes(), 120000).value();
  std::vector<std::thread> threads;
  std::vector<int> good(4, 0);
  for (size_t i = 0; i < good.size(); ++i) {
    threads.emplace_back([&good, &image, &text, i] {
      for (int round = 0; round < 5; ++round) {
        InodeRef root = make_packfs(image, i);
        good[i] += read_all(*root->lookup("bin").value()->lookup("big").value()) == text;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int count : good) EXPECT_EQ(count, 5);
  EXPECT_TRUE(image->verify().ok());
  EXPECT_EQ(image->manifest().value(), "{\"format\": 1}");
}

// --- bad packs

TEST(PackImageTest, EveryTruncationIsMalformed) {
  std::string bytes = PackBuilder::sample("some content").bytes();
  for (size_t size = 0; size < bytes.size(); ++size) {
    auto image = open_bytes(bytes.substr(0, size));
    ASSERT_FALSE(image.ok()) << size;
    EXPECT_EQ(image.error().code, Code::kMalformed);
  }
  EXPECT_FALSE(open_bytes(bytes + "x").ok());
}

TEST(PackImageTest, EveryFlippedBitIsFound) {
  std::string good = PackBuilder::sample("some content").bytes();
  ASSERT_TRUE(open_bytes(good).ok());
  const Sha256Digest identity = open_bytes(good).value()->identity();
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bytes = good;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    auto image = open_bytes(bytes);
    if (!image.ok()) continue;
    // Only what is hashed by the header alone opens: the time, which is part of the identity, and
    // content and manifest, which are checked when read.
    bool caught = !(*image)->verify().ok() || (*image)->identity() != identity;
    ASSERT_TRUE(caught) << "bit " << bit;
  }
}

struct Breakage {
  const char* name;
  const char* says;  // so that it fails for its own reason
  std::function<void(PackBuilder&)> change;
};

class BrokenPackTest : public testing::TestWithParam<Breakage> {};

// The hashes are right; the structure is not.
TEST_P(BrokenPackTest, IsMalformed) {
  PackBuilder builder = PackBuilder::sample("some content");
  GetParam().change(builder);
  auto image = open_bytes(builder.bytes());
  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().code, Code::kMalformed);
  EXPECT_EQ(image.error().message, GetParam().says);
}

const Breakage kBreakages[] = {
    {"RootIsAFile", "node 0 is not a root directory",
     [](PackBuilder& b) { b.nodes[0].mode = 0100644; }},
    {"RootHasAName", "node 0 is not a root directory",
     [](PackBuilder& b) { b.nodes[0].name_size = 1; }},
    {"NoNodes", "pack header: a table is too large or empty",
     [](PackBuilder& b) { b.nodes.clear(); }},
    {"UnknownType", "node 4: unknown type", [](PackBuilder& b) { b.nodes[4].mode = 0020644; }},
    {"SetUserId", "node 4: mode or reserved bits out of range",
     [](PackBuilder& b) { b.nodes[4].mode = 0104755; }},
    {"ReservedNotZero", "node 4: mode or reserved bits out of range",
     [](PackBuilder& b) { b.nodes[4].reserved = 1; }},
    {"NameOutside", "node 4: the name lies outside of the strings",
     [](PackBuilder& b) { b.nodes[4].name_offset = 1u << 31; }},
    {"NameTooLong", "node 4: the name lies outside of the strings",
     [](PackBuilder& b) {
       b.nodes[4].name_offset = b.string(std::string(300, 'a'));
       b.nodes[4].name_size = 300;
     }},
    {"NameEmpty", "node 4: invalid name", [](PackBuilder& b) { b.nodes[4].name_size = 0; }},
    {"NameDot", "node 4: invalid name",
     [](PackBuilder& b) {
       b.nodes[4].name_offset = b.string(".");
       b.nodes[4].name_size = 1;
     }},
    {"NameDotDot", "node 4: invalid name",
     [](PackBuilder& b) {
       b.nodes[4].name_offset = b.string("..");
       b.nodes[4].name_size = 2;
     }},
    {"NameSlash", "node 4: invalid name",
     [](PackBuilder& b) {
       b.nodes[4].name_offset = b.string("a/b");
       b.nodes[4].name_size = 3;
     }},
    {"NameNul", "node 4: invalid name",
     [](PackBuilder& b) {
       b.nodes[4].name_offset = b.string(std::string("a\0b", 3));
       b.nodes[4].name_size = 3;
     }},
    {"NamesUnsorted", "node 5: names are not sorted",
     [](PackBuilder& b) {
       std::swap(b.nodes[4].name_offset, b.nodes[5].name_offset);
       std::swap(b.nodes[4].name_size, b.nodes[5].name_size);
     }},
    {"NamesEqual", "node 5: names are not sorted",
     [](PackBuilder& b) {
       b.nodes[4].name_offset = b.nodes[5].name_offset;
       b.nodes[4].name_size = b.nodes[5].name_size;
     }},
    {"WrongParent", "node 4: wrong parent", [](PackBuilder& b) { b.nodes[4].parent = 3; }},
    {"ChildrenOverlap", "node 3: its children are not where they must be",
     [](PackBuilder& b) { b.nodes[3].first = 5; }},
    {"ChildrenBeyondTheEnd", "node 3: its children are not where they must be",
     [](PackBuilder& b) { b.nodes[3].count = 3; }},
    {"ChildrenHuge", "node 3: its children are not where they must be",
     [](PackBuilder& b) { b.nodes[3].count = UINT32_MAX; }},
    {"OrphanAtTheEnd", "node 7: in no directory", [](PackBuilder& b) { b.nodes[3].count = 1; }},
    {"Cycle", "node 1: in no directory",
     [](PackBuilder& b) {
       // Node 1 is in itself.
       b = PackBuilder();
       b.nodes.push_back(b.node("", 0040755, 0, 1, 0));
       b.nodes.push_back(b.node("a", 0040755, 1, 1, 1));
     }},
    {"NoSuchBlob", "node 4: no such blob", [](PackBuilder& b) { b.nodes[4].first = 77; }},
    {"UnusedBlob", "blob 0: no file has it",
     [](PackBuilder& b) { b.nodes[4].first = b.nodes[5].first; }},
    {"FileWithCount", "node 4: no such blob", [](PackBuilder& b) { b.nodes[4].count = 1; }},
    {"EmptySymlink", "node 6: invalid symlink target",
     [](PackBuilder& b) { b.nodes[6].count = 0; }},
    {"LongSymlink", "node 6: invalid symlink target",
     [](PackBuilder& b) {
       b.nodes[6].first = b.string(std::string(4096, 'a'));
       b.nodes[6].count = 4096;
     }},
    {"SymlinkOutside", "node 6: invalid symlink target",
     [](PackBuilder& b) { b.nodes[6].first = UINT32_MAX; }},
    {"SymlinkNul", "node 6: invalid symlink target",
     [](PackBuilder& b) {
       b.nodes[6].first = b.string(std::string("a\0b", 3));
       b.nodes[6].count = 3;
     }},
    {"BlobTooLarge", "blob 0: too large",
     [](PackBuilder& b) { b.blobs[0].size = pack::kMaxBlobBytes + 1; }},
    {"BlobBeyondData", "blob 1: too large", [](PackBuilder& b) { b.blobs[1].size += 1; }},
    {"BlobsOverlap", "blob 1: does not follow the one before",
     [](PackBuilder& b) { b.blobs[1].raw_offset = 0; }},
    {"FrameEmpty", "frame 0: size out of range", [](PackBuilder& b) { b.frames[0].raw_size = 0; }},
    {"FrameTooLarge", "frame 1: size out of range",
     [](PackBuilder& b) {
       b.header.raw_size += pack::kMaxFrameRawBytes;
       b.blobs.back().size += pack::kMaxFrameRawBytes;
       b.frames.back().raw_size += pack::kMaxFrameRawBytes;
     }},
    {"FramesOverlap", "frame 1: does not follow the one before",
     [](PackBuilder& b) { b.frames[1].stored_offset = 0; }},
    {"FrameBeyondData", "the frames do not cover the data",
     [](PackBuilder& b) { b.frames.back().stored_size += 1; }},
    {"DataNotCovered", "the frames do not cover the data",
     [](PackBuilder& b) { b.data += "rest"; }},
    {"NoManifest", "pack header: the manifest is not where it must be",
     [](PackBuilder& b) { b.manifest.clear(); }},
    {"ManifestTooLarge", "pack header: the manifest is not where it must be",
     [](PackBuilder& b) { b.manifest.assign(pack::kMaxManifestBytes + 1, ' '); }},
    {"HeaderReserved", "pack header: reserved bytes are not zero",
     [](PackBuilder& b) { b.header.reserved[3] = 1; }},
    {"TooDeep", "node 64: too deep",
     [](PackBuilder& b) {
       b = PackBuilder();
       b.nodes.push_back(b.node("", 0040755, 0, 1, 1));
       for (uint32_t i = 1; i <= 65; ++i) {
         b.nodes.push_back(b.node("d", 0040755, i - 1, i + 1, i < 65 ? 1 : 0));
       }
     }},
    {"PathTooLong", "node 16: path too long",
     [](PackBuilder& b) {
       b = PackBuilder();
       b.nodes.push_back(b.node("", 0040755, 0, 1, 1));
       for (uint32_t i = 1; i <= 17; ++i) {
         b.nodes.push_back(b.node(std::string(255, 'd'), 0040755, i - 1, i + 1, i < 17 ? 1 : 0));
       }
     }},
};

INSTANTIATE_TEST_SUITE_P(Kinds, BrokenPackTest, testing::ValuesIn(kBreakages),
                         [](const auto& breakage) { return breakage.param.name; });

TEST(PackImageTest, DeepestAllowedTreeOpens) {
  PackBuilder b;
  b.nodes.push_back(b.node("", 0040755, 0, 1, 1));
  for (uint32_t i = 1; i <= 64; ++i) {
    b.nodes.push_back(b.node("d", 0040755, i - 1, i + 1, i < 64 ? 1 : 0));
  }
  auto image = open_bytes(b.bytes());
  EXPECT_TRUE(image.ok()) << image.error().message;
}

TEST(PackImageTest, OtherVersionsAreUnsupported) {
  std::string bytes = PackBuilder::sample("x").bytes();
  bytes[8] = 2;
  EXPECT_EQ(open_bytes(bytes).error().code, Code::kUnsupported);
}

// Frames whose hash is right and whose zstd stream is not what the index says.
TEST(PackImageTest, BadFramesFailTheRead) {
  std::string huge(64u << 20, '\0');
  std::string bomb(ZSTD_compressBound(huge.size()), '\0');
  bomb.resize(ZSTD_compress(bomb.data(), bomb.size(), huge.data(), huge.size(), 1));
  std::string ten = std::string("0123456789"), stored(100, '\0');
  stored.resize(ZSTD_compress(stored.data(), stored.size(), ten.data(), ten.size(), 3));
  const std::string kBad[] = {
      "not zstd at all",
      bomb,
      stored + stored,
      stored.substr(0, stored.size() - 1) + "x",           // damaged inside
      std::string("\x50\x2a\x4d\x18\x00\x00\x00\x00", 8),  // a skippable frame
  };
  for (const std::string& frame : kBad) {
    PackBuilder b;
    b.nodes.push_back(b.node("", 0040755, 0, 1, 1));
    b.nodes.push_back(b.node("f", 0100644, 0, 0, 0));
    b.frame_as(frame, 10 + (frame.size() == stored.size() ? 1 : 0));
    pack::Blob blob{};
    blob.size = b.header.raw_size;
    b.blobs.push_back(blob);
    auto image = open_bytes(b.bytes());
    ASSERT_TRUE(image.ok()) << image.error().message;
    EXPECT_EQ(read_all(*make_packfs(*image, 1)->lookup("f").value()), "!EIO");
    EXPECT_EQ((*image)->verify().error().code, Code::kMalformed);
  }
}

TEST(PackImageTest, FilesAreReadLazilyAndShrinkingIsAnError) {
  std::string path = testing::TempDir() + "/cloche-pack-test-" + std::to_string(getpid());
  std::string bytes = PackBuilder::sample(big_text()).bytes();
  FILE* file = fopen(path.c_str(), "w");
  fwrite(bytes.data(), 1, bytes.size(), file);
  fclose(file);
  auto image = PackImage::open_file(path);
  ASSERT_TRUE(image.ok()) << image.error().message;
  TestSpace t(make_packfs(*image, 1));
  EXPECT_EQ(t.read("/bin/sh"), "#!shell");
  ASSERT_EQ(::truncate(path.c_str(), static_cast<off_t>(bytes.size() - 100)), 0);
  EXPECT_EQ(t.read("/bin/sh"), "#!shell");  // cached
  ASSERT_EQ(::truncate(path.c_str(), 100), 0);
  EXPECT_EQ(t.read("/bin/big"), "!EIO");
  unlink(path.c_str());
  EXPECT_EQ(PackImage::open_file(path).error().code, Code::kNotFound);
  EXPECT_EQ(PackImage::open_file("/dev/null").error().code, Code::kInvalidArgument);
  EXPECT_FALSE(PackImage::open_file("/").ok());
}

}  // namespace
}  // namespace cloche::vfs
