#include "vfs/overlay.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "vfs/graveyard.h"
#include "vfs/page_store.h"
#include "vfs/times.h"
#include "vfs/walk.h"

namespace cloche::vfs {

namespace {

constexpr uint32_t kOverlayMagic = 0x794c7630;
// Numbers of new files: apart from those of the tree below.
constexpr uint64_t kFirstNewIno = uint64_t{1} << 52;
// Directory cookies: new names below this, names of the tree below from here on.
constexpr uint64_t kLowerCookies = uint64_t{1} << 61;
constexpr size_t kCopyBytes = 1u << 16;
constexpr size_t kMaxLinks = 65000;

class OverlayInode;
using OverlayRef = Ref<OverlayInode>;

// What all inodes of one overlay share.
//
// An inode of the tree below has one OverlayInode while it is in use (`live`). Once changed it must
// stay: it is pinned here, and so are the directories above it, whose objects it points to.
class OverlayFs : public RefCounted {
 public:
  explicit OverlayFs(const OverlayOptions& options)
      : clock(options.clock), budget(options.budget), dev(options.dev) {}

  Timespec now() { return read_clock(*clock); }
  uint64_t next_ino() { return kFirstNewIno + ++last_ino_; }
  // Takes (or gives back) inodes of the budget. ENOSPC
  SysResult<Unit> charge(int64_t count) {
    if (count > 0 && !budget->take_inodes(static_cast<uint64_t>(count))) return Errno::kNOSPC;
    if (count < 0) budget->give_inodes(static_cast<uint64_t>(-count));
    return Unit{};
  }

  Clock* const clock;
  const Ref<Budget> budget;
  const uint64_t dev;
  std::unordered_map<const Inode*, OverlayInode*> live;
  std::unordered_map<const OverlayInode*, OverlayRef> pins;  // each is charged
  Graveyard graveyard;

 private:
  uint64_t last_ino_ = 0;
};

class OverlayInode : public Inode {
 public:
  // A file of the tree below.
  OverlayInode(Ref<OverlayFs> fs, InodeRef lower);
  // A new one.
  OverlayInode(Ref<OverlayFs> fs, FileType type, const CreateAttr& attr);
  ~OverlayInode() override;
  static OverlayRef make_root(const Ref<OverlayFs>& fs, InodeRef lower);

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
  InodeRef parent() override { return held_parent_ ? held_parent_ : OverlayRef(parent_); }
  SysResult<std::string> name_in_parent() override;
  bool removed() override { return gone_; }

  SysResult<std::string> readlink() override;
  SysResult<std::unique_ptr<FileBody>> open(OpenAccess access) override;
  SysResult<Unit> truncate(uint64_t size) override;
  std::span<const uint8_t> content_hash() const override;
  SysResult<Unit> may_open_special() override;

 private:
  friend class OverlayBody;
  struct Entry {
    OverlayRef inode;
    uint64_t cookie = 0;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;
  struct LowerReader;

  bool is_directory() const { return type_ == FileType::kDirectory; }

  // --- keeping changes
  SysResult<Unit> own_attributes();  // from now on attr_ holds, and this inode stays
  SysResult<Unit> pin();
  SysResult<Unit> pin_one();
  void unpin();
  void touch() { attr_.mtime = attr_.ctime = fs_->now(); }
  void write_changed();
  void read_happened();
  void drop_privilege_bits();

  // --- parents of directories
  OverlayInode* above() const { return held_parent_ ? held_parent_.get() : parent_; }
  void hold_parent(OverlayRef parent);         // this directory keeps the other alive
  void point_to_parent(OverlayInode* parent);  // the other stays anyway
  bool lies_in(const OverlayInode* directory) const;

  // --- names
  SysResult<Unit> prepare_change();  // of this directory
  SysResult<OverlayRef> find(std::string_view name);
  SysResult<OverlayRef> wrap(std::string_view name, InodeRef lower);
  SysResult<Unit> require_free(std::string_view name);
  SysResult<OverlayRef> add_new(std::string_view name, FileType type, const CreateAttr& attr);
  // What detach(name) costs in inodes: an entry less, or a whiteout more.
  int64_t detach_cost(std::string_view name) const;
  void detach(std::string_view name, const OverlayInode& inode);
  void insert(std::string_view name, const OverlayRef& inode);
  void forget_name();
  SysResult<bool> is_empty();
  SysResult<Unit> check_replace(const OverlayInode& moved);
  SysResult<Unit> read_lower(uint64_t index, void* env, AcceptEntry accept);

