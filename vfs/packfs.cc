#include "vfs/packfs.h"

#include <algorithm>
#include <unordered_map>

namespace cloche::vfs {

namespace {

constexpr uint32_t kSquashfsMagic = 0x73717368;

class PackInode;

// The core is layer 0, the added packs are 1 and following.
class PackFs : public RefCounted {
 public:
  PackFs(std::shared_ptr<const PackSet> packs, uint64_t dev)
      : packs_(std::move(packs)), dev_(dev) {}
  const PackSet& packs() const { return *packs_; }
  uint64_t dev() const { return dev_; }
  // The one inode of a node, made if nobody holds it.
  Ref<PackInode> inode(const PackImage& image, uint32_t layer, uint32_t node);
  // The inode of what a pack adds to a folder of the core. ENOENT: the pack has not what it says;
  // EIO: it is damaged.
  SysResult<Ref<PackInode>> added(uint32_t folder, const PackSet::Addition& addition);
  // The folder of the core that a node of an added pack hangs in; 0: in none.
  uint32_t core_folder_of(uint64_t key) const {
    const auto found = hangs_in_.find(key);
    return found == hangs_in_.end() ? 0 : found->second;
  }
  void forget(uint64_t key) { live_.erase(key); }
  static uint64_t key_of(uint32_t layer, uint32_t node) { return uint64_t{layer} << 32 | node; }

 private:
  const std::shared_ptr<const PackSet> packs_;
  const uint64_t dev_;
  std::unordered_map<uint64_t, PackInode*> live_;
  std::unordered_map<uint64_t, uint32_t> hangs_in_;
};

class PackBody : public FileBody {
 public:
  PackBody(Ref<PackFs> fs, const PackImage& image, uint32_t blob)
      : fs_(std::move(fs)), image_(image), blob_(blob) {}

  SysResult<uint64_t> read_at(uint64_t offset, std::span<uint8_t> out) override {
    Result<uint64_t> count = image_.read(blob_, offset, out);
    if (!count.ok()) return Errno::kIO;
    return *count;
  }
  SysResult<uint64_t> size() override { return image_.blob(blob_).size; }

 private:
  const Ref<PackFs> fs_;  // keeps the image
  const PackImage& image_;
  const uint32_t blob_;
};

class PackInode : public Inode {
 public:
  PackInode(Ref<PackFs> fs, const PackImage& image, uint32_t layer, uint32_t number)
      : fs_(std::move(fs)),
        image_(image),
        layer_(layer),
        number_(number),
        node_(image.node(number)) {}
  ~PackInode() override { fs_->forget(key()); }

  FileType type() const override {
    switch (node_.mode & pack::kTypeMask) {
      case pack::kDirectory:
        return FileType::kDirectory;
      case pack::kSymlink:
        return FileType::kSymlink;
      default:
        return FileType::kRegular;
    }
  }
  bool read_only() const override { return true; }
  const void* file_system() const override { return fs_.get(); }

  SysResult<Stat> stat() override {
    Stat result;
    result.dev = fs_->dev();
    result.ino = key() + 1;
    result.type = type();
    result.mode = node_.mode & pack::kPermissionMask;
    if (result.type == FileType::kRegular) {
      result.size = image_.blob(node_.first).size;
      result.blocks = (result.size + 511) / 512;
    } else if (result.type == FileType::kSymlink) {
      result.mode = 0777;
      result.size = node_.count;
    } else {
      // 1: the number of folders in it is not known, as on btrfs.
      result.nlink = additions() ? 1 : 2 + image_.subdirectories(number_);
      result.size = 4096;
    }
    Timespec time{image_.header().mtime, 0};
    result.atime = result.mtime = result.ctime = result.btime = time;
    return result;
  }

  SysResult<StatFs> statfs() override {
    StatFs result;
    result.type = kSquashfsMagic;
    const auto count = [&result](const pack::Header& header) {
      result.blocks += (header.raw_size + result.block_size - 1) / result.block_size;
      result.files += header.node_count;
    };
    count(fs_->packs().core().header());
    for (const auto& pack : fs_->packs().added()) count(pack->header());
    result.read_only = true;
    return result;
  }

  // As stat() and the default would say, without filling a Stat: the walk asks for each directory.
  SysResult<Unit> check_access(const Credentials& who, uint32_t access) override {
    uint32_t mode = node_.mode & pack::kPermissionMask;
    if (who.uid != 0 && (mode >> 3 & 7) == (mode & 7)) {
      if (access & ~mode & 7) return Errno::kACCES;
      return Unit{};
    }
    return Inode::check_access(who, access);
  }

