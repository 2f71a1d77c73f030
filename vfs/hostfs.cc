#include "vfs/hostfs.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <list>
#include <map>
#include <vector>

#include "vfs/graveyard.h"
#include "vfs/host_calls.h"
#include "vfs/walk.h"

namespace cloche::vfs {

namespace {

constexpr uint32_t kNobody = 65534;
constexpr int64_t kFileClockLag = 10'000'000;  // ns: the clock of the host's files stands so long

class HostInode;
using HostInodeRef = Ref<HostInode>;

// What all inodes of one mount share.
class HostFs : public RefCounted {
 public:
  explicit HostFs(const HostfsOptions& given)
      : options(given),
        host_uid(geteuid()),
        host_gid(getegid()),
        made_ns(given.clock ? given.clock->realtime_ns() - kFileClockLag : INT64_MAX) {
    // Beyond it the host's process would get SIGXFSZ for the guest's write.
    rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
      max_file_size = limit.rlim_cur;
    }
  }

  // Closes the handles used longest ago. The one in front always stays.
  void shed_to(size_t count);
  // A file's time as the guest may know it. Older ones tell nothing of the present.
  Timespec show_time(const Timespec& time) const;
  // The last step before the host's files change. EIO.
  SysResult<Unit> allow_change() const;
  // Room for one more.
  void make_room();
  // The host is out of descriptors: gives back what we can spare.
  void give_up_half();
  // The handle of a folder that nobody uses is kept for the next walk that comes by.
  void keep_spare(const host::FileId& id, host::Fd handle);
  host::Fd take_spare(const host::FileId& id);

  const HostfsOptions options;
  const uint32_t host_uid, host_gid;
  const int64_t made_ns;  // realtime
  uint64_t max_file_size = INT64_MAX;
  uint64_t root_dev = 0;
  // Non-directories in use, by identity: all names of a file give one inode.
  std::map<host::FileId, HostInode*> files;
  // Inodes with an open handle, the one used last in front.
  std::list<HostInode*> handles;
  struct Spare {
    host::FileId id;
    host::Fd handle;
  };
  std::list<Spare> spares;  // the newest in front; few, so searched in order
  Graveyard graveyard;
};

class HostInode : public Inode {
 public:
  HostInode(Ref<HostFs> fs, HostInodeRef parent, std::string_view name, const host::FileId& id,
            FileType type)
      : fs_(std::move(fs)), parent_(std::move(parent)), name_(name), id_(id), type_(type) {}
  ~HostInode() override;

  // The root of the mount; `data` only for a file: what its bodies read and write by.
  static HostInodeRef make_root(const Ref<HostFs>& fs, host::Fd handle, host::Fd data,
                                const host::FileStatus& status);

  FileType type() const override { return type_; }
  SysResult<Stat> stat() override;
  SysResult<Unit> set_attr(const SetAttr& change) override;
  SysResult<StatFs> statfs() override;
  bool read_only() const override { return fs_->options.mode == HostMode::kReadOnly; }
  const void* file_system() const override { return fs_.get(); }
  SysResult<Unit> check_access(const Credentials& who, uint32_t access) override;

  SysResult<InodeRef> lookup(std::string_view name) override;
  SysResult<InodeRef> create(std::string_view name, const CreateAttr& attr) override;
  SysResult<Created> create_open(std::string_view name, const CreateAttr& attr,
                                 OpenAccess access) override;
  SysResult<InodeRef> mkdir(std::string_view name, const CreateAttr& attr) override;
  SysResult<InodeRef> symlink(std::string_view name, std::string_view target,
                              const CreateAttr& attr) override;
  SysResult<Unit> link(std::string_view name, const InodeRef& target) override;
  SysResult<Unit> unlink(std::string_view name) override;
  SysResult<Unit> rmdir(std::string_view name) override;
  SysResult<Unit> rename(std::string_view from, const InodeRef& target, std::string_view to,
                         uint32_t flags) override;
  SysResult<Unit> readdir(uint64_t cookie, void* env, AcceptEntry accept) override;
  InodeRef parent() override { return parent_; }
  SysResult<std::string> name_in_parent() override;
  bool removed() override;

