// AF_INET and AF_INET6 sockets through a guest's calls: what is denied, and that nothing leads out
// of the sandbox. How they behave beside Linux is compared by tests/conformance/c/socket-*.c.
#include <gtest/gtest.h>

#include <array>

#include "kernel/io_state.h"
#include "kernel/testing/io_helpers.h"

namespace cloche::kernel::testing {
namespace {

constexpr int32_t kEperm = -1, kEacces = -13, kEagain = -11, kEinval = -22, kEpipe = -32,
                  kEprotonosupport = -93, kEsocktnosupport = -94, kEopnotsupp = -95,
                  kEafnosupport = -97, kEaddrinuse = -98, kEaddrnotavail = -99, kEnetunreach = -101,
                  kEconnreset = -104, kEnobufs = -105, kEconnrefused = -111, kEalready = -114,
                  kEinprogress = -115;
constexpr uint32_t kStream = 1, kDatagram = 2, kAddress = 0x3000, kNoSignal = 0x4000;
constexpr int32_t kInet = 2, kInet6 = 10;
using Ip = std::array<uint8_t, 4>;
constexpr Ip kHere{127, 0, 0, 1}, kAny{0, 0, 0, 0}, kOutside{8, 8, 8, 8};

// A sockaddr_in at kAddress; returns its size.
uint32_t address(FakeGuest& g, Ip ip, uint16_t port) {
  g.store<uint64_t>(kAddress, 0);
  g.store<uint64_t>(kAddress + 8, 0);
  g.store<uint16_t>(kAddress, kInet);
  g.store<uint8_t>(kAddress + 2, static_cast<uint8_t>(port >> 8));
  g.store<uint8_t>(kAddress + 3, static_cast<uint8_t>(port));
  for (uint32_t i = 0; i < 4; ++i) g.store<uint8_t>(kAddress + 4 + i, ip[i]);
  return 16;
}

// The same of IPv6, whose last byte is `last` and whose first two are `first`.
uint32_t address6(FakeGuest& g, uint16_t first, uint8_t last, uint16_t port) {
  address(g, kAny, port);
  g.store<uint16_t>(kAddress, kInet6);
  for (uint32_t i = 8; i < 28; ++i) g.store<uint8_t>(kAddress + i, 0);
  g.store<uint8_t>(kAddress + 8, static_cast<uint8_t>(first >> 8));
  g.store<uint8_t>(kAddress + 9, static_cast<uint8_t>(first));
  g.store<uint8_t>(kAddress + 23, last);
  return 28;
}

int32_t bound(FakeGuest& g, uint32_t type, Ip ip, uint16_t port) {
  const int32_t fd = g.call("socket", kInet, type, 0);
  return g.call("bind", fd, kAddress, address(g, ip, port)) == 0 ? fd : -1;
}

int32_t listener(FakeGuest& g, uint16_t port, uint32_t backlog = 8) {
  const int32_t fd = bound(g, kStream, kHere, port);
  return g.call("listen", fd, backlog) == 0 ? fd : -1;
}

int32_t connect(FakeGuest& g, int32_t fd, uint16_t port) {
  return g.call("connect", fd, kAddress, address(g, kHere, port));
}

int32_t client(FakeGuest& g, uint16_t port, uint32_t flags = 0) {
  const int32_t fd = g.call("socket", kInet, kStream | flags, 0);
  const int32_t done = connect(g, fd, port);
  return done == 0 || done == kEinprogress ? fd : done;
}

uint16_t port_of(FakeGuest& g, int32_t fd) {
  g.store<int32_t>(kFree, 28);
  if (g.call("getsockname", fd, kFree + 16, kFree) != 0) return 0;
  return static_cast<uint16_t>(g.load<uint8_t>(kFree + 18) << 8 | g.load<uint8_t>(kFree + 19));
}

int32_t option(FakeGuest& g, int32_t fd, int32_t level, int32_t number) {
  g.store<int32_t>(kFree, 4);
  const int32_t done = g.call("getsockopt", fd, level, number, kFree + 16, kFree);
  return done == 0 ? g.load<int32_t>(kFree + 16) : done;
}

int32_t set_option(FakeGuest& g, int32_t fd, int32_t level, int32_t number, int32_t value) {
  g.store<int32_t>(kFree, value);
  return g.call("setsockopt", fd, level, number, kFree, 4);
}

TEST(InetSocketTest, NothingLeadsOut) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const Ip far[] = {kOutside,       {10, 0, 0, 1},        {192, 168, 1, 1},
                      {224, 0, 0, 1}, {255, 255, 255, 255}, {169, 254, 169, 254},
                      {128, 0, 0, 1}};
    for (const Ip& ip : far) {
      const int32_t tcp = g.call("socket", kInet, kStream, 0);
      const int32_t udp = g.call("socket", kInet, kDatagram, 0);
      GUEST_CHECK(g.call("connect", tcp, kAddress, address(g, ip, 80)) == kEnetunreach);
      GUEST_CHECK(g.call("connect", udp, kAddress, address(g, ip, 53)) == kEnetunreach);
      GUEST_CHECK(g.call("sendto", udp, kTextAt, 1, 0, kAddress, address(g, ip, 53)) ==
                  kEnetunreach);
      GUEST_CHECK(g.call("bind", tcp, kAddress, address(g, ip, 0)) == kEaddrnotavail);
      GUEST_CHECK(g.call("bind", udp, kAddress, address(g, ip, 8080)) == kEaddrnotavail);
      g.call("close", tcp);
      g.call("close", udp);
    }
    const int32_t udp = g.call("socket", kInet, kDatagram, 0);
    const Ip broadcast{127, 255, 255, 255};
    GUEST_CHECK(g.call("sendto", udp, kTextAt, 1, 0, kAddress, address(g, broadcast, 9)) ==
                kEacces);
    const int32_t tcp = g.call("socket", kInet, kStream, 0);
    GUEST_CHECK(g.call("connect", tcp, kAddress, address(g, broadcast, 9)) == kEnetunreach);
    GUEST_CHECK(g.call("bind", tcp, kAddress, address(g, broadcast, 0)) == kEaddrnotavail);
    for (const uint16_t first : std::array<uint16_t, 4>{0x2001, 0xfd00, 0xff02, 0}) {
      const int32_t six = g.call("socket", kInet6, kStream, 0);
      GUEST_CHECK(g.call("connect", six, kAddress, address6(g, first, 2, 80)) == kEnetunreach);
      GUEST_CHECK(g.call("bind", six, kAddress, address6(g, first, 2, 0)) == kEaddrnotavail);
    }
    const int32_t six = g.call("socket", kInet6, kDatagram, 0);
    GUEST_CHECK(g.call("bind", six, kAddress, address6(g, 0xfe80, 1, 0)) == kEinval);
    GUEST_CHECK(g.call("connect", six, kAddress, address6(g, 0xfe80, 1, 9)) == kEinval);
    // ::ffff:8.8.8.8
    address6(g, 0, 8, 53);
    for (const uint32_t at : {18u, 19u}) g.store<uint8_t>(kAddress + at, 0xff);
    for (const uint32_t at : {20u, 21u, 22u}) g.store<uint8_t>(kAddress + at, 8);
    GUEST_CHECK(g.call("connect", six, kAddress, 28) == kEnetunreach);
    g.exit(0);
  });
}

