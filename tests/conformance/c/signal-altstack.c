// sigaltstack: set, query, refuse; a handler on it runs.
#include "case.h"
static volatile sig_atomic_t ran;
static void on(int signo) { ran++; }
int main(void) {
  stack_t stack, old;
  memset(&stack, 0, sizeof stack);
  stack.ss_size = 65536;
  stack.ss_sp = malloc(stack.ss_size);
  show("set", sigaltstack(&stack, NULL));
  show("query", sigaltstack(NULL, &old));
  say("size %zu, same %d, flags %d", old.ss_size, old.ss_sp == stack.ss_sp, old.ss_flags);
  catch_signal(SIGUSR1, on, SA_ONSTACK);
  raise(SIGUSR1);
  say("ran %d", ran);
  stack.ss_size = 10;
  show("too small", sigaltstack(&stack, NULL));
  stack.ss_size = 65536;
  stack.ss_flags = SS_DISABLE;
  show("disable", sigaltstack(&stack, NULL));
  sigaltstack(NULL, &old);
  say("disabled %d", old.ss_flags == SS_DISABLE);
  return 0;
}