  SysResult<std::string> readlink() override;
  SysResult<std::unique_ptr<FileBody>> open(OpenAccess access) override;
  SysResult<Unit> truncate(uint64_t size) override;
  SysResult<Unit> may_open_special() override { return Errno::kACCES; }

 private:
  friend class HostBody;
  friend class HostFs;

  bool has_handle() const { return static_cast<bool>(handle_); }
  // An O_PATH descriptor for this very file, valid until the next call that may open another one.
  SysResult<int> handle();
  // The same, owned by the caller: for calls that need two.
  SysResult<host::Fd> handle_copy();
  // The file as it is now, by the handle if there is one, else by its name. ENOENT when the name is
  // another file's.
  SysResult<host::FileStatus> current();
  SysResult<Unit> reopen();
  void to_front();  // of the handles in use
  void keep_handle(host::Fd handle);
  void drop_handle();
  // Removed while in use: it can't be opened again, so its handle (or `spare`, a copy of it taken
  // before) stays open for good.
  void pin_handle(host::Fd spare);
  // The inode for what `name` here turned out to be.
  InodeRef adopt(std::string_view name, const host::FileStatus& status);
  SysResult<host::Fd> open_real(int flags);
  SysResult<host::Fd> open_by_name(int flags);
  void forget_child(std::string_view name);
  void moved_to(const HostInodeRef& parent, std::string_view name);
  bool lies_in(const HostInode* directory) const;
  // The start of every change: a writable mount, a directory, a handle.
  SysResult<int> folder_to_change();
  uint64_t show_ino(uint64_t dev, uint64_t ino) const;

