// UDP over the loopback interface: names, senders, edges of messages, refusals, connected sockets,
// several sockets at one port, several messages in one call.
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "inet.h"

static int bound(const char* ip) {
  int fd = udp(0);
  struct sockaddr_in any = ipv4(ip, 0);
  MUST(BIND(fd, any));
  return fd;
}

static void messages(void) {
  int in = bound("127.0.0.1"), out = udp(0);
  struct sockaddr_in at = ipv4("127.0.0.1", port_of(in));
  show_name("fresh", out, 0);
  show("nowhere", send(out, "x", 1, 0));
  show("first", SEND_TO(out, "first", at));
  show_name("has a port now", out, port_of(out));
  show("second", SEND_TO(out, "second", at));
  show("empty", SEND_TO(out, "", at));
  struct sockaddr_storage from;
  socklen_t size = sizeof from;
  char text[16] = "";
  show("recvfrom", recvfrom(in, text, 3, 0, (struct sockaddr*)&from, &size));
  show_address("from", &from, size, port_of(out));
  int unread = -1;
  MUST(ioctl(in, FIONREAD, &unread));
  say("the rest is gone, next has %d", unread);
  show("peek, real size", recv(in, text, 2, MSG_PEEK | MSG_TRUNC));
  struct iovec parts[2] = {{text, 2}, {text + 8, 2}};
  struct msghdr message = {
      .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = parts, .msg_iovlen = 2};
  show("recvmsg", recvmsg(in, &message, 0));
  say("%.2s %.2s cut %d name %d", text, text + 8, message.msg_flags == MSG_TRUNC,
      (int)message.msg_namelen);
  show_poll("an empty one", in);
  show_recv("is there", in, 0);
  show_recv("no more", in, MSG_DONTWAIT);
  show_poll("nothing", in);
  show("write", write(out, "x", 1));
  show("accept", accept(in, NULL, NULL));
  show("listen", listen(in, 1));
  close(in), close(out);
}

