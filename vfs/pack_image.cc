#include "vfs/pack_image.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace cloche::vfs {

using pack::Blob;
using pack::Frame;
using pack::Header;
using pack::Node;

// --- sources

namespace {

class FileSource : public PackSource {
 public:
  explicit FileSource(int fd) : fd_(fd) {}
  ~FileSource() override { ::close(fd_); }

  Result<uint64_t> size() override {
    struct stat s;
    if (fstat(fd_, &s) != 0) return errno_error(errno, "cannot stat the pack");
    if (!S_ISREG(s.st_mode)) {
      return make_error(Code::kInvalidArgument, "the pack is not a regular file");
    }
    return static_cast<uint64_t>(s.st_size);
  }

  Status read(uint64_t offset, std::span<uint8_t> out) override {
    while (!out.empty()) {
      ssize_t count = pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return errno_error(errno, "cannot read the pack");
      if (count == 0) return make_error(Code::kMalformed, "the pack ends before its data");
      offset += static_cast<uint64_t>(count);
      out = out.subspan(static_cast<size_t>(count));
    }
    return ok_status();
  }

 private:
  const int fd_;
};

class MemorySource : public PackSource {
 public:
  explicit MemorySource(std::vector<uint8_t> bytes) : bytes_(std::move(bytes)) {}
  Result<uint64_t> size() override { return uint64_t{bytes_.size()}; }
  Status read(uint64_t offset, std::span<uint8_t> out) override {
    if (offset > bytes_.size() || out.size() > bytes_.size() - offset) {
      return make_error(Code::kMalformed, "the pack ends before its data");
    }
    if (!out.empty()) memcpy(out.data(), bytes_.data() + offset, out.size());
    return ok_status();
  }

 private:
  const std::vector<uint8_t> bytes_;
};

__attribute__((format(printf, 1, 2))) Error malformed(const char* format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return Error{Code::kMalformed, text};
}

template <class T>
std::span<uint8_t> bytes_of(std::vector<T>& table) {
  return {reinterpret_cast<uint8_t*>(table.data()), table.size() * sizeof(T)};
}

}  // namespace

Result<std::unique_ptr<PackSource>> open_pack_file(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return errno_error(errno, "cannot open the guest pack " + path);
  return std::unique_ptr<PackSource>(std::make_unique<FileSource>(fd));
}

std::unique_ptr<PackSource> pack_in_memory(std::vector<uint8_t> bytes) {
  return std::make_unique<MemorySource>(std::move(bytes));
}

// --- opening

Result<std::shared_ptr<PackImage>> PackImage::open(std::unique_ptr<PackSource> source,
                                                   uint64_t cache_bytes) {
  auto image = TRY(open_header(std::move(source), cache_bytes));
  TRY(image->load_index_and_check());
  return image;
}

Result<std::shared_ptr<PackImage>> PackImage::open_header(std::unique_ptr<PackSource> source,
                                                          uint64_t cache_bytes) {
  std::shared_ptr<PackImage> image(new PackImage(std::move(source), cache_bytes));
  TRY(image->load_header());
  return image;
}

Result<std::shared_ptr<PackImage>> PackImage::open_file(const std::string& path) {
  return open(TRY(open_pack_file(path)));
}

Status PackImage::load_header() {
  uint64_t size = TRY(source_->size());
  if (size < sizeof(Header)) return malformed("not a guest pack: shorter than a header");
  std::span<uint8_t> header_bytes(reinterpret_cast<uint8_t*>(&header_), sizeof(Header));
  TRY(source_->read(0, header_bytes));
  TRY(check_header(size));
  identity_ = sha256(header_bytes);
  return ok_status();
}

Status PackImage::load_index_and_check() {
  TRY(load_index());
  TRY(check_blobs());
  TRY(check_frames());
  return check_nodes();
}

