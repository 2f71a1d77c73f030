#include "hashes.h"

#include <stdlib.h>

enum { kFirstSlots = 1 << 15, kPieceBytes = 1 << 16 };

/* One text that was hashed. */
struct note {
  const void* bytes;  // null: an empty slot
  size_t size;
  uint32_t mark;
  int32_t hash;
};

const uint32_t* cloche_hash_filter;
int cloche_hash_noting;

static uint32_t filter[1 << (kFilterBits - 5)];
/* Open addressing, at most half full; the count of slots is a power of two. */
static struct note* slots;
static size_t slot_count, note_count;
static int out_of_memory;

void cloche_hash_begin(void) {
  slots = calloc(kFirstSlots, sizeof *slots);
  slot_count = slots ? kFirstSlots : 0;
  out_of_memory = slots == NULL;
  cloche_hash_filter = slots ? filter : NULL;
  cloche_hash_noting = slots != NULL;
}

size_t cloche_hash_end(void) {
  cloche_hash_noting = 0;
  return out_of_memory ? 0 : note_count;
}

/* The slot of these bytes, or the empty one where they belong. */
static struct note* slot_of(uint32_t mark, const void* bytes, size_t size) {
  for (size_t i = mark & (slot_count - 1);; i = (i + 1) & (slot_count - 1)) {
    struct note* const slot = &slots[i];
    if (slot->bytes == NULL) return slot;
    if (slot->mark == mark && slot->size == size && memcmp(slot->bytes, bytes, size) == 0)
      return slot;
  }
}

int cloche_hash_find(uint32_t mark, const void* bytes, size_t size, int32_t* hash) {
  const struct note* const slot = slot_of(mark, bytes, size);
  if (slot->bytes == NULL) return 0;
  *hash = slot->hash;
  return 1;
}

/* Twice the slots, with the same notes. */
static int grow(void) {
  struct note* const old = slots;
  const size_t old_count = slot_count;
  slots = calloc(2 * old_count, sizeof *slots);
  if (slots == NULL) {
    slots = old;
    return 0;
  }
  slot_count = 2 * old_count;
  for (size_t i = 0; i < old_count; ++i) {
    if (old[i].bytes) *slot_of(old[i].mark, old[i].bytes, old[i].size) = old[i];
  }
  free(old);
  return 1;
}

/* A copy that stays, beside others. */
static const void* keep(const void* bytes, size_t size) {
  static char* piece;
  static size_t left;
  if (size > left) {
    left = size > kPieceBytes ? size : kPieceBytes;
    piece = malloc(left);
    if (piece == NULL) {
      left = 0;
      return NULL;
    }
  }
  char* const copy = piece;
  memcpy(copy, bytes, size);
  piece += size;
  left -= size;
  return copy;
}

void cloche_hash_note(const void* bytes, size_t size, int32_t hash) {
  const void* const copy = 2 * note_count < slot_count || grow() ? keep(bytes, size) : NULL;
  if (copy == NULL) {
    out_of_memory = 1;
    return;
  }
  const uint32_t mark = cloche_hash_mark(bytes, size), bit = mark >> (32 - kFilterBits);
  *slot_of(mark, bytes, size) = (struct note){copy, size, mark, hash};
  filter[bit / 32] |= 1u << bit % 32;
  ++note_count;
}
