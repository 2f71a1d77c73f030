// An interactive bash on a pty: prompt, job control, Ctrl-C, Ctrl-Z, fg, exit.
#include <poll.h>
#include <termios.h>

#include "case.h"
static int master;
static char seen[65536];
static size_t length;
// Reads until the text has come, then forgets all up to it.
static void expect(const char* text) {
  int64_t deadline = now_ms() + 15000;
  for (;;) {
    char* at = strstr(seen, text);
    if (at) {
      size_t cut = (size_t)(at - seen) + strlen(text);
      memmove(seen, seen + cut, length - cut + 1);
      length -= cut;
      say("saw [%s]", text);
      return;
    }
    struct pollfd p = {master, POLLIN, 0};
    if (now_ms() > deadline || poll(&p, 1, 1000) < 0) {
      say("missed [%s], have [%s]", text, seen);
      _exit(1);
    }
    if (!(p.revents & (POLLIN | POLLHUP))) continue;
    ssize_t n = read(master, seen + length, sizeof seen - 1 - length);
    if (n > 0) length += (size_t)n;
    seen[length] = 0;
  }
}
static void type(const char* keys) { MUST(write(master, keys, strlen(keys))); }
int main(void) {
  master = posix_openpt(O_RDWR | O_NOCTTY);
  unlockpt(master);
  char* name = ptsname(master);
  pid_t child = fork();
  if (child == 0) {
    setsid();
    int tty = open(name, O_RDWR);
    for (int i = 0; i < 3; i++) dup2(tty, i);
    if (tty > 2) close(tty);
    close(master);
    setenv("PS1", "ready> ", 1);
    execlp("bash", "bash", "--norc", "--noprofile", "--noediting", "-i", (char*)NULL);
    _exit(127);
  }
  expect("ready> ");
  type("echo sum=$((6*7))\n");
  expect("sum=42");
  expect("ready> ");
  type("sleep 100\n");
  sleep_ms(300);
  type("\x03");
  expect("ready> ");
  type("echo code=$?\n");
  expect("code=130");
  expect("ready> ");
  type("sleep 200\n");
  sleep_ms(300);
  type("\x1a");
  expect("Stopped");
  expect("ready> ");
  type("jobs\n");
  expect("Stopped");
  expect("sleep 200");
  expect("ready> ");
  type("fg\n");
  expect("sleep 200");
  sleep_ms(300);
  type("\x03");
  expect("ready> ");
  type("cat\n");
  sleep_ms(300);
  type("typed line\n");
  expect("typed line\r\ntyped line\r\n");
  type("\x04");
  expect("ready> ");
  type("(sleep 0.1; echo back=ground) & wait\n");
  expect("back=ground");
  expect("ready> ");
  type("read -p 'name? ' n; echo got=$n\n");
  expect("name? ");
  type("x\by\n");
  expect("got=");
  expect("ready> ");
  type("stty -echo; echo off; stty echo\n");
  expect("off");
  expect("ready> ");
  type("exit 9\n");
  reap("bash", child);
  return 0;
}
