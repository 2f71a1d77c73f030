#include "base/seeded_random.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

namespace cloche {
namespace {

static_assert(std::endian::native == std::endian::little, "words are copied as they are");

constexpr std::array<uint32_t, 4> kConstants = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
constexpr size_t kKeyAt = 4, kCounterAt = 12;  // words of the state

void quarter_round(std::array<uint32_t, 16>& x, size_t a, size_t b, size_t c, size_t d) {
  x[a] += x[b];
  x[d] = std::rotl(x[d] ^ x[a], 16);
  x[c] += x[d];
  x[b] = std::rotl(x[b] ^ x[c], 12);
  x[a] += x[b];
  x[d] = std::rotl(x[d] ^ x[a], 8);
  x[c] += x[d];
  x[b] = std::rotl(x[b] ^ x[c], 7);
}

}  // namespace

SeededRandom::SeededRandom(const Seed& seed) : state_{}, block_{}, used_(block_.size()) {
  std::copy(kConstants.begin(), kConstants.end(), state_.begin());
  std::memcpy(&state_[kKeyAt], seed.data(), seed.size());
}

void SeededRandom::next_block() {
  std::array<uint32_t, 16> x = state_;
  for (int round = 0; round < 20; round += 2) {
    for (size_t i = 0; i < 4; ++i) quarter_round(x, i, i + 4, i + 8, i + 12);
    for (size_t i = 0; i < 4; ++i) {
      quarter_round(x, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
    }
  }
  for (size_t i = 0; i < x.size(); ++i) x[i] += state_[i];
  std::memcpy(block_.data(), x.data(), block_.size());
  if (++state_[kCounterAt] == 0) ++state_[kCounterAt + 1];
  used_ = 0;
}

void SeededRandom::fill(void* buffer, size_t size) {
  auto* to = static_cast<uint8_t*>(buffer);
  while (size > 0) {
    if (used_ == block_.size()) next_block();
    const size_t part = std::min(size, block_.size() - used_);
    std::memcpy(to, block_.data() + used_, part);
    used_ += part;
    to += part;
    size -= part;
  }
}

std::optional<SeededRandom::Seed> SeededRandom::parse_seed(std::string_view text) {
  Seed seed;
  if (text.size() != 2 * seed.size()) return std::nullopt;
  for (size_t i = 0; i < seed.size(); ++i) {
    const char* const digits = text.data() + 2 * i;
    const auto [end, error] = std::from_chars(digits, digits + 2, seed[i], 16);
    if (error != std::errc() || end != digits + 2) return std::nullopt;
  }
  return seed;
}

std::unique_ptr<RandomSource> SeededRandom::split() {
  Seed seed;
  fill(seed.data(), seed.size());
  return std::make_unique<SeededRandom>(seed);
}

}  // namespace cloche
