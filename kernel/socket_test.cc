// AF_UNIX sockets through a guest's calls.
#include <gtest/gtest.h>

#include "kernel/testing/io_helpers.h"

namespace cloche::kernel::testing {
namespace {

constexpr int32_t kEagain = -11, kEaddrinuse = -98, kEconnrefused = -111, kEconnreset = -104,
                  kEdestaddr = -107, kEinval = -22, kEisconn = -106, kEmsgsize = -90,
                  kEnotsock = -88, kEopnotsupp = -95, kEpipe = -32, kEprototype = -91, kEnoent = -2;
constexpr uint32_t kStream = 1, kDatagram = 2, kSequenced = 5;
constexpr uint32_t kAddress = 0x3000, kNoSignal = 0x4000;

// A sockaddr_un at kAddress; returns its size.
uint32_t address(FakeGuest& g, const std::string& path) {
  g.store<uint16_t>(kAddress, 1);
  for (uint32_t i = 0; i < path.size(); ++i) g.store<char>(kAddress + 2 + i, path[i]);
  if (!path.empty() && path[0] != '\0') {
    g.store<char>(kAddress + 2 + static_cast<uint32_t>(path.size()), '\0');
    return static_cast<uint32_t>(path.size()) + 3;
  }
  return static_cast<uint32_t>(path.size()) + 2;
}

struct Pair {
  int32_t a, b;
};
Pair pair(FakeGuest& g, uint32_t type) {
  if (g.call("socketpair", 1, type, 0, kPathAt) != 0) return {-1, -1};
  return {g.load<int32_t>(kPathAt), g.load<int32_t>(kPathAt + 4)};
}

int32_t listener(FakeGuest& g, const std::string& path, uint32_t backlog) {
  const int32_t fd = g.call("socket", 1, kStream, 0);
  if (g.call("bind", fd, kAddress, address(g, path)) != 0) return -1;
  return g.call("listen", fd, backlog) == 0 ? fd : -1;
}

TEST(SocketTest, StreamPair) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const Pair s = pair(g, kStream);
    GUEST_CHECK(write(g, s.a, "ab") == 2);
    GUEST_CHECK(write(g, s.a, "cd") == 2);
    GUEST_CHECK(read(g, s.b, 3) == "abc");
    GUEST_CHECK(read(g, s.b) == "d");
    GUEST_CHECK(g.call("recvfrom", s.b, kTextAt, 1, 0x40, 0, 0) == kEagain);
    GUEST_CHECK(g.call("shutdown", s.a, 1) == 0);
    GUEST_CHECK(read(g, s.b).empty());
    GUEST_CHECK(write(g, s.b, "back") == 4);
    GUEST_CHECK(read(g, s.a) == "back");
    GUEST_CHECK(g.call("sendto", s.a, kTextAt, 1, kNoSignal, 0, 0) == kEpipe);
    GUEST_CHECK(g.call("shutdown", s.a, 3) == kEinval);
    write(g, s.b, "unread");
    g.call("close", s.a);
    GUEST_CHECK(g.call("read", s.b, kTextAt, 1) == kEconnreset);
    GUEST_CHECK(read(g, s.b).empty());
    GUEST_CHECK(g.call("sendto", s.b, kTextAt, 1, kNoSignal, 0, 0) == kEpipe);
    GUEST_CHECK(g.call("pread64", s.b, kTextAt, 1, 0, 0) == -29);
    GUEST_CHECK(g.call("shutdown", 50, 0) == -9);
    GUEST_CHECK(g.call("shutdown", open(g, "/tmp", 0), 0) == kEnotsock);
    g.exit(0);
  });
}

