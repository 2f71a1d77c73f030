// What a guest is told about its tools.
#include "base/json.h"
#include "base/printable.h"
#include "tools/broker.h"

namespace cloche::tools {
namespace {

// Whether what answers so is about the tool and still good; its parameters and budgets aside.
bool is_good(const std::optional<cap::Denial>& denial) {
  return !denial || denial->reason > cap::Reason::kRights;
}

cap::Request about(const std::string& name) {
  cap::Request request;
  request.name = name;
  return request;
}

// The conditions of each capability that is about that tool.
std::vector<std::string> conditions_of(const cap::Space& space, const std::string& name,
                                       const cap::Now& now) {
  const cap::Request request = about(name);
  std::vector<std::string> conditions;
  for (const cap::Handle handle : space.handles()) {
    const auto capability = space.get(handle);
    if (!capability.ok()) continue;
    if (!is_good(capability->check(request, now))) continue;
    std::string words, last;
    for (const std::string& part : capability->describe()) {
      if (part == last) continue;  // an ancestor's, for the same tools
      words += words.empty() ? part : "; " + part;
      last = part;
    }
    if (const auto calls = capability->calls_left()) {
      if (!words.empty()) words += "; ";
      words += std::to_string(*calls) + " more calls";
    }
    conditions.push_back(words.empty() ? "no conditions" : words);
  }
  return conditions;
}

// Of a schema as the registry keeps it.
StubType type_of(const std::optional<std::string>& schema) {
  if (!schema) return {};
  const auto json = read_json(*schema, {.bytes = Schema::kMaxSchemaBytes});
  return json.ok() ? read_stub_type(*json) : StubType();
}

}  // namespace

std::string Broker::list(const kernel::Authority& authority) {
  const cap::Space& space = space_of(authority);
  const cap::Now present = now();
  std::string text = "[";
  for (const auto& [name, registered] : options_.registry->tools()) {
    if (!is_good(space.check(about(name), present))) continue;
    if (text.size() > 1) text.push_back(',');
    const Tool& tool = registered.tool;
    text += "{\"tool\":" + quote_json(name) + ",\"description\":" + quote_json(tool.description);
    text += ",\"parameters\":" + tool.parameters.value_or("{\"type\":\"object\"}");
    text += ",\"result\":" + tool.result.value_or("true");
    text += ",\"conditions\":[";
    const char* separator = "";
    for (const std::string& condition : conditions_of(space, name, present)) {
      text += separator + quote_json(condition);
      separator = ",";
    }
    text += "]}";
  }
  return text + "]";
}

std::vector<StubTool> Broker::stubs_of(const cap::Space& space) {
  const cap::Now present = now();
  std::vector<StubTool> stubs;
  for (const auto& [name, registered] : options_.registry->tools()) {
    if (!is_good(space.check(about(name), present))) continue;
    const Tool& tool = registered.tool;
    stubs.push_back({.name = name,
                     .description = tool.description,
                     .parameters = type_of(tool.parameters),
                     .result = type_of(tool.result),
                     .conditions = conditions_of(space, name, present)});
  }
  return stubs;
}

std::string Broker::describe(const kernel::Authority& authority, kernel::ToolText form) {
  const cap::Space& space = space_of(authority);
  switch (form) {
    case kernel::ToolText::kPython:
      return python_stubs(stubs_of(space));
    case kernel::ToolText::kTypeScript:
      return typescript_stubs(stubs_of(space));
    case kernel::ToolText::kWords:
      break;
  }
  return describe_in_words(space);
}

std::string Broker::describe_in_words(const cap::Space& space) {
  const cap::Now present = now();
  std::string text;
  for (const auto& [name, registered] : options_.registry->tools()) {
    if (!is_good(space.check(about(name), present))) continue;
    const Tool& tool = registered.tool;
    text += "\n" + name + "\n";
    if (!tool.description.empty()) text += "  " + printable(tool.description) + "\n";
    text += "  parameters: " + tool.parameters.value_or("any object") + "\n";
    if (tool.result) text += "  result: " + *tool.result + "\n";
    for (const std::string& condition : conditions_of(space, name, present)) {
      text += "  allowed: " + condition + "\n";
    }
  }
  if (text.empty()) return "No tool may be called.\n";
  return "Tools that may be called, as `tool call NAME --PARAMETER VALUE` or with JSON on "
         "standard\n"
         "input as `tool call NAME --json -`. Each has its parameters as JSON Schema. A call that "
         "no\n"
         "\"allowed\" line permits is denied.\n" +
         text;
}

}  // namespace cloche::tools
