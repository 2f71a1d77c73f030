// inotify: what is told of files and folders, in which order, names, cookies, masks, the end of
// watches, errors.
#include <sys/inotify.h>
#include <sys/ioctl.h>

#include "case.h"

static const struct {
  uint32_t bit;
  const char* name;
} kNames[] = {
    {IN_ACCESS, "ACCESS"},           {IN_MODIFY, "MODIFY"},
    {IN_ATTRIB, "ATTRIB"},           {IN_CLOSE_WRITE, "CLOSE_WRITE"},
    {IN_CLOSE_NOWRITE, "CLOSE_NOWRITE"}, {IN_OPEN, "OPEN"},
    {IN_MOVED_FROM, "MOVED_FROM"},   {IN_MOVED_TO, "MOVED_TO"},
    {IN_CREATE, "CREATE"},           {IN_DELETE, "DELETE"},
    {IN_DELETE_SELF, "DELETE_SELF"}, {IN_MOVE_SELF, "MOVE_SELF"},
    {IN_Q_OVERFLOW, "OVERFLOW"},     {IN_IGNORED, "IGNORED"},
    {IN_ISDIR, "ISDIR"},
};
static int instance;

static void events(const char* what) {
  static char buffer[65536] __attribute__((aligned(8)));
  ssize_t n = read(instance, buffer, sizeof buffer);
  say("%s:%s", what, n < 0 ? error_name(errno) : "");
  uint32_t cookie = 0;
  for (ssize_t at = 0; at < n;) {
    const struct inotify_event* event = (const struct inotify_event*)(buffer + at);
    char line[512];
    int to = snprintf(line, sizeof line, "  %d", event->wd);
    for (size_t i = 0; i < sizeof kNames / sizeof *kNames; i++)
      if (event->mask & kNames[i].bit)
        to += snprintf(line + to, sizeof line - (size_t)to, " %s", kNames[i].name);
    if (event->len)
      to += snprintf(line + to, sizeof line - (size_t)to, " [%s] %u", event->name, event->len);
    if (event->cookie)
      snprintf(line + to, sizeof line - (size_t)to, " cookie%s",
               event->cookie == cookie ? " again" : "");
    cookie = event->cookie;
    say("%s", line);
    at += (ssize_t)(sizeof *event + event->len);
  }
}

static void errors(void) {
  show("bad flags", inotify_init1(1));
  show("nothing to watch", inotify_add_watch(instance, ".", 0));
  show("absent", inotify_add_watch(instance, "absent", IN_CREATE));
  show("no folder", inotify_add_watch(instance, "f", IN_CREATE | IN_ONLYDIR));
  show("no instance", inotify_add_watch(1, ".", IN_CREATE));
  show("closed", inotify_add_watch(99, ".", IN_CREATE));
  show("no watch", inotify_rm_watch(instance, 77));
  show("add and create", inotify_add_watch(instance, ".", IN_CREATE | IN_MASK_ADD | IN_MASK_CREATE));
  chmod("f", 0200);
  show("not readable", inotify_add_watch(instance, "f", IN_OPEN));
  chmod("f", 0600);
  events("none");
}

static void folder(void) {
  int watch = (int)show("watch", inotify_add_watch(instance, "d", IN_ALL_EVENTS));
  int fd = open("d/a", O_CREAT | O_RDWR, 0600);
  events("create");
  write(fd, "one", 3);
  write(fd, "two", 3);
  events("written twice");
  char byte;
  pread(fd, &byte, 1, 0);
  ftruncate(fd, 1);
  fchmod(fd, 0640);
  close(fd);
  events("read, cut, changed, closed");
  fd = open("d/a", O_WRONLY | O_TRUNC);
  close(fd);
  fd = open("d/a", O_RDONLY);
  read(fd, &byte, 1);
  close(fd);
  events("emptied; read at the end");
  mkdir("d/sub", 0700);
  symlink("a", "d/link");
  link("d/a", "d/hard");
  events("made");
  rename("d/a", "d/a-rather-long-name");
  rename("d/hard", "hard");
  rename("hard", "d/back");
  events("renamed");
  unlink("d/back");
  unlink("d/link");
  rmdir("d/sub");
  events("removed");
  show("the same watch", inotify_add_watch(instance, "./d/", IN_CREATE) == watch);
  close(open("d/b", O_CREAT | O_WRONLY, 0600));
  events("less");
  inotify_add_watch(instance, "d", IN_DELETE | IN_MASK_ADD);
  unlink("d/b");
  close(open("d/b", O_CREAT | O_WRONLY, 0600));
  events("more");
  show("create", inotify_add_watch(instance, "d", IN_CREATE | IN_MASK_CREATE));
  show("remove", inotify_rm_watch(instance, watch));
  unlink("d/b");
  events("ignored");
}

static void one_file(void) {
  put_file("g", "text");
  show("watch", inotify_add_watch(instance, "g", IN_ALL_EVENTS));
  show_file("g");
  struct timespec times[2] = {{1, 0}, {2, 0}};
  utimensat(AT_FDCWD, "g", times, 0);
  truncate("g", 1);
  rename("g", "h");
  link("h", "i");
  unlink("h");
  events("file");
  unlink("i");
  events("gone");
  put_file("g", "text");
  put_file("h", "text");
  inotify_add_watch(instance, "g", IN_DELETE_SELF | IN_ATTRIB | IN_MOVE_SELF);
  rename("h", "g");
  events("replaced");
  inotify_add_watch(instance, "g", IN_OPEN | IN_ONESHOT);
  show_file("g");
  show_file("g");
  events("one shot");
}

static void folders(void) {
  mkdir("e", 0700);
  show("watch", inotify_add_watch(instance, "e", IN_ALL_EVENTS & ~IN_ACCESS));
  close(open("e", O_RDONLY | O_DIRECTORY));
  chmod("e", 0750);
  rename("e", "e2");
  events("folder");
  rmdir("e2");
  events("gone");
}

int main(void) {
  put_file("f", "text");
  mkdir("d", 0700);
  instance = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  errors();
  folder();
  one_file();
  folders();

  inotify_add_watch(instance, ".", IN_CREATE);
  put_file("n", "");
  int bytes = 0;
  show("FIONREAD", ioctl(instance, FIONREAD, &bytes));
  say("%d bytes", bytes);
  char small[16];
  show("too small", read(instance, small, sizeof small));
  events("still there");
  // A blocking reader, and events that a child makes.
  int other = inotify_init1(0);
  inotify_add_watch(other, ".", IN_DELETE);
  pid_t child = fork();
  if (child == 0) {
    sleep_ms(20);
    unlink("n");
    _exit(0);
  }
  char buffer[256] __attribute__((aligned(8)));
  say("read %d", (int)read(other, buffer, sizeof buffer));
  reap("child", child);
  return 0;
}