TEST(SocketTest, BlockedSenderGoesOn) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    constexpr int32_t kSize = 700000;
    const Pair s = pair(g, kStream);
    if (g.fork() == 0) {
      g.call("close", s.b);
      GUEST_CHECK(g.call("write", s.a, kFree, kSize) == kSize);
      g.exit(0);
    }
    g.call("close", s.a);
    int32_t got = 0;
    for (;;) {
      const int32_t count = g.call("read", s.b, kFree, 50000);
      GUEST_CHECK(count >= 0);
      if (count == 0) break;
      got += count;
    }
    GUEST_CHECK(got == kSize);
    g.exit(0);
  });
}

TEST(SocketTest, ListenConnectAccept) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const int32_t server = listener(g, "/tmp/s", 1);
    GUEST_CHECK(server == 0);
    GUEST_CHECK(g.call("faccessat", kAtFdCwd, g.text(kPathAt, "/tmp/s"), 0) == 0);
    GUEST_CHECK(open(g, "/tmp/s", kO_RDWR) == -6);
    const int32_t second = g.call("socket", 1, kStream, 0);
    GUEST_CHECK(g.call("bind", second, kAddress, address(g, "/tmp/s")) == kEaddrinuse);
    GUEST_CHECK(g.call("listen", second, 1) == kEinval);
    GUEST_CHECK(g.call("connect", second, kAddress, address(g, "/tmp/none")) == kEnoent);
    GUEST_CHECK(g.call("connect", second, kAddress, address(g, "/tmp")) < 0);
    if (g.fork() == 0) {
      const int32_t client = g.call("socket", 1, kStream, 0);
      GUEST_CHECK(g.call("connect", client, kAddress, address(g, "/tmp/s")) == 0);
      GUEST_CHECK(g.call("connect", client, kAddress, address(g, "/tmp/s")) == kEisconn);
      write(g, client, "hello");
      GUEST_CHECK(read(g, client) == "answer");
      g.exit(0);
    }
    g.store<int32_t>(kFree, 110);
    const int32_t peer = g.call("accept4", server, kFree + 16, kFree, kO_CLOEXEC);
    GUEST_CHECK(peer > 0);
    GUEST_CHECK(g.load<int32_t>(kFree) == 2);  // the client has no name
    GUEST_CHECK(g.call("fcntl64", peer, 1, 0) == 1);
    GUEST_CHECK(read(g, peer) == "hello");
    write(g, peer, "answer");
    g.store<int32_t>(kFree, 110);
    GUEST_CHECK(g.call("getsockname", peer, kFree + 16, kFree) == 0);
    GUEST_CHECK(g.string_at(kFree + 18) == "/tmp/s");
    int32_t status = 0;
    g.wait(-1, &status);
    GUEST_CHECK(status == 0);
    GUEST_CHECK(g.call("accept", second, 0, 0) == kEinval);
    g.call("close", server);
    GUEST_CHECK(g.call("connect", second, kAddress, address(g, "/tmp/s")) == kEconnrefused);
    g.exit(0);
  });
}

TEST(SocketTest, FullBacklogAndUnacceptedConnections) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const std::string name("\0name", 5);
    const int32_t server = listener(g, name, 0);
    const int32_t first = g.call("socket", 1, kStream | kO_NONBLOCK, 0);
    GUEST_CHECK(g.call("connect", first, kAddress, address(g, name)) == 0);
    const int32_t next = g.call("socket", 1, kStream | kO_NONBLOCK, 0);
    GUEST_CHECK(g.call("connect", next, kAddress, address(g, name)) == kEagain);
    uint16_t events = 0;
    GUEST_CHECK(poll_one(g, server, 1, events, 0) == 1);
    g.call("close", server);
    GUEST_CHECK(g.call("read", first, kTextAt, 1) == kEconnreset);
    GUEST_CHECK(g.call("connect", next, kAddress, address(g, name)) == kEconnrefused);
    g.exit(0);
  });
}

