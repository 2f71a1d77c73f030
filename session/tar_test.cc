#include "session/tar.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace cloche::session {
namespace {

// Gives the bytes in pieces of `piece`.
Files::Source source_of(const std::string& bytes, size_t& at, size_t piece = 100) {
  return [&bytes, &at, piece](char* out, size_t size) -> Expected<size_t> {
    const size_t some = std::min({size, piece, bytes.size() - at});
    bytes.copy(out, some, at);
    at += some;
    return some;
  };
}

struct Read {
  std::vector<TarEntry> entries;
  std::vector<std::string> data;
  std::string error;
};

Read read_all(const std::string& bytes, size_t piece = 100) {
  size_t at = 0;
  const auto source = source_of(bytes, at, piece);
  TarReader reader(source);
  Read all;
  for (;;) {
    const auto entry = reader.next();
    if (!entry) {
      EXPECT_EQ(entry.error().kind, Failure::Kind::kMalformed);
      all.error = entry.error().message;
      return all;
    }
    if (!*entry) return all;
    all.entries.push_back(**entry);
    std::string data;
    char buffer[64];
    for (;;) {
      const auto got = reader.read(buffer, sizeof buffer);
      if (!got) {
        all.error = got.error().message;
        return all;
      }
      if (*got == 0) break;
      data.append(buffer, *got);
    }
    all.data.push_back(data);
  }
}

std::string file(const std::string& name, const std::string& data) {
  const TarEntry entry{.type = TarEntry::Type::kFile,
                       .name = name,
                       .target = {},
                       .mode = 0640,
                       .mtime = 1'700'000'000,
                       .size = data.size()};
  return tar_header(entry) + data + tar_padding(data.size());
}

// A header block with one byte or field replaced and the sum made right.
std::string with_field(std::string block, size_t at, const std::string& value) {
  block.replace(at, value.size(), value);
  block.replace(148, 8, "        ");
  unsigned sum = 0;
  for (size_t i = 0; i < kTarBlock; ++i) sum += static_cast<uint8_t>(block[i]);
  char text[8];
  snprintf(text, sizeof text, "%06o", sum);
  block.replace(148, 7, std::string(text, 7));
  return block;
}

TEST(TarTest, WhatIsWrittenIsRead) {
  const std::string long_name = std::string(150, 'd') + "/" + std::string(200, 'n') + "\xc3\xa4";
  const TarEntry folder{TarEntry::Type::kFolder, "folder/", {}, 0755, 7, 0};
  const TarEntry link{TarEntry::Type::kSymlink, "link", std::string(300, 't'), 0777, 8, 0};
  const std::string bytes = tar_header(folder) + file("folder/a", "hello") + tar_header(link) +
                            file(long_name, std::string(1024, 'z')) + file("empty", "") + tar_end();
  EXPECT_EQ(bytes.size() % kTarBlock, 0u);
  for (const size_t piece : {1u, 100u, 512u, 100'000u}) {
    const Read all = read_all(bytes, piece);
    EXPECT_EQ(all.error, "");
    ASSERT_EQ(all.entries.size(), 5u);
    EXPECT_EQ(all.entries[0].type, TarEntry::Type::kFolder);
    EXPECT_EQ(all.entries[0].name, "folder/");
    EXPECT_EQ(all.entries[1].mode, 0640u);
    EXPECT_EQ(all.entries[1].mtime, 1'700'000'000);
    EXPECT_EQ(all.data[1], "hello");
    EXPECT_EQ(all.entries[2].target, link.target);
    EXPECT_EQ(all.entries[3].name, long_name);
    EXPECT_EQ(all.data[3], std::string(1024, 'z'));
    EXPECT_EQ(all.data[4], "");
  }
}

TEST(TarTest, SizesBeyondOctal) {
  TarEntry huge{TarEntry::Type::kFile, "huge", {}, 0644, 0, uint64_t{1} << 40};
  const Read pax = read_all(tar_header(huge));
  ASSERT_EQ(pax.entries.size(), 1u);
  EXPECT_EQ(pax.entries[0].size, uint64_t{1} << 40);
  EXPECT_EQ(pax.error, "the archive is damaged: it ends too soon");
  const std::string gnu("\x80\0\0\0\0\0\0\x01\0\0\0\0", 12);
  huge.size = 0;
  const Read base256 = read_all(with_field(tar_header(huge), 124, gnu));
  ASSERT_EQ(base256.entries.size(), 1u);
  EXPECT_EQ(base256.entries[0].size, uint64_t{1} << 32);
  const std::string negative(12, '\xff');
  EXPECT_NE(read_all(with_field(tar_header(huge), 124, negative)).error, "");
  const std::string too_large = "\x80" + std::string(11, '\xff');
  EXPECT_NE(read_all(with_field(tar_header(huge), 124, too_large)).error, "");
}

TEST(TarTest, LongNamesOfGnu) {
  const std::string name(250, 'g');
  std::string header = with_field(file("././@LongLink", name), 156, "L");
  const Read all = read_all(header + file("short", "x"));
  ASSERT_EQ(all.entries.size(), 1u) << all.error;
  EXPECT_EQ(all.entries[0].name, name);
}

TEST(TarTest, DamageIsTold) {
  const std::string good = file("a", "hello");
  for (const size_t size : {1u, 100u, 511u, 513u, 516u}) {
    EXPECT_NE(read_all(good.substr(0, size)).error, "") << size;
  }
  EXPECT_EQ(read_all(good).error, "");  // without its end
  EXPECT_EQ(read_all("").error, "");
  std::string bad = good;
  bad[0] = 'b';
  EXPECT_EQ(read_all(bad).error, "the archive is damaged: the sum of a header is wrong");
  EXPECT_NE(read_all(with_field(good, 124, "hello")).error, "");
}

TEST(TarTest, PaxHeadersThatAreNone) {
  for (const std::string& records :
       {std::string("9 path=a"), std::string("99 path=a\n"), std::string("x path=a\n"),
        std::string("10 patha\n"), std::string("2 \n"),
        std::string("18446744073709551615 path=a\n"), std::string("12 path=a\0b\n", 12),
        std::string("12 size=abc\n"), std::string("23 GNU.sparse.major=1\n")}) {
    const std::string bytes = with_field(file("x", records), 156, "x") + file("short", "x");
    EXPECT_NE(read_all(bytes).error, "") << records;
  }
  TarEntry entry{TarEntry::Type::kFile, "x", {}, 0, 0, TarReader::kMostHeader + 1};
  EXPECT_EQ(read_all(with_field(tar_header(entry), 156, "x")).error,
            "the archive is damaged: headers that are too long");
}

TEST(TarTest, EachType) {
  const std::string types(
      "0\0"
      "7123456Zg",
      11);
  std::vector<TarEntry::Type> read;
  for (const char type : types) {
    const Read all = read_all(with_field(file("n", ""), 156, std::string(1, type)));
    for (const TarEntry& entry : all.entries) read.push_back(entry.type);
  }
  using Type = TarEntry::Type;
  EXPECT_EQ(read, (std::vector<Type>{Type::kFile, Type::kFile, Type::kFile, Type::kHardLink,
                                     Type::kSymlink, Type::kDevice, Type::kDevice, Type::kFolder,
                                     Type::kFifo, Type::kOther}));
}

}  // namespace
}  // namespace cloche::session
