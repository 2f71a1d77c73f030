/* Measures one thing, given by argument 0, and prints nanoseconds per turn. */
#include "guest.h"

#define HEAP (8u << 20)
#define PAGE 4096u

static volatile unsigned char heap[HEAP];

enum {
  kFork = 1,
  kSwitch = 2,
  kCall = 3,
  kResume = 4,
  kVfork = 5,
  kExec = 6,
  kDeep = 7,
  kQuit = 60
};

static void dirty(int pages) {
  for (int i = 0; i < pages; ++i) heap[(u32)i * PAGE] = 1;
}

static void bench_fork(int turns, int pages, int parent_writes, int child_writes) {
  dirty(pages);
  for (int turn = 0; turn < turns; ++turn) {
    for (int i = 0; i < parent_writes; ++i) heap[(u32)((turn * 7 + i) % pages) * PAGE + 8] = 1;
    if (fork() == 0) {
      for (int i = 0; i < child_writes; ++i) heap[(u32)((turn * 11 + i) % pages) * PAGE + 16] = 1;
      quit(0);
    }
    wait_child();
  }
}

static void bench_switch(int turns, int pages) {
  int pid = fork();
  dirty(pages);
  for (int turn = 0; turn < turns / 2; ++turn) sched();
  if (pid == 0) quit(0);
  wait_child();
}

static void bench_vfork(int turns) {
  for (int turn = 0; turn < turns; ++turn) {
    if (vfork() == 0) quit(0);
    wait_child();
  }
}

static void bench_exec(int turns) {
  for (int turn = 0; turn < turns; ++turn) {
    if (vfork() == 0) {
      k_exec(kQuit, 0);
      for (;;) k_yield();
    }
    wait_child();
  }
}

NOINLINE static int deep(int depth) {
  __asm__ volatile("");
  if (depth == 0) {
    if (fork() == 0) quit(0);
    return wait_child();
  }
  int result = deep(depth - 1);
  __asm__ volatile("" : "+r"(result));
  return result;
}

__attribute__((export_name("_start"))) void start(void) {
  const int what = k_arg(0), turns = k_arg(1), a = k_arg(2), b = k_arg(3), c = k_arg(4);
  if (what == kQuit) quit(0);
  const u64 begin = k_clock();
  switch (what) {
    case kFork:
      bench_fork(turns, a, b, c);
      break;
    case kSwitch:
      bench_switch(turns, a);
      break;
    case kCall:
      for (int turn = 0; turn < turns; ++turn) k_nop(turn);
      break;
    case kResume:
      for (int turn = 0; turn < turns; ++turn) sched();
      break;
    case kVfork:
      bench_vfork(turns);
      break;
    case kExec:
      bench_exec(turns);
      break;
    case kDeep:
      for (int turn = 0; turn < turns; ++turn) deep(a);
      break;
    default:
      quit(1);
  }
  const u64 total = k_clock() - begin;
  say_number((long long)(total * 10 / (u64)turns));
  quit(0);
}