TEST(SocketTest, Datagrams) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const int32_t in = g.call("socket", 1, kDatagram | kO_NONBLOCK, 0);
    const std::string name("\0in", 3);
    GUEST_CHECK(g.call("bind", in, kAddress, address(g, name)) == 0);
    const int32_t out = g.call("socket", 1, kDatagram | kO_NONBLOCK, 0);
    GUEST_CHECK(g.call("bind", out, kAddress, address(g, "")) == 0);  // autobind
    GUEST_CHECK(write(g, out, "x") == kEdestaddr);
    g.text(kTextAt, "first");
    GUEST_CHECK(g.call("sendto", out, kTextAt, 5, 0, kAddress, address(g, name)) == 5);
    g.text(kTextAt, "second");
    GUEST_CHECK(g.call("sendto", out, kTextAt, 6, 0, kAddress, address(g, name)) == 6);
    g.store<int32_t>(kFree, 110);
    GUEST_CHECK(g.call("recvfrom", in, kTextAt, 3, 0, kFree + 16, kFree) == 3);
    GUEST_CHECK(g.load<int32_t>(kFree) == 8);  // family, NUL, five digits
    GUEST_CHECK(read(g, in) == "second");      // the rest of the first is gone
    GUEST_CHECK(read(g, in) == "!11");
    GUEST_CHECK(g.call("sendto", out, kTextAt, 0, 0, kAddress, address(g, name)) == 0);
    GUEST_CHECK(g.call("recvfrom", in, kTextAt, 0, 0, 0, 0) == 0);  // an empty one, into no room
    GUEST_CHECK(g.call("connect", out, kAddress, address(g, name)) == 0);
    for (int i = 0; i < 11; ++i) GUEST_CHECK(write(g, out, "fill") == 4);
    GUEST_CHECK(write(g, out, "fill") == kEagain);
    GUEST_CHECK(g.call("write", out, kFree, 300000) == kEmsgsize);
    const int32_t stream = g.call("socket", 1, kStream, 0);
    GUEST_CHECK(g.call("connect", stream, kAddress, address(g, name)) == kEprototype);
    GUEST_CHECK(g.call("listen", in, 1) == kEopnotsupp);
    g.call("close", in);
    GUEST_CHECK(write(g, out, "x") == kEconnrefused);
    GUEST_CHECK(g.call("sendto", out, kTextAt, 1, 0, kAddress, address(g, name)) == kEconnrefused);
    g.exit(0);
  });
}

TEST(SocketTest, SequencedPacketsKeepTheirEdges) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const Pair s = pair(g, kSequenced);
    write(g, s.a, "one");
    write(g, s.a, "two");
    GUEST_CHECK(read(g, s.b) == "one");
    GUEST_CHECK(read(g, s.b, 1) == "t");
    g.call("close", s.a);
    GUEST_CHECK(read(g, s.b).empty());
    g.exit(0);
  });
}

// A msghdr at kMessage with one piece, and one control message.
constexpr uint32_t kMessage = 0x4000, kVector = 0x4040, kControl = 0x4080;

void message(FakeGuest& g, uint32_t text, uint32_t size, uint32_t control_size) {
  g.store<uint32_t>(kVector, text);
  g.store<uint32_t>(kVector + 4, size);
  const uint32_t fields[] = {0, 0, kVector, 1, kControl, control_size, 0};
  for (uint32_t i = 0; i < 7; ++i) g.store<uint32_t>(kMessage + i * 4, fields[i]);
}

int32_t send_file(FakeGuest& g, int32_t socket, int32_t fd) {
  g.text(kTextAt, "x");
  message(g, kTextAt, 1, 16);
  g.store<uint32_t>(kControl, 16);
  g.store<int32_t>(kControl + 4, 1);
  g.store<int32_t>(kControl + 8, 1);
  g.store<int32_t>(kControl + 12, fd);
  return g.call("sendmsg", socket, kMessage, 0);
}

