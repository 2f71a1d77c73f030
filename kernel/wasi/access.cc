#include "kernel/wasi/access.h"

#include <algorithm>

namespace cloche::kernel::wasi {

SysResult<State*> state_of(Call& call) {
  State* state = call.process().wasi.get();
  return state ? SysResult<State*>(state) : Errno::kNOSYS;
}

SysResult<FileRef> file_with(Call& call, Fd fd, Rights needed) {
  State* state = TRY(state_of(call));
  FileRef file = TRY(call.process().fds->get(fd));
  if ((state->of(fd).base & needed) != needed) return Errno::kNOTCAPABLE;
  return file;
}

SysResult<FileRef> body_with(Call& call, Fd fd, Rights needed) {
  TRY(state_of(call));
  const FileRef file = TRY(call.process().fds->get(fd));
  if (file->kind() == FileKind::kDirectory) return Errno::kBADF;
  return file_with(call, fd, needed);
}

SysResult<FileRef> stream_with(Call& call, Fd fd, Rights needed) {
  TRY(state_of(call));
  // Only files are held by the calls that come here.
  if (RefCounted* held = call.scratch().object.get()) return FileRef(static_cast<OpenFile*>(held));
  const FileRef file = TRY(call.process().fds->get(fd));
  if (file->kind() == FileKind::kDirectory) return Errno::kBADF;
  if ((needed & kFdRead) && !file->readable()) return Errno::kBADF;
  if ((needed & kFdWrite) && !file->writable()) return Errno::kBADF;
  return file_with(call, fd, needed);
}

namespace {

SysResult<std::string> copy_path(Call& call, UserPtr path, uint32_t size) {
  if (size >= vfs::kPathMax) return Errno::kNAMETOOLONG;
  const auto bytes = TRY(call.bytes_in(path, size));
  if (bytes.empty()) return Errno::kNOENT;
  if (std::find(bytes.begin(), bytes.end(), 0) != bytes.end()) return Errno::kINVAL;
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

}  // namespace

SysResult<Path> path_at(Call& call, Fd directory, UserPtr path, uint32_t size, Rights needed) {
  State* state = TRY(state_of(call));
  const FileRef file = TRY(call.process().fds->get(directory));
  if (file->kind() != FileKind::kDirectory) return Errno::kNOTDIR;
  TRY(file_with(call, directory, needed));
  std::string text = TRY(copy_path(call, path, size));
  if (text[0] == '/') return Errno::kPERM;
  const bool is_preopen = !state->of(directory).preopen.empty();
  return Path{file->location(), std::move(text), is_preopen ? 0 : uint32_t{vfs::kBeneath}};
}

SysResult<Unit> check_reach(Call& call, const Path& path) {
  if (path.walk_flags == 0) return Unit{};
  TRY(beneath(call.kernel().names().walk_parent(path.base, path.text, call.process().credentials,
                                                path.walk_flags)));
  return Unit{};
}

SysResult<vfs::Location> find(Call& call, const Path& path, bool follow) {
  const uint32_t flags = path.walk_flags | (follow ? uint32_t{vfs::kFollowLast} : 0);
  return beneath(
      call.kernel().names().walk(path.base, path.text, call.process().credentials, flags));
}

uint64_t to_timestamp(const vfs::Timespec& time) {
  constexpr uint64_t kSecond = 1'000'000'000;
  if (time.seconds < 0) return 0;
  const auto seconds = static_cast<uint64_t>(time.seconds);
  if (seconds > UINT64_MAX / kSecond - 1) return UINT64_MAX;
  return seconds * kSecond + static_cast<uint64_t>(time.nanoseconds);
}

}  // namespace cloche::kernel::wasi
