// Bytes over TCP: many clients at once, more than fits into a buffer, MSG_PEEK and MSG_WAITALL,
// messages in pieces, time-outs, options.
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "inet.h"

enum { kTotal = 3000000 };

static unsigned char byte_at(int i) { return (unsigned char)(i * 7 + i / 251); }

static void bulk(void) {
  int l = listener(8), ready[2];
  struct sockaddr_in at = ipv4("127.0.0.1", port_of(l));
  MUST(pipe(ready));
  static unsigned char bytes[kTotal];
  pid_t pid = fork();
  if (pid == 0) {
    int c = tcp(0);
    MUST(CONNECT(c, at));
    for (int i = 0; i < kTotal; i++) bytes[i] = byte_at(i);
    if (write(c, bytes, kTotal) != kTotal) _exit(1);
    shutdown(c, SHUT_WR);
    _exit(read(c, bytes, 9) == 4 ? 0 : 2);
  }
  int s = (int)MUST(accept(l, NULL, NULL)), wrong = 0, got = 0;
  for (ssize_t n; (n = read(s, bytes, 70000)) > 0; got += (int)n)
    for (int i = 0; i < n; i++) wrong += bytes[i] != byte_at(got + i);
  say("got %d, wrong %d", got, wrong);
  MUST(write(s, "done", 4));
  reap("sender", pid);
  close(s), close(l);
}

static void clients(void) {
  int l = listener(16);
  struct sockaddr_in at = ipv4("127.0.0.1", port_of(l));
  for (int i = 0; i < 12; i++) {
    if (fork() == 0) {
      int c = tcp(0), n = i;
      MUST(CONNECT(c, at));
      MUST(write(c, &n, sizeof n));
      MUST(recv(c, &n, sizeof n, MSG_WAITALL));
      _exit(n);
    }
  }
  for (int i = 0; i < 12; i++) {
    int s = (int)MUST(accept(l, NULL, NULL)), n;
    MUST(recv(s, &n, sizeof n, MSG_WAITALL));
    n *= 2;
    MUST(write(s, &n, sizeof n));
    close(s);
  }
  int sum = 0, status;
  while (wait(&status) > 0) sum += WEXITSTATUS(status);
  say("sum %d", sum);
  close(l);
}

static void pieces(void) {
  int l = listener(4), c, s;
  connected(l, &c, &s);
  char a[4] = "", b[16] = "";
  struct iovec out[2] = {{"abc", 3}, {"defgh", 5}}, in[2] = {{a, 3}, {b, 15}};
  show("writev", writev(c, out, 2));
  show_recv("peek", s, MSG_PEEK);
  struct sockaddr_storage name;
  struct msghdr message = {
      .msg_name = &name, .msg_namelen = sizeof name, .msg_iov = in, .msg_iovlen = 2};
  show("recvmsg", recvmsg(s, &message, 0));
  say("[%s] [%s] name %d flags %d", a, b, (int)message.msg_namelen, message.msg_flags);
  message = (struct msghdr){.msg_iov = out, .msg_iovlen = 2};
  show("sendmsg", sendmsg(s, &message, 0));
  struct sockaddr_in elsewhere = ipv4("127.0.0.1", 9);
  show("sendto another", SEND_TO(s, "!", elsewhere));
  socklen_t size = sizeof name;
  show("recvfrom", recvfrom(c, b, 5, 0, (struct sockaddr*)&name, &size));
  say("no name %d", (int)size);
  int unread = 0;
  show("FIONREAD", ioctl(c, FIONREAD, &unread));
  say("unread %d", unread);
  pid_t pid = fork();
  if (pid == 0) {
    MUST(send(s, "12", 2, 0));
    sleep_ms(20);
    MUST(send(s, "345", 3, 0));
    _exit(0);
  }
  memset(b, 0, sizeof b);
  show("waits for all", recv(c, b, 9, MSG_WAITALL));
  say("[%s]", b);
  reap("sender", pid);
  pid = fork();
  if (pid == 0) {
    MUST(send(s, "end", 3, 0));
    shutdown(s, SHUT_WR);
    _exit(0);
  }
  show("all there will be", recv(c, b, 9, MSG_WAITALL));
  reap("sender", pid);
  show("urgent", recv(c, b, 1, MSG_OOB));
  show("errors", recv(c, b, 1, MSG_ERRQUEUE));
  put_file("file", "from a file");
  int file = (int)MUST(open("file", O_RDONLY));
  show("sendfile", sendfile(c, file, NULL, 100));
  show_recv("its bytes", s, 0);
  close(file), close(c), close(s), close(l);
}

