// The files of a sandbox, for its host.
#include <algorithm>

#include "kernel/notify.h"
#include "session/file_view.h"
#include "session/tree_walk.h"

namespace cloche {
namespace {

using session::Errno;
using session::file_failure;
using session::FileView;
using session::in_step;
using session::Kept;
using session::kPiece;
using session::OpenBody;
using session::SysResult;

constexpr uint64_t kMostOfProc = 1 << 20;  // of a file of /proc, which does not say its size
constexpr size_t kBatch = 512;             // entries that are looked at between two turns

std::optional<Failure> failure_of(const SysResult<Unit>& result, const std::string& path) {
  if (result.ok()) return std::nullopt;
  return file_failure(result.error(), path);
}

// The next piece of `text`; at the end of the file the text is cut there.
SysResult<uint64_t> read_piece(OpenBody& file, std::string& text, uint64_t at) {
  auto* const first = reinterpret_cast<uint8_t*>(text.data());
  const uint64_t size = std::min<uint64_t>(text.size() - at, kPiece);
  const uint64_t got = TRY(file.body->read_at(at, std::span(first + at, size)));
  if (got < size) text.resize(at + got);
  return got;
}

// Its bytes, or as many as there are.
SysResult<uint64_t> begin_reading(FileView& view, const std::string& path, Kept<OpenBody>& file,
                                  std::string& text) {
  OpenBody opened = TRY(view.open_to_read(path));
  uint64_t size = TRY(opened.body->size());
  if (size > Files::kMaxWhole) return Errno::kFBIG;
  if (size == 0) size = kMostOfProc;
  text.resize(size);
  file.hold(std::move(opened));
  return read_piece(*file, text, 0);
}

// All that is left of `bytes`, or what a step may move.
SysResult<uint64_t> write_piece(FileView& view, OpenBody& file, uint64_t offset,
                                std::string_view bytes) {
  return view.write(file, offset, bytes.substr(0, kPiece));
}

}  // namespace

const char* to_string(FileType type) {
  switch (type) {
    case FileType::kRegular:
      return "regular";
    case FileType::kDirectory:
      return "directory";
    case FileType::kSymlink:
      return "symlink";
    case FileType::kOther:
      return "other";
  }
  return "other";
}

Files Sandbox::files() const { return Files(*state_); }

Expected<std::string> Files::read(const std::string& path) const {
  Kept<OpenBody> file(*sandbox_);
  std::string text;
  auto got = in_step(*sandbox_, [&](FileView& view) {
    auto first = begin_reading(view, path, file, text);
    if (first.ok() && *first == text.size()) file.give_up();
    return first;
  });
  uint64_t at = got.ok() ? *got : 0;
  while (got.ok() && *got > 0 && at < text.size()) {
    got = in_step(*sandbox_, [&](FileView&) { return read_piece(*file, text, at); });
    if (got.ok()) at += *got;
  }
  if (!got.ok()) return file_failure(got.error(), path);
  return text;
}

Expected<size_t> Files::read_at(const std::string& path, uint64_t offset, void* out,
                                size_t size) const {
  Kept<OpenBody> file(*sandbox_);
  auto* const first = static_cast<uint8_t*>(out);
  size_t done = 0;
  bool opened = false;
  for (;;) {
    const auto got = in_step(*sandbox_, [&](FileView& view) -> SysResult<uint64_t> {
      if (!opened) file.hold(TRY(view.open_to_read(path)));
      opened = true;
      const size_t wanted = std::min(size - done, kPiece);
      const uint64_t read =
          TRY(file->body->read_at(offset + done, std::span(first + done, wanted)));
      done += read;
      if (read < wanted || done == size) file.give_up();
      return read == wanted && done < size ? 1 : 0;
    });
    if (!got.ok()) return file_failure(got.error(), path);
    if (*got == 0) return done;
  }
}

namespace {

// Writes all of it to what `open` gives.
template <class Open>
std::optional<Failure> write_all(Sandbox::State& sandbox, const std::string& path,
                                 std::string_view bytes, uint64_t offset, const Open& open) {
  Kept<OpenBody> file(sandbox);
  bool opened = false;
  do {
    const auto written = in_step(sandbox, [&](FileView& view) -> SysResult<uint64_t> {
      if (!opened) file.hold(TRY(open(view)));
      opened = true;
      const auto some = write_piece(view, *file, offset, bytes);
      if (!some.ok() || *some == bytes.size()) {
        view.close(*file);
        file.give_up();
      }
      return some;
    });
    if (!written.ok()) return file_failure(written.error(), path);
    bytes.remove_prefix(*written);
    if (offset != FileView::kEnd) offset += *written;
  } while (!bytes.empty());
  return std::nullopt;
}

}  // namespace

std::optional<Failure> Files::write(const std::string& path, std::string_view bytes,
                                    const WriteOptions& options) {
  return write_all(*sandbox_, path, bytes, options.append ? FileView::kEnd : 0,
                   [&](FileView& view) { return view.open_to_write(path, options); });
}

std::optional<Failure> Files::write_at(const std::string& path, uint64_t offset,
                                       std::string_view bytes) {
  if (offset > INT64_MAX) return file_failure(Errno::kINVAL, path);
  return write_all(*sandbox_, path, bytes, offset, [&](FileView& view) -> SysResult<OpenBody> {
    (void)TRY(view.find(path, vfs::kFollowLast));  // one that is not there is not made
    return view.open_to_write(path, {.append = true, .parents = false, .mode = {}});
  });
}

Expected<std::vector<FileEntry>> Files::list(const std::string& path) const {
  Kept<vfs::Location> folder(*sandbox_);
  std::vector<std::string> names;
  std::vector<FileEntry> entries;
  const auto named = in_step(*sandbox_, [&](FileView& view) -> SysResult<Unit> {
    folder.hold(TRY(view.find(path, vfs::kFollowLast | vfs::kDirectoryOnly)));
    names = TRY(view.names_in(*folder));
    TRY(vfs::may_access(*folder->inode, view.who(), vfs::kExecute));
    return Unit{};
  });
  if (!named.ok()) return file_failure(named.error(), path);
  for (size_t at = 0; at < names.size();) {
    in_step(*sandbox_, [&](FileView& view) {
      for (const size_t end = std::min(at + kBatch, names.size()); at < end; ++at) {
        const auto child = view.child(*folder, names[at]);
        if (!child.ok()) continue;  // it is gone since
        const auto info = view.info(*child);
        if (info.ok()) entries.push_back({std::move(names[at]), *info});
      }
      return Unit{};
    });
  }
  return entries;
}

Expected<FileInfo> Files::stat(const std::string& path, Links links) const {
  const auto info = in_step(*sandbox_, [&](FileView& view) -> SysResult<FileInfo> {
    return view.info(TRY(view.find(path, links == Links::kFollow ? vfs::kFollowLast : 0u)));
  });
  if (!info.ok()) return file_failure(info.error(), path);
  return *info;
}

bool Files::exists(const std::string& path) const { return static_cast<bool>(stat(path)); }

std::optional<Failure> Files::mkdir(const std::string& path, Depth depth, uint32_t mode) {
  return failure_of(in_step(*sandbox_,
                            [&](FileView& view) {
                              return depth == Depth::kAll ? view.make_folders(path, mode)
                                                          : view.make_folder(path, mode);
                            }),
                    path);
}

std::optional<Failure> Files::remove(const std::string& path, Depth depth) {
  if (depth == Depth::kAll) return session::remove_tree(*sandbox_, path);
  return failure_of(in_step(*sandbox_,
                            [&](FileView& view) -> SysResult<Unit> {
                              const vfs::Location base = TRY(view.base_of(path));
                              return session::remove_one(view, {base, path});
                            }),
                    path);
}

std::optional<Failure> Files::rename(const std::string& from, const std::string& to) {
  return failure_of(in_step(*sandbox_,
                            [&](FileView& view) -> SysResult<Unit> {
                              const vfs::Location first = TRY(view.base_of(from));
                              const vfs::Location second = TRY(view.base_of(to));
                              return vfs::rename(view.names(), {first, from}, {second, to},
                                                 view.who(), 0);
                            }),
                    from);
}

std::optional<Failure> Files::symlink(const std::string& target, const std::string& path) {
  return failure_of(in_step(*sandbox_,
                            [&](FileView& view) -> SysResult<Unit> {
                              const bool nul = target.find('\0') != std::string::npos;
                              if (nul) return Errno::kINVAL;
                              const vfs::Location base = TRY(view.base_of(path));
                              return vfs::make_symlink(view.names(), {base, path}, view.who(),
                                                       target);
                            }),
                    path);
}

Expected<std::string> Files::readlink(const std::string& path) const {
  const auto target = in_step(*sandbox_, [&](FileView& view) -> SysResult<std::string> {
    return TRY(view.find(path, 0)).inode->readlink();
  });
  if (!target.ok()) return file_failure(target.error(), path);
  return *target;
}

std::optional<Failure> Files::chmod(const std::string& path, uint32_t mode) {
  return failure_of(in_step(*sandbox_,
                            [&](FileView& view) -> SysResult<Unit> {
                              const vfs::Location at = TRY(view.find(path, vfs::kFollowLast));
                              TRY(view.set_mode(*at.inode, mode));
                              kernel::notify_file(at, kernel::kNotifyAttributes);
                              return Unit{};
                            }),
                    path);
}

}  // namespace cloche
