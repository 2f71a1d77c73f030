#include "kernel/wasi/state.h"

#include <algorithm>

#include "kernel/directory_file.h"
#include "kernel/kernel.h"
#include "kernel/open.h"
#include "vfs/ops.h"

namespace cloche::kernel::wasi {
namespace {

constexpr uint32_t kFirstPreopen = 3;
constexpr size_t kMaxPreopens = 64;

bool imports_from(const engine::Module& module, std::initializer_list<std::string_view> names) {
  return std::any_of(module.imports().begin(), module.imports().end(), [names](const auto& import) {
    return std::find(names.begin(), names.end(), import.module) != names.end();
  });
}

struct Preopen {
  std::string name;
  vfs::Location location;
};

// Names of the directories in a directory, and of symlinks, which may lead to some.
std::vector<std::string> names_in(vfs::Inode& directory) {
  std::vector<std::string> names;
  const auto accept = [](void* env, const vfs::DirEntry& entry) {
    auto& list = *static_cast<std::vector<std::string>*>(env);
    const bool leads_on =
        entry.type == vfs::FileType::kDirectory || entry.type == vfs::FileType::kSymlink;
    if (leads_on) list.emplace_back(entry.name);
    return list.size() < kMaxPreopens;
  };
  (void)directory.readdir(0, &names, accept);
  std::sort(names.begin(), names.end());
  return names;
}

// "." and what else stands for the namespace; see the header.
std::vector<Preopen> preopens_of(Kernel& kernel, const Process& process) {
  const vfs::Namespace& names = kernel.names();
  const vfs::Location& root = process.root;
  if (process.cwd.inode == root.inode) return {{"/", root}};
  std::vector<Preopen> list{{".", process.cwd}};
  const auto own = names.current_path(process.cwd);
  if (own.ok()) list.push_back({*own, process.cwd});
  for (const std::string& name : names_in(*root.inode)) {
    const std::string path = "/" + name;
    if (names.child(process.cwd, name).ok() || (own.ok() && *own == path)) continue;
    auto found = names.walk(root, name, process.credentials,
                            vfs::kFollowLast | uint32_t{vfs::kDirectoryOnly});
    if (found.ok()) list.push_back({path, std::move(*found)});
  }
  return list;
}

bool names_directory(Kernel& kernel, const Process& process, const std::string& path) {
  if (path.empty() || path[0] != '/') return false;
  const auto found =
      kernel.names().walk(process.root, path, process.credentials, uint32_t{vfs::kFollowLast});
  return found.ok() && found->inode == process.cwd.inode;
}

// Programs that keep a current directory of their own (Go) start from PWD.
void correct_pwd(Kernel& kernel, Process& process) {
  constexpr std::string_view kName = "PWD=";
  const auto path = kernel.names().current_path(process.cwd);
  if (!path.ok()) return;
  for (std::string& variable : process.envp) {
    if (!variable.starts_with(kName)) continue;
    if (!names_directory(kernel, process, variable.substr(kName.size())))
      variable = std::string(kName) + *path;
    return;
  }
  process.envp.push_back(std::string(kName) + *path);
}

}  // namespace

bool is_wasi(const engine::Module& module) {
  return imports_from(module, {"wasi_snapshot_preview1", "wasi_unstable"});
}

bool is_native(const engine::Module& module) { return imports_from(module, {"linux", "kern"}); }

Rights rights_of(const OpenFile& file) {
  Rights rights = kStreamRights;
  switch (file.kind()) {
    case FileKind::kPath:
      return 0;
    case FileKind::kDirectory:
      return kDirectoryRights;
    case FileKind::kRegular:
      rights = kFileRights;
      break;
    case FileKind::kSocket:
      rights = kSocketRights;
      break;
    case FileKind::kOther:  // devices: without the right to seek, they pass for terminals
      rights = kStreamRights | kFdSeek | kFdTell;
      break;
    case FileKind::kPipe:
    case FileKind::kTerminal:
    case FileKind::kTerminalMaster:
    case FileKind::kEvent:
    case FileKind::kEpoll:
    case FileKind::kTimer:
    case FileKind::kSignals:
    case FileKind::kProcess:
    case FileKind::kNotify:
    case FileKind::kHost:
      break;
  }
  if (!file.readable()) rights &= ~Rights{kFdRead};
  if (!file.writable()) rights &= ~kWritingRights;
  return rights;
}

Descriptor& State::of(Fd fd) {
  const auto index = static_cast<uint32_t>(fd);
  CHECK(index < FdTable::kHardLimit);
  if (index >= descriptors_.size()) descriptors_.resize(index + 1);
  return descriptors_[index];
}

void State::add(Fd fd, Descriptor descriptor) { of(fd) = std::move(descriptor); }

std::unique_ptr<State> State::enter(Kernel& kernel, Process& process) {
  auto state = std::make_unique<State>();
  correct_pwd(kernel, process);
  FdTable& fds = *process.fds;
  std::vector<Preopen> preopens = preopens_of(kernel, process);
  const uint32_t limit = descriptor_limit(process);
  const uint32_t room = limit > kFirstPreopen ? limit - kFirstPreopen : 0;
  preopens.resize(std::min<size_t>(preopens.size(), room));
  fds.make_gap(kFirstPreopen, static_cast<uint32_t>(preopens.size()), limit, process);
  fds.for_each(state.get(), [](void* env, int32_t fd, const FileRef& file) {
    const Rights inheriting =
        file->kind() == FileKind::kDirectory ? kDirectoryRights | kFileRights : 0;
    static_cast<State*>(env)->add(Fd{fd}, {rights_of(*file), inheriting, {}});
  });
  auto number = static_cast<int32_t>(kFirstPreopen);
  for (Preopen& preopen : preopens) {
    Rights base = kDirectoryRights;
    if (!vfs::may_access(*preopen.location.inode, process.credentials, vfs::kRead).ok())
      base &= ~Rights{kFdReaddir};
    auto file = make_ref<DirectoryFile>(std::move(preopen.location), kReadOnly | kDirectory,
                                        kernel.names());
    if (!fds.set(Fd{number}, std::move(file), false, limit, process).ok()) break;
    state->add(Fd{number++}, {base, kAllRights, std::move(preopen.name)});
  }
  return state;
}

}  // namespace cloche::kernel::wasi