TEST(InetSocketTest, OtherKindsAreDenied) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    GUEST_CHECK(g.call("socket", kInet, 3, 1) == kEperm);    // raw
    GUEST_CHECK(g.call("socket", kInet, 3, 255) == kEperm);  // raw
    GUEST_CHECK(g.call("socket", kInet6, 3, 58) == kEperm);
    GUEST_CHECK(g.call("socket", kInet, 3, 0) == kEprotonosupport);
    GUEST_CHECK(g.call("socket", kInet, kDatagram, 1) == kEacces);  // ICMP
    GUEST_CHECK(g.call("socket", kInet6, kDatagram, 58) == kEacces);
    GUEST_CHECK(g.call("socket", kInet, kStream, 132) == kEprotonosupport);  // SCTP
    GUEST_CHECK(g.call("socket", kInet, kStream, 17) == kEprotonosupport);
    GUEST_CHECK(g.call("socket", kInet, 5, 0) == kEsocktnosupport);
    GUEST_CHECK(g.call("socket", kInet, 10, 0) == kEsocktnosupport);  // SOCK_PACKET
    GUEST_CHECK(g.call("socket", kInet, 11, 0) == kEinval);
    GUEST_CHECK(g.call("socket", 16, 3, 0) == kEafnosupport);        // netlink
    GUEST_CHECK(g.call("socket", 17, 3, 0) == kEafnosupport);        // packet
    GUEST_CHECK(g.call("socket", 40, kStream, 0) == kEafnosupport);  // vsock
    GUEST_CHECK(g.call("socket", 1, 3, 0) == kEsocktnosupport);
    GUEST_CHECK(g.call("socket", 1, kStream, 9) == kEprotonosupport);
    GUEST_CHECK(g.call("socket", 1, 0x10 | kStream, 0) == kEinval);
    GUEST_CHECK(g.call("socketpair", kInet, kStream, 0, kFree) == kEopnotsupp);
    GUEST_CHECK(g.call("socketpair", 16, kStream, 0, kFree) == kEafnosupport);
    g.exit(0);
  });
  EXPECT_FALSE(box.log.empty()) << "a denial is logged";
}

