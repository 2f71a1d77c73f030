// Where an installation has what the library needs. Nothing else here calls these two: who makes a
// host says what it uses.
#include <limits.h>
#include <link.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

#include "include/cloche/cloche.hpp"

namespace cloche {
namespace {

// Unset and empty are the same, as in the shells' ${NAME:-}.
std::string environment(const char* name) {
  const char* const value = getenv(name);
  return value == nullptr ? "" : value;
}

struct Search {
  uintptr_t address;
  const char* found = nullptr;
};

// The name of the loaded object that `search->address` lies in; the program's own is "".
int name_of_object(dl_phdr_info* object, size_t, void* data) {
  auto* const search = static_cast<Search*>(data);
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    const uintptr_t start = object->dlpi_addr + segment.p_vaddr;
    if (segment.p_type != PT_LOAD || search->address - start >= segment.p_memsz) continue;
    search->found = object->dlpi_name == nullptr ? "" : object->dlpi_name;
    return 1;
  }
  return 0;
}

// Of the file that holds this function, with '/' at its end, without symbolic links; "./" if the
// system does not say.
std::string own_folder() {
  Search search = {.address = reinterpret_cast<uintptr_t>(&own_folder)};
  dl_iterate_phdr(name_of_object, &search);
  const bool in_program = search.found == nullptr || *search.found == '\0';
  char path[PATH_MAX];
  if (realpath(in_program ? "/proc/self/exe" : search.found, path) == nullptr) return "./";
  std::string folder = path;
  folder.resize(folder.rfind('/') + 1);
  return folder;
}

}  // namespace

std::string default_pack() {
  std::string named = environment("CLOCHE_PACK");
  if (!named.empty()) return named;
  const std::string folder = own_folder();
  std::string beside = folder + "cloche.pack";
  // bin/ and lib/, or lib/x86_64-linux-gnu/.
  for (const std::string& path : {beside, folder + "../share/cloche/cloche.pack",
                                  folder + "../../share/cloche/cloche.pack"}) {
    if (access(path.c_str(), F_OK) == 0) return path;
  }
  return beside;
}

std::string default_cache_dir() {
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

}  // namespace cloche
