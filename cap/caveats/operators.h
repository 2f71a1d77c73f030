// The table of operators and how they are compiled. For predicate.cc and compile.cc only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cap/caveats/predicate.h"

namespace cloche::cap {

// Where in the policy the compiler is, and where mistakes go.
class Compiler {
 public:
  Compiler(std::string pointer, size_t& room, Mistakes& mistakes)
      : pointer_(std::move(pointer)), room_(room), mistakes_(mistakes) {}

  void mistake(const Json& at, const std::string& message) { report(at.offset, message, {}); }
  void mistaken_name(const JsonMember& at, const std::string& message,
                     std::string suggestion = {}) {
    report(at.name_offset, message, std::move(suggestion));
  }
  Compiler inside(std::string_view step) const {
    return Compiler(pointer_to(pointer_, step), room_, mistakes_);
  }
  // {"op": operand, …}: at least one operator, none of those that are for parameters.
  std::vector<Predicate> predicates(const Json& operators);
  // One operator and its operand, appended unless there is no such operator.
  void predicate(const JsonMember& member, std::vector<Predicate>& out);

 private:
  void report(size_t offset, const std::string& message, std::string suggestion);

  std::string pointer_;
  size_t& room_;
  Mistakes& mistakes_;
};

struct Operator {
  std::string_view name;
  // Checks the operand and sets what else the predicate needs; reports mistakes.
  void (*compile)(const Json& operand, Compiler& compiler, Predicate& predicate);
  Verdict (*judge)(const Predicate& predicate, const Json& value);
  std::string (*describe)(const Predicate& predicate);
  std::string (*objection)(const Json& value);
  // What each value for which it holds meets, without a path; nothing when that says too little.
  std::optional<Demand> (*demand)(const Predicate& predicate);
};

const Operator* find_operator(std::string_view name);  // null: none of that name
const Operator* conjunction();                         // of its parts; has no name

}  // namespace cloche::cap
