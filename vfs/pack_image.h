// A guest pack (docs/pack.md), opened and checked: who has a PackImage has a proven tree.
//
// open() reads and checks the header and the index once, in linear time, into memory of bounded
// size; the content stays in the file and is read, checked against its hash and decompressed frame
// by frame when it is asked for. The file is read by pread only: should it change or shrink later,
// reads fail, nothing else happens.
//
// Thread class: safe. One image serves all sandboxes of a process; the frames they read last are
// kept for all of them (`cache_bytes`).
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/sha256.h"
#include "vfs/pack_format.h"

namespace cloche::vfs {

// Where the bytes of a pack come from. Thread class: safe.
class PackSource {
 public:
  virtual ~PackSource() = default;
  virtual Result<uint64_t> size() = 0;
  // Fills `out` from `offset`, all of it, or fails.
  virtual Status read(uint64_t offset, std::span<uint8_t> out) = 0;
};

// A regular file of the host, opened read-only.
Result<std::unique_ptr<PackSource>> open_pack_file(const std::string& path);
// Bytes in memory (tests).
std::unique_ptr<PackSource> pack_in_memory(std::vector<uint8_t> bytes);

class PackImage {
 public:
  static constexpr uint64_t kDefaultCacheBytes = 16u << 20;

  // kMalformed with what is wrong and where; kIo.
  static Result<std::shared_ptr<PackImage>> open(std::unique_ptr<PackSource> source,
                                                 uint64_t cache_bytes = kDefaultCacheBytes);
  static Result<std::shared_ptr<PackImage>> open_file(const std::string& path);
  // Only its header, for AddedPack: until load_index_and_check() has succeeded nothing but
  // header(), identity() and manifest() may be called.
  static Result<std::shared_ptr<PackImage>> open_header(std::unique_ptr<PackSource> source,
                                                        uint64_t cache_bytes = kDefaultCacheBytes);
  Status load_index_and_check();

  const pack::Header& header() const { return header_; }
  const Sha256Digest& identity() const { return identity_; }
  uint32_t node_count() const { return header_.node_count; }
  const pack::Node& node(uint32_t number) const { return nodes_[number]; }
  const pack::Blob& blob(uint32_t number) const { return blobs_[number]; }
  std::string_view name(const pack::Node& node) const;
  std::string_view symlink_target(const pack::Node& node) const;
  uint32_t subdirectories(uint32_t directory) const { return subdirectories_[directory]; }
  // The child of that name, or 0. Logarithmic.
  uint32_t find_child(uint32_t directory, std::string_view name) const;
  // The node of an absolute path, symlinks not followed.
  std::optional<uint32_t> find(std::string_view path) const;

  // Reads from a blob: bytes copied, short only at its end. kMalformed, kIo.
  Result<uint64_t> read(uint32_t blob, uint64_t offset, std::span<uint8_t> out) const;
  // The manifest, checked against its hash.
  Result<std::string> manifest() const;
  // Reads everything: each blob has the hash that the index says. For `cloche doctor`. Slow.
  Status verify() const;

 private:
  using Bytes = std::shared_ptr<const std::vector<uint8_t>>;

  explicit PackImage(std::unique_ptr<PackSource> source, uint64_t cache_bytes)
      : source_(std::move(source)), cache_bytes_(cache_bytes) {}
  Status load_header();
  Status check_header(uint64_t file_size) const;
  Status load_index();
  Status check_nodes();
  Status check_node(uint32_t number, const std::vector<uint16_t>& path_size);
  Status check_blobs() const;
  Status check_frames() const;
  uint32_t frame_at(uint64_t raw_offset) const;
  Result<Bytes> frame(uint32_t number) const;
  Result<Bytes> load_frame(uint32_t number) const;

  const std::unique_ptr<PackSource> source_;
  const uint64_t cache_bytes_;
  pack::Header header_{};
  Sha256Digest identity_{};
  std::vector<pack::Node> nodes_;
  std::vector<pack::Blob> blobs_;
  std::vector<pack::Frame> frames_;
  std::vector<char> strings_;
  std::vector<uint32_t> subdirectories_;

  // The frames read last, the newest first.
  struct Cached {
    uint32_t number;
    Bytes bytes;
  };
  mutable std::mutex cache_lock_;
  mutable std::list<Cached> cache_;
  mutable std::unordered_map<uint32_t, std::list<Cached>::iterator> cached_;
  mutable uint64_t cached_bytes_ = 0;
};

}  // namespace cloche::vfs
