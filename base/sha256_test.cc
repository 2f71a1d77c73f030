#include "base/sha256.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace cloche {
namespace {

std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string hex_of(std::string_view text) { return to_hex(sha256(bytes_of(text))); }

// The examples of FIPS 180-4.
TEST(Sha256, KnownAnswers) {
  EXPECT_EQ(hex_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex_of(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesGiveTheSameAsTheWhole) {
  std::vector<uint8_t> data(300);
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<uint8_t>(i * 7);
  for (size_t size = 0; size <= data.size(); ++size) {
    std::span<const uint8_t> whole(data.data(), size);
    for (size_t cut : {size_t{0}, size / 3, size / 2, size}) {
      Sha256 hash;
      hash.update(whole.first(cut));
      hash.update(whole.subspan(cut));
      ASSERT_EQ(hash.finish(), sha256(whole)) << size << " cut at " << cut;
    }
  }
}

TEST(Sha256, NativeAgreesWithPortable) {
  if (!internal::has_sha_instructions()) GTEST_SKIP() << "this processor has no SHA instructions";
  std::vector<uint8_t> data(size_t{64} * 9);
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<uint8_t>(i * i + 3);
  for (uint64_t blocks = 0; blocks <= 9; ++blocks) {
    std::array<uint32_t, 8> one{1, 2, 3, 4, 5, 6, 7, 8}, other = one;
    internal::sha256_blocks_portable(one, data.data(), blocks);
    internal::sha256_blocks_native(other, data.data(), blocks);
    EXPECT_EQ(one, other) << blocks;
  }
}

}  // namespace
}  // namespace cloche
