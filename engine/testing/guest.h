/* MiniKernel's calls for guests in C (mini_kernel.h). */
#ifndef CLOCHE_ENGINE_TESTING_GUEST_H_
#define CLOCHE_ENGINE_TESTING_GUEST_H_

typedef unsigned int u32;
typedef unsigned long long u64;

#define IMPORT(name) __attribute__((import_module("k"), import_name(name)))
IMPORT("fork") void k_fork(int mode, u32 stack);
IMPORT("wait") void k_wait(void);
IMPORT("exit") void k_exit(int status);
IMPORT("sched") void k_sched(void);
IMPORT("exec") void k_exec(int a, int b);
IMPORT("result") int k_result(void);
IMPORT("status") int k_status(void);
IMPORT("arg") int k_arg(int index);
IMPORT("clock") u64 k_clock(void);
IMPORT("nop") int k_nop(int value);
IMPORT("write") void k_write(const char* text, int size);
IMPORT("grow") int k_grow(u32 bytes);
IMPORT("discard") int k_discard(u32 offset, u32 size);

#define NOINLINE __attribute__((noinline))

NOINLINE void k_yield(void) { __asm__ volatile(""); }

NOINLINE static void quit(int status) {
  k_exit(status);
  for (;;) k_yield();
}

NOINLINE static int fork(void) {
  k_fork(0, 0);
  k_yield();
  return k_result();
}

NOINLINE static int vfork(void) {
  k_fork(1, 0);
  k_yield();
  return k_result();
}

/* Nothing of this function may live in linear memory: the thread's stack pointer is `stack`. */
NOINLINE static int thread(void (*run)(int), int argument, void* stack) {
  k_fork(2, (u32)(unsigned long)stack);
  k_yield();
  int pid = k_result();
  if (pid == 0) {
    run(argument);
    quit(0);
  }
  return pid;
}

/* Status of a child that ended, or -1 if there is none. */
NOINLINE static int wait_child(void) {
  k_wait();
  k_yield();
  return k_result() < 0 ? -1 : k_status();
}

NOINLINE static void sched(void) {
  k_sched();
  k_yield();
}

static void say(const char* text) {
  int size = 0;
  while (text[size]) ++size;
  k_write(text, size);
}

static void say_number(long long number) {
  char text[24];
  int at = sizeof text;
  int negative = number < 0;
  if (negative) number = -number;
  do text[--at] = (char)('0' + number % 10);
  while (number /= 10);
  if (negative) text[--at] = '-';
  k_write(text + at, (int)sizeof text - at);
}

#endif /* CLOCHE_ENGINE_TESTING_GUEST_H_ */
