// From the JSON of a policy to predicates.
#include <algorithm>

#include "base/printable.h"
#include "cap/caveats/operators.h"

namespace cloche::cap {
namespace {

constexpr size_t kShownWordBytes = 40;

bool is_about_presence(std::string_view name) { return name == "exists" || name == "optional"; }

// The members in the order of the text, which is the order of descriptions.
std::vector<const JsonMember*> in_order(const Json& object) {
  std::vector<const JsonMember*> members;
  members.reserve(object.members.size());
  for (const JsonMember& member : object.members) members.push_back(&member);
  std::sort(members.begin(), members.end(), [](const JsonMember* a, const JsonMember* b) {
    return a->name_offset < b->name_offset;
  });
  return members;
}

}  // namespace

void Compiler::report(size_t offset, const std::string& message, std::string suggestion) {
  mistakes_.push_back({pointer_, offset, printable(message), std::move(suggestion)});
}

std::vector<Predicate> Compiler::predicates(const Json& operators) {
  std::vector<Predicate> out;
  if (!operators.is(Json::Kind::kObject)) {
    mistake(operators, "conditions are an object like {\"eq\": \"x\"}");
  } else if (operators.members.empty()) {
    mistake(operators, "no condition stands here: \"exists\": true allows any value");
  } else {
    for (const JsonMember* member : in_order(operators)) predicate(*member, out);
  }
  return out;
}

void Compiler::predicate(const JsonMember& member, std::vector<Predicate>& out) {
  Compiler at = inside(member.name);
  const Operator* const op = find_operator(member.name);
  if (!op) {
    const std::string word = member.name.substr(0, kShownWordBytes);
    if (is_about_presence(word)) {
      at.mistaken_name(member, "\"" + word + "\" stands only directly at a parameter");
    } else {
      at.mistaken_name(member, "there is no operator \"" + word + "\"",
                       nearest_word(member.name, operator_names()));
    }
    return;
  }
  if (room_ == 0) {
    at.mistaken_name(member, "there are more than 4096 conditions");
    return;
  }
  --room_;
  Predicate result;
  result.op = op;
  result.operand = member.value;
  op->compile(member.value, at, result);
  // What was compiled from it says it all.
  if (!result.parts.empty()) result.operand = Json();
  out.push_back(std::move(result));
}

std::vector<Predicate> compile_predicates(const Json& operators, const std::string& pointer,
                                          size_t& room, Mistakes& mistakes) {
  return Compiler(pointer, room, mistakes).predicates(operators);
}

}  // namespace cloche::cap
