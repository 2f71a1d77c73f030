#include "vfs/ops.h"

#include <algorithm>

#include "vfs/walker.h"

namespace cloche::vfs {

namespace {

SysResult<ParentWalk> walk_to_last(const Namespace& space, const PathArg& at,
                                   const Credentials& who) {
  return space.walk_parent(at.base, at.path, who, at.walk_flags);
}

// The child, or an empty location when there is none. ENOENT in a removed directory.
SysResult<Location> find_child(const Namespace& space, const Location& directory,
                               std::string_view name) {
  SysResult<Location> found = space.child(directory, name);
  bool absent = !found.ok() && found.error() == Errno::kNOENT;
  if (absent && !directory.inode->removed()) return Location{};
  return found;
}

bool is_directory(const Location& location) {
  return location.inode->type() == FileType::kDirectory;
}

// may_create(): `directory` takes new names from `who`.
SysResult<Unit> may_create(const Location& directory, const Credentials& who) {
  if (directory.inode->removed()) return Errno::kNOENT;
  return may_access(*directory.inode, who, kWrite | kExecute);
}

// check_sticky(): in a sticky directory only the owner of it or of the file may remove.
SysResult<Unit> check_sticky(Inode& directory, Inode& victim, const Credentials& who) {
  Stat of_directory = TRY(directory.stat());
  if (!(of_directory.mode & 01000) || of_directory.uid == who.uid) return Unit{};
  Stat of_victim = TRY(victim.stat());
  if (of_victim.uid != who.uid) return Errno::kPERM;
  return Unit{};
}

enum class Expect : uint8_t { kFile, kDirectory };

// may_delete(): `victim`, found in `directory`, may be taken out or replaced.
SysResult<Unit> may_delete(const Location& directory, const Location& victim,
                           const Credentials& who, Expect expect) {
  TRY(may_access(*directory.inode, who, kWrite | kExecute));
  TRY(check_sticky(*directory.inode, *victim.inode, who));
  if (expect == Expect::kDirectory) {
    if (!is_directory(victim)) return Errno::kNOTDIR;
  } else if (is_directory(victim)) {
    return Errno::kISDIR;
  }
  if (directory.inode->removed()) return Errno::kNOENT;
  return Unit{};
}

// Set-group-ID directories hand their group on, and the bit to new directories.
SysResult<CreateAttr> attr_for(const Location& directory, const Credentials& who, uint32_t mode,
                               FileType type) {
  CreateAttr attr{mode & 07777, who.uid, who.gid};
  Stat above = TRY(directory.inode->stat());
  if (above.mode & 02000) {
    attr.gid = above.gid;
    if (type == FileType::kDirectory) attr.mode |= 02000;
  }
  return attr;
}

// The common start of mkdir, mknod, symlink, link (filename_create). A trailing slash asks for a
// directory.
SysResult<ParentWalk> prepare_create(const Namespace& space, const PathArg& at,
                                     const Credentials& who, Expect expect) {
  ParentWalk step = TRY(walk_to_last(space, at, who));
  if (!step.normal()) return Errno::kEXIST;
  Location existing = TRY(find_child(space, step.directory, step.name));
  if (existing) return Errno::kEXIST;
  if (step.trailing_slash && expect == Expect::kFile) return Errno::kNOENT;
  if (step.directory.inode->read_only()) return Errno::kROFS;
  return step;
}

void tell_created(const Namespace& space, const ParentWalk& step, Inode& made) {
  if (NameObserver* observer = space.observer())
    observer->created(*step.directory.inode, step.name, made);
}

void tell_removed(const Namespace& space, const ParentWalk& step, Inode& victim) {
  if (NameObserver* observer = space.observer())
    observer->removed(*step.directory.inode, step.name, victim);
}

// --- open(2)

class Opener {
 public:
  Opener(const Namespace& space, const Credentials& who, const OpenRequest& request,
         uint32_t walk_flags)
      : space_(space), who_(who), request_(request), walk_flags_(walk_flags) {}

  SysResult<Opened> run(const PathArg& at) {
    if (request_.unnamed) return open_unnamed(at);
    if (request_.create && !request_.path_only) return open_or_create(at);
    Location found = TRY(space_.walk(at.base, at.path, who_, walk_flags_));
    if (request_.path_only) return Opened{std::move(found), nullptr};
    return finish(std::move(found));
  }