TEST(InetSocketTest, PortsBelow1024AreDenied) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    for (const uint16_t port : std::array<uint16_t, 5>{1, 22, 53, 80, 1023}) {
      const int32_t fd = g.call("socket", kInet, kStream, 0);
      GUEST_CHECK(g.call("bind", fd, kAddress, address(g, kHere, port)) == kEacces);
      const int32_t six = g.call("socket", kInet6, kDatagram, 0);
      GUEST_CHECK(g.call("bind", six, kAddress, address6(g, 0, 1, port)) == kEacces);
    }
    GUEST_CHECK(bound(g, kStream, kAny, 1024) >= 0);
    g.exit(0);
  });
  EXPECT_FALSE(box.log.empty()) << "a denial is logged";
}

TEST(InetSocketTest, EachSandboxHasPortsOfItsOwn) {
  TestSandbox first;
  first.program("server", [](FakeGuest& g) {
    const int32_t fd = listener(g, 8000);
    g.say(fd >= 0 ? "first listens" : "first does not");
    const int32_t udp = bound(g, kDatagram, kAny, 8000);
    (void)read(g, udp);
    g.exit(0);
  });
  ASSERT_GT(first.start("server"), 0);
  first.settle();
  ASSERT_EQ(first.said().back(), "first listens");
  TestSandbox second;
  expect_success(second, [](FakeGuest& g) {
    const int32_t fd = g.call("socket", kInet, kStream, 0);
    GUEST_CHECK(connect(g, fd, 8000) == kEconnrefused);
    const int32_t udp = g.call("socket", kInet, kDatagram, 0);
    GUEST_CHECK(connect(g, udp, 8000) == 0);
    GUEST_CHECK(write(g, udp, "x") == 1);
    GUEST_CHECK(write(g, udp, "x") == kEconnrefused);
    GUEST_CHECK(listener(g, 8000) >= 0);  // and it is free
    g.exit(0);
  });
  first.kernel().kill_all();
}

TEST(InetSocketTest, PortsRunOut) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    constexpr int kPorts = 60'999 - 32'768 + 1;
    // A process has 1,024 descriptors; its children keep theirs until the pipe tells them to end.
    const PipeFds ready = pipe(g), end = pipe(g);
    for (int made = 0; made < kPorts; made += 1000) {
      if (g.fork() != 0) continue;
      g.call("close", end.write);
      for (int i = 0; i < std::min(1000, kPorts - made); ++i) {
        const int32_t fd = g.call("socket", kInet, kDatagram, 0);
        GUEST_CHECK(g.call("bind", fd, kAddress, address(g, kHere, 0)) == 0);
      }
      write(g, ready.write, "r");
      read(g, end.read);
      g.exit(0);
    }
    for (int made = 0; made < kPorts; made += 1000) GUEST_CHECK(read(g, ready.read, 1) == "r");
    const int32_t udp = g.call("socket", kInet, kDatagram, 0);
    GUEST_CHECK(g.call("bind", udp, kAddress, address(g, kHere, 0)) == kEaddrinuse);
    GUEST_CHECK(connect(g, udp, 5000) == kEaddrnotavail);
    GUEST_CHECK(g.call("sendto", udp, kTextAt, 1, 0, kAddress, address(g, kHere, 5000)) ==
                kEaddrnotavail);
    GUEST_CHECK(g.call("bind", udp, kAddress, address(g, kHere, 5000)) == 0);
    GUEST_CHECK(listener(g, 0) >= 0);  // those of TCP are others
    g.call("close", end.write);
    g.exit(0);
  });
}