  const Ref<HostFs> fs_;
  HostInodeRef parent_;  // null for the root
  std::string name_;     // the last one it was found by
  const host::FileId id_;
  const FileType type_;
  uint32_t seen_uid_ = 0, seen_mode_ = 0;  // when it was last looked at
  bool root_ = false;
  bool pinned_ = false;  // the handle stays open: of the root and of removed files
  host::Fd handle_;
  std::list<HostInode*>::iterator place_;  // in fs_->handles, while handle_ is open and not pinned
  std::vector<int> body_fds_;              // of the open bodies; as good as a handle
  host::Fd root_data_;
  std::map<std::string, HostInode*, std::less<>> directories_;  // child directories in use
};

Timespec HostFs::show_time(const Timespec& time) const {
  constexpr int64_t kSecond = 1'000'000'000;
  int64_t ns;
  if (__builtin_mul_overflow(time.seconds, kSecond, &ns) ||
      __builtin_add_overflow(ns, time.nanoseconds, &ns) || ns < made_ns ||
      ns >= options.clock->realtime_ns() + options.clock->step_ns()) {
    return time;
  }
  const int64_t shown = options.clock->round(ns);
  return {shown / kSecond, static_cast<int32_t>(shown % kSecond)};
}

SysResult<Unit> HostFs::allow_change() const {
  if (options.before_change && !options.before_change()) return Errno::kIO;
  return Unit{};
}

// --- handles

void HostFs::shed_to(size_t count) {
  count = std::max<size_t>(count, 1);
  while (handles.size() > count) handles.back()->drop_handle();
}

void HostFs::make_room() {
  while (handles.size() + spares.size() >= options.max_handles && !spares.empty()) {
    spares.pop_back();
  }
  shed_to(options.max_handles - 1);
}

void HostFs::give_up_half() {
  spares.clear();
  shed_to(handles.size() / 2);
}

void HostFs::keep_spare(const host::FileId& id, host::Fd handle) {
  spares.push_front(Spare{id, std::move(handle)});
  while (spares.size() > options.max_handles / 4) spares.pop_back();
}

host::Fd HostFs::take_spare(const host::FileId& id) {
  for (auto spare = spares.begin(); spare != spares.end(); ++spare) {
    if (!(spare->id == id)) continue;
    host::Fd handle = std::move(spare->handle);
    spares.erase(spare);
    return handle;
  }
  return host::Fd();
}

// Opens something by a handle that is in front; once more with fewer handles when the host has no
// more descriptors.
template <class Open>
SysResult<host::Fd> with_room(HostFs& fs, Open open) {
  SysResult<host::Fd> opened = open();
  if (opened.ok()) return opened;
  if (opened.error() != Errno::kMFILE && opened.error() != Errno::kNFILE) return opened;
  fs.give_up_half();
  return open();
}

HostInodeRef HostInode::make_root(const Ref<HostFs>& fs, host::Fd handle, host::Fd data,
                                  const host::FileStatus& status) {
  auto root = make_ref<HostInode>(fs, nullptr, std::string_view(), status.id, status.stat.type);
  root->root_ = root->pinned_ = true;
  root->handle_ = std::move(handle);
  root->root_data_ = std::move(data);
  root->seen_uid_ = status.stat.uid;
  root->seen_mode_ = status.stat.mode;
  fs->root_dev = status.id.dev;
  return root;
}

HostInode::~HostInode() {
  if (!root_) {
    if (has_handle() && !pinned_) {
      fs_->handles.erase(place_);
      if (type_ == FileType::kDirectory) fs_->keep_spare(id_, std::move(handle_));
    }
    if (type_ != FileType::kDirectory) {
      auto mine = fs_->files.find(id_);
      if (mine != fs_->files.end() && mine->second == this) fs_->files.erase(mine);
    } else if (parent_) {
      auto mine = parent_->directories_.find(name_);
      if (mine != parent_->directories_.end() && mine->second == this) {
        parent_->directories_.erase(mine);
      }
    }
  }
  fs_->graveyard.take(fs_.get(), parent_);
}

void HostInode::keep_handle(host::Fd handle) {
  if (has_handle()) return;  // the spare one is closed
  fs_->make_room();
  handle_ = std::move(handle);
  fs_->handles.push_front(this);
  place_ = fs_->handles.begin();
}

void HostInode::drop_handle() {
  if (!has_handle() || pinned_) return;
  handle_.reset();
  fs_->handles.erase(place_);
}

void HostInode::pin_handle(host::Fd spare) {
  if (pinned_) return;
  if (has_handle()) {
    fs_->handles.erase(place_);
  } else {
    handle_ = std::move(spare);
  }
  pinned_ = true;
}

void HostInode::to_front() {
  if (!pinned_) fs_->handles.splice(fs_->handles.begin(), fs_->handles, place_);
}

SysResult<int> HostInode::handle() {
  if (!has_handle() && !body_fds_.empty()) return body_fds_.back();
  if (!has_handle()) TRY(reopen());
  to_front();
  return handle_.get();
}

SysResult<host::Fd> HostInode::handle_copy() {
  int fd = TRY(handle());
  return with_room(*fs_, [fd]() -> SysResult<host::Fd> {
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return abi::from_host_errno(errno);
    return host::Fd(copy);
  });
}

// Opens the chain from the nearest ancestor with a handle down to here. Each step must find the
// file that was there: a file put in its place is another file.
SysResult<Unit> HostInode::reopen() {
  std::vector<HostInode*> chain;
  HostInode* top = this;
  for (; !top->has_handle(); top = top->parent_.get()) chain.push_back(top);
  for (auto next = chain.rbegin(); next != chain.rend(); ++next) {
    HostInode& inode = **next;
    inode.parent_->to_front();
    int folder = inode.parent_->handle_.get();
    if (host::Fd spare = fs_->take_spare(inode.id_)) {
      // Whether the name still leads there, the lookup has told, or does not matter.
      inode.keep_handle(std::move(spare));
      continue;
    }
    host::Fd opened =
        TRY(with_room(*fs_, [folder, &inode] { return host::open_handle(folder, inode.name_); }));
    host::FileStatus status = TRY(host::status(opened.get()));
    if (!(status.id == inode.id_) || status.stat.type != inode.type_) return Errno::kNOENT;
    inode.keep_handle(std::move(opened));
  }
  return Unit{};
}

SysResult<host::FileStatus> HostInode::current() {
  SysResult<host::FileStatus> status = Errno::kNOENT;
  if (has_handle() || !body_fds_.empty()) {
    int fd = TRY(handle());
    status = host::status(fd);
  } else {
    int folder = TRY(parent_->handle());
    status = host::status_of(folder, name_);
  }
  if (!status.ok()) return status;
  if (!(status->id == id_) || status->stat.type != type_) return Errno::kNOENT;
  seen_uid_ = status->stat.uid;
  seen_mode_ = status->stat.mode;
  return status;
}

bool HostInode::lies_in(const HostInode* directory) const {
  const HostInode* at = this;
  while (at && at != directory) at = at->parent_.get();
  return at != nullptr;
}

// --- attributes

// Files of other file systems below the mount get numbers that do not meet those of the first.
uint64_t HostInode::show_ino(uint64_t dev, uint64_t ino) const {
  if (dev == fs_->root_dev) return ino;
  uint64_t mixed = (dev * 0x9e3779b97f4a7c15) ^ (ino * 0xc2b2ae3d27d4eb4f);
  return (mixed >> 1) | (uint64_t{1} << 62);
}

SysResult<Stat> HostInode::stat() {
  host::FileStatus status = TRY(current());
  Stat result = status.stat;
  result.dev = fs_->options.dev;
  result.ino = show_ino(status.id.dev, status.id.ino);
  result.uid = result.uid == fs_->host_uid ? fs_->options.uid : kNobody;
  result.gid = result.gid == fs_->host_gid ? fs_->options.gid : kNobody;
  result.mode &= 01777;
  for (Timespec* time : {&result.atime, &result.mtime, &result.ctime, &result.btime}) {
    *time = fs_->show_time(*time);
  }
  return result;
}

SysResult<Unit> HostInode::check_access(const Credentials&, uint32_t access) {
  // The owner's bits decide for the owner. Should they have changed since they were seen, the host
  // still checks the call that follows. (Writing also depends on the host's mount.)
  bool plain = !(access & kWrite) && seen_uid_ == fs_->host_uid;
  if (plain && !(access & ~(seen_mode_ >> 6))) return Unit{};
  int fd = TRY(handle());
  return host::access(fd, access);
}

SysResult<StatFs> HostInode::statfs() {
  int fd = TRY(handle());
  StatFs result = TRY(host::file_system_status(fd));
  result.read_only = read_only();
  return result;
}

SysResult<Unit> HostInode::set_attr(const SetAttr& change) {
  if (read_only()) return Errno::kROFS;
  bool plain = type_ == FileType::kRegular || type_ == FileType::kDirectory;
  if (!plain && (change.set_mode || type_ != FileType::kSymlink)) return Errno::kPERM;
  // The owner that the guest sees is mapped, so it cannot be set; to set what is shown is no
  // change.
  Stat now = TRY(stat());
  int fd = TRY(handle());
  if ((change.set_uid && change.uid != now.uid) || (change.set_gid && change.gid != now.gid)) {
    return Errno::kPERM;
  }
  TRY(fs_->allow_change());
  if (change.set_mode) {
    TRY(host::change_mode(fd, change.mode & 01777));
    seen_mode_ = change.mode & 01777;
  }
  if (change.set_atime || change.set_mtime) {
    TRY(host::change_times(fd, change.set_atime ? &change.atime : nullptr,
                           change.set_mtime ? &change.mtime : nullptr));
  }
  return Unit{};
}

// --- names

InodeRef HostInode::adopt(std::string_view name, const host::FileStatus& status) {
  HostInode* known = nullptr;
  bool directory = status.stat.type == FileType::kDirectory;
  if (directory) {
    auto found = directories_.find(name);
    if (found != directories_.end()) known = found->second;
  } else {
    auto found = fs_->files.find(status.id);
    if (found != fs_->files.end()) known = found->second;
  }
  HostInodeRef inode;
  if (known && known->id_ == status.id && known->type_ == status.stat.type) {
    inode = HostInodeRef(known);
    if (!directory) inode->moved_to(HostInodeRef(this), name);
  } else {
    inode = make_ref<HostInode>(fs_, HostInodeRef(this), name, status.id, status.stat.type);
    if (directory) {
      directories_.insert_or_assign(std::string(name), inode.get());
    } else {
      fs_->files.insert_or_assign(status.id, inode.get());
    }
  }
  inode->seen_uid_ = status.stat.uid;
  inode->seen_mode_ = status.stat.mode;
  return inode;
}

// Takes no descriptor: most files are only looked at. The handle is opened when it is needed, and
// must be the file seen here.
SysResult<InodeRef> HostInode::lookup(std::string_view name) {
  if (type_ != FileType::kDirectory) return Errno::kNOTDIR;
  int folder = TRY(handle());
  host::FileStatus status = TRY(host::status_of(folder, name));
  return adopt(name, status);
}

SysResult<int> HostInode::folder_to_change() {
  if (type_ != FileType::kDirectory) return Errno::kNOTDIR;
  if (read_only()) return Errno::kROFS;
  TRY(fs_->allow_change());
  return handle();
}

SysResult<InodeRef> HostInode::create(std::string_view name, const CreateAttr& attr) {
  return TRY(create_open(name, attr, OpenAccess::kRead)).inode;
}

SysResult<InodeRef> HostInode::mkdir(std::string_view name, const CreateAttr& attr) {
  int folder = TRY(folder_to_change());
  TRY(host::make_folder(folder, name, attr.mode));
  InodeRef made = TRY(lookup(name));
  // The umask of the host's process is not the guest's.
  uint32_t wanted = attr.mode & 01777;
  Stat stat = TRY(made->stat());
  if (stat.type == FileType::kDirectory && stat.mode != wanted) {
    int fd = TRY(static_cast<HostInode*>(made.get())->handle());
    (void)host::change_mode(fd, wanted);
  }
  return made;
}

SysResult<InodeRef> HostInode::symlink(std::string_view name, std::string_view target,
                                       const CreateAttr&) {
  int folder = TRY(folder_to_change());
  TRY(host::make_symlink(folder, name, target));
  return lookup(name);
}

SysResult<Unit> HostInode::link(std::string_view name, const InodeRef& target) {
  TRY(folder_to_change());
  if (target->file_system() != fs_.get()) return Errno::kXDEV;
  auto* file = static_cast<HostInode*>(target.get());
  if (file->type_ != FileType::kRegular && file->type_ != FileType::kSymlink) return Errno::kPERM;
  if (!file->parent_) return Errno::kXDEV;
  // The name must still be the file's: looking it up again is what tells.
  std::string known_as = file->name_;
  InodeRef now = TRY(file->parent_->lookup(known_as));
  if (now.get() != file) return Errno::kNOENT;
  host::Fd from = TRY(file->parent_->handle_copy());
  int here = TRY(handle());
  return host::make_link(from.get(), known_as, here, name);
}

void HostInode::forget_child(std::string_view name) {
  auto found = directories_.find(name);
  if (found != directories_.end()) directories_.erase(found);
}

SysResult<Unit> HostInode::unlink(std::string_view name) {
  TRY(folder_to_change());
  InodeRef victim = TRY(lookup(name));
  if (victim->type() == FileType::kDirectory) return Errno::kISDIR;
  auto* removed = static_cast<HostInode*>(victim.get());
  host::Fd spare = TRY(removed->handle_copy());
  int folder = TRY(handle());
  TRY(host::remove(folder, name, host::Kind::kFile));
  removed->pin_handle(std::move(spare));
  return Unit{};
}

SysResult<Unit> HostInode::rmdir(std::string_view name) {
  TRY(folder_to_change());
  InodeRef victim = TRY(lookup(name));
  if (victim->type() != FileType::kDirectory) return Errno::kNOTDIR;
  auto* removed = static_cast<HostInode*>(victim.get());
  host::Fd spare = TRY(removed->handle_copy());
  int folder = TRY(handle());
  TRY(host::remove(folder, name, host::Kind::kFolder));
  removed->pin_handle(std::move(spare));
  forget_child(name);
  return Unit{};
}

void HostInode::moved_to(const HostInodeRef& parent, std::string_view name) {
  if (parent_ == parent && name_ == name) return;
  if (type_ == FileType::kDirectory) parent_->forget_child(name_);
  HostInodeRef old = parent_;
  parent_ = parent;
  name_ = name;
  if (type_ == FileType::kDirectory) parent_->directories_.insert_or_assign(name_, this);
  fs_->graveyard.take(fs_.get(), old);
}

SysResult<Unit> HostInode::rename(std::string_view from, const InodeRef& target,
                                  std::string_view to, uint32_t flags) {
  TRY(folder_to_change());
  if (target->file_system() != fs_.get()) return Errno::kXDEV;
  if (target->type() != FileType::kDirectory) return Errno::kNOTDIR;
  HostInodeRef into(static_cast<HostInode*>(target.get()));
  // Both ends as we know them, held so that they follow the move.
  InodeRef source_held = TRY(lookup(from));
  HostInodeRef source(static_cast<HostInode*>(source_held.get()));
  HostInodeRef other;
  SysResult<InodeRef> other_held = into->lookup(to);
  if (other_held.ok()) other = HostInodeRef(static_cast<HostInode*>(other_held->get()));
  // The chains of parents must stay free of cycles, also when the host moved things behind us.
  if (source->type_ == FileType::kDirectory && into->lies_in(source.get())) return Errno::kINVAL;
  if ((flags & kExchange) && other && other->type_ == FileType::kDirectory &&
      lies_in(other.get())) {
    return Errno::kINVAL;
  }
  host::Fd spare;
  if (other && !(flags & kExchange)) spare = TRY(other->handle_copy());
  host::Fd there = TRY(into->handle_copy());
  int here = TRY(handle());
  TRY(host::rename(here, from, there.get(), to, flags));
  if (source == other) return Unit{};
  std::string new_name(to), old_name(from);
  if (other && !(flags & kExchange)) {
    other->pin_handle(std::move(spare));
    into->forget_child(to);
  }
  HostInodeRef self(this);
  source->moved_to(into, new_name);
  if (other && (flags & kExchange)) {
    other->moved_to(self, old_name);
    // Taking the other's old place must not hide who is there now.
    if (source->type_ == FileType::kDirectory) into->directories_[new_name] = source.get();
  }
  return Unit{};
}

SysResult<std::string> HostInode::name_in_parent() {
  if (!parent_) return Errno::kNOENT;
  return name_;
}

bool HostInode::removed() {
  if (root_ || type_ != FileType::kDirectory) return false;
  SysResult<host::FileStatus> status = current();
  return !status.ok() || status->stat.nlink == 0;
}

SysResult<Unit> HostInode::readdir(uint64_t cookie, void* env, AcceptEntry accept) {
  if (type_ != FileType::kDirectory) return Errno::kNOTDIR;
  // By its name and not by ".", which would need permission to search it.
  host::Fd folder = TRY(open_real(O_RDONLY | O_DIRECTORY));
  return host::read_folder(folder.get(), cookie, env, accept);
}

SysResult<std::string> HostInode::readlink() {
  if (type_ != FileType::kSymlink) return Errno::kINVAL;
  if (has_handle()) return host::read_link(handle_.get());
  int folder = TRY(parent_->handle());
  return host::read_link_of(folder, name_);
}

// --- file data

class HostBody : public FileBody {
 public:
  HostBody(HostInodeRef inode, Ref<HostFs> fs, host::Fd fd, OpenAccess access)
      : inode_(std::move(inode)), fs_(std::move(fs)), fd_(std::move(fd)), access_(access) {
    inode_->body_fds_.push_back(fd_.get());
  }
  ~HostBody() override { std::erase(inode_->body_fds_, fd_.get()); }

