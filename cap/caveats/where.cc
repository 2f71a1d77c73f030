#include "cap/caveats/where.h"

#include <algorithm>
#include <optional>

#include "base/printable.h"
#include "cap/caveats/operators.h"
#include "cap/caveats/predicate.h"

namespace cloche::cap {
namespace {

using Kind = Json::Kind;

constexpr size_t kShownPathBytes = 120;
constexpr size_t kMaxPathSegments = 32;

enum class Presence : uint8_t { kRequired, kOptional, kAbsent };

// A segment of the parameters' names, and what is demanded there.
struct Parameter {
  std::string segment;
  bool named = false;  // by the policy; false: only something beneath it is
  Presence presence = Presence::kRequired;
  std::vector<Predicate> predicates;  // none: any value but null
  std::vector<Parameter> children;    // sorted by segment
  std::unique_ptr<Parameter> each;    // every element of an array; then there are no named children
  size_t order = 0;                   // of the policy's text

  const Parameter* child(std::string_view name) const {
    const auto at = std::lower_bound(
        children.begin(), children.end(), name,
        [](const Parameter& parameter, std::string_view n) { return parameter.segment < n; });
    return at != children.end() && at->segment == name ? &*at : nullptr;
  }
  Parameter& child_or_new(std::string_view name) {
    if (name == "*") {
      if (!each) each = std::make_unique<Parameter>();
      each->segment = name;
      return *each;
    }
    const auto at = std::lower_bound(
        children.begin(), children.end(), name,
        [](const Parameter& parameter, std::string_view n) { return parameter.segment < n; });
    if (at != children.end() && at->segment == name) return *at;
    Parameter& fresh = *children.emplace(at);
    fresh.segment = name;
    return fresh;
  }
  bool leaf() const { return children.empty() && !each; }
};

bool is_index(std::string_view segment) {
  return !segment.empty() && segment.size() <= 9 &&
         segment.find_first_not_of("0123456789") == std::string_view::npos &&
         (segment.size() == 1 || segment[0] != '0');
}

// --- judging

// Finds the first thing that is wrong, and says it when asked to.
class Judge {
 public:
  Judge(Others others, std::string* reason) : others_(others), reason_(reason) {}

  bool allows(const Parameter& parameter, const Json* value) {
    if (!value) return allows_absence(parameter);
    if (parameter.named && !allows_value(parameter, *value)) return false;
    if (parameter.leaf()) return true;
    if (value->is(Kind::kArray)) return allows_array(parameter, *value);
    if (value->is(Kind::kObject)) return allows_object(parameter, *value);
    return refuse(parameter.each ? "must be an array, is " : "must be an object, is ", *value);
  }

  // The parameters of a call as a whole.
  bool allows_root(const Parameter& root, const Json& value) {
    if (value.is(Kind::kObject)) return allows_object(root, value);
    return say(std::string("the parameters must be an object, not ") + kind_name(value.kind));
  }

 private:
  bool say(std::string text) {
    if (reason_) *reason_ = std::move(text);
    return false;
  }
  bool refuse(const std::string& why, const Json& value) {
    if (!reason_) return false;
    return say(path() + " " + why + shown(value));
  }
  bool refuse(const std::string& why) { return reason_ ? say(path() + " " + why) : false; }
  std::string path() const {
    std::string text;
    for (const std::string_view step : steps_) {
      if (!text.empty()) text += '/';
      text += step;
    }
    return printable(std::string_view(text).substr(0, kShownPathBytes));
  }

  bool step(std::string_view segment, const Parameter& parameter, const Json* value) {
    if (!reason_) return allows(parameter, value);
    steps_.push_back(segment);
    const bool allowed = allows(parameter, value);
    steps_.pop_back();
    return allowed;
  }

  bool allows_absence(const Parameter& parameter) {
    if (parameter.named && parameter.presence != Presence::kRequired) return true;
    if (parameter.named) return refuse("is missing");
    for (const Parameter& child : parameter.children) {
      if (!step(child.segment, child, nullptr)) return false;
    }
    return !parameter.each || step("*", *parameter.each, nullptr);
  }

  bool allows_value(const Parameter& parameter, const Json& value) {
    if (parameter.presence == Presence::kAbsent) return refuse("must be absent");
    if (parameter.predicates.empty()) {
      return value.is(Kind::kNull) ? refuse("is null") : true;
    }
    for (const Predicate& predicate : parameter.predicates) {
      if (predicate.judge(value) == Verdict::kHolds) continue;
      if (!reason_) return false;
      const std::string objection = predicate.objection(value);
      return say(path() + " must be " + predicate.describe() + ", is " + shown(value) +
                 (objection.empty() ? "" : ": " + objection));
    }
    return true;
  }

  bool unexpected(std::string_view segment) {
    if (!reason_) return false;
    steps_.push_back(segment);
    const bool no = refuse("is not among the parameters that are allowed");
    steps_.pop_back();
    return no;
  }

