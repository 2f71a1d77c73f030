// The path walk as a machine that can stop before the last component: internal to vfs (walk.cc and
// ops.cc). Follows fs/namei.c: `to_last` is link_path_walk, the callers are path_lookupat,
// filename_parentat and open_last_lookups.
#pragma once

#include <vector>

#include "vfs/walk.h"

namespace cloche::vfs {

class Walker {
 public:
  Walker(const Namespace& space, const Location& base, const Credentials& who, uint32_t flags)
      : space_(space), who_(who), flags_(flags), at_(base) {}

  // Sets the start. ENOENT, ENAMETOOLONG, EXDEV.
  SysResult<Unit> start(std::string_view path);
  // Walks all but the last component; then `at()` is its directory and `last()` its name.
  SysResult<Unit> to_last();
  // Follows the symlink `link`, found in at(); afterwards to_last() goes on in its target. Returns
  // the end of a magic link, which has no target to go on in, else an empty location.
  SysResult<Location> enter_link(const Location& link);
  // One step up from at().
  SysResult<Unit> go_up();
  // The last component within at(): no permission check, links not followed. EXDEV with kNoXdev.
  SysResult<Location> find_last() const;
  // The rest of the walk: the location that the last component names.
  SysResult<Location> finish();

  const Location& at() const { return at_; }
  // "/" when the path has no component (the directory is the answer).
  std::string_view last() const { return last_; }
  LastKind last_kind() const;
  bool last_is_normal() const { return last_kind() == LastKind::kNormal; }
  bool trailing_slash() const { return trailing_slash_; }
  uint32_t flags() const { return flags_; }

 private:
  // What is left of the path or of one symlink's target.
  struct Level {
    std::string_view borrowed;  // the path itself; else `owned`
    std::string owned;
    size_t position = 0;
    std::string_view text() const { return borrowed.data() ? borrowed : owned; }
  };

  SysResult<Unit> jump_to_root();
  SysResult<Unit> require_searchable() const;
  SysResult<Unit> step(std::string_view name);
  bool next_component(std::string_view* name, bool* ends_with_slash);

  const Namespace& space_;
  const Credentials& who_;
  uint32_t flags_;
  Location at_;
  Location root_;  // "/" and the limit of "..": of the namespace, or `base` for scoped walks
  std::vector<Level> levels_;
  std::string last_;
  bool trailing_slash_ = false;
  int links_followed_ = 0;
};

}  // namespace cloche::vfs
