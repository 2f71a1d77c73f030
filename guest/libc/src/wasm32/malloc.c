/* The allocator, in place of upstream's.
 *
 * Aims, in this order: speed of small blocks, few pages touched (each costs at the next fork),
 * little fragmentation. Three layers:
 *
 *   quick lists   one for each small chunk size, last in first out. Their chunks are still marked
 *                 used, so they do not merge. Push and pop are a few instructions without a call or
 *                 a loop: threads of a process take turns on one virtual CPU and change only at
 *                 calls and loops, so these need no lock. The list heads are volatile to keep the
 *                 compiler from carrying them over a loop's end.
 *   bins          free chunks by size, with a bitmap: exact sizes up to 512 bytes, then 8 bins to
 *                 each doubling. Neighbours merge at once. Guarded by a lock.
 *   system        the break, which grows by at least 64 KiB; before that, the quick lists are
 * emptied into the bins. Requests of a megabyte or more are mappings of their own.
 *
 * A chunk starts with `foot`, the size of the chunk before it if that is free (else part of that
 * chunk's block), and `head`, its own size and flags. The block handed out follows. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifdef CLOCHE_MALLOC_TEST
#include "malloc_test.h"
#else
#include "atomic.h"
#include "fork_impl.h"
#include "lock.h"
#include "syscall.h"

/* Not by upstream's functions: no signal handler shall run while the lock is held. */
static inline char* system_break(char* end) { return (char*)__linux_brk((long)end); }
static inline void* system_map(size_t size) {
  return (void*)__linux_mmap2(0, (long)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                              -1, 0);
}
static inline void system_unmap(void* map, size_t size) { __linux_munmap((long)map, (long)size); }
static inline void* system_remap(void* map, size_t old_size, size_t size) {
  return (void*)__linux_mremap((long)map, (long)old_size, (long)size, MREMAP_MAYMOVE, 0);
}
#define EXPORT
#endif

#define FAST static inline __attribute__((__always_inline__))
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

struct chunk {
  size_t foot;
  size_t head;
  struct chunk* volatile next; /* in a quick list or a bin; here the block begins */
  struct chunk* prev;          /* in a bin */
};

enum {
  kUsed = 1,       /* this chunk is handed out, or in a quick list */
  kBeforeUsed = 2, /* the chunk before it is, or there is none */
  kMapped = 4,     /* a mapping of its own */
  kFlags = 15,
  kGrain = 16,
  kHeader = 2 * sizeof(size_t),
  kSmallest = 4 * sizeof(size_t),
  kOverhead = sizeof(size_t), /* a block reaches into the next chunk's `foot` */
  kQuickLimit = 512,
  kExactBins = kQuickLimit / kGrain,
  kBins = kExactBins + 8 * 23, /* up to 2^32 */
  kPage = 4096,
  kGrowth = 65536,
  kMapLimit = 1 << 20,
  kTrimLimit = 4 << 20,
};

static struct chunk* volatile quick[kQuickLimit / kGrain + 1];

static struct {
  struct chunk* bins[kBins];
  uint32_t nonempty[(kBins + 31) / 32];
  struct chunk* fence; /* the end marker below the break */
  char* brk;
} heap;

static volatile int lock[1];

#define CHUNK_OF(block) ((struct chunk*)((char*)(block) - kHeader))
#define BLOCK_OF(chunk) ((void*)((char*)(chunk) + kHeader))

FAST size_t size_of(const struct chunk* c) { return c->head & ~(size_t)kFlags; }
FAST struct chunk* at(struct chunk* c, size_t offset) { return (struct chunk*)((char*)c + offset); }

/* The chunk size for a block of `n` bytes. `n` is at most PTRDIFF_MAX. */
FAST size_t chunk_size(size_t n) {
  size_t size = (n + kOverhead + kGrain - 1) & ~(size_t)(kGrain - 1);
  return size < kSmallest ? kSmallest : size;
}

static _Noreturn void corrupted(void) { __builtin_trap(); }

/* ---- bins ---- */

static unsigned bin_of(size_t size) {
  if (size <= kQuickLimit) return (unsigned)(size / kGrain) - 1;
  unsigned top = (unsigned)(sizeof(long) * CHAR_BIT) - 1 - (unsigned)__builtin_clzl(size);
  unsigned bin = kExactBins + (top - 9) * 8 + (unsigned)((size >> (top - 3)) & 7);
  return bin < kBins ? bin : kBins - 1;
}