  // Whether what no child names may be in the value.
  bool covers(const Parameter& parameter) const {
    return parameter.named || others_ == Others::kAllow;
  }

  bool allows_object(const Parameter& parameter, const Json& value) {
    if (parameter.each) return refuse("must be an array, is ", value);
    if (!covers(parameter)) {
      for (const JsonMember& member : value.members) {
        if (!parameter.child(member.name)) return unexpected(member.name);
      }
    }
    for (const Parameter& child : parameter.children) {
      if (!step(child.segment, child, value.find(child.segment))) return false;
    }
    return true;
  }

  bool allows_array(const Parameter& parameter, const Json& value) {
    if (parameter.each) return allows_each(parameter, value);
    for (const Parameter& child : parameter.children) {
      if (!is_index(child.segment)) return refuse("must be an object, is ", value);
      const size_t index = std::stoul(child.segment);
      const Json* const item = index < value.items.size() ? &value.items[index] : nullptr;
      if (!step(child.segment, child, item)) return false;
    }
    if (covers(parameter)) return true;
    for (size_t i = 0; i < value.items.size(); ++i) {
      const std::string segment = std::to_string(i);
      if (!parameter.child(segment)) return unexpected(segment);
    }
    return true;
  }

  bool allows_each(const Parameter& parameter, const Json& value) {
    if (value.items.empty()) return step("*", *parameter.each, nullptr);
    for (size_t i = 0; i < value.items.size(); ++i) {
      const std::string segment = reason_ ? std::to_string(i) : std::string();
      if (!step(segment, *parameter.each, &value.items[i])) return false;
    }
    return true;
  }

  const Others others_;
  std::string* const reason_;            // null: nobody asks
  std::vector<std::string_view> steps_;  // to where the judge is; only when someone asks
};

// --- describing

void collect(const Parameter& parameter, const std::string& path,
             std::vector<std::pair<size_t, std::string>>& out) {
  if (parameter.named) {
    std::string words = printable(path) + " ";
    if (parameter.presence == Presence::kAbsent) {
      words += "absent";
    } else {
      words += parameter.predicates.empty() ? "with any value" : describe_all(parameter.predicates);
      if (parameter.presence == Presence::kOptional) words += " or absent";
    }
    out.emplace_back(parameter.order, std::move(words));
  }
  const auto below = [&path](const Parameter& child) {
    return path.empty() ? child.segment : path + "/" + child.segment;
  };
  for (const Parameter& child : parameter.children) collect(child, below(child), out);
  if (parameter.each) collect(*parameter.each, below(*parameter.each), out);
}

// --- what is demanded for certain

// Of the parameters that must be there, and that no array's element is on the way to.
void collect_demands(const Parameter& parameter, std::vector<std::string>& path,
                     std::vector<Demand>& out) {
  if (parameter.named && parameter.presence != Presence::kRequired) return;
  for (const Predicate& predicate : parameter.predicates) {
    std::optional<Demand> demand = predicate.demand();
    if (!demand) continue;
    demand->path = path;
    out.push_back(*std::move(demand));
  }
  for (const Parameter& child : parameter.children) {
    if (is_index(child.segment)) continue;  // of an object, or of an array
    path.push_back(child.segment);
    collect_demands(child, path, out);
    path.pop_back();
  }
}

std::vector<Demand> demands_of(const Parameter& root) {
  std::vector<std::string> path;
  std::vector<Demand> demands;
  collect_demands(root, path, demands);
  return demands;
}

size_t bytes_of(const std::vector<Demand>& demands) {
  size_t sum = 0;
  for (const Demand& demand : demands) sum += demand.bytes();
  return sum;
}

size_t bytes_of(const Parameter& parameter) {
  size_t sum = sizeof(Parameter) + parameter.segment.size();
  for (const Predicate& predicate : parameter.predicates) sum += predicate.bytes();
  for (const Parameter& child : parameter.children) sum += bytes_of(child);
  return sum + (parameter.each ? bytes_of(*parameter.each) : 0);
}

class WhereCaveat final : public Caveat {
 public:
  WhereCaveat(Parameter root, Others others)
      : root_(std::move(root)),
        others_(others),
        demands_(demands_of(root_)),
        bytes_(sizeof(WhereCaveat) + bytes_of(root_) + bytes_of(demands_)) {}

  bool allows(const Request& request) const override { return judge(request, nullptr); }

  std::string explain(const Request& request) const override {
    std::string reason;
    judge(request, &reason);
    return reason;
  }

  std::string describe() const override {
    std::vector<std::pair<size_t, std::string>> parts;
    collect(root_, "", parts);
    std::sort(parts.begin(), parts.end());
    std::string out;
    for (const auto& part : parts) out += (out.empty() ? "" : ", ") + part.second;
    if (others_ == Others::kAllow) {
      return out.empty() ? "any parameters" : out + ", and any other parameters";
    }
    return out.empty() ? "no parameters" : out;
  }

  std::span<const Demand> demands() const override { return demands_; }
  size_t bytes() const override { return bytes_; }

