// Calls of tools by <cloche/cap.h>. Tools: echo gives its parameters back, slow does so after 0.3
// s, never takes 100 s, broken fails, count tells how many bytes its parameters have, big gives a
// string of 10 MiB; hidden exists but is not granted.
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "check.h"

static void answers(void) {
  const int cap = own_authority();
  struct cloche_text answer;
  CHECK(cloche_tool_call(cap, "echo", "{\"a\":[1,null]}", 14, &answer) == CLOCHE_TOOL_OK);
  CHECK(answer.size == 14 && strcmp(answer.bytes, "{\"a\":[1,null]}") == 0);
  free(answer.bytes);
  CHECK(cloche_tool_call(cap, "broken", "{}", 2, &answer) == CLOCHE_TOOL_FAILED);
  CHECK(strcmp(answer.bytes, "the tool failed") == 0);
  free(answer.bytes);
  // Nothing tells a tool that is not granted from one that is not there.
  CHECK(ask(cap, "hidden", "no capability for hidden") == CLOCHE_TOOL_DENIED);
  CHECK(ask(cap, "absent", "no capability for absent") == CLOCHE_TOOL_DENIED);
  CHECK(cloche_tool_call(cap, "echo", "[1]", 3, &answer) == CLOCHE_TOOL_DENIED);
  CHECK(answer.size > 0);
  free(answer.bytes);
  close(cap);
}

static void errors(void) {
  const int cap = own_authority();
  struct cloche_text answer = {(char*)1, 1};
  char name[300];
  memset(name, 'a', sizeof name);
  name[256] = '\0';
  const char* const bad[] = {"", "a b", "a\n", "echo 0\nrevoke", name};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
    CHECK_ERROR(cloche_tool_call(cap, bad[i], "{}", 2, &answer), EINVAL);
    CHECK(!answer.bytes && answer.size == 0);
  }
  name[255] = '\0';
  CHECK(ask(cap, name, NULL) == CLOCHE_TOOL_DENIED);
  CHECK_ERROR(cloche_tool_call(-1, "echo", "{}", 2, &answer), EBADF);
  CHECK_ERROR(cloche_tool_call(1, "echo", "{}", 2, &answer), ENOTTY);
  CHECK_ERROR(cloche_cap_list(1, &answer), ENOTTY);
  CHECK_ERROR(cloche_tool_begin(cap, "echo", ((size_t)64 << 20) + 1), EFBIG);
  const int reader = open("/dev/tool", O_RDONLY | O_CLOEXEC);
  CHECK_ERROR(cloche_tool_start(reader, "echo", "{}", 2), EBADF);
  close(reader);
  const int file = open("/etc/passwd", O_RDONLY);
  CHECK_ERROR(cloche_tool_finish(file, &answer), EPROTO);
  close(cap);
}

static void list(void) {
  const int cap = own_authority();
  struct cloche_text text;
  CHECK(cloche_cap_list(cap, &text) == 0);
  CHECK(text.bytes[0] == '[' && strlen(text.bytes) == text.size);
  CHECK(strstr(text.bytes, "\"echo\"") && !strstr(text.bytes, "\"hidden\""));
  free(text.bytes);
  close(cap);
}

static long milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// As many calls as handlers run at once, from one thread.
static void parallel(void) {
  enum { kCalls = 64 };
  const int cap = own_authority();
  struct pollfd calls[kCalls];
  const long start = milliseconds();
  for (int i = 0; i < kCalls; ++i) {
    char parameters[32];
    const int size = snprintf(parameters, sizeof parameters, "{\"i\":%d}", i);
    calls[i].fd = cloche_tool_start(cap, "slow", parameters, (size_t)size);
    CHECK(calls[i].fd >= 0);
    CHECK(fcntl(calls[i].fd, F_GETFD) == FD_CLOEXEC);
    calls[i].events = POLLIN;
  }
  for (int left = kCalls; left > 0;) {
    CHECK(poll(calls, kCalls, -1) > 0);
    for (int i = 0; i < kCalls; ++i) {
      if (calls[i].fd < 0 || !(calls[i].revents & POLLIN)) continue;
      struct cloche_text answer;
      CHECK(cloche_tool_finish(calls[i].fd, &answer) == CLOCHE_TOOL_OK);
      int got;
      CHECK(sscanf(answer.bytes, "{\"i\":%d}", &got) == 1 && got == i);
      free(answer.bytes);
      calls[i].fd = -1;
      --left;
    }
  }
  CHECK(milliseconds() - start < kCalls * 300 / 2);  // one after the other it would be twice that
  close(cap);
}

