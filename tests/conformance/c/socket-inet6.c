// AF_INET6 over the loopback interface, and one socket for both families.
#include "inet.h"

static void version6(void) {
  int l = (int)MUST(socket(AF_INET6, SOCK_STREAM, 0)),
      c = (int)MUST(socket(AF_INET6, SOCK_STREAM, 0));
  show_name("fresh", l, 0);
  struct sockaddr_in6 at = ipv6("::1", 0);
  show("bind", BIND(l, at));
  show("listen", listen(l, 2));
  at = ipv6("::1", port_of(l));
  show("connect", CONNECT(c, at));
  struct sockaddr_storage from;
  socklen_t size = sizeof from;
  int s = (int)MUST(accept(l, (struct sockaddr*)&from, &size));
  show_address("from", &from, size, port_of(c));
  show_name("name", s, port_of(l));
  MUST(send(c, "six", 3, 0));
  show_recv("data", s, 0);
  int old = tcp(0);
  struct sockaddr_in four = ipv4("127.0.0.1", port_of(l));
  show("not by IPv4", CONNECT(old, four));
  show("nor the address of another family",
       CONNECT(c = (int)MUST(socket(AF_INET6, SOCK_STREAM, 0)), four));
  at.sin6_family = AF_INET6;
  show("short", connect(c, (struct sockaddr*)&at, 20));
  close(l), close(c), close(s), close(old);
}

static void both_families(void) {
  int l = (int)MUST(socket(AF_INET6, SOCK_STREAM, 0)), c = tcp(0);
  struct sockaddr_in6 any = ipv6("::", 0);
  say("only %d", get_option(l, IPPROTO_IPV6, IPV6_V6ONLY));
  show("bind", BIND(l, any));
  show("too late", set_option(l, IPPROTO_IPV6, IPV6_V6ONLY, 1));
  show("listen", listen(l, 2));
  struct sockaddr_in four = ipv4("127.0.0.1", port_of(l));
  int other = tcp(0);
  show("taken for IPv4, too", BIND(other, four));
  show("connect", CONNECT(c, four));
  struct sockaddr_storage from;
  socklen_t size = sizeof from;
  int s = (int)MUST(accept(l, (struct sockaddr*)&from, &size));
  show_address("from", &from, size, port_of(c));
  show_name("name", s, port_of(l));
  show_peer("client's peer", c, port_of(l));
  close(c), close(s);
  c = (int)MUST(socket(AF_INET6, SOCK_STREAM, 0));
  struct sockaddr_in6 mapped = ipv6("::ffff:127.0.0.1", port_of(l));
  show("mapped", CONNECT(c, mapped));
  show_name("its name", c, port_of(c));
  close(c);
  c = (int)MUST(socket(AF_INET6, SOCK_STREAM, 0));
  MUST(set_option(c, IPPROTO_IPV6, IPV6_V6ONLY, 1));
  show("mapped, only IPv6", CONNECT(c, mapped));
  show("bind of a mapped one", BIND(c, mapped));
  struct sockaddr_in6 unspecified = ipv6("::", port_of(l));
  show("to ::", CONNECT(c, unspecified));
  show_peer("is", c, port_of(l));
  close(c), close(l), close(other);
}

static void only_six(void) {
  int six = (int)MUST(socket(AF_INET6, SOCK_STREAM, 0)), four = tcp(0);
  MUST(set_option(six, IPPROTO_IPV6, IPV6_V6ONLY, 1));
  struct sockaddr_in6 any6 = ipv6("::", 0);
  MUST(BIND(six, any6));
  MUST(listen(six, 1));
  struct sockaddr_in any4 = ipv4("0.0.0.0", port_of(six));
  show("the same port for IPv4", BIND(four, any4));
  close(four);
  four = tcp(0);
  struct sockaddr_in at = ipv4("127.0.0.1", port_of(six));
  show("is not served", CONNECT(four, at));
  close(six), close(four);
}

static void datagrams(void) {
  int in = (int)MUST(socket(AF_INET6, SOCK_DGRAM, 0)), out = udp(0);
  struct sockaddr_in6 any = ipv6("::", 0);
  MUST(BIND(in, any));
  struct sockaddr_in four = ipv4("127.0.0.1", port_of(in));
  show("by IPv4", SEND_TO(out, "four", four));
  struct sockaddr_storage from;
  socklen_t size = sizeof from;
  char text[16];
  show("recvfrom", recvfrom(in, text, sizeof text, 0, (struct sockaddr*)&from, &size));
  show_address("from", &from, size, port_of(out));
  show("answer", sendto(in, "back", 4, 0, (struct sockaddr*)&from, size));
  size = sizeof from;
  show("recvfrom", recvfrom(out, text, sizeof text, 0, (struct sockaddr*)&from, &size));
  show_address("from", &from, size, port_of(in));
  int six = (int)MUST(socket(AF_INET6, SOCK_DGRAM, 0));
  struct sockaddr_in6 at = ipv6("::1", port_of(in));
  show("by IPv6", SEND_TO(six, "six", at));
  size = sizeof from;
  show("recvfrom", recvfrom(in, text, sizeof text, 0, (struct sockaddr*)&from, &size));
  show_address("from", &from, size, port_of(six));
  show("an address of IPv4", SEND_TO(six, "mixed", four));
  show_recv("mixed", in, 0);
  static char big[65600];
  show("largest", sendto(six, big, 65527, 0, (struct sockaddr*)&at, sizeof at));
  show("larger", sendto(six, big, 65528, 0, (struct sockaddr*)&at, sizeof at));
  close(in), close(out), close(six);
}

int main(void) {
  version6();
  both_families();
  only_six();
  datagrams();
  return 0;
}