 private:
  uint32_t wanted_access() const {
    uint32_t access = 0;
    if (request_.read) access |= kRead;
    if (request_.write || request_.truncate) access |= kWrite;
    if (request_.for_execute) access |= kExecute;
    return access;
  }

  OpenAccess body_access() const {
    if (!request_.write) return OpenAccess::kRead;
    return request_.read ? OpenAccess::kReadWrite : OpenAccess::kWrite;
  }

  // may_open() and O_TRUNC, for a file that was there before.
  SysResult<Opened> finish(Location found) {
    Inode& inode = *found.inode;
    if (request_.create && inode.type() == FileType::kDirectory) return Errno::kISDIR;
    if ((walk_flags_ & kDirectoryOnly) && inode.type() != FileType::kDirectory) {
      return Errno::kNOTDIR;
    }
    uint32_t access = wanted_access();
    switch (inode.type()) {
      case FileType::kSymlink:
        return Errno::kLOOP;
      case FileType::kDirectory:
        if (access & kWrite) return Errno::kISDIR;
        if (access & kExecute) return Errno::kACCES;
        break;
      case FileType::kRegular:
        if (request_.truncate && inode.read_only()) return Errno::kROFS;
        break;
      default:
        if (access & kExecute) return Errno::kACCES;
        TRY(inode.may_open_special());
        break;
    }
    TRY(may_access(inode, who_, access));
    if (request_.truncate && inode.type() == FileType::kRegular) TRY(inode.truncate(0));
    return Opened{std::move(found), nullptr};
  }

  SysResult<Opened> open_unnamed(const PathArg& at) {
    Location directory = TRY(space_.walk(at.base, at.path, who_, walk_flags_ | kDirectoryOnly));
    TRY(may_access(*directory.inode, who_, kWrite | kExecute));
    CreateAttr attr = TRY(attr_for(directory, who_, request_.mode, FileType::kRegular));
    InodeRef inode = TRY(directory.inode->create_unnamed(attr));
    auto body = TRY(inode->open(body_access()));
    Location made{std::move(inode), directory.mount, directory.inode, {}};
    return Opened{std::move(made), std::move(body)};
  }

  // With O_CREAT a dangling link in the last place names the file to create (without O_EXCL).
  SysResult<Opened> open_or_create(const PathArg& at) {
    Walker walker(space_, at.base, who_, walk_flags_);
    TRY(walker.start(at.path));
    bool follow = (walk_flags_ & kFollowLast) && !request_.exclusive;
    for (;;) {
      TRY(walker.to_last());
      if (walker.last() == "..") TRY(walker.go_up());
      if (!walker.last_is_normal()) return open_directory_itself(walker.at());
      if (walker.trailing_slash()) return Errno::kISDIR;
      Opened child = TRY(find_or_create(walker));
      if (child.body) return child;
      Location target;
      if (child.location.inode->type() == FileType::kSymlink && follow) {
        target = TRY(walker.enter_link(child.location));
        if (!target) continue;
      } else {
        target = std::move(child.location);
      }
      if (request_.exclusive) return Errno::kEXIST;
      return finish(std::move(target));
    }
  }

  SysResult<Opened> open_directory_itself(const Location& directory) {
    if (request_.exclusive) return Errno::kEXIST;
    return finish(directory);
  }

  // What the last component names, or the file made there. The host may make or remove the name
  // between the look and the call: then once more.
  SysResult<Opened> find_or_create(const Walker& walker) {
    constexpr int kAttempts = 16;
    SysResult<Opened> made = Errno::kEXIST;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      SysResult<Location> child = walker.find_last();
      if (child.ok()) return Opened{std::move(*child), nullptr};
      if (child.error() != Errno::kNOENT) return child.error();
      made = create(walker);
      if (made.ok() || made.error() != Errno::kEXIST || request_.exclusive) break;
    }
    return made;
  }

