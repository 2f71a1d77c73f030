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

// Every authority that a broker meets is one of these: nobody else makes them.
inline cap::Space& space_of(kernel::Authority& authority) {
  return static_cast<ToolAuthority&>(authority).space;
}
inline const cap::Space& space_of(const kernel::Authority& authority) {
  return static_cast<const ToolAuthority&>(authority).space;
}

}  // namespace cloche::tools
