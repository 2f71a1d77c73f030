// exec: argv and envp survive byte for byte, including empty and odd ones.
#include "case.h"
extern char** environ;
int main(int argc, char** argv) {
  if (argc > 1 && !strcmp(argv[1], "second")) {
    for (int i = 2; i < argc; i++) say("[%s] %zu", argv[i], strlen(argv[i]));
    for (char** e = environ; *e; e++) say("env %s", *e);
    say("argv[argc] is %s", argv[argc] ? "not null" : "null");
    return 0;
  }
  char* args[] = {"renamed", "second", "", "a b", "new\nline", "tab\t", "\xff\xfe", "--", NULL};
  char* env[] = {"A=1", "EMPTY=", "NOEQUALS", "B=x=y", "A=2", NULL};
  pid_t child = fork();
  if (child == 0) {
    execve(argv[0], args, env);
    _exit(1);
  }
  reap("exec", child);
  child = fork();
  if (child == 0) {
    clearenv();
    setenv("ONLY", "this", 1);
    execv(argv[0], (char*[]){argv[0], "second", NULL});
    _exit(1);
  }
  reap("exec", child);
  return 0;
}