  // The content is in data_, at least the first `limit` bytes of it.
  SysResult<Unit> copy_up(uint64_t limit);

  const Ref<OverlayFs> fs_;
  const FileType type_;
  const InodeRef lower_;  // null for a new file
  const uint64_t ino_;    // of a new file
  bool is_root_ = false, pinned_ = false;
  bool owns_attributes_ = false, mode_changed_ = false;
  bool gone_ = false;     // a removed directory
  bool unnamed_ = false;  // made by create_unnamed and not linked yet
  Stat attr_;             // with owns_attributes_; nlink is right for all but directories

  // Directories. One that stays by itself (pinned, or an entry of its parent) points to its parent,
  // which lists it in children_; any other holds its parent.
  OverlayInode* parent_ = nullptr;
  OverlayRef held_parent_;
  std::string name_;
  std::set<OverlayInode*> children_;
  Entries entries_;  // new and moved names; each is charged
  std::map<uint64_t, Entries::iterator> order_;
  uint64_t last_cookie_ = 0;
  std::set<std::string, std::less<>> whiteouts_;  // hidden names of lower_; each is charged
  uint32_t new_directories_ = 0, hidden_directories_ = 0;
  // Reading lower_ goes on after entry number `resume_index_`, whose cookie there this is.
  uint64_t resume_index_ = 0, resume_cookie_ = 0;

