// Capabilities that are narrowed, lent, taken back and inherited, by <cloche/cap.h>. Tools a and b
// give their names, slow takes 0.3 s, never 100 s; all of them are granted.
#define _GNU_SOURCE
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "check.h"

static const char kOnlyA[] = "[{\"tool\":\"a\",\"others\":\"allow\"}]";
static const char kOnlyNever[] = "[{\"tool\":\"never\",\"others\":\"allow\"}]";

static int narrow(int cap, const char* grants) {
  char why[200];
  const int less = cloche_cap_narrow(cap, grants, why, sizeof why);
  if (less < 0) fprintf(stderr, "%s\n", why);
  CHECK(less >= 0);
  return less;
}

static void narrower(void) {
  const int cap = own_authority();
  const int less = narrow(cap, kOnlyA);
  CHECK(fcntl(less, F_GETFD) == FD_CLOEXEC);
  CHECK(ask(less, "a", "\"a\"") == CLOCHE_TOOL_OK);
  CHECK(ask(less, "b", "no capability for b") == CLOCHE_TOOL_DENIED);
  CHECK(ask(cap, "b", "\"b\"") == CLOCHE_TOOL_OK);
  // Never wider again.
  const int wide = narrow(less, "[{\"tool\":\"*\",\"others\":\"allow\"}]");
  CHECK(ask(wide, "a", "\"a\"") == CLOCHE_TOOL_OK);
  CHECK(ask(wide, "b", NULL) == CLOCHE_TOOL_DENIED);
  const int once = narrow(less, "[{\"tool\":\"a\",\"others\":\"allow\",\"calls\":1}]");
  CHECK(ask(once, "a", "\"a\"") == CLOCHE_TOOL_OK);
  CHECK(ask(once, "a", NULL) == CLOCHE_TOOL_DENIED);
  const int nothing = narrow(cap, "[]");
  CHECK(ask(nothing, "a", NULL) == CLOCHE_TOOL_DENIED);
  for (int fd = 0; fd < 5; ++fd) close((int[]){less, wide, once, nothing, cap}[fd]);
}

static void bad_grants(void) {
  const int cap = own_authority();
  char why[200] = "x";
  CHECK_ERROR(cloche_cap_narrow(cap, "[{\"tool\":\"a\",", why, sizeof why), EINVAL);
  CHECK(strstr(why, "not JSON"));
  CHECK_ERROR(
      cloche_cap_narrow(cap, "[{\"tool\":\"a\",\"others\":\"allow\",\"cals\":1}]", why, sizeof why),
      EINVAL);
  CHECK(strstr(why, "cals"));
  const int less = narrow(cap, kOnlyA);
  CHECK_ERROR(cloche_cap_narrow(less, "[{\"tool\":\"b\",\"others\":\"allow\"}]", why, sizeof why),
              EINVAL);
  CHECK(strcmp(why, "nothing is held for 'b'") == 0);
  CHECK_ERROR(cloche_cap_narrow(cap, "", why, 8), EINVAL);
  CHECK(strlen(why) == 7);
  CHECK_ERROR(cloche_cap_narrow(cap, "1", why, 1), EINVAL);
  CHECK(why[0] == '\0');
  CHECK_ERROR(cloche_cap_narrow(cap, "1", NULL, 100), EINVAL);
  CHECK_ERROR(cloche_cap_narrow(cap, "1", why, 0), EINVAL);
  strcpy(why, "x");
  CHECK_ERROR(cloche_cap_narrow(-1, kOnlyA, why, sizeof why), EBADF);
  CHECK(why[0] == '\0');
  close(less);
  close(cap);
}

static void revoked(void) {
  const int cap = own_authority();
  CHECK_ERROR(cloche_cap_revoke(cap), EPERM);
  CHECK_ERROR(cloche_cap_revoke(1), ENOTTY);
  const int less = narrow(cap, kOnlyA);
  const int copy = cloche_cap_dup(less), child = narrow(copy, kOnlyA);
  CHECK_ERROR(cloche_cap_revoke(copy), EPERM);
  CHECK(cloche_cap_revoke(child) == 1);
  CHECK(ask(child, "a", NULL) == CLOCHE_TOOL_DENIED);
  CHECK(ask(less, "a", NULL) == CLOCHE_TOOL_OK);
  CHECK(cloche_cap_revoke(less) > 0);
  CHECK(cloche_cap_revoke(less) == 0);
  CHECK(ask(less, "a", NULL) == CLOCHE_TOOL_DENIED);
  CHECK(ask(copy, "a", NULL) == CLOCHE_TOOL_DENIED);
  CHECK(ask(cap, "a", NULL) == CLOCHE_TOOL_OK);
  for (int fd = 0; fd < 4; ++fd) close((int[]){less, copy, child, cap}[fd]);
}

