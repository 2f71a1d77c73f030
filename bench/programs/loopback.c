// loopback turns N | bytes N: two processes by TCP over 127.0.0.1, N turns of one byte there and back, or N
// MiB one way. Says what arrived.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char buffer[1 << 16];

static void check(int good, const char* what) {
  if (good) return;
  perror(what);
  exit(1);
}

static struct sockaddr_in here(in_port_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = port};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static void send_all(int fd, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t sent = send(fd, bytes, size, 0);
    check(sent > 0, "send");
    bytes += sent;
    size -= (size_t)sent;
  }
}

static void client(in_port_t port, int turns, long count) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  struct sockaddr_in address = here(port);
  check(connect(fd, (struct sockaddr*)&address, sizeof address) == 0, "connect");
  check(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0, "TCP_NODELAY");
  for (long i = 0; turns && i < count; i++) {
    send_all(fd, "x", 1);
    check(recv(fd, buffer, 1, 0) == 1, "recv");
  }
  for (long i = 0; !turns && i < count * (1048576 / (long)sizeof buffer); i++) send_all(fd, buffer, sizeof buffer);
  exit(0);
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int turns = strcmp(argv[1], "turns") == 0;
  const int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  struct sockaddr_in address = here(0);
  socklen_t size = sizeof address;
  check(bind(listener, (struct sockaddr*)&address, size) == 0, "bind");
  check(listen(listener, 1) == 0, "listen");
  check(getsockname(listener, (struct sockaddr*)&address, &size) == 0, "getsockname");
  const pid_t child = fork();
  check(child >= 0, "fork");
  if (child == 0) client(address.sin_port, turns, atol(argv[2]));
  const int fd = accept(listener, 0, 0);
  check(fd >= 0, "accept");
  check(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0, "TCP_NODELAY");
  long long total = 0;
  ssize_t got;
  while ((got = recv(fd, buffer, sizeof buffer, 0)) > 0) {
    total += got;
    if (turns) send_all(fd, buffer, (size_t)got);
  }
  check(got == 0, "recv");
  int status = 1;
  waitpid(child, &status, 0);
  printf("%lld\n", total);
  return status != 0;
}
