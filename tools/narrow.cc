// Authorities that guests make out of their own.
#include <algorithm>

#include "base/json.h"
#include "cap/caveats/grant.h"
#include "tools/broker.h"

namespace cloche::tools {
namespace {

constexpr size_t kMaxGrantBytes = size_t{1} << 20;
constexpr size_t kMaxGrantValues = 65'536;

using Problem = std::string;

Result<std::vector<cap::Grant>, Problem> read_grants(std::string_view text) {
  const auto json = read_json(text, {.bytes = kMaxGrantBytes, .values = kMaxGrantValues});
  if (!json.ok()) {
    return "the grants are not JSON, at byte " + std::to_string(json.error().offset) + ": " +
           json.error().message;
  }
  auto grants = cap::compile_grants(*json);
  if (grants.ok()) return std::move(grants).value();
  Problem words;
  for (const cap::Mistake& mistake : grants.error()) {
    if (!words.empty()) words += "; ";
    words += cap::describe(mistake);
  }
  return words;
}

// Whether the two can be about the same tool; yes when in doubt.
bool may_overlap(const cap::Capability& held, const cap::Scope& scope, const cap::Now& now) {
  if (held.kind() != scope.kind()) return false;
  if (scope.only_name().empty()) return true;
  cap::Request request;
  request.name = scope.only_name();
  const auto denial = held.check(request, now);
  return !denial || denial->reason != cap::Reason::kScope;
}

bool has_budget(const cap::BudgetLimits& budget) {
  return budget.calls || budget.bytes || budget.rate;
}

}  // namespace

Result<Ref<kernel::Authority>, std::string> Broker::narrow(kernel::Authority& authority,
                                                           const kernel::ToolCaller& caller,
                                                           std::string_view grants) {
  const cap::Space& held = space_of(authority);
  auto wanted = TRY(read_grants(grants));
  auto less = make_ref<ToolAuthority>();
  const cap::Now present = now();
  for (cap::Grant& grant : wanted) {
    std::vector<cap::Capability> parents;
    for (const cap::Handle handle : held.handles()) {
      auto parent = held.get(handle);
      if (parent.ok() && may_overlap(*parent, grant.scope, present)) parents.push_back(*parent);
    }
    if (parents.empty()) return "nothing is held for '" + grant.scope.text() + "'";
    // Each derived capability has a budget of its own: two of them would be twice as much.
    if (parents.size() > 1 && has_budget(grant.restriction.budget)) {
      return "'" + grant.scope.text() +
             "' is about several grants, so that it cannot have one budget: name a tool of one";
    }
    for (const cap::Capability& parent : parents) {
      cap::Restriction restriction = grant.restriction;
      restriction.scope = grant.scope;
      auto child = parent.derive(std::move(restriction));
      if (!child.ok()) return child.error().message;
      const auto handle = less->space.install(*child);
      if (!handle.ok()) return handle.error().message;
      less->derived.push_back(std::move(child).value());
    }
  }
  if (!record_change("capability.derived", caller, less->derived)) {
    return std::string("the audit log cannot be written");
  }
  return Ref<kernel::Authority>(less);
}

uint64_t Broker::revoke(kernel::Authority& authority, const kernel::ToolCaller& caller) {
  const auto& derived = static_cast<ToolAuthority&>(authority).derived;
  uint64_t count = 0;
  for (const cap::Capability& capability : derived) count += capability.revoke();
  // What is revoked stays so, also when it cannot be put on record.
  (void)record_change("capability.revoked", caller, derived);
  return count;
}

bool Broker::record_change(const char* event, const kernel::ToolCaller& caller,
                           const std::vector<cap::Capability>& capabilities) {
  audit::Record record(event);
  std::string chains;
  for (const cap::Capability& capability : capabilities) {
    if (!chains.empty()) chains.push_back(',');
    chains += audit::number_list(capability.chain());
  }
  record.numbers("pids", caller.pids).text("program", caller.program);
  record.json("capabilities", "[" + chains + "]");
  return put_on_record(record, caller.sandbox);
}

}  // namespace cloche::tools
