// system and popen.
#include "case.h"
int main(void) {
  show_status("true", system("true"));
  show_status("exit 7", system("exit 7"));
  show_status("output", system("echo from system; echo to file > f"));
  show_status("signal", system("kill -TERM $$"));
  show_status("missing", system("nosuchcommand 2>/dev/null"));
  show("shell", system(NULL) != 0);
  show_file("f");
  FILE* in = popen("echo one; echo two; exit 4", "r");
  char line[64];
  while (fgets(line, sizeof line, in)) say("read %zu: %.3s", strlen(line), line);
  show_status("pclose", pclose(in));
  fflush(stdout);
  FILE* out = popen("tr a-z A-Z", "w");
  fprintf(out, "to upper\n");
  show_status("pclose", pclose(out));
  struct sigaction old;
  sigaction(SIGINT, NULL, &old);
  say("SIGINT %s", old.sa_handler == SIG_DFL ? "default" : "changed");
  return 0;
}