static void insert(struct chunk* c, size_t size) {
  unsigned bin = bin_of(size);
  c->head = size | kBeforeUsed; /* two free neighbours are always merged */
  struct chunk* after = at(c, size);
  after->foot = size;
  after->head &= ~(size_t)kBeforeUsed;
  c->prev = 0;
  c->next = heap.bins[bin];
  if (c->next) c->next->prev = c;
  heap.bins[bin] = c;
  heap.nonempty[bin / 32] |= 1u << (bin % 32);
}

static void take_out(struct chunk* c) {
  unsigned bin = bin_of(size_of(c));
  if (c->next) {
    if (UNLIKELY(c->next->prev != c)) corrupted();
    c->next->prev = c->prev;
  }
  if (c->prev) {
    if (UNLIKELY(c->prev->next != c)) corrupted();
    c->prev->next = c->next;
  } else {
    if (UNLIKELY(heap.bins[bin] != c)) corrupted();
    heap.bins[bin] = c->next;
    if (!c->next) heap.nonempty[bin / 32] &= ~(1u << (bin % 32));
  }
}

static unsigned next_nonempty(unsigned bin) {
  unsigned word = bin / 32;
  if (word >= sizeof heap.nonempty / sizeof *heap.nonempty) return kBins;
  uint32_t bits = heap.nonempty[word] & (~0u << (bin % 32));
  while (!bits) {
    if (++word == sizeof heap.nonempty / sizeof *heap.nonempty) return kBins;
    bits = heap.nonempty[word];
  }
  return word * 32 + (unsigned)__builtin_ctz(bits);
}

/* A free chunk of at least `size`, or null. In the bin that `size` falls into, sizes differ: only
 * the first few are looked at. All chunks of the bins after it are large enough. */
static struct chunk* find(size_t size) {
  unsigned bin = bin_of(size);
  int tries = bin == kBins - 1 ? INT_MAX : 8;
  for (struct chunk* c = heap.bins[bin]; c && tries-- > 0; c = c->next) {
    if (size_of(c) >= size) return c;
  }
  bin = next_nonempty(bin + 1);
  return bin < kBins ? heap.bins[bin] : 0;
}

/* Cuts what is over `size` off the used chunk `c` and frees it. */
static size_t release(struct chunk* c);
static void split(struct chunk* c, size_t size) {
  size_t rest = size_of(c) - size;
  if (rest < kSmallest) return;
  c->head -= rest;
  struct chunk* tail = at(c, size);
  tail->head = rest | kUsed | kBeforeUsed;
  release(tail);
}

/* Marks the free chunk `c` used and cuts it to `size`. */
static void* hand_out(struct chunk* c, size_t size) {
  take_out(c);
  size_t have = size_of(c);
  size_t rest = have - size;
  if (rest < kSmallest) {
    c->head |= kUsed;
    at(c, have)->head |= kBeforeUsed;
  } else {
    c->head = size | kUsed | kBeforeUsed;
    insert(at(c, size), rest);
  }
  return BLOCK_OF(c);
}

/* Gives a used chunk back, merged with free neighbours. Returns the merged size. */
static size_t release(struct chunk* c) {
  size_t size = size_of(c);
  struct chunk* after = at(c, size);
  if (UNLIKELY(!(c->head & kUsed) || !(after->head & kBeforeUsed))) corrupted();
  if (!(c->head & kBeforeUsed)) {
    struct chunk* before = (struct chunk*)((char*)c - c->foot);
    if (UNLIKELY(size_of(before) != c->foot)) corrupted();
    take_out(before);
    size += c->foot;
    c = before;
  }
  if (!(after->head & kUsed)) {
    take_out(after);
    size += size_of(after);
  }
  insert(c, size);
  return size;
}

/* ---- the system's memory ---- */

/* Are there chunks in the quick lists? They go to the bins. */
static int empty_quick_lists(void) {
  int any = 0;
  for (unsigned i = 0; i < sizeof quick / sizeof *quick; i++) {
    for (;;) {
      struct chunk* c = quick[i];
      if (!c) break;
      quick[i] = c->next; /* between these two lines nothing else runs */
      release(c);
      any = 1;
    }
  }
  return any;
}

/* Makes [start, end) a free chunk, with an end marker, which is returned. `start` is where a chunk
 * may start; `head` its flags. */
static struct chunk* add_region(char* start, char* end, size_t head) {
  struct chunk* c = (struct chunk*)start;
  struct chunk* fence = (struct chunk*)(end - kHeader);
  fence->head = kUsed | kBeforeUsed;
  c->head = (size_t)((char*)fence - start) | kUsed | head;
  release(c);
  return fence;
}

/* Where a chunk may start at or after p: such that blocks are aligned. */
static char* chunk_start(char* p) {
  return (char*)(((uintptr_t)p + kHeader + kGrain - 1) & ~(uintptr_t)(kGrain - 1)) - kHeader;
}

