// MD5 (RFC 1321), SHA-1 and SHA-2 (FIPS 180-4).
#include <stdlib.h>
#include <string.h>

#include "js.h"

enum algorithm { MD5, SHA1, SHA256, SHA224, SHA512, SHA384 };

static uint32_t left(uint32_t x, unsigned n) { return x << n | x >> (32 - n); }
static uint32_t right(uint32_t x, unsigned n) { return x >> n | x << (32 - n); }
static uint64_t right64(uint64_t x, unsigned n) { return x >> n | x << (64 - n); }

static uint32_t big32(const uint8_t* at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint64_t big64(const uint8_t* at) { return (uint64_t)big32(at) << 32 | big32(at + 4); }

static void md5_block(uint32_t* state, const uint8_t* block) {
  static const uint8_t kShifts[] = {7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};
  static uint32_t table[64];
  if (!table[0]) {
    for (int i = 0; i < 64; ++i)
      table[i] = (uint32_t)(__builtin_fabs(__builtin_sin(i + 1)) * 4294967296.0);
  }
  uint32_t words[16], a = state[0], b = state[1], c = state[2], d = state[3];
  memcpy(words, block, sizeof words);
  for (int i = 0; i < 64; ++i) {
    uint32_t f;
    int k = i;
    if (i < 16) {
      f = (b & c) | (~b & d);
    } else if (i < 32) {
      f = (d & b) | (~d & c);
      k = 5 * i + 1;
    } else if (i < 48) {
      f = b ^ c ^ d;
      k = 3 * i + 5;
    } else {
      f = c ^ (b | ~d);
      k = 7 * i;
    }
    const uint32_t sum = a + f + table[i] + words[k & 15];
    a = d;
    d = c;
    c = b;
    b += left(sum, kShifts[(i >> 4) * 4 + (i & 3)]);
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
}

static void sha1_block(uint32_t* state, const uint8_t* block) {
  uint32_t w[80], v[5];
  for (int i = 0; i < 16; ++i) w[i] = big32(block + 4 * i);
  for (int i = 16; i < 80; ++i) w[i] = left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  memcpy(v, state, sizeof v);
  for (int i = 0; i < 80; ++i) {
    static const uint32_t kConstants[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    const uint32_t b = v[1], c = v[2], d = v[3];
    const uint32_t f = i < 20              ? (b & c) | (~b & d)
                       : i < 40 || i >= 60 ? b ^ c ^ d
                                           : (b & c) | (b & d) | (c & d);
    const uint32_t next = left(v[0], 5) + f + v[4] + kConstants[i / 20] + w[i];
    v[4] = d;
    v[3] = c;
    v[2] = left(b, 30);
    v[1] = v[0];
    v[0] = next;
  }
  for (int i = 0; i < 5; ++i) state[i] += v[i];
}

// The fractions of the cube roots of the first 80 primes; SHA-256 takes the upper halves of 64.
static const uint64_t kRoots[80] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
    0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
    0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
    0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
    0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
    0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
    0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
    0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
    0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
    0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
    0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
    0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
    0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};

static void sha256_block(uint32_t* state, const uint8_t* block) {
  uint32_t w[64], v[8];
  for (int i = 0; i < 16; ++i) w[i] = big32(block + 4 * i);
  for (int i = 16; i < 64; ++i) {
    const uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (right(a, 7) ^ right(a, 18) ^ a >> 3) + w[i - 7] +
           (right(b, 17) ^ right(b, 19) ^ b >> 10);
  }
  memcpy(v, state, sizeof v);
  for (int i = 0; i < 64; ++i) {
    const uint32_t a = v[0], e = v[4];
    const uint32_t first = v[7] + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) +
                           ((e & v[5]) ^ (~e & v[6])) + (uint32_t)(kRoots[i] >> 32) + w[i];
    const uint32_t second =
        (right(a, 2) ^ right(a, 13) ^ right(a, 22)) + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7 * sizeof *v);
    v[4] += first;
    v[0] = first + second;
  }
  for (int i = 0; i < 8; ++i) state[i] += v[i];
}