  SysResult<Opened> create(const Walker& walker) {
    const Location& directory = walker.at();
    if (directory.inode->removed()) return Errno::kNOENT;
    if (directory.inode->read_only()) return Errno::kROFS;
    TRY(may_create(directory, who_));
    CreateAttr attr = TRY(attr_for(directory, who_, request_.mode, FileType::kRegular));
    Created made = TRY(directory.inode->create_open(walker.last(), attr, body_access()));
    Location at{std::move(made.inode), directory.mount, directory.inode,
                std::string(walker.last())};
    if (NameObserver* observer = space_.observer())
      observer->created(*directory.inode, walker.last(), *at.inode);
    return Opened{std::move(at), std::move(made.body)};
  }

  const Namespace& space_;
  const Credentials& who_;
  const OpenRequest& request_;
  const uint32_t walk_flags_;
};

}  // namespace

SysResult<Opened> open(const Namespace& space, const PathArg& at, const Credentials& who,
                       const OpenRequest& request) {
  if (request.create && request.directory) return Errno::kINVAL;
  uint32_t flags = at.walk_flags;
  if (!request.no_follow) flags |= kFollowLast;
  if (request.directory) flags |= kDirectoryOnly;
  return Opener(space, who, request, flags).run(at);
}

// --- names: make

SysResult<Location> make_directory(const Namespace& space, const PathArg& at,
                                   const Credentials& who, uint32_t mode) {
  ParentWalk step = TRY(prepare_create(space, at, who, Expect::kDirectory));
  TRY(may_create(step.directory, who));
  CreateAttr attr = TRY(attr_for(step.directory, who, mode & 01777, FileType::kDirectory));
  InodeRef inode = TRY(step.directory.inode->mkdir(step.name, attr));
  tell_created(space, step, *inode);
  return Location{std::move(inode), step.directory.mount, nullptr, {}};
}

SysResult<Location> make_node(const Namespace& space, const PathArg& at, const Credentials& who,
                              FileType type, uint32_t mode) {
  if (type == FileType::kDirectory) return Errno::kPERM;
  ParentWalk step = TRY(prepare_create(space, at, who, Expect::kFile));
  TRY(may_create(step.directory, who));
  CreateAttr attr = TRY(attr_for(step.directory, who, mode, type));
  Inode& directory = *step.directory.inode;
  InodeRef inode;
  if (type == FileType::kRegular) {
    inode = TRY(directory.create(step.name, attr));
  } else if (type == FileType::kFifo || type == FileType::kSocket) {
    inode = TRY(directory.mknod(step.name, type, attr));
  } else {
    return Errno::kPERM;
  }
  tell_created(space, step, *inode);
  return Location{std::move(inode), step.directory.mount, step.directory.inode, step.name};
}

SysResult<Unit> make_symlink(const Namespace& space, const PathArg& at, const Credentials& who,
                             std::string_view target) {
  if (target.empty()) return Errno::kNOENT;
  if (target.size() >= kPathMax) return Errno::kNAMETOOLONG;
  if (target.find('\0') != std::string_view::npos) return Errno::kINVAL;
  ParentWalk step = TRY(prepare_create(space, at, who, Expect::kFile));
  TRY(may_create(step.directory, who));
  CreateAttr attr = TRY(attr_for(step.directory, who, 0777, FileType::kSymlink));
  const InodeRef inode = TRY(step.directory.inode->symlink(step.name, target, attr));
  tell_created(space, step, *inode);
  return Unit{};
}

namespace {
// may_linkat() with protected_hardlinks, as distributions set it: one links what one owns, or a
// plain file that one may read and write.
SysResult<Unit> may_link(Inode& inode, const Credentials& who) {
  Stat stat = TRY(inode.stat());
  if (stat.uid == who.uid) return Unit{};
  bool set_id = (stat.mode & 04000) || (stat.mode & 02010) == 02010;
  if (stat.type != FileType::kRegular || set_id) return Errno::kPERM;
  if (!inode.check_access(who, kRead | kWrite).ok()) return Errno::kPERM;
  return Unit{};
}
}  // namespace

