// waitpid(0) takes only the own group; another thread may wait for the child.
#include <pthread.h>

#include "case.h"
static void* waiter(void* argument) {
  pid_t child = *(pid_t*)argument;
  reap("by another thread", child);
  return NULL;
}
int main(void) {
  int status;
  pid_t own = fork();
  if (own == 0) _exit(1);
  pid_t other = fork();
  if (other == 0) {
    setpgid(0, 0);
    _exit(2);
  }
  setpgid(other, other);
  show("own group", waitpid(0, &status, 0) == own);
  show_status("own", status);
  show("no more in it", waitpid(0, &status, WNOHANG));
  show("the other", waitpid(-1, &status, 0) == other);
  show_status("other", status);
  pid_t child = fork();
  if (child == 0) _exit(3);
  pthread_t t;
  pthread_create(&t, NULL, waiter, &child);
  pthread_join(t, NULL);
  return 0;
}