// After this all sizes are small enough that sums of them cannot overflow.
Status PackImage::check_header(uint64_t file_size) const {
  const Header& h = header_;
  if (memcmp(h.magic, pack::kMagic, sizeof h.magic) != 0) {
    return malformed("not a guest pack: wrong magic");
  }
  if (h.version != pack::kVersion) {
    return make_error(Code::kUnsupported, "guest pack version %u; this program reads version %u",
                      h.version, pack::kVersion);
  }
  if (h.header_size != sizeof(Header)) return malformed("pack header: wrong header size");
  if (h.file_size != file_size) {
    return malformed("the pack should have %llu bytes and has %llu",
                     static_cast<unsigned long long>(h.file_size),
                     static_cast<unsigned long long>(file_size));
  }
  if (h.mtime < 0) return malformed("pack header: negative time");
  if (h.node_count == 0 || h.node_count > pack::kMaxNodes || h.blob_count > pack::kMaxBlobs ||
      h.frame_count > pack::kMaxFrames || h.string_size > pack::kMaxStringBytes) {
    return malformed("pack header: a table is too large or empty");
  }
  uint64_t index_size = uint64_t{h.node_count} * sizeof(Node) +
                        uint64_t{h.blob_count} * sizeof(Blob) +
                        uint64_t{h.frame_count} * sizeof(Frame) + h.string_size;
  if (h.index_offset != sizeof(Header) || h.index_size != index_size) {
    return malformed("pack header: the index is not where it must be");
  }
  if (h.manifest_offset != h.index_offset + index_size || h.manifest_size == 0 ||
      h.manifest_size > pack::kMaxManifestBytes) {
    return malformed("pack header: the manifest is not where it must be");
  }
  if (h.data_offset != h.manifest_offset + h.manifest_size || h.data_offset > file_size ||
      h.data_size != file_size - h.data_offset) {
    return malformed("pack header: the data is not where it must be");
  }
  if (h.raw_size > uint64_t{pack::kMaxFrames} * pack::kMaxFrameRawBytes) {
    return malformed("pack header: too much data");
  }
  for (uint8_t byte : h.reserved) {
    if (byte != 0) return malformed("pack header: reserved bytes are not zero");
  }
  return ok_status();
}

Status PackImage::load_index() {
  nodes_.resize(header_.node_count);
  blobs_.resize(header_.blob_count);
  frames_.resize(header_.frame_count);
  strings_.resize(header_.string_size);
  Sha256 hash;
  uint64_t offset = header_.index_offset;
  for (std::span<uint8_t> table :
       {bytes_of(nodes_), bytes_of(blobs_), bytes_of(frames_), bytes_of(strings_)}) {
    TRY(source_->read(offset, table));
    hash.update(table);
    offset += table.size();
  }
  Sha256Digest digest = hash.finish();
  if (memcmp(digest.data(), header_.index_sha256, digest.size()) != 0) {
    return malformed("the pack's index is damaged: its hash is wrong");
  }
  return ok_status();
}

// The blobs are the raw stream, one after another.
Status PackImage::check_blobs() const {
  uint64_t next = 0;
  for (uint32_t i = 0; i < header_.blob_count; ++i) {
    const Blob& blob = blobs_[i];
    if (blob.raw_offset != next) return malformed("blob %u: does not follow the one before", i);
    if (blob.size > pack::kMaxBlobBytes || blob.size > header_.raw_size - next) {
      return malformed("blob %u: too large", i);
    }
    next += blob.size;
  }
  if (next != header_.raw_size) return malformed("the blobs do not cover the data");
  return ok_status();
}

Status PackImage::check_frames() const {
  uint64_t raw = 0, stored = 0;
  for (uint32_t i = 0; i < header_.frame_count; ++i) {
    const Frame& frame = frames_[i];
    if (frame.raw_offset != raw || frame.stored_offset != stored) {
      return malformed("frame %u: does not follow the one before", i);
    }
    if (frame.raw_size == 0 || frame.raw_size > pack::kMaxFrameRawBytes || frame.stored_size == 0 ||
        frame.stored_size > pack::kMaxFrameStoredBytes) {
      return malformed("frame %u: size out of range", i);
    }
    raw += frame.raw_size;
    stored += frame.stored_size;
  }
  if (raw != header_.raw_size || stored != header_.data_size) {
    return malformed("the frames do not cover the data");
  }
  return ok_status();
}

namespace {
bool valid_name(std::string_view name) {
  if (name.empty() || name == "." || name == "..") return false;
  return name.find('/') == name.npos && name.find('\0') == name.npos;
}
}  // namespace

