// Which of many grants may allow a call, found without judging each of them.
//
// It leaves a grant out only when the call does not meet one of its demands. What it lets pass is
// judged in full by whoever asks: a mistake in this folder can refuse a call, never allow one.
//
// Cost of pass(): one measurement for each pair of path and scale that any demand names, one
// comparison for each grant, and one for each further demand of those that meet their first.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cap/index/demand.h"

namespace cloche::cap {

class Sieve {
 public:
  static constexpr size_t kMaxChecks = 8;  // of one grant

  // A grant more; they are numbered from 0. The demands are kept by reference, the narrowest ones:
  // kMaxChecks at most.
  void add(const std::vector<const Demand*>& demands);
  // The grants whose demands are all met, ascending.
  std::vector<uint32_t> pass(const Json* parameters) const;

 private:
  struct Check {
    const Demand* demand;
    uint32_t slot;
  };
  // The hull of a grant's narrowest demand, close together for all grants: most fail it.
  struct First {
    Measure least = 0, width = UINT64_MAX;
    uint32_t slot = 0;
  };
  std::vector<Measure> measure_slots(const Json* parameters) const;

  // What is measured, each pair of path and scale once, and where its measure stands; 0 is of none.
  std::map<std::pair<std::vector<std::string>, Scale>, uint32_t> slots_;
  std::vector<First> first_;
  std::vector<std::vector<Check>> checks_;  // of each grant
};

}  // namespace cloche::cap
