// epoll: registration and its errors, level and edge triggering, one shot, what close and dup do.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "case.h"

#define BAD ((void*)(uintptr_t)-64)  // no memory of either side is there

static int set;

static int control(int operation, int fd, uint32_t events, uint64_t data) {
  struct epoll_event event = {events, {.u64 = data}};
  return epoll_ctl(set, operation, fd, &event);
}

static void look(const char* what, int most, int timeout) {
  struct epoll_event events[16];
  int n = epoll_wait(set, events, most, timeout);
  char line[512];
  int at = snprintf(line, sizeof line, "%s: %d", what, n);
  if (n < 0) at += snprintf(line + at, sizeof line - (size_t)at, " %s", error_name(errno));
  for (int i = 0; i < n; i++)
    at += snprintf(line + at, sizeof line - (size_t)at, " [%llu%s%s%s%s%s]",
                   (unsigned long long)events[i].data.u64, events[i].events & EPOLLIN ? " IN" : "",
                   events[i].events & EPOLLOUT ? " OUT" : "",
                   events[i].events & EPOLLERR ? " ERR" : "",
                   events[i].events & EPOLLHUP ? " HUP" : "",
                   events[i].events & EPOLLRDHUP ? " RDHUP" : "");
  say("%s", line);
}

static void errors(void) {
  show("size 0", epoll_create(0));
  show("bad flags", epoll_create1(1));
  int file = open("f", O_CREAT | O_RDWR, 0600), folder = open(".", O_RDONLY);
  int null = open("/dev/null", O_RDWR), path = open("f", O_PATH);
  int pipes[2];
  MUST(pipe(pipes));
  show("regular file", control(EPOLL_CTL_ADD, file, EPOLLIN, 0));
  show("folder", control(EPOLL_CTL_ADD, folder, EPOLLIN, 0));
  show("/dev/null", control(EPOLL_CTL_ADD, null, EPOLLIN, 0));
  show("O_PATH", control(EPOLL_CTL_ADD, path, EPOLLIN, 0));
  show("itself", control(EPOLL_CTL_ADD, set, EPOLLIN, 0));
  show("closed", control(EPOLL_CTL_ADD, 99, EPOLLIN, 0));
  show("unknown operation", control(9, pipes[0], EPOLLIN, 0));
  show("modify absent", control(EPOLL_CTL_MOD, pipes[0], EPOLLIN, 0));
  show("remove absent", control(EPOLL_CTL_DEL, pipes[0], EPOLLIN, 0));
  show("no event", epoll_ctl(set, EPOLL_CTL_ADD, pipes[0], BAD));
  show("add", control(EPOLL_CTL_ADD, pipes[0], EPOLLIN, 1));
  show("add twice", control(EPOLL_CTL_ADD, pipes[0], EPOLLIN, 1));
  show("exclusive modify", control(EPOLL_CTL_MOD, pipes[0], EPOLLIN | EPOLLEXCLUSIVE, 1));
  show("remove without event", epoll_ctl(set, EPOLL_CTL_DEL, pipes[0], NULL));
  show("exclusive one shot",
       control(EPOLL_CTL_ADD, pipes[0], EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT, 1));
  show("exclusive", control(EPOLL_CTL_ADD, pipes[0], EPOLLIN | EPOLLEXCLUSIVE, 1));
  show("modify exclusive", control(EPOLL_CTL_MOD, pipes[0], EPOLLIN, 1));
  struct epoll_event events[2];
  show("none wanted", epoll_wait(set, events, 0, 0));
  show("negative", epoll_wait(set, events, -1, 0));
  show("no set", epoll_wait(pipes[0], events, 1, 0));
  show("closed set", epoll_wait(99, events, 1, 0));
  write(pipes[1], "x", 1);
  show("bad address", epoll_wait(set, BAD, 1, 0));
  look("not lost", 4, 0);
  show("read", read(set, events, 8));
  show("write", write(set, events, 8));
  close(pipes[0]);
  close(pipes[1]);
  close(file);
  close(folder);
  close(null);
  close(path);
}

