// Stop and continue: a stopped process runs nothing, signals wait for it, SIGKILL does not.
#include "case.h"
static volatile sig_atomic_t count;
static void on(int signo) { count++; }
int main(void) {
  int p[2], q[2], status;
  MUST(pipe(p));
  MUST(pipe(q));
  pid_t child = fork();
  if (child == 0) {
    catch_signal(SIGUSR1, on, 0);
    catch_signal(SIGCONT, on, 0);
    give_turn(q[1]);
    await_turn(p[0]);
    say("child: %d handlers", count);
    raise(SIGSTOP);
    say("child again: %d", count);
    _exit(0);
  }
  await_turn(q[0]);
  kill(child, SIGSTOP);
  waitpid(child, &status, WUNTRACED);
  show_status("child", status);
  kill(child, SIGUSR1);
  give_turn(p[1]);
  sleep_ms(50);
  say("nothing yet");
  kill(child, SIGCONT);
  waitpid(child, &status, WUNTRACED);
  show_status("child", status);
  kill(child, SIGTSTP);
  kill(child, SIGCONT);
  reap("child", child);
  child = fork();
  if (child == 0) {
    raise(SIGSTOP);
    _exit(0);
  }
  waitpid(child, &status, WUNTRACED);
  kill(child, SIGKILL);
  reap("killed while stopped", child);
  return 0;
}
