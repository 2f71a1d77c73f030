// socketpair: streams, datagrams, shutdown, peek, end of file, EPIPE.
#include <sys/socket.h>

#include "case.h"
int main(void) {
  int s[2];
  char b[64];
  show("stream", socketpair(AF_UNIX, SOCK_STREAM, 0, s));
  show("send", send(s[0], "hello world", 11, 0));
  show("peek", recv(s[1], b, 5, MSG_PEEK));
  show("recv", recv(s[1], b, 5, 0));
  show("rest", read(s[1], b, 64));
  show("both ways", write(s[1], "back", 4));
  show("read", read(s[0], b, 64));
  show("dontwait", recv(s[0], b, 1, MSG_DONTWAIT));
  show("shutdown", shutdown(s[0], SHUT_WR));
  show("end", read(s[1], b, 1));
  show("other way", write(s[1], "x", 1));
  show("nosignal", send(s[0], "x", 1, MSG_NOSIGNAL));
  close(s[1]);
  signal(SIGPIPE, SIG_IGN);
  show("write to closed", write(s[0], "x", 1));
  show("datagram", socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
  send(s[0], "first", 5, 0);
  send(s[0], "second!", 7, 0);
  show("one", recv(s[1], b, 64, 0));
  show("cut", recv(s[1], b, 3, 0));
  show("gone", recv(s[1], b, 64, MSG_DONTWAIT));
  show("seqpacket", socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s));
  write(s[0], "packet", 6);
  show("packet", read(s[1], b, 64));
  int none[2];
  show("bad domain", socketpair(12345, SOCK_STREAM, 0, none));
  show("bad type", socketpair(AF_UNIX, 77, 0, none));
  struct stat st;
  fstat(s[0], &st);
  say("socket %d", S_ISSOCK(st.st_mode));
  show("seek", lseek(s[0], 0, SEEK_SET));
  show("not a socket", recv(1, b, 1, 0));
  return 0;
}
