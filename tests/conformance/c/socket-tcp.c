// TCP over the loopback interface: bind, listen, connect, accept, names, refusals, and how a
// connection ends.
#include "inet.h"

static void names(void) {
  int l = tcp(0);
  show_name("fresh", l, 0);
  show("peer of a fresh one",
       getpeername(l, (struct sockaddr*)&(struct sockaddr_in){0}, &(socklen_t){16}));
  struct sockaddr_in any = ipv4("0.0.0.0", 0);
  show("bind", BIND(l, any));
  int port = port_of(l);
  say("in range %d", port >= 1024 && port <= 65535);
  show_name("bound", l, port);
  show("bind again", BIND(l, any));
  struct sockaddr_in taken = ipv4("127.0.0.1", port);
  int other = tcp(0);
  show("a port that is taken", BIND(other, taken));
  struct sockaddr_in far = ipv4("192.0.2.1", 0);
  show("not ours", BIND(other, far));
  struct sockaddr_in at = ipv4("127.1.2.3", port);
  show("connect before listen", CONNECT(other, at));
  show("listen", listen(l, 4));
  say("accepts %d", get_option(l, SOL_SOCKET, SO_ACCEPTCONN));
  show("connect", CONNECT(other, at));
  show("connect again", CONNECT(other, at));
  show("listen of a connected one", listen(other, 1));
  show("connect of a listener", CONNECT(l, at));
  struct sockaddr_storage from;
  socklen_t size = sizeof from;
  int s = (int)MUST(accept4(l, (struct sockaddr*)&from, &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
  show_address("accepted from", &from, size, port_of(other));
  show_name("server's name", s, port);
  show_peer("server's peer", s, port_of(other));
  show_name("client's name", other, port_of(other));
  show_peer("client's peer", other, port);
  say("flags %d %d", fcntl(s, F_GETFD), (fcntl(s, F_GETFL) & O_NONBLOCK) != 0);
  show_recv("nothing yet", s, 0);
  show("accept of a connected one", accept(s, NULL, NULL));
  close(other), close(s), close(l);
}

static void bad_arguments(void) {
  struct sockaddr_in at = ipv4("127.0.0.1", 1);
  int s = tcp(0);
  show("short bind", bind(s, (struct sockaddr*)&at, 15));
  show("short connect", connect(s, (struct sockaddr*)&at, 15));
  show("one byte", connect(s, (struct sockaddr*)&at, 1));
  at.sin_family = AF_UNIX;
  show("bind of another family", BIND(s, at));
  show("connect of another family", CONNECT(s, at));
  show("send unconnected", send(s, "x", 1, MSG_NOSIGNAL));
  show_recv("recv unconnected", s, 0);
  show("shutdown unconnected", shutdown(s, SHUT_WR));
  show_poll("unconnected", s);
  show("accept unbound", accept(s, NULL, NULL));
  int pair[2];
  show("socketpair", socketpair(AF_INET, SOCK_STREAM, 0, pair));
  show("UDP's protocol", socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
  show("SEQPACKET", socket(AF_INET, SOCK_SEQPACKET, 0));
  show("raw", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
  show("bad type", socket(AF_INET, 12, 0));
  close(s);
}

static void orderly_end(void) {
  int l = listener(4), c, s;
  connected(l, &c, &s);
  MUST(send(c, "last words", 10, 0));
  show("shutdown", shutdown(c, SHUT_WR));
  show("send after it", send(c, "x", 1, MSG_NOSIGNAL));
  show_poll("the other end", s);
  show_recv("words", s, 0);
  show_recv("end", s, 0);
  show_recv("end again", s, 0);
  MUST(send(s, "answer", 6, 0));
  show_recv("half open", c, 0);
  show("other shutdown", shutdown(s, SHUT_WR));
  show_poll("both shut", s);
  show("no peer any more",
       getpeername(s, (struct sockaddr*)&(struct sockaddr_in){0}, &(socklen_t){16}));
  show("shutdown of nothing", shutdown(s, SHUT_RDWR));
  close(c), close(s);

  connected(l, &c, &s);
  show("shut for reading", shutdown(c, SHUT_RD));
  show_poll("which is", c);
  show("send to it", send(s, "abc", 3, MSG_NOSIGNAL));
  show_recv("still there", c, 0);
  show_recv("then the end", c, 0);
  close(c), close(s);

  connected(l, &c, &s);
  close(s);
  show_poll("peer closed", c);
  show("first send", send(c, "x", 1, MSG_NOSIGNAL));
  sleep_ms(1);
  show_poll("then", c);
  show("second send", send(c, "x", 1, MSG_NOSIGNAL));
  show_poll("at last", c);
  show_recv("recv", c, 0);
  show_peer("peer", c, 0);
  close(c), close(l);
}

static void resets(void) {
  int l = listener(4), c, s;
  connected(l, &c, &s);
  MUST(send(c, "unread", 6, 0));
  MUST(send(s, "sent", 4, 0));
  close(s);
  sleep_ms(1);
  show_poll("closed with bytes unread", c);
  show_recv("what came before", c, 0);
  show_recv("reset", c, 0);
  show_recv("once", c, 0);
  show("send", send(c, "x", 1, MSG_NOSIGNAL));
  close(c);

  connected(l, &c, &s);
  struct linger now = {1, 0};
  MUST(setsockopt(s, SOL_SOCKET, SO_LINGER, &now, sizeof now));
  close(s);
  sleep_ms(1);
  say("error %s", error_name(get_option(c, SOL_SOCKET, SO_ERROR)));
  show_recv("asked for already", c, 0);
  close(c);

  connected(l, &c, &s);
  close(s);
  catch_signal(SIGPIPE, SIG_IGN, 0);
  MUST(write(c, "x", 1));
  sleep_ms(1);
  show("write", write(c, "x", 1));
  catch_signal(SIGPIPE, SIG_DFL, 0);
  pid_t pid = fork();
  if (pid == 0) {
    write(c, "x", 1);
    _exit(0);
  }
  reap("SIGPIPE", pid);
  close(c);

  // Nobody has accepted it.
  c = tcp(0);
  struct sockaddr_in at = ipv4("127.0.0.1", port_of(l));
  MUST(CONNECT(c, at));
  MUST(send(c, "x", 1, 0));
  close(l);
  sleep_ms(1);
  show_recv("not accepted", c, 0);
  close(c);

  // Gone before it was accepted.
  l = listener(4);
  at = ipv4("127.0.0.1", port_of(l));
  c = tcp(0);
  MUST(CONNECT(c, at));
  MUST(send(c, "early", 5, 0));
  close(c);
  struct sockaddr_storage from;
  socklen_t size = sizeof from;
  s = (int)MUST(accept(l, (struct sockaddr*)&from, &size));
  show_address("from", &from, size, 0);
  show_recv("sent", s, 0);
  show_recv("end", s, 0);
  close(s), close(l);
}

static void not_blocking(void) {
  int l = listener(4);
  struct sockaddr_in at = ipv4("127.0.0.1", port_of(l));
  int c = tcp(SOCK_NONBLOCK);
  show("connect", CONNECT(c, at));
  struct pollfd entry = {.fd = c, .events = POLLOUT};
  show("poll", poll(&entry, 1, 1000));
  say("error %d", get_option(c, SOL_SOCKET, SO_ERROR));
  show("told", CONNECT(c, at));
  show("known", CONNECT(c, at));
  fcntl(l, F_SETFL, O_NONBLOCK);
  int s = (int)MUST(accept(l, NULL, NULL));
  show("no other", accept(l, NULL, NULL));
  char* bytes = calloc(1, 1 << 20);
  long sent = 0;
  for (ssize_t n; (n = send(c, bytes, 1 << 20, 0)) > 0;) sent += n;
  show("full", send(c, bytes, 1, 0));
  show_poll("full", c);
  long got = 0;
  for (ssize_t n; got < sent && (n = recv(s, bytes, 1 << 20, 0)) > 0;) got += n;
  say("all of it %d, at least 64 KiB %d", got == sent, sent >= 65536);
  show_poll("empty", c);
  close(c), close(s);

  int bound = tcp(0);
  struct sockaddr_in any = ipv4("127.0.0.1", 0);
  MUST(BIND(bound, any));
  at = ipv4("127.0.0.1", port_of(bound));
  c = tcp(SOCK_NONBLOCK);
  show("to nobody", CONNECT(c, at));
  sleep_ms(1);
  show_poll("refused", c);
  show("told", CONNECT(c, at));
  show_poll("as new", c);
  show("to nobody", CONNECT(c, at));
  sleep_ms(1);
  say("error %s", error_name(get_option(c, SOL_SOCKET, SO_ERROR)));
  show("asked for already", CONNECT(c, at));
  close(c);
  c = tcp(0);
  show("to nobody, blocking", CONNECT(c, at));
  at = ipv4("127.0.0.1", port_of(l));
  show("the same socket elsewhere", CONNECT(c, at));
  close(c), close(bound), close(l);
}

static void listener_ends(void) {
  int l = listener(4), c, s;
  connected(l, &c, &s);
  struct sockaddr_in at = ipv4("127.0.0.1", port_of(l));
  int waiting = tcp(0);
  MUST(CONNECT(waiting, at));
  show("shut for writing", shutdown(l, SHUT_WR));
  show("shut for reading", shutdown(l, SHUT_RD));
  sleep_ms(1);
  show("accept", accept(l, NULL, NULL));
  show_recv("who waited", waiting, MSG_DONTWAIT);
  MUST(send(c, "goes on", 7, 0));
  show_recv("who was accepted", s, 0);
  struct sockaddr nothing = {.sa_family = AF_UNSPEC};
  show("disconnect", connect(c, &nothing, sizeof nothing));
  sleep_ms(1);
  show_recv("is a reset", s, 0);
  show("listen again", listen(l, 1));
  show("connect again", CONNECT(c, at));
  close(l), close(c), close(s), close(waiting);
}

int main(void) {
  names();
  bad_arguments();
  orderly_end();
  resets();
  not_blocking();
  listener_ends();
  return 0;
}
