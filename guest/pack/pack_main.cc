// cloche-pack: makes a guest pack out of a folder.

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/owned_fd.h"
#include "guest/pack/pack_writer.h"

namespace cloche::pack {
namespace {

constexpr char kUsage[] =
    "usage: cloche-pack --manifest FILE.json --output FILE.pack [--level 1..22] FOLDER\n"
    "Packs FOLDER (docs/pack.md). Files belong to root; permissions become 755, or 644 for files\n"
    "that nobody may execute; the time of all is SOURCE_DATE_EPOCH, or 1970.\n";

Result<Bytes> read_all(int fd, const std::string& name) {
  Bytes bytes;
  for (;;) {
    uint8_t buffer[65536];
    const ssize_t size = read(fd, buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno_error(errno, name);
    if (size == 0) return bytes;
    bytes.insert(bytes.end(), buffer, buffer + size);
  }
}

Result<Bytes> read_file(int directory, const char* name) {
  OwnedFd fd(openat(directory, name, O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return errno_error(errno, name);
  return read_all(fd.get(), name);
}

Result<std::vector<std::string>> names_in(int directory, const std::string& path) {
  DIR* stream = fdopendir(dup(directory));
  if (stream == nullptr) return errno_error(errno, path);
  std::vector<std::string> names;
  while (const dirent* entry = readdir(stream)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  closedir(stream);
  std::sort(names.begin(), names.end());
  return names;
}

Status add_tree(Writer& writer, int directory, const std::string& path);

Status add_entry(Writer& writer, int directory, const std::string& name, const std::string& path) {
  struct stat info;
  if (fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno_error(errno, path);
  }
  if (S_ISDIR(info.st_mode)) {
    TRY(writer.add_directory(path, 0755));
    OwnedFd fd(openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (fd.get() < 0) return errno_error(errno, path);
    return add_tree(writer, fd.get(), path + "/");
  }
  if (S_ISLNK(info.st_mode)) {
    char target[4096];
    const ssize_t size = readlinkat(directory, name.c_str(), target, sizeof(target));
    if (size < 0) return errno_error(errno, path);
    return writer.add_symlink(path, {target, static_cast<size_t>(size)});
  }
  if (!S_ISREG(info.st_mode)) {
    return make_error(Code::kUnsupported, "%s is neither a file, a directory nor a symbolic link",
                      path.c_str());
  }
  Bytes content = TRY(read_file(directory, name.c_str()));
  return writer.add_file(path, (info.st_mode & 0111) != 0 ? 0755 : 0644, std::move(content));
}

Status add_tree(Writer& writer, int directory, const std::string& path) {
  const std::vector<std::string> names = TRY(names_in(directory, path));
  for (const std::string& name : names) TRY(add_entry(writer, directory, name, path + name));
  return ok_status();
}

// Under another name first, so that a reader never sees half a pack.
Status write_file(const std::string& path, const Bytes& bytes) {
  const std::string partial = path + ".new";
  OwnedFd fd(open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (fd.get() < 0) return errno_error(errno, partial);
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t size = write(fd.get(), bytes.data() + at, bytes.size() - at);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      const Error error = errno_error(errno, partial);
      unlink(partial.c_str());
      return error;
    }
    at += static_cast<size_t>(size);
  }
  if (rename(partial.c_str(), path.c_str()) != 0) return errno_error(errno, path);
  return ok_status();
}

struct Arguments {
  std::string manifest, output, folder;
  WriterOptions options;
};

Result<int64_t> number(const char* what, const char* text, int64_t least, int64_t most) {
  char* end = nullptr;
  errno = 0;
  const long long value = strtoll(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' || value < least || value > most) {
    return make_error(Code::kInvalidArgument, "%s must be a number from %lld to %lld, not \"%s\"",
                      what, static_cast<long long>(least), static_cast<long long>(most), text);
  }
  return static_cast<int64_t>(value);
}

Result<Arguments> parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const bool is_option = argument.starts_with("--");
    if (is_option && i + 1 == argc) {
      return make_error(Code::kInvalidArgument, "%s wants a value", argv[i]);
    }
    if (argument == "--manifest") {
      arguments.manifest = argv[++i];
    } else if (argument == "--output") {
      arguments.output = argv[++i];
    } else if (argument == "--level") {
      arguments.options.zstd_level = static_cast<int>(TRY(number("--level", argv[++i], 1, 22)));
    } else if (is_option || !arguments.folder.empty()) {
      return make_error(Code::kInvalidArgument, "what is %s?", argv[i]);
    } else {
      arguments.folder = argument;
    }
  }
  if (arguments.manifest.empty() || arguments.output.empty() || arguments.folder.empty()) {
    return make_error(Code::kInvalidArgument, "--manifest, --output and a folder are needed");
  }
  if (const char* epoch = getenv("SOURCE_DATE_EPOCH")) {
    arguments.options.mtime = TRY(number("SOURCE_DATE_EPOCH", epoch, 0, int64_t{1} << 40));
  }
  return arguments;
}

Status run(const Arguments& arguments) {
  const Bytes manifest = TRY(read_file(AT_FDCWD, arguments.manifest.c_str()));
  OwnedFd folder(open(arguments.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) return errno_error(errno, arguments.folder);
  Writer writer;
  TRY(add_tree(writer, folder.get(), ""));
  WriterOptions options = arguments.options;
  options.manifest.assign(manifest.begin(), manifest.end());
  const Bytes pack = TRY(writer.finish(options));
  TRY(write_file(arguments.output, pack));
  printf("%s: %zu bytes\n", arguments.output.c_str(), pack.size());
  return ok_status();
}

}  // namespace

int main(int argc, char** argv) {
  const Result<Arguments> arguments = parse(argc, argv);
  if (!arguments.ok()) {
    fprintf(stderr, "cloche-pack: %s\n%s", arguments.error().message.c_str(), kUsage);
    return 2;
  }
  if (const Status done = run(*arguments); !done.ok()) {
    fprintf(stderr, "cloche-pack: %s\n", done.error().message.c_str());
    return 1;
  }
  return 0;
}

}  // namespace cloche::pack

int main(int argc, char** argv) { return cloche::pack::main(argc, argv); }
