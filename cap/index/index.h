// The grants that a request may be about, of many.
//
// Found by name, and by what their conditions demand for certain. It leaves out only those that
// cannot allow the request; whoever asks judges the rest in full. So a mistake in this folder can
// refuse a call, never allow one.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cap/index/sieve.h"

namespace cloche::cap {

// Which names a grant is about. Both empty: any.
struct Names {
  std::string_view only;           // the one name; empty when there may be more
  std::string_view first_segment;  // what each begins with, up to its first slash; empty: anything
};

// Thread class: unsafe, find() too.
class Index {
 public:
  // `number` is greater than all before. The demands live until it is removed; a request that the
  // grant allows meets all of them.
  void add(uint32_t number, const Names& names, std::vector<const Demand*> demands);
  // What was added with the same names.
  void remove(uint32_t number, const Names& names);

  // The numbers of the grants that may be about the name, ascending.
  std::vector<uint32_t> about(const Names& name) const;
  // Of these, the ones whose demands are met. Each of the others refuses these parameters.
  std::vector<uint32_t> that_may_allow(const Names& name, const Json* parameters) const;

 private:
  // From so many on, comparing demands is faster than judging each.
  static constexpr size_t kSieveFrom = 8;
  struct Bucket {
    std::vector<uint32_t> numbers;
    std::vector<std::vector<const Demand*>> demands;  // of each
    mutable std::optional<Sieve> sieve;               // of them all; made when needed

    void append_those_that_may_allow(const Json* parameters, std::vector<uint32_t>& out) const;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Buckets = std::unordered_map<std::string, Bucket, Hash, std::equal_to<>>;

  template <class Append>
  std::vector<uint32_t> collect(const Names& name, Append append) const;

  // Each grant stands in one of them.
  Buckets by_name_;
  Buckets by_first_segment_;
  Bucket others_;
};

}  // namespace cloche::cap
