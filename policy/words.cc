#include "policy/words.h"

#include "base/json_text.h"
#include "base/printable.h"
#include "base/sha256.h"

namespace cloche::policy {
namespace {

const char* mode_words(MountMode mode) {
  switch (mode) {
    case MountMode::kReadOnly:
      return "may read";
    case MountMode::kReadWrite:
      return "may read and change";
    case MountMode::kCopyOnWrite:
      return "may read and, for itself alone, change";
  }
  return "";
}

const char* mode_name(MountMode mode) {
  static constexpr const char* kNames[] = {"ro", "rw", "cow"};
  return kNames[static_cast<size_t>(mode)];
}

const char* audit_name(cap::AuditParameters audit) {
  static constexpr const char* kNames[] = {"whole", "hashed", "redacted"};
  return kNames[static_cast<size_t>(audit)];
}

std::string tools_json(const Policy& policy) {
  JsonText tools('[');
  for (const cap::Grant& grant : policy.tools) {
    JsonText tool('{');
    tool.quote("tool", grant.scope.text()).quote("words", grant.words);
    tools.add("", tool.quote("audit", audit_name(grant.audit)).end());
  }
  return tools.end();
}

std::string mounts_json(const Policy& policy) {
  JsonText mounts('[');
  for (const Mount& mount : policy.mounts) {
    JsonText object('{');
    object.quote("host", mount.host).quote("guest", mount.guest);
    mounts.add("", object.quote("mode", mode_name(mount.mode)).end());
  }
  return mounts.end();
}

std::string sandboxes_json(const Sandboxes& sandboxes) {
  JsonText object('{');
  object.add("runs", sandboxes.runs ? std::to_string(*sandboxes.runs) : "null");
  return object.quote("words", sandboxes.words).end();
}

}  // namespace

std::vector<std::string> describe(const Policy& policy) {
  std::vector<std::string> lines;
  lines.reserve(policy.tools.size() + policy.mounts.size() + policy.env.size() +
                policy.limits.size() + 5);
  for (const cap::Grant& grant : policy.tools) lines.push_back(grant.words);
  if (policy.tools.empty()) lines.emplace_back("may call no tools");
  for (const Mount& mount : policy.mounts) {
    lines.push_back(std::string(mode_words(mount.mode)) + " " + printable(mount.guest) +
                    ", which is " + printable(mount.host) + " of the host");
  }
  if (policy.mounts.empty()) lines.emplace_back("sees no files of the host");
  for (const auto& [name, value] : policy.env) {
    lines.push_back("has the variable " + name + "=" + printable(value));
  }
  for (const Limit& limit : policy.limits) {
    const LimitKind kind = limit.row->kind;
    const bool list = kind == LimitKind::kCpuList || kind == LimitKind::kChoice;
    lines.push_back("limit " + std::string(limit.row->name) + ", " + limit.row->words + ": " +
                    (list || limit.row->name == "cpu.weight" ? "" : "at most ") + limit.text);
  }
  if (policy.sandboxes) lines.push_back(policy.sandboxes->words);
  if (policy.clock) {
    lines.push_back("reads clocks that are rounded down to " + policy.clock->text);
  }
  if (policy.random_seed) {
    lines.emplace_back("gets random numbers that follow from the seed " +
                       to_hex(*policy.random_seed) + ", in every run the same");
  }
  return lines;
}

std::string describe_json(const Policy& policy) {
  JsonText env('{'), limits('{'), words('[');
  for (const auto& [name, value] : policy.env) env.quote(name, value);
  for (const Limit& limit : policy.limits) limits.quote(limit.row->name, limit.text);
  for (const std::string& line : describe(policy)) words.quote("", line);
  const auto single = [](std::string_view key, std::string_view value) {
    return JsonText('{').quote(key, value).end();
  };
  JsonText whole('{');
  whole.add("ok", "true").add("tools", tools_json(policy)).add("mounts", mounts_json(policy));
  whole.add("env", env.end()).add("limits", limits.end());
  whole.add("sandboxes", policy.sandboxes ? sandboxes_json(*policy.sandboxes) : "null");
  whole.add("clock", policy.clock ? single("resolution", policy.clock->text) : "null");
  whole.add("random", policy.random_seed ? single("seed", to_hex(*policy.random_seed)) : "null");
  return whole.add("words", words.end()).end();
}

std::string mistakes_json(const cap::Mistakes& mistakes, std::string_view text) {
  JsonText list('[');
  for (const cap::Mistake& mistake : mistakes) {
    const TextPosition at = position_of(text, mistake.offset);
    JsonText object('{');
    object.add("line", std::to_string(at.line)).add("column", std::to_string(at.column));
    object.quote("pointer", mistake.pointer).quote("message", mistake.message);
    object.add("suggestion", mistake.suggestion.empty() ? "null" : quote_json(mistake.suggestion));
    list.add("", object.end());
  }
  return JsonText('{').add("ok", "false").add("mistakes", list.end()).end();
}

std::string answer_json(const std::optional<cap::Denial>& denial) {
  JsonText object('{');
  object.add("allowed", denial ? "false" : "true");
  object.add("reason", denial ? quote_json(cap::reason_name(denial->reason)) : "null");
  return object.add("message", denial ? quote_json(denial->text) : "null").end();
}

}  // namespace cloche::policy
