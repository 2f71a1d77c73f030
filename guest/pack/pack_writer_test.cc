#include "guest/pack/pack_writer.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <cstring>

#include "vfs/pack_format.h"

namespace cloche::pack {
namespace {

Bytes bytes_of(std::string_view text) { return Bytes(text.begin(), text.end()); }

Bytes noise(size_t size, uint32_t seed) {
  Bytes bytes(size);
  for (uint8_t& byte : bytes) {
    seed = seed * 1664525 + 1013904223;
    byte = static_cast<uint8_t>(seed >> 24);
  }
  return bytes;
}

WriterOptions options() {
  WriterOptions options;
  options.mtime = 1'700'000'000;
  options.zstd_level = 3;
  options.manifest = "{}";
  return options;
}

// A second reading of docs/pack.md: every table of a pack, and the raw stream.
struct Unpacked {
  Header header;
  std::vector<Node> nodes;
  std::vector<Blob> blobs;
  std::vector<Frame> frames;
  std::string strings, manifest;
  Bytes raw;

  explicit Unpacked(const Bytes& pack) {
    std::memcpy(&header, pack.data(), sizeof(header));
    const uint8_t* at = pack.data() + header.index_offset;
    const auto take = [&at](auto& table, size_t count) {
      table.resize(count);
      if (count > 0) std::memcpy(table.data(), at, count * sizeof(table[0]));
      at += count * sizeof(table[0]);
    };
    take(nodes, header.node_count);
    take(blobs, header.blob_count);
    take(frames, header.frame_count);
    take(strings, header.string_size);
    take(manifest, header.manifest_size);
    EXPECT_EQ(at, pack.data() + header.data_offset);
    for (const Frame& frame : frames) {
      const uint8_t* stored = pack.data() + header.data_offset + frame.stored_offset;
      EXPECT_EQ(std::memcmp(sha256({stored, frame.stored_size}).data(), frame.sha256, 32), 0);
      EXPECT_EQ(raw.size(), frame.raw_offset);
      EXPECT_LE(frame.raw_size, kMaxFrameRawBytes);
      raw.resize(raw.size() + frame.raw_size);
      EXPECT_EQ(
          ZSTD_decompress(raw.data() + frame.raw_offset, frame.raw_size, stored, frame.stored_size),
          frame.raw_size);
    }
  }

  std::string name(const Node& node) const {
    return strings.substr(node.name_offset, node.name_size);
  }
  std::string target(const Node& node) const { return strings.substr(node.first, node.count); }

  const Node& find(const std::string& child, uint32_t directory = 0) const {
    for (uint32_t i = 0; i < nodes[directory].count; ++i) {
      const Node& node = nodes[nodes[directory].first + i];
      if (name(node) == child) return node;
    }
    ADD_FAILURE() << "no " << child;
    return nodes[0];
  }
  uint32_t number(const Node& node) const { return static_cast<uint32_t>(&node - nodes.data()); }

