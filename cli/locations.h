// Where the command finds what it needs on this machine.
#pragma once

#include <string>

namespace cloche::cli {

// `option` if not empty, else $CLOCHE_PACK, else cloche.pack beside the command. The file need not
// exist.
std::string pack_path(const std::string& option);

// $CLOCHE_CACHE_DIR, else ${XDG_CACHE_HOME:-~/.cache}/cloche/code; empty when there is no home.
std::string cache_directory();

}  // namespace cloche::cli
