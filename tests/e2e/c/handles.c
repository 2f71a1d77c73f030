// Descriptors of sandboxes inside and of calls under way, at places where nobody closes them: in
// the queue of a socket that the sandbox itself reads from, and in circles of sockets, which only
// the end of their kernel undoes. Tool never takes 100 s.
#include <poll.h>
#include <sys/socket.h>

#include "check.h"

static void pair(int ends[2]) {
  CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
}

// In the queue of the other end, which nobody but the sandbox inside reads.
static void put_away(int socket, int fd) {
  char control[CMSG_SPACE(sizeof(int))] = {0};
  struct iovec byte = {"x", 1};
  struct msghdr message = {
      .msg_iov = &byte, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  CHECK(sendmsg(socket, &message, 0) == 1);
}

static int start(int cap, const char* program, int input) {
  char request[200];
  const int size = snprintf(request, sizeof request, "{\"argv\": [%s], \"streams\": [%d, 1, 2]}",
                            program, input);
  const int sandbox = cloche_sandbox_start(cap, request, (size_t)size);
  CHECK(sandbox >= 0);
  return sandbox;
}

static void end_of(int cap) {
  struct cloche_text answer;
  CHECK(cloche_tool_finish(start(cap, "\"sh\", \"-c\", \"exit 7\"", 0), &answer) == CLOCHE_TOOL_OK);
  CHECK(strstr(answer.bytes, "\"exit_code\":7"));
  free(answer.bytes);
}

// The sandbox reads the message in which its own handle lies, and ends of that.
static void read_by_itself(void) {
  int ends[2];
  pair(ends);
  const int cap = own_authority();
  const int sandbox = start(cap, "\"sh\", \"-c\", \"read -r line; sleep 100\"", ends[1]);
  put_away(ends[0], sandbox);
  close(sandbox);
  close(ends[1]);
  // Its end of the socket is closed with it.
  struct pollfd hung_up = {ends[0], POLLIN, 0};
  CHECK(poll(&hung_up, 1, 20000) == 1 && (hung_up.revents & POLLHUP));
  close(ends[0]);
  end_of(cap);
  close(cap);
}

// Its input is a socket in whose queue it lies with that socket.
static void in_a_circle(void) {
  int ends[2];
  const int cap = own_authority();
  for (int i = 0; i < 3; ++i) {
    pair(ends);
    const int sandbox = start(cap, "\"sleep\", \"100\"", ends[1]);
    put_away(ends[0], sandbox);
    put_away(ends[0], ends[1]);
    close(sandbox);
    close(ends[0]);
    close(ends[1]);
  }
  end_of(cap);
  close(cap);
}

static void call_in_a_circle(void) {
  int ends[2];
  const int cap = own_authority();
  pair(ends);
  const int call = cloche_tool_start(cap, "never", "{}", 2);
  CHECK(call >= 0);
  put_away(ends[0], call);
  put_away(ends[0], ends[1]);
  put_away(ends[1], ends[0]);
  close(call);
  close(ends[0]);
  close(ends[1]);
  close(cap);
}

int main(int argc, char** argv) {
  static const struct part kParts[] = {{"read_by_itself", read_by_itself},
                                       {"in_a_circle", in_a_circle},
                                       {"call_in_a_circle", call_in_a_circle},
                                       {NULL, NULL}};
  return argc == 2 ? run_part(kParts, argv[1]) : 2;
}
