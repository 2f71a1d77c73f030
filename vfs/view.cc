#include "vfs/view.h"

#include <unordered_map>

namespace cloche::vfs {
namespace {

class ViewInode;

// What all inodes of one view share. A shown inode has one ViewInode while that is in use.
struct ViewFs : RefCounted {
  ViewFs(InodeRef shown, const ViewOptions& given) : root(std::move(shown)), options(given) {}
  const InodeRef root;
  const ViewOptions options;
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

  SysResult<InodeRef> lookup(std::string_view name) override { return wrap(shown_->lookup(name)); }
  SysResult<InodeRef> create(std::string_view name, const CreateAttr& attr) override {
    TRY(require_writable());
    return wrap(shown_->create(name, attr));
  }
  SysResult<Created> create_open(std::string_view name, const CreateAttr& attr,
                                 OpenAccess access) override {
    TRY(require_writable());
    Created created = TRY(shown_->create_open(name, attr, access));
    created.inode = of(fs_, std::move(created.inode));
    return created;
  }
  SysResult<InodeRef> mkdir(std::string_view name, const CreateAttr& attr) override {
    TRY(require_writable());
    return wrap(shown_->mkdir(name, attr));
  }
  SysResult<InodeRef> symlink(std::string_view name, std::string_view target,
                              const CreateAttr& attr) override {
    TRY(require_writable());
    return wrap(shown_->symlink(name, target, attr));
  }
  SysResult<InodeRef> mknod(std::string_view name, FileType type, const CreateAttr& attr) override {
    TRY(require_writable());
    if (type != FileType::kRegular) return Errno::kPERM;
    return wrap(shown_->mknod(name, type, attr));
  }
  SysResult<InodeRef> create_unnamed(const CreateAttr& attr) override {
    TRY(require_writable());
    return wrap(shown_->create_unnamed(attr));
  }
  SysResult<Unit> link(std::string_view name, const InodeRef& target) override {
    TRY(require_writable());
    return shown_->link(name, TRY(shown_of(target)));
  }
  SysResult<Unit> unlink(std::string_view name) override {
    TRY(require_writable());
    return shown_->unlink(name);
  }
  SysResult<Unit> rmdir(std::string_view name) override {
    TRY(require_writable());
    return shown_->rmdir(name);
  }
  SysResult<Unit> rename(std::string_view from, const InodeRef& target, std::string_view to,
                         uint32_t flags) override {
    TRY(require_writable());
    return shown_->rename(from, TRY(shown_of(target)), to, flags);
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
