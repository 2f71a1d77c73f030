#include "session/tree_walk.h"

#include <utility>

namespace cloche::session {
namespace {

constexpr size_t kBatch = 256;                // of changes between two turns
constexpr uint64_t kMostRemoved = 4'000'000;  // from a folder that a guest goes on filling

// A folder that is being emptied, and its name in the one before.
struct Emptied {
  vfs::Location folder;
  std::string name;
};

// Removes what is in the folder on top, or puts a folder in it on top; or the folder itself.
SysResult<Unit> remove_next(FileView& view, const vfs::Location& base,
                            std::vector<Emptied>& stack) {
  const Emptied& top = stack.back();
  std::string name;
  TRY(vfs::may_access(*top.folder.inode, view.who(), vfs::kRead));
  TRY(top.folder.inode->readdir(0, &name, [](void* env, const vfs::DirEntry& entry) {
    auto& first = *static_cast<std::string*>(env);
    if (!first.empty()) return false;
    first = entry.name;
    return true;
  }));
  if (name.empty()) {
    const vfs::Location& above = stack.size() > 1 ? stack[stack.size() - 2].folder : base;
    TRY(vfs::remove_directory(view.names(), {above, top.name}, view.who()));
    stack.pop_back();
    return Unit{};
  }
  const vfs::Location child = TRY(view.child(top.folder, name));
  if (child.inode->type() == vfs::FileType::kDirectory) {
    TRY(vfs::may_access(*top.folder.inode, view.who(), vfs::kExecute));
    stack.push_back({child, std::move(name)});
    return Unit{};
  }
  return vfs::remove_file(view.names(), {top.folder, name}, view.who());
}

struct Removal {
  vfs::Location base;
  std::vector<Emptied> stack;
};

// True: all is gone.
SysResult<bool> begin_removal(FileView& view, const std::string& path, Removal& removal) {
  removal.base = TRY(view.base_of(path));
  const vfs::Location at = TRY(view.find(path, 0));
  if (at.inode->type() != vfs::FileType::kDirectory) {
    TRY(vfs::remove_file(view.names(), {removal.base, path}, view.who()));
    return true;
  }
  removal.stack.push_back({at, path});
  return false;
}

}  // namespace

SysResult<Unit> remove_one(FileView& view, const vfs::PathArg& at) {
  const auto removed = vfs::remove_file(view.names(), at, view.who());
  if (removed.ok() || removed.error() != Errno::kISDIR) return removed;
  return vfs::remove_directory(view.names(), at, view.who());
}

std::optional<Failure> remove_tree(Sandbox::State& sandbox, const std::string& path) {
  Kept<Removal> removal(sandbox);
  auto gone = in_step(sandbox, [&](FileView& view) {
    removal.hold({});
    return begin_removal(view, path, *removal);
  });
  for (uint64_t done = 0; gone.ok() && !*gone; done += kBatch) {
    if (done >= kMostRemoved) return file_failure(Errno::kBUSY, path);
    gone = in_step(sandbox, [&](FileView& view) -> SysResult<bool> {
      for (size_t i = 0; i < kBatch && !removal->stack.empty(); ++i) {
        TRY(remove_next(view, removal->base, removal->stack));
      }
      return removal->stack.empty();
    });
  }
  if (!gone.ok()) return file_failure(gone.error(), path);
  return std::nullopt;
}

SysResult<TreeWalk::Found> TreeWalk::begin(FileView& view, const std::string& path) {
  Found root{{}, TRY(view.find(path, vfs::kFollowLast)), {}};
  root.info = TRY(view.info(root.at));
  levels_.hold({});
  TRY(enter(view, root));
  return root;
}

SysResult<Unit> TreeWalk::enter(FileView& view, const Found& found) {
  if (found.info.type != FileType::kDirectory) return Unit{};
  TRY(vfs::may_access(*found.at.inode, view.who(), vfs::kExecute));
  std::vector<std::string> names = TRY(view.names_in(found.at));
  levels_->push_back({found.at, found.path, std::move(names), 0});
  return Unit{};
}

bool TreeWalk::next(FileView& view, Found& found,
                    const std::function<void(const std::string& path, Errno error)>& left_out) {
  while (!levels_->empty()) {
    Level& level = levels_->back();
    if (level.at == level.names.size()) {
      levels_->pop_back();
      continue;
    }
    const std::string& name = level.names[level.at++];
    found.path = level.path.empty() ? name : level.path + "/" + name;
    const auto child = view.child(level.folder, name);
    if (!child.ok()) continue;  // it is gone
    const auto info = view.info(*child);
    if (!info.ok()) continue;
    found.at = *child;
    found.info = *info;
    const auto entered = enter(view, found);
    if (!entered.ok()) left_out(found.path, entered.error());
    return true;
  }
  return false;
}

}  // namespace cloche::session
