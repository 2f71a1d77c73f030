// /proc of the process itself and of its children.
#include "case.h"
int main(int argc, char** argv) {
  char b[4096], path[64];
  ssize_t n = readlink("/proc/self/exe", b, sizeof b - 1);
  b[n < 0 ? 0 : n] = 0;
  say("exe %s", strrchr(b, '/') ? strrchr(b, '/') : "none");
  n = readlink("/proc/self", b, sizeof b - 1);
  b[n < 0 ? 0 : n] = 0;
  say("self %d", atoi(b) == getpid());
  int fd = open("f", O_CREAT | O_RDWR, 0600);
  write(fd, "content", 7);
  sprintf(path, "/proc/self/fd/%d", fd);
  n = readlink(path, b, sizeof b - 1);
  b[n < 0 ? 0 : n] = 0;
  say("fd link %s", strrchr(b, '/'));
  int again = open(path, O_RDONLY);
  show("opened anew", read(again, b, 20));
  unlink("f");
  show("after unlink", open(path, O_RDONLY) >= 0);
  int p[2];
  MUST(pipe(p));
  sprintf(path, "/proc/self/fd/%d", p[0]);
  n = readlink(path, b, sizeof b - 1);
  say("pipe %.5s", b);
  pid_t child = fork();
  if (child == 0) pause();
  sprintf(path, "/proc/%d/stat", child);
  fd = open(path, O_RDONLY);
  n = read(fd, b, sizeof b - 1);
  b[n] = 0;
  int pid, ppid;
  char state, name[64];
  sscanf(b, "%d (%[^)]) %c %d", &pid, name, &state, &ppid);
  say("stat %d %s ppid %d", pid == child, name, ppid == getpid());
  kill(child, SIGKILL);
  reap("child", child);
  show("gone", access(path, F_OK));
  fd = open("/proc/self/cmdline", O_RDONLY);
  n = read(fd, b, sizeof b);
  say("cmdline %zd %d", n, (int)strlen(b) + 1 == n);
  show("write to /proc", open("/proc/self/cmdline", O_WRONLY));
  show("unlink in /proc", unlink("/proc/version"));
  return 0;
}
