// Signals and threads: pthread_kill, masks of their own, process signals find a thread, sigwait
// thread.
#include <pthread.h>

#include "case.h"
static pthread_t main_thread, helper;
static volatile int where;
static void on(int signo) { where = pthread_equal(pthread_self(), main_thread) ? 1 : 2; }
static void* helper_main(void* argument) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  int signo;
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  *(int*)argument = 1;
  while (where != 2) sched_yield();
  sigwait(&set, &signo);
  say("helper waited for %s", signal_name(signo));
  return NULL;
}
static void* unmasked(void* argument) {
  sigset_t set;
  sigemptyset(&set);
  pthread_sigmask(SIG_SETMASK, &set, NULL);
  while (where != 2) sched_yield();
  return NULL;
}
int main(void) {
  sigset_t set;
  volatile int ready = 0;
  main_thread = pthread_self();
  catch_signal(SIGUSR1, on, SA_RESTART);
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  pthread_create(&helper, NULL, helper_main, (void*)&ready);
  while (!ready) sched_yield();
  show_error("to helper", pthread_kill(helper, SIGUSR1));
  while (where != 2) sched_yield();
  say("ran in the helper");
  kill(getpid(), SIGUSR2);
  pthread_join(helper, NULL);
  where = 0;
  raise(SIGUSR1);
  say("raise runs in main: %d", where == 1);
  sigaddset(&set, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  where = 0;
  pthread_t t;
  pthread_create(&t, NULL, unmasked, NULL);
  kill(getpid(), SIGUSR1);
  pthread_join(t, NULL);
  say("the only unmasked thread took it: %d", where == 2);
  return 0;
}
