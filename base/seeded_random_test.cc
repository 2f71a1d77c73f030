#include "base/seeded_random.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/sha256.h"

namespace cloche {
namespace {

std::string draw(RandomSource& random, size_t size) {
  std::vector<uint8_t> bytes(size);
  random.fill(bytes.data(), bytes.size());
  return to_hex(bytes);
}

// RFC 8439, A.1: test vectors 1 and 2 are the first two blocks of the zero key, 3 the second one of
// the key that ends in 1.
TEST(SeededRandom, IsTheKeystreamOfChaCha20) {
  const std::string first =
      "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
      "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586";
  const std::string second =
      "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
      "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f";
  SeededRandom zero({});
  EXPECT_EQ(draw(zero, 128), first + second);
  SeededRandom::Seed one{};
  one.back() = 1;
  SeededRandom random(one);
  EXPECT_EQ(draw(random, 128).substr(128),
            "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a"
            "8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0");
}

TEST(SeededRandom, DoesNotDependOnHowMuchIsDrawnAtATime) {
  SeededRandom whole({1, 2, 3}), parts({1, 2, 3});
  std::string joined;
  size_t drawn = 0;
  for (size_t size = 0; drawn + size <= 1000; drawn += size++) joined += draw(parts, size);
  EXPECT_EQ(joined, draw(whole, drawn));
}

TEST(SeededRandom, SplitsIntoStreamsThatDoNotTouchEachOther) {
  SeededRandom a({7}), b({7}), c({8});
  const auto child_of_a = a.split(), child_of_b = b.split();
  const std::string ahead = draw(a, 100);  // before the child draws, and for b after it
  const std::string child = draw(*child_of_a, 100);
  EXPECT_EQ(draw(*child_of_b, 100), child);
  EXPECT_EQ(draw(b, 100), ahead);
  EXPECT_NE(child, ahead);
  EXPECT_NE(draw(*a.split(), 100), child);
  EXPECT_NE(draw(*c.split(), 100), child);
  HostRandom host;
  EXPECT_EQ(host.split(), nullptr);
}

TEST(SeededRandom, ReadsSeeds) {
  const std::string digits = "00ff10Ab" + std::string(54, '1') + "7f";
  const auto seed = SeededRandom::parse_seed(digits);
  ASSERT_TRUE(seed);
  EXPECT_EQ((std::vector<uint8_t>(seed->begin(), seed->begin() + 5)),
            (std::vector<uint8_t>{0, 0xff, 0x10, 0xab, 0x11}));
  EXPECT_EQ(seed->back(), 0x7f);
  for (const std::string& text :
       {std::string(), digits + "0", digits.substr(1), digits.substr(2), "0x" + digits.substr(2),
        "-1" + digits.substr(2), "+1" + digits.substr(2), " 1" + digits.substr(2),
        digits.substr(0, 63) + "g", digits.substr(0, 63) + std::string(1, '\0')}) {
    EXPECT_FALSE(SeededRandom::parse_seed(text)) << text;
  }
}

class FixedClock final : public Clock {
 public:
  int64_t monotonic_ns() override { return now; }
  int64_t realtime_ns() override { return now; }
  int64_t now = 0;
};

TEST(RoundedClock, RoundsDownAlsoBefore1970) {
  FixedClock clock;
  RoundedClock rounded(clock, 1000);
  for (const auto& [now, shown] : std::vector<std::pair<int64_t, int64_t>>{
           {0, 0}, {999, 0}, {1000, 1000}, {1999, 1000}, {-1, -1000}, {-1000, -1000}}) {
    clock.now = now;
    EXPECT_EQ(rounded.monotonic_ns(), shown) << now;
    EXPECT_EQ(rounded.realtime_ns(), shown) << now;
    EXPECT_EQ(rounded.cpu_ns(), shown) << now;
  }
  EXPECT_EQ(rounded.round_up(1), 1000);
  EXPECT_EQ(rounded.round_up(1000), 1000);
  EXPECT_EQ(rounded.round_up(-1), 0);
  EXPECT_LE(rounded.round_up(INT64_MAX), INT64_MAX);
  RoundedClock exact(clock, 1);
  clock.now = 1'234'567'891;
  EXPECT_EQ(exact.realtime_ns(), 1'234'567'891);
}

}  // namespace
}  // namespace cloche