static void sha512_block(uint64_t* state, const uint8_t* block) {
  uint64_t w[80], v[8];
  for (int i = 0; i < 16; ++i) w[i] = big64(block + 8 * i);
  for (int i = 16; i < 80; ++i) {
    const uint64_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (right64(a, 1) ^ right64(a, 8) ^ a >> 7) + w[i - 7] +
           (right64(b, 19) ^ right64(b, 61) ^ b >> 6);
  }
  memcpy(v, state, sizeof v);
  for (int i = 0; i < 80; ++i) {
    const uint64_t a = v[0], e = v[4];
    const uint64_t first = v[7] + (right64(e, 14) ^ right64(e, 18) ^ right64(e, 41)) +
                           ((e & v[5]) ^ (~e & v[6])) + kRoots[i] + w[i];
    const uint64_t second = (right64(a, 28) ^ right64(a, 34) ^ right64(a, 39)) +
                            ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7 * sizeof *v);
    v[4] += first;
    v[0] = first + second;
  }
  for (int i = 0; i < 8; ++i) state[i] += v[i];
}

struct state {
  uint32_t words[8];
  uint64_t wide[8];
};

static const struct state kStart[] = {
    [MD5] = {.words = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}},
    [SHA1] = {.words = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}},
    [SHA256] = {.words = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
                          0x1f83d9ab, 0x5be0cd19}},
    [SHA224] = {.words = {0xc1059ed8, 0x367cd507, 0x3070dd17, 0xf70e5939, 0xffc00b31, 0x68581511,
                          0x64f98fa7, 0xbefa4fa4}},
    [SHA512] = {.wide = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                         0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                         0x1f83d9abfb41bd6b, 0x5be0cd19137e2179}},
    [SHA384] = {.wide = {0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17,
                         0x152fecd8f70e5939, 0x67332667ffc00b31, 0x8eb44a8768581511,
                         0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4}},
};

static const uint8_t kSizes[] = {[MD5] = 16,    [SHA1] = 20,   [SHA256] = 32,
                                 [SHA224] = 28, [SHA512] = 64, [SHA384] = 48};

static void add_block(enum algorithm algorithm, struct state* state, const uint8_t* block) {
  switch (algorithm) {
    case MD5:
      md5_block(state->words, block);
      break;
    case SHA1:
      sha1_block(state->words, block);
      break;
    case SHA256:
    case SHA224:
      sha256_block(state->words, block);
      break;
    case SHA512:
    case SHA384:
      sha512_block(state->wide, block);
      break;
  }
}

static void hash(enum algorithm algorithm, const uint8_t* bytes, size_t size, uint8_t* out) {
  const bool is_wide = algorithm == SHA512 || algorithm == SHA384;
  const size_t block = is_wide ? 128 : 64, room = block - (is_wide ? 16 : 8);
  struct state state = kStart[algorithm];
  size_t at = 0;
  for (; size - at >= block; at += block) add_block(algorithm, &state, bytes + at);
  uint8_t last[256] = {0};
  const size_t rest = size - at, total = rest + 1 <= room ? block : 2 * block;
  memcpy(last, bytes + at, rest);
  last[rest] = 0x80;
  const uint64_t bits = (uint64_t)size * 8;
  for (size_t i = 0; i < 8; ++i) {
    if (algorithm == MD5) {
      last[total - 8 + i] = (uint8_t)(bits >> (8 * i));
    } else {
      last[total - 1 - i] = (uint8_t)(bits >> (8 * i));
    }
  }
  for (size_t i = 0; i < total; i += block) add_block(algorithm, &state, last + i);
  for (size_t i = 0; i < kSizes[algorithm]; ++i) {
    if (is_wide) {
      out[i] = (uint8_t)(state.wide[i / 8] >> (56 - 8 * (i % 8)));
    } else {
      out[i] = (uint8_t)(state.words[i / 4] >> (algorithm == MD5 ? 8 * (i % 4) : 24 - 8 * (i % 4)));
    }
  }
}

// hash(algorithm, bytes): an ArrayBuffer
NATIVE(native_hash) {
  uint32_t algorithm;
  size_t size;
  if (JS_ToUint32(context, &algorithm, argv[0])) return JS_EXCEPTION;
  const uint8_t* bytes = js_bytes(context, argv[1], &size);
  if (!bytes) return JS_EXCEPTION;
  if (algorithm >= sizeof kSizes) return JS_ThrowRangeError(context, "no such hash");
  uint8_t out[64];
  hash((enum algorithm)algorithm, bytes, size, out);
  return JS_NewArrayBufferCopy(context, out, kSizes[algorithm]);
}

static const JSCFunctionListEntry kFunctions[] = {JS_CFUNC_DEF("hash", 2, native_hash)};
const struct functions js_hash_functions = {kFunctions, sizeof kFunctions / sizeof *kFunctions};