SysResult<Unit> make_link(const Namespace& space, const Location& existing, const PathArg& at,
                          const Credentials& who) {
  ParentWalk step = TRY(prepare_create(space, at, who, Expect::kFile));
  if (!existing.mount || existing.mount != step.directory.mount) return Errno::kXDEV;
  TRY(may_link(*existing.inode, who));
  TRY(may_create(step.directory, who));
  if (existing.inode->file_system() == nullptr ||
      existing.inode->file_system() != step.directory.inode->file_system()) {
    return Errno::kXDEV;
  }
  if (is_directory(existing)) return Errno::kPERM;
  TRY(step.directory.inode->link(step.name, existing.inode));
  if (NameObserver* observer = space.observer())
    observer->linked(*step.directory.inode, step.name, *existing.inode);
  return Unit{};
}

// --- names: remove

SysResult<Unit> remove_file(const Namespace& space, const PathArg& at, const Credentials& who) {
  ParentWalk step = TRY(walk_to_last(space, at, who));
  if (!step.normal()) return Errno::kISDIR;
  if (step.directory.inode->read_only()) return Errno::kROFS;
  Location victim = TRY(space.child(step.directory, step.name));
  if (step.trailing_slash) return is_directory(victim) ? Errno::kISDIR : Errno::kNOTDIR;
  TRY(may_delete(step.directory, victim, who, Expect::kFile));
  if (space.is_mount_point(step.directory, step.name)) return Errno::kBUSY;
  TRY(step.directory.inode->unlink(step.name));
  tell_removed(space, step, *victim.inode);
  return Unit{};
}

SysResult<Unit> remove_directory(const Namespace& space, const PathArg& at,
                                 const Credentials& who) {
  ParentWalk step = TRY(walk_to_last(space, at, who));
  if (step.kind == LastKind::kDotDot) return Errno::kNOTEMPTY;
  if (step.kind == LastKind::kDot) return Errno::kINVAL;
  if (step.kind == LastKind::kRoot) return Errno::kBUSY;
  if (step.directory.inode->read_only()) return Errno::kROFS;
  Location victim = TRY(space.child(step.directory, step.name));
  TRY(may_delete(step.directory, victim, who, Expect::kDirectory));
  if (space.is_mount_point(step.directory, step.name)) return Errno::kBUSY;
  TRY(step.directory.inode->rmdir(step.name));
  tell_removed(space, step, *victim.inode);
  return Unit{};
}

// --- rename(2)

namespace {

struct RenameStep {
  ParentWalk from, to;
  Location source, target;  // target is empty when the name is free
  uint32_t flags = 0;
  bool exchange() const { return (flags & Inode::kExchange) != 0; }
};

// Is `above` the directory `below`, or on the way from it to the root?
bool is_ancestor(const InodeRef& above, InodeRef below) {
  while (below && !(below == above)) below = below->parent();
  return static_cast<bool>(below);
}

SysResult<Unit> check_slashes(const RenameStep& step) {
  if (step.exchange() && !is_directory(step.target) && step.to.trailing_slash) {
    return Errno::kNOTDIR;
  }
  if (is_directory(step.source)) return Unit{};
  if (step.from.trailing_slash) return Errno::kNOTDIR;
  if (!step.exchange() && step.to.trailing_slash) return Errno::kNOTDIR;
  return Unit{};
}

// lock_rename()'s rule: neither end may lie in the other.
SysResult<Unit> check_ancestry(const RenameStep& step) {
  if (is_directory(step.source) && is_ancestor(step.source.inode, step.to.directory.inode)) {
    return Errno::kINVAL;
  }
  if (step.target && is_directory(step.target) &&
      is_ancestor(step.target.inode, step.from.directory.inode)) {
    return step.exchange() ? Errno::kINVAL : Errno::kNOTEMPTY;
  }
  return Unit{};
}

SysResult<Unit> check_rename_permission(const RenameStep& step, const Credentials& who) {
  Expect source_kind = is_directory(step.source) ? Expect::kDirectory : Expect::kFile;
  TRY(may_delete(step.from.directory, step.source, who, source_kind));
  if (!step.target) {
    TRY(may_create(step.to.directory, who));
  } else {
    Expect kind = source_kind;
    if (step.exchange()) kind = is_directory(step.target) ? Expect::kDirectory : Expect::kFile;
    TRY(may_delete(step.to.directory, step.target, who, kind));
  }
  if (step.from.directory.inode == step.to.directory.inode) return Unit{};
  // A directory that gets another ".." is written to.
  if (is_directory(step.source)) TRY(may_access(*step.source.inode, who, kWrite));
  if (step.exchange() && is_directory(step.target)) {
    TRY(may_access(*step.target.inode, who, kWrite));
  }
  return Unit{};
}

void tell_renamed(const Namespace& space, const RenameStep& step) {
  NameObserver* observer = space.observer();
  if (!observer) return;
  const NameChange from{*step.from.directory.inode, step.from.name};
  const NameChange to{*step.to.directory.inode, step.to.name};
  observer->renamed(from, to, *step.source.inode,
                    step.exchange() ? nullptr : step.target.inode.get());
  if (step.exchange()) observer->renamed(to, from, *step.target.inode, nullptr);
}

}  // namespace

