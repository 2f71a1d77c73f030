// What the writer packs is what the sandbox's reader finds: the same names, modes, targets and
// bytes, and nothing else.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "guest/pack/pack_writer.h"
#include "vfs/packfs.h"

namespace cloche::pack {
namespace {

using vfs::FileType;

struct Entry {
  FileType type = FileType::kRegular;
  uint32_t mode = 0;
  std::string data;  // content or target
  bool operator==(const Entry&) const = default;
};
using Tree = std::map<std::string, Entry>;  // by path; a folder stands before what is in it

Entry folder(uint32_t mode = 0755) { return {FileType::kDirectory, mode, ""}; }
Entry file(std::string content, uint32_t mode = 0644) {
  return {FileType::kRegular, mode, std::move(content)};
}
Entry link_to(std::string target) { return {FileType::kSymlink, 0777, std::move(target)}; }

// Bytes that zstd cannot make smaller.
std::string noise(size_t size, uint32_t seed) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) {
    seed = seed * 1664525 + 1013904223;
    byte = static_cast<char>(seed >> 24);
  }
  return bytes;
}

WriterOptions options() { return {.mtime = 1'700'000'000, .zstd_level = 3, .manifest = "{}"}; }

void add(Writer& writer, const std::string& path, const Entry& entry) {
  Status added = ok_status();
  if (entry.type == FileType::kDirectory) {
    added = writer.add_directory(path, entry.mode);
  } else if (entry.type == FileType::kSymlink) {
    added = writer.add_symlink(path, entry.data);
  } else {
    added = writer.add_file(path, entry.mode, Bytes(entry.data.begin(), entry.data.end()));
  }
  ASSERT_TRUE(added.ok()) << added.error().message;
}

Bytes pack_of(const Tree& tree) {
  Writer writer;
  for (const auto& [path, entry] : tree) add(writer, path, entry);
  Result<Bytes> pack = writer.finish(options());
  EXPECT_TRUE(pack.ok());
  return pack.ok() ? std::move(pack).value() : Bytes();
}

// Reads in pieces of a size that divides neither files nor frames.
std::string content_of(vfs::Inode& inode) {
  auto body = inode.open(vfs::OpenAccess::kRead).value();
  std::string content;
  std::vector<uint8_t> piece(100'003);
  for (;;) {
    const uint64_t count = body->read_at(content.size(), piece).value();
    if (count == 0) return content;
    content.append(piece.begin(), piece.begin() + static_cast<ptrdiff_t>(count));
  }
}

std::vector<std::string> names_in(vfs::Inode& directory) {
  std::vector<std::string> names;
  const auto listed = directory.readdir(0, &names, [](void* env, const vfs::DirEntry& entry) {
    static_cast<std::vector<std::string>*>(env)->emplace_back(entry.name);
    return true;
  });
  EXPECT_TRUE(listed.ok());
  return names;
}

void read_tree(vfs::Inode& directory, const std::string& prefix, Tree& tree) {
  for (const std::string& name : names_in(directory)) {
    const auto found = directory.lookup(name);
    ASSERT_TRUE(found.ok()) << prefix << name;
    vfs::Inode& inode = *found.value();
    const vfs::Stat stat = inode.stat().value();
    Entry& entry = tree[prefix + name];
    entry = {inode.type(), stat.mode, ""};
    EXPECT_EQ(stat.mtime.seconds, options().mtime);
    if (inode.type() == FileType::kDirectory) {
      read_tree(inode, prefix + name + "/", tree);
      continue;
    }
    entry.data = inode.type() == FileType::kSymlink ? inode.readlink().value() : content_of(inode);
    EXPECT_EQ(stat.size, entry.data.size()) << prefix << name;
  }
}

void expect_round_trip(const Tree& tree) {
  const Bytes pack = pack_of(tree);
  const auto image = vfs::PackImage::open(vfs::pack_in_memory(pack));
  ASSERT_TRUE(image.ok()) << image.error().message;
  const Status verified = (*image)->verify();
  EXPECT_TRUE(verified.ok()) << verified.error().message;
  EXPECT_EQ((*image)->manifest().value(), options().manifest);
  Tree found;
  read_tree(*vfs::make_packfs(*image, 1), "", found);
  ASSERT_EQ(found.size(), tree.size());
  for (const auto& [path, entry] : tree) EXPECT_TRUE(found[path] == entry) << path;
}

TEST(RoundTrip, NothingAtAll) { expect_round_trip({}); }

TEST(RoundTrip, HostileNames) {
  Tree tree = {{"dir", folder()}};
  const std::string names[] = {
      " ",        "a b",       "a\nb", "\x01\x7f",  "\xff\xfe", "-rf",
      "...",      ".hidden",   "\\",   "\"'$(id)`", "*",        "%s%n",
      "\xc3\xa4", "a\xcc\x88", "A",    "a",         "~",        std::string(kMaxNameBytes, 'n')};
  for (const std::string& name : names) {
    tree[name] = file(name);
    tree["dir/" + name] = folder();
    tree["dir/" + name + "/" + name] = file("below " + name);
  }
  expect_round_trip(tree);
}

TEST(RoundTrip, NamesThatArePartsOfOthers) {
  expect_round_trip({{"a", folder()},
                     {"a/a", folder()},
                     {"a/a/a", file("a")},
                     {"a/aa", file("aa")},
                     {"a.", file("dot")},
                     {"aa", folder()},
                     {"aa/a", file("other")}});
}

TEST(RoundTrip, Links) {
  expect_round_trip({{"dir", folder()},
                     {"dir/up", link_to("../../../../etc/passwd")},
                     {"dir/root", link_to("/")},
                     {"dir/self", link_to("self")},
                     {"dir/none", link_to("no/such/\xff\n")},
                     {"dir/dots", link_to("..")},
                     {"dir/long", link_to(std::string(kMaxSymlinkBytes, 't'))},
                     {"dir/slashes", link_to("//a///b/")}});
}

TEST(RoundTrip, Sizes) {
  constexpr size_t kK = 1024, kM = 1024 * kK;
  Tree tree;
  for (const size_t edge : {size_t{1}, 4 * kK, 256 * kK, 512 * kK, kM, 2 * kM}) {
    for (const size_t size : {edge - 1, edge, edge + 1}) {
      const std::string name = std::to_string(size);
      tree["noise-" + name] = file(noise(size, static_cast<uint32_t>(size)));
      tree["zeros-" + name] = file(std::string(size, '\0'));
    }
  }
  expect_round_trip(tree);
}

TEST(RoundTrip, ManyFilesShareFramesAndContent) {
  Tree tree;
  for (int i = 0; i < 3000; ++i) {
    tree["file" + std::to_string(i)] = file(noise(static_cast<size_t>(i % 700), 7));
  }
  expect_round_trip(tree);
}

TEST(RoundTrip, Modes) {
  expect_round_trip({{"closed", folder(0)},
                     {"closed/file", file("x", 0)},
                     {"sticky", folder(01777)},
                     {"sticky/tool", file("x", 0755)},
                     {"sticky/sticky", file("x", 01111)}});
}

TEST(RoundTrip, TheDeepestAndLongestPath) {
  Tree tree;
  std::string path;
  for (uint32_t depth = 1; depth < kMaxDepth; ++depth) {
    path += (depth > 1 ? "/" : "") + std::string(63, 'd');
    tree[path] = folder();
  }
  // The root's slash counts, too.
  const std::string longest = path + "/" + std::string(kMaxPathBytes - path.size() - 2, 'f');
  tree[longest] = file("deep");
  expect_round_trip(tree);

  Writer writer;
  for (const auto& [name, entry] : tree) add(writer, name, entry);
  const Status longer = writer.add_file(longest + "f", 0644, {});
  ASSERT_FALSE(longer.ok());
  EXPECT_EQ(longer.error().code, Code::kInvalidArgument);
}

TEST(RoundTrip, TheOrderOfAddingDoesNotMatter) {
  const std::string same = noise(5000, 1);
  const Tree tree = {{"b", file(same)}, {"a", file(same)}, {"c", folder()}, {"d", link_to("a")}};
  Writer backwards;
  for (auto entry = tree.rbegin(); entry != tree.rend(); ++entry) {
    add(backwards, entry->first, entry->second);
  }
  EXPECT_EQ(backwards.finish(options()).value(), pack_of(tree));
}

// The command: two folders of the same content give the same pack, whatever the order and the time
// in which their files were made.
class PackCommand : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/cloche-pack-test-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    place_ = name;
    std::ofstream(place_ / "manifest") << "{}";
  }
  void TearDown() override { std::filesystem::remove_all(place_); }

  void make(const std::string& folder, std::vector<std::string> names, int64_t seconds) {
    std::filesystem::create_directory(place_ / folder);
    for (const std::string& name : names) {
      const auto path = place_ / folder / name;
      std::ofstream(path) << "content of " << name;
      const timespec times[2] = {{seconds, 0}, {seconds, 0}};
      ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
    }
  }
  std::string pack(const std::string& folder) {
    const std::string at = place_.string() + "/";
    const std::string command = "umask 077; " CLOCHE_PACK_COMMAND " --manifest " + at +
                                "manifest --output " + at + "pack " + at + folder + " >/dev/null";
    EXPECT_EQ(std::system(command.c_str()), 0);
    std::ifstream file(place_ / "pack", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::filesystem::path place_;
};

TEST_F(PackCommand, TwoPacksOfTheSameFilesAreEqual) {
  make("one", {"a", "b", "c"}, 1'000'000'000);
  make("two", {"c", "a", "b"}, 1'700'000'000);
  const std::string one = pack("one");
  EXPECT_GT(one.size(), sizeof(Header));
  EXPECT_TRUE(one == pack("two"));
  EXPECT_TRUE(one == pack("one"));
  make("two", {"d"}, 0);
  EXPECT_FALSE(one == pack("two"));
}

}  // namespace
}  // namespace cloche::pack
