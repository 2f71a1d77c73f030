// Texts of unknown origin as parts of a stub.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/stubs.h"

namespace cloche::tools {

// A literal of Python, TypeScript and JSON alike. `text` is UTF-8; what would show as something
// else than it is becomes an escape.
std::string stub_literal(std::string_view text);

// A string, boolean or number, as TypeScript has it.
std::string stub_literal(const Json& value);

// ASCII letters, digits and '_', not beginning with a digit or with two '_'.
bool is_plain_identifier(std::string_view name);

// What there is to say about a tool: its description, its parameters and when it may be called;
// lines of printable text (base/printable.h). `with_fields`: also what its parameters are.
enum class WithFields : uint8_t { kNo, kYes };
std::vector<std::string> about_tool(const StubTool& tool, WithFields with_fields);

// The lines of a text, each printable; blank ones at both ends are left out.
std::vector<std::string> printable_lines(std::string_view text);

}  // namespace cloche::tools
