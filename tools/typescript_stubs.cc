#include "base/printable.h"
#include "tools/stub_text.h"
#include "tools/stubs.h"

namespace cloche::tools {
namespace {

using Kind = StubType::Kind;

constexpr const char* kBeginning =
    R"(// The tools that whoever reads this may call: the global `tools` of js (docs/javascript.md).
declare class ToolDenied extends Error {
  readonly tool: string;
  readonly reason: string;
}
declare class ToolError extends Error {
  readonly tool: string;
  readonly reason: string;
}
declare const tools: {
)";

// `new` before a parenthesis would be no name.
std::string key(const std::string& name) {
  return is_plain_identifier(name) && name != "new" ? name : stub_literal(name);
}

std::string comment(const std::vector<std::string>& lines, const std::string& indent) {
  if (lines.empty()) return {};
  std::string text = indent + "/**";
  for (const std::string& line : lines) {
    if (lines.size() > 1) text += "\n" + indent + " *";
    if (!line.empty()) text += " ";
    for (const char c : line) {
      if (c == '/' && text.back() == '*') text += '\\';
      text += c;
    }
  }
  return text + (lines.size() > 1 ? "\n" + indent + " */\n" : " */\n");
}

std::string write(const StubType& type, const std::string& indent);

std::string object(const StubType& type, const std::string& indent) {
  if (type.fields.empty()) {
    return "Record<string, " + (type.parts.empty() ? "never" : write(type.parts[0], indent)) + ">";
  }
  const std::string inner = indent + "  ";
  std::string text = "{\n";
  for (const StubField& field : type.fields) {
    text += comment(printable_lines(field.description), inner);
    text += inner + key(field.name) + (field.required ? ": " : "?: ") + write(field.type, inner) +
            ";\n";
  }
  if (!type.parts.empty()) text += inner + "[name: string]: unknown;\n";
  return text + indent + "}";
}

std::string write(const StubType& type, const std::string& indent) {
  std::string text;
  switch (type.kind) {
    case Kind::kAny:
      return "unknown";
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return "boolean";
    case Kind::kInteger:
    case Kind::kNumber:
      return "number";
    case Kind::kString:
      return "string";
    case Kind::kLiteral:
      return stub_literal(type.literal);
    case Kind::kArray:
      return "Array<" + write(type.parts[0], indent) + ">";
    case Kind::kObject:
      return object(type, indent);
    case Kind::kUnion:
      for (const StubType& part : type.parts) {
        // Both kinds of numbers are the same here.
        if (part.kind == Kind::kInteger && text.ends_with("number")) continue;
        text += (text.empty() ? "" : " | ") + write(part, indent);
      }
  }
  return text;
}

std::string parameters_of(const StubTool& tool) {
  const StubType& given = tool.parameters;
  if (given.kind != Kind::kObject) return "parameters?: Record<string, unknown>";
  bool optional = true;
  for (const StubField& field : given.fields) optional &= !field.required;
  return (optional ? "parameters?: " : "parameters: ") + write(given, "  ");
}

}  // namespace

std::string typescript_stubs(std::span<const StubTool> tools) {
  std::string text = kBeginning;
  for (const StubTool& tool : tools) {
    text += comment(about_tool(tool, WithFields::kNo), "  ");
    text += "  " + key(tool.name) + "(" + parameters_of(tool) +
            ", options?: { signal?: AbortSignal }): Promise<" +
            (tool.result.kind == Kind::kAny ? "any" : write(tool.result, "  ")) + ">;\n";
  }
  return text + "};\n";
}

}  // namespace cloche::tools