// One node by itself: type, ranges, strings. The tree is check_nodes' matter.
Status PackImage::check_node(uint32_t i, const std::vector<uint16_t>& path_size) {
  const Node& node = nodes_[i];
  uint16_t type = node.mode & pack::kTypeMask;
  if ((node.mode & ~(pack::kTypeMask | pack::kPermissionMask)) != 0 || node.reserved != 0) {
    return malformed("node %u: mode or reserved bits out of range", i);
  }
  if (node.name_offset > header_.string_size ||
      node.name_size > header_.string_size - node.name_offset ||
      node.name_size > pack::kMaxNameBytes) {
    return malformed("node %u: the name lies outside of the strings", i);
  }
  if (i == 0) {
    if (type != pack::kDirectory || node.name_size != 0 || node.parent != 0) {
      return malformed("node 0 is not a root directory");
    }
    return ok_status();
  }
  if (!valid_name(name(node))) return malformed("node %u: invalid name", i);
  if (path_size[i] > pack::kMaxPathBytes) return malformed("node %u: path too long", i);
  if (type == pack::kRegular) {
    if (node.first >= header_.blob_count || node.count != 0) {
      return malformed("node %u: no such blob", i);
    }
  } else if (type == pack::kSymlink) {
    if (node.count == 0 || node.count > pack::kMaxSymlinkBytes ||
        node.first > header_.string_size || node.count > header_.string_size - node.first ||
        symlink_target(node).find('\0') != std::string_view::npos) {
      return malformed("node %u: invalid symlink target", i);
    }
  } else if (type != pack::kDirectory) {
    return malformed("node %u: unknown type", i);
  }
  return ok_status();
}

// Child ranges follow one another in node order, each directory comes after its parent's range
// began, and children name their parent: so the nodes are one tree without cycles.
Status PackImage::check_nodes() {
  subdirectories_.assign(header_.node_count, 0);
  std::vector<uint16_t> path_size(header_.node_count, 0);
  std::vector<uint8_t> depth(header_.node_count, 0);
  std::vector<bool> blob_used(header_.blob_count, false);
  uint32_t next = 1;
  for (uint32_t i = 0; i < header_.node_count; ++i) {
    if (i >= next) return malformed("node %u: in no directory", i);
    TRY(check_node(i, path_size));
    const Node& node = nodes_[i];
    uint16_t type = node.mode & pack::kTypeMask;
    if (type == pack::kRegular) blob_used[node.first] = true;
    if (type != pack::kDirectory) continue;
    if (node.first != next || node.count > header_.node_count - next) {
      return malformed("node %u: its children are not where they must be", i);
    }
    if (node.count > 0 && depth[i] == pack::kMaxDepth) return malformed("node %u: too deep", i);
    for (uint32_t child = next; child < next + node.count; ++child) {
      const Node& below = nodes_[child];
      if (below.parent != i) return malformed("node %u: wrong parent", child);
      depth[child] = static_cast<uint8_t>(depth[i] + 1);
      // Neither sum overflows: a path of a directory is at most kMaxPathBytes long here.
      path_size[child] = static_cast<uint16_t>(path_size[i] + 1 + below.name_size);
      if ((below.mode & pack::kTypeMask) == pack::kDirectory) ++subdirectories_[i];
    }
    next += node.count;
  }
  if (next != header_.node_count) return malformed("node %u: in no directory", next);
  // Names are known to lie in the strings now.
  for (uint32_t i = 2; i < header_.node_count; ++i) {
    if (nodes_[i].parent == nodes_[i - 1].parent && name(nodes_[i - 1]) >= name(nodes_[i])) {
      return malformed("node %u: names are not sorted", i);
    }
  }
  auto unused = std::find(blob_used.begin(), blob_used.end(), false);
  if (unused != blob_used.end()) {
    return malformed("blob %u: no file has it", static_cast<unsigned>(unused - blob_used.begin()));
  }
  return ok_status();
}

// --- the tree

std::string_view PackImage::name(const Node& node) const {
  return {strings_.data() + node.name_offset, node.name_size};
}

std::string_view PackImage::symlink_target(const Node& node) const {
  return {strings_.data() + node.first, node.count};
}

uint32_t PackImage::find_child(uint32_t directory, std::string_view wanted) const {
  const Node& node = nodes_[directory];
  auto begin = nodes_.begin() + node.first, end = begin + node.count;
  auto found = std::lower_bound(
      begin, end, wanted,
      [this](const Node& child, std::string_view text) { return name(child) < text; });
  if (found == end || name(*found) != wanted) return 0;
  return static_cast<uint32_t>(found - nodes_.begin());
}

std::optional<uint32_t> PackImage::find(std::string_view path) const {
  uint32_t number = 0;
  if (!path.starts_with('/')) return std::nullopt;
  for (size_t at = 1; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    if ((nodes_[number].mode & pack::kTypeMask) != pack::kDirectory) return std::nullopt;
    number = find_child(number, path.substr(at, end - at));
    if (number == 0) return std::nullopt;
    at = end + 1;
  }
  return number;
}

