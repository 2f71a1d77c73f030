#include "session/inner_request.h"

#include <algorithm>

#include "base/json.h"
#include "base/printable.h"
#include "cap/caveats/mistake.h"
#include "policy/policy.h"
#include "session/limits.h"
#include "session/policy_options.h"

namespace cloche::session {
namespace {

using Kind = Json::Kind;
using Problem = std::string;

constexpr size_t kMaxBytes = size_t{16} << 20;
constexpr size_t kShownBytes = 40;

constexpr std::string_view kKeys[] = {
    "argv",          "mounts",      "env",       "limits", "policy",   "policy_name", "workdir",
    "policy_folder", "allow_tools", "sandboxes", "user",   "hostname", "streams"};

class Reader {
 public:
  explicit Reader(const Json& request) : request_(request) {}

  Result<InnerRequest, Problem> read() {
    TRY(check_keys());
    TRY(read_texts("argv", out_.argv));
    if (out_.argv.empty() || out_.argv[0].empty()) return Problem("\"argv\" names no program");
    TRY(read_texts("allow_tools", out_.options.allow_tools));
    TRY(read_text("workdir", out_.options.workdir));
    TRY(read_text("user", out_.options.user));
    TRY(read_text("hostname", out_.options.hostname));
    TRY(read_text("policy", out_.options.policy));
    TRY(read_text("policy_name", out_.options.policy_name));
    TRY(read_text("policy_folder", out_.options.policy_folder));
    TRY(read_sandboxes());
    TRY(read_streams());
    TRY(read_grants());
    return std::move(out_);
  }

 private:
  static Problem wrong(std::string_view key, const char* what) {
    return "\"" + std::string(key) + "\" must be " + what;
  }

  Result<Unit, Problem> check_keys() const {
    for (const JsonMember& member : request_.members) {
      if (std::find(std::begin(kKeys), std::end(kKeys), member.name) != std::end(kKeys)) continue;
      return Problem("there is no key \"" + printable(member.name.substr(0, kShownBytes)) +
                     "\" in a request");
    }
    return Unit{};
  }

  static bool is_text(const Json& value) {
    return value.is(Kind::kString) && value.text.find('\0') == std::string::npos;
  }

  Result<Unit, Problem> read_text(std::string_view key, std::string& out) const {
    const Json* const value = request_.find(key);
    if (value == nullptr) return Unit{};
    if (!is_text(*value)) return wrong(key, "a string without NUL");
    out = value->text;
    return Unit{};
  }

  Result<Unit, Problem> read_texts(std::string_view key, std::vector<std::string>& out) const {
    const Json* const value = request_.find(key);
    if (value == nullptr) return Unit{};
    if (!value->is(Kind::kArray) || !std::all_of(value->items.begin(), value->items.end(), is_text))
      return wrong(key, "a list of strings without NUL");
    for (const Json& item : value->items) out.push_back(item.text);
    return Unit{};
  }

  Result<Unit, Problem> read_sandboxes() {
    const Json* const value = request_.find("sandboxes");
    if (value == nullptr) return Unit{};
    const auto number = whole_number(*value);
    if (!number || *number > policy::kMaxSandboxRuns) {
      return wrong("sandboxes", "a whole number from 0 to 1000000000");
    }
    out_.options.sandboxes = *number;
    return Unit{};
  }

  Result<Unit, Problem> read_streams() {
    const Json* const value = request_.find("streams");
    if (value == nullptr) return Unit{};
    const char* const what = "a list of three: descriptors of the caller, or null";
    if (!value->is(Kind::kArray) || value->items.size() != out_.streams.size()) {
      return wrong("streams", what);
    }
    for (size_t i = 0; i < out_.streams.size(); ++i) {
      const Json& item = value->items[i];
      if (item.is(Kind::kNull)) continue;
      const auto number = whole_number(item);
      if (!number || *number > INT32_MAX) return wrong("streams", what);
      out_.streams[i] = static_cast<int32_t>(*number);
    }
    return Unit{};
  }

  // Mounts, variables and limits mean what they mean in a policy.
  Result<Unit, Problem> read_grants() {
    std::string text = "{\"version\":1";
    for (const char* const key : {"mounts", "env", "limits"}) {
      const Json* const value = request_.find(key);
      if (value != nullptr) text += "," + quote_json(key) + ":" + write_json(*value);
    }
    text += "}";
    const auto grants = policy::read_policy(text);
    if (!grants.ok()) return cap::describe(grants.error().front());
    const auto limits = limits_of(*grants);
    if (!limits) return limits.error().message;
    out_.options.limits = *limits;
    out_.options.mounts = policy_mounts(*grants, "");
    out_.options.env = grants->env;
    return Unit{};
  }

  const Json& request_;
  InnerRequest out_;
};

}  // namespace

Result<InnerRequest, std::string> read_inner_request(std::string_view text) {
  const auto json = read_json(text, {.bytes = kMaxBytes});
  if (!json.ok()) {
    return Problem("the request is not JSON, at byte " + std::to_string(json.error().offset) +
                   ": " + json.error().message);
  }
  if (!json->is(Kind::kObject)) return Problem("the request must be an object");
  return Reader(*json).read();
}

}  // namespace cloche::session
