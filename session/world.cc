#include "session/world.h"

#include <algorithm>

#include "base/printable.h"
#include "session/failures.h"
#include "session/host_mounts.h"
#include "vfs/memfs.h"
#include "vfs/packfs.h"

namespace cloche::session {
namespace {

using vfs::FileType;
using vfs::InodeRef;
using vfs::Location;

constexpr uint32_t kRoot = 0;
constexpr uint64_t kOwnInodes = 4096;       // of the skeleton, which the guest cannot write
constexpr uint64_t kOwnBytes = 256u << 20;  // of it: room for modules
const vfs::CreateAttr kRootFolder{.mode = 0755, .uid = kRoot, .gid = kRoot};

// Folders at the top that are the sandbox's own, whatever the pack holds there.
constexpr std::string_view kNotFromPack[] = {"dev", "home", "mnt", "proc",
                                             "run", "root", "tmp", "var"};

// st_dev of the file systems, in the order in which they are made.
enum Device : uint64_t { kRootDevice = 1, kPackDevice, kHomeDevice, kTemporaryDevice, kFirstMount };

std::string in_quotes(std::string_view text) {
  std::string out = "'";
  return out.append(printable(text)).append("'");
}

bool valid_user_name(const std::string& name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  return !name.empty() && name.size() <= 32 && letter(name[0]) &&
         std::all_of(name.begin(), name.end(),
                     [&letter](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-'; });
}

// The components of an absolute guest path; "." and doubled slashes are left out.
Expected<std::vector<std::string>> split_guest_path(const std::string& path) {
  const auto wrong = [&path](const char* why) {
    return invalid("mount at " + in_quotes(path) + ": " + why);
  };
  if (path.empty() || path[0] != '/') return wrong("the guest's path must be absolute");
  if (path.find('\0') != std::string::npos) return wrong("the path holds a NUL byte");
  if (path.size() >= vfs::kPathMax) return wrong("the path is too long");
  std::vector<std::string> parts;
  size_t at = 0;
  while (at < path.size()) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string part = path.substr(at, end - at);
    at = end + 1;
    if (part.empty() || part == ".") continue;
    if (part == "..") return wrong("'..' has no place in it");
    if (part.size() > vfs::kNameMax) return wrong("a name in it is longer than 255 bytes");
    parts.push_back(part);
  }
  if (parts.empty()) return wrong("the root itself cannot be replaced");
  return parts;
}

std::string join(const std::vector<std::string>& parts, size_t count) {
  std::string path;
  for (size_t i = 0; i < count; ++i) path += "/" + parts[i];
  return path.empty() ? "/" : path;
}

struct Target {
  const Mount* mount;
  std::vector<std::string> parts;
  std::string path() const { return join(parts, parts.size()); }
};

// All mounts with checked and normalised guest paths; outer ones before those inside them.
Expected<std::vector<Target>> sorted_targets(const std::vector<Mount>& mounts) {
  std::vector<Target> targets;
  for (const Mount& mount : mounts) {
    auto parts = split_guest_path(mount.guest);
    if (!parts) return parts.error();
    const bool taken = std::any_of(targets.begin(), targets.end(),
                                   [&parts](const Target& other) { return other.parts == *parts; });
    if (taken) return invalid("mount at " + in_quotes(mount.guest) + ": another mount is there");
    targets.push_back({&mount, std::move(*parts)});
  }
  std::sort(targets.begin(), targets.end(), [](const Target& a, const Target& b) {
    return a.parts.size() != b.parts.size() ? a.parts.size() < b.parts.size() : a.parts < b.parts;
  });
  return targets;
}

class Builder {
 public:
  explicit Builder(const WorldOptions& options) : options_(options) {}

  Expected<World> build() {
    if (!valid_user_name(options_.user) || options_.user == "root" || options_.user == "nobody") {
      return invalid("user " + in_quotes(options_.user) +
                     ": a name of a-z, 0-9, '_' and '-', a letter first, not root or nobody");
    }
    auto targets = sorted_targets(options_.mounts);
    if (!targets) return targets.error();
    world_.home = "/home/" + options_.user;
    world_.budget = make_ref<vfs::Budget>(options_.disk, options_.inodes, options_.outer_budget);
    own_budget_ = make_ref<vfs::Budget>(kOwnBytes, kOwnInodes);
    root_ = make_root();
    world_.names = std::make_unique<vfs::Namespace>(root_, "cloche", "tmpfs", "ro");
    if (auto error = add_skeleton(*targets)) return *error;
    for (const Target& target : *targets) {
      if (auto error = add_mount(target)) return *error;
    }
    return std::move(world_);
  }

 private:
  using MaybeFailure = std::optional<Failure>;

  InodeRef make_root() {
    const InodeRef root = vfs::make_memfs({.clock = &options_.clock,
                                           .budget = own_budget_,
                                           .dev = kRootDevice,
                                           .mode = 0755,
                                           .uid = kRoot,
                                           .gid = kRoot});
    own_.push_back(root->file_system());
    return root;
  }

  InodeRef make_writable(uint64_t device, uint32_t mode, uint32_t owner) {
    InodeRef folder = vfs::make_memfs({.clock = &options_.clock,
                                       .budget = world_.budget,
                                       .dev = device,
                                       .mode = mode,
                                       .uid = owner,
                                       .gid = owner});
    own_.push_back(folder->file_system());
    return folder;
  }

  // The pack, the writable places, the mount points of the kernel's own file systems.
  MaybeFailure add_skeleton(const std::vector<Target>& targets) {
    if (options_.packs) {
      if (auto error = add_pack()) return error;
    }
    for (const char* path : {"/dev", "/proc", "/run/cloche", "/run/tools", "/var"}) {
      if (auto error = ensure_folder(path)) return error;
    }
    const auto modules = find("/run/cloche");
    if (!modules.ok()) return failure_of(modules.error(), "/run/cloche");
    world_.module_folder = modules.value().inode;
    if (auto error = add_writable("/tmp", kTemporaryDevice, 01777, kRoot, targets)) return error;
    if (auto error = add_writable(world_.home, kHomeDevice, 0755, kUserId, targets)) return error;
    if (!find("/var/tmp").ok()) {
      const auto made = find("/var").value().inode->symlink("tmp", "/tmp", kRootFolder);
      if (!made.ok()) return failure_of(made.error(), "/var/tmp");
    }
    return add_user();
  }

  // Hangs each folder at the top of the pack at its place; symlinks there are made anew.
  MaybeFailure add_pack() {
    const InodeRef pack = vfs::make_packfs(options_.packs, kPackDevice);
    struct Listing {
      std::vector<std::pair<std::string, FileType>> names;
    } listing;
    const auto listed = pack->readdir(0, &listing, [](void* env, const vfs::DirEntry& entry) {
      static_cast<Listing*>(env)->names.emplace_back(entry.name, entry.type);
      return true;
    });
    if (!listed.ok()) return failure_of(listed.error(), "the pack's root");
    for (const auto& [name, type] : listing.names) {
      const auto child = pack->lookup(name);
      if (!child.ok()) return failure_of(child.error(), "the pack's /" + name);
      if (auto error = add_pack_entry(name, type, child.value())) return error;
    }
    return std::nullopt;
  }

  MaybeFailure add_pack_entry(const std::string& name, FileType type, const InodeRef& child) {
    const std::string path = "/" + name;
    if (type == FileType::kSymlink) {
      const auto target = child->readlink();
      if (!target.ok()) return failure_of(target.error(), "the pack's " + path);
      const auto made = root_->symlink(name, target.value(), kRootFolder);
      if (!made.ok()) return failure_of(made.error(), path);
      return std::nullopt;
    }
    if (type != FileType::kDirectory) return std::nullopt;
    if (auto error = ensure_folder(path)) return error;
    if (std::find(std::begin(kNotFromPack), std::end(kNotFromPack), name) !=
        std::end(kNotFromPack)) {
      return std::nullopt;
    }
    return hang(path, child, "cloche.pack", "cloche", "ro");
  }

  // A writable place in memory, unless the caller mounts something of their own there.
  MaybeFailure add_writable(const std::string& path, uint64_t device, uint32_t mode, uint32_t owner,
                            const std::vector<Target>& targets) {
    if (auto error = ensure_folder(path)) return error;
    const bool taken = std::any_of(targets.begin(), targets.end(),
                                   [&path](const Target& target) { return target.path() == path; });
    if (taken) return std::nullopt;
    return hang(path, make_writable(device, mode, owner), "tmpfs", "tmpfs", "rw");
  }

  // The pack knows one user; another name needs its own line in /etc/passwd and /etc/group.
  MaybeFailure add_user() {
    if (options_.user == SandboxOptions().user) return std::nullopt;
    const std::string& name = options_.user;
    const std::string id = std::to_string(kUserId);
    const std::string passwd = "root:x:0:0:root:/root:/bin/bash\n" + name + ":x:" + id + ":" + id +
                               ":" + name + ":" + world_.home + ":/bin/bash\n" +
                               "nobody:x:65534:65534:nobody:/:/bin/false\n";
    const std::string group = "root:x:0:\n" + name + ":x:" + id + ":\nnogroup:x:65534:\n";
    if (auto error = replace_file("/etc/passwd", passwd)) return error;
    return replace_file("/etc/group", group);
  }

  // Hangs a file of our own over one of the pack; without it, there is nothing to replace.
  MaybeFailure replace_file(const std::string& path, const std::string& text) {
    if (!find(path).ok()) return std::nullopt;
    const std::string name = "cloche-" + path.substr(path.rfind('/') + 1);
    const auto file =
        world_.module_folder->create(name, {.mode = 0644, .uid = kRoot, .gid = kRoot});
    if (!file.ok()) return failure_of(file.error(), path);
    if (auto error = write_whole(file.value(), text.data(), text.size(), path)) return error;
    const auto unlinked = world_.module_folder->unlink(name);
    if (!unlinked.ok()) return failure_of(unlinked.error(), path);
    return hang(path, file.value(), "tmpfs", "tmpfs", "ro");
  }

  static MaybeFailure write_whole(const InodeRef& file, const void* data, size_t size,
                                  const std::string& what) {
    const auto body = file->open(vfs::OpenAccess::kWrite);
    if (!body.ok()) return failure_of(body.error(), what);
    const auto written =
        body.value()->write_at(0, std::span(static_cast<const uint8_t*>(data), size));
    if (!written.ok()) return failure_of(written.error(), what);
    if (written.value() != size) return failure_of(abi::Errno::kNOSPC, what);
    return std::nullopt;
  }

  MaybeFailure add_mount(const Target& target) {
    const std::string path = target.path();
    auto opened = options_.open(*target.mount, {.clock = options_.clock,
                                                .budget = world_.budget,
                                                .device = next_device_++,
                                                .user = kUserId,
                                                .before_change = before_change(*target.mount)});
    if (!opened) return opened.error();
    const bool folder = opened->root->type() == FileType::kDirectory;
    if (auto error = make_mount_point(target, folder)) return error;
    return hang(path, opened->root, "host", opened->type, opened->options);
  }

  std::function<bool()> before_change(const Mount& mount) const {
    if (!options_.before_change) return {};
    return [ask = options_.before_change, mount] { return ask(mount); };
  }

  // The folder or file that a mount hangs over. It is made when it is not there, but only in the
  // sandbox's own memory: never on the host and never in the pack.
  MaybeFailure make_mount_point(const Target& target, bool folder) {
    const size_t folders = folder ? target.parts.size() : target.parts.size() - 1;
    for (size_t count = 1; count <= folders; ++count) {
      if (auto error = ensure_one_folder(join(target.parts, count))) return error;
    }
    if (folder) return std::nullopt;
    const std::string path = target.path();
    const auto found = find(path);
    if (found.ok()) {
      if (found.value().inode->type() != FileType::kDirectory) return std::nullopt;
      return invalid("mount at " + in_quotes(path) +
                     ": a folder of the sandbox, but a file of the host");
    }
    const auto above = find(join(target.parts, folders));
    if (!above.ok()) return failure_of(above.error(), "mount at " + in_quotes(path));
    if (!owned(above.value())) return no_place(path);
    const auto made = above.value().inode->create(target.parts.back(),
                                                  {.mode = 0644, .uid = kRoot, .gid = kRoot});
    if (!made.ok()) return failure_of(made.error(), "mount at " + in_quotes(path));
    return std::nullopt;
  }

  MaybeFailure ensure_folder(const std::string& path) {
    auto parts = split_guest_path(path);
    if (!parts) return parts.error();
    for (size_t count = 1; count <= parts->size(); ++count) {
      if (auto error = ensure_one_folder(join(*parts, count))) return error;
    }
    return std::nullopt;
  }

  MaybeFailure ensure_one_folder(const std::string& path) {
    const auto found = find(path);
    if (found.ok()) {
      if (found.value().inode->type() == FileType::kDirectory) return std::nullopt;
      return invalid("mount at " + in_quotes(path) +
                     ": there is a file in the sandbox, not a folder");
    }
    const size_t slash = path.rfind('/');
    const auto above = find(slash == 0 ? "/" : path.substr(0, slash));
    if (!above.ok()) return failure_of(above.error(), "mount at " + in_quotes(path));
    if (!owned(above.value())) return no_place(path);
    const auto stat = above.value().inode->stat();
    const uint32_t owner = stat.ok() && stat.value().uid == kUserId ? kUserId : kRoot;
    const auto made = above.value().inode->mkdir(path.substr(slash + 1),
                                                 {.mode = 0755, .uid = owner, .gid = owner});
    if (!made.ok()) return failure_of(made.error(), "mount at " + in_quotes(path));
    return std::nullopt;
  }

  static Failure no_place(const std::string& path) {
    return invalid(
        "mount at " + in_quotes(path) +
        ": it does not exist and cannot be made there (the folder above it belongs to the "
        "pack or to a mount)");
  }

  // In memory of ours, so that making something there touches neither host nor pack.
  bool owned(const Location& at) const {
    return std::find(own_.begin(), own_.end(), at.inode->file_system()) != own_.end();
  }

  vfs::SysResult<Location> find(const std::string& path) const {
    return world_.names->walk(world_.names->root(), path, as_root_, vfs::kFollowLast);
  }

  MaybeFailure hang(const std::string& path, const InodeRef& what, const char* source,
                    const char* type, const char* how) {
    const auto mounted = world_.names->mount(path, what, source, type, how);
    if (mounted.ok()) return std::nullopt;
    if (mounted.error() == abi::Errno::kBUSY) {
      return invalid("mount at " + in_quotes(path) + ": another mount is there");
    }
    return failure_of(mounted.error(), "mount at " + in_quotes(path));
  }

  const WorldOptions& options_;
  World world_;
  Ref<vfs::Budget> own_budget_;
  InodeRef root_;
  std::vector<const void*> own_;  // file systems in which mount points may be made
  uint64_t next_device_ = kFirstMount;
  const vfs::Credentials as_root_{.uid = kRoot, .gid = kRoot, .groups = {}};
};

}  // namespace

Expected<World> build_world(const WorldOptions& options) { return Builder(options).build(); }

Expected<std::string> place_module(const World& world, const std::string& name,
                                   const std::vector<uint8_t>& bytes) {
  std::string file = name.substr(name.rfind('/') + 1);
  if (file.empty() || file == "." || file == ".." || file.size() > vfs::kNameMax ||
      file.find('\0') != std::string::npos) {
    file = "module";
  }
  (void)world.module_folder->unlink(file);  // of an earlier run
  const auto made = world.module_folder->create(file, {.mode = 0755, .uid = kRoot, .gid = kRoot});
  if (!made.ok()) return failure_of(made.error(), "placing the module");
  const auto body = made.value()->open(vfs::OpenAccess::kWrite);
  if (!body.ok()) return failure_of(body.error(), "placing the module");
  const auto written = body.value()->write_at(0, bytes);
  if (!written.ok() || written.value() != bytes.size()) {
    return failure_of(abi::Errno::kNOSPC, "placing the module");
  }
  return "/run/cloche/" + file;
}

}  // namespace cloche::session
