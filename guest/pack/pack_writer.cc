#include "guest/pack/pack_writer.h"

#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "vfs/pack_format.h"

namespace cloche::pack {
namespace {

// A file larger than this has frames of its own; smaller ones share frames of up to kSharedFrame,
// so that reading one small file does not decompress much more than itself and its neighbours.
constexpr size_t kLargeFile = 256u << 10;
constexpr size_t kSharedFrame = 512u << 10;

template <class T>
void append(Bytes& out, const T& structure) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&structure);
  out.insert(out.end(), bytes, bytes + sizeof(T));
}

void store(uint8_t (&field)[32], const Sha256Digest& digest) {
  std::memcpy(field, digest.data(), digest.size());
}

bool is_valid_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes && name != "." && name != ".." &&
         name.find('\0') == std::string_view::npos;
}

Error too_much(const char* what) {
  return make_error(Code::kResourceExhausted, "a pack cannot hold that many %s", what);
}

// Collects the raw stream and cuts it into compressed frames.
class FrameStream {
 public:
  explicit FrameStream(int level) : context_(ZSTD_createCCtx()) {
    CHECK(context_ != nullptr);
    ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context_, ZSTD_c_contentSizeFlag, 1);
  }
  ~FrameStream() { ZSTD_freeCCtx(context_); }
  FrameStream(const FrameStream&) = delete;
  FrameStream& operator=(const FrameStream&) = delete;

  // The offset in the raw stream at which `content` begins.
  Result<uint64_t> add(const Bytes& content) {
    const bool large = content.size() > kLargeFile;
    if (large || pending_.size() + content.size() > kSharedFrame) TRY(cut());
    const uint64_t offset = raw_size_ + pending_.size();
    if (!large) {
      pending_.insert(pending_.end(), content.begin(), content.end());
      return offset;
    }
    for (size_t at = 0; at < content.size(); at += kMaxFrameRawBytes) {
      const size_t size = std::min<size_t>(kMaxFrameRawBytes, content.size() - at);
      pending_.assign(content.begin() + static_cast<ptrdiff_t>(at),
                      content.begin() + static_cast<ptrdiff_t>(at + size));
      TRY(cut());
    }
    return offset;
  }

  // Ends the frame that is being filled, if any.
  Status cut() {
    if (pending_.empty()) return ok_status();
    if (frames_.size() == kMaxFrames) return too_much("frames");
    Bytes stored(ZSTD_compressBound(pending_.size()));
    const size_t size =
        ZSTD_compress2(context_, stored.data(), stored.size(), pending_.data(), pending_.size());
    if (ZSTD_isError(size)) {
      return make_error(Code::kInternal, "zstd: %s", ZSTD_getErrorName(size));
    }
    stored.resize(size);
    CHECK(stored.size() <= kMaxFrameStoredBytes);
    Frame frame{};
    frame.raw_offset = raw_size_;
    frame.stored_offset = data_.size();
    frame.raw_size = static_cast<uint32_t>(pending_.size());
    frame.stored_size = static_cast<uint32_t>(stored.size());
    store(frame.sha256, sha256(stored));
    frames_.push_back(frame);
    data_.insert(data_.end(), stored.begin(), stored.end());
    raw_size_ += pending_.size();
    pending_.clear();
    return ok_status();
  }

  const std::vector<Frame>& frames() const { return frames_; }
  const Bytes& data() const { return data_; }
  uint64_t raw_size() const { return raw_size_; }

 private:
  ZSTD_CCtx* context_;
  Bytes pending_;
  Bytes data_;
  std::vector<Frame> frames_;
  uint64_t raw_size_ = 0;
};

// Names and targets, each kept once.
class Strings {
 public:
  Result<uint32_t> add(const std::string& text) {
    auto [place, is_new] = offsets_.try_emplace(text, static_cast<uint32_t>(bytes_.size()));
    if (is_new) {
      if (bytes_.size() + text.size() > kMaxStringBytes) return too_much("names");
      bytes_.insert(bytes_.end(), text.begin(), text.end());
    }
    return place->second;
  }
  const Bytes& bytes() const { return bytes_; }

 private:
  std::map<std::string, uint32_t> offsets_;
  Bytes bytes_;
};

}  // namespace

