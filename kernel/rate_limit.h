// At most so many events a second: a bucket of tokens that fills evenly and holds those of a
// second.
#pragma once

#include <algorithm>
#include <cstdint>

namespace cloche::kernel {

class RateLimit {
 public:
  // Events a second; 0: no limit. The bucket begins full.
  void set_rate(uint64_t rate) {
    rate_ = rate;
    tokens_ = rate * kUnit;
  }
  // Whether one more may happen at `now` (monotonic ns); then it is counted.
  [[nodiscard]] bool take(int64_t now) {
    if (rate_ == 0) return true;
    const auto passed =
        static_cast<uint64_t>(std::clamp<int64_t>(now - last_ns_, 0, int64_t{kUnit}));
    last_ns_ = std::max(now, last_ns_);
    tokens_ = std::min(tokens_ + passed * rate_, rate_ * kUnit);
    if (tokens_ < kUnit) return false;
    tokens_ -= kUnit;
    return true;
  }

 private:
  static constexpr uint64_t kUnit = 1'000'000'000;  // one token, in parts
  uint64_t rate_ = 0, tokens_ = 0;                  // rates up to 2^33 do not overflow
  int64_t last_ns_ = 0;
};

}  // namespace cloche::kernel
