// #! lines: argument, spaces, long lines, argv[0], nesting.
#include "case.h"
static void script(const char* name, const char* text) {
  put_file(name, text);
  chmod(name, 0755);
}
int main(void) {
  script("one", "#!/bin/sh\necho one $0 $1 $#\n");
  script("opt", "#!/bin/sh -e\nfalse\necho never\n");
  script("spaces", "#!   /bin/sh   -u  \necho spaces $#\n");
  script("two args", "#!/usr/bin/printf %s|%s|%s\\n x\n");
  script("nest", "#!./one\n");
  script("echo", "#!/bin/echo\nbody\n");
  const char* names[] = {"./one", "./opt", "./spaces", "./two args", "./nest", "./echo"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    pid_t child = fork();
    if (child == 0) {
      execl(names[i], "zero", "arg", (char*)NULL);
      say("exec %s: %s", names[i], error_name(errno));
      _exit(1);
    }
    reap(names[i], child);
  }
  return 0;
}
