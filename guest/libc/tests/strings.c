/* String functions against naive ones: every length and alignment up to 70, then random ones, with
 * the data at the very end of memory (wasm) or before an unreadable page (native). */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CHECK(condition)                                     \
  do {                                                       \
    if (!(condition)) {                                      \
      printf("%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                               \
    }                                                        \
  } while (0)

enum { kArea = 8192, kMost = 70 };

/* Two areas of kArea bytes; nothing may be read after the first one's end. */
static unsigned char *edge, *other;

static void make_areas(void) {
#ifdef __wasm__
  /* The page before the end of memory is nobody's: it is above the break. */
  size_t pages = __builtin_wasm_memory_grow(0, 1);
  if (pages == (size_t)-1) pages = __builtin_wasm_memory_size(0) - 1;
  edge = (unsigned char*)(pages * 65536 + 65536 - kArea);
#else
  edge = mmap(0, kArea + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(edge + kArea, 4096, PROT_NONE);
#endif
  other = malloc(kArea);
}

static unsigned seed = 1;
static unsigned random_below(unsigned n) {
  seed = seed * 1103515245 + 12345;
  return (seed >> 8) % n;
}

static int sign(int x) { return (x > 0) - (x < 0); }

static size_t naive_strlen(const unsigned char* s) {
  size_t n = 0;
  while (s[n]) n++;
  return n;
}

static const unsigned char* naive_memchr(const unsigned char* s, int c, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (s[i] == (unsigned char)c) return s + i;
  }
  return 0;
}

static const unsigned char* naive_memrchr(const unsigned char* s, int c, size_t n) {
  while (n--) {
    if (s[n] == (unsigned char)c) return s + n;
  }
  return 0;
}

static int naive_memcmp(const unsigned char* a, const unsigned char* b, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (a[i] != b[i]) return a[i] - b[i];
  }
  return 0;
}

static int naive_strncmp(const unsigned char* a, const unsigned char* b, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (a[i] != b[i] || !a[i]) return a[i] - b[i];
  }
  return 0;
}

/* s: a string of n bytes and a zero, the zero the last byte of memory or not. */
static void check_string(unsigned char* s, size_t n) {
  const char* t = (const char*)s;
  CHECK(strlen(t) == n);
  CHECK(strnlen(t, n + 5) == n && strnlen(t, n / 2) == n / 2);
  for (int tries = 0; tries < 3; tries++) {
    int c = tries == 0 ? 0 : tries == 1 ? 'a' + (int)random_below(5) : (int)random_below(256);
    const unsigned char* hit = naive_memchr(s, c, n + 1);
    CHECK((unsigned char*)strchr(t, c) == hit);
    CHECK((unsigned char*)strchrnul(t, c) == (hit ? hit : s + n));
    CHECK((unsigned char*)strrchr(t, c) == naive_memrchr(s, c, n + 1));
    CHECK((unsigned char*)memchr(s, c, n) == naive_memchr(s, c, n));
    CHECK((unsigned char*)memrchr(s, c, n) == naive_memrchr(s, c, n));
    CHECK((unsigned char*)memchr(s, c, hit ? SIZE_MAX / 2 : n + 1) == hit);
  }
  memset(other, 0x55, n + 64);
  unsigned shift = random_below(16);
  char* copy = (char*)other + 16 + shift;
  CHECK(stpcpy(copy, t) == copy + n);
  CHECK(naive_memcmp((unsigned char*)copy, s, n + 1) == 0 && copy[-1] == 0x55 &&
        copy[n + 1] == 0x55);
  CHECK(strcmp(copy, t) == 0 && strcmp(t, copy) == 0 && memcmp(copy, t, n + 1) == 0);
  CHECK(strncmp(copy, t, n + 9) == 0);
  if (!n) return;
  size_t at = random_below((unsigned)n);
  copy[at] = (char)random_below(256);
  const unsigned char* u = (const unsigned char*)copy;
  CHECK(sign(strcmp(t, copy)) == sign(naive_strncmp(s, u, n + 1)));
  CHECK(sign(strcmp(copy, t)) == sign(naive_strncmp(u, s, n + 1)));
  size_t limit = random_below((unsigned)n + 2);
  CHECK(sign(strncmp(t, copy, limit)) == sign(naive_strncmp(s, u, limit)));
  CHECK(sign(memcmp(t, copy, n + 1)) == sign(naive_memcmp(s, u, n + 1)));
  CHECK(memcmp(t, copy, at) == 0);
}

static void fill_string(unsigned char* s, size_t n) {
  for (size_t i = 0; i < n; i++) {
    s[i] = random_below(3) ? (unsigned char)('a' + random_below(3))
                           : (unsigned char)(1 + random_below(255));
  }
  s[n] = 0;
}

static void check_moves(void) {
  for (unsigned turn = 0; turn < 20000; turn++) {
    size_t n = random_below(200), from = random_below(300), to = random_below(300);
    unsigned char before[512], after[512];
    for (unsigned i = 0; i < sizeof before; i++)
      before[i] = after[i] = (unsigned char)random_below(256);
    memmove(after + to, after + from, n);
    for (unsigned i = 0; i < sizeof before; i++) {
      unsigned char expected = i >= to && i < to + n ? before[i - to + from] : before[i];
      CHECK(after[i] == expected);
    }
    memset(after + to, (int)turn, n);
    for (size_t i = 0; i < n; i++) CHECK(after[to + i] == (unsigned char)turn);
  }
}

int main(void) {
  make_areas();
  unsigned char* end = edge + kArea;
  for (size_t n = 0; n <= kMost; n++) {
    for (size_t back = 1; back <= 40; back++) {
      unsigned char* s = end - n - back;
      memset(s - 40, 'b', 40); /* what stands before and after must not matter */
      memset(s + n + 1, 'c', back - 1);
      fill_string(s, n);
      check_string(s, n);
    }
  }
  for (int turn = 0; turn < 20000; turn++) {
    size_t n = random_below(1000);
    unsigned char* s = end - n - 1 - random_below(64);
    fill_string(s, n);
    check_string(s, n);
  }
  check_moves();
  puts("ok");
  return 0;
}
