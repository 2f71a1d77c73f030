#include "cap/index/index.h"

#include <algorithm>

#include "base/result.h"

namespace cloche::cap {

std::vector<uint32_t> Index::Bucket::that_may_allow(const Json* parameters) const {
  if (numbers.size() < kSieveFrom) return numbers;
  if (!sieve) {
    sieve.emplace();
    for (const auto& one : demands) sieve->add(one);
  }
  std::vector<uint32_t> passed = sieve->pass(parameters);
  for (uint32_t& i : passed) i = numbers[i];
  return passed;
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

template <class Ask>
std::vector<uint32_t> Index::collect(const Names& name, Ask ask) const {
  std::vector<uint32_t> all = ask(others_);
  const auto add = [&all, &ask](const Buckets& buckets, std::string_view key) {
    const auto at = buckets.find(key);
    if (at == buckets.end()) return;
    const auto& more = ask(at->second);
    const auto before = static_cast<ptrdiff_t>(all.size());
    all.insert(all.end(), more.begin(), more.end());
    if (before > 0) std::inplace_merge(all.begin(), all.begin() + before, all.end());
  };
  add(by_name_, name.only);
  add(by_first_segment_, name.first_segment);
  return all;
}

std::vector<uint32_t> Index::about(const Names& name) const {
  return collect(name, [](const Bucket& bucket) -> const auto& { return bucket.numbers; });
}

std::vector<uint32_t> Index::that_may_allow(const Names& name, const Json* parameters) const {
  return collect(name,
                 [parameters](const Bucket& bucket) { return bucket.that_may_allow(parameters); });
}

}  // namespace cloche::cap
