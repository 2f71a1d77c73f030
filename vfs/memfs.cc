#include "vfs/memfs.h"

#include <map>

#include "vfs/graveyard.h"
#include "vfs/page_store.h"
#include "vfs/times.h"
#include "vfs/walk.h"

namespace cloche::vfs {

namespace {

constexpr uint32_t kTmpfsMagic = 0x01021994;
constexpr uint32_t kMaxLinks = 65000;
constexpr size_t kFreeSymlinkBytes = 64;

// What all inodes of one file system share.
class MemFs : public RefCounted {
 public:
  explicit MemFs(const MemfsOptions& options)
      : clock_(options.clock), budget_(options.budget), dev_(options.dev) {}

  Timespec now() { return read_clock(*clock_); }
  uint64_t next_ino() { return ++last_ino_; }
  const Ref<Budget>& budget() const { return budget_; }
  uint64_t dev() const { return dev_; }
  Graveyard graveyard;

 private:
  Clock* const clock_;
  const Ref<Budget> budget_;
  const uint64_t dev_;
  uint64_t last_ino_ = 0;
};

class MemInode;
using MemInodeRef = Ref<MemInode>;

class MemInode : public Inode {
 public:
  MemInode(Ref<MemFs> fs, FileType type, const CreateAttr& attr);
  // Not charged: with no inodes left there still is a file system.
  static MemInodeRef make_root(const Ref<MemFs>& fs, const CreateAttr& attr);
  ~MemInode() override;

  FileType type() const override { return type_; }
  SysResult<Stat> stat() override;
  SysResult<Unit> set_attr(const SetAttr& change) override;
  SysResult<StatFs> statfs() override;
  const void* file_system() const override { return fs_.get(); }
  SysResult<Unit> check_access(const Credentials& who, uint32_t access) override;

  SysResult<InodeRef> lookup(std::string_view name) override;
  SysResult<InodeRef> create(std::string_view name, const CreateAttr& attr) override;
  SysResult<InodeRef> mkdir(std::string_view name, const CreateAttr& attr) override;
  SysResult<InodeRef> symlink(std::string_view name, std::string_view target,
                              const CreateAttr& attr) override;
  SysResult<InodeRef> mknod(std::string_view name, FileType type, const CreateAttr& attr) override;
  SysResult<InodeRef> create_unnamed(const CreateAttr& attr) override;
  SysResult<Unit> link(std::string_view name, const InodeRef& target) override;
  SysResult<Unit> unlink(std::string_view name) override;
  SysResult<Unit> rmdir(std::string_view name) override;
  SysResult<Unit> rename(std::string_view from, const InodeRef& target, std::string_view to,
                         uint32_t flags) override;
  SysResult<Unit> readdir(uint64_t cookie, void* env, AcceptEntry accept) override;
  InodeRef parent() override;
  SysResult<std::string> name_in_parent() override;
  bool removed() override { return type_ == FileType::kDirectory && nlink_ == 0; }

  SysResult<std::string> readlink() override;
  SysResult<std::unique_ptr<FileBody>> open(OpenAccess access) override;
  SysResult<Unit> truncate(uint64_t size) override;

 private:
  friend class MemBody;
  struct Entry {
    MemInodeRef inode;
    uint64_t cookie = 0;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  SysResult<MemInodeRef> make(FileType type, const CreateAttr& attr);
  SysResult<Entries::iterator> find(std::string_view name);
  SysResult<Unit> require_free(std::string_view name);
  // Puts `inode` under a free name, or takes an entry out: tables, ".." and link counts of
  // directories; not the link count of `inode` nor times.
  void insert(std::string_view name, const MemInodeRef& inode);
  MemInodeRef take(Entries::iterator entry);
  void forget_name();  // one name of this inode is gone
  void touch();        // contents changed
  void touch_read();   // relatime
  void write_changed();
  void drop_privilege_bits();  // set-user-ID, set-group-ID of a program
  bool lies_in(const MemInode* directory) const;

  SysResult<Unit> rename_into(Entries::iterator source, MemInode& target, std::string_view to);
  void exchange(Entries::iterator a, MemInode& other, Entries::iterator b);

