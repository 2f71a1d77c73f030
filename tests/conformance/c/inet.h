// What the cases about AF_INET and AF_INET6 share. Ports are the kernel's choice and never printed.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "case.h"

UNUSED static struct sockaddr_in ipv4(const char* ip, int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  if (inet_pton(AF_INET, ip, &address.sin_addr) != 1) _exit(96);
  return address;
}
UNUSED static struct sockaddr_in6 ipv6(const char* ip, int port) {
  struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
  if (inet_pton(AF_INET6, ip, &address.sin6_addr) != 1) _exit(96);
  return address;
}
#define BIND(fd, address) bind(fd, (struct sockaddr*)&(address), sizeof(address))
#define CONNECT(fd, address) connect(fd, (struct sockaddr*)&(address), sizeof(address))
#define SEND_TO(fd, text, address) \
  sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr*)&(address), sizeof(address))

UNUSED static int port_of(int fd) {
  struct sockaddr_storage address;
  socklen_t size = sizeof address;
  MUST(getsockname(fd, (struct sockaddr*)&address, &size));
  return address.ss_family == AF_INET ? ntohs(((struct sockaddr_in*)&address)->sin_port)
                                      : ntohs(((struct sockaddr_in6*)&address)->sin6_port);
}

// Prints an address; `port` stands for the one that is expected.
UNUSED static void show_address(const char* what, struct sockaddr_storage* address, socklen_t size,
                                int port) {
  char text[INET6_ADDRSTRLEN] = "?";
  int is4 = address->ss_family == AF_INET;
  if (size >= sizeof(struct sockaddr_in))
    inet_ntop(address->ss_family,
              is4 ? (void*)&((struct sockaddr_in*)address)->sin_addr
                  : (void*)&((struct sockaddr_in6*)address)->sin6_addr,
              text, sizeof text);
  int got = ntohs(is4 ? ((struct sockaddr_in*)address)->sin_port
                      : ((struct sockaddr_in6*)address)->sin6_port);
  say("%s: %s, %d bytes, port %s", what, text, (int)size,
      got == port ? "as expected"
      : got == 0  ? "0"
                  : "another");
}
UNUSED static void show_name(const char* what, int fd, int port) {
  struct sockaddr_storage address;
  socklen_t size = sizeof address;
  if (getsockname(fd, (struct sockaddr*)&address, &size))
    show(what, -1);
  else
    show_address(what, &address, size, port);
}
UNUSED static void show_peer(const char* what, int fd, int port) {
  struct sockaddr_storage address;
  socklen_t size = sizeof address;
  if (getpeername(fd, (struct sockaddr*)&address, &size))
    show(what, -1);
  else
    show_address(what, &address, size, port);
}

UNUSED static void show_poll(const char* what, int fd) {
  struct pollfd entry = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP};
  MUST(poll(&entry, 1, 0));
  say("%s:%s%s%s%s%s", what, entry.revents & POLLIN ? " in" : "",
      entry.revents & POLLOUT ? " out" : "", entry.revents & POLLRDHUP ? " rdhup" : "",
      entry.revents & POLLHUP ? " hup" : "", entry.revents & POLLERR ? " err" : "");
}

// What one recv gives, as text.
UNUSED static void show_recv(const char* what, int fd, int flags) {
  char text[256];
  ssize_t n = recv(fd, text, sizeof text - 1, flags);
  if (n < 0) {
    show(what, n);
    return;
  }
  text[n] = 0;
  say("%s: %d [%s]", what, (int)n, text);
}

UNUSED static int get_option(int fd, int level, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  if (getsockopt(fd, level, option, &value, &size)) return -errno;
  return value;
}
UNUSED static int set_option(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value);
}

UNUSED static int tcp(int flags) { return (int)MUST(socket(AF_INET, SOCK_STREAM | flags, 0)); }
UNUSED static int udp(int flags) { return (int)MUST(socket(AF_INET, SOCK_DGRAM | flags, 0)); }

// A listener at 127.0.0.1, at a port that nobody had.
UNUSED static int listener(int backlog) {
  int fd = tcp(0);
  struct sockaddr_in any = ipv4("127.0.0.1", 0);
  MUST(BIND(fd, any));
  MUST(listen(fd, backlog));
  return fd;
}

// Both ends of a new connection.
UNUSED static void connected(int listener, int* client, int* server) {
  struct sockaddr_in at = ipv4("127.0.0.1", port_of(listener));
  *client = tcp(0);
  MUST(CONNECT(*client, at));
  *server = (int)MUST(accept(listener, NULL, NULL));
}
