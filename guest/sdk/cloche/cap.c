#include "cloche/cap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conversation.h"

// ioctls of /dev/tool (docs/tools.md).
#define TOOL_OPEN 0xc101
#define TOOL_REVOKE 0xc102

// Closes it on the way out with an error.
static int drop(int device) {
  const int error = errno;
  close(device);
  errno = error;
  return -1;
}

int cloche_cap_open(void) { return open("/dev/tool", O_RDWR | O_CLOEXEC); }

int cloche_cap_dup(int cap) { return ioctl(cap, TOOL_OPEN, O_CLOEXEC); }

int cloche_cap_list(int cap, struct cloche_text* list) {
  *list = (struct cloche_text){0};
  const int device = cloche_cap_dup(cap);
  if (device < 0) return -1;
  if (__cloche_send(device, "list\n", 5) != 0) return drop(device);
  return cloche_tool_finish(device, list) < 0 ? -1 : 0;
}

// Puts the text of an answer into the caller's buffer, as much as fits.
static void explain(int device, size_t size, char* why, size_t why_size) {
  const size_t length = size < why_size ? size : why_size - 1;
  why[__cloche_read(device, why, length) == 0 ? length : 0] = '\0';
}

int cloche_cap_narrow(int cap, const char* grants, char* why, size_t why_size) {
  if (!why) why_size = 0;
  if (why_size > 0) *why = '\0';
  const int device = cloche_cap_dup(cap);
  if (device < 0) return -1;
  const size_t length = strlen(grants);
  char verb[32];
  snprintf(verb, sizeof verb, "narrow %zu\n", length);
  size_t size;
  const int status = __cloche_request(device, verb, grants, length, &size);
  if (status == CLOCHE_TOOL_OK) return device;
  if (status >= 0) {
    if (why_size > 0) explain(device, size, why, why_size);
    errno = EINVAL;
  }
  return drop(device);
}

int cloche_cap_revoke(int cap) { return ioctl(cap, TOOL_REVOKE, 0); }

int cloche_cap_adopt(int cap) {
  const int device = cloche_cap_dup(cap);
  if (device < 0) return -1;
  size_t size;
  const int status = __cloche_request(device, "adopt\n", "", 0, &size);
  if (status > 0) errno = EPROTO;
  if (status != CLOCHE_TOOL_OK) return drop(device);
  close(device);
  return 0;
}

// One byte of data and room for one descriptor.
struct message {
  char byte;
  struct iovec data;
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int))];
  } control;
  struct msghdr head;
};

static struct msghdr* prepare(struct message* message) {
  memset(message, 0, sizeof *message);
  message->data = (struct iovec){&message->byte, 1};
  message->head.msg_iov = &message->data;
  message->head.msg_iovlen = 1;
  message->head.msg_control = &message->control;
  message->head.msg_controllen = sizeof message->control;
  return &message->head;
}

int cloche_cap_send(int socket, int cap) {
  const int copy = cloche_cap_dup(cap);
  if (copy < 0) return -1;
  struct message message;
  struct msghdr* head = prepare(&message);
  struct cmsghdr* control = CMSG_FIRSTHDR(head);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(sizeof copy);
  memcpy(CMSG_DATA(control), &copy, sizeof copy);
  if (sendmsg(socket, head, MSG_NOSIGNAL) < 0) return drop(copy);
  close(copy);
  return 0;
}

int cloche_cap_receive(int socket) {
  struct message message;
  struct msghdr* head = prepare(&message);
  const ssize_t got = recvmsg(socket, head, MSG_CMSG_CLOEXEC);
  if (got < 0) return -1;
  const struct cmsghdr* control = CMSG_FIRSTHDR(head);
  if (!control || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS ||
      control->cmsg_len != CMSG_LEN(sizeof(int))) {
    errno = got == 0 ? ENODATA : EPROTO;
    return -1;
  }
  int received;
  memcpy(&received, CMSG_DATA(control), sizeof received);
  const int copy = cloche_cap_dup(received);
  if (copy < 0) return drop(received);
  close(received);
  return copy;
}