TEST(SocketTest, PassesDescriptors) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const Pair s = pair(g, kStream);
    const PipeFds fds = pipe(g);
    GUEST_CHECK(send_file(g, s.a, fds.write) == 1);
    GUEST_CHECK(send_file(g, s.a, 99) == -9);
    g.call("close", fds.write);
    message(g, kTextAt, 8, 64);
    GUEST_CHECK(g.call("recvmsg", s.b, kMessage, 0x40000000) == 1);
    GUEST_CHECK(g.load<uint32_t>(kMessage + 20) == 16);
    const int32_t passed = g.load<int32_t>(kControl + 12);
    GUEST_CHECK(passed == fds.write);
    GUEST_CHECK(g.call("fcntl64", passed, 1, 0) == 1);
    write(g, passed, "through");
    GUEST_CHECK(read(g, fds.read) == "through");
    // No room for it: closed, and the receiver is told.
    send_file(g, s.a, fds.read);
    message(g, kTextAt, 8, 0);
    GUEST_CHECK(g.call("recvmsg", s.b, kMessage, 0) == 1);
    GUEST_CHECK((g.load<uint32_t>(kMessage + 24) & 8) != 0);
    // Broken control bytes.
    message(g, kTextAt, 1, 16);
    g.store<uint32_t>(kControl, 4);
    GUEST_CHECK(g.call("sendmsg", s.a, kMessage, 0) == kEinval);
    g.store<uint32_t>(kControl, 0xfffffff0);
    GUEST_CHECK(g.call("sendmsg", s.a, kMessage, 0) == kEinval);
    g.exit(0);
  });
}

TEST(SocketTest, SocketsInTheirOwnQueuesAreNotLeaked) {
  TestSandbox box;  // the leak checker looks at the end
  expect_success(box, [](FakeGuest& g) {
    const Pair s = pair(g, kStream);
    GUEST_CHECK(send_file(g, s.a, s.a) == 1);
    GUEST_CHECK(send_file(g, s.a, s.b) == 1);
    GUEST_CHECK(send_file(g, s.b, s.a) == 1);
    g.exit(0);
  });
}

TEST(SocketTest, FilesInFlightAreLimited) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const Pair s = pair(g, kStream);
    for (int i = 0; i < 1024; ++i) GUEST_CHECK(send_file(g, s.a, s.a) == 1);
    GUEST_CHECK(send_file(g, s.a, s.a) == -109);
    g.exit(0);
  });
}

TEST(SocketTest, QueuedBytesAreBoundedInAll) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    uint64_t queued = 0;
    for (int i = 0; i < 500; ++i) {
      const Pair s = pair(g, kStream | kO_NONBLOCK);
      GUEST_CHECK(s.a >= 0);
      const int32_t count = g.call("write", s.a, kFree, 200000);
      if (count == -105) {
        GUEST_CHECK(queued > (60 << 20));
        read(g, pair(g, kStream | kO_NONBLOCK).a);
        g.exit(0);
      }
      GUEST_CHECK(count == 200000);
      queued += 200000;
    }
    g.exit(2);
  });
}

TEST(SocketTest, Options) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const Pair s = pair(g, kStream);
    const auto get = [&g, &s](int32_t option) {
      g.store<int32_t>(kFree, 12);
      return g.call("getsockopt", s.a, 1, option, kFree + 16, kFree);
    };
    GUEST_CHECK(get(3) == 0 && g.load<int32_t>(kFree + 16) == 1);
    GUEST_CHECK(get(17) == 0);
    GUEST_CHECK(g.load<int32_t>(kFree + 16) == g.call("getpid"));
    GUEST_CHECK(g.load<uint32_t>(kFree + 20) == 1000);
    GUEST_CHECK(get(99) == -92);
    GUEST_CHECK(g.call("getsockopt", s.a, 6, 1, kFree + 16, kFree) == kEopnotsupp);
    GUEST_CHECK(g.call("setsockopt", s.a, 1, 2, kFree, 4) == 0);
    GUEST_CHECK(g.call("setsockopt", s.a, 1, 2, kFree, 2) == kEinval);
    g.exit(0);
  });
}

}  // namespace
}  // namespace cloche::kernel::testing
