#include "vfs/walk.h"

#include <algorithm>

#include "vfs/walker.h"

namespace cloche::vfs {

SysResult<Unit> check_access(const Stat& stat, const Credentials& who, uint32_t access) {
  uint32_t granted;
  if (stat.uid == who.uid) {
    granted = stat.mode >> 6;
  } else if (stat.gid == who.gid ||
             std::find(who.groups.begin(), who.groups.end(), stat.gid) != who.groups.end()) {
    granted = stat.mode >> 3;
  } else {
    granted = stat.mode;
  }
  if (access & ~granted & 7) return Errno::kACCES;
  return Unit{};
}

SysResult<Unit> may_access(Inode& inode, const Credentials& who, uint32_t access) {
  if ((access & kWrite) && inode.read_only()) {
    FileType type = inode.type();
    if (type == FileType::kRegular || type == FileType::kDirectory || type == FileType::kSymlink) {
      return Errno::kROFS;
    }
  }
  return inode.check_access(who, access);
}

// The root mount comes first. A namespace has a dozen mounts at most, so they are searched in
// order.
struct Namespace::State {
  std::vector<Ref<Mount>> mounts;
};

Namespace::Namespace(InodeRef root, std::string source, std::string type, std::string options)
    : state_(std::make_unique<State>()) {
  CHECK(root && root->type() == FileType::kDirectory);
  auto mount = make_ref<Mount>();
  mount->root = std::move(root);
  mount->source = std::move(source);
  mount->type = std::move(type);
  mount->options = std::move(options);
  mount->id = 1;
  state_->mounts.push_back(std::move(mount));
}

Namespace::~Namespace() = default;

Location Namespace::root() const {
  const Ref<Mount>& first = state_->mounts.front();
  return Location{first->root, first, nullptr, {}};
}

Mount* Namespace::mounted_at(const Mount* mount, const Inode* directory,
                             std::string_view name) const {
  if (mount == nullptr || mount->mounts_on_it == 0) return nullptr;
  for (const Ref<Mount>& candidate : state_->mounts) {
    if (candidate->above == mount && candidate->directory.get() == directory &&
        candidate->name == name) {
      return candidate.get();
    }
  }
  return nullptr;
}

namespace {
// Whom a mount is set up for: nobody, so access is not asked.
class TrustedWalk {
 public:
  // Finds `path` from the root without permission checks and without following links: mount points
  // are named by their real path.
  static SysResult<Location> find(const Namespace& space, std::string_view path) {
    Location at = space.root();
    size_t position = 0;
    while ((position = path.find_first_not_of('/', position)) != std::string_view::npos) {
      size_t end = std::min(path.find('/', position), path.size());
      std::string_view name = path.substr(position, end - position);
      position = end;
      if (name == "." || name == "..") return Errno::kINVAL;
      if (at.inode->type() != FileType::kDirectory) return Errno::kNOTDIR;
      Location next = TRY(space.child(at, name));
      if (next.inode->type() == FileType::kDirectory) {
        next.parent = at.inode;
        next.name = name;
      }
      at = std::move(next);
    }
    return at;
  }
};
}  // namespace

SysResult<Unit> Namespace::mount(std::string_view path, InodeRef root_of_mount, std::string source,
                                 std::string type, std::string options) {
  if (path.empty() || path[0] != '/') return Errno::kINVAL;
  Location target = TRY(TrustedWalk::find(*this, path));
  if (target.inode == target.mount->root) return Errno::kBUSY;
  bool over_directory = target.inode->type() == FileType::kDirectory;
  bool is_directory = root_of_mount->type() == FileType::kDirectory;
  if (over_directory != is_directory) return over_directory ? Errno::kISDIR : Errno::kNOTDIR;
  auto mount = make_ref<Mount>();
  mount->root = std::move(root_of_mount);
  mount->above = target.mount.get();
  mount->directory = target.parent;
  mount->name = target.name;
  mount->source = std::move(source);
  mount->type = std::move(type);
  mount->options = std::move(options);
  mount->id = static_cast<uint32_t>(state_->mounts.size() + 1);
  ++target.mount->mounts_on_it;
  state_->mounts.push_back(std::move(mount));
  return Unit{};
}

SysResult<Location> Namespace::walk(const Location& base, std::string_view path,
                                    const Credentials& who, uint32_t flags) const {
  Walker walker(*this, base, who, flags);
  TRY(walker.start(path));
  return walker.finish();
}

SysResult<ParentWalk> Namespace::walk_parent(const Location& base, std::string_view path,
                                             const Credentials& who, uint32_t flags) const {
  Walker walker(*this, base, who, flags);
  TRY(walker.start(path));
  TRY(walker.to_last());
  return ParentWalk{walker.at(), std::string(walker.last()), walker.last_kind(),
                    walker.trailing_slash()};
}

SysResult<Location> Namespace::child(const Location& directory, std::string_view name) const {
  Inode& inode = *directory.inode;
  if (name.size() > kNameMax) return inode.removed() ? Errno::kNOENT : Errno::kNAMETOOLONG;
  if (Mount* mount = mounted_at(directory.mount.get(), &inode, name)) {
    Location top{mount->root, Ref<Mount>(mount), nullptr, {}};
    if (mount->root->type() != FileType::kDirectory) {
      top.parent = directory.inode;
      top.name = name;
    }
    return top;
  }
  InodeRef found = TRY(inode.lookup(name));
  if (found->type() == FileType::kDirectory) {
    return Location{std::move(found), directory.mount, nullptr, {}};
  }
  return Location{std::move(found), directory.mount, directory.inode, std::string(name)};
}

namespace {
// Is `inode` the root of `mount` or below it? Only a mount of a part of a file system can be left.
bool inside(const Mount& mount, InodeRef inode) {
  if (!mount.root->parent()) return true;
  while (inode && !(inode == mount.root)) inode = inode->parent();
  return static_cast<bool>(inode);
}
}  // namespace

SysResult<Location> Namespace::parent(const Location& directory) const {
  if (!directory.mount) return Errno::kNOENT;
  const Mount& mount = *directory.mount;
  if (directory.inode == mount.root) {
    if (!mount.above) return directory;
    return Location{mount.directory, Ref<Mount>(mount.above), nullptr, {}};
  }
  InodeRef above = directory.inode->parent();
  if (!above || !inside(mount, above)) return Errno::kNOENT;
  return Location{std::move(above), directory.mount, nullptr, {}};
}

namespace {
struct NamedPath {
  std::string path;
  bool linked = true;
};
}  // namespace

// The path from the root, bottom up; `linked` turns false when a part of it was removed.
static SysResult<NamedPath> trace(const Namespace& space, const Location& location) {
  if (!location.mount) return Errno::kNOENT;
  NamedPath result;
  std::vector<std::string> names;
  Location at = location;
  if (at.inode->type() != FileType::kDirectory) {
    if (!at.parent) return Errno::kNOENT;
    names.push_back(at.name);
    if (at.inode == at.mount->root) {
      at.mount = Ref<Mount>(at.mount->above);
    } else {
      SysResult<InodeRef> now = at.parent->lookup(at.name);
      result.linked = now.ok() && *now == at.inode;
    }
    at.inode = at.parent;
  }
  while (at.mount->above || !(at.inode == at.mount->root)) {
    if (at.inode == at.mount->root) {
      names.push_back(at.mount->name);
    } else {
      names.push_back(TRY(at.inode->name_in_parent()));
      if (at.inode->removed()) result.linked = false;
    }
    at = TRY(space.parent(at));
  }
  for (auto name = names.rbegin(); name != names.rend(); ++name) result.path += "/" + *name;
  if (result.path.empty()) result.path = "/";
  return result;
}

SysResult<std::string> Namespace::path_of(const Location& location) const {
  NamedPath named = TRY(trace(*this, location));
  if (!named.linked) named.path += " (deleted)";
  return std::move(named.path);
}

SysResult<std::string> Namespace::current_path(const Location& directory) const {
  NamedPath named = TRY(trace(*this, directory));
  if (!named.linked) return Errno::kNOENT;
  return std::move(named.path);
}

bool Namespace::reachable(const Location& location) const {
  SysResult<NamedPath> named = trace(*this, location);
  return named.ok() && named->linked;
}

bool Namespace::same_mount(const Location& a, const Location& b) const {
  return a.mount == b.mount;
}

bool Namespace::is_mount_point(const Location& directory, std::string_view name) const {
  return mounted_at(directory.mount.get(), directory.inode.get(), name) != nullptr;
}

std::vector<Namespace::MountPoint> Namespace::mount_points(const Mount& mount) const {
  std::vector<MountPoint> points;
  for (const Ref<Mount>& each : state_->mounts) {
    if (each->above == &mount) points.push_back({each->directory, each->name, each->root->type()});
  }
  return points;
}

std::vector<Namespace::MountInfo> Namespace::mounts() const {
  std::vector<MountInfo> list;
  for (const Ref<Mount>& mount : state_->mounts) {
    std::string path = "/";
    if (mount->above) {
      Location above{mount->directory, Ref<Mount>(mount->above), nullptr, {}};
      SysResult<std::string> directory = path_of(above);
      path = (directory.ok() && *directory != "/" ? *directory : std::string()) + "/" + mount->name;
    }
    list.push_back(MountInfo{mount->source, std::move(path), mount->type, mount->options});
  }
  return list;
}

}  // namespace cloche::vfs
