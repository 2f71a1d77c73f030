#include "cap/index/sieve.h"

#include <algorithm>

namespace cloche::cap {
namespace {

Measure width_of(const Demand& demand) { return demand.hull().most - demand.hull().least; }

}  // namespace

void Sieve::add(const std::vector<const Demand*>& demands) {
  std::vector<Check>& checks = checks_.emplace_back();
  for (const Demand* demand : demands) {
    const auto next = static_cast<uint32_t>(slots_.size() + 1);
    const auto at = slots_.try_emplace({demand->path, demand->scale}, next).first;
    checks.push_back({demand, at->second});
  }
  std::ranges::sort(checks, {}, [](const Check& c) { return width_of(*c.demand); });
  if (checks.size() > kMaxChecks) checks.resize(kMaxChecks);
  First& first = first_.emplace_back();
  if (!checks.empty()) {
    first = {checks[0].demand->hull().least, width_of(*checks[0].demand), checks[0].slot};
  }
}

std::vector<Measure> Sieve::measure_slots(const Json* parameters) const {
  std::vector<Measure> measures(slots_.size() + 1);
  for (const auto& [what, slot] : slots_) {
    measures[slot] = measure(value_at(parameters, what.first), what.second);
  }
  return measures;
}

std::vector<uint32_t> Sieve::pass(const Json* parameters) const {
  const std::vector<Measure> measures = measure_slots(parameters);
  std::vector<uint32_t> passed;
  for (uint32_t i = 0; i < first_.size(); ++i) {
    const First& first = first_[i];
    if (measures[first.slot] - first.least > first.width) continue;
    const bool all = std::ranges::all_of(checks_[i], [&measures](const Check& check) {
      return check.demand->met_by(measures[check.slot]);
    });
    if (all) passed.push_back(i);
  }
  return passed;
}

}  // namespace cloche::cap
