#include "base/sha256.h"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace cloche {
namespace {

alignas(16) constexpr uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

uint32_t load_big_endian(const uint8_t* bytes) {
  uint32_t word;
  std::memcpy(&word, bytes, 4);
  return __builtin_bswap32(word);
}

void store_big_endian(uint8_t* bytes, uint64_t value, int size) {
  for (int i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(value >> (8 * (size - 1 - i)));
}

void mix_blocks(std::array<uint32_t, 8>& state, const uint8_t* blocks, uint64_t count) {
  static const bool native = internal::has_sha_instructions();
  if (native) {
    internal::sha256_blocks_native(state, blocks, count);
  } else {
    internal::sha256_blocks_portable(state, blocks, count);
  }
}

}  // namespace

namespace internal {

void sha256_blocks_portable(std::array<uint32_t, 8>& state, const uint8_t* blocks, uint64_t count) {
  for (; count > 0; --count, blocks += 64) {
    uint32_t w[64];
    for (size_t i = 0; i < 16; ++i) w[i] = load_big_endian(blocks + 4 * i);
    for (int i = 16; i < 64; ++i) {
      uint32_t s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
      uint32_t s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    auto [a, b, c, d, e, f, g, h] = state;
    for (int i = 0; i < 64; ++i) {
      uint32_t s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
      uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + kRound[i] + w[i];
      uint32_t s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
      uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
      h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    const uint32_t mixed[8] = {a, b, c, d, e, f, g, h};
    for (size_t i = 0; i < 8; ++i) state[i] += mixed[i];
  }
}

#if defined(__x86_64__)

bool has_sha_instructions() {
  // SHA is CPUID leaf 7, EBX bit 29; SSE4.1 and SSSE3 are leaf 1, ECX bits 19 and 9. (Older
  // compilers' __builtin_cpu_supports knows no "sha", and it has the whole processor described at
  // start-up, which in a virtual machine takes longer than all hashing of a short program.)
  uint32_t a = 7, b = 0, c = 0, d = 0;
  __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  if ((b >> 29 & 1) == 0) return false;
  a = 1, c = 0;
  __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  return (c >> 19 & 1) != 0 && (c >> 9 & 1) != 0;
}

__attribute__((target("sha,sse4.1,ssse3"))) void sha256_blocks_native(
    std::array<uint32_t, 8>& state, const uint8_t* blocks, uint64_t count) {
  // The instructions keep the state as {A,B,E,F} and {C,D,G,H}, the first letter in the highest
  // lane.
  auto vectors = reinterpret_cast<__m128i*>(state.data());
  __m128i dcba = _mm_loadu_si128(vectors), hgfe = _mm_loadu_si128(vectors + 1);
  __m128i cdab = _mm_shuffle_epi32(dcba, 0xb1), efgh = _mm_shuffle_epi32(hgfe, 0x1b);
  __m128i abef = _mm_alignr_epi8(cdab, efgh, 8), cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  for (; count > 0; --count, blocks += 64) {
    const __m128i abef_before = abef, cdgh_before = cdgh;
    __m128i w[4];
    for (int i = 0; i < 4; ++i) {
      w[i] = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(blocks) + i), swap);
    }
    for (int i = 0; i < 16; ++i) {
      __m128i& now = w[i & 3];
      if (i >= 4) {  // the schedule's next four words, from the last sixteen
        const __m128i last = w[(i + 3) & 3], before_last = w[(i + 2) & 3];
        now = _mm_sha256msg1_epu32(now, w[(i + 1) & 3]);
        now = _mm_add_epi32(now, _mm_alignr_epi8(last, before_last, 4));
        now = _mm_sha256msg2_epu32(now, last);
      }
      __m128i input =
          _mm_add_epi32(now, _mm_load_si128(reinterpret_cast<const __m128i*>(kRound) + i));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, input);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(input, 0x0e));
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  __m128i feba = _mm_shuffle_epi32(abef, 0x1b), dchg = _mm_shuffle_epi32(cdgh, 0xb1);
  _mm_storeu_si128(vectors, _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128(vectors + 1, _mm_alignr_epi8(dchg, feba, 8));
}

#else

bool has_sha_instructions() { return false; }

void sha256_blocks_native(std::array<uint32_t, 8>& state, const uint8_t* blocks, uint64_t count) {
  sha256_blocks_portable(state, blocks, count);
}

#endif

}  // namespace internal

Sha256::Sha256()
    : state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
             0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19},
      block_{} {}

void Sha256::update(std::span<const uint8_t> bytes) {
  if (bytes.empty()) return;
  size_t held = total_ % 64;
  total_ += bytes.size();
  if (held > 0) {
    size_t taken = std::min(64 - held, bytes.size());
    std::memcpy(block_.data() + held, bytes.data(), taken);
    bytes = bytes.subspan(taken);
    if (held + taken < 64) return;
    mix_blocks(state_, block_.data(), 1);
  }
  if (bytes.size() >= 64) {
    mix_blocks(state_, bytes.data(), bytes.size() / 64);
    bytes = bytes.subspan(bytes.size() / 64 * 64);
  }
  if (!bytes.empty()) std::memcpy(block_.data(), bytes.data(), bytes.size());
}

Sha256Digest Sha256::finish() {
  const uint64_t bits = total_ * 8;
  uint8_t padding[72] = {0x80};
  size_t zeros = (119 - total_ % 64) % 64;
  store_big_endian(padding + 1 + zeros, bits, 8);
  update({padding, 1 + zeros + 8});
  Sha256Digest digest;
  for (size_t i = 0; i < 8; ++i) store_big_endian(digest.data() + 4 * i, state_[i], 4);
  return digest;
}

Sha256Digest sha256(std::span<const uint8_t> bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

std::string to_hex(std::span<const uint8_t> bytes) {
  std::string text;
  append_hex(text, bytes);
  return text;
}

void append_hex(std::string& out, std::span<const uint8_t> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  const size_t before = out.size();
  out.resize(before + 2 * bytes.size());
  char* at = out.data() + before;
  for (const uint8_t byte : bytes) {
    *at++ = kDigits[byte >> 4];
    *at++ = kDigits[byte & 15];
  }
}

}  // namespace cloche