  std::string target_;               // new symlinks; charged as bytes
  std::unique_ptr<PageStore> data_;  // new and copied regular files
};

OverlayInode::OverlayInode(Ref<OverlayFs> fs, InodeRef lower)
    : fs_(std::move(fs)), type_(lower->type()), lower_(std::move(lower)), ino_(0) {
  fs_->live[lower_.get()] = this;
}

OverlayInode::OverlayInode(Ref<OverlayFs> fs, FileType type, const CreateAttr& attr)
    : fs_(std::move(fs)), type_(type), ino_(fs_->next_ino()) {
  owns_attributes_ = mode_changed_ = true;
  attr_.type = type;
  attr_.ino = ino_;
  attr_.nlink = 0;
  attr_.mode = attr.mode & 07777;
  attr_.uid = attr.uid;
  attr_.gid = attr.gid;
  attr_.atime = attr_.mtime = attr_.ctime = attr_.btime = fs_->now();
  if (type == FileType::kRegular) data_ = std::make_unique<PageStore>(fs_->budget);
}

OverlayRef OverlayInode::make_root(const Ref<OverlayFs>& fs, InodeRef lower) {
  auto root = make_ref<OverlayInode>(fs, std::move(lower));
  root->is_root_ = true;
  return root;
}

OverlayInode::~OverlayInode() {
  if (lower_) fs_->live.erase(lower_.get());
  if (parent_) parent_->children_.erase(this);
  for (OverlayInode* child : children_) child->parent_ = nullptr;
  if (is_root_) {
    // Nothing can be looked up any more: what was only kept for that goes.
    auto pins = std::move(fs_->pins);
    fs_->pins.clear();
    fs_->budget->give_inodes(pins.size());
    for (auto& [inode, pin] : pins) pin->pinned_ = false;
    for (auto& [inode, pin] : pins) fs_->graveyard.take(fs_.get(), pin);
  }
  fs_->budget->give_inodes(entries_.size() + whiteouts_.size());
  for (auto& [name, entry] : entries_) fs_->graveyard.take(fs_.get(), entry.inode);
  fs_->graveyard.take(fs_.get(), held_parent_);
  fs_->budget->give_bytes(target_.size());
}

// --- keeping changes

SysResult<Unit> OverlayInode::pin_one() {
  TRY(fs_->charge(1));
  fs_->pins.emplace(this, OverlayRef(this));
  pinned_ = true;
  return Unit{};
}

// The caller holds a reference.
void OverlayInode::unpin() {
  if (!pinned_) return;
  pinned_ = false;
  fs_->budget->give_inodes();
  fs_->pins.erase(this);
}

SysResult<Unit> OverlayInode::pin() {
  if (!lower_ || pinned_ || is_root_ || gone_) return Unit{};
  if (!is_directory()) return owns_attributes_ && attr_.nlink == 0 ? Unit{} : pin_one();
  std::vector<OverlayInode*> chain;
  for (OverlayInode* at = this; at->held_parent_ && !at->gone_; at = at->held_parent_.get()) {
    chain.push_back(at);
  }
  // From the top: each one's parent stays before it points there.
  for (auto next = chain.rbegin(); next != chain.rend(); ++next) {
    TRY((*next)->pin_one());
    OverlayRef parent = (*next)->held_parent_;
    (*next)->point_to_parent(parent.get());
  }
  return Unit{};
}

SysResult<Unit> OverlayInode::own_attributes() {
  if (owns_attributes_) return pin();
  Stat now = TRY(lower_->stat());
  TRY(pin());
  attr_ = now;
  owns_attributes_ = true;
  return Unit{};
}

void OverlayInode::drop_privilege_bits() {
  attr_.mode &= ~04000u;
  if (attr_.mode & 010) attr_.mode &= ~02000u;
}

void OverlayInode::write_changed() {
  touch();
  drop_privilege_bits();
}

void OverlayInode::read_happened() {
  if (!owns_attributes_) return;
  Timespec now = fs_->now();
  if (relatime_is_due(attr_.atime, attr_.mtime, attr_.ctime, now)) attr_.atime = now;
}

void OverlayInode::hold_parent(OverlayRef parent) {
  if (parent_) parent_->children_.erase(this);
  parent_ = nullptr;
  held_parent_ = std::move(parent);
}

void OverlayInode::point_to_parent(OverlayInode* parent) {
  OverlayRef old = held_parent_;
  hold_parent(nullptr);
  parent_ = parent;
  parent->children_.insert(this);
  fs_->graveyard.take(fs_.get(), old);
}

bool OverlayInode::lies_in(const OverlayInode* directory) const {
  const OverlayInode* at = this;
  while (at && at != directory) at = at->above();
  return at != nullptr;
}

// --- attributes

SysResult<Stat> OverlayInode::stat() {
  Stat result = attr_;
  if (!owns_attributes_) result = TRY(lower_->stat());
  result.dev = fs_->dev;
  if (data_) {
    result.size = data_->size();
    result.blocks = data_->pages() * (PageStore::kPageSize / 512);
  } else if (type_ == FileType::kSymlink && !lower_) {
    result.size = target_.size();
  } else if (is_directory()) {
    if (!lower_) {
      result.size = 4096;
      result.blocks = 8;
      result.nlink = 2;
    }
    // A file system that does not count says 1.
    if (result.nlink >= 2) result.nlink += new_directories_ - hidden_directories_;
    if (gone_) result.nlink = 0;
  }
  return result;
}

// A file below that the host's process may use may be used here, too, whoever owns it; so may one
// whose mode bits allow it here, since changes do not reach it. Once the guest sets the mode, that
// alone counts.
SysResult<Unit> OverlayInode::check_access(const Credentials& who, uint32_t access) {
  if (!mode_changed_ && lower_->check_access(who, access).ok()) return Unit{};
  return Inode::check_access(who, access);
}

SysResult<Unit> OverlayInode::set_attr(const SetAttr& change) {
  if (change.set_mode && type_ == FileType::kSymlink) return Errno::kOPNOTSUPP;
  TRY(own_attributes());
  if (change.set_mode) {
    attr_.mode = change.mode & 07777;
    mode_changed_ = true;
  }
  if (change.set_uid) attr_.uid = change.uid;
  if (change.set_gid) attr_.gid = change.gid;
  if ((change.set_uid || change.set_gid) && type_ == FileType::kRegular) drop_privilege_bits();
  if (change.set_atime) attr_.atime = change.atime;
  if (change.set_mtime) attr_.mtime = change.mtime;
  attr_.ctime = fs_->now();
  return Unit{};
}

SysResult<StatFs> OverlayInode::statfs() {
  const Budget& budget = *fs_->budget;
  StatFs result;
  result.type = kOverlayMagic;
  result.blocks = budget.bytes_limit() / result.block_size;
  result.blocks_free = (budget.bytes_limit() - budget.bytes_used()) / result.block_size;
  result.files = budget.inodes_limit();
  result.files_free = budget.inodes_limit() - budget.inodes_used();
  return result;
}

SysResult<Unit> OverlayInode::may_open_special() {
  return lower_ ? lower_->may_open_special() : Inode::may_open_special();
}

// --- names

SysResult<OverlayRef> OverlayInode::wrap(std::string_view name, InodeRef lower) {
  auto known = fs_->live.find(lower.get());
  if (known != fs_->live.end()) {
    // A directory is in one place only; that it was found in another is the host's doing.
    if (known->second->is_directory() && known->second->above() != this) return Errno::kNOENT;
    return OverlayRef(known->second);
  }
  auto made = make_ref<OverlayInode>(fs_, std::move(lower));
  if (made->is_directory()) {
    made->hold_parent(OverlayRef(this));
    made->name_ = name;
  }
  return made;
}

SysResult<OverlayRef> OverlayInode::find(std::string_view name) {
  if (!is_directory()) return Errno::kNOTDIR;
  if (gone_) return Errno::kNOENT;
  auto entry = entries_.find(name);
  if (entry != entries_.end()) return entry->second.inode;
  if (!lower_ || whiteouts_.find(name) != whiteouts_.end()) return Errno::kNOENT;
  return wrap(name, TRY(lower_->lookup(name)));
}

SysResult<InodeRef> OverlayInode::lookup(std::string_view name) {
  return InodeRef(TRY(find(name)));
}

SysResult<Unit> OverlayInode::prepare_change() {
  if (!is_directory()) return Errno::kNOTDIR;
  if (gone_) return Errno::kNOENT;
  return own_attributes();
}

SysResult<Unit> OverlayInode::require_free(std::string_view name) {
  if (name.empty() || name.size() > kNameMax) return Errno::kNAMETOOLONG;
  SysResult<OverlayRef> existing = find(name);
  if (existing.ok()) return Errno::kEXIST;
  if (existing.error() != Errno::kNOENT) return existing.error();
  return prepare_change();
}

int64_t OverlayInode::detach_cost(std::string_view name) const {
  if (entries_.find(name) != entries_.end()) return -1;
  return whiteouts_.find(name) == whiteouts_.end() ? 1 : 0;
}

void OverlayInode::detach(std::string_view name, const OverlayInode& inode) {
  auto entry = entries_.find(name);
  if (entry != entries_.end()) {
    order_.erase(entry->second.cookie);
    entries_.erase(entry);
    if (inode.is_directory()) --new_directories_;
  } else if (whiteouts_.emplace(name).second && inode.is_directory()) {
    ++hidden_directories_;
  }
}

void OverlayInode::insert(std::string_view name, const OverlayRef& inode) {
  auto [entry, fresh] = entries_.emplace(std::string(name), Entry{inode, ++last_cookie_});
  CHECK(fresh);
  order_.emplace(last_cookie_, entry);
  if (!inode->is_directory()) return;
  inode->point_to_parent(this);
  inode->name_ = name;
  ++new_directories_;
}

SysResult<OverlayRef> OverlayInode::add_new(std::string_view name, FileType type,
                                            const CreateAttr& attr) {
  TRY(require_free(name));
  TRY(fs_->charge(1));
  auto inode = make_ref<OverlayInode>(fs_, type, attr);
  inode->attr_.nlink = 1;
  insert(name, inode);
  touch();
  return inode;
}

SysResult<InodeRef> OverlayInode::create(std::string_view name, const CreateAttr& attr) {
  return InodeRef(TRY(add_new(name, FileType::kRegular, attr)));
}

SysResult<InodeRef> OverlayInode::mkdir(std::string_view name, const CreateAttr& attr) {
  return InodeRef(TRY(add_new(name, FileType::kDirectory, attr)));
}

SysResult<InodeRef> OverlayInode::mknod(std::string_view name, FileType type,
                                        const CreateAttr& attr) {
  if (type != FileType::kRegular && type != FileType::kFifo && type != FileType::kSocket) {
    return Errno::kPERM;
  }
  return InodeRef(TRY(add_new(name, type, attr)));
}

SysResult<InodeRef> OverlayInode::symlink(std::string_view name, std::string_view target,
                                          const CreateAttr& attr) {
  if (target.empty()) return Errno::kNOENT;
  if (target.size() >= kPathMax) return Errno::kNAMETOOLONG;
  if (!fs_->budget->take_bytes(target.size())) return Errno::kNOSPC;
  SysResult<OverlayRef> made =
      add_new(name, FileType::kSymlink, CreateAttr{0777, attr.uid, attr.gid});
  if (!made.ok()) {
    fs_->budget->give_bytes(target.size());
    return made.error();
  }
  (*made)->target_ = target;
  return InodeRef(*made);
}

SysResult<InodeRef> OverlayInode::create_unnamed(const CreateAttr& attr) {
  if (!is_directory()) return Errno::kNOTDIR;
  if (gone_) return Errno::kNOENT;
  auto inode = make_ref<OverlayInode>(fs_, FileType::kRegular, attr);
  inode->unnamed_ = true;
  return InodeRef(inode);
}

SysResult<Unit> OverlayInode::link(std::string_view name, const InodeRef& target) {
  TRY(require_free(name));
  if (target->file_system() != fs_.get()) return Errno::kXDEV;
  auto* inode = static_cast<OverlayInode*>(target.get());
  if (inode->is_directory()) return Errno::kPERM;
  TRY(inode->own_attributes());
  if (inode->attr_.nlink == 0 && !inode->unnamed_) return Errno::kNOENT;
  if (inode->attr_.nlink >= kMaxLinks) return Errno::kMLINK;
  TRY(fs_->charge(1));
  ++inode->attr_.nlink;
  inode->unnamed_ = false;
  inode->attr_.ctime = fs_->now();
  insert(name, OverlayRef(inode));
  touch();
  return Unit{};
}

// One name of this inode is gone; the caller holds a reference.
void OverlayInode::forget_name() {
  attr_.ctime = fs_->now();
  if (is_directory()) {
    // It remembers where it was: ".." works on in a removed directory.
    hold_parent(OverlayRef(above()));
    gone_ = true;
    fs_->budget->give_inodes(whiteouts_.size());
    whiteouts_.clear();
    unpin();
  } else if (attr_.nlink > 0 && --attr_.nlink == 0) {
    unpin();
  }
}

SysResult<Unit> OverlayInode::unlink(std::string_view name) {
  OverlayRef inode = TRY(find(name));
  if (inode->is_directory()) return Errno::kISDIR;
  TRY(prepare_change());
  TRY(inode->own_attributes());
  TRY(fs_->charge(detach_cost(name)));
  detach(name, *inode);
  touch();
  inode->forget_name();
  return Unit{};
}

SysResult<bool> OverlayInode::is_empty() {
  if (!entries_.empty()) return false;
  if (!lower_) return true;
  struct Env {
    const OverlayInode* self;
    bool empty = true;
  } env{this};
  TRY(lower_->readdir(0, &env, [](void* opaque, const DirEntry& entry) {
    auto* state = static_cast<Env*>(opaque);
    state->empty = state->self->whiteouts_.find(entry.name) != state->self->whiteouts_.end();
    return state->empty;
  }));
  return env.empty;
}

SysResult<Unit> OverlayInode::rmdir(std::string_view name) {
  OverlayRef inode = TRY(find(name));
  if (!inode->is_directory()) return Errno::kNOTDIR;
  if (!TRY(inode->is_empty())) return Errno::kNOTEMPTY;
  TRY(prepare_change());
  TRY(fs_->charge(detach_cost(name)));
  detach(name, *inode);
  touch();
  inode->forget_name();
  return Unit{};
}

// May this inode be replaced by `moved`?
SysResult<Unit> OverlayInode::check_replace(const OverlayInode& moved) {
  if (!moved.is_directory()) {
    if (is_directory()) return Errno::kISDIR;
    return Unit{};
  }
  if (!is_directory()) return Errno::kNOTDIR;
  if (!TRY(is_empty())) return Errno::kNOTEMPTY;
  return Unit{};
}

SysResult<Unit> OverlayInode::rename(std::string_view from, const InodeRef& target,
                                     std::string_view to, uint32_t flags) {
  OverlayRef moved = TRY(find(from));
  if (target->file_system() != fs_.get()) return Errno::kXDEV;
  if (target->type() != FileType::kDirectory) return Errno::kNOTDIR;
  if (to.empty() || to.size() > kNameMax) return Errno::kNAMETOOLONG;
  auto& into = *static_cast<OverlayInode*>(target.get());
  if (into.gone_) return Errno::kNOENT;
  if (moved->is_directory() && into.lies_in(moved.get())) return Errno::kINVAL;
  OverlayRef old;
  SysResult<OverlayRef> existing = into.find(to);
  if (existing.ok()) {
    old = *existing;
  } else if (existing.error() != Errno::kNOENT) {
    return existing.error();
  }
  bool exchange = (flags & kExchange) != 0;
  if (exchange && !old) return Errno::kNOENT;
  if ((flags & kNoReplace) && old) return Errno::kEXIST;
  if (old == moved) return Unit{};
  if (exchange && old->is_directory() && lies_in(old.get())) return Errno::kINVAL;
  if (old && !exchange) TRY(old->check_replace(*moved));
  TRY(prepare_change());
  TRY(into.prepare_change());
  TRY(moved->own_attributes());
  if (old) TRY(old->own_attributes());
  int64_t cost = detach_cost(from) + (old ? into.detach_cost(to) : 0) + (exchange ? 2 : 1);
  TRY(fs_->charge(cost));
  // Nothing can fail from here on.
  OverlayRef keep(this);
  detach(from, *moved);
  if (old) into.detach(to, *old);
  into.insert(to, moved);
  if (exchange) insert(from, old);
  moved->attr_.ctime = fs_->now();
  touch();
  into.touch();
  if (!old) return Unit{};
  if (exchange) {
    old->attr_.ctime = fs_->now();
  } else {
    old->forget_name();
  }
  return Unit{};
}

SysResult<std::string> OverlayInode::name_in_parent() {
  if (is_root_ || name_.empty()) return Errno::kNOENT;
  return name_;
}

// --- reading directories: the new names first, then those of the tree below

struct OverlayInode::LowerReader {
  OverlayInode* self;
  void* env;
  AcceptEntry accept;
  uint64_t wanted;       // entries up to this number were read before
  uint64_t index;        // number of the entry before the next one
  uint64_t last_cookie;  // and its cookie below

