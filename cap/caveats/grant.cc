#include "cap/caveats/grant.h"

#include <algorithm>

#include "base/printable.h"
#include "cap/caveats/where.h"

namespace cloche::cap {
namespace {

using Kind = Json::Kind;

constexpr size_t kShownWordBytes = 40;
constexpr int64_t kSecond = 1'000'000'000;
const std::vector<std::string_view> kGrantKeys = {"tool",  "where", "others",  "calls",
                                                  "bytes", "rate",  "expires", "audit"};
const std::vector<std::string_view> kRateKeys = {"calls", "per"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Digits alone, no more than fit; nothing otherwise.
std::optional<uint64_t> parse_digits(std::string_view text) {
  constexpr size_t kMaxDigits = 18;
  if (text.empty() || text.size() > kMaxDigits ||
      !std::all_of(text.begin(), text.end(), is_digit)) {
    return std::nullopt;
  }
  uint64_t value = 0;
  for (const char c : text) value = value * 10 + static_cast<uint64_t>(c - '0');
  return value;
}

class GrantCompiler {
 public:
  GrantCompiler(const std::string& pointer, Mistakes& mistakes)
      : pointer_(pointer), mistakes_(mistakes) {}

  void compile(const Json& grant, Restriction& out, AuditParameters& audit) {
    if (!grant.is(Kind::kObject)) return mistake("", grant, "a grant is an object with a \"tool\"");
    check_keys(grant, pointer_, kGrantKeys);
    compile_audit(grant, audit);
    compile_tool(grant, out);
    compile_where(grant, out);
    out.budget.calls = count(grant, pointer_, "calls");
    out.budget.bytes = count(grant, pointer_, "bytes");
    compile_rate(grant, out);
    compile_expiry(grant, out);
  }

 private:
  void report(const std::string& pointer, size_t offset, const std::string& message,
              std::string suggestion = {}) {
    mistakes_.push_back({pointer, offset, printable(message), std::move(suggestion)});
  }
  void mistake(std::string_view key, const Json& at, const std::string& message) {
    report(key.empty() ? pointer_ : pointer_to(pointer_, key), at.offset, message);
  }

  void check_keys(const Json& object, const std::string& pointer,
                  const std::vector<std::string_view>& keys) {
    for (const JsonMember& member : object.members) {
      if (std::find(keys.begin(), keys.end(), member.name) != keys.end()) continue;
      report(pointer_to(pointer, member.name), member.name_offset,
             "there is no key \"" + member.name.substr(0, kShownWordBytes) + "\" here",
             nearest_word(member.name, keys));
    }
  }

  void compile_tool(const Json& grant, Restriction& out) {
    const Json* const tool = grant.find("tool");
    if (!tool || !tool->is(Kind::kString)) {
      return mistake("tool", tool ? *tool : grant, "\"tool\" must be a name or a pattern of names");
    }
    auto scope = Scope::tools(tool->text);
    if (!scope.ok()) return mistake("tool", *tool, scope.error().message);
    out.scope = std::move(scope).value();
  }

  void compile_where(const Json& grant, Restriction& out) {
    Others others = Others::kRefuse;
    if (const Json* const word = grant.find("others")) {
      if (word->is(Kind::kString) && word->text == "allow") {
        others = Others::kAllow;
      } else if (!word->is(Kind::kString) || word->text != "refuse") {
        mistake("others", *word, "\"others\" is \"allow\" or \"refuse\"");
      }
    }
    Json none;
    none.kind = Kind::kObject;
    const Json* const where = grant.find("where");
    auto caveat = cap::compile_where(where ? *where : none, others, pointer_to(pointer_, "where"));
    if (caveat.ok()) {
      out.caveats.push_back(std::move(caveat).value());
    } else {
      mistakes_.insert(mistakes_.end(), caveat.error().begin(), caveat.error().end());
    }
  }

  // A whole number, zero or more; nothing when there is none.
  std::optional<uint64_t> count(const Json& object, const std::string& pointer,
                                std::string_view key) {
    const Json* const value = object.find(key);
    if (!value) return std::nullopt;
    const auto number = value->is(Kind::kNumber) ? parse_digits(value->text) : std::nullopt;
    if (!number) {
      report(pointer_to(pointer, key), value->offset,
             "\"" + std::string(key) + "\" must be a whole number, zero or more, below 10^18");
    }
    return number;
  }

  void compile_rate(const Json& grant, Restriction& out) {
    const Json* const rate = grant.find("rate");
    if (!rate) return;
    const std::string pointer = pointer_to(pointer_, "rate");
    if (!rate->is(Kind::kObject) || !rate->find("calls") || !rate->find("per")) {
      return mistake("rate", *rate, "a rate is like {\"calls\": 10, \"per\": \"1m\"}");
    }
    check_keys(*rate, pointer, kRateKeys);
    const uint64_t calls = count(*rate, pointer, "calls").value_or(0);
    if (calls > Rate::kMaxCalls) {
      report(pointer_to(pointer, "calls"), rate->find("calls")->offset,
             "a rate has at most 65536 calls: take a shorter period");
    }
    const Json& per = *rate->find("per");
    const int64_t period = per.is(Kind::kString) ? parse_duration(per.text).value_or(0) : 0;
    if (period == 0) {
      report(pointer_to(pointer, "per"), per.offset,
             "\"per\" must be a time above zero like \"30s\": ns, us, ms, s, m or h");
    }
    out.budget.rate = Rate{static_cast<uint32_t>(calls), period};
  }

  void compile_audit(const Json& grant, AuditParameters& out) {
    static constexpr std::string_view kNames[] = {"whole", "hashed", "redacted"};
    const Json* const audit = grant.find("audit");
    if (!audit) return;
    const auto name = std::find(std::begin(kNames), std::end(kNames),
                                audit->is(Kind::kString) ? audit->text : std::string());
    if (name == std::end(kNames)) {
      return mistake("audit", *audit, "\"audit\" is \"whole\", \"hashed\" or \"redacted\"");
    }
    out = static_cast<AuditParameters>(name - std::begin(kNames));
  }

  void compile_expiry(const Json& grant, Restriction& out) {
    const Json* const expires = grant.find("expires");
    if (!expires) return;
    out.expires_ns = expires->is(Kind::kString) ? parse_time(expires->text) : std::nullopt;
    if (!out.expires_ns) {
      mistake("expires", *expires, "\"expires\" must be a time like \"2027-01-01T00:00:00Z\"");
    }
  }

  const std::string pointer_;
  Mistakes& mistakes_;
};

std::string times(uint64_t count) {
  return count == 1 ? "1 time" : std::to_string(count) + " times";
}

std::string words_of(const Json& grant, const Scope& scope, const Restriction& restriction) {
  std::string text = "may call " + scope.text();
  if (restriction.budget.calls) text += " at most " + times(*restriction.budget.calls) + ",";
  if (restriction.budget.bytes) {
    text += " with at most " + std::to_string(*restriction.budget.bytes) + " bytes in all,";
  }
  if (restriction.budget.rate) {
    text += " at most " + times(restriction.budget.rate->calls) + " in " +
            printable(grant.find("rate")->find("per")->text) + ",";
  }
  if (restriction.expires_ns) text += " until " + printable(grant.find("expires")->text) + ",";
  return text + " with " + restriction.caveats.front()->describe();
}

bool is_leap(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int64_t days_before(int64_t year, int64_t month) {
  static constexpr int kBefore[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
  int64_t days = kBefore[month - 1] + (month > 2 && is_leap(year) ? 1 : 0);
  for (int64_t y = 1970; y < year; ++y) days += is_leap(y) ? 366 : 365;
  return days;
}

// Takes numbers and fixed characters off a text; after the first that does not fit, all fails.
class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : rest_(text) {}
  int64_t number(size_t digits, int64_t least, int64_t most) {
    const auto value = parse_digits(rest_.substr(0, digits));
    if (rest_.size() < digits || !value) return fail(least);
    rest_.remove_prefix(digits);
    const auto number = static_cast<int64_t>(*value);
    return number < least || number > most ? fail(least) : number;
  }
  bool take(std::string_view any_of) {
    if (rest_.empty() || any_of.find(rest_[0]) == std::string_view::npos) return false;
    taken_ = rest_[0];
    rest_.remove_prefix(1);
    return true;
  }
  void expect(std::string_view any_of) { good_ = take(any_of) && good_; }
  // Up to nine digits after a point, in ns.
  int64_t fraction() {
    const size_t digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    const auto value = parse_digits(rest_.substr(0, digits));
    if (!value || digits > 9) return fail(0);
    rest_.remove_prefix(digits);
    auto ns = static_cast<int64_t>(*value);
    for (size_t i = digits; i < 9; ++i) ns *= 10;
    return ns;
  }
  char taken() const { return taken_; }
  bool ended_well() const { return good_ && rest_.empty(); }

 private:
  int64_t fail(int64_t value) {
    good_ = false;
    return value;
  }
  std::string_view rest_;
  char taken_ = '\0';
  bool good_ = true;
};

}  // namespace

std::optional<int64_t> parse_duration(std::string_view text) {
  static constexpr struct {
    std::string_view name;
    int64_t ns;
  } kUnits[] = {{"ns", 1},      {"us", 1000},        {"ms", 1'000'000},
                {"s", kSecond}, {"m", 60 * kSecond}, {"h", 3600 * kSecond}};
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto value = parse_digits(text.substr(0, digits));
  if (!value) return std::nullopt;
  for (const auto& unit : kUnits) {
    if (unit.name != text.substr(digits)) continue;
    int64_t ns = 0;
    if (__builtin_mul_overflow(static_cast<int64_t>(*value), unit.ns, &ns)) return std::nullopt;
    return ns;
  }
  return std::nullopt;
}

std::optional<int64_t> parse_time(std::string_view text) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  TimeReader reader(text);
  const int64_t year = reader.number(4, 1970, 2261);
  reader.expect("-");
  const int64_t month = reader.number(2, 1, 12);
  reader.expect("-");
  const bool leap_day = month == 2 && is_leap(year);
  const int64_t day = reader.number(2, 1, kDays[month - 1] + (leap_day ? 1 : 0));
  reader.expect("Tt");
  const int64_t hour = reader.number(2, 0, 23);
  reader.expect(":");
  const int64_t minute = reader.number(2, 0, 59);
  reader.expect(":");
  const int64_t second = reader.number(2, 0, 59);
  const int64_t ns = reader.take(".") ? reader.fraction() : 0;
  int64_t offset = 0;
  reader.expect("Zz+-");
  if (reader.taken() == '+' || reader.taken() == '-') {
    const int64_t sign = reader.taken() == '+' ? 1 : -1;
    offset = reader.number(2, 0, 23) * 60;
    reader.expect(":");
    offset = sign * (offset + reader.number(2, 0, 59));
  }
  if (!reader.ended_well()) return std::nullopt;
  const int64_t days = days_before(year, month) + day - 1;
  return ((days * 24 + hour) * 60 + minute - offset) * 60 * kSecond + second * kSecond + ns;
}

Result<Grant, Mistakes> compile_grant(const Json& grant, const std::string& pointer) {
  Mistakes mistakes;
  Restriction restriction;
  AuditParameters audit = AuditParameters::kWhole;
  GrantCompiler(pointer, mistakes).compile(grant, restriction, audit);
  if (!mistakes.empty()) {
    sort_mistakes(mistakes);
    return mistakes;
  }
  CHECK(restriction.scope);
  const Scope scope = *restriction.scope;
  std::string words = words_of(grant, scope, restriction);
  return Grant{scope, std::move(restriction), audit, std::move(words)};
}

Result<std::vector<Grant>, Mistakes> compile_grants(const Json& tools, const std::string& pointer) {
  Mistakes mistakes;
  std::vector<Grant> grants;
  if (!tools.is(Json::Kind::kArray)) {
    mistakes.push_back({pointer, tools.offset, "\"tools\" is a list of grants", {}});
  }
  for (size_t i = 0; i < tools.items.size(); ++i) {
    auto grant = compile_grant(tools.items[i], pointer_to(pointer, std::to_string(i)));
    if (grant.ok()) {
      grants.push_back(std::move(grant).value());
    } else {
      mistakes.insert(mistakes.end(), grant.error().begin(), grant.error().end());
    }
  }
  if (!mistakes.empty()) return mistakes;
  return grants;
}

}  // namespace cloche::cap
