/* Hashes of texts in processes that start from a ready image (docs/ready-images.md).
 *
 * Every process has a secret of its own that its hashes of str and bytes depend on, so that nobody
 * can choose keys that collide in its dicts. The image holds dicts and cached hashes already, made
 * with another secret. Both are true at once: whatever was hashed while the image was made keeps
 * its hash for good, all other bytes get theirs from the process's own secret. The same bytes have
 * one hash either way, and those that the image knows are a fixed set that nobody can add to. */
#ifndef CLOCHE_HASHES_H
#define CLOCHE_HASHES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { kFilterBits = 19 };

/* A bit for each text that was noted; null: nothing was. */
extern const uint32_t* cloche_hash_filter;

/* Non-zero: hashes are noted. */
extern int cloche_hash_noting;

/* From now on, notes all hashes. */
void cloche_hash_begin(void);

/* No more. Returns how many there are; 0: memory ran out, the notes are not complete. */
size_t cloche_hash_end(void);

/* What is known of `size` > 0 bytes with this mark: 1 and their hash, or 0. */
int cloche_hash_find(uint32_t mark, const void* bytes, size_t size, int32_t* hash);
void cloche_hash_note(const void* bytes, size_t size, int32_t hash);

static inline uint64_t cloche_hash_word(const uint8_t* at, size_t size) {
  uint64_t word = 0;
  memcpy(&word, at, size);
  return word;
}

/* Tells texts apart, quickly. Who knows it can make many with one mark: that makes a search for
 * them no longer than the fixed set of noted texts does. */
static inline uint32_t cloche_hash_mark(const void* bytes, size_t size) {
  const uint8_t* const at = (const uint8_t*)bytes;
  uint64_t first, last;
  if (size >= 8) {
    first = cloche_hash_word(at, 8) ^ (size > 16 ? cloche_hash_word(at + size / 2 - 4, 8) << 1 : 0);
    last = cloche_hash_word(at + size - 8, 8);
  } else if (size >= 4) {
    first = cloche_hash_word(at, 4);
    last = cloche_hash_word(at + size - 4, 4);
  } else {
    first = at[0];
    last = (uint64_t)at[size / 2] << 8 | at[size - 1];
  }
  uint64_t mark = (first + size) * 0x9e3779b97f4a7c15u;
  mark = (mark ^ mark >> 32 ^ last) * 0xd6e8feb86659fd93u;
  return (uint32_t)(mark >> 32);
}

/* 1 and the hash if these bytes were hashed while the image was made. */
static inline int cloche_hash_known(const void* bytes, size_t size, int32_t* hash) {
  if (cloche_hash_filter == NULL) return 0;
  const uint32_t mark = cloche_hash_mark(bytes, size), bit = mark >> (32 - kFilterBits);
  if ((cloche_hash_filter[bit / 32] >> bit % 32 & 1) == 0) return 0;
  return cloche_hash_find(mark, bytes, size, hash);
}

#endif
