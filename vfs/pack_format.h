// The guest pack's structures on disk. docs/pack.md is the specification; this is the same in C++.
//
// Writer: guest/pack. Reader: vfs/pack. Little endian, no padding: the asserts below hold the
// sizes.
#pragma once

#include <bit>
#include <cstdint>

namespace cloche::pack {

static_assert(std::endian::native == std::endian::little, "the pack is read in place");

inline constexpr char kMagic[8] = {'C', 'L', 'O', 'C', 'H', 'E', 'P', 'K'};
inline constexpr uint32_t kVersion = 1;

// Limits. A pack beyond one of them is malformed.
inline constexpr uint32_t kMaxNodes = 1'000'000;
inline constexpr uint32_t kMaxBlobs = 1'000'000;
inline constexpr uint32_t kMaxFrames = 65'536;
inline constexpr uint32_t kMaxStringBytes = 64u << 20;
inline constexpr uint32_t kMaxManifestBytes = 4u << 20;
inline constexpr uint32_t kMaxFrameRawBytes = 1u << 20;
inline constexpr uint32_t kMaxFrameStoredBytes = kMaxFrameRawBytes + (8u << 10);
inline constexpr uint64_t kMaxBlobBytes = 4ull << 30;
inline constexpr uint32_t kMaxNameBytes = 255;
inline constexpr uint32_t kMaxSymlinkBytes = 4095;
inline constexpr uint32_t kMaxPathBytes = 4095;
inline constexpr uint32_t kMaxDepth = 64;

// Node::mode.
inline constexpr uint16_t kTypeMask = 0170000;
inline constexpr uint16_t kDirectory = 0040000;
inline constexpr uint16_t kRegular = 0100000;
inline constexpr uint16_t kSymlink = 0120000;
inline constexpr uint16_t kPermissionMask = 01777;

struct Header {
  char magic[8];
  uint32_t version;
  uint32_t header_size;
  uint64_t file_size;
  int64_t mtime;
  uint64_t index_offset;
  uint64_t index_size;
  uint8_t index_sha256[32];
  uint64_t manifest_offset;
  uint64_t manifest_size;
  uint8_t manifest_sha256[32];
  uint64_t data_offset;
  uint64_t data_size;
  uint64_t raw_size;
  uint32_t node_count;
  uint32_t blob_count;
  uint32_t frame_count;
  uint32_t string_size;
  uint8_t reserved[24];
};
static_assert(sizeof(Header) == 192);

struct Node {
  uint32_t name_offset;
  uint16_t name_size;
  uint16_t mode;
  uint32_t parent;
  uint32_t first;  // directory: first child; file: blob; symlink: target's offset in the strings
  uint32_t count;  // directory: children; file: 0; symlink: target's size
  uint32_t reserved;
};
static_assert(sizeof(Node) == 24);

struct Blob {
  uint64_t raw_offset;
  uint64_t size;
  uint8_t sha256[32];
};
static_assert(sizeof(Blob) == 48);

struct Frame {
  uint64_t raw_offset;
  uint64_t stored_offset;
  uint32_t raw_size;
  uint32_t stored_size;
  uint8_t sha256[32];
};
static_assert(sizeof(Frame) == 56);

}  // namespace cloche::pack
