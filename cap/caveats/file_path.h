// File paths in parameters, compared by their segments.
#pragma once

#include <string_view>

#include "base/result.h"

namespace cloche::cap {

// As check_tree_path() (cap/scope.h), and no percent escape, which a careless reader may decode.
Status check_path_parameter(std::string_view path);

// Whether `path` names something beneath `folder`; the folder itself is not beneath itself. Both
// passed the check above. Says nothing of symbolic links: whoever opens the file must not follow
// one out of the folder.
bool is_beneath(std::string_view path, std::string_view folder);

}  // namespace cloche::cap
