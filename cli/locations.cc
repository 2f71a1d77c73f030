#include "cli/locations.h"

#include <unistd.h>

#include <climits>
#include <cstdlib>

namespace cloche::cli {
namespace {

// Unset and empty are the same, as in the shells' ${NAME:-}.
std::string environment(const char* name) {
  const char* const value = getenv(name);
  return value == nullptr ? "" : value;
}

std::string beside_the_command(const char* name) {
  char path[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  if (size <= 0) return name;
  std::string folder(path, static_cast<size_t>(size));
  folder.resize(folder.rfind('/') + 1);
  return folder + name;
}

}  // namespace

std::string pack_path(const std::string& option) {
  if (!option.empty()) return option;
  const std::string named = environment("CLOCHE_PACK");
  return named.empty() ? beside_the_command("cloche.pack") : named;
}

std::string cache_directory() {
  std::string named = environment("CLOCHE_CACHE_DIR");
  if (!named.empty()) return named;
  std::string base = environment("XDG_CACHE_HOME");
  if (base.empty() || base[0] != '/') {  // the XDG specification: relative ones are to be ignored
    base = environment("HOME");
    if (base.empty()) return "";
    base += "/.cache";
  }
  return base + "/cloche/code";
}

}  // namespace cloche::cli