  SysResult<uint64_t> read_at(uint64_t offset, std::span<uint8_t> out) override {
    if (!(static_cast<int>(access_) & 1)) return Errno::kBADF;
    uint64_t done = 0;
    while (done < out.size() && offset + done <= INT64_MAX) {
      ssize_t count =
          pread(fd_.get(), out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && done == 0) return abi::from_host_errno(errno);
      if (count <= 0) break;
      done += static_cast<uint64_t>(count);
    }
    return done;
  }

  SysResult<uint64_t> write_at(uint64_t offset, std::span<const uint8_t> in) override {
    if (!may_write()) return Errno::kBADF;
    if (in.empty()) return uint64_t{0};
    if (offset >= fs_->max_file_size) return Errno::kFBIG;
    in = in.first(std::min<uint64_t>(in.size(), fs_->max_file_size - offset));
    uint64_t done = 0;
    while (done < in.size()) {
      ssize_t count =
          pwrite(fd_.get(), in.data() + done, in.size() - done, static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && done == 0) return abi::from_host_errno(errno);
      if (count <= 0) break;
      done += static_cast<uint64_t>(count);
    }
    return done;
  }

  SysResult<Appended> append(std::span<const uint8_t> in) override {
    if (!may_write()) return Errno::kBADF;
    uint64_t end = TRY(size());
    if (in.empty()) return Appended{0, end};
    if (end >= fs_->max_file_size) return Errno::kFBIG;
    in = in.first(std::min<uint64_t>(in.size(), fs_->max_file_size - end));
    iovec part{const_cast<uint8_t*>(in.data()), in.size()};
    ssize_t count;
    do {
      count = pwritev2(fd_.get(), &part, 1, 0, RWF_APPEND);
    } while (count < 0 && errno == EINTR);
    if (count < 0 && (errno == EOPNOTSUPP || errno == ENOSYS)) {
      uint64_t written = TRY(write_at(end, in));
      return Appended{written, end + written};
    }
    if (count < 0) return abi::from_host_errno(errno);
    return Appended{static_cast<uint64_t>(count), TRY(size())};
  }