  const Ref<MemFs> fs_;
  const FileType type_;
  const uint64_t ino_;
  uint32_t mode_, uid_, gid_;
  uint32_t nlink_ = 0;    // of a directory: 0 when removed
  uint32_t charges_ = 0;  // inodes taken from the budget: itself and its further names
  bool unnamed_ = false;  // made by create_unnamed and not linked yet
  Timespec atime_, mtime_, ctime_, btime_;

  // Directories. The parent is alive while it lists this inode; a removed directory keeps its own.
  Entries entries_;
  std::map<uint64_t, Entries::iterator> order_;
  uint64_t last_cookie_ = 0;
  uint32_t subdirectories_ = 0;
  MemInode* parent_ = nullptr;
  MemInodeRef kept_parent_;
  std::string name_;

  std::string target_;  // symlinks
  PageStore data_;      // regular files
};

MemInode::MemInode(Ref<MemFs> fs, FileType type, const CreateAttr& attr)
    : fs_(std::move(fs)),
      type_(type),
      ino_(fs_->next_ino()),
      mode_(attr.mode & 07777),
      uid_(attr.uid),
      gid_(attr.gid),
      data_(fs_->budget()) {
  atime_ = mtime_ = ctime_ = btime_ = fs_->now();
}

MemInodeRef MemInode::make_root(const Ref<MemFs>& fs, const CreateAttr& attr) {
  MemInodeRef root = make_ref<MemInode>(fs, FileType::kDirectory, attr);
  root->nlink_ = 2;
  return root;
}

MemInode::~MemInode() {
  for (auto& [name, entry] : entries_) {
    if (entry.inode->type_ == FileType::kDirectory) entry.inode->parent_ = nullptr;
    fs_->graveyard.take(fs_.get(), entry.inode);
  }
  fs_->graveyard.take(fs_.get(), kept_parent_);
  if (target_.size() > kFreeSymlinkBytes) fs_->budget()->give_bytes(target_.size());
  fs_->budget()->give_inodes(charges_);
}

SysResult<Stat> MemInode::stat() {
  Stat result;
  result.dev = fs_->dev();
  result.ino = ino_;
  result.type = type_;
  result.mode = mode_;
  result.uid = uid_;
  result.gid = gid_;
  result.nlink = nlink_;
  if (type_ == FileType::kDirectory) {
    result.nlink = nlink_ == 0 ? 0 : 2 + subdirectories_;
    result.size = 4096;
    result.blocks = 8;
  } else if (type_ == FileType::kSymlink) {
    result.size = target_.size();
  } else if (type_ == FileType::kRegular) {
    result.size = data_.size();
    result.blocks = data_.pages() * (PageStore::kPageSize / 512);
  }
  result.atime = atime_;
  result.mtime = mtime_;
  result.ctime = ctime_;
  result.btime = btime_;
  return result;
}

SysResult<Unit> MemInode::check_access(const Credentials& who, uint32_t access) {
  Stat bits;
  bits.mode = mode_;
  bits.uid = uid_;
  bits.gid = gid_;
  return vfs::check_access(bits, who, access);
}

SysResult<Unit> MemInode::set_attr(const SetAttr& change) {
  if (change.set_mode && type_ == FileType::kSymlink) return Errno::kOPNOTSUPP;
  if (change.set_mode) mode_ = change.mode & 07777;
  if (change.set_uid) uid_ = change.uid;
  if (change.set_gid) gid_ = change.gid;
  if ((change.set_uid || change.set_gid) && type_ == FileType::kRegular) drop_privilege_bits();
  if (change.set_atime) atime_ = change.atime;
  if (change.set_mtime) mtime_ = change.mtime;
  ctime_ = fs_->now();
  return Unit{};
}

SysResult<StatFs> MemInode::statfs() {
  const Budget& budget = *fs_->budget();
  StatFs result;
  result.type = kTmpfsMagic;
  result.blocks = budget.bytes_limit() / result.block_size;
  result.blocks_free = (budget.bytes_limit() - budget.bytes_used()) / result.block_size;
  result.files = budget.inodes_limit();
  result.files_free = budget.inodes_limit() - budget.inodes_used();
  return result;
}

void MemInode::touch() { mtime_ = ctime_ = fs_->now(); }

void MemInode::touch_read() {
  Timespec now = fs_->now();
  if (relatime_is_due(atime_, mtime_, ctime_, now)) atime_ = now;
}

void MemInode::drop_privilege_bits() {
  mode_ &= ~04000u;
  if (mode_ & 010) mode_ &= ~02000u;
}

void MemInode::write_changed() {
  touch();
  drop_privilege_bits();
}

// --- directory tables

SysResult<MemInodeRef> MemInode::make(FileType type, const CreateAttr& attr) {
  if (!fs_->budget()->take_inodes()) return Errno::kNOSPC;
  MemInodeRef inode = make_ref<MemInode>(fs_, type, attr);
  inode->charges_ = 1;
  return inode;
}

SysResult<MemInode::Entries::iterator> MemInode::find(std::string_view name) {
  if (type_ != FileType::kDirectory) return Errno::kNOTDIR;
  auto found = entries_.find(name);
  if (found == entries_.end()) return Errno::kNOENT;
  return found;
}

SysResult<Unit> MemInode::require_free(std::string_view name) {
  if (type_ != FileType::kDirectory) return Errno::kNOTDIR;
  if (removed()) return Errno::kNOENT;
  if (name.empty() || name.size() > kNameMax) return Errno::kNAMETOOLONG;
  if (entries_.find(name) != entries_.end()) return Errno::kEXIST;
  return Unit{};
}

void MemInode::insert(std::string_view name, const MemInodeRef& inode) {
  auto [entry, fresh] = entries_.emplace(std::string(name), Entry{inode, ++last_cookie_});
  CHECK(fresh);
  order_.emplace(last_cookie_, entry);
  if (inode->type_ != FileType::kDirectory) return;
  inode->parent_ = this;
  inode->name_ = name;
  ++subdirectories_;
}

MemInodeRef MemInode::take(Entries::iterator entry) {
  MemInodeRef inode = entry->second.inode;
  order_.erase(entry->second.cookie);
  entries_.erase(entry);
  if (inode->type_ == FileType::kDirectory) --subdirectories_;
  return inode;
}

void MemInode::forget_name() {
  ctime_ = fs_->now();
  if (type_ == FileType::kDirectory) {
    // It remembers where it was: ".." works on in a removed directory.
    kept_parent_ = MemInodeRef(parent_);
    nlink_ = 0;
  } else if (--nlink_ > 0) {
    fs_->budget()->give_inodes();
    --charges_;
  }
}

SysResult<InodeRef> MemInode::lookup(std::string_view name) {
  auto entry = TRY(find(name));
  return InodeRef(entry->second.inode);
}

SysResult<InodeRef> MemInode::create(std::string_view name, const CreateAttr& attr) {
  return mknod(name, FileType::kRegular, attr);
}

SysResult<InodeRef> MemInode::mknod(std::string_view name, FileType type, const CreateAttr& attr) {
  if (type != FileType::kRegular && type != FileType::kFifo && type != FileType::kSocket) {
    return Errno::kPERM;
  }
  TRY(require_free(name));
  MemInodeRef inode = TRY(make(type, attr));
  inode->nlink_ = 1;
  insert(name, inode);
  touch();
  return InodeRef(inode);
}

SysResult<InodeRef> MemInode::mkdir(std::string_view name, const CreateAttr& attr) {
  TRY(require_free(name));
  MemInodeRef inode = TRY(make(FileType::kDirectory, attr));
  inode->nlink_ = 2;
  insert(name, inode);
  touch();
  return InodeRef(inode);
}

SysResult<InodeRef> MemInode::symlink(std::string_view name, std::string_view target,
                                      const CreateAttr& attr) {
  TRY(require_free(name));
  if (target.empty()) return Errno::kNOENT;
  if (target.size() >= kPathMax) return Errno::kNAMETOOLONG;
  bool charged = target.size() > kFreeSymlinkBytes;
  if (charged && !fs_->budget()->take_bytes(target.size())) return Errno::kNOSPC;
  SysResult<MemInodeRef> made = make(FileType::kSymlink, CreateAttr{0777, attr.uid, attr.gid});
  if (!made.ok()) {
    if (charged) fs_->budget()->give_bytes(target.size());
    return made.error();
  }
  const MemInodeRef& inode = *made;
  inode->target_ = target;
  inode->nlink_ = 1;
  insert(name, inode);
  touch();
  return InodeRef(inode);
}

SysResult<InodeRef> MemInode::create_unnamed(const CreateAttr& attr) {
  if (type_ != FileType::kDirectory) return Errno::kNOTDIR;
  if (removed()) return Errno::kNOENT;
  MemInodeRef inode = TRY(make(FileType::kRegular, attr));
  inode->unnamed_ = true;
  return InodeRef(inode);
}

SysResult<Unit> MemInode::link(std::string_view name, const InodeRef& target) {
  TRY(require_free(name));
  if (target->file_system() != fs_.get()) return Errno::kXDEV;
  auto* inode = static_cast<MemInode*>(target.get());
  if (inode->type_ == FileType::kDirectory) return Errno::kPERM;
  if (inode->nlink_ == 0 && !inode->unnamed_) return Errno::kNOENT;
  if (inode->nlink_ >= kMaxLinks) return Errno::kMLINK;
  if (inode->nlink_ > 0) {
    if (!fs_->budget()->take_inodes()) return Errno::kNOSPC;
    ++inode->charges_;
  }
  ++inode->nlink_;
  inode->unnamed_ = false;
  inode->ctime_ = fs_->now();
  insert(name, MemInodeRef(inode));
  touch();
  return Unit{};
}

SysResult<Unit> MemInode::unlink(std::string_view name) {
  auto entry = TRY(find(name));
  if (entry->second.inode->type_ == FileType::kDirectory) return Errno::kISDIR;
  MemInodeRef inode = take(entry);
  touch();
  inode->forget_name();
  return Unit{};
}

SysResult<Unit> MemInode::rmdir(std::string_view name) {
  auto entry = TRY(find(name));
  MemInodeRef inode = entry->second.inode;
  if (inode->type_ != FileType::kDirectory) return Errno::kNOTDIR;
  if (!inode->entries_.empty()) return Errno::kNOTEMPTY;
  take(entry);
  touch();
  inode->forget_name();
  return Unit{};
}

bool MemInode::lies_in(const MemInode* directory) const {
  const MemInode* at = this;
  while (at && at != directory) at = at->parent_;
  return at != nullptr;
}

SysResult<Unit> MemInode::rename(std::string_view from, const InodeRef& target, std::string_view to,
                                 uint32_t flags) {
  auto source = TRY(find(from));
  if (target->file_system() != fs_.get()) return Errno::kXDEV;
  if (target->type() != FileType::kDirectory) return Errno::kNOTDIR;
  if (to.empty() || to.size() > kNameMax) return Errno::kNAMETOOLONG;
  auto& into = *static_cast<MemInode*>(target.get());
  if (into.removed()) return Errno::kNOENT;
  MemInode& moved = *source->second.inode;
  if (moved.type_ == FileType::kDirectory && into.lies_in(&moved)) return Errno::kINVAL;
  auto existing = into.entries_.find(to);
  if (existing == into.entries_.end()) {
    if (flags & kExchange) return Errno::kNOENT;
    return rename_into(source, into, to);
  }
  if (flags & kNoReplace) return Errno::kEXIST;
  MemInode& old = *existing->second.inode;
  if (&old == &moved) return Unit{};
  if (flags & kExchange) {
    if (old.type_ == FileType::kDirectory && lies_in(&old)) return Errno::kINVAL;
    exchange(source, into, existing);
    return Unit{};
  }
  if (moved.type_ == FileType::kDirectory) {
    if (old.type_ != FileType::kDirectory) return Errno::kNOTDIR;
    if (!old.entries_.empty()) return Errno::kNOTEMPTY;
  } else if (old.type_ == FileType::kDirectory) {
    return Errno::kISDIR;
  }
  MemInodeRef replaced = into.take(existing);
  replaced->forget_name();
  return rename_into(source, into, to);
}

SysResult<Unit> MemInode::rename_into(Entries::iterator source, MemInode& target,
                                      std::string_view to) {
  MemInodeRef moved = take(source);
  target.insert(to, moved);
  moved->ctime_ = fs_->now();
  touch();
  if (&target != this) target.touch();
  return Unit{};
}

void MemInode::exchange(Entries::iterator a, MemInode& other, Entries::iterator b) {
  std::string name_a = a->first, name_b = b->first;
  MemInodeRef inode_a = take(a), inode_b = other.take(b);
  insert(name_a, inode_b);
  other.insert(name_b, inode_a);
  inode_a->ctime_ = inode_b->ctime_ = fs_->now();
  touch();
  if (&other != this) other.touch();
}

SysResult<Unit> MemInode::readdir(uint64_t cookie, void* env, AcceptEntry accept) {
  if (type_ != FileType::kDirectory) return Errno::kNOTDIR;
  if (removed()) return Errno::kNOENT;
  touch_read();
  for (auto at = order_.upper_bound(cookie); at != order_.end(); ++at) {
    const auto& [name, entry] = *at->second;
    if (!accept(env, DirEntry{name, entry.inode->ino_, entry.inode->type_, entry.cookie})) break;
  }
  return Unit{};
}

InodeRef MemInode::parent() {
  if (kept_parent_) return kept_parent_;
  return InodeRef(parent_);
}

SysResult<std::string> MemInode::name_in_parent() {
  if (name_.empty()) return Errno::kNOENT;
  return name_;
}

SysResult<std::string> MemInode::readlink() {
  if (type_ != FileType::kSymlink) return Errno::kINVAL;
  touch_read();
  return target_;
}

// --- file data

class MemBody : public FileBody {
 public:
  MemBody(MemInodeRef inode, OpenAccess access) : inode_(std::move(inode)), access_(access) {}

