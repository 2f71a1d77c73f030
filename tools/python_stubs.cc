#include <algorithm>

#include "base/printable.h"
#include "tools/stub_text.h"
#include "tools/stubs.h"

namespace cloche::tools {
namespace {

using Kind = StubType::Kind;

// Names of Python that cannot be names of functions or parameters.
constexpr const char* kKeywords[] = {
    "False", "None",     "True",  "and",    "as",   "assert", "async",  "await",    "break",
    "class", "continue", "def",   "del",    "elif", "else",   "except", "finally",  "for",
    "from",  "global",   "if",    "import", "in",   "is",     "lambda", "nonlocal", "not",
    "or",    "pass",     "raise", "return", "try",  "while",  "with",   "yield"};

// What the module itself has, and what the stub needs for itself: tools of these names are declared
// as overloads of call() only.
constexpr const char* kTaken[] = {"Any",        "Literal",   "Mapping",   "NotRequired",  "Tool",
                                  "ToolDenied", "ToolError", "TypedDict", "aio",          "bool",
                                  "builtins",   "call",      "dict",      "float",        "int",
                                  "list",       "overload",  "show",      "staticmethod", "str"};

constexpr const char* kBeginning =
    R"(# The tools that whoever reads this may call: `import tools` (docs/python.md). tools.aio has the same as
# coroutines. A tool whose name is no name of Python is tools["a/b"](...) or tools.call("a/b", {...}).
import builtins
from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict, overload

class ToolDenied(Exception):
    """The call may not be made, or not any more."""
    tool: str
    reason: str

class ToolError(Exception):
    """The call was made and did not work."""
    tool: str
    reason: str

def list() -> builtins.list[dict[str, Any]]: ...
def show(name: str, /) -> dict[str, Any]: ...
)";

constexpr const char* kAnyCall =
    "def call(name: str, parameters: Mapping[str, Any] = ..., /, **named: Any) -> Any: ...\n";

bool is_one_of(const std::string& name, std::span<const char* const> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_name(const std::string& name) {
  return is_plain_identifier(name) && !is_one_of(name, kKeywords);
}

// Whether the tool is declared as a function of its own.
bool is_function(const StubTool& tool) {
  return is_name(tool.name) && !is_one_of(tool.name, kTaken);
}

std::string in_literal(const Json& value) {
  if (value.is(Json::Kind::kBool)) return value.boolean ? "True" : "False";
  return stub_literal(value);
}

// One tool in Python's words.
struct Signature {
  std::string parameters;  // of its function, with the parentheses
  std::string dict;        // of the parameter of call() that has them all, with its default
  std::string result;
};

class Writer {
 public:
  std::string write(std::span<const StubTool> tools) {
    std::string coroutines, calls, overloads;  // of call(), here and in aio
    for (const StubTool& tool : tools) {
      const Signature signature = sign(tool);
      if (is_function(tool)) {
        const std::string head =
            "def " + tool.name + signature.parameters + " -> " + signature.result + ":";
        out_ += "\n" + head + "\n" + docstring(tool);
        coroutines += "    @staticmethod\n    async " + head + " ...\n";
      } else {
        const std::string call = "def call(name: Literal[" + stub_literal(tool.name) + "], " +
                                 signature.dict + ", /) -> " + signature.result + ":";
        calls += "\n@overload\n" + call + "\n" + docstring(tool);
        overloads += "    @overload\n    @staticmethod\n    async " + call + " ...\n";
      }
    }
    const std::string mark = overloads.empty() ? "" : "@overload\n";
    out_ += calls + "\n" + mark + kAnyCall + "\nclass aio:\n" + coroutines + overloads;
    if (!overloads.empty()) out_ += "    @overload\n";
    out_ += "    @staticmethod\n    async " + std::string(kAnyCall);
    return kBeginning + out_;
  }

 private:
  Signature sign(const StubTool& tool) {
    Signature signature;
    signature.result = type(tool.result);
    const StubType& given = tool.parameters;
    if (given.kind != Kind::kObject || (given.fields.empty() && !given.parts.empty())) {
      signature.dict = "parameters: Mapping[str, Any] = ...";
      signature.parameters = "(" + signature.dict + ", /, **named: Any)";
      return signature;
    }
    const bool by_keyword = std::all_of(given.fields.begin(), given.fields.end(),
                                        [](const StubField& field) { return is_name(field.name); });
    if (by_keyword && is_function(tool)) {
      signature.parameters = keywords(given);
      return signature;
    }
    const bool optional = std::none_of(given.fields.begin(), given.fields.end(),
                                       [](const StubField& field) { return field.required; });
    signature.dict = "parameters: " + type(given) + (optional ? " = ..." : "");
    signature.parameters = "(" + signature.dict + ", /)";
    return signature;
  }

  std::string keywords(const StubType& given) {
    std::string list;
    for (const bool required : {true, false}) {
      for (const StubField& field : given.fields) {
        if (field.required != required) continue;
        list += list.empty() ? "*, " : ", ";
        list += field.name + ": " + type(field.type) + (required ? "" : " = ...");
      }
    }
    if (!given.parts.empty()) list += ", **" + name_of_others(given.fields) + ": Any";
    return "(" + list + ")";
  }

  static std::string name_of_others(const std::vector<StubField>& fields) {
    std::string name = "others";
    const auto is_taken = [&name](const StubField& field) { return field.name == name; };
    while (std::any_of(fields.begin(), fields.end(), is_taken)) name += '_';
    return name;
  }

  // Of a function whose head was written.
  static std::string docstring(const StubTool& tool) {
    const std::vector<std::string> lines = about_tool(tool, WithFields::kYes);
    if (lines.empty()) return "    ...\n";
    std::string text = "    \"\"\"";
    for (const std::string& line : lines) {
      if (&line != &lines.front()) text += line.empty() ? "\n" : "\n    ";
      for (const char c : line) {
        if (c == '"') text += '\\';
        text += c;
      }
    }
    return text + (lines.size() > 1 ? "\n    \"\"\"\n" : "\"\"\"\n");
  }

  std::string type(const StubType& type) {
    switch (type.kind) {
      case Kind::kAny:
        return "Any";
      case Kind::kNull:
        return "None";
      case Kind::kBool:
        return "bool";
      case Kind::kInteger:
        return "int";
      case Kind::kNumber:
        return "float";
      case Kind::kString:
        return "str";
      case Kind::kLiteral:
        return "Literal[" + in_literal(type.literal) + "]";
      case Kind::kArray:
        return "builtins.list[" + this->type(type.parts[0]) + "]";
      case Kind::kObject:
        return object(type);
      case Kind::kUnion:
        break;
    }
    return one_of(type.parts);
  }

  std::string one_of(const std::vector<StubType>& parts) {
    std::string literals, text;
    for (const StubType& part : parts) {
      if (part.kind == Kind::kLiteral) {
        literals += (literals.empty() ? "" : ", ") + in_literal(part.literal);
      } else {
        text += (text.empty() ? "" : " | ") + type(part);
      }
    }
    if (literals.empty()) return text;
    return "Literal[" + literals + "]" + (text.empty() ? "" : " | " + text);
  }

  // A TypedDict takes no members but its own.
  std::string object(const StubType& type) {
    if (type.fields.empty() || !type.parts.empty()) {
      const bool uniform = type.fields.empty() && !type.parts.empty();
      return "dict[str, " + (uniform ? this->type(type.parts[0]) : std::string("Any")) + "]";
    }
    std::string members;
    for (const StubField& field : type.fields) {
      const std::string text = this->type(field.type);
      members += "    " + stub_literal(field.name) + ": " +
                 (field.required ? text : "NotRequired[" + text + "]") + ",";
      if (!field.description.empty()) members += "  # " + printable(field.description);
      members += "\n";
    }
    const std::string name = "_Object" + std::to_string(++objects_);
    out_ += "\n" + name + " = TypedDict(\"" + name + "\", {\n" + members + "})\n";
    return name;
  }

  std::string out_;
  uint64_t objects_ = 0;
};

}  // namespace

std::string python_stubs(std::span<const StubTool> tools) { return Writer().write(tools); }

}  // namespace cloche::tools