 private:
  bool judge(const Request& request, std::string* reason) const {
    static const Json kNone = [] {
      Json none;
      none.kind = Kind::kObject;
      return none;
    }();
    const Json& parameters = request.parameters ? *request.parameters : kNone;
    return Judge(others_, reason).allows_root(root_, parameters);
  }

  const Parameter root_;
  const Others others_;
  const std::vector<Demand> demands_;
  const size_t bytes_;
};

// --- compiling

// The segments of a parameter's name; nothing when it is not well-formed.
std::optional<std::vector<std::string>> split_path(std::string_view name) {
  std::vector<std::string> segments(1);
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '/') {
      segments.emplace_back();
    } else if (name[i] != '~') {
      segments.back().push_back(name[i]);
    } else if (i + 1 < name.size() && (name[i + 1] == '0' || name[i + 1] == '1')) {
      segments.back().push_back(name[++i] == '0' ? '~' : '/');
    } else {
      return std::nullopt;
    }
  }
  for (const std::string& segment : segments) {
    if (segment.empty()) return std::nullopt;
  }
  return segments.size() <= kMaxPathSegments ? std::optional(std::move(segments)) : std::nullopt;
}

class WhereCompiler {
 public:
  WhereCompiler(const std::string& pointer, Mistakes& mistakes)
      : pointer_(pointer), mistakes_(mistakes) {}

  void compile(const Json& where, Parameter& root) {
    if (!where.is(Kind::kObject)) {
      report(pointer_, where.offset, "\"where\" is an object of parameters and their conditions");
      return;
    }
    for (const JsonMember& member : where.members) compile_member(member, root);
    check_shapes(root, where.offset);
  }

 private:
  void report(const std::string& pointer, size_t offset, std::string message) {
    mistakes_.push_back({pointer, offset, std::move(message), {}});
  }

  void compile_member(const JsonMember& member, Parameter& root) {
    const std::string pointer = pointer_to(pointer_, member.name);
    const auto segments = split_path(member.name);
    if (!segments || segments->front() == "*") {
      report(pointer, member.name_offset,
             "a parameter's name has 1 to 32 segments between slashes, none empty; ~1 and ~0 stand "
             "for / and ~, and the first is not *");
      return;
    }
    Parameter* parameter = &root;
    for (const std::string& segment : *segments) parameter = &parameter->child_or_new(segment);
    if (parameter->named) {
      report(pointer, member.name_offset, "the same parameter is named twice");
      return;
    }
    parameter->named = true;
    parameter->order = member.name_offset;
    compile_conditions(member.value, pointer, *parameter);
  }

  void compile_conditions(const Json& conditions, const std::string& pointer, Parameter& out) {
    Json rest = conditions;
    const std::optional<bool> exists = take_flag(rest, "exists", pointer);
    const std::optional<bool> optional = take_flag(rest, "optional", pointer);
    if (exists == false) out.presence = Presence::kAbsent;
    if (optional == true) out.presence = Presence::kOptional;
    if (exists && optional == true) {
      report(pointer, conditions.offset, "\"exists\" and \"optional\" contradict one another");
    }
    if (exists == false && !rest.members.empty()) {
      report(pointer, conditions.offset, "what must be absent has no other conditions");
    }
    if (exists && rest.members.empty()) return;
    out.predicates = compile_predicates(rest, pointer, room_, mistakes_);
  }

  // The member of that name, taken out of the conditions.
  std::optional<bool> take_flag(Json& conditions, std::string_view name,
                                const std::string& pointer) {
    const auto at = std::find_if(conditions.members.begin(), conditions.members.end(),
                                 [name](const JsonMember& m) { return m.name == name; });
    if (at == conditions.members.end()) return std::nullopt;
    const Json value = at->value;
    conditions.members.erase(at);
    if (!value.is(Kind::kBool)) {
      report(pointer_to(pointer, name), value.offset, "this needs true or false");
      return std::nullopt;
    }
    return value.boolean;
  }

  // An array's elements are named by * or by index, an object's members by name.
  void check_shapes(const Parameter& parameter, size_t offset) {
    if (parameter.each && !parameter.children.empty()) {
      report(pointer_, offset,
             "beside * no other part of the same array can be named, as in \"" +
                 printable(parameter.segment) + "\"");
    }
    for (const Parameter& child : parameter.children) check_shapes(child, offset);
    if (parameter.each) check_shapes(*parameter.each, offset);
  }

  const std::string& pointer_;
  Mistakes& mistakes_;
  size_t room_ = kMaxPredicates;
};

}  // namespace

Result<std::shared_ptr<const Caveat>, Mistakes> compile_where(const Json& where, Others others,
                                                              const std::string& pointer) {
  Mistakes mistakes;
  Parameter root;
  WhereCompiler(pointer, mistakes).compile(where, root);
  if (!mistakes.empty()) {
    sort_mistakes(mistakes);
    return mistakes;
  }
  return std::shared_ptr<const Caveat>(std::make_shared<WhereCaveat>(std::move(root), others));
}

}  // namespace cloche::cap
