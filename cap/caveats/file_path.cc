#include "cap/caveats/file_path.h"

#include <cstring>

#include "cap/scope.h"

namespace cloche::cap {
namespace {

bool is_hex(char c) { return c != '\0' && std::strchr("0123456789abcdefABCDEF", c); }

}  // namespace

Status check_path_parameter(std::string_view path) {
  TRY(check_tree_path(path));
  for (size_t i = 0; i + 2 < path.size(); ++i) {
    if (path[i] == '%' && is_hex(path[i + 1]) && is_hex(path[i + 2])) {
      return make_error(Code::kInvalidArgument, "the path has a percent escape");
    }
  }
  return ok_status();
}

bool is_beneath(std::string_view path, std::string_view folder) {
  if (folder == "/") return path.size() > 1;
  return path.size() > folder.size() + 1 && path.starts_with(folder) && path[folder.size()] == '/';
}

}  // namespace cloche::cap
