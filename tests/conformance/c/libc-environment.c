// getenv, setenv, putenv, unsetenv, clearenv; the child's copy.
#include "case.h"
extern char** environ;
int main(void) {
  say("[%s] [%s]", getenv("TERM"), getenv("NOPE") ? "set" : "unset");
  show("setenv", setenv("A", "1", 0));
  show("no overwrite", setenv("A", "2", 0));
  say("%s", getenv("A"));
  show("overwrite", setenv("A", "3", 1));
  say("%s", getenv("A"));
  show("bad name", setenv("A=B", "x", 1));
  show("empty name", setenv("", "x", 1));
  static char put[] = "PUT=first";
  show("putenv", putenv(put));
  strcpy(put + 4, "later");
  say("%s", getenv("PUT"));
  show("unsetenv", unsetenv("A"));
  say("%s", getenv("A") ? "set" : "unset");
  show("system", system("echo \"child sees $PUT\""));
  for (int i = 0; i < 500; i++) {
    char name[16];
    sprintf(name, "V%d", i);
    setenv(name, "x", 1);
  }
  int n = 0;
  for (char** e = environ; *e; e++) n += (*e)[0] == 'V';
  say("count %d", n);
  clearenv();
  say("after clearenv %s", getenv("PUT") ? "set" : "unset");
  return 0;
}
