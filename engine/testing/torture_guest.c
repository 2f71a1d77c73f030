/* A family of the torture test: arguments are the number of trees and the seed. Each process checks
 * the memory and the frames that it inherited and, after its children ran, its own. */
#include "guest.h"
#include "torture_model.h"

#define HEAP (8u << 20)
#define PAGE 4096u
#define MARKS 24
#define LOCALS 16
#define THREADS 2
#define THREAD_STACK 8192

static volatile unsigned char heap[HEAP];
static volatile u32 scratch[4096 / 4] __attribute__((aligned(4096)));
static char thread_stacks[THREADS][THREAD_STACK] __attribute__((aligned(16)));
static volatile u32 thread_results[THREADS];
static volatile int zero = 0;
static volatile u32 wild = 0xfffffff0u;
static volatile u32 sink;

static void wrong(const char* what, u32 seed) {
  say(what);
  say(" wrong, seed ");
  say_number(seed);
  say("\n");
  quit(kTortureWrong);
}

static volatile u32* mark(u32 seed, int i) {
  u32 at = (seed % 64u) * 65536u + (u32)i * PAGE + (seed & 4092u);
  return (volatile u32*)&heap[at % (HEAP - 8) & ~3u];
}

static void write_marks(u32 seed, u32 value) {
  for (int i = 0; i < MARKS; ++i) *mark(seed, i) = value + (u32)i;
}

static void check_marks(u32 seed, u32 value, const char* when) {
  for (int i = 0; i < MARKS; ++i) {
    if (*mark(seed, i) != value + (u32)i) wrong(when, seed);
  }
}

NOINLINE static int overflow(int x) {
  __asm__ volatile("");
  int result = overflow(x + 1);
  __asm__ volatile("" : "+r"(result));
  return result + x;
}

typedef int (*function2)(int, int);
typedef void (*function0)(void);
static void nothing(void) { __asm__ volatile(""); }
static volatile function0 pointer = nothing;

/* Ends the process, by trap kind; the last one is not a trap, but just as final. */
NOINLINE static void trap(u32 kind) {
  switch (kind) {
    case 0:
      sink = (u32)(10 / zero);
      break;
    case 1:
      sink = *(volatile u32*)(unsigned long)wild;
      break;
    case 2:
      __builtin_trap();
    case 3:
      sink = (u32)overflow(1);
      break;
    case 4:
      sink = (u32)((function2)(void*)pointer)(1, 2);
      break;
    case 5: {
      volatile int lowest = (int)0x80000000u;
      sink = (u32)(lowest / (zero - 1));
      break;
    }
    default:
      __builtin_memset((void*)(unsigned long)wild, 1, 4096); /* bulk memory over the edge */
      break;
  }
  wrong("trap", kind);
}

static void run_thread(int index) {
  volatile u32 locals[LOCALS];
  for (int i = 0; i < LOCALS; ++i) locals[i] = (u32)(index * 1000 + i);
  for (int round = 0; round < 50; ++round) {
    thread_results[index] += 1;
    if (round % 5 == 0) sched();
    for (int i = 0; i < LOCALS; ++i) {
      if (locals[i] != (u32)(index * 1000 + i)) wrong("thread frame", (u32)index);
    }
  }
}

static void use_threads(u32 seed) {
  for (int i = 0; i < THREADS; ++i) {
    thread_results[i] = seed;
    if (thread(run_thread, i, &thread_stacks[i][THREAD_STACK]) <= 0) wrong("thread", seed);
  }
  for (int i = 0; i < THREADS; ++i) {
    if (wait_child() != 0) wrong("thread status", seed);
  }
  for (int i = 0; i < THREADS; ++i) {
    if (thread_results[i] != seed + 50u) wrong("thread result", seed);
  }
}

static void use_growth(u32 seed) {
  u32 size = (u32)__builtin_wasm_memory_size(0) * 65536u;
  if (size > (64u << 20)) return;
  if (k_grow(size + 65536u) != 0) wrong("grow", seed);
  volatile u32* fresh = (volatile u32*)(unsigned long)size;
  if (*fresh != 0) wrong("grown memory", seed);
  *fresh = seed;
  sched();
  if (*fresh != seed) wrong("grown memory after a switch", seed);
}

static void use_discard(u32 seed) {
  scratch[7] = seed;
  sched();
  if (scratch[7] != seed) wrong("scratch", seed);
  if (k_discard((u32)(unsigned long)scratch, PAGE) != 0) wrong("discard", seed);
  if (scratch[7] != 0) wrong("discarded memory", seed);
}

static u32 act(int depth, u32 seed);

/* Some frames below the fork, so that stacks of many depths are copied. */
NOINLINE static u32 descend(int frames, int depth, u32 seed) {
  volatile u32 local = seed + (u32)frames;
  u32 result = frames == 0 ? act(depth, seed) : descend(frames - 1, depth, seed);
  if (local != seed + (u32)frames) wrong("deep frame", seed);
  return result;
}

static void live(int depth, u32 seed) {
  u32 sum = descend(torture_recursion(seed), depth, seed);
  if (torture_traps(seed)) trap((seed >> 5) % kTortureTrapKinds);
  quit(torture_status(seed, sum));
}

/* The life of a process below its fork; returns the sum of its children's statuses. */
static u32 act(int depth, u32 seed) {
  volatile u32 locals[LOCALS];
  for (int i = 0; i < LOCALS; ++i) locals[i] = seed ^ (u32)(i * 77);
  write_marks(seed, seed);
  if (torture_grows(seed)) use_growth(seed);
  if (torture_discards(seed)) use_discard(seed);
  if (torture_has_threads(seed)) use_threads(seed);
  const int children = torture_children(depth, seed);
  u32 expected = 0;
  for (int child = 0; child < children; ++child) {
    u32 child_seed = torture_child_seed(seed, child);
    if (fork() == 0) {
      check_marks(seed, seed, "inherited memory");
      write_marks(seed, 0xdead0000u);
      for (int i = 0; i < LOCALS; ++i) {
        if (locals[i] != (seed ^ (u32)(i * 77))) wrong("inherited frame", seed);
      }
      if (torture_is_busy(child_seed)) {
        for (volatile u32 i = 0; i < 300000; ++i) sink = i;
      }
      live(depth - 1, child_seed);
    }
    expected += 1;
  }
  u32 sum = 0;
  while (expected-- > 0) {
    int status = wait_child();
    if (status < 0) wrong("missing child", seed);
    if (status == kTortureWrong) quit(kTortureWrong);
    sum += (u32)status;
  }
  check_marks(seed, seed, "own memory");
  for (int i = 0; i < LOCALS; ++i) {
    if (locals[i] != (seed ^ (u32)(i * 77))) wrong("own frame", seed);
  }
  return sum;
}

__attribute__((export_name("_start"))) void start(void) {
  const int trees = k_arg(0);
  const u32 seed = (u32)k_arg(1);
  for (int tree = 0; tree < trees; ++tree) {
    u32 tree_seed = torture_tree_seed(seed, tree);
    say_number(act(torture_tree_depth(tree_seed), tree_seed));
    say(" ");
  }
  quit(0);
}