// What is under way ends, at once.
static void revoked_in_flight(void) {
  const int cap = own_authority();
  const int less = narrow(cap, kOnlyNever);
  const int call = cloche_tool_start(less, "never", "{}", 2);
  struct pollfd ready = {call, POLLIN, 0};
  CHECK(poll(&ready, 1, 100) == 0);
  CHECK(cloche_cap_revoke(less) == 1);
  struct cloche_text answer;
  CHECK(cloche_tool_finish(call, &answer) == CLOCHE_TOOL_DENIED);
  CHECK(strstr(answer.bytes, "revoked"));
  free(answer.bytes);
  close(less);
  close(cap);
}

// Who shares the very descriptor can disturb its holder's requests, but not keep it from revoking.
static void revoked_against_resistance(void) {
  const int cap = own_authority();
  const int less = narrow(cap, kOnlyNever);
  const pid_t child = fork();
  if (child == 0) {
    static const char kRequest[] = "call never 2\n{}";
    CHECK(write(less, kRequest, sizeof kRequest - 1) == sizeof kRequest - 1);
    _exit(0);
  }
  CHECK(exit_status_of(child) == 0);
  CHECK(cloche_cap_revoke(less) == 1);
  CHECK(ask(less, "never", NULL) == CLOCHE_TOOL_DENIED);
  close(less);
  close(cap);
}

static void adopted(void) {
  const pid_t child = fork();
  if (child != 0) {
    CHECK(exit_status_of(child) == 0);
    return;
  }
  const int cap = own_authority();
  const int less = narrow(cap, kOnlyA);
  CHECK(cloche_cap_adopt(less) == 0);
  const int now = own_authority();
  CHECK(ask(now, "a", NULL) == CLOCHE_TOOL_OK);
  CHECK(ask(now, "b", NULL) == CLOCHE_TOOL_DENIED);
  CHECK(ask(cap, "b", NULL) == CLOCHE_TOOL_OK);  // an open descriptor lends what it holds
  // exec closes it, and then nothing is left of what was more.
  execl("/proc/self/exe", "delegation", "child", "tools", NULL);
  _exit(99);
}

// A child without any authority of its own gets one over a socket.
static void sent(void) {
  int ends[2];
  CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  const int cap = own_authority();
  const int less = narrow(cap, kOnlyA);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    CHECK(cloche_cap_adopt(narrow(cap, "[]")) == 0);
    close(cap);
    close(less);
    CHECK(ask(own_authority(), "a", NULL) == CLOCHE_TOOL_DENIED);
    const int received = cloche_cap_receive(ends[1]);
    CHECK(received >= 0);
    CHECK(fcntl(received, F_GETFD) == FD_CLOEXEC);
    CHECK(ask(received, "a", NULL) == CLOCHE_TOOL_OK);
    CHECK(ask(received, "b", NULL) == CLOCHE_TOOL_DENIED);
    CHECK_ERROR(cloche_cap_revoke(received), EPERM);
    char turn = 0;
    CHECK(write(ends[1], &turn, 1) == 1 && read(ends[1], &turn, 1) == 1);
    CHECK(ask(received, "a", NULL) == CLOCHE_TOOL_DENIED);
    _exit(0);
  }
  close(ends[1]);
  CHECK(cloche_cap_send(ends[0], less) == 0);
  char turn;
  CHECK(read(ends[0], &turn, 1) == 1);
  CHECK(cloche_cap_revoke(less) == 1);
  CHECK(write(ends[0], &turn, 1) == 1);
  CHECK(exit_status_of(child) == 0);
  close(ends[0]);
  close(less);
  close(cap);
}

static void send_raw(int socket, const int* fds, size_t count) {
  char byte = 0, room[CMSG_SPACE(2 * sizeof(int))] = {0};
  struct iovec data = {&byte, 1};
  struct msghdr head = {.msg_iov = &data,
                        .msg_iovlen = 1,
                        .msg_control = room,
                        .msg_controllen = CMSG_SPACE(count * sizeof(int))};
  struct cmsghdr* control = CMSG_FIRSTHDR(&head);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(count * sizeof(int));
  memcpy(CMSG_DATA(control), fds, count * sizeof(int));
  CHECK(sendmsg(socket, &head, 0) == 1);
}

