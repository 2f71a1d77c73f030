// sendmmsg and recvmmsg: several datagrams in one call.
#include <sys/socket.h>
#include <sys/un.h>

#include "case.h"

int main(void) {
  int pair[2];
  MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
  struct mmsghdr out[3], in[5];
  struct iovec parts[3], places[5];
  const char* words[3] = {"one", "three", "fifteen"};
  memset(out, 0, sizeof out);
  memset(in, 0, sizeof in);
  for (int i = 0; i < 3; i++) {
    parts[i] = (struct iovec){(void*)(uintptr_t)words[i], strlen(words[i])};
    out[i].msg_hdr.msg_iov = &parts[i];
    out[i].msg_hdr.msg_iovlen = 1;
  }
  static char buffers[5][16];
  for (int i = 0; i < 5; i++) {
    places[i] = (struct iovec){buffers[i], 15};
    in[i].msg_hdr.msg_iov = &places[i];
    in[i].msg_hdr.msg_iovlen = 1;
  }
  show("send", sendmmsg(pair[0], out, 3, 0));
  for (int i = 0; i < 3; i++) say("sent %u", out[i].msg_len);
  show("receive", recvmmsg(pair[1], in, 5, MSG_DONTWAIT, NULL));
  for (int i = 0; i < 3; i++) say("got %u [%s]", in[i].msg_len, buffers[i]);
  show("none", recvmmsg(pair[1], in, 5, MSG_DONTWAIT, NULL));
  sendmmsg(pair[0], out, 2, 0);
  show("wait for one", recvmmsg(pair[1], in, 5, MSG_WAITFORONE, NULL));
  show("no socket", sendmmsg(1, out, 3, 0));
  show("closed", recvmmsg(99, in, 3, 0, NULL));
  show("zero", sendmmsg(pair[0], out, 0, 0));
  pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < 3; i++) {
      sleep_ms(10);
      send(pair[0], words[i], strlen(words[i]), 0);
    }
    _exit(0);
  }
  show("waits for all", recvmmsg(pair[1], in, 3, 0, NULL));
  reap("child", child);
  say("last %u", in[2].msg_len);
  return 0;
}