  Bytes content(const Node& node) const {
    const Blob& blob = blobs[node.first];
    const auto begin = raw.begin() + static_cast<ptrdiff_t>(blob.raw_offset);
    Bytes bytes(begin, begin + static_cast<ptrdiff_t>(blob.size));
    EXPECT_EQ(std::memcmp(sha256(bytes).data(), blob.sha256, 32), 0);
    return bytes;
  }
};

Bytes finish(Writer& writer) {
  Result<Bytes> pack = writer.finish(options());
  EXPECT_TRUE(pack.ok());
  return pack.ok() ? std::move(pack).value() : Bytes();
}

TEST(PackWriter, EmptyTreeIsTheRoot) {
  Writer writer;
  const Unpacked pack(finish(writer));
  ASSERT_EQ(pack.nodes.size(), 1u);
  EXPECT_EQ(pack.nodes[0].mode, kDirectory | 0755);
  EXPECT_EQ(pack.nodes[0].first, 1u);
  EXPECT_EQ(pack.nodes[0].count, 0u);
  EXPECT_EQ(pack.frames.size(), 0u);
  EXPECT_EQ(pack.manifest, "{}");
}

TEST(PackWriter, HeaderDescribesTheFile) {
  Writer writer;
  ASSERT_TRUE(writer.add_file("a", 0644, bytes_of("hello")).ok());
  const Bytes bytes = finish(writer);
  const Unpacked pack(bytes);
  EXPECT_EQ(std::memcmp(pack.header.magic, "CLOCHEPK", 8), 0);
  EXPECT_EQ(pack.header.file_size, bytes.size());
  EXPECT_EQ(pack.header.mtime, 1'700'000'000);
  EXPECT_EQ(pack.header.raw_size, 5u);
  const std::span<const uint8_t> all(bytes);
  const auto hash_of = [&all](uint64_t offset, uint64_t size) {
    return sha256(all.subspan(offset, size));
  };
  EXPECT_EQ(std::memcmp(hash_of(pack.header.index_offset, pack.header.index_size).data(),
                        pack.header.index_sha256, 32),
            0);
  EXPECT_EQ(std::memcmp(hash_of(pack.header.manifest_offset, pack.header.manifest_size).data(),
                        pack.header.manifest_sha256, 32),
            0);
}

TEST(PackWriter, NodesAreBreadthFirstAndSorted) {
  Writer writer;
  for (const char* path : {"usr", "usr/bin", "usr/lib", "etc"}) {
    ASSERT_TRUE(writer.add_directory(path, 0755).ok());
  }
  ASSERT_TRUE(writer.add_file("usr/bin/b", 0755, bytes_of("b")).ok());
  ASSERT_TRUE(writer.add_file("usr/bin/a", 0755, bytes_of("a")).ok());
  ASSERT_TRUE(writer.add_file("usr/bin/B", 0644, bytes_of("B")).ok());
  ASSERT_TRUE(writer.add_symlink("bin", "usr/bin").ok());
  const Unpacked pack(finish(writer));
  std::string order;
  uint32_t next = 1;
  for (const Node& node : pack.nodes) {
    order += pack.name(node) + " ";
    if ((node.mode & kTypeMask) != kDirectory) continue;
    EXPECT_EQ(node.first, next);
    for (uint32_t i = 0; i < node.count; ++i) {
      EXPECT_EQ(pack.nodes[next + i].parent, pack.number(node));
    }
    next += node.count;
  }
  EXPECT_EQ(next, pack.nodes.size());
  EXPECT_EQ(order, " bin etc usr bin lib B a b ");
  EXPECT_EQ(pack.target(pack.find("bin")), "usr/bin");
  const uint32_t usr = pack.number(pack.find("usr"));
  const uint32_t bin = pack.number(pack.find("bin", usr));
  EXPECT_EQ(pack.find("a", bin).mode, kRegular | 0755);
  EXPECT_EQ(pack.content(pack.find("B", bin)), bytes_of("B"));
}

TEST(PackWriter, EqualContentsAreStoredOnce) {
  Writer writer;
  ASSERT_TRUE(writer.add_file("a", 0644, noise(1000, 1)).ok());
  ASSERT_TRUE(writer.add_file("b", 0755, noise(1000, 1)).ok());
  ASSERT_TRUE(writer.add_file("c", 0644, noise(1000, 2)).ok());
  const Unpacked pack(finish(writer));
  EXPECT_EQ(pack.blobs.size(), 2u);
  EXPECT_EQ(pack.find("a").first, pack.find("b").first);
  EXPECT_NE(pack.find("a").first, pack.find("c").first);
  EXPECT_EQ(pack.header.raw_size, 2000u);
}

TEST(PackWriter, LargeFilesHaveFramesOfTheirOwn) {
  Writer writer;
  const size_t sizes[] = {0, 1, 256 << 10, (256 << 10) + 1, 1 << 20, (1 << 20) + 1, 3'000'000, 7};
  uint32_t seed = 0;
  for (size_t size : sizes) {
    ASSERT_TRUE(writer.add_file("f" + std::to_string(seed), 0644, noise(size, seed)).ok());
    ++seed;
  }
  const Unpacked pack(finish(writer));
  for (uint32_t i = 0; i < seed; ++i) {
    EXPECT_EQ(pack.content(pack.find("f" + std::to_string(i))), noise(sizes[i], i)) << sizes[i];
  }
  // {f0 f1 f2} {f3} {f4} {f5 f5} {f6 f6 f6} {f7}
  EXPECT_EQ(pack.frames.size(), 9u);
}

TEST(PackWriter, SameTreeSameBytes) {
  const auto make = [](bool turned) {
    Writer writer;
    EXPECT_TRUE(writer.add_directory("d", 0755).ok());
    for (int i = 0; i < 20; ++i) {
      const int n = turned ? 19 - i : i;
      EXPECT_TRUE(writer
                      .add_file("d/" + std::to_string(n), 0644,
                                noise(static_cast<size_t>(n) * 5000, static_cast<uint32_t>(n)))
                      .ok());
    }
    return finish(writer);
  };
  EXPECT_EQ(make(false), make(true));
}

TEST(PackWriter, RefusesWhatAPackCannotHold) {
  Writer writer;
  ASSERT_TRUE(writer.add_directory("d", 0755).ok());
  const auto code = [](const Status& status) {
    return status.ok() ? std::string("ok") : std::string(code_name(status.error().code));
  };
  const std::string invalid = code_name(Code::kInvalidArgument);
  const std::string long_name(kMaxNameBytes, 'n');
  EXPECT_EQ(code(writer.add_file(long_name, 0644, {})), "ok");
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("/a"), std::string("d/"),
        std::string("d/../b"), std::string("d//b"), std::string("a\0b", 3), long_name + "n"}) {
    EXPECT_EQ(code(writer.add_file(name, 0644, {})), invalid) << name;
  }
  EXPECT_EQ(code(writer.add_file("set-uid", 04755, {})), invalid);
  EXPECT_EQ(code(writer.add_directory("set-gid", 02755)), invalid);
  EXPECT_EQ(code(writer.add_directory("sticky", 01777)), "ok");
  EXPECT_EQ(code(writer.add_symlink("link", "")), invalid);
  EXPECT_EQ(code(writer.add_symlink("link", std::string(kMaxSymlinkBytes + 1, 'x'))), invalid);
  EXPECT_EQ(code(writer.add_symlink("link", std::string(kMaxSymlinkBytes, 'x'))), "ok");
  EXPECT_EQ(code(writer.add_file("none/a", 0644, {})), code_name(Code::kNotFound));
  EXPECT_EQ(code(writer.add_file("link/a", 0644, {})), code_name(Code::kNotFound));
  EXPECT_EQ(code(writer.add_directory("d", 0755)), code_name(Code::kExists));
}

TEST(PackWriter, RefusesTooManyLevels) {
  Writer writer;
  std::string path = "d";
  for (uint32_t depth = 1; depth < kMaxDepth; ++depth) {
    ASSERT_TRUE(writer.add_directory(path, 0755).ok());
    path += "/d";
  }
  ASSERT_TRUE(writer.add_directory(path, 0755).ok());  // level 64
  ASSERT_TRUE(writer.finish(options()).ok());

  Writer deeper;
  std::string again = "d";
  for (uint32_t depth = 1; depth <= kMaxDepth + 1; ++depth, again += "/d") {
    ASSERT_TRUE(deeper.add_directory(again, 0755).ok());
  }
  const Result<Bytes> refused = deeper.finish(options());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kResourceExhausted);
}

TEST(PackWriter, RefusesBadOptions) {
  WriterOptions none = options();
  none.manifest.clear();
  EXPECT_FALSE(Writer().finish(none).ok());
  WriterOptions large = options();
  large.manifest.assign(kMaxManifestBytes + 1, ' ');
  EXPECT_FALSE(Writer().finish(large).ok());
  WriterOptions early = options();
  early.mtime = -1;
  EXPECT_FALSE(Writer().finish(early).ok());
}

}  // namespace
}  // namespace cloche::pack
