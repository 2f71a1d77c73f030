// Folders of a sandbox with all that is in them, for the host, step by step between turns of the
// guest, which may change them meanwhile.
#pragma once

#include <functional>

#include "session/file_view.h"

namespace cloche::session {

// A file, or an empty folder.
SysResult<Unit> remove_one(FileView& view, const vfs::PathArg& at);

// As Files::remove() with Depth::kAll.
std::optional<Failure> remove_tree(Sandbox::State& sandbox, const std::string& path);

// Visits what is below a folder, each folder before what is in it, names in order; follows no
// symlink, and holds one folder for each level that it is down.
class TreeWalk {
 public:
  explicit TreeWalk(Sandbox::State& sandbox) : levels_(sandbox) {}

  struct Found {
    std::string path;  // below the root; of the root itself empty
    vfs::Location at;
    FileInfo info;
  };
  // In a step: the root, which may be a file.
  SysResult<Found> begin(FileView& view, const std::string& path);
  // In a step: the next one; false: that was all. What is gone since, or may not be read, is left
  // out, and told of.
  bool next(FileView& view, Found& found,
            const std::function<void(const std::string& path, Errno error)>& left_out);
  // In a step.
  void give_up() { levels_.give_up(); }

 private:
  struct Level {
    vfs::Location folder;
    std::string path;
    std::vector<std::string> names;
    size_t at = 0;
  };
  SysResult<Unit> enter(FileView& view, const Found& found);

  Kept<std::vector<Level>> levels_;
};

}  // namespace cloche::session