  SysResult<InodeRef> lookup(std::string_view name) override {
    if (type() != FileType::kDirectory) return Errno::kNOTDIR;
    const uint32_t child = image_.find_child(number_, name);
    if (child != 0) return InodeRef(fs_->inode(image_, layer_, child));
    if (const auto* const added = additions()) {
      for (const PackSet::Addition& addition : *added) {
        if (addition.name == name) return InodeRef(TRY(fs_->added(number_, addition)));
      }
    }
    return Errno::kNOENT;
  }

  SysResult<Unit> readdir(uint64_t cookie, void* env, AcceptEntry accept) override {
    if (type() != FileType::kDirectory) return Errno::kNOTDIR;
    for (uint64_t i = cookie; i < node_.count; ++i) {
      uint32_t child = node_.first + static_cast<uint32_t>(i);
      const pack::Node& node = image_.node(child);
      FileType child_type = FileType::kRegular;
      if ((node.mode & pack::kTypeMask) == pack::kDirectory) child_type = FileType::kDirectory;
      if ((node.mode & pack::kTypeMask) == pack::kSymlink) child_type = FileType::kSymlink;
      DirEntry entry{image_.name(node), PackFs::key_of(layer_, child) + 1, child_type, i + 1};
      if (!accept(env, entry)) return Unit{};
    }
    if (const auto* const added = additions()) list_added(*added, cookie, env, accept);
    return Unit{};
  }

  InodeRef parent() override {
    if (number_ == 0) return nullptr;
    if (const uint32_t folder = layer_ == 0 ? 0 : fs_->core_folder_of(key())) {
      return fs_->inode(fs_->packs().core(), 0, folder);
    }
    return fs_->inode(image_, layer_, node_.parent);
  }
  SysResult<std::string> name_in_parent() override {
    if (number_ == 0) return Errno::kNOENT;
    return std::string(image_.name(node_));
  }

  SysResult<std::string> readlink() override {
    if (type() != FileType::kSymlink) return Errno::kINVAL;
    return std::string(image_.symlink_target(node_));
  }

  SysResult<std::unique_ptr<FileBody>> open(OpenAccess access) override {
    if (type() == FileType::kDirectory) return Errno::kISDIR;
    if (type() != FileType::kRegular) return Errno::kNXIO;
    if (access != OpenAccess::kRead) return Errno::kROFS;
    return std::unique_ptr<FileBody>(std::make_unique<PackBody>(fs_, image_, node_.first));
  }

  SysResult<Unit> truncate(uint64_t) override {
    return type() == FileType::kDirectory ? Errno::kISDIR : Errno::kROFS;
  }

  std::span<const uint8_t> content_hash() const override {
    if (type() != FileType::kRegular) return {};
    return image_.blob(node_.first).sha256;
  }

 private:
  uint64_t key() const { return PackFs::key_of(layer_, number_); }
  const std::vector<PackSet::Addition>* additions() const {
    return layer_ == 0 ? fs_->packs().additions(number_) : nullptr;
  }
  // What packs add comes after the core's own names.
  void list_added(const std::vector<PackSet::Addition>& added, uint64_t cookie, void* env,
                  AcceptEntry accept) {
    for (uint64_t i = std::max<uint64_t>(cookie, node_.count) - node_.count; i < added.size();
         ++i) {
      const auto child = fs_->added(number_, added[i]);
      if (!child.ok()) continue;
      DirEntry entry{added[i].name, (*child)->key() + 1, (*child)->type(), node_.count + i + 1};
      if (!accept(env, entry)) return;
    }
  }

  const Ref<PackFs> fs_;  // keeps the image
  const PackImage& image_;
  const uint32_t layer_, number_;
  const pack::Node& node_;
};

Ref<PackInode> PackFs::inode(const PackImage& image, uint32_t layer, uint32_t node) {
  const uint64_t key = key_of(layer, node);
  auto known = live_.find(key);
  if (known != live_.end()) return Ref<PackInode>(known->second);
  auto made = make_ref<PackInode>(Ref<PackFs>(this), image, layer, node);
  live_[key] = made.get();
  return made;
}

SysResult<Ref<PackInode>> PackFs::added(uint32_t folder, const PackSet::Addition& addition) {
  const auto image = addition.pack->image();
  if (!image.ok()) return Errno::kIO;
  const std::optional<uint32_t> node = image.value()->find(addition.path);
  if (!node) return Errno::kNOENT;
  hangs_in_[key_of(addition.layer, *node)] = folder;
  return inode(*image.value(), addition.layer, *node);
}

}  // namespace

InodeRef make_packfs(std::shared_ptr<const PackSet> packs, uint64_t dev) {
  CHECK(packs);
  const PackImage& core = packs->core();
  return make_ref<PackFs>(std::move(packs), dev)->inode(core, 0, 0);
}

InodeRef make_packfs(std::shared_ptr<const PackImage> image, uint64_t dev) {
  return make_packfs(PackSet::create(std::move(image)), dev);
}

}  // namespace cloche::vfs
