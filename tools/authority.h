// What a process of a sandbox holds: its capabilities.
#pragma once

#include <vector>

#include "cap/space.h"
#include "kernel/tool_gate.h"

namespace cloche::tools {

class ToolAuthority final : public kernel::Authority {
 public:
  cap::Space space;
  // Those that narrow() derived for it: what revoke() ends. Empty for what the host gave.
  std::vector<cap::Capability> derived;
};

}  // namespace cloche::tools
