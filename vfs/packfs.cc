#include "vfs/packfs.h"

#include <unordered_map>

namespace cloche::vfs {

namespace {

constexpr uint32_t kSquashfsMagic = 0x73717368;

class PackInode;

class PackFs : public RefCounted {
 public:
  PackFs(std::shared_ptr<const PackImage> image, uint64_t dev)
      : image_(std::move(image)), dev_(dev) {}
  const PackImage& image() const { return *image_; }
  uint64_t dev() const { return dev_; }
  // The one inode of a node, made if nobody holds it.
  Ref<PackInode> inode(uint32_t node);
  void forget(uint32_t node) { live_.erase(node); }

 private:
  const std::shared_ptr<const PackImage> image_;
  const uint64_t dev_;
  std::unordered_map<uint32_t, PackInode*> live_;
};

class PackBody : public FileBody {
 public:
  PackBody(Ref<PackFs> fs, uint32_t blob) : fs_(std::move(fs)), blob_(blob) {}

  SysResult<uint64_t> read_at(uint64_t offset, std::span<uint8_t> out) override {
    Result<uint64_t> count = fs_->image().read(blob_, offset, out);
    if (!count.ok()) return Errno::kIO;
    return *count;
  }
  SysResult<uint64_t> size() override { return fs_->image().blob(blob_).size; }

 private:
  const Ref<PackFs> fs_;
  const uint32_t blob_;
};

class PackInode : public Inode {
 public:
  PackInode(Ref<PackFs> fs, uint32_t number)
      : fs_(std::move(fs)), number_(number), node_(fs_->image().node(number)) {}
  ~PackInode() override { fs_->forget(number_); }

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
    const PackImage& image = fs_->image();
    Stat result;
    result.dev = fs_->dev();
    result.ino = uint64_t{number_} + 1;
    result.type = type();
    result.mode = node_.mode & pack::kPermissionMask;
    if (result.type == FileType::kRegular) {
      result.size = image.blob(node_.first).size;
      result.blocks = (result.size + 511) / 512;
    } else if (result.type == FileType::kSymlink) {
      result.mode = 0777;
      result.size = node_.count;
    } else {
      result.nlink = 2 + image.subdirectories(number_);
      result.size = 4096;
    }
    Timespec time{image.header().mtime, 0};
    result.atime = result.mtime = result.ctime = result.btime = time;
    return result;
  }

  SysResult<StatFs> statfs() override {
    const pack::Header& header = fs_->image().header();
    StatFs result;
    result.type = kSquashfsMagic;
    result.blocks = (header.raw_size + result.block_size - 1) / result.block_size;
    result.files = header.node_count;
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
    uint32_t child = fs_->image().find_child(number_, name);
    if (child == 0) return Errno::kNOENT;
    return InodeRef(fs_->inode(child));
  }

  SysResult<Unit> readdir(uint64_t cookie, void* env, AcceptEntry accept) override {
    if (type() != FileType::kDirectory) return Errno::kNOTDIR;
    const PackImage& image = fs_->image();
    for (uint64_t i = cookie; i < node_.count; ++i) {
      uint32_t child = node_.first + static_cast<uint32_t>(i);
      const pack::Node& node = image.node(child);
      FileType child_type = FileType::kRegular;
      if ((node.mode & pack::kTypeMask) == pack::kDirectory) child_type = FileType::kDirectory;
      if ((node.mode & pack::kTypeMask) == pack::kSymlink) child_type = FileType::kSymlink;
      DirEntry entry{image.name(node), uint64_t{child} + 1, child_type, i + 1};
      if (!accept(env, entry)) break;
    }
    return Unit{};
  }

  InodeRef parent() override {
    if (number_ == 0) return nullptr;
    return fs_->inode(node_.parent);
  }
  SysResult<std::string> name_in_parent() override {
    if (number_ == 0) return Errno::kNOENT;
    return std::string(fs_->image().name(node_));
  }

  SysResult<std::string> readlink() override {
    if (type() != FileType::kSymlink) return Errno::kINVAL;
    return std::string(fs_->image().symlink_target(node_));
  }

  SysResult<std::unique_ptr<FileBody>> open(OpenAccess access) override {
    if (type() == FileType::kDirectory) return Errno::kISDIR;
    if (type() != FileType::kRegular) return Errno::kNXIO;
    if (access != OpenAccess::kRead) return Errno::kROFS;
    return std::unique_ptr<FileBody>(std::make_unique<PackBody>(fs_, node_.first));
  }

  SysResult<Unit> truncate(uint64_t) override {
    return type() == FileType::kDirectory ? Errno::kISDIR : Errno::kROFS;
  }

  std::span<const uint8_t> content_hash() const override {
    if (type() != FileType::kRegular) return {};
    return fs_->image().blob(node_.first).sha256;
  }

 private:
  const Ref<PackFs> fs_;
  const uint32_t number_;
  const pack::Node& node_;
};

Ref<PackInode> PackFs::inode(uint32_t node) {
  auto known = live_.find(node);
  if (known != live_.end()) return Ref<PackInode>(known->second);
  auto made = make_ref<PackInode>(Ref<PackFs>(this), node);
  live_[node] = made.get();
  return made;
}

}  // namespace

InodeRef make_packfs(std::shared_ptr<const PackImage> image, uint64_t dev) {
  CHECK(image);
  return make_ref<PackFs>(std::move(image), dev)->inode(0);
}

}  // namespace cloche::vfs