struct Writer::Content {
  Sha256Digest sha256{};
  Bytes bytes;
  int64_t blob = -1;  // its number, once it has one
};

struct Writer::Item {
  uint16_t mode = 0;  // type and permissions
  std::string target;
  Content* content = nullptr;
  std::map<std::string, std::unique_ptr<Item>, std::less<>> children;  // sorted by bytes
};

// Numbers the nodes breadth first and fills the tables.
class Writer::Layout {
 public:
  explicit Layout(int level) : frames_(level) {}

  Status run(const Item& root) {
    queue_.push_back({&root, 0});
    Node node{};
    node.mode = root.mode;
    nodes_.push_back(node);
    for (size_t i = 0; i < queue_.size(); ++i) TRY(fill(static_cast<uint32_t>(i)));
    return frames_.cut();
  }

  Bytes index() const {
    Bytes out;
    for (const Node& node : nodes_) append(out, node);
    for (const Blob& blob : blobs_) append(out, blob);
    for (const Frame& frame : frames_.frames()) append(out, frame);
    out.insert(out.end(), strings_.bytes().begin(), strings_.bytes().end());
    return out;
  }

  void count(Header& header) const {
    header.node_count = static_cast<uint32_t>(nodes_.size());
    header.blob_count = static_cast<uint32_t>(blobs_.size());
    header.frame_count = static_cast<uint32_t>(frames_.frames().size());
    header.string_size = static_cast<uint32_t>(strings_.bytes().size());
    header.raw_size = frames_.raw_size();
    header.data_size = frames_.data().size();
  }

  const Bytes& data() const { return frames_.data(); }

 private:
  struct Queued {
    const Item* item;
    uint32_t depth;
  };

  Status fill(uint32_t number) {
    const auto [item, depth] = queue_[number];
    switch (item->mode & kTypeMask) {
      case kDirectory:
        return add_children(number, *item, depth);
      case kSymlink: {
        const uint32_t offset = TRY(strings_.add(item->target));
        nodes_[number].first = offset;
        nodes_[number].count = static_cast<uint32_t>(item->target.size());
        return ok_status();
      }
      default: {
        const uint32_t blob = TRY(blob_of(*item->content));
        nodes_[number].first = blob;
        return ok_status();
      }
    }
  }

  Status add_children(uint32_t number, const Item& directory, uint32_t depth) {
    nodes_[number].first = static_cast<uint32_t>(nodes_.size());
    nodes_[number].count = static_cast<uint32_t>(directory.children.size());
    if (nodes_.size() + directory.children.size() > kMaxNodes) return too_much("files");
    if (depth == kMaxDepth && !directory.children.empty()) return too_much("levels of directories");
    for (const auto& [name, child] : directory.children) {
      const uint32_t offset = TRY(strings_.add(name));
      Node node{};
      node.name_offset = offset;
      node.name_size = static_cast<uint16_t>(name.size());
      node.mode = child->mode;
      node.parent = number;
      nodes_.push_back(node);
      queue_.push_back({child.get(), depth + 1});
    }
    return ok_status();
  }

  Result<uint32_t> blob_of(Content& content) {
    if (content.blob < 0) {
      Blob blob{};
      blob.raw_offset = TRY(frames_.add(content.bytes));
      blob.size = content.bytes.size();
      store(blob.sha256, content.sha256);
      content.blob = static_cast<int64_t>(blobs_.size());
      blobs_.push_back(blob);  // never more than nodes
    }
    return static_cast<uint32_t>(content.blob);
  }

  std::vector<Queued> queue_;
  std::vector<Node> nodes_;
  std::vector<Blob> blobs_;
  FrameStream frames_;
  Strings strings_;
};

Writer::Writer() : root_(std::make_unique<Item>()) { root_->mode = kDirectory | 0755; }
Writer::~Writer() = default;

