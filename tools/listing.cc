// What a guest is told about its tools.
#include <algorithm>

#include "base/json.h"
#include "base/printable.h"
#include "tools/broker.h"

namespace cloche::tools {
namespace {

// Whether some capability is about that tool and still good; its parameters and budgets aside.
bool is_held(const cap::Space& space, const std::string& name, const cap::Now& now) {
  cap::Request request;
  request.name = name;
  const auto denial = space.check(request, now);
  if (!denial) return true;
  switch (denial->reason) {
    case cap::Reason::kNoCapability:
    case cap::Reason::kScope:
    case cap::Reason::kRevoked:
    case cap::Reason::kExpired:
    case cap::Reason::kRights:
      return false;
    case cap::Reason::kCaveat:
    case cap::Reason::kCalls:
    case cap::Reason::kBytes:
    case cap::Reason::kRate:
      return true;
  }
  return false;
}

// The conditions of each capability that is about that tool.
std::vector<std::string> conditions_of(const cap::Space& space, const std::string& name,
                                       const cap::Now& now) {
  cap::Request request;
  request.name = name;
  std::vector<std::string> conditions;
  for (const cap::Handle handle : space.handles()) {
    const auto capability = space.get(handle);
    if (!capability.ok()) continue;
    const auto denial = capability->check(request, now);
    if (denial && denial->reason <= cap::Reason::kRights) continue;
    std::string words;
    for (const std::string& part : capability->describe()) {
      words += words.empty() ? part : "; " + part;
    }
    if (const auto calls = capability->calls_left()) {
      if (!words.empty()) words += "; ";
      words += std::to_string(*calls) + " more calls";
    }
    conditions.push_back(words.empty() ? "no conditions" : words);
  }
  return conditions;
}

}  // namespace

std::string Broker::list(const kernel::Authority& authority) {
  const cap::Space& space = static_cast<const ToolAuthority&>(authority).space;
  const cap::Now present = now();
  std::string text = "[";
  for (const auto& [name, registered] : options_.registry->tools()) {
    if (!is_held(space, name, present)) continue;
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

std::string Broker::describe(const kernel::Authority& authority) {
  const cap::Space& space = static_cast<const ToolAuthority&>(authority).space;
  const cap::Now present = now();
  std::string text;
  for (const auto& [name, registered] : options_.registry->tools()) {
    if (!is_held(space, name, present)) continue;
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
