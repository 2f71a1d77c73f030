// What programs there are, told by the packs.
#pragma once

#include <string>

#include "vfs/pack_set.h"

namespace cloche::session {

// The core's manifest as it is, if no pack is added; else with the programs of the added packs
// behind its own, each with the name of its pack ("pack"). Empty when the core's is damaged.
std::string manifest_of(const vfs::PackSet& packs);

}  // namespace cloche::session