  SysResult<Unit> sync() override { return answer(fsync(fd_.get())); }

  SysResult<uint64_t> seek_data(uint64_t offset) override { return seek(offset, SEEK_DATA); }
  SysResult<uint64_t> seek_hole(uint64_t offset) override { return seek(offset, SEEK_HOLE); }

  SysResult<uint64_t> size() override {
    struct stat s;
    if (fstat(fd_.get(), &s) != 0) return abi::from_host_errno(errno);
    return static_cast<uint64_t>(s.st_size);
  }

  SysResult<Unit> truncate(uint64_t size) override {
    if (!may_write()) return Errno::kINVAL;
    if (size > fs_->max_file_size) return Errno::kFBIG;
    return answer(ftruncate(fd_.get(), static_cast<off_t>(size)));
  }

  SysResult<Unit> allocate(AllocateMode mode, uint64_t offset, uint64_t length) override {
    if (!may_write()) return Errno::kBADF;
    if (length == 0) return Errno::kINVAL;
    if (offset > fs_->max_file_size || length > fs_->max_file_size - offset) return Errno::kFBIG;
    int flags = 0;
    if (mode == AllocateMode::kKeepSize) flags = FALLOC_FL_KEEP_SIZE;
    if (mode == AllocateMode::kPunchHole) flags = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    if (mode == AllocateMode::kZeroRange) flags = FALLOC_FL_ZERO_RANGE;
    return answer(
        fallocate(fd_.get(), flags, static_cast<off_t>(offset), static_cast<off_t>(length)));
  }

