// Typed stubs of tools: what /run/tools/tools.pyi and /run/tools/tools.d.ts say (docs/tools.md).
//
// All that is written comes from whoever declared the tools: names, descriptions and schemas. None
// of it gets out of the comment, literal or name that it belongs to, so that the text is
// well-formed whatever they hold, and declares the tools that were given and nothing else.
//
// Thread class: functions of values. Time and size are linear in those of the tools, and in
// kMaxStubTypes for each.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tools/stub_type.h"

namespace cloche::tools {

struct StubTool {
  std::string name;         // canonical (cap/scope.h)
  std::string description;  // any bytes
  StubType parameters;      // kObject, or any type, which stands for any object
  StubType result;
  std::vector<std::string> conditions;  // any bytes; under which it may be called
};

// A stub file of the module `tools` of guest/ports/python-tools.
std::string python_stubs(std::span<const StubTool> tools);
// Declarations of the global `tools` of guest/ports/js.
std::string typescript_stubs(std::span<const StubTool> tools);

}  // namespace cloche::tools
