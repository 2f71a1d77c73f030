#include "cli/read_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/control/owned_fd.h"

namespace cloche::cli {
namespace {

Failure failure(int error, const std::string& path) {
  Failure::Kind kind = Failure::Kind::kIo;
  if (error == ENOENT || error == ENOTDIR) kind = Failure::Kind::kNotFound;
  if (error == EACCES || error == EPERM) kind = Failure::Kind::kPermissionDenied;
  return Failure{kind, printable(path) + ": " + strerror(error)};
}

}  // namespace

Expected<std::vector<uint8_t>> read_file(const std::string& path, uint64_t max_bytes) {
  const OwnedFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return failure(errno, path);
  struct stat status{};
  if (fstat(file.get(), &status) != 0) return failure(errno, path);
  if (S_ISDIR(status.st_mode)) return failure(EISDIR, path);
  std::vector<uint8_t> bytes;
  uint8_t buffer[65536];
  for (;;) {
    const ssize_t size = read(file.get(), buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return failure(errno, path);
    if (size == 0) return bytes;
    if (bytes.size() + static_cast<uint64_t>(size) > max_bytes) {
      return Failure{Failure::Kind::kInvalidArgument,
                     printable(path) + ": larger than " + std::to_string(max_bytes) + " bytes"};
    }
    bytes.insert(bytes.end(), buffer, buffer + size);
  }
}

}  // namespace cloche::cli