  bool take(const DirEntry& entry) {
    bool hidden = self->whiteouts_.find(entry.name) != self->whiteouts_.end() ||
                  self->entries_.find(entry.name) != self->entries_.end();
    if (index >= wanted && !hidden) {
      DirEntry shown = entry;
      shown.next = kLowerCookies + index + 1;
      if (!accept(env, shown)) {
        self->resume_index_ = index;
        self->resume_cookie_ = last_cookie;
        return false;
      }
    }
    ++index;
    last_cookie = entry.next;
    return true;
  }
};

SysResult<Unit> OverlayInode::read_lower(uint64_t index, void* env, AcceptEntry accept) {
  if (!lower_) return Unit{};
  LowerReader reader{this, env, accept, index, 0, 0};
  if (index == resume_index_) {
    reader.index = resume_index_;
    reader.last_cookie = resume_cookie_;
  }
  return lower_->readdir(reader.last_cookie, &reader, [](void* opaque, const DirEntry& entry) {
    return static_cast<LowerReader*>(opaque)->take(entry);
  });
}

SysResult<Unit> OverlayInode::readdir(uint64_t cookie, void* env, AcceptEntry accept) {
  if (!is_directory()) return Errno::kNOTDIR;
  if (gone_) return Errno::kNOENT;
  read_happened();
  if (cookie >= kLowerCookies) return read_lower(cookie - kLowerCookies, env, accept);
  for (auto at = order_.upper_bound(cookie); at != order_.end(); ++at) {
    const auto& [name, entry] = *at->second;
    Stat stat = TRY(entry.inode->stat());
    if (!accept(env, DirEntry{name, stat.ino, stat.type, entry.cookie})) return Unit{};
  }
  return read_lower(0, env, accept);
}

SysResult<std::string> OverlayInode::readlink() {
  if (type_ != FileType::kSymlink) return Errno::kINVAL;
  if (lower_) return lower_->readlink();
  read_happened();
  return target_;
}

// --- content

SysResult<Unit> OverlayInode::copy_up(uint64_t limit) {
  TRY(own_attributes());
  if (data_) return Unit{};
  auto copy = std::make_unique<PageStore>(fs_->budget);
  uint64_t end = 0;
  if (limit > 0) {
    std::unique_ptr<FileBody> from = TRY(lower_->open(OpenAccess::kRead));
    end = std::min(TRY(from->size()), limit);
    if (end > PageStore::kMaxSize) return Errno::kFBIG;
    std::vector<uint8_t> buffer(kCopyBytes);
    for (uint64_t done = 0; done < end;) {
      auto part = std::span(buffer).first(std::min<uint64_t>(kCopyBytes, end - done));
      uint64_t count = TRY(from->read_at(done, part));
      if (count == 0) break;  // it became shorter: the rest is a hole
      part = part.first(count);
      bool hole = std::all_of(part.begin(), part.end(), [](uint8_t byte) { return byte == 0; });
      if (!hole && TRY(copy->write(done, part)) != count) return Errno::kNOSPC;
      done += count;
    }
  }
  copy->resize(end);
  data_ = std::move(copy);
  return Unit{};
}

std::span<const uint8_t> OverlayInode::content_hash() const {
  if (data_ || !lower_) return {};
  return lower_->content_hash();
}

SysResult<Unit> OverlayInode::truncate(uint64_t size) {
  if (is_directory()) return Errno::kISDIR;
  if (type_ != FileType::kRegular) return Errno::kINVAL;
  if (size > PageStore::kMaxSize) return Errno::kFBIG;
  TRY(copy_up(size));
  data_->resize(size);
  write_changed();
  return Unit{};
}

class OverlayBody : public FileBody {
 public:
  OverlayBody(OverlayRef inode, OpenAccess access, std::unique_ptr<FileBody> lower)
      : inode_(std::move(inode)), access_(access), lower_(std::move(lower)) {}