static void given_up(void) {
  const int cap = own_authority();
  const int call = cloche_tool_start(cap, "never", "{}", 2);
  CHECK(call >= 0);
  struct pollfd ready = {call, POLLIN, 0};
  CHECK(poll(&ready, 1, 100) == 0);
  close(call);
  close(cap);
}

static void on_signal(int signal) { (void)signal; }

static void interrupted(void) {
  const int cap = own_authority();
  struct cloche_text answer;
  const int call = cloche_tool_start(cap, "slow", "{}", 2);
  CHECK(fcntl(call, F_SETFL, O_NONBLOCK) == 0);
  CHECK_ERROR(cloche_tool_finish(call, &answer), EAGAIN);
  CHECK(fcntl(call, F_SETFL, 0) == 0);
  const struct sigaction action = {.sa_handler = on_signal};  // no SA_RESTART
  sigaction(SIGALRM, &action, NULL);
  const struct timespec soon = {0, 50000000};
  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
  CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
  CHECK(timer_settime(timer, 0, &(struct itimerspec){{0, 0}, soon}, NULL) == 0);
  CHECK_ERROR(cloche_tool_finish(call, &answer), EINTR);
  CHECK(!answer.bytes);
  CHECK(cloche_tool_finish(call, &answer) == CLOCHE_TOOL_OK);
  free(answer.bytes);
  CHECK(fcntl(call, F_GETFD) == -1);
  // A call that waits by itself goes on.
  CHECK(timer_settime(timer, 0, &(struct itimerspec){soon, soon}, NULL) == 0);
  CHECK(ask(cap, "slow", "{}") == CLOCHE_TOOL_OK);
  timer_delete(timer);
  close(cap);
}

// 64 MiB to the tool that never lie in this memory as a whole, and 10 MiB back in pieces.
static void in_pieces(void) {
  static char piece[1 << 16];
  const size_t size = (size_t)64 << 20;
  const int cap = own_authority();
  int call = cloche_tool_begin(cap, "count", size);
  CHECK(call >= 0);
  memset(piece, ' ', sizeof piece);
  CHECK(write(call, "{", 1) == 1);
  for (size_t left = size - 2; left > 0;) {
    const ssize_t sent = write(call, piece, left < sizeof piece ? left : sizeof piece);
    CHECK(sent > 0);
    left -= (size_t)sent;
  }
  CHECK(write(call, "}", 1) == 1);
  struct cloche_text answer;
  CHECK(cloche_tool_finish(call, &answer) == CLOCHE_TOOL_OK);
  CHECK(strtoul(answer.bytes, NULL, 10) == size);
  free(answer.bytes);

  call = cloche_tool_start(cap, "big", "{}", 2);
  size_t length, total = 0;
  CHECK(cloche_tool_status(call, &length) == CLOCHE_TOOL_OK);
  CHECK(length == ((size_t)10 << 20) + 2);
  for (ssize_t got; (got = read(call, piece, sizeof piece)) > 0;) total += (size_t)got;
  CHECK(total == length);
  close(call);
  close(cap);
}

static int shared_cap;

static void* call_often(void* argument) {
  (void)argument;
  for (int i = 0; i < 8; ++i) CHECK(ask(shared_cap, "echo", "{}") == CLOCHE_TOOL_OK);
  return NULL;
}

static void threads(void) {
  pthread_t threads[16];
  shared_cap = own_authority();
  for (size_t i = 0; i < 16; ++i) CHECK(pthread_create(&threads[i], NULL, call_often, NULL) == 0);
  for (size_t i = 0; i < 16; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
  close(shared_cap);
}

static void no_tools(void) {
  CHECK_ERROR(cloche_cap_open(), ENOENT);
  pid_t child;
  char* const argv[] = {"true", NULL};
  CHECK(cloche_cap_spawn(&child, "true", argv, NULL, NULL, 0, -1) == 0);
  CHECK(exit_status_of(child) == 0);
}

int main(int argc, char** argv) {
  static const struct part kParts[] = {{"answers", answers},   {"errors", errors},
                                       {"list", list},         {"parallel", parallel},
                                       {"given_up", given_up}, {"interrupted", interrupted},
                                       {"threads", threads},   {"in_pieces", in_pieces},
                                       {"no_tools", no_tools}, {NULL, NULL}};
  return argc == 2 ? run_part(kParts, argv[1]) : 2;
}
