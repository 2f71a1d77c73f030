#include "session/file_view.h"

#include <algorithm>

#include "base/printable.h"
#include "kernel/notify.h"
#include "session/failures.h"

namespace cloche::session {
namespace {

constexpr uint32_t kPermissions = 07777;
constexpr uint32_t kFileMode = 0644, kFolderMode = 0755;
constexpr int64_t kSecond = 1'000'000'000;

FileType type_of(vfs::FileType type) {
  switch (type) {
    case vfs::FileType::kRegular:
      return FileType::kRegular;
    case vfs::FileType::kDirectory:
      return FileType::kDirectory;
    case vfs::FileType::kSymlink:
      return FileType::kSymlink;
    default:
      return FileType::kOther;
  }
}

SysResult<Unit> check_regular(const vfs::Inode& inode) {
  if (inode.type() == vfs::FileType::kDirectory) return Errno::kISDIR;
  if (inode.type() != vfs::FileType::kRegular) return Errno::kINVAL;
  return Unit{};
}

}  // namespace

FileInfo file_info(const vfs::Stat& stat) {
  const int64_t seconds =
      std::clamp(stat.mtime.seconds, INT64_MIN / kSecond + 1, INT64_MAX / kSecond - 1);
  return {.type = type_of(stat.type),
          .size = stat.size,
          .mode = stat.mode & kPermissions,
          .mtime_ns = seconds * kSecond + stat.mtime.nanoseconds};
}

Failure file_failure(Errno error, const std::string& path) {
  Failure failure = failure_of(error, "'" + printable(path) + "'");
  failure.error_number = static_cast<int>(error);
  return failure;
}

FileView::FileView(Sandbox::State& sandbox)
    : sandbox_(sandbox),
      names_(sandbox.kernel->names()),
      who_(sandbox.kernel->options().user),
      most_bytes_(sandbox.kernel->options().limits.file_bytes) {}

SysResult<vfs::Location> FileView::base_of(const std::string& path) const {
  if (path.empty()) return Errno::kNOENT;
  if (path.find('\0') != std::string::npos) return Errno::kINVAL;
  if (path[0] == '/') return names_.root();
  return names_.walk(names_.root(), sandbox_.options.workdir, who_,
                     vfs::kFollowLast | vfs::kDirectoryOnly);
}

SysResult<vfs::Location> FileView::find(const std::string& path, uint32_t walk_flags) const {
  const vfs::Location base = TRY(base_of(path));
  return names_.walk(base, path, who_, walk_flags);
}

SysResult<OpenBody> FileView::open_to_read(const std::string& path) const {
  return open_to_read(TRY(find(path, vfs::kFollowLast)));
}

SysResult<OpenBody> FileView::open_to_read(const vfs::Location& at) const {
  TRY(check_regular(*at.inode));
  TRY(vfs::may_access(*at.inode, who_, vfs::kRead));
  auto body = TRY(at.inode->open(vfs::OpenAccess::kRead));
  return OpenBody{at, std::move(body)};
}

SysResult<OpenBody> FileView::open_to_write(const std::string& path, const WriteOptions& options) {
  const size_t slash = path.rfind('/');
  if (options.parents && slash != std::string::npos && slash > 0) {
    TRY(make_folders(path.substr(0, slash), kFolderMode));
  }
  const vfs::Location base = TRY(base_of(path));
  vfs::OpenRequest request;
  request.write = request.create = true;
  request.mode = options.mode.value_or(kFileMode) & kPermissions;
  // Not truncated before it is known to be a regular file.
  vfs::Opened opened = TRY(vfs::open(names_, {base, path, vfs::kFollowLast}, who_, request));
  const bool is_new = opened.body != nullptr;
  if (!is_new) {
    TRY(check_regular(*opened.location.inode));
    opened.body = TRY(opened.location.inode->open(vfs::OpenAccess::kWrite));
  }
  OpenBody file{std::move(opened.location), std::move(opened.body)};
  if (!is_new && !options.append) {
    TRY(file.body->truncate(0));
    file.changed = true;
  }
  if (options.mode && !is_new) TRY(set_mode(*file.location.inode, *options.mode));
  return file;
}

SysResult<uint64_t> FileView::write(OpenBody& file, uint64_t offset, std::string_view bytes) {
  const uint64_t at = offset == kEnd ? TRY(file.body->size()) : offset;
  if (bytes.empty()) return 0;
  if (at >= most_bytes_) return Errno::kFBIG;
  bytes = bytes.substr(0, most_bytes_ - at);
  const auto* const first = reinterpret_cast<const uint8_t*>(bytes.data());
  const uint64_t written = TRY(file.body->write_at(at, std::span(first, bytes.size())));
  file.changed |= written > 0;
  return written;
}

void FileView::close(OpenBody& file) {
  if (!file.location) return;
  if (file.changed) {
    kernel::notify_file(file.location, kernel::kNotifyModify);
    kernel::notify_file(file.location, kernel::kNotifyCloseWrite);
  }
  file = {};
}

SysResult<std::vector<std::string>> FileView::names_in(const vfs::Location& folder) const {
  if (folder.inode->type() != vfs::FileType::kDirectory) return Errno::kNOTDIR;
  TRY(vfs::may_access(*folder.inode, who_, vfs::kRead));
  std::vector<std::string> names;
  TRY(folder.inode->readdir(0, &names, [](void* env, const vfs::DirEntry& entry) {
    static_cast<std::vector<std::string>*>(env)->emplace_back(entry.name);
    return true;
  }));
  std::sort(names.begin(), names.end());
  return names;
}

SysResult<FileInfo> FileView::info(const vfs::Location& at) const {
  return file_info(TRY(at.inode->stat()));
}

SysResult<Unit> FileView::make_folder(const std::string& path, uint32_t mode) {
  const vfs::Location base = TRY(base_of(path));
  TRY(vfs::make_directory(names_, {base, path}, who_, mode));
  return Unit{};
}

SysResult<Unit> FileView::make_folders(const std::string& path, uint32_t mode) {
  for (size_t at = path.find_first_not_of('/'); at != std::string::npos;) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string above = path.substr(0, end);
    const auto there = find(above, vfs::kFollowLast);
    if (there.ok()) {
      if (there->inode->type() != vfs::FileType::kDirectory) {
        return end == path.size() ? Errno::kEXIST : Errno::kNOTDIR;
      }
    } else if (there.error() != Errno::kNOENT) {
      return there.error();
    } else {
      TRY(make_folder(above, end == path.size() ? mode : kFolderMode));
    }
    at = path.find_first_not_of('/', end);
  }
  return Unit{};
}

SysResult<Unit> FileView::set_mode(vfs::Inode& inode, uint32_t mode) {
  vfs::SetAttr change;
  change.set_mode = true;
  change.mode = mode & kPermissions;
  return vfs::change_attr(inode, who_, change);
}

}  // namespace cloche::session