TEST(InetSocketTest, AnyPortIsOneOfThoseThatAreFree) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    uint16_t last = 0;
    for (int i = 0; i < 50; ++i) {
      const uint16_t port = port_of(g, bound(g, kStream, kAny, 0));
      GUEST_CHECK(port >= 32'768 && port <= 60'999 && port != last);
      last = port;
    }
    g.exit(0);
  });
}

TEST(InetSocketTest, FullBacklogKeepsClientsWaiting) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const int32_t server = listener(g, 7000, 1);
    for (int i = 0; i < 2; ++i) GUEST_CHECK(client(g, 7000) >= 0);
    const int32_t waits = client(g, 7000, kO_NONBLOCK);
    const int32_t refused = client(g, 7000, kO_NONBLOCK);
    uint16_t events = 0;
    GUEST_CHECK(poll_one(g, waits, 4, events, 0) == 0);
    GUEST_CHECK(connect(g, waits, 7000) == kEalready);
    GUEST_CHECK(g.call("write", waits, kTextAt, 1) == kEagain);
    GUEST_CHECK(g.call("read", waits, kTextAt, 1) == kEagain);
    GUEST_CHECK(g.call("accept", server, 0, 0) >= 0);
    GUEST_CHECK(poll_one(g, waits, 4, events, 0) == 1 && events == 4);
    GUEST_CHECK(connect(g, waits, 7000) == 0);
    GUEST_CHECK(poll_one(g, refused, 4, events, 0) == 0);
    if (g.fork() == 0) {  // blocks
      g.call("close", server);
      GUEST_CHECK(client(g, 7000) == kEconnrefused);
      g.exit(0);
    }
    g.call("sched_yield");
    g.call("close", server);
    GUEST_CHECK(option(g, refused, 1, 4) == 111);
    GUEST_CHECK(g.call("read", waits, kTextAt, 1) == kEconnreset);
    int32_t status = 1;
    g.wait(-1, &status);
    GUEST_CHECK(status == 0);
    g.exit(0);
  });
}

TEST(InetSocketTest, ConnectGivesUpAfterItsTime) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    GUEST_CHECK(listener(g, 7000, 0) >= 0);
    GUEST_CHECK(client(g, 7000) >= 0);
    const int32_t fd = g.call("socket", kInet, kStream, 0);
    g.store<int64_t>(kFree, 0);
    g.store<int64_t>(kFree + 8, 5000);
    GUEST_CHECK(g.call("setsockopt", fd, 1, 67, kFree, 16) == 0);
    GUEST_CHECK(connect(g, fd, 7000) == kEinprogress);
    g.store<int64_t>(kFree + 8, 1'000'000);
    GUEST_CHECK(g.call("setsockopt", fd, 1, 66, kFree, 16) == -33);
    GUEST_CHECK(g.call("setsockopt", fd, 1, 66, kFree, 8) == kEinval);
    g.exit(0);
  });
}

