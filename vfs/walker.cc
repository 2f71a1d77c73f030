#include "vfs/walker.h"

#include <algorithm>

namespace cloche::vfs {

namespace {
bool same_place(const Location& a, const Location& b) {
  return a.inode == b.inode && a.mount == b.mount;
}
}  // namespace

SysResult<Unit> Walker::start(std::string_view path) {
  if (path.empty()) return Errno::kNOENT;
  if (path.size() >= kPathMax) return Errno::kNAMETOOLONG;
  if (path.find('\0') != std::string_view::npos) return Errno::kINVAL;
  bool scoped = (flags_ & (kBeneath | kInRoot)) != 0;
  root_ = scoped ? at_ : space_.root();
  if (path[0] == '/') {
    TRY(jump_to_root());
  } else if (!at_ || at_.inode->type() != FileType::kDirectory) {
    return Errno::kNOTDIR;
  }
  levels_.push_back(Level{path, {}, 0});
  return Unit{};
}

LastKind Walker::last_kind() const {
  if (last_ == "/") return LastKind::kRoot;
  if (last_ == ".") return LastKind::kDot;
  return last_ == ".." ? LastKind::kDotDot : LastKind::kNormal;
}

SysResult<Unit> Walker::jump_to_root() {
  if (flags_ & kBeneath) return Errno::kXDEV;
  if ((flags_ & kNoXdev) && at_ && at_.mount != root_.mount) return Errno::kXDEV;
  at_ = root_;
  if (!at_) return Errno::kNOENT;
  return Unit{};
}

SysResult<Unit> Walker::require_searchable() const {
  if (at_.inode->type() != FileType::kDirectory) return Errno::kNOTDIR;
  return at_.inode->check_access(who_, kExecute);
}

// Takes the next component off the innermost level; false when that level held only slashes. A
// level is dropped with its last component, so that "no levels left" means "this is the last one".
bool Walker::next_component(std::string_view* name, bool* ends_with_slash) {
  Level& level = levels_.back();
  std::string_view text = level.text();
  size_t begin = text.find_first_not_of('/', level.position);
  if (begin == std::string_view::npos) {
    levels_.pop_back();
    return false;
  }
  size_t end = std::min(text.find('/', begin), text.size());
  size_t next = text.find_first_not_of('/', end);
  // The name must survive the level it was cut from.
  last_.assign(text.substr(begin, end - begin));
  *name = last_;
  *ends_with_slash = end < text.size();
  if (next == std::string_view::npos) {
    levels_.pop_back();
  } else {
    level.position = next;
  }
  return true;
}

SysResult<Unit> Walker::to_last() {
  for (;;) {
    if (levels_.empty()) {
      last_ = "/";
      trailing_slash_ = false;
      return Unit{};
    }
    std::string_view name;
    bool slash = false;
    if (!next_component(&name, &slash)) continue;
    TRY(require_searchable());
    if (levels_.empty()) {
      trailing_slash_ = slash;
      return Unit{};
    }
    TRY(step(name));
  }
}

// An inner component: links are followed.
SysResult<Unit> Walker::step(std::string_view name) {
  if (name == ".") return Unit{};
  if (name == "..") return go_up();
  Location child = TRY(find_last());
  if (child.inode->type() != FileType::kSymlink) {
    at_ = std::move(child);
  } else {
    Location target = TRY(enter_link(child));
    if (target) at_ = std::move(target);
  }
  return Unit{};
}

SysResult<Unit> Walker::go_up() {
  if (same_place(at_, root_)) {
    if (flags_ & kBeneath) return Errno::kXDEV;
    return Unit{};
  }
  Location above = TRY(space_.parent(at_));
  if ((flags_ & kNoXdev) && above.mount != at_.mount) return Errno::kXDEV;
  at_ = std::move(above);
  return Unit{};
}

SysResult<Location> Walker::find_last() const {
  Location found = TRY(space_.child(at_, last_));
  if ((flags_ & kNoXdev) && found.mount != at_.mount) return Errno::kXDEV;
  return found;
}

SysResult<Location> Walker::enter_link(const Location& link) {
  if (links_followed_++ >= kSymlinkMax) return Errno::kLOOP;
  if (flags_ & kNoSymlinks) return Errno::kLOOP;
  Location target;
  SysResult<Unit> magic = link.inode->magic_target(target);
  if (magic.ok()) {
    if (flags_ & kNoMagicLinks) return Errno::kLOOP;
    if (flags_ & (kBeneath | kInRoot)) return Errno::kXDEV;
    if ((flags_ & kNoXdev) && target.mount != at_.mount) return Errno::kXDEV;
    if (!target) return Errno::kNOENT;
    return target;
  }
  if (magic.error() != Errno::kINVAL) return magic.error();
  std::string text = TRY(link.inode->readlink());
  if (text.empty() || text.find('\0') != std::string::npos) return Errno::kNOENT;
  if (text.size() >= kPathMax) return Errno::kNAMETOOLONG;
  if (text[0] == '/') TRY(jump_to_root());
  levels_.push_back(Level{{}, std::move(text), 0});
  return Location{};
}

SysResult<Location> Walker::finish() {
  for (;;) {
    TRY(to_last());
    if (last_ == "..") TRY(go_up());
    if (!last_is_normal()) break;
    if (trailing_slash_) flags_ |= kFollowLast | kDirectoryOnly;
    Location child = TRY(find_last());
    if (child.inode->type() != FileType::kSymlink || !(flags_ & kFollowLast)) {
      at_ = std::move(child);
      break;
    }
    Location target = TRY(enter_link(child));
    if (target) {
      at_ = std::move(target);
      break;
    }
  }
  if ((flags_ & kDirectoryOnly) && at_.inode->type() != FileType::kDirectory) {
    return Errno::kNOTDIR;
  }
  return at_;
}

}  // namespace cloche::vfs
