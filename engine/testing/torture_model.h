/* What a family of the torture test does, as pure functions: the guest (torture_guest.c) acts it
 * out with forks, threads and traps, the host (torture_main.cc) computes the result without any. */
#ifndef CLOCHE_ENGINE_TESTING_TORTURE_MODEL_H_
#define CLOCHE_ENGINE_TESTING_TORTURE_MODEL_H_

typedef unsigned int torture_u32;

enum {
  kTortureTrapStatus = 128, /* MiniKernel::kTrapStatus */
  kTortureTrapKinds = 7,
  kTortureWrong = 99 /* a process found its own state damaged */
};

static inline torture_u32 torture_mix(torture_u32 x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ (x >> 16);
}

static inline torture_u32 torture_child_seed(torture_u32 seed, int child) {
  return torture_mix(seed * 31u + (torture_u32)child + 1u);
}

static inline int torture_children(int depth, torture_u32 seed) {
  return depth == 0 ? 0 : 1 + (int)(seed % 3u);
}

/* The tree of the round-th turn of a family. */
static inline torture_u32 torture_tree_seed(torture_u32 seed, int round) {
  return torture_mix(seed ^ (0x9e3779b9u * (torture_u32)(round + 1)));
}
static inline int torture_tree_depth(torture_u32 tree) { return 2 + (int)((tree >> 9) % 3u); }

/* Traits of a process. */
static inline int torture_traps(torture_u32 seed) { return seed % 17u == 0; }
static inline int torture_is_busy(torture_u32 seed) { return seed % 13u == 0; }
static inline int torture_has_threads(torture_u32 seed) { return seed % 11u == 0; }
static inline int torture_grows(torture_u32 seed) { return seed % 7u == 0; }
static inline int torture_discards(torture_u32 seed) { return seed % 5u == 0; }
static inline int torture_recursion(torture_u32 seed) { return (int)(seed % 24u); }

/* Exit status of a process whose children ended with `sum` in total. */
static inline int torture_status(torture_u32 seed, torture_u32 sum) {
  return torture_traps(seed) ? kTortureTrapStatus : (int)(torture_mix(seed + sum) & 63u);
}

#endif /* CLOCHE_ENGINE_TESTING_TORTURE_MODEL_H_ */
