// Computes for ever and never asks the kernel for anything; with an argument it ignores all
// signals.
#include <signal.h>

int main(int argc, char** argv) {
  (void)argv;
  if (argc > 1)
    for (int signo = 1; signo < 65; signo++) signal(signo, SIG_IGN);
  for (volatile unsigned i = 0;; i++) {
  }
}