static int grow_break(size_t size) {
  if (!heap.brk) {
    heap.brk = system_break(0);
    if ((uintptr_t)heap.brk > -(uintptr_t)kPage) return 0;
  }
  size_t more = (size + kHeader + kGrain + kGrowth - 1) & ~(size_t)(kGrowth - 1);
  if (more > SIZE_MAX - (uintptr_t)heap.brk) return 0;
  char* end = heap.brk + more;
  if (system_break(end) != end) return 0;
  if (heap.fence && (char*)heap.fence + kHeader == heap.brk) {
    heap.fence = add_region((char*)heap.fence, end, heap.fence->head & kBeforeUsed);
  } else {
    heap.fence = add_region(chunk_start(heap.brk), end, kBeforeUsed);
  }
  heap.brk = end;
  return 1;
}

/* When something is mapped where the break would go. */
static int grow_mapping(size_t size) {
  size_t more = (size + 2 * kHeader + kGrain + kMapLimit - 1) & ~(size_t)(kMapLimit - 1);
  char* map = system_map(more);
  if ((uintptr_t)map > -(uintptr_t)kPage) return 0;
  add_region(chunk_start(map), map + more, kBeforeUsed);
  return 1;
}

/* Gives the end of the heap back when much of it is free. */
static void trim(void) {
  struct chunk* fence = heap.fence;
  if (!fence || (fence->head & kBeforeUsed) || fence->foot < kTrimLimit) return;
  if ((char*)fence + kHeader != heap.brk) return;
  struct chunk* last = (struct chunk*)((char*)fence - fence->foot);
  char* end = heap.brk - ((fence->foot - kGrowth) & ~(size_t)(kPage - 1));
  take_out(last);
  if (system_break(end) != end) {
    insert(last, fence->foot);
    return;
  }
  heap.brk = end;
  last->head |= kUsed;
  heap.fence = add_region((char*)last, end, kBeforeUsed);
}

static void* map_block(size_t n) {
  size_t size = (n + kGrain + kPage - 1) & ~(size_t)(kPage - 1);
  char* map = system_map(size);
  if ((uintptr_t)map > -(uintptr_t)kPage) return 0;
  struct chunk* c = (struct chunk*)(map + kGrain - kHeader);
  c->foot = kGrain - kHeader;       /* offset in the mapping */
  c->head = size | kUsed | kMapped; /* of the whole mapping */
  return BLOCK_OF(c);
}

static void unmap_block(struct chunk* c) { system_unmap((char*)c - c->foot, size_of(c)); }

/* ---- allocation ---- */

/* A chunk of `size` from the bins, or of more memory. The lock is held. */
static void* allocate(size_t size) {
  struct chunk* c = find(size);
  if (!c && empty_quick_lists()) c = find(size);
  if (!c && (grow_break(size) || grow_mapping(size))) c = find(size);
  return c ? hand_out(c, size) : 0;
}

static __attribute__((__noinline__)) void* malloc_slowly(size_t n) {
  void* block = 0;
  if (n < kMapLimit) {
    LOCK(lock);
    block = allocate(chunk_size(n));
    UNLOCK(lock);
  } else if (n <= PTRDIFF_MAX - 2 * kPage) {
    block = map_block(n);
  }
  if (!block) errno = ENOMEM;
  return block;
}

static __attribute__((__noinline__)) void free_slowly(struct chunk* c) {
  if (UNLIKELY(!(c->head & kUsed))) corrupted(); /* freed twice */
  if (c->head & kMapped) {
    unmap_block(c);
    return;
  }
  LOCK(lock);
  if (release(c) >= kTrimLimit) trim();
  UNLOCK(lock);
}

FAST void* fast_malloc(size_t n) {
  if (n <= kQuickLimit - kOverhead) {
    struct chunk* volatile* list = &quick[chunk_size(n) / kGrain];
    struct chunk* c = *list;
    if (__builtin_expect(c != 0, 1)) {
      *list = c->next;
      return BLOCK_OF(c);
    }
  }
  return malloc_slowly(n);
}

FAST void fast_free(void* block) {
  if (!block) return;
  struct chunk* c = CHUNK_OF(block);
  size_t size = size_of(c);
  if (__builtin_expect(size > kQuickLimit || !(c->head & kUsed), 0)) {
    free_slowly(c);
    return;
  }
  struct chunk* volatile* list = &quick[size / kGrain];
  struct chunk* first = *list;
  if (UNLIKELY(first == c)) corrupted(); /* freed twice */
  c->next = first;
  *list = c;
}

EXPORT void* __libc_malloc(size_t n) { return fast_malloc(n); }
EXPORT void __libc_free(void* block) { fast_free(block); }