TEST(InetSocketTest, SharedPorts) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const int32_t first = bound(g, kStream, kHere, 6000);
    GUEST_CHECK(bound(g, kStream, kHere, 6000) == -1);
    GUEST_CHECK(bound(g, kStream, kAny, 6000) == -1);
    GUEST_CHECK(bound(g, kStream, {127, 0, 0, 2}, 6000) >= 0);
    GUEST_CHECK(bound(g, kDatagram, kHere, 6000) >= 0);
    // SO_REUSEADDR: not beside one that listens.
    GUEST_CHECK(set_option(g, first, 1, 2, 1) == 0);
    const int32_t second = g.call("socket", kInet, kStream, 0);
    set_option(g, second, 1, 2, 1);
    GUEST_CHECK(g.call("bind", second, kAddress, address(g, kHere, 6000)) == 0);
    GUEST_CHECK(g.call("listen", first, 1) == 0);
    GUEST_CHECK(g.call("listen", second, 1) == kEaddrinuse);
    const int32_t third = g.call("socket", kInet, kStream, 0);
    set_option(g, third, 1, 2, 1);
    GUEST_CHECK(g.call("bind", third, kAddress, address(g, kHere, 6000)) == kEaddrinuse);
    // SO_REUSEPORT: several that listen, and each gets some of what comes.
    int32_t servers[2];
    for (int32_t& fd : servers) {
      fd = g.call("socket", kInet, kStream | kO_NONBLOCK, 0);
      set_option(g, fd, 1, 15, 1);
      GUEST_CHECK(g.call("bind", fd, kAddress, address(g, kHere, 6001)) == 0);
      GUEST_CHECK(g.call("listen", fd, 64) == 0);
    }
    for (uint16_t i = 0; i < 40; ++i)
      GUEST_CHECK(connect(g, bound(g, kStream, kHere, static_cast<uint16_t>(6100 + i)), 6001) == 0);
    int accepted[2] = {};
    for (int i = 0; i < 2; ++i)
      while (g.call("accept", servers[i], 0, 0) >= 0) ++accepted[i];
    GUEST_CHECK(accepted[0] > 0 && accepted[1] > 0 && accepted[0] + accepted[1] == 40);
    // A server's connections keep its port.
    const int32_t server = listener(g, 6002);
    client(g, 6002);
    GUEST_CHECK(g.call("accept", server, 0, 0) >= 0);
    g.call("close", server);
    GUEST_CHECK(bound(g, kStream, kHere, 6002) == -1);
    g.exit(0);
  });
}

TEST(InetSocketTest, ReceiveBufferBoundsWhatIsQueued) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const int32_t server = listener(g, 7000);
    GUEST_CHECK(set_option(g, server, 1, 8, 5000) == 0);
    const int32_t out = client(g, 7000, kO_NONBLOCK);
    const int32_t in = g.call("accept", server, 0, 0);
    GUEST_CHECK(option(g, in, 1, 8) == 10'000);
    GUEST_CHECK(g.call("write", out, kFree, 20'000) == 10'000);
    uint16_t events = 0;
    GUEST_CHECK(poll_one(g, out, 4, events, 0) == 0);
    GUEST_CHECK(g.call("read", in, kFree, 4000) == 4000);
    GUEST_CHECK(poll_one(g, out, 4, events, 0) == 1);
    g.exit(0);
  });
}

// Datagrams that nobody reads are lost, and streams and sockets stop at the sandbox's bound.
TEST(InetSocketTest, QueuesAndSocketsAreBoundedInAll) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    const int32_t in = bound(g, kDatagram, kHere, 7000);
    const int32_t out = g.call("socket", kInet, kDatagram, 0);
    GUEST_CHECK(connect(g, out, 7000) == 0);
    for (int i = 0; i < 500; ++i) GUEST_CHECK(g.call("write", out, kFree, 60'000) == 60'000);
    GUEST_CHECK(g.call("ioctl", in, 0x541b, kTextAt) == 0);
    const int32_t server = listener(g, 7001, 128);
    for (int i = 0; i < 400; ++i) {
      const int32_t fd = client(g, 7001, kO_NONBLOCK);
      if (fd < 0) break;
      const int32_t accepted = g.call("accept", server, 0, 0);
      const int32_t count = g.call("write", fd, kFree, 210'000);
      if (count == kEnobufs) {
        GUEST_CHECK(g.call("socket", kInet, kStream, 0) >= 0 || i > 200);
        g.exit(0);
      }
      GUEST_CHECK(accepted >= 0 && count > 0);
    }
    g.exit(2);
  });
}