static void bounds(void) {
  int in = bound("127.0.0.1"), out = udp(0);
  struct sockaddr_in at = ipv4("127.0.0.1", port_of(in));
  static char big[70000], got[70000];
  memset(big, 'b', sizeof big);
  MUST(CONNECT(out, at));
  show("largest", send(out, big, 65507, 0));
  show("comes whole", recv(in, got, sizeof got, 0));
  say("same %d", memcmp(big, got, 65507) == 0);
  show("larger", send(out, big, 65508, 0));
  show("much larger", send(out, big, sizeof big, 0));
  struct iovec parts[2] = {{big, 40000}, {big, 30000}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  show("in parts", sendmsg(out, &message, 0));
  long sent = 0, came = 0;
  while (sent < 3000 && send(out, big, 1000, MSG_DONTWAIT) == 1000) sent++;
  while (recv(in, got, sizeof got, MSG_DONTWAIT) == 1000) came++;
  say("sent %ld, some came %d, some were lost %d", sent, came > 20, came < sent);
  show_recv("none left", in, MSG_DONTWAIT);
  show("goes on", send(out, "again", 5, 0));
  show_recv("goes on", in, 0);
  close(in), close(out);
}

static void connections(void) {
  int in = bound("127.0.0.1"), out = udp(0), other = bound("127.0.0.1");
  struct sockaddr_in at = ipv4("127.0.0.1", port_of(in)),
                     elsewhere = ipv4("127.0.0.1", port_of(other));
  show("connect", CONNECT(out, at));
  show_name("name", out, port_of(out));
  show_peer("peer", out, port_of(in));
  struct sockaddr_in back = ipv4("127.0.0.1", port_of(out));
  show("from another", SEND_TO(other, "from another", back));
  show_recv("does not get through", out, MSG_DONTWAIT);
  show("from the peer", SEND_TO(in, "from the peer", back));
  show_recv("does", out, 0);
  show("to another", SEND_TO(out, "to another", elsewhere));
  show_recv("may go there", other, 0);
  close(in);
  show("send to nobody", send(out, "x", 1, 0));
  show_poll("came back", out);
  show("next send", send(out, "x", 1, 0));
  show("and again", send(out, "x", 1, 0));
  show_recv("recv", out, MSG_DONTWAIT);
  show("another", SEND_TO(out, "x", at));
  say("error %s", error_name(get_option(out, SOL_SOCKET, SO_ERROR)));
  show_recv("told", out, MSG_DONTWAIT);
  int loose = udp(0);
  show("not connected", SEND_TO(loose, "x", at));
  show_recv("never told", loose, MSG_DONTWAIT);
  show("connect elsewhere", CONNECT(out, elsewhere));
  show("send", send(out, "moved", 5, 0));
  show_recv("moved", other, 0);
  struct sockaddr none = {.sa_family = AF_UNSPEC};
  show("disconnect", connect(out, &none, sizeof none));
  show_peer("no peer", out, 0);
  show_name("no name", out, 0);
  show("send", send(out, "x", 1, 0));
  struct sockaddr_in nothing = ipv4("127.0.0.1", 0);
  show("port 0", SEND_TO(out, "x", nothing));
  show("short", sendto(out, "x", 1, 0, (struct sockaddr*)&at, 8));
  at.sin_family = AF_UNIX;
  show("another family", SEND_TO(out, "x", at));
  close(out), close(other), close(loose);
}

static void shutdowns(void) {
  int in = bound("127.0.0.1"), out = udp(0);
  struct sockaddr_in at = ipv4("127.0.0.1", port_of(in));
  show("not connected", shutdown(in, SHUT_RD));
  show_recv("shut nevertheless", in, 0);
  show_poll("shut", in);
  MUST(CONNECT(out, at));
  show("shutdown", shutdown(out, SHUT_WR));
  show("send", send(out, "x", 1, 0));
  pid_t pid = fork();
  if (pid == 0) _exit(write(out, "x", 1) < 0 && errno == EPIPE ? 3 : 4);
  reap("without SIGPIPE", pid);
  show("both", shutdown(out, SHUT_RDWR));
  show_poll("both", out);
  close(in), close(out);
}

static void shared_ports(void) {
  int first = udp(0), second = udp(0), third = udp(0);
  struct sockaddr_in any = ipv4("127.0.0.1", 0);
  MUST(set_option(first, SOL_SOCKET, SO_REUSEADDR, 1));
  MUST(BIND(first, any));
  any = ipv4("127.0.0.1", port_of(first));
  show("without the option", BIND(second, any));
  MUST(set_option(second, SOL_SOCKET, SO_REUSEADDR, 1));
  show("with it", BIND(second, any));
  struct sockaddr_in all = ipv4("0.0.0.0", port_of(first));
  MUST(set_option(third, SOL_SOCKET, SO_REUSEADDR, 1));
  show("at all addresses", BIND(third, all));
  int out = udp(0);
  show("send", SEND_TO(out, "to the latest", any));
  show_recv("first", first, MSG_DONTWAIT);
  show_recv("second", second, MSG_DONTWAIT);
  struct sockaddr_in away = ipv4("127.9.9.9", port_of(first));
  show("another address", SEND_TO(out, "to all", away));
  show_recv("third", third, MSG_DONTWAIT);
  show("any address", SEND_TO(out, "to any", all));
  show_recv("second again", second, MSG_DONTWAIT);
  close(first), close(second), close(third), close(out);
}

static void many_at_once(void) {
  int in = bound("127.0.0.1"), out = udp(0);
  struct sockaddr_in at = ipv4("127.0.0.1", port_of(in));
  struct iovec words[3] = {{"one", 3}, {"two", 3}, {"three", 5}};
  struct mmsghdr list[4] = {0};
  for (int i = 0; i < 3; i++)
    list[i].msg_hdr = (struct msghdr){
        .msg_name = &at, .msg_namelen = sizeof at, .msg_iov = &words[i], .msg_iovlen = 1};
  show("sendmmsg", sendmmsg(out, list, 3, 0));
  char text[4][8] = {""};
  struct iovec places[4];
  for (int i = 0; i < 4; i++) {
    places[i] = (struct iovec){text[i], 8};
    list[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &places[i], .msg_iovlen = 1}};
  }
  show("recvmmsg", recvmmsg(in, list, 4, MSG_WAITFORONE, NULL));
  for (int i = 0; i < 3; i++) say("%u [%.8s]", list[i].msg_len, text[i]);
  struct timeval soon = {0, 20000};
  MUST(setsockopt(in, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon));
  show_recv("in vain", in, 0);
  pid_t pid = fork();
  if (pid == 0) {
    SEND_TO(out, "woken", at);
    _exit(0);
  }
  struct pollfd entry = {.fd = in, .events = POLLIN};
  show("poll", poll(&entry, 1, 5000));
  show_recv("came", in, 0);
  reap("sender", pid);
  close(in), close(out);
}

int main(void) {
  messages();
  bounds();
  connections();
  shutdowns();
  shared_ports();
  many_at_once();
  return 0;
}
