#include "tools/registry.h"

#include "base/printable.h"
#include "cap/scope.h"

namespace cloche::tools {
namespace {

// Compiles a schema and brings its text into the form of write_json().
Result<std::optional<Schema>> compile(std::optional<std::string>& text, const std::string& tool,
                                      const char* what) {
  if (!text) return std::optional<Schema>();
  std::string where, why;
  const auto json = read_json(*text, {.bytes = Schema::kMaxSchemaBytes});
  if (json.ok()) {
    auto schema = Schema::compile(*json);
    if (schema.ok()) {
      text = write_json(*json);
      return std::optional<Schema>(std::move(schema).value());
    }
    where = "'" + printable(schema.error().pointer) + "'";
    why = schema.error().message;
  } else {
    where = "byte " + std::to_string(json.error().offset);
    why = json.error().message;
  }
  return make_error(Code::kMalformed, "tool '%s', schema of its %s, at %s: %s", tool.c_str(), what,
                    where.c_str(), why.c_str());
}

}  // namespace

Status Registry::add(Tool tool) {
  tool.name = TRY(cap::parse_tool_name(tool.name));
  const char* name = tool.name.c_str();
  if (!tool.handler) {
    return make_error(Code::kInvalidArgument, "tool '%s' has nothing that does its work", name);
  }
  if (tool.timeout.count() <= 0 || tool.result_bytes == 0) {
    return make_error(Code::kInvalidArgument,
                      "tool '%s': the time and the size of a call must be more than 0", name);
  }
  if (tools_.size() >= kMaxTools) {
    return make_error(Code::kResourceExhausted, "there are %zu tools already", kMaxTools);
  }
  const std::string folded = cap::fold_case(tool.name);
  if (const auto other = folded_.find(folded); other != folded_.end()) {
    return make_error(Code::kExists,
                      other->second == tool.name
                          ? "there are two tools '%s'"
                          : "tool '%s' differs from tool '%s' by capital letters only",
                      name, other->second.c_str());
  }
  RegisteredTool kept;
  kept.parameters = TRY(compile(tool.parameters, tool.name, "parameters"));
  kept.result = TRY(compile(tool.result, tool.name, "result"));
  kept.tool = std::move(tool);
  folded_.emplace(folded, kept.tool.name);
  tools_.emplace(kept.tool.name, std::move(kept));
  return ok_status();
}

const RegisteredTool* Registry::find(std::string_view name) const {
  const auto at = tools_.find(name);
  return at == tools_.end() ? nullptr : &at->second;
}

}  // namespace cloche::tools
