#include "vfs/view.h"

#include <unordered_map>

namespace cloche::vfs {
namespace {

class ViewInode;

// What a view shows where another mount covers what is there: nobody may do anything with it.
class ClosedInode final : public Inode {
 public:
  explicit ClosedInode(const Stat& stat) : stat_(stat) {}
  FileType type() const override { return stat_.type; }
  SysResult<Stat> stat() override { return stat_; }
  SysResult<StatFs> statfs() override { return Errno::kACCES; }
  const void* file_system() const override { return this; }
  SysResult<Unit> check_access(const Credentials&, uint32_t) override { return Errno::kACCES; }
  SysResult<InodeRef> lookup(std::string_view) override { return Errno::kACCES; }
  SysResult<Unit> readdir(uint64_t, void*, AcceptEntry) override { return Errno::kACCES; }
  SysResult<std::unique_ptr<FileBody>> open(OpenAccess) override { return Errno::kACCES; }

 private:
  const Stat stat_;
};

// What all inodes of one view share. A shown inode has one ViewInode while that is in use.
struct ViewFs : RefCounted {
  ViewFs(InodeRef shown, const ViewOptions& given) : root(std::move(shown)), options(given) {
    for (const Namespace::MountPoint& point : options.closed) {
      Stat stat;
      const auto covered = point.directory->lookup(point.name);
      const auto covered_stat = covered.ok() ? (*covered)->stat() : SysResult<Stat>(stat);
      if (covered_stat.ok()) stat.ino = covered_stat->ino;
      stat.dev = options.dev;
      stat.type = point.type;
      closed.push_back(make_ref<ClosedInode>(stat));
    }
  }
  // What is shown closed there; null: nothing is.
  InodeRef closed_at(const Inode* directory, std::string_view name) const {
    for (size_t i = 0; i < closed.size(); ++i) {
      const Namespace::MountPoint& point = options.closed[i];
      if (point.directory.get() == directory && point.name == name) return closed[i];
    }
    return nullptr;
  }

  const InodeRef root;
  const ViewOptions options;
  std::vector<InodeRef> closed;  // in the order of options.closed
  std::unordered_map<const Inode*, ViewInode*> live;
};

class ViewInode final : public Inode {
 public:
  ViewInode(Ref<ViewFs> fs, InodeRef shown) : fs_(std::move(fs)), shown_(std::move(shown)) {
    fs_->live[shown_.get()] = this;
  }
  ~ViewInode() override { fs_->live.erase(shown_.get()); }

  static InodeRef of(const Ref<ViewFs>& fs, InodeRef shown) {
    const auto found = fs->live.find(shown.get());
    if (found != fs->live.end()) return Ref<ViewInode>(found->second);
    return make_ref<ViewInode>(fs, std::move(shown));
  }

  FileType type() const override { return shown_->type(); }
  SysResult<Stat> stat() override {
    Stat stat = TRY(shown_->stat());
    stat.dev = fs_->options.dev;
    return stat;
  }
  SysResult<Unit> set_attr(const SetAttr& change) override {
    TRY(require_writable());
    return shown_->set_attr(change);
  }
  SysResult<StatFs> statfs() override {
    StatFs result = TRY(shown_->statfs());
    result.read_only = read_only();
    return result;
  }
  bool read_only() const override { return fs_->options.read_only || shown_->read_only(); }
  const void* file_system() const override { return fs_.get(); }
  SysResult<Unit> check_access(const Credentials& who, uint32_t access) override {
    return shown_->check_access(who, access);
  }