SysResult<Unit> rename(const Namespace& space, const PathArg& from, const PathArg& to,
                       const Credentials& who, uint32_t flags) {
  if (flags & ~(Inode::kNoReplace | Inode::kExchange)) return Errno::kINVAL;
  if (flags == (Inode::kNoReplace | Inode::kExchange)) return Errno::kINVAL;
  RenameStep step;
  step.flags = flags;
  step.from = TRY(walk_to_last(space, from, who));
  step.to = TRY(walk_to_last(space, to, who));
  if (step.from.directory.mount != step.to.directory.mount) return Errno::kXDEV;
  if (!step.from.normal()) return Errno::kBUSY;
  if (!step.to.normal()) return flags & Inode::kNoReplace ? Errno::kEXIST : Errno::kBUSY;
  if (step.from.directory.inode->read_only()) return Errno::kROFS;
  step.source = TRY(space.child(step.from.directory, step.from.name));
  step.target = TRY(find_child(space, step.to.directory, step.to.name));
  if ((flags & Inode::kNoReplace) && step.target) return Errno::kEXIST;
  if (step.exchange() && !step.target) return Errno::kNOENT;
  TRY(check_slashes(step));
  TRY(check_ancestry(step));
  if (step.target && step.source.inode == step.target.inode) return Unit{};
  TRY(check_rename_permission(step, who));
  if (space.is_mount_point(step.from.directory, step.from.name) ||
      space.is_mount_point(step.to.directory, step.to.name)) {
    return Errno::kBUSY;
  }
  TRY(step.from.directory.inode->rename(step.from.name, step.to.directory.inode, step.to.name,
                                        flags));
  tell_renamed(space, step);
  return Unit{};
}

// --- attributes of a found file

namespace {
bool in_group(const Credentials& who, uint32_t gid) {
  return who.gid == gid || std::find(who.groups.begin(), who.groups.end(), gid) != who.groups.end();
}
}  // namespace

SysResult<Unit> change_attr(Inode& inode, const Credentials& who, const SetAttr& change,
                            TimesChange times) {
  if (inode.read_only()) return Errno::kROFS;
  Stat stat = TRY(inode.stat());
  bool owner = stat.uid == who.uid;
  if (change.set_uid && (!owner || change.uid != stat.uid)) return Errno::kPERM;
  if (change.set_gid && (!owner || (change.gid != stat.gid && !in_group(who, change.gid)))) {
    return Errno::kPERM;
  }
  if (change.set_mode && !owner) return Errno::kPERM;
  if ((change.set_atime || change.set_mtime) && !owner) {
    if (times == TimesChange::kExplicit) return Errno::kPERM;
    TRY(inode.check_access(who, kWrite));
  }
  SetAttr allowed = change;
  if (change.set_mode) {
    allowed.mode &= 07777;
    // chmod(2): the set-group-ID bit needs membership in the file's group.
    if (!in_group(who, change.set_gid ? change.gid : stat.gid)) allowed.mode &= ~02000u;
  }
  return inode.set_attr(allowed);
}

SysResult<Unit> truncate(Inode& inode, const Credentials& who, uint64_t size) {
  if (inode.type() == FileType::kDirectory) return Errno::kISDIR;
  if (inode.type() != FileType::kRegular) return Errno::kINVAL;
  TRY(may_access(inode, who, kWrite));
  return inode.truncate(size);
}

SysResult<Unit> access(Inode& inode, const Credentials& who, uint32_t bits) {
  return may_access(inode, who, bits & (kRead | kWrite | kExecute));
}

}  // namespace cloche::vfs