TEST(InetSocketTest, QueuedBytesCountAsMemory) {
  TestSandbox box;
  box.program("main", [](FakeGuest& g) {
    const int32_t server = listener(g, 7000);
    const int32_t out = client(g, 7000);
    GUEST_CHECK(g.call("accept", server, 0, 0) >= 0);
    GUEST_CHECK(g.call("write", out, kFree, 100'000) == 100'000);
    pipe(g);
    read(g, g.load<int32_t>(kPathAt));
  });
  ASSERT_GT(box.start("main"), 0);
  const uint64_t before = box.kernel().io().buffer_bytes();
  box.settle();
  EXPECT_GE(box.kernel().io().buffer_bytes(), before + 100'000);
  box.kernel().kill_all();
  EXPECT_LT(box.kernel().io().buffer_bytes(), before + 1000);
}

// A listener that was passed to itself, with a connection waiting in it: the leak checker looks.
TEST(InetSocketTest, PassedSocketsAreNotLeaked) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    constexpr uint32_t kMessage = 0x4000, kVector = 0x4040, kControl = 0x4080;
    const int32_t server = listener(g, 7000);
    const int32_t waiting = client(g, 7000);
    GUEST_CHECK(g.call("socketpair", 1, kStream, 0, kPathAt) == 0);
    const int32_t a = g.load<int32_t>(kPathAt), b = g.load<int32_t>(kPathAt + 4);
    const uint32_t fields[] = {0, 0, kVector, 1, kControl, 24, 0};
    for (uint32_t i = 0; i < 7; ++i) g.store<uint32_t>(kMessage + i * 4, fields[i]);
    const uint32_t control[] = {24,
                                1,
                                1,
                                static_cast<uint32_t>(server),
                                static_cast<uint32_t>(waiting),
                                static_cast<uint32_t>(a)};
    for (uint32_t i = 0; i < 6; ++i) g.store<uint32_t>(kControl + i * 4, control[i]);
    g.store<uint32_t>(kVector, kTextAt);
    g.store<uint32_t>(kVector + 4, 1);
    GUEST_CHECK(g.call("sendmsg", a, kMessage, 0) == 1);
    GUEST_CHECK(g.call("sendmsg", b, kMessage, 0) == 1);
    // Over the network nothing is passed.
    GUEST_CHECK(g.call("sendmsg", waiting, kMessage, 0) == 1);
    const int32_t accepted = g.call("accept", server, 0, 0);
    for (uint32_t i = 0; i < 7; ++i) g.store<uint32_t>(kMessage + i * 4, fields[i]);
    GUEST_CHECK(g.call("recvmsg", accepted, kMessage, 0) == 1);
    GUEST_CHECK(g.load<uint32_t>(kMessage + 20) == 0);
    g.exit(0);
  });
}

TEST(InetSocketTest, HostileArguments) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    constexpr uint32_t kNowhere = 0xfffffff0;
    const int32_t fd = g.call("socket", kInet, kStream, 0);
    const uint32_t size = address(g, kHere, 7000);
    for (const char* name : {"bind", "connect"}) {
      GUEST_CHECK(g.call(name, fd, kNowhere, 16) == -14);
      GUEST_CHECK(g.call(name, fd, kAddress, -1) == kEinval);
      GUEST_CHECK(g.call(name, fd, kAddress, 129) == kEinval);
      GUEST_CHECK(g.call(name, fd, kAddress, 0) == kEinval);
      GUEST_CHECK(g.call(name, fd, kAddress, 15) == kEinval);
    }
    GUEST_CHECK(g.call("bind", fd, kAddress, size) == 0);
    GUEST_CHECK(g.call("getsockname", fd, kAddress, kNowhere) == -14);
    g.store<int32_t>(kFree, -1);
    GUEST_CHECK(g.call("getsockname", fd, kAddress, kFree) == kEinval);
    g.store<int32_t>(kFree, 3);  // cut short, and the whole size told
    g.store<uint8_t>(kFree + 19, 0x77);
    GUEST_CHECK(g.call("getsockname", fd, kFree + 16, kFree) == 0);
    GUEST_CHECK(g.load<int32_t>(kFree) == 16 && g.load<uint8_t>(kFree + 19) == 0x77);
    GUEST_CHECK(g.call("sendto", fd, kTextAt, 1, kNoSignal, 0, 0) == kEpipe);
    GUEST_CHECK(g.call("sendto", fd, kTextAt, 1, 1, 0, 0) == kEopnotsupp);  // MSG_OOB
    GUEST_CHECK(g.call("setsockopt", fd, 1, 13, kFree, 4) == kEinval);
    GUEST_CHECK(g.call("setsockopt", fd, 6, 1, kNowhere, 4) == -14);
    const int32_t udp = g.call("socket", kInet, kDatagram, 0);
    GUEST_CHECK(g.call("sendto", udp, kTextAt, 1, 0x8000, kAddress, size) == kEopnotsupp);
    GUEST_CHECK(g.call("sendto", udp, kTextAt, 1, 0, kAddress, 0) == kEinval);
    g.exit(0);
  });
}

}  // namespace
}  // namespace cloche::kernel::testing