// --- content

uint32_t PackImage::frame_at(uint64_t raw_offset) const {
  auto after = std::upper_bound(
      frames_.begin(), frames_.end(), raw_offset,
      [](uint64_t offset, const Frame& frame) { return offset < frame.raw_offset; });
  return static_cast<uint32_t>(after - frames_.begin()) - 1;
}

Result<PackImage::Bytes> PackImage::load_frame(uint32_t number) const {
  const Frame& frame = frames_[number];
  std::vector<uint8_t> stored(frame.stored_size);
  TRY(source_->read(header_.data_offset + frame.stored_offset, stored));
  Sha256Digest digest = sha256(stored);
  if (memcmp(digest.data(), frame.sha256, digest.size()) != 0) {
    return malformed("frame %u of the pack is damaged: its hash is wrong", number);
  }
  if (ZSTD_getFrameContentSize(stored.data(), stored.size()) != frame.raw_size ||
      ZSTD_findFrameCompressedSize(stored.data(), stored.size()) != stored.size()) {
    return malformed("frame %u of the pack is not one zstd frame of its size", number);
  }
  auto raw = std::make_shared<std::vector<uint8_t>>(frame.raw_size);
  size_t got = ZSTD_decompress(raw->data(), raw->size(), stored.data(), stored.size());
  if (ZSTD_isError(got) || got != raw->size()) {
    return malformed("frame %u of the pack does not decompress", number);
  }
  return Bytes(std::move(raw));
}

Result<PackImage::Bytes> PackImage::frame(uint32_t number) const {
  {
    std::lock_guard<std::mutex> lock(cache_lock_);
    auto known = cached_.find(number);
    if (known != cached_.end()) {
      cache_.splice(cache_.begin(), cache_, known->second);
      return known->second->bytes;
    }
  }
  // Unlocked: two threads may load the same frame at once, which only costs time.
  Bytes bytes = TRY(load_frame(number));
  std::lock_guard<std::mutex> lock(cache_lock_);
  if (cached_.count(number)) return bytes;
  cache_.push_front(Cached{number, bytes});
  cached_[number] = cache_.begin();
  cached_bytes_ += bytes->size();
  while (cached_bytes_ > cache_bytes_ && !cache_.empty()) {
    cached_bytes_ -= cache_.back().bytes->size();
    cached_.erase(cache_.back().number);
    cache_.pop_back();
  }
  return bytes;
}

Result<uint64_t> PackImage::read(uint32_t number, uint64_t offset, std::span<uint8_t> out) const {
  const Blob& blob = blobs_[number];
  if (offset >= blob.size) return uint64_t{0};
  uint64_t total = std::min<uint64_t>(out.size(), blob.size - offset);
  for (uint64_t done = 0; done < total;) {
    uint64_t at = blob.raw_offset + offset + done;
    uint32_t index = frame_at(at);
    Bytes bytes = TRY(frame(index));
    uint64_t within = at - frames_[index].raw_offset;
    uint64_t count = std::min(total - done, bytes->size() - within);
    memcpy(out.data() + done, bytes->data() + within, count);
    done += count;
  }
  return total;
}

Result<std::string> PackImage::manifest() const {
  std::string text(header_.manifest_size, '\0');
  std::span<uint8_t> bytes(reinterpret_cast<uint8_t*>(text.data()), text.size());
  TRY(source_->read(header_.manifest_offset, bytes));
  Sha256Digest digest = sha256(bytes);
  if (memcmp(digest.data(), header_.manifest_sha256, digest.size()) != 0) {
    return malformed("the pack's manifest is damaged: its hash is wrong");
  }
  return text;
}

Status PackImage::verify() const {
  TRY(manifest());
  std::vector<uint8_t> buffer(1u << 18);
  for (uint32_t i = 0; i < header_.blob_count; ++i) {
    Sha256 hash;
    for (uint64_t offset = 0; offset < blobs_[i].size;) {
      uint64_t count = TRY(read(i, offset, buffer));
      hash.update(std::span<const uint8_t>(buffer).first(count));
      offset += count;
    }
    Sha256Digest digest = hash.finish();
    if (memcmp(digest.data(), blobs_[i].sha256, digest.size()) != 0) {
      return malformed("blob %u of the pack does not have the hash its index says", i);
    }
  }
  return ok_status();
}

}  // namespace cloche::vfs