static void timeouts(void) {
  int l = listener(1), c, s;
  connected(l, &c, &s);
  struct timeval soon = {0, 30000}, got;
  socklen_t size = sizeof got;
  show("set", setsockopt(c, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon));
  MUST(getsockopt(c, SOL_SOCKET, SO_RCVTIMEO, &got, &size));
  say("%ld %d, %d", (long)got.tv_sec, got.tv_usec >= 30000 && got.tv_usec < 50000,
      size == sizeof got);
  int64_t before = now_ms();
  show_recv("recv", c, 0);
  char byte;
  show("read", read(c, &byte, 1));
  say("waited %d", now_ms() - before >= 50);
  MUST(setsockopt(l, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon));
  show("accept", accept(l, NULL, NULL));
  MUST(setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon));
  static char bytes[1 << 20];
  ssize_t sent;
  do sent = send(s, bytes, sizeof bytes, 0);
  while (sent > 0);
  show("send", sent);
  soon = (struct timeval){0, 1000000};
  show("not a time", setsockopt(c, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon));
  close(c), close(s), close(l);
}

static void options(void) {
  int s = tcp(0), u = udp(0);
  say("%d %d %d", get_option(s, SOL_SOCKET, SO_TYPE), get_option(s, SOL_SOCKET, SO_DOMAIN),
      get_option(s, SOL_SOCKET, SO_PROTOCOL));
  say("%d %d %d", get_option(u, SOL_SOCKET, SO_TYPE), get_option(u, SOL_SOCKET, SO_DOMAIN),
      get_option(u, SOL_SOCKET, SO_PROTOCOL));
  static const int switches[] = {SO_REUSEADDR, SO_KEEPALIVE, SO_BROADCAST,
                                 SO_OOBINLINE, SO_REUSEPORT, SO_DONTROUTE};
  for (int i = 0; i < 6; i++) {
    int before = get_option(s, SOL_SOCKET, switches[i]);
    int done = set_option(s, SOL_SOCKET, switches[i], 7);
    say("switch %d: %d, %d, %d", i, before, done, get_option(s, SOL_SOCKET, switches[i]));
  }
  static const struct {
    int option, value;
  } numbers[] = {{TCP_NODELAY, 1}, {TCP_CORK, 0},   {TCP_KEEPIDLE, 60}, {TCP_KEEPINTVL, 5},
                 {TCP_KEEPCNT, 3}, {TCP_SYNCNT, 2}, {TCP_QUICKACK, 1},  {TCP_USER_TIMEOUT, 1000},
                 {TCP_KEEPCNT, 0}, {TCP_MAXSEG, 1}, {TCP_KEEPIDLE, 0},  {TCP_SYNCNT, 500}};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    show("set", set_option(s, IPPROTO_TCP, numbers[i].option, numbers[i].value));
    say("is %d", get_option(s, IPPROTO_TCP, numbers[i].option));
  }
  show("TOS", set_option(s, IPPROTO_IP, IP_TOS, 16));
  say("%d %d", get_option(s, IPPROTO_IP, IP_TOS), get_option(s, IPPROTO_IP, IP_TTL));
  show("buffers", set_option(s, SOL_SOCKET, SO_RCVBUF, 10000));
  say("%d", get_option(s, SOL_SOCKET, SO_RCVBUF));
  show("smallest", set_option(s, SOL_SOCKET, SO_SNDBUF, 1));
  say("%d", get_option(s, SOL_SOCKET, SO_SNDBUF));
  show("IPv6's", set_option(s, IPPROTO_IPV6, IPV6_V6ONLY, 1));
  show("TCP's of UDP", get_option(u, IPPROTO_TCP, TCP_NODELAY));
  show("unknown", set_option(s, SOL_SOCKET, 999, 1));
  say("%s", error_name(-get_option(s, SOL_SOCKET, 999)));
  show("unknown level", set_option(s, 99, 1, 1));
  say("%s", error_name(-get_option(s, 99, 1)));
  char byte = 1;
  show("short", setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &byte, 1));
  struct linger linger = {1, 5};
  show("linger", setsockopt(s, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
  socklen_t size = sizeof linger;
  linger = (struct linger){0, 0};
  show("linger", getsockopt(s, SOL_SOCKET, SO_LINGER, &linger, &size));
  say("%d %d", linger.l_onoff, linger.l_linger);
  close(s), close(u);
}

int main(void) {
  bulk();
  clients();
  pieces();
  timeouts();
  options();
  return 0;
}
