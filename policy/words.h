// A policy in plain words, for a person who must say yes or no to it, and as JSON for a program.
#pragma once

#include <string>
#include <vector>

#include "policy/policy.h"

namespace cloche::policy {

// One line each, printable: what may be called, seen and changed, which variables are set, which
// limits hold, what clocks and random numbers are like; and what is not granted at all.
std::vector<std::string> describe(const Policy& policy);

// The same on one line: {"ok": true, "tools": [{"tool", "words", "audit"}], "mounts": […], "env":
// {…}, "limits": {…}, "clock": null|{"resolution"}, "random": null|{"seed"}, "words": […]}.
std::string describe_json(const Policy& policy);

// {"ok": false, "mistakes": [{"line", "column", "pointer", "message", "suggestion"|null}]}.
std::string mistakes_json(const cap::Mistakes& mistakes, std::string_view text);

// {"allowed": true|false, "reason": null|"caveat", "message": null|"amount must be …"}.
std::string answer_json(const std::optional<cap::Denial>& denial);

}  // namespace cloche::policy