static void bad_messages(void) {
  int ends[2];
  CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
  const int cap = own_authority(), before = open_files();
  CHECK_ERROR(cloche_cap_send(ends[0], 1), ENOTTY);
  CHECK_ERROR(cloche_cap_send(ends[0], -1), EBADF);
  CHECK_ERROR(cloche_cap_send(1, cap), ENOTSOCK);
  CHECK(write(ends[0], "x", 1) == 1);
  CHECK_ERROR(cloche_cap_receive(ends[1]), EPROTO);
  send_raw(ends[0], (int[]){1}, 1);
  CHECK_ERROR(cloche_cap_receive(ends[1]), ENOTTY);
  send_raw(ends[0], (int[]){cap, cap}, 2);  // the second one has no place
  const int received = cloche_cap_receive(ends[1]);
  CHECK(received >= 0);
  close(received);
  CHECK(open_files() == before);
  close(ends[0]);
  CHECK_ERROR(cloche_cap_receive(ends[1]), ENODATA);
  close(ends[1]);
  close(cap);
}

// --- spawn

// A program that runs this one as `child ROLE` with output to `out`, and what it said.
struct child {
  pid_t pid;
  int out;
};

static struct child spawn_with(const char* role, const struct cloche_spawn_fd* more, size_t count,
                               int cap) {
  int ends[2];
  CHECK(pipe2(ends, O_CLOEXEC) == 0);
  struct cloche_spawn_fd fds[16] = {{ends[1], 1}, {2, 2}};
  for (size_t i = 0; i < count; ++i) fds[2 + i] = more[i];
  char* const argv[] = {"delegation", "child", (char*)role, NULL};
  char* const envp[] = {"ONLY=this", NULL};
  struct child child;
  CHECK(cloche_cap_spawn(&child.pid, "/proc/self/exe", argv, envp, fds, 2 + count, cap) == 0);
  close(ends[1]);
  child.out = ends[0];
  return child;
}

static void expect_output(struct child child, const char* expected) {
  char text[512];
  size_t size = 0;
  for (ssize_t got; (got = read(child.out, text + size, sizeof text - 1 - size)) > 0;) {
    size += (size_t)got;
  }
  text[size] = '\0';
  CHECK(exit_status_of(child.pid) == 0);
  if (strcmp(text, expected) != 0) {
    fprintf(stderr, "the child said '%s' in place of '%s'\n", text, expected);
    _exit(99);
  }
  close(child.out);
}

static void child_tools(void) {
  const int cap = own_authority();
  printf("a %s, b %s\n", ask(cap, "a", NULL) == 0 ? "yes" : "no",
         ask(cap, "b", NULL) == 0 ? "yes" : "no");
}

static void child_files(void) {
  DIR* folder = opendir("/proc/self/fd");
  CHECK(folder);
  for (int fd = 0; fd < 2048; ++fd) {
    if (fd != dirfd(folder) && fcntl(fd, F_GETFD) != -1) printf("%d ", fd);
  }
  int count = 0;
  while (readdir(folder)) ++count;
  printf("of %d\n", count - 3);  // without ".", ".." and the folder itself
}

static void child_environment(void) {
  extern char** environ;
  for (char** variable = environ; *variable; ++variable) printf("%s\n", *variable);
  struct sigaction action;
  sigset_t mask;
  sigprocmask(SIG_SETMASK, NULL, &mask);
  sigaction(SIGUSR1, NULL, &action);
  printf("caught %s, ", action.sa_handler == SIG_DFL ? "default" : "not default");
  sigaction(SIGUSR2, NULL, &action);
  printf("ignored %s, ", action.sa_handler == SIG_IGN ? "ignored" : "not ignored");
  printf("%s\n",
         sigismember(&mask, SIGHUP) && !sigismember(&mask, SIGTERM) ? "mask kept" : "mask lost");
}

// The capability is descriptor 7.
static void child_seven(void) {
  CHECK(ask(7, "a", NULL) == CLOCHE_TOOL_OK);
  CHECK(ask(7, "b", NULL) == CLOCHE_TOOL_DENIED);
  CHECK_ERROR(cloche_cap_revoke(7), EPERM);
  child_tools();
}

static void child_swapped(void) {
  char text[3] = "";
  CHECK(read(4, text, 1) == 1 && read(5, text + 1, 1) == 1);
  puts(text);
}

