#include "cap/index/index.h"

#include <algorithm>
#include <iterator>

#include "base/result.h"

namespace cloche::cap {

void Index::Bucket::append_those_that_may_allow(const Json* parameters,
                                                std::vector<uint32_t>& out) const {
  if (numbers.size() < kSieveFrom) {
    out.insert(out.end(), numbers.begin(), numbers.end());
    return;
  }
  if (!sieve) {
    sieve.emplace();
    for (const auto& one : demands) sieve->add(one);
  }
  for (const uint32_t i : sieve->pass(parameters)) out.push_back(numbers[i]);
}

void Index::add(uint32_t number, const Names& names, std::vector<const Demand*> demands) {
  Bucket& bucket = !names.only.empty() ? by_name_[std::string(names.only)]
                   : !names.first_segment.empty()
                       ? by_first_segment_[std::string(names.first_segment)]
                       : others_;
  CHECK(bucket.numbers.empty() || bucket.numbers.back() < number);
  bucket.numbers.push_back(number);
  bucket.demands.push_back(std::move(demands));
  bucket.sieve.reset();
}

void Index::remove(uint32_t number, const Names& names) {
  Buckets* const buckets = !names.only.empty()            ? &by_name_
                           : !names.first_segment.empty() ? &by_first_segment_
                                                          : nullptr;
  const auto at = buckets ? buckets->find(names.only.empty() ? names.first_segment : names.only)
                          : Buckets::iterator();
  Bucket& bucket = buckets ? at->second : others_;
  const auto found = std::ranges::lower_bound(bucket.numbers, number);
  CHECK(found != bucket.numbers.end() && *found == number);
  bucket.demands.erase(bucket.demands.begin() + (found - bucket.numbers.begin()));
  bucket.numbers.erase(found);
  bucket.sieve.reset();
  if (buckets && bucket.numbers.empty()) buckets->erase(at);
}

// `append` adds to the list what it wants of a bucket, ascending.
template <class Append>
std::vector<uint32_t> Index::collect(const Names& name, Append append) const {
  std::vector<uint32_t> all;
  append(others_, all);
  const auto add = [&all, &append](const Buckets& buckets, std::string_view key) {
    const auto at = buckets.find(key);
    if (at == buckets.end()) return;
    if (all.empty()) return append(at->second, all);
    std::vector<uint32_t> more, both;
    append(at->second, more);
    both.reserve(all.size() + more.size());
    std::ranges::merge(all, more, std::back_inserter(both));
    all = std::move(both);
  };
  add(by_name_, name.only);
  add(by_first_segment_, name.first_segment);
  return all;
}

std::vector<uint32_t> Index::about(const Names& name) const {
  return collect(name, [](const Bucket& bucket, std::vector<uint32_t>& out) {
    out.insert(out.end(), bucket.numbers.begin(), bucket.numbers.end());
  });
}

std::vector<uint32_t> Index::that_may_allow(const Names& name, const Json* parameters) const {
  return collect(name, [parameters](const Bucket& bucket, std::vector<uint32_t>& out) {
    bucket.append_those_that_may_allow(parameters, out);
  });
}

}  // namespace cloche::cap