  SysResult<uint64_t> read_at(uint64_t offset, std::span<uint8_t> out) override {
    if (!may_read()) return Errno::kBADF;
    if (!inode_->data_) return lower_->read_at(offset, out);
    if (!out.empty()) inode_->read_happened();
    return inode_->data_->read(offset, out);
  }

  SysResult<uint64_t> write_at(uint64_t offset, std::span<const uint8_t> in) override {
    if (!may_write()) return Errno::kBADF;
    if (in.empty()) return uint64_t{0};
    TRY(inode_->copy_up(UINT64_MAX));
    uint64_t count = TRY(inode_->data_->write(offset, in));
    inode_->write_changed();
    return count;
  }

  SysResult<Appended> append(std::span<const uint8_t> in) override {
    uint64_t end = TRY(size());
    uint64_t count = TRY(write_at(end, in));
    return Appended{count, end + count};
  }

  SysResult<uint64_t> seek_data(uint64_t offset) override {
    if (inode_->data_) return inode_->data_->seek_data(offset);
    return lower_ ? lower_->seek_data(offset) : FileBody::seek_data(offset);
  }
  SysResult<uint64_t> seek_hole(uint64_t offset) override {
    if (inode_->data_) return inode_->data_->seek_hole(offset);
    return lower_ ? lower_->seek_hole(offset) : FileBody::seek_hole(offset);
  }

