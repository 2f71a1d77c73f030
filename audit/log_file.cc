#include "audit/log_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>

#include "audit/log.h"

namespace cloche::audit {
namespace {

namespace fs = std::filesystem;

Result<OwnedFd> open_locked(const std::string& path, int flags) {
  OwnedFd fd(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!fd) return errno_error(errno, "audit log " + path);
  struct stat status;
  if (::fstat(fd.get(), &status) != 0) return errno_error(errno, "audit log " + path);
  if (!S_ISREG(status.st_mode)) {
    return make_error(Code::kInvalidArgument, "audit log %s is not a regular file", path.c_str());
  }
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return make_error(Code::kExists, "another process writes the audit log %s", path.c_str());
  }
  return fd;
}

// Up to `size` bytes at `offset`.
Result<std::string> read_at(int fd, uint64_t offset, uint64_t size, const std::string& path) {
  std::string bytes(size, '\0');
  size_t got = 0;
  while (got < size) {
    const ssize_t n = ::pread(fd, bytes.data() + got, size - got, static_cast<off_t>(offset + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error(errno, "audit log " + path);
    if (n == 0) break;
    got += static_cast<size_t>(n);
  }
  bytes.resize(got);
  return bytes;
}

Result<Link> read_own_link(std::string_view line, const char* which, const std::string& path) {
  auto link = read_link(line);
  if (link.ok()) return std::move(link).value();
  return make_error(Code::kMalformed,
                    "%s is not an audit log or was changed: in its %s line, %s; name another file",
                    path.c_str(), which, link.error().message.c_str());
}

}  // namespace

std::string set_aside_name(const std::string& path, uint64_t first) {
  return path + "." + std::to_string(first);
}

std::vector<uint64_t> list_set_aside(const std::string& path) {
  std::vector<uint64_t> found;
  const fs::path log(path);
  const std::string prefix = log.filename().string() + ".";
  std::error_code error;
  fs::directory_iterator at(log.has_parent_path() ? log.parent_path() : fs::path("."), error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (!name.starts_with(prefix)) continue;
    const char* end = name.data() + name.size();
    uint64_t first = 0;
    const auto parsed = std::from_chars(name.data() + prefix.size(), end, first);
    // Only a name that set_aside_name() gives.
    if (parsed.ec == std::errc() && parsed.ptr == end && name == prefix + std::to_string(first)) {
      found.push_back(first);
    }
  }
  std::ranges::sort(found);
  return found;
}

Status LogFile::open(const std::string& path) {
  path_ = path;
  fd_ = TRY(open_locked(path, O_RDWR | O_APPEND | O_CREAT));
  struct stat status;
  if (::fstat(fd_.get(), &status) != 0) return errno_error(errno, "audit log " + path);
  size_ = static_cast<uint64_t>(status.st_size);
  return size_ == 0 ? ok_status() : read_ends();
}

Status LogFile::read_ends() {
  const uint64_t span = std::min<uint64_t>(size_, Log::kMaxLineBytes + 1);
  const std::string head = TRY(read_at(fd_.get(), 0, span, path_));
  first_ = TRY(read_own_link(std::string_view(head).substr(0, head.find('\n')), "first", path_))
               .sequence;
  const std::string tail = TRY(read_at(fd_.get(), size_ - span, span, path_));
  if (!tail.ends_with('\n')) {
    return make_error(Code::kMalformed,
                      "the audit log %s was cut in the middle of a line: name another file",
                      path_.c_str());
  }
  std::string_view line(tail.data(), tail.size() - 1);
  line.remove_prefix(line.rfind('\n') + 1);  // npos + 1 is 0
  last_ = TRY(read_own_link(line, "last", path_));
  return ok_status();
}

Status LogFile::append(std::string_view line, uint64_t sequence) {
  size_t written = 0;
  while (written < line.size()) {
    const ssize_t n = ::write(fd_.get(), line.data() + written, line.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int why = errno;
      if (written > 0 && ::ftruncate(fd_.get(), static_cast<off_t>(size_)) != 0) {
        fd_.reset();  // half a line is in it: nothing may follow
      }
      return errno_error(why, "audit log " + path_);
    }
    written += static_cast<size_t>(n);
  }
  if (size_ == 0) first_ = sequence;
  size_ += line.size();
  return ok_status();
}

Status LogFile::set_aside(uint32_t keep) {
  const std::string aside = set_aside_name(path_, first_);
  if (::rename(path_.c_str(), aside.c_str()) != 0) return errno_error(errno, "audit log " + path_);
  auto fresh = open_locked(path_, O_RDWR | O_APPEND | O_CREAT | O_EXCL);
  if (!fresh.ok()) {
    if (::rename(aside.c_str(), path_.c_str()) != 0) fd_.reset();
    return fresh.error();
  }
  fd_ = std::move(fresh).value();
  size_ = first_ = 0;
  const std::vector<uint64_t> kept = list_set_aside(path_);
  for (size_t i = 0; i + keep < kept.size(); ++i) {
    const std::string oldest = set_aside_name(path_, kept[i]);
    if (::unlink(oldest.c_str()) != 0) return errno_error(errno, "audit log " + oldest);
  }
  return ok_status();
}

uint64_t LogFile::oldest(uint64_t next) const {
  const std::vector<uint64_t> kept = list_set_aside(path_);
  if (!kept.empty()) return kept.front();
  return first_ != 0 ? first_ : next;
}

}  // namespace cloche::audit