static void spawn_authority(void) {
  const int cap = own_authority(), less = narrow(cap, kOnlyA);
  expect_output(spawn_with("tools", NULL, 0, cap), "a yes, b yes\n");
  expect_output(spawn_with("tools", NULL, 0, less), "a yes, b no\n");
  expect_output(spawn_with("tools", NULL, 0, -1), "a no, b no\n");
  // As a descriptor beside nothing of its own.
  expect_output(spawn_with("seven", &(struct cloche_spawn_fd){less, 7}, 1, -1), "a no, b no\n");
  const int own = own_authority();
  CHECK(ask(own, "b", NULL) == CLOCHE_TOOL_OK);  // the parent's is as it was
  CHECK(cloche_cap_revoke(less) == 1);
  expect_output(spawn_with("tools", NULL, 0, less), "a no, b no\n");
  for (int fd = 0; fd < 3; ++fd) close((int[]){own, less, cap}[fd]);
}

static void on_signal(int signal) { (void)signal; }

static void spawn_inherits_nothing(void) {
  int pipes[2];
  CHECK(pipe(pipes) == 0);  // not close-on-exec
  const int high = fcntl(pipes[0], F_DUPFD, 1000), cap = own_authority();
  fcntl(cap, F_SETFD, 0);
  const struct rlimit low = {64, 1024};
  CHECK(setrlimit(RLIMIT_NOFILE, &low) == 0);  // `high` is beyond it now
  setenv("SECRET", "1", 1);
  expect_output(spawn_with("files", NULL, 0, -1), "1 2 of 2\n");
  const struct cloche_spawn_fd more[] = {{pipes[0], 40}, {high, 0}};
  expect_output(spawn_with("files", more, 2, cap), "0 1 2 40 of 4\n");
  signal(SIGUSR1, on_signal);
  signal(SIGUSR2, SIG_IGN);
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGHUP);
  sigprocmask(SIG_BLOCK, &mask, NULL);
  expect_output(spawn_with("environment", NULL, 0, -1),
                "ONLY=this\ncaught default, ignored ignored, mask kept\n");
  sigprocmask(SIG_SETMASK, NULL, &mask);
  CHECK(sigismember(&mask, SIGHUP) && !sigismember(&mask, SIGUSR1));
  CHECK(raise(SIGUSR1) == 0);  // this process's handler is still there
  CHECK(fcntl(high, F_GETFD) == 0 && fcntl(pipes[1], F_GETFD) == 0);
  for (int fd = 0; fd < 4; ++fd) close((int[]){pipes[0], pipes[1], high, cap}[fd]);
}

// Sources and targets are the same numbers in another order.
static void spawn_swaps(void) {
  int one[2], two[2];
  CHECK(pipe2(one, O_CLOEXEC) == 0 && pipe2(two, O_CLOEXEC) == 0);
  CHECK(write(one[1], "1", 1) == 1 && write(two[1], "2", 1) == 1);
  CHECK(fcntl(one[0], F_DUPFD_CLOEXEC, 4) >= 0);
  const int four = dup2(one[0], 4), five = dup2(two[0], 5);
  expect_output(spawn_with("swapped", (struct cloche_spawn_fd[]){{five, 4}, {four, 5}}, 2, -1),
                "21\n");
  for (int fd = 3; fd < 20; ++fd) close(fd);
}

static void spawn_errors(void) {
  char* const argv[] = {"true", NULL};
  pid_t child = 12345;
  const struct cloche_spawn_fd twice[] = {{1, 1}, {2, 1}}, negative[] = {{1, -1}},
                               closed[] = {{77, 1}}, huge[] = {{1, 1 << 20}};
  CHECK_ERROR(cloche_cap_spawn(&child, "true", argv, NULL, twice, 2, -1), EINVAL);
  CHECK_ERROR(cloche_cap_spawn(&child, "true", argv, NULL, negative, 1, -1), EINVAL);
  CHECK_ERROR(cloche_cap_spawn(&child, "true", argv, NULL, closed, 1, -1), EBADF);
  CHECK_ERROR(cloche_cap_spawn(&child, "true", argv, NULL, huge, 1, -1), EBADF);
  CHECK_ERROR(cloche_cap_spawn(&child, "/no/such", argv, NULL, NULL, 0, -1), ENOENT);
  CHECK_ERROR(cloche_cap_spawn(&child, "/etc/passwd", argv, NULL, NULL, 0, -1), EACCES);
  CHECK_ERROR(cloche_cap_spawn(&child, "true", argv, NULL, NULL, 0, 1), ENOTTY);
  CHECK_ERROR(cloche_cap_spawn(&child, "true", argv, NULL, NULL, 0, 77), EBADF);
  CHECK(child == 12345);
  CHECK_ERROR(waitpid(-1, NULL, 0), ECHILD);
  errno = 55;
  CHECK(cloche_cap_spawn(&child, "true", argv, NULL, NULL, 0, -1) == 0 && errno == 55);
  CHECK(exit_status_of(child) == 0);
}