// A new item at `path`, of no type yet.
Result<Writer::Item*> Writer::place(std::string_view path) {
  const size_t whole = path.size() + 1;  // with the slash of the root
  if (whole > kMaxPathBytes) {
    return make_error(Code::kInvalidArgument, "a path has %zu bytes; the most is %u", whole,
                      kMaxPathBytes);
  }
  Item* directory = root_.get();
  std::string_view rest = path;
  for (;;) {
    const size_t slash = rest.find('/');
    const std::string_view name = rest.substr(0, slash);
    if (!is_valid_name(name)) {
      return make_error(Code::kInvalidArgument, "a pack cannot hold the name \"%.*s\"",
                        static_cast<int>(path.size()), path.data());
    }
    auto child = directory->children.find(name);
    if (slash == std::string_view::npos) {
      if (child != directory->children.end()) {
        return make_error(Code::kExists, "/%.*s is there already", static_cast<int>(path.size()),
                          path.data());
      }
      auto item = std::make_unique<Item>();
      Item* placed = item.get();
      directory->children.emplace(name, std::move(item));
      return placed;
    }
    if (child == directory->children.end() || (child->second->mode & kTypeMask) != kDirectory) {
      return make_error(Code::kNotFound, "the directory of /%.*s was not added",
                        static_cast<int>(path.size()), path.data());
    }
    directory = child->second.get();
    rest.remove_prefix(slash + 1);
  }
}

namespace {

Status check_mode(uint32_t mode) {
  if ((mode & ~uint32_t{kPermissionMask}) == 0) return ok_status();
  return make_error(Code::kInvalidArgument, "a pack cannot hold the mode %04o", mode);
}

}  // namespace

Status Writer::add_directory(std::string_view path, uint32_t mode) {
  TRY(check_mode(mode));
  Item* item = TRY(place(path));
  item->mode = static_cast<uint16_t>(kDirectory | mode);
  return ok_status();
}

Status Writer::add_file(std::string_view path, uint32_t mode, Bytes content) {
  TRY(check_mode(mode));
  if (content.size() > kMaxBlobBytes) {
    return make_error(Code::kInvalidArgument, "/%.*s is larger than a pack's files can be",
                      static_cast<int>(path.size()), path.data());
  }
  Item* item = TRY(place(path));
  item->mode = static_cast<uint16_t>(kRegular | mode);
  const Sha256Digest digest = sha256(content);
  std::unique_ptr<Content>& known = contents_[digest];
  if (known == nullptr) known.reset(new Content{digest, std::move(content)});
  item->content = known.get();
  return ok_status();
}

Status Writer::add_symlink(std::string_view path, std::string_view target) {
  if (target.empty() || target.size() > kMaxSymlinkBytes ||
      target.find('\0') != std::string_view::npos) {
    return make_error(Code::kInvalidArgument, "a pack cannot hold the target of the link /%.*s",
                      static_cast<int>(path.size()), path.data());
  }
  Item* item = TRY(place(path));
  item->mode = kSymlink | 0777;
  item->target = target;
  return ok_status();
}

Result<Bytes> Writer::finish(const WriterOptions& options) {
  if (options.mtime < 0) return make_error(Code::kInvalidArgument, "the time is before 1970");
  if (options.manifest.empty() || options.manifest.size() > kMaxManifestBytes) {
    return make_error(Code::kInvalidArgument, "the manifest has %zu bytes; a pack wants 1 to %u",
                      options.manifest.size(), kMaxManifestBytes);
  }
  Layout layout(options.zstd_level);
  TRY(layout.run(*root_));

  const Bytes index = layout.index();
  const Bytes manifest(options.manifest.begin(), options.manifest.end());
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.version = kVersion;
  header.header_size = sizeof(Header);
  header.mtime = options.mtime;
  layout.count(header);
  header.index_offset = sizeof(Header);
  header.index_size = index.size();
  header.manifest_offset = header.index_offset + header.index_size;
  header.manifest_size = manifest.size();
  header.data_offset = header.manifest_offset + header.manifest_size;
  header.file_size = header.data_offset + header.data_size;
  store(header.index_sha256, sha256(index));
  store(header.manifest_sha256, sha256(manifest));

  Bytes pack;
  pack.reserve(header.file_size);
  append(pack, header);
  pack.insert(pack.end(), index.begin(), index.end());
  pack.insert(pack.end(), manifest.begin(), manifest.end());
  pack.insert(pack.end(), layout.data().begin(), layout.data().end());
  return pack;
}

}  // namespace cloche::pack