static void triggering(void) {
  int level[2], edge[2], shot[2];
  MUST(pipe(level));
  MUST(pipe(edge));
  MUST(pipe(shot));
  look("nothing registered", 4, 0);
  control(EPOLL_CTL_ADD, level[0], EPOLLIN, 1);
  control(EPOLL_CTL_ADD, edge[0], EPOLLIN | EPOLLET, 2);
  control(EPOLL_CTL_ADD, shot[0], EPOLLIN | EPOLLONESHOT, 3);
  look("empty", 4, 0);
  write(level[1], "ab", 2);
  write(edge[1], "ab", 2);
  write(shot[1], "ab", 2);
  look("first", 4, 0);
  look("level only", 4, 0);
  write(edge[1], "c", 1);
  write(shot[1], "c", 1);
  look("edge again", 4, 0);
  char bytes[8];
  read(edge[0], bytes, 1);
  look("a read is no edge", 4, 0);
  control(EPOLL_CTL_MOD, edge[0], EPOLLIN | EPOLLET, 4);
  control(EPOLL_CTL_MOD, shot[0], EPOLLIN | EPOLLONESHOT, 5);
  look("both armed again", 4, 0);
  look("and spent", 4, 0);
  read(level[0], bytes, 8);
  look("level gone", 4, 0);
  control(EPOLL_CTL_ADD, level[1], EPOLLOUT | EPOLLET, 6);
  look("writable", 4, 0);
  look("once", 4, 0);
  close(level[0]);
  look("no reader", 4, 0);
  close(edge[1]);
  look("no writer", 4, 0);
  close(shot[1]);
  look("hang-up of a spent one", 4, 0);
  control(EPOLL_CTL_MOD, shot[0], 0, 7);
  look("hang-up unasked", 4, 0);
  close(level[1]);
  close(edge[0]);
  close(shot[0]);
  look("all closed", 4, 0);
}

static void turns(void) {
  int fds[4];
  uint64_t one = 1;
  for (int i = 0; i < 4; i++) {
    fds[i] = eventfd(0, EFD_NONBLOCK);
    control(EPOLL_CTL_ADD, fds[i], EPOLLIN, (uint64_t)i);
    write(fds[i], &one, 8);
  }
  look("turn", 1, 0);
  look("turn", 2, 0);
  look("turn", 3, 0);
  for (int i = 3; i >= 0; i--) read(fds[i], &one, 8);
  look("none", 4, 0);
  for (int i = 3; i >= 0; i--) write(fds[i], &one, 8);
  look("in the order of events", 4, 0);
  for (int i = 0; i < 4; i++) close(fds[i]);
}

static void descriptors(void) {
  int pipes[2];
  MUST(pipe(pipes));
  int other = dup(pipes[0]);
  control(EPOLL_CTL_ADD, pipes[0], EPOLLIN, 1);
  show("the same file by another number", control(EPOLL_CTL_ADD, other, EPOLLIN, 2));
  write(pipes[1], "x", 1);
  look("both", 4, 0);
  int number = pipes[0];
  close(pipes[0]);
  look("still both", 4, 0);
  show("remove a closed number", control(EPOLL_CTL_DEL, number, 0, 0));
  close(other);
  look("none", 4, 0);
  close(pipes[1]);
}

static void sockets(void) {
  int pair[2];
  MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
  control(EPOLL_CTL_ADD, pair[0], EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, 1);
  look("connected", 4, 0);
  write(pair[1], "x", 1);
  look("data", 4, 0);
  look("seen", 4, 0);
  shutdown(pair[1], SHUT_WR);
  look("half closed", 4, 0);
  close(pair[1]);
  look("closed", 4, 0);
  close(pair[0]);
}

static void waiting(void) {
  int pipes[2];
  MUST(pipe(pipes));
  control(EPOLL_CTL_ADD, pipes[0], EPOLLIN, 1);
  int64_t start = now_ms();
  look("time-out", 4, 60);
  say("waited %d", now_ms() - start >= 59);
  pid_t child = fork();
  if (child == 0) {
    sleep_ms(20);
    write(pipes[1], "x", 1);
    _exit(0);
  }
  look("woken by a child", 4, 5000);
  reap("child", child);
  char byte;
  read(pipes[0], &byte, 1);
  // A set is shared with children, and so is what they register.
  child = fork();
  if (child == 0) {
    control(EPOLL_CTL_MOD, pipes[0], EPOLLIN, 2);
    write(pipes[1], "x", 1);
    _exit(0);
  }
  reap("child", child);
  look("as the child said", 4, 0);
  close(pipes[0]);
  close(pipes[1]);
}

int main(void) {
  set = epoll_create1(EPOLL_CLOEXEC);
  say("close on exec %d", fcntl(set, F_GETFD));
  errors();
  triggering();
  turns();
  descriptors();
  sockets();
  waiting();
  return 0;
}
