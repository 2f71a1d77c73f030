// Makes guest packs for tests: well-formed ones, and ones that a test breaks on purpose. The real
// writer is guest/pack.
#pragma once

#include <zstd.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "vfs/pack_format.h"

namespace cloche::vfs {

// The tables are public: a test changes what it likes before bytes() seals the hashes.
struct PackBuilder {
  pack::Header header{};
  std::vector<pack::Node> nodes;
  std::vector<pack::Blob> blobs;
  std::vector<pack::Frame> frames;
  std::string strings, manifest = "{\"format\": 1}", data;

  uint32_t string(const std::string& text) {
    auto offset = static_cast<uint32_t>(strings.size());
    strings += text;
    return offset;
  }
  pack::Node node(const std::string& name, uint16_t mode, uint32_t parent, uint32_t first,
                  uint32_t count) {
    return pack::Node{
        string(name), static_cast<uint16_t>(name.size()), mode, parent, first, count, 0};
  }
  // A blob of its own, in frames of `frame_bytes`.
  uint32_t blob(const std::string& content, size_t frame_bytes = pack::kMaxFrameRawBytes) {
    pack::Blob made{};
    made.raw_offset = header.raw_size;
    made.size = content.size();
    digest(content, made.sha256);
    for (size_t at = 0; at < content.size(); at += frame_bytes) {
      frame(content.substr(at, frame_bytes));
    }
    blobs.push_back(made);
    return static_cast<uint32_t>(blobs.size() - 1);
  }
  void frame(const std::string& raw) {
    std::string stored(ZSTD_compressBound(raw.size()), '\0');
    stored.resize(ZSTD_compress(stored.data(), stored.size(), raw.data(), raw.size(), 3));
    frame_as(stored, static_cast<uint32_t>(raw.size()));
  }
  void frame_as(const std::string& stored, uint32_t raw_size) {
    pack::Frame made{};
    made.raw_offset = header.raw_size;
    made.stored_offset = data.size();
    made.raw_size = raw_size;
    made.stored_size = static_cast<uint32_t>(stored.size());
    digest(stored, made.sha256);
    frames.push_back(made);
    header.raw_size += raw_size;
    data += stored;
  }

  // The small tree that most tests want: /bin/{big,sh}, /empty, /etc/{link,motd}.
  static PackBuilder sample(const std::string& big) {
    PackBuilder b;
    b.nodes.push_back(b.node("", 0040755, 0, 1, 3));
    b.nodes.push_back(b.node("bin", 0040755, 0, 4, 2));
    b.nodes.push_back(b.node("empty", 0040755, 0, 6, 0));
    b.nodes.push_back(b.node("etc", 0040755, 0, 6, 2));
    b.nodes.push_back(b.node("big", 0100755, 1, b.blob(big, 50000), 0));
    b.nodes.push_back(b.node("sh", 0100755, 1, b.blob("#!shell"), 0));
    uint32_t target = b.string("../bin/sh");
    b.nodes.push_back(b.node("link", 0120777, 3, target, 9));
    b.nodes.push_back(b.node("motd", 0100644, 3, b.blob(""), 0));
    return b;
  }

  // Fills the header's places and hashes in and joins the parts.
  std::string bytes() {
    using namespace pack;
    Header& h = header;
    memcpy(h.magic, kMagic, sizeof h.magic);
    h.version = kVersion;
    h.header_size = sizeof(Header);
    h.mtime = 1'700'000'000;
    h.node_count = static_cast<uint32_t>(nodes.size());
    h.blob_count = static_cast<uint32_t>(blobs.size());
    h.frame_count = static_cast<uint32_t>(frames.size());
    h.string_size = static_cast<uint32_t>(strings.size());
    std::string index = raw(nodes) + raw(blobs) + raw(frames) + strings;
    h.index_offset = sizeof(Header);
    h.index_size = index.size();
    digest(index, h.index_sha256);
    h.manifest_offset = h.index_offset + h.index_size;
    h.manifest_size = manifest.size();
    digest(manifest, h.manifest_sha256);
    h.data_offset = h.manifest_offset + h.manifest_size;
    h.data_size = data.size();
    h.file_size = h.data_offset + h.data_size;
    return std::string(reinterpret_cast<const char*>(&h), sizeof h) + index + manifest + data;
  }

  static void digest(const std::string& bytes, uint8_t (&out)[32]) {
    auto hash = sha256({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
    memcpy(out, hash.data(), sizeof out);
  }
  template <class T>
  static std::string raw(const std::vector<T>& table) {
    return std::string(reinterpret_cast<const char*>(table.data()), table.size() * sizeof(T));
  }
};

}  // namespace cloche::vfs