EXPORT void* __libc_calloc(size_t count, size_t size) {
  size_t n;
  if (__builtin_mul_overflow(count, size, &n)) {
    errno = ENOMEM;
    return 0;
  }
  void* block = fast_malloc(n);
  if (!block || (CHUNK_OF(block)->head & kMapped)) return block;
  return memset(block, 0, n);
}

static size_t usable(const struct chunk* c) {
  return size_of(c) - (c->head & kMapped ? kGrain : kOverhead);
}

static void* remap_block(struct chunk* c, size_t n) {
  if (UNLIKELY(c->foot != kGrain - kHeader)) corrupted();
  if (n > PTRDIFF_MAX - 2 * kPage) return 0;
  size_t old_size = size_of(c);
  size_t size = (n + kGrain + kPage - 1) & ~(size_t)(kPage - 1);
  if (size == old_size) return BLOCK_OF(c);
  char* map = system_remap((char*)c - c->foot, old_size, size);
  if ((uintptr_t)map > -(uintptr_t)kPage) return 0;
  c = (struct chunk*)(map + kGrain - kHeader);
  c->head = size | kUsed | kMapped;
  return BLOCK_OF(c);
}

/* Makes the used chunk `c` at least `size` large without moving it. */
static int grow_in_place(struct chunk* c, size_t size) {
  struct chunk* after = at(c, size_of(c));
  if ((after->head & kUsed) || size_of(c) + size_of(after) < size) return 0;
  take_out(after);
  c->head += size_of(after);
  at(c, size_of(c))->head |= kBeforeUsed;
  split(c, size);
  return 1;
}

static void* move(void* block, size_t old, size_t n) {
  void* moved = fast_malloc(n);
  if (!moved) return 0;
  memcpy(moved, block, old < n ? old : n);
  fast_free(block);
  return moved;
}

EXPORT void* __libc_realloc(void* block, size_t n) {
  if (!block) return fast_malloc(n);
  struct chunk* c = CHUNK_OF(block);
  if (UNLIKELY(!(c->head & kUsed))) corrupted();
  size_t have = usable(c);
  if (n <= have && n >= have / 2 && !(c->head & kMapped)) return block;
  if (c->head & kMapped) {
    void* moved = n >= kMapLimit ? remap_block(c, n) : 0;
    return moved ? moved : move(block, have, n);
  }
  if (n <= kQuickLimit - kOverhead || n >= kMapLimit) return move(block, have, n);
  size_t size = chunk_size(n);
  int done = 1;
  LOCK(lock);
  if (size <= size_of(c)) {
    split(c, size);
  } else {
    done = grow_in_place(c, size);
  }
  UNLOCK(lock);
  /* What keeps growing gets some room, so that it is not copied each time. */
  return done ? block : move(block, have, n + (n < kMapLimit / 2 ? n / 8 : 0));
}

/* The lock is held. The part before the aligned block is given back. */
static void* allocate_aligned(size_t align, size_t n) {
  size_t size = chunk_size(n);
  char* block = allocate(size + align + kSmallest);
  if (!block) return 0;
  struct chunk* c = CHUNK_OF(block);
  if ((uintptr_t)block % align) {
    char* aligned = (char*)(((uintptr_t)block + kSmallest + align - 1) & -align);
    struct chunk* start = c;
    size_t before = (size_t)(aligned - block);
    c = CHUNK_OF(aligned);
    c->head = (size_of(start) - before) | kUsed | kBeforeUsed;
    start->head -= size_of(c);
    release(start);
  }
  split(c, size);
  return BLOCK_OF(c);
}

EXPORT void* aligned_alloc(size_t align, size_t n) {
  if (!align || (align & (align - 1))) {
    errno = EINVAL;
    return 0;
  }
  if (align <= kGrain) return fast_malloc(n);
  if (n > PTRDIFF_MAX / 2 || align > PTRDIFF_MAX / 4) {
    errno = ENOMEM;
    return 0;
  }
  LOCK(lock);
  void* block = allocate_aligned(align, n);
  UNLOCK(lock);
  if (!block) errno = ENOMEM;
  return block;
}

EXPORT size_t malloc_usable_size(void* block) { return block ? usable(CHUNK_OF(block)) : 0; }

#ifndef CLOCHE_MALLOC_TEST
weak_alias(__libc_malloc, malloc);
weak_alias(__libc_free, free);
weak_alias(__libc_calloc, calloc);
weak_alias(__libc_realloc, realloc);
weak_alias(__libc_malloc, __libc_malloc_impl);

void __malloc_atfork(int who) {
  if (who < 0) {
    LOCK(lock);
  } else if (who > 0) {
    lock[0] = 0;
  } else {
    UNLOCK(lock);
  }
}
#endif
