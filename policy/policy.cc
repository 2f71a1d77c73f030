#include "policy/policy.h"

#include <algorithm>
#include <set>

#include "base/printable.h"

namespace cloche::policy {
namespace {

using Kind = Json::Kind;

constexpr size_t kShownWordBytes = 40;
constexpr JsonLimits kJsonLimits = {.bytes = kMaxPolicyBytes, .depth = 64, .values = 1u << 20};
const std::vector<std::string_view> kPolicyKeys = {"version", "tools", "mounts",    "env",
                                                   "limits",  "clock", "sandboxes", "random"};
const std::vector<std::string_view> kMountKeys = {"host", "guest", "mode"};
const std::vector<std::string_view> kSandboxesKeys = {"runs", "expires"};
const std::vector<std::string_view> kModes = {"ro", "rw", "cow"};

bool is_variable_name(std::string_view name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (name.empty() || !is_letter(name[0])) return false;
  return std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

class Compiler {
 public:
  explicit Compiler(cap::Mistakes& mistakes) : mistakes_(mistakes) {}

  void compile(const Json& file, Policy& out) {
    if (!file.is(Kind::kObject)) return report("", file.offset, "a policy is an object");
    check_keys(file, "", kPolicyKeys);
    const Json* const version = file.find("version");
    if (!version || !version->is(Kind::kNumber) || version->text != "1") {
      report("/version", version ? version->offset : file.offset, "\"version\" must be 1");
    }
    if (const Json* const tools = file.find("tools")) compile_tools(*tools, out);
    if (const Json* const mounts = file.find("mounts")) compile_mounts(*mounts, out);
    if (const Json* const env = file.find("env")) compile_env(*env, out);
    if (const Json* const limits = file.find("limits")) compile_limits(*limits, out);
    if (const Json* const sandboxes = file.find("sandboxes")) compile_sandboxes(*sandboxes, out);
    if (const Json* const clock = file.find("clock")) compile_clock(*clock, out);
    if (const Json* const random = file.find("random")) compile_random(*random, out);
  }

 private:
  void report(std::string pointer, size_t offset, const std::string& message,
              std::string suggestion = {}) {
    mistakes_.push_back({std::move(pointer), offset, printable(message), std::move(suggestion)});
  }

  void check_keys(const Json& object, const std::string& pointer,
                  const std::vector<std::string_view>& keys) {
    for (const JsonMember& member : object.members) {
      if (std::find(keys.begin(), keys.end(), member.name) != keys.end()) continue;
      report(cap::pointer_to(pointer, member.name), member.name_offset,
             "there is no key \"" + member.name.substr(0, kShownWordBytes) + "\" here",
             cap::nearest_word(member.name, keys));
    }
  }

  void compile_tools(const Json& tools, Policy& out) {
    auto grants = cap::compile_grants(tools, "/tools");
    if (grants.ok()) {
      out.tools = std::move(grants).value();
    } else {
      mistakes_.insert(mistakes_.end(), grants.error().begin(), grants.error().end());
    }
  }

  void compile_mounts(const Json& mounts, Policy& out) {
    if (!mounts.is(Kind::kArray)) {
      return report("/mounts", mounts.offset,
                    "\"mounts\" is a list like [{\"host\": \"./data\", "
                    "\"guest\": \"/data\", \"mode\": \"ro\"}]");
    }
    std::set<std::string_view> guests;
    for (size_t i = 0; i < mounts.items.size(); ++i) {
      const Json& item = mounts.items[i];
      const std::string pointer = "/mounts/" + std::to_string(i);
      if (!item.is(Kind::kObject)) {
        report(pointer, item.offset, "a mount is an object with \"host\" and \"guest\"");
        continue;
      }
      check_keys(item, pointer, kMountKeys);
      Mount mount;
      mount.host = text(item, pointer, "host");
      mount.guest = guest_path(item, pointer);
      mount.mode = mode(item, pointer);
      if (const Json* const guest = item.find("guest")) {
        if (guest->is(Kind::kString) && !guests.insert(guest->text).second) {
          report(pointer + "/guest", guest->offset, "something is mounted there already");
        }
      }
      out.mounts.push_back(std::move(mount));
    }
  }

  std::string text(const Json& object, const std::string& pointer, std::string_view key) {
    const Json* const value = object.find(key);
    if (value && value->is(Kind::kString) && !value->text.empty() &&
        value->text.find('\0') == std::string::npos) {
      return value->text;
    }
    report(cap::pointer_to(pointer, key), value ? value->offset : object.offset,
           "\"" + std::string(key) + "\" must be a path");
    return {};
  }

  std::string guest_path(const Json& mount, const std::string& pointer) {
    const std::string path = text(mount, pointer, "guest");
    if (path.empty()) return path;
    const Status canonical = cap::check_tree_path(path);
    if (!canonical.ok()) {
      report(pointer + "/guest", mount.find("guest")->offset, canonical.error().message);
    }
    return path;
  }

  MountMode mode(const Json& mount, const std::string& pointer) {
    const Json* const value = mount.find("mode");
    if (!value) return MountMode::kReadOnly;
    const std::string word = value->is(Kind::kString) ? value->text : std::string();
    const auto at = std::find(kModes.begin(), kModes.end(), word);
    if (at == kModes.end()) {
      report(pointer + "/mode", value->offset,
             "\"mode\" is \"ro\", \"rw\" or \"cow\" (writes stay in the sandbox)");
      return MountMode::kReadOnly;
    }
    return static_cast<MountMode>(at - kModes.begin());
  }

  void compile_env(const Json& env, Policy& out) {
    if (!env.is(Kind::kObject)) {
      return report("/env", env.offset, "\"env\" is an object like {\"LANG\": \"C.UTF-8\"}");
    }
    for (const JsonMember& member : env.members) {
      const std::string pointer = cap::pointer_to("/env", member.name);
      if (!is_variable_name(member.name)) {
        report(pointer, member.name_offset,
               "a variable's name has letters, digits and _ and begins with no digit");
      } else if (!member.value.is(Kind::kString) ||
                 member.value.text.find('\0') != std::string::npos) {
        report(pointer, member.value.offset, "a variable's value is a string without NUL");
      } else {
        out.env.emplace_back(member.name, member.value.text);
      }
    }
  }

  void compile_limits(const Json& limits, Policy& out) {
    if (!limits.is(Kind::kObject)) {
      return report("/limits", limits.offset, "\"limits\" is an object like {\"pids.max\": 64}");
    }
    std::vector<std::string_view> names;
    names.reserve(limit_rows().size());
    for (const LimitRow& row : limit_rows()) names.push_back(row.name);
    check_keys(limits, "/limits", names);
    for (const LimitRow& row : limit_rows()) {
      const Json* const value = limits.find(row.name);
      if (!value) continue;
      auto limit = parse_limit(row, *value);
      if (limit) {
        out.limits.push_back(*std::move(limit));
      } else {
        report(cap::pointer_to("/limits", row.name), value->offset,
               "\"" + std::string(row.name) + "\" must be " + expected(row));
      }
    }
  }

  void compile_sandboxes(const Json& value, Policy& out) {
    if (!value.is(Kind::kObject)) {
      return report("/sandboxes", value.offset,
                    "\"sandboxes\" is an object like {\"runs\": 3}, or {} for any number");
    }
    check_keys(value, "/sandboxes", kSandboxesKeys);
    Sandboxes granted;
    granted.words = "may start any number of sandboxes inside";
    if (const Json* const runs = value.find("runs")) {
      granted.runs = whole_number(*runs);
      if (!granted.runs || *granted.runs > kMaxSandboxRuns) {
        return report(
            "/sandboxes/runs", runs->offset,
            "\"runs\" must be a whole number from 0 to " + std::to_string(kMaxSandboxRuns));
      }
      granted.words = "may start at most " + runs->text + " sandboxes inside";
    }
    if (const Json* const expires = value.find("expires")) {
      if (expires->is(Kind::kString)) granted.expires_ns = cap::parse_time(expires->text);
      if (!granted.expires_ns) {
        return report("/sandboxes/expires", expires->offset,
                      "\"expires\" must be a time like \"2027-01-01T00:00:00Z\"");
      }
      granted.words += ", until " + expires->text;
    }
    out.sandboxes = std::move(granted);
  }

  // A part with one key, whose text `take` must take; without the key it would say nothing.
  template <class Take>
  void compile_single(const Json& part, const std::string& name, std::string_view key,
                      const char* right, const Take& take) {
    const std::string quoted_key = "\"" + std::string(key) + "\"";
    if (!part.is(Kind::kObject)) {
      return report("/" + name, part.offset,
                    "\"" + name + "\" is an object with " + quoted_key + ", " + right);
    }
    check_keys(part, "/" + name, {key});
    const Json* const value = part.find(key);
    if (value && value->is(Kind::kString) && take(value->text)) return;
    report(cap::pointer_to("/" + name, key), value ? value->offset : part.offset,
           quoted_key + " must be " + right);
  }

  void compile_clock(const Json& clock, Policy& out) {
    compile_single(clock, "clock", "resolution",
                   "a time from \"1ns\" to \"1s\" like \"1ms\": a whole number and ns, us, ms or s",
                   [&out](const std::string& text) {
                     const int64_t ns = cap::parse_duration(text).value_or(0);
                     if (ns < ClockResolution::kLeast || ns > ClockResolution::kMost) return false;
                     out.clock = ClockResolution{ns, text};
                     return true;
                   });
  }

  void compile_random(const Json& random, Policy& out) {
    compile_single(random, "random", "seed", "64 hexadecimal digits, which are 32 bytes",
                   [&out](const std::string& text) {
                     out.random_seed = SeededRandom::parse_seed(text);
                     return out.random_seed.has_value();
                   });
  }

  cap::Mistakes& mistakes_;
};

}  // namespace

const Limit* Policy::limit(std::string_view name) const {
  const auto at = std::find_if(limits.begin(), limits.end(),
                               [name](const Limit& limit) { return limit.row->name == name; });
  return at == limits.end() ? nullptr : &*at;
}

Result<Policy, cap::Mistakes> read_policy(std::string_view text) {
  auto file = read_json(text, kJsonLimits);
  if (!file.ok()) {
    return cap::Mistakes{{file.error().pointer, file.error().offset, file.error().message, {}}};
  }
  cap::Mistakes mistakes;
  Policy policy;
  Compiler(mistakes).compile(*file, policy);
  if (mistakes.empty()) return policy;
  cap::sort_mistakes(mistakes);
  return mistakes;
}

std::string locate(const cap::Mistake& mistake, std::string_view file, std::string_view text) {
  const TextPosition at = position_of(text, mistake.offset);
  return printable(file) + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": " +
         cap::describe(mistake);
}

Status install(const std::vector<cap::Grant>& grants, const cap::Capability& root,
               cap::Space& space) {
  std::vector<cap::Capability> derived;
  derived.reserve(grants.size());
  for (const cap::Grant& grant : grants) derived.push_back(TRY(root.derive(grant.restriction)));
  std::vector<cap::Handle> installed;
  for (cap::Capability& capability : derived) {
    auto handle = space.install(std::move(capability));
    if (!handle.ok()) {
      for (const cap::Handle undo : installed) CHECK(space.drop(undo).ok());
      return handle.error();
    }
    installed.push_back(*handle);
  }
  return ok_status();
}

std::optional<cap::Denial> check_call(const Policy& policy, std::string_view tool,
                                      const Json& parameters, uint64_t bytes, const cap::Now& now) {
  cap::Tree tree;
  cap::Space space;
  auto root = tree.mint(cap::Scope::tools("**").value());
  const Status installed = root.ok() ? install(policy.tools, *root, space) : root.error();
  if (!installed.ok()) {
    cap::Denial denial;
    denial.text = installed.error().message;
    return denial;
  }
  cap::Request request;
  request.name = tool;
  request.parameters = &parameters;
  request.bytes = bytes;
  return space.check(request, now);
}

}  // namespace cloche::policy