  SysResult<uint64_t> read_at(uint64_t offset, std::span<uint8_t> out) override {
    if (!(static_cast<int>(access_) & 1)) return Errno::kBADF;
    uint64_t count = inode_->data_.read(offset, out);
    if (!out.empty()) inode_->touch_read();
    return count;
  }

  SysResult<uint64_t> write_at(uint64_t offset, std::span<const uint8_t> in) override {
    if (!may_write()) return Errno::kBADF;
    uint64_t count = TRY(inode_->data_.write(offset, in));
    if (count > 0) inode_->write_changed();
    return count;
  }

  SysResult<Appended> append(std::span<const uint8_t> in) override {
    uint64_t count = TRY(write_at(inode_->data_.size(), in));
    return Appended{count, inode_->data_.size()};
  }

  SysResult<uint64_t> seek_data(uint64_t offset) override {
    return inode_->data_.seek_data(offset);
  }
  SysResult<uint64_t> seek_hole(uint64_t offset) override {
    return inode_->data_.seek_hole(offset);
  }
  SysResult<uint64_t> size() override { return inode_->data_.size(); }

  SysResult<Unit> truncate(uint64_t size) override {
    if (!may_write()) return Errno::kINVAL;
    return inode_->truncate(size);
  }

  SysResult<Unit> allocate(AllocateMode mode, uint64_t offset, uint64_t length) override {
    if (!may_write()) return Errno::kBADF;
    TRY(inode_->data_.allocate(mode, offset, length));
    inode_->write_changed();
    return Unit{};
  }

 private:
  bool may_write() const { return (static_cast<int>(access_) & 2) != 0; }

  const MemInodeRef inode_;
  const OpenAccess access_;
};

SysResult<std::unique_ptr<FileBody>> MemInode::open(OpenAccess access) {
  if (type_ == FileType::kDirectory) return Errno::kISDIR;
  if (type_ != FileType::kRegular) return Errno::kNXIO;
  return std::unique_ptr<FileBody>(std::make_unique<MemBody>(MemInodeRef(this), access));
}

SysResult<Unit> MemInode::truncate(uint64_t size) {
  if (type_ == FileType::kDirectory) return Errno::kISDIR;
  if (type_ != FileType::kRegular) return Errno::kINVAL;
  if (size > PageStore::kMaxSize) return Errno::kFBIG;
  data_.resize(size);
  write_changed();
  return Unit{};
}

}  // namespace

InodeRef make_memfs(const MemfsOptions& options) {
  CHECK(options.clock && options.budget);
  CreateAttr attr{options.mode, options.uid, options.gid};
  return MemInode::make_root(make_ref<MemFs>(options), attr);
}

}  // namespace cloche::vfs
