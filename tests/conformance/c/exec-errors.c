// exec that fails: error numbers, and the process goes on unharmed.
#include "case.h"
int main(int argc, char** argv) {
  char *args[] = {"x", NULL}, *env[] = {NULL};
  show("missing", execve("missing", args, env));
  show("empty", execve("", args, env));
  mkdir("d", 0755);
  show("directory", execve("d", args, env));
  put_file("plain", "text");
  show("not executable", execve("plain", args, env));
  chmod("plain", 0755);
  show("unknown format", execve("plain", args, env));
  put_file("empty", "");
  chmod("empty", 0755);
  show("empty file", execve("empty", args, env));
  show("below a file", execve("plain/x", args, env));
  symlink("loop", "loop");
  show("loop", execve("loop", args, env));
  put_file("bang", "#!/no/such/interpreter\n");
  chmod("bang", 0755);
  show("missing interpreter", execve("bang", args, env));
  put_file("rec", "#!./rec\n");
  chmod("rec", 0755);
  show("recursive interpreter", execve("rec", args, env));
  char* long_name = malloc(5000);
  memset(long_name, 'n', 4999);
  long_name[4999] = 0;
  show("long name", execve(long_name, args, env));
  long_name[300] = 0;
  show("long component", execve(long_name, args, env));
  show("execvp", execvp("nosuchcommand", args));
  return 0;
}