  SysResult<InodeRef> lookup(std::string_view name) override {
    if (InodeRef closed = fs_->closed_at(shown_.get(), name)) return closed;
    return wrap(shown_->lookup(name));
  }
  SysResult<InodeRef> create(std::string_view name, const CreateAttr& attr) override {
    TRY(may_change(name));
    return wrap(shown_->create(name, attr));
  }
  SysResult<Created> create_open(std::string_view name, const CreateAttr& attr,
                                 OpenAccess access) override {
    TRY(may_change(name));
    Created created = TRY(shown_->create_open(name, attr, access));
    created.inode = of(fs_, std::move(created.inode));
    return created;
  }
  SysResult<InodeRef> mkdir(std::string_view name, const CreateAttr& attr) override {
    TRY(may_change(name));
    return wrap(shown_->mkdir(name, attr));
  }
  SysResult<InodeRef> symlink(std::string_view name, std::string_view target,
                              const CreateAttr& attr) override {
    TRY(may_change(name));
    return wrap(shown_->symlink(name, target, attr));
  }
  SysResult<InodeRef> mknod(std::string_view name, FileType type, const CreateAttr& attr) override {
    TRY(may_change(name));
    if (type != FileType::kRegular) return Errno::kPERM;
    return wrap(shown_->mknod(name, type, attr));
  }
  SysResult<InodeRef> create_unnamed(const CreateAttr& attr) override {
    TRY(require_writable());
    return wrap(shown_->create_unnamed(attr));
  }
  SysResult<Unit> link(std::string_view name, const InodeRef& target) override {
    TRY(may_change(name));
    return shown_->link(name, TRY(shown_of(target)));
  }
  SysResult<Unit> unlink(std::string_view name) override {
    TRY(may_change(name));
    return shown_->unlink(name);
  }
  SysResult<Unit> rmdir(std::string_view name) override {
    TRY(may_change(name));
    return shown_->rmdir(name);
  }
  SysResult<Unit> rename(std::string_view from, const InodeRef& target, std::string_view to,
                         uint32_t flags) override {
    TRY(may_change(from));
    const InodeRef shown_target = TRY(shown_of(target));
    if (fs_->closed_at(shown_target.get(), to)) return Errno::kBUSY;
    return shown_->rename(from, shown_target, to, flags);
  }
  SysResult<Unit> readdir(uint64_t cookie, void* env, AcceptEntry accept) override {
    return shown_->readdir(cookie, env, accept);
  }
  InodeRef parent() override {
    if (shown_ == fs_->root) return nullptr;
    InodeRef above = shown_->parent();
    for (InodeRef at = above; at; at = at->parent()) {
      if (at == fs_->root) return of(fs_, std::move(above));
    }
    return nullptr;
  }
  SysResult<std::string> name_in_parent() override {
    if (shown_ == fs_->root) return Errno::kNOENT;
    return shown_->name_in_parent();
  }
  bool removed() override { return shown_->removed(); }

  SysResult<std::string> readlink() override { return shown_->readlink(); }

  SysResult<std::unique_ptr<FileBody>> open(OpenAccess access) override {
    if (access != OpenAccess::kRead) TRY(require_writable());
    return shown_->open(access);
  }
  SysResult<Unit> truncate(uint64_t size) override {
    TRY(require_writable());
    return shown_->truncate(size);
  }
  std::span<const uint8_t> content_hash() const override { return shown_->content_hash(); }
  SysResult<Unit> may_open_special() override { return Errno::kACCES; }

 private:
  SysResult<Unit> require_writable() const {
    if (read_only()) return Errno::kROFS;
    return Unit{};
  }
  SysResult<Unit> may_change(std::string_view name) const {
    TRY(require_writable());
    if (fs_->closed_at(shown_.get(), name)) return Errno::kBUSY;
    return Unit{};
  }
  SysResult<InodeRef> wrap(SysResult<InodeRef> found) {
    if (!found.ok()) return found.error();
    return of(fs_, std::move(found).value());
  }
  // What is shown as `inode`. EXDEV: it is not of this view.
  SysResult<InodeRef> shown_of(const InodeRef& inode) const {
    if (inode->file_system() != fs_.get()) return Errno::kXDEV;
    return static_cast<const ViewInode&>(*inode).shown_;
  }

  const Ref<ViewFs> fs_;
  const InodeRef shown_;
};

}  // namespace

InodeRef make_view(InodeRef shown, const ViewOptions& options) {
  CHECK(shown);
  auto fs = make_ref<ViewFs>(shown, options);
  return make_ref<ViewInode>(std::move(fs), std::move(shown));
}

}  // namespace cloche::vfs