 private:
  static SysResult<Unit> answer(int result) {
    if (result < 0) return abi::from_host_errno(errno);
    return Unit{};
  }
  SysResult<uint64_t> seek(uint64_t offset, int whence) {
    if (offset > INT64_MAX) return Errno::kNXIO;
    off_t found = lseek(fd_.get(), static_cast<off_t>(offset), whence);
    if (found < 0) return abi::from_host_errno(errno);
    return static_cast<uint64_t>(found);
  }
  bool may_write() const { return (static_cast<int>(access_) & 2) != 0; }

  const HostInodeRef inode_;
  const Ref<HostFs> fs_;
  const host::Fd fd_;
  const OpenAccess access_;
};

// The file itself, not only a handle. The name may have been given to another file meanwhile.
SysResult<host::Fd> HostInode::open_real(int flags) {
  if (root_data_) {
    int copy = fcntl(root_data_.get(), F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return abi::from_host_errno(errno);
    return host::Fd(copy);
  }
  SysResult<host::Fd> opened = open_by_name(flags);
  if (opened.ok()) return opened;
  if (opened.error() != Errno::kNOENT && opened.error() != Errno::kACCES) return opened;
  // It was removed or replaced, or the way to it closed: who has it can open it all the same.
  if (!has_handle() && body_fds_.empty()) return opened;
  int fd = TRY(handle());
  SysResult<host::Fd> again = with_room(*fs_, [fd, flags] { return host::open_again(fd, flags); });
  bool no_proc = !again.ok() && again.error() == Errno::kNOENT;
  return no_proc ? std::move(opened) : std::move(again);
}

SysResult<host::Fd> HostInode::open_by_name(int flags) {
  if (!parent_) {
    // The root has no name here. "." asks for permission to search it, which open_again does not.
    return with_room(*fs_, [this, flags] { return host::open_real(handle_.get(), ".", flags); });
  }
  int folder = TRY(parent_->handle());
  host::Fd opened =
      TRY(with_room(*fs_, [folder, this, flags] { return host::open_real(folder, name_, flags); }));
  host::FileStatus status = TRY(host::status(opened.get()));
  if (!(status.id == id_) || status.stat.type != type_) return Errno::kNOENT;
  return opened;
}

SysResult<std::unique_ptr<FileBody>> HostInode::open(OpenAccess access) {
  if (type_ == FileType::kDirectory) return Errno::kISDIR;
  if (type_ != FileType::kRegular) return Errno::kACCES;
  if (access != OpenAccess::kRead) {
    if (read_only()) return Errno::kROFS;
    TRY(fs_->allow_change());
  }
  int flags = access == OpenAccess::kRead    ? O_RDONLY
              : access == OpenAccess::kWrite ? O_WRONLY
                                             : O_RDWR;
  host::Fd fd = TRY(open_real(flags));
  return std::unique_ptr<FileBody>(
      std::make_unique<HostBody>(HostInodeRef(this), fs_, std::move(fd), access));
}

// The descriptor of creation stays: the mode may forbid to open the file once more, and the name
// may be another file's by now.
SysResult<Created> HostInode::create_open(std::string_view name, const CreateAttr& attr,
                                          OpenAccess access) {
  int folder = TRY(folder_to_change());
  host::Fd fd = TRY(with_room(
      *fs_, [folder, name, &attr] { return host::create_file(folder, name, attr.mode); }));
  host::FileStatus status = TRY(host::status(fd.get()));
  InodeRef made = adopt(name, status);
  HostInodeRef file(static_cast<HostInode*>(made.get()));
  auto body = std::make_unique<HostBody>(std::move(file), fs_, std::move(fd), access);
  return Created{std::move(made), std::move(body)};
}

SysResult<Unit> HostInode::truncate(uint64_t size) {
  if (type_ == FileType::kDirectory) return Errno::kISDIR;
  if (type_ != FileType::kRegular) return Errno::kINVAL;
  if (read_only()) return Errno::kROFS;
  std::unique_ptr<FileBody> body = TRY(open(OpenAccess::kWrite));
  return body->truncate(size);
}

}  // namespace

Result<InodeRef> open_hostfs(const std::string& host_path, const HostfsOptions& options) {
  CHECK(options.max_handles >= 4);
  host::Fd handle(::open(host_path.c_str(), O_PATH | O_CLOEXEC));
  if (!handle) return errno_error(errno, "cannot mount " + host_path);
  SysResult<host::FileStatus> status = host::status(handle.get());
  if (!status.ok())
    return errno_error(static_cast<int>(status.error()), "cannot stat " + host_path);
  auto fs = make_ref<HostFs>(options);
  if (status->stat.type == FileType::kDirectory) {
    if (!host::openat2_works(handle.get())) {
      return make_error(Code::kUnsupported,
                        "cannot mount %s: the host has no openat2 system call (Linux 5.6 or newer "
                        "is needed, and a container must allow it)",
                        host_path.c_str());
    }
    return InodeRef(HostInode::make_root(fs, std::move(handle), host::Fd(), *status));
  }
  if (status->stat.type != FileType::kRegular) {
    return make_error(Code::kInvalidArgument,
                      "cannot mount %s: neither a folder nor a regular file", host_path.c_str());
  }
  // A mounted file has no folder here to open it from, so it stays open; bodies share it.
  int flags = options.mode == HostMode::kReadWrite ? O_RDWR : O_RDONLY;
  host::Fd data(::open(host_path.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!data) return errno_error(errno, "cannot mount " + host_path);
  SysResult<host::FileStatus> opened = host::status(data.get());
  if (!opened.ok() || !(opened->id == status->id)) {
    return make_error(Code::kIo, "cannot mount %s: it changed meanwhile", host_path.c_str());
  }
  return InodeRef(HostInode::make_root(fs, std::move(handle), std::move(data), *status));
}

}  // namespace cloche::vfs