  SysResult<uint64_t> size() override {
    if (inode_->data_) return inode_->data_->size();
    Stat stat = TRY(inode_->lower_->stat());
    return stat.size;
  }

  SysResult<Unit> truncate(uint64_t size) override {
    if (!may_write()) return Errno::kINVAL;
    return inode_->truncate(size);
  }

  SysResult<Unit> allocate(AllocateMode mode, uint64_t offset, uint64_t length) override {
    if (!may_write()) return Errno::kBADF;
    TRY(inode_->copy_up(UINT64_MAX));
    TRY(inode_->data_->allocate(mode, offset, length));
    inode_->write_changed();
    return Unit{};
  }

 private:
  bool may_read() const { return (static_cast<int>(access_) & 1) != 0; }
  bool may_write() const { return (static_cast<int>(access_) & 2) != 0; }

  const OverlayRef inode_;
  const OpenAccess access_;
  const std::unique_ptr<FileBody> lower_;  // open for reading when opened before the copy
};

SysResult<std::unique_ptr<FileBody>> OverlayInode::open(OpenAccess access) {
  if (is_directory()) return Errno::kISDIR;
  if (type_ != FileType::kRegular) return Errno::kNXIO;
  std::unique_ptr<FileBody> lower;
  if (!data_ && access != OpenAccess::kWrite) lower = TRY(lower_->open(OpenAccess::kRead));
  return std::unique_ptr<FileBody>(
      std::make_unique<OverlayBody>(OverlayRef(this), access, std::move(lower)));
}

}  // namespace

InodeRef make_overlay(InodeRef lower, const OverlayOptions& options) {
  CHECK(lower && options.clock && options.budget);
  CHECK(lower->type() == FileType::kDirectory || lower->type() == FileType::kRegular);
  return OverlayInode::make_root(make_ref<OverlayFs>(options), std::move(lower));
}

}  // namespace cloche::vfs