static volatile int stop_opening;

static void* open_files_without_end(void* argument) {
  (void)argument;
  while (!stop_opening) {
    int fds[8];
    for (int i = 0; i < 8; ++i) fds[i] = open("/dev/null", O_RDONLY);  // not close-on-exec
    for (int i = 0; i < 8; ++i) close(fds[i]);
  }
  return NULL;
}

static void spawn_among_threads(void) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, open_files_without_end, NULL) == 0);
  for (int i = 0; i < 50; ++i) expect_output(spawn_with("files", NULL, 0, -1), "1 2 of 2\n");
  stop_opening = 1;
  pthread_join(thread, NULL);
}

// The standard way lends descriptors, too; the process's own authority goes on with it.
static void posix_spawn_lends(void) {
  const int cap = own_authority();
  const int less = narrow(cap, kOnlyA);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, cloche_cap_dup(less), 7);
  char* const argv[] = {"delegation", "child", "seven", NULL};
  pid_t child;
  CHECK(posix_spawn(&child, "/proc/self/exe", &actions, NULL, argv, NULL) == 0);
  posix_spawn_file_actions_destroy(&actions);
  CHECK(exit_status_of(child) == 0);
  for (int fd = 3; fd < 10; ++fd) close(fd);
}

// --- sandboxes inside this one

static int start_sandbox(int cap, const char* script) {
  char request[200];
  const int size = snprintf(request, sizeof request,
                            "{\"argv\": [\"sh\", \"-c\", \"%s\"], \"streams\": [null, 1, 2],"
                            " \"allow_tools\": [\"a\"]}",
                            script);
  const int sandbox = cloche_sandbox_start(cap, request, (size_t)size);
  CHECK(sandbox >= 0 && fcntl(sandbox, F_GETFD) == FD_CLOEXEC);
  return sandbox;
}

static void sandboxes(void) {
  const int cap = own_authority();
  struct cloche_text answer;
  int sandbox = start_sandbox(cap, "tool call a; exit 5");
  CHECK(cloche_tool_finish(sandbox, &answer) == CLOCHE_TOOL_OK);
  CHECK(strstr(answer.bytes, "\"exit_code\":5"));
  free(answer.bytes);
  sandbox = start_sandbox(cap, "while :; do :; done");
  struct pollfd ready = {sandbox, POLLIN, 0};
  CHECK(poll(&ready, 1, 200) == 0);
  close(sandbox);  // ends it
  // The right is not among these grants.
  const int less = narrow(cap, kOnlyA);
  CHECK(cloche_tool_finish(start_sandbox(less, "true"), &answer) == CLOCHE_TOOL_DENIED);
  free(answer.bytes);
  CHECK_ERROR(cloche_sandbox_start(1, "{}", 2), ENOTTY);
  close(less);
  close(cap);
}

int main(int argc, char** argv) {
  static const struct part kParts[] = {{"narrower", narrower},
                                       {"bad_grants", bad_grants},
                                       {"revoked", revoked},
                                       {"revoked_in_flight", revoked_in_flight},
                                       {"revoked_against_resistance", revoked_against_resistance},
                                       {"adopted", adopted},
                                       {"sent", sent},
                                       {"bad_messages", bad_messages},
                                       {"spawn_authority", spawn_authority},
                                       {"spawn_inherits_nothing", spawn_inherits_nothing},
                                       {"spawn_swaps", spawn_swaps},
                                       {"spawn_errors", spawn_errors},
                                       {"spawn_among_threads", spawn_among_threads},
                                       {"posix_spawn_lends", posix_spawn_lends},
                                       {"sandboxes", sandboxes},
                                       {NULL, NULL}};
  static const struct part kRoles[] = {
      {"tools", child_tools}, {"files", child_files},     {"environment", child_environment},
      {"seven", child_seven}, {"swapped", child_swapped}, {NULL, NULL}};
  if (argc == 3 && strcmp(argv[1], "child") == 0) {
    for (const struct part* role = kRoles; role->name; ++role) {
      if (strcmp(role->name, argv[2]) == 0) role->run();
    }
    return 0;
  }
  return argc == 2 ? run_part(kParts, argv[1]) : 2;
}
