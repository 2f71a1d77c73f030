#include "cap/caveats/predicate.h"

#include <re2/re2.h>

#include <algorithm>

#include "base/decimal.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "cap/caveats/file_path.h"
#include "cap/caveats/operators.h"

namespace cloche::cap {
namespace {

using Kind = Json::Kind;

constexpr size_t kShownBytes = 80;

Verdict verdict(bool holds) { return holds ? Verdict::kHolds : Verdict::kFails; }

Verdict opposite(Verdict v) { return v == Verdict::kUnclear ? v : verdict(v == Verdict::kFails); }

// --- judging

Verdict judge_eq(const Predicate& p, const Json& value) {
  return value.kind == p.operand.kind ? verdict(same_json(value, p.operand)) : Verdict::kUnclear;
}

Verdict judge_in(const Predicate& p, const Json& value) {
  Verdict result = Verdict::kUnclear;
  for (const Json& item : p.operand.items) {
    if (item.kind != value.kind) continue;
    if (same_json(item, value)) return Verdict::kHolds;
    result = Verdict::kFails;
  }
  return result;
}

Verdict judge_ne(const Predicate& p, const Json& value) { return opposite(judge_eq(p, value)); }
Verdict judge_not_in(const Predicate& p, const Json& value) { return opposite(judge_in(p, value)); }

bool is_below(std::strong_ordering order) { return order < 0; }
bool is_up_to(std::strong_ordering order) { return order <= 0; }
bool is_above(std::strong_ordering order) { return order > 0; }
bool is_from(std::strong_ordering order) { return order >= 0; }

template <bool (*kTest)(std::strong_ordering)>
Verdict judge_order(const Predicate& p, const Json& value) {
  if (!value.is(Kind::kNumber)) return Verdict::kUnclear;
  return verdict(kTest(compare_decimals(value.text, p.operand.text)));
}

template <bool (*kTest)(std::string_view value, std::string_view operand)>
Verdict judge_text(const Predicate& p, const Json& value) {
  if (!value.is(Kind::kString)) return Verdict::kUnclear;
  return verdict(kTest(value.text, p.operand.text));
}
bool text_starts(std::string_view value, std::string_view part) { return value.starts_with(part); }
bool text_ends(std::string_view value, std::string_view part) { return value.ends_with(part); }

Verdict judge_contains(const Predicate& p, const Json& value) {
  if (value.is(Kind::kString) && p.operand.is(Kind::kString)) {
    return verdict(value.text.find(p.operand.text) != std::string::npos);
  }
  if (!value.is(Kind::kArray)) return Verdict::kUnclear;
  Verdict result = Verdict::kFails;
  for (const Json& item : value.items) {
    const Verdict one = judge_eq(p, item);
    if (one == Verdict::kHolds) return one;
    if (one == Verdict::kUnclear) result = one;
  }
  return result;
}

template <bool (*kTest)(uint64_t length, uint64_t limit)>
Verdict judge_length(const Predicate& p, const Json& value) {
  if (value.is(Kind::kString)) return verdict(kTest(utf8_length(value.text), p.count));
  if (value.is(Kind::kArray)) return verdict(kTest(value.items.size(), p.count));
  return Verdict::kUnclear;
}
bool at_least(uint64_t length, uint64_t limit) { return length >= limit; }
bool at_most(uint64_t length, uint64_t limit) { return length <= limit; }

Verdict judge_matches(const Predicate& p, const Json& value) {
  if (!value.is(Kind::kString)) return Verdict::kUnclear;
  return verdict(re2::RE2::FullMatch(value.text, *p.regex));
}

Verdict judge_under(const Predicate& p, const Json& value) {
  if (!value.is(Kind::kString) || !check_path_parameter(value.text).ok()) return Verdict::kUnclear;
  return verdict(is_beneath(value.text, p.operand.text));
}

Verdict judge_host_in(const Predicate& p, const Json& value) {
  if (!value.is(Kind::kString) || p.hosts.empty()) return Verdict::kUnclear;
  const auto host = host_of_url(value.text);
  if (!host.ok()) return Verdict::kUnclear;
  return verdict(std::any_of(p.hosts.begin(), p.hosts.end(), [&host](const HostPattern& pattern) {
    return pattern.matches(*host);
  }));
}

Verdict judge_any(const Predicate& p, const Json& value) {
  Verdict result = p.parts.empty() ? Verdict::kUnclear : Verdict::kFails;
  for (const Predicate& part : p.parts) {
    const Verdict one = part.judge(value);
    if (one == Verdict::kHolds) return one;
    if (one == Verdict::kUnclear) result = one;
  }
  return result;
}

Verdict judge_conjunction(const Predicate& p, const Json& value) {
  return judge_all(p.parts, value);
}

Verdict judge_not(const Predicate& p, const Json& value) {
  return opposite(judge_all(p.parts, value));
}

// --- compiling

bool expect(bool condition, Compiler& compiler, const Json& operand, const char* message) {
  if (!condition) compiler.mistake(operand, message);
  return condition;
}

void compile_value(const Json&, Compiler&, Predicate&) {}

void compile_no_null(const Json& operand, Compiler& compiler, Predicate&) {
  expect(!operand.is(Kind::kNull), compiler, operand,
         "null is refused anyway: \"exists\": true demands a value");
}

void compile_list(const Json& operand, Compiler& compiler, Predicate&) {
  expect(operand.is(Kind::kArray), compiler, operand, "this needs a list of values");
}

void compile_full_list(const Json& operand, Compiler& compiler, Predicate&) {
  expect(operand.is(Kind::kArray) && !operand.items.empty(), compiler, operand,
         "this needs a list of values that is not empty");
}

void compile_number(const Json& operand, Compiler& compiler, Predicate&) {
  expect(operand.is(Kind::kNumber), compiler, operand, "this needs a number");
}

void compile_text(const Json& operand, Compiler& compiler, Predicate&) {
  expect(operand.is(Kind::kString) && !operand.text.empty(), compiler, operand,
         "this needs a string that is not empty");
}

void compile_contains(const Json& operand, Compiler& compiler, Predicate&) {
  const bool empty = operand.is(Kind::kString) && operand.text.empty();
  expect(!operand.is(Kind::kNull) && !empty, compiler, operand,
         "this needs a value that is neither null nor an empty string");
}

void compile_length(const Json& operand, Compiler& compiler, Predicate& p) {
  constexpr size_t kMaxDigits = 15;
  const bool whole = operand.is(Kind::kNumber) && operand.text.size() <= kMaxDigits &&
                     operand.text.find_first_not_of("0123456789") == std::string::npos;
  if (!expect(whole, compiler, operand, "this needs a whole number, zero or more")) return;
  for (const char digit : operand.text) p.count = p.count * 10 + static_cast<uint64_t>(digit - '0');
}

void compile_regex(const Json& operand, Compiler& compiler, Predicate& p) {
  if (!expect(operand.is(Kind::kString) && operand.text.size() <= kMaxPattern, compiler, operand,
              "this needs a regular expression of at most 4096 bytes")) {
    return;
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(kMaxPatternMemory);
  p.regex = std::make_shared<const re2::RE2>(operand.text, options);
  if (!p.regex->ok()) {
    compiler.mistake(operand, "not a regular expression as RE2 reads it: " + p.regex->error());
  }
}

void compile_folder(const Json& operand, Compiler& compiler, Predicate&) {
  if (!expect(operand.is(Kind::kString), compiler, operand, "this needs a folder's path")) return;
  const Status path = check_path_parameter(operand.text);
  if (!path.ok()) compiler.mistake(operand, path.error().message);
}

void compile_hosts(const Json& operand, Compiler& compiler, Predicate& p) {
  if (!expect(operand.is(Kind::kArray), compiler, operand, "this needs a list of hosts")) return;
  for (size_t i = 0; i < operand.items.size(); ++i) {
    const Json& item = operand.items[i];
    auto pattern = HostPattern::parse(item.is(Kind::kString) ? item.text : "");
    if (pattern.ok()) {
      p.hosts.push_back(std::move(pattern).value());
    } else {
      compiler.inside(std::to_string(i))
          .mistake(item, "not a host, or *. and a name: " + pattern.error().message);
    }
  }
}

// Each of the operators in an array, as one conjunction.
void compile_parts(const Json& operand, Compiler& compiler, Predicate& p) {
  if (!expect(operand.is(Kind::kArray), compiler, operand, "this needs a list of conditions"))
    return;
  for (size_t i = 0; i < operand.items.size(); ++i) {
    Predicate part;
    part.op = conjunction();
    part.parts = compiler.inside(std::to_string(i)).predicates(operand.items[i]);
    p.parts.push_back(std::move(part));
  }
}

void compile_some_parts(const Json& operand, Compiler& compiler, Predicate& p) {
  if (operand.is(Kind::kArray) && operand.items.empty()) {
    compiler.mistake(operand, "an empty list demands nothing: name conditions, or leave it out");
  }
  compile_parts(operand, compiler, p);
}

void compile_not(const Json& operand, Compiler& compiler, Predicate& p) {
  p.parts = compiler.predicates(operand);
}

// --- describing

std::string with_operand(const char* words, const Predicate& p) { return words + shown(p.operand); }

template <const char* kWords>
std::string describe_operand(const Predicate& p) {
  return with_operand(kWords, p);
}

std::string list_of(const std::vector<Json>& items) {
  std::string out;
  for (const Json& item : items) out += (out.empty() ? "" : ", ") + shown(item);
  return out.empty() ? "nothing" : out;
}

template <const char* kWords>
std::string describe_list(const Predicate& p) {
  return kWords + list_of(p.operand.items);
}

template <const char* kWords>
std::string describe_length(const Predicate& p) {
  return kWords + p.operand.text + " long";
}

std::string describe_under(const Predicate& p) { return "beneath " + printable(p.operand.text); }

std::string describe_regex(const Predicate& p) {
  return "matching " + printable(p.operand.text) + " as a whole";
}

std::string describe_hosts(const Predicate& p) {
  std::string out;
  for (const HostPattern& host : p.hosts) out += (out.empty() ? "" : ", ") + host.text();
  return "a URL at " + (out.empty() ? "no host" : out);
}

template <const char* kBetween>
std::string describe_parts(const Predicate& p) {
  std::string out;
  for (const Predicate& part : p.parts) out += (out.empty() ? "" : kBetween) + part.describe();
  return p.parts.empty() ? "nothing" : "(" + out + ")";
}

std::string describe_not(const Predicate& p) { return "not (" + describe_all(p.parts) + ")"; }

// --- what stands in the way of judging

std::string no_objection(const Json&) { return {}; }

std::string path_objection(const Json& value) {
  if (!value.is(Kind::kString)) return "it is not a string";
  const Status path = check_path_parameter(value.text);
  return path.ok() ? "" : path.error().message;
}

std::string url_objection(const Json& value) {
  if (!value.is(Kind::kString)) return "it is not a string";
  const auto host = host_of_url(value.text);
  return host.ok() ? "" : host.error().message;
}

// --- what is demanded for certain

constexpr size_t kMaxRanges = 8;

std::optional<Demand> no_demand(const Predicate&) { return std::nullopt; }

std::optional<Demand> demand_equal(const std::vector<const Json*>& values) {
  const bool strings = std::all_of(values.begin(), values.end(),
                                   [](const Json* value) { return value->is(Kind::kString); });
  Demand demand;
  demand.scale.kind = strings ? Scale::Kind::kWhole : Scale::Kind::kOrder;
  for (const Json* value : values) {
    const Measure point = measure(value, demand.scale);
    demand.ranges.push_back({point, point});
  }
  if (demand.ranges.empty()) return std::nullopt;
  if (demand.ranges.size() > kMaxRanges) demand.ranges = {demand.hull()};
  return demand;
}

std::optional<Demand> demand_eq(const Predicate& p) { return demand_equal({&p.operand}); }

std::optional<Demand> demand_in(const Predicate& p) {
  std::vector<const Json*> values;
  for (const Json& item : p.operand.items) values.push_back(&item);
  return demand_equal(values);
}

template <bool kUpwards>
std::optional<Demand> demand_order(const Predicate& p) {
  Demand demand;
  Range range = kind_range(Kind::kNumber);
  (kUpwards ? range.least : range.most) = measure(&p.operand, demand.scale);
  demand.ranges = {range};
  return demand;
}

std::optional<Demand> demand_part(Scale::Kind kind, const std::string& part) {
  Demand demand;
  demand.scale = {kind, part.size()};
  Json value;
  value.kind = Kind::kString;
  value.text = part;
  const Measure point = measure(&value, demand.scale);
  demand.ranges = {{point, point}};
  return demand;
}

std::optional<Demand> demand_start(const Predicate& p) {
  return demand_part(Scale::Kind::kPrefix, p.operand.text);
}

std::optional<Demand> demand_end(const Predicate& p) {
  return demand_part(Scale::Kind::kSuffix, p.operand.text);
}

std::optional<Demand> demand_under(const Predicate& p) {
  const std::string& folder = p.operand.text;
  return demand_part(Scale::Kind::kPrefix, folder == "/" ? folder : folder + "/");
}

constexpr char kOtherThan[] = "other than ", kBelow[] = "below ", kUpTo[] = "up to ",
               kAbove[] = "above ", kFrom[] = "at least ", kOneOf[] = "one of ",
               kNoneOf[] = "none of ", kBeginning[] = "beginning with ", kEnding[] = "ending with ",
               kContaining[] = "containing ", kMinLong[] = "at least ", kMaxLong[] = "at most ",
               kEqual[] = "exactly ", kAnd[] = " and ", kOr[] = " or ";

// The operators. A row is all that there is to one.
constexpr Operator kOperators[] = {
    {"eq", compile_value, judge_eq, describe_operand<kEqual>, no_objection, demand_eq},
    {"ne", compile_no_null, judge_ne, describe_operand<kOtherThan>, no_objection, no_demand},
    {"lt", compile_number, judge_order<is_below>, describe_operand<kBelow>, no_objection,
     demand_order<false>},
    {"le", compile_number, judge_order<is_up_to>, describe_operand<kUpTo>, no_objection,
     demand_order<false>},
    {"gt", compile_number, judge_order<is_above>, describe_operand<kAbove>, no_objection,
     demand_order<true>},
    {"ge", compile_number, judge_order<is_from>, describe_operand<kFrom>, no_objection,
     demand_order<true>},
    {"in", compile_list, judge_in, describe_list<kOneOf>, no_objection, demand_in},
    {"not_in", compile_full_list, judge_not_in, describe_list<kNoneOf>, no_objection, no_demand},
    {"starts_with", compile_text, judge_text<text_starts>, describe_operand<kBeginning>,
     no_objection, demand_start},
    {"ends_with", compile_text, judge_text<text_ends>, describe_operand<kEnding>, no_objection,
     demand_end},
    {"contains", compile_contains, judge_contains, describe_operand<kContaining>, no_objection,
     no_demand},
    {"min_length", compile_length, judge_length<at_least>, describe_length<kMinLong>, no_objection,
     no_demand},
    {"max_length", compile_length, judge_length<at_most>, describe_length<kMaxLong>, no_objection,
     no_demand},
    {"matches", compile_regex, judge_matches, describe_regex, no_objection, no_demand},
    {"under", compile_folder, judge_under, describe_under, path_objection, demand_under},
    {"host_in", compile_hosts, judge_host_in, describe_hosts, url_objection, no_demand},
    {"all", compile_some_parts, judge_conjunction, describe_parts<kAnd>, no_objection, no_demand},
    {"any", compile_parts, judge_any, describe_parts<kOr>, no_objection, no_demand},
    {"not", compile_not, judge_not, describe_not, no_objection, no_demand},
};

std::string describe_conjunction(const Predicate& p) { return describe_all(p.parts); }
constexpr Operator kConjunction = {
    "", compile_value, judge_conjunction, describe_conjunction, no_objection, no_demand};

}  // namespace

const Operator* conjunction() { return &kConjunction; }

const Operator* find_operator(std::string_view name) {
  const auto at = std::find_if(std::begin(kOperators), std::end(kOperators),
                               [name](const Operator& op) { return op.name == name; });
  return at == std::end(kOperators) ? nullptr : at;
}

std::vector<std::string_view> operator_names() {
  std::vector<std::string_view> names = {"exists", "optional"};
  for (const Operator& op : kOperators) names.push_back(op.name);
  return names;
}

Verdict Predicate::judge(const Json& value) const { return op->judge(*this, value); }
std::string Predicate::describe() const { return op->describe(*this); }
std::string Predicate::objection(const Json& value) const { return op->objection(value); }

std::optional<Demand> Predicate::demand() const { return op->demand(*this); }

size_t Predicate::bytes() const {
  size_t sum = sizeof(Predicate) + json_bytes(operand) + hosts.size() * sizeof(HostPattern);
  if (regex) sum += kMaxPatternMemory;
  for (const Predicate& part : parts) sum += part.bytes();
  return sum;
}

Verdict judge_all(const std::vector<Predicate>& predicates, const Json& value) {
  Verdict result = Verdict::kHolds;
  for (const Predicate& predicate : predicates) {
    const Verdict one = predicate.judge(value);
    if (one == Verdict::kUnclear) return one;
    if (one == Verdict::kFails) result = one;
  }
  return result;
}

std::string describe_all(const std::vector<Predicate>& predicates) {
  std::string out;
  for (const Predicate& predicate : predicates) {
    out += (out.empty() ? "" : " ") + predicate.describe();
  }
  return out;
}

std::string shown(const Json& value) {
  const std::string text = write_json(value);
  if (text.size() <= kShownBytes) return printable(text);
  return printable(text.substr(0, kShownBytes)) + "…";
}

}  // namespace cloche::cap
