#include "engine/code_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "base/owned_fd.h"
#include "base/sha256.h"
#include "engine/wasmtime_api.h"

namespace cloche::engine {
namespace {

constexpr char kMagic[8] = {'C', 'L', 'O', 'C', 'H', 'E', 'M', '1'};
constexpr uint64_t kMaxFile = 1ull << 30;

using Checksum = std::array<uint8_t, 16>;

// The start of a .meta file; the module's description follows it.
struct Header {
  char magic[8];
  ModuleHash module;
  uint64_t fingerprint;
  uint64_t info_size;
  uint64_t code_size;
  Checksum info_checksum;
  Checksum code_checksum;    // also the name of the .code file
  Checksum header_checksum;  // of everything before it
};
static_assert(sizeof(Header) == 8 + 32 + 3 * 8 + 3 * 16);

// A file's bytes, mapped: nothing of them is copied, and pages that are not read again cost
// nothing.
class Mapping {
 public:
  // `size` is not 0.
  Mapping(int fd, uint64_t size) : size_(size) {
    void* map = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map != MAP_FAILED) data_ = static_cast<const uint8_t*>(map);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (data_) munmap(const_cast<uint8_t*>(data_), size_);
  }
  std::span<const uint8_t> bytes() const {
    return data_ ? std::span(data_, size_) : std::span<const uint8_t>();
  }

 private:
  const uint8_t* data_ = nullptr;
  const uint64_t size_;
};

Checksum checksum(std::span<const uint8_t> bytes) {
  Checksum result;
  cloche_checksum(bytes.data(), bytes.size(), result.data());
  return result;
}

Checksum checksum_of(const Header& header) {
  return checksum({reinterpret_cast<const uint8_t*>(&header), offsetof(Header, header_checksum)});
}

std::string meta_name(const ModuleHash& module, uint64_t fingerprint) {
  uint8_t bytes[8];
  memcpy(bytes, &fingerprint, sizeof bytes);
  return to_hex(module) + "-" + to_hex(bytes) + ".meta";
}

std::string code_name(const Checksum& code) { return to_hex(code) + ".code"; }

uint64_t size_of(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 ? static_cast<uint64_t>(status.st_size) : 0;
}

bool writable_by_others(const struct stat& status) {
  return status.st_uid != geteuid() || (status.st_mode & 022) != 0;
}

Status make_folders(const std::string& folder) {
  for (size_t slash = folder.find('/', 1);; slash = folder.find('/', slash + 1)) {
    std::string part = folder.substr(0, slash);
    if (mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) return errno_error(errno, part);
    if (slash == std::string::npos) return ok_status();
  }
}

}  // namespace

Result<std::unique_ptr<CodeCache>> CodeCache::open(const std::string& folder) {
  if (folder.empty() || folder[0] != '/') {
    return make_error(Code::kInvalidArgument, "the cache folder must be an absolute path: \"%s\"",
                      folder.c_str());
  }
  TRY(make_folders(folder));
  OwnedFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat status;
  if (fd.get() < 0 || fstat(fd.get(), &status) != 0) return errno_error(errno, folder);
  if (writable_by_others(status)) {
    return make_error(Code::kPermissionDenied,
                      "the cache folder %s must belong to this user and be writable by no one "
                      "else (it holds code that is executed)",
                      folder.c_str());
  }
  return std::unique_ptr<CodeCache>(new CodeCache(folder, fd.release()));
}

CodeCache::~CodeCache() { close(folder_fd_); }

