// Hostile programs: what each runs, within which limits, and how it must end.
#pragma once

#include <string>
#include <vector>

#include "include/cloche/cloche.hpp"

namespace cloche::tenant {

struct Attack {
  enum class Module : uint8_t { kNone, kManyFunctions };

  std::string name;
  std::vector<std::string> argv;
  std::vector<LimitValue> limits = {};  // beside those of all attacks
  std::vector<std::string> ends;        // any of these, as text_of() has them
  Module module = Module::kNone;        // run instead of a program; argv[0] is its name
};

// All of them. Their programs are those of programs/, at kPrograms.
std::vector<Attack> attacks();
inline constexpr const char* kPrograms = "/programs";

// The limits of an attack, its own and those of all.
Limits limits_of(const Attack& attack);
// What it was made of, for RunOptions.
RunOptions run_options(const Attack& attack);

// How a run ended, in one word or two: the limit's name, "exit 0", "signal 11", "error not_found".
std::string text_of(const RunResult& result);
bool as_expected(const Attack& attack, const RunResult& result);

}  // namespace cloche::tenant