Result<int> CodeCache::open_trusted(const std::string& name) const {
  OwnedFd fd(openat(folder_fd_, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status;
  if (fd.get() < 0 || fstat(fd.get(), &status) != 0) {
    return errno_error(errno, folder_ + "/" + name);
  }
  if (!S_ISREG(status.st_mode) || writable_by_others(status)) {
    return make_error(Code::kPermissionDenied, "%s/%s could be written by another user",
                      folder_.c_str(), name.c_str());
  }
  return fd.release();
}

Result<CodeCache::Entry> CodeCache::find(const ModuleHash& module, uint64_t fingerprint) {
  Result<Entry> entry = read(meta_name(module, fingerprint), module, fingerprint);
  if (!entry.ok() && entry.error().code != Code::kNotFound) remove(module, fingerprint);
  return entry;
}

Result<CodeCache::Entry> CodeCache::read(const std::string& name, const ModuleHash& module,
                                         uint64_t fingerprint) {
  OwnedFd meta(TRY(open_trusted(name)));
  const Error damaged =
      make_error(Code::kMalformed, "%s/%s is damaged", folder_.c_str(), name.c_str());
  const uint64_t size = size_of(meta.get());
  if (size < sizeof(Header) || size > kMaxFile) return damaged;
  auto mapped = std::make_shared<const Mapping>(meta.get(), size);
  std::span<const uint8_t> bytes = mapped->bytes();
  if (bytes.empty()) return damaged;
  Header header;
  memcpy(&header, bytes.data(), sizeof header);
  if (memcmp(header.magic, kMagic, sizeof kMagic) != 0 ||
      header.header_checksum != checksum_of(header) || header.module != module ||
      header.fingerprint != fingerprint || header.info_size != size - sizeof header) {
    return damaged;
  }
  bytes = bytes.subspan(sizeof header);
  if (checksum(bytes) != header.info_checksum) return damaged;

  Result<int> opened = open_trusted(code_name(header.code_checksum));
  if (!opened.ok()) return opened.error().code == Code::kNotFound ? damaged : opened.error();
  OwnedFd code(*opened);
  bool good = header.code_size > 0 && header.code_size <= kMaxFile &&
              size_of(code.get()) == header.code_size;
  if (good) {
    Mapping mapping(code.get(), header.code_size);
    good = !mapping.bytes().empty() && checksum(mapping.bytes()) == header.code_checksum;
  }
  if (!good) {
    unlinkat(folder_fd_, code_name(header.code_checksum).c_str(), 0);
    return damaged;
  }
  return Entry{{std::move(mapped), bytes}, code.release()};
}

void CodeCache::remove(const ModuleHash& module, uint64_t fingerprint) {
  unlinkat(folder_fd_, meta_name(module, fingerprint).c_str(), 0);
}

Status CodeCache::store(const ModuleHash& module, uint64_t fingerprint,
                        std::span<const uint8_t> info, std::span<const uint8_t> code) {
  Header header{};
  memcpy(header.magic, kMagic, sizeof kMagic);
  header.module = module;
  header.fingerprint = fingerprint;
  header.info_size = info.size();
  header.code_size = code.size();
  header.info_checksum = checksum(info);
  header.code_checksum = checksum(code);
  header.header_checksum = checksum_of(header);
  // The code first: a .meta file without its .code file would be thrown away.
  TRY(write_file(code_name(header.code_checksum), code));
  std::vector<uint8_t> meta(sizeof header + info.size());
  memcpy(meta.data(), &header, sizeof header);
  memcpy(meta.data() + sizeof header, info.data(), info.size());
  return write_file(meta_name(module, fingerprint), meta);
}

bool CodeCache::holds(const std::string& name, std::string_view text) const {
  Result<int> opened = open_trusted(name);
  if (!opened.ok()) return false;
  OwnedFd fd(*opened);
  std::string found(text.size() + 1, '\0');  // one more, to see a longer file
  const ssize_t size = pread(fd.get(), found.data(), found.size(), 0);
  return size >= 0 && std::string_view(found.data(), static_cast<size_t>(size)) == text;
}

Status CodeCache::keep(const std::string& name, std::string_view text) const {
  return write_file(name, {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

// Under a temporary name, then renamed: readers see all of it or nothing.
Status CodeCache::write_file(const std::string& name, std::span<const uint8_t> bytes) const {
  const std::string temporary = "." + name + "." + std::to_string(getpid()) + "." +
                                std::to_string(reinterpret_cast<uintptr_t>(&bytes));
  OwnedFd fd(openat(folder_fd_, temporary.c_str(),
                    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (fd.get() < 0) return errno_error(errno, folder_ + "/" + temporary);
  while (!bytes.empty()) {
    ssize_t written = write(fd.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  if (!bytes.empty() || renameat(folder_fd_, temporary.c_str(), folder_fd_, name.c_str()) != 0) {
    Error error = errno_error(errno, folder_ + "/" + name);
    unlinkat(folder_fd_, temporary.c_str(), 0);
    return error;
  }
  return ok_status();
}

}  // namespace cloche::engine
