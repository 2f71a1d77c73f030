#include "kernel/tool_device.h"

#include <gtest/gtest.h>

#include "kernel/io_state.h"
#include "kernel/testing/io_helpers.h"
#include "kernel/tool_request.h"

namespace cloche::kernel {
namespace {

using namespace testing;
using Status = ToolAnswer::Status;

class NamedAuthority final : public Authority {
 public:
  explicit NamedAuthority(std::string given) : name(std::move(given)) {}
  const std::string name;
};

// Answers "echo" at once, keeps every other call until the test answers it.
class FakeGate final : public ToolGate {
 public:
  struct KeptCall : ToolCall {
    explicit KeptCall(FakeGate& g) : gate(g) { ++gate.alive; }
    ~KeptCall() override { --gate.alive; }
    FakeGate& gate;
  };
  struct Seen {
    std::string authority, program, name, parameters;
    std::vector<int32_t> pids;
  };

  Ref<ToolCall> call(Authority& authority, const ToolCaller& caller, std::string name,
                     std::string parameters) override {
    auto kept = make_ref<KeptCall>(*this);
    seen.push_back({name_of(authority), caller.program, name, parameters, caller.pids});
    if (name == "echo") kept->set_answer({Status::kOk, parameters});
    if (name == "no") kept->set_answer({Status::kDenied, "because"});
    if (name == "wait") waiting = kept;
    return kept;
  }
  std::string list(const Authority& authority) override {
    return "[\"" + name_of(authority) + "\"]";
  }
  std::string describe(const Authority& authority, ToolText form) override {
    return name_of(authority) + "!" + std::to_string(static_cast<int>(form)) + "\n";
  }
  Result<Ref<Authority>, std::string> narrow(Authority& authority, const ToolCaller&,
                                             std::string_view grants) override {
    if (grants == "bad") return std::string("not good");
    return Ref<Authority>(make_ref<NamedAuthority>(name_of(authority) + std::string(grants)));
  }
  Ref<ToolCall> run(Authority& authority, const ToolCaller& caller, Process& process,
                    std::string_view request) override {
    EXPECT_EQ(process.pid, caller.pids.front());
    return call(authority, caller, "wait", std::string(request));
  }
  uint64_t revoke(Authority&, const ToolCaller&) override { return 3; }

  static std::string name_of(const Authority& authority) {
    return static_cast<const NamedAuthority&>(authority).name;
  }

  std::vector<Seen> seen;
  Ref<ToolCall> waiting;
  int alive = 0;
};

class ToolDeviceTest : public ::testing::Test {
 protected:
  ToolDeviceTest() : box_({}, &gate_) { box_.authority = make_ref<NamedAuthority>("all"); }
  void run(Body body) { EXPECT_EQ(box_.run_program(std::move(body)), 0); }

  FakeGate gate_;
  TestSandbox box_;
};

constexpr const char* kDevice = "/dev/tool";

TEST_F(ToolDeviceTest, CallsAndAnswers) {
  run([](FakeGuest& g) {
    const int32_t fd = open(g, kDevice, kO_RDWR);
    EXPECT_EQ(write(g, fd, "call echo 7\n{\"a\":1}"), 19);
    EXPECT_EQ(read(g, fd, 4), "ok 7");
    EXPECT_EQ(read(g, fd), "\n{\"a\":1}");
    EXPECT_EQ(read(g, fd), "");  // the end, until the next request
    EXPECT_EQ(write(g, fd, "call no 2\n{}"), 12);
    EXPECT_EQ(read(g, fd), "denied 7\nbecause");
    EXPECT_EQ(write(g, fd, "list\n"), 5);
    EXPECT_EQ(read(g, fd), "ok 7\n[\"all\"]");
    g.exit(0);
  });
  ASSERT_EQ(gate_.seen.size(), 2u);
  EXPECT_EQ(gate_.seen[0].name, "echo");
  EXPECT_EQ(gate_.seen[0].authority, "all");
  EXPECT_FALSE(gate_.seen[0].pids.empty());
  EXPECT_TRUE(gate_.seen[0].program.starts_with("/bin/"));
}

TEST_F(ToolDeviceTest, RequestsComeInAnyPieces) {
  run([](FakeGuest& g) {
    const int32_t fd = open(g, kDevice, kO_RDWR);
    for (const char byte : std::string("call echo 5\nhello")) {
      EXPECT_EQ(write(g, fd, std::string(1, byte)), 1);
    }
    std::string answer;
    for (std::string part = read(g, fd, 1); !part.empty(); part = read(g, fd, 1)) answer += part;
    EXPECT_EQ(answer, "ok 5\nhello");
    // What follows a request is not taken with it.
    EXPECT_EQ(write(g, fd, "call echo 1\nxyz"), 13);
    EXPECT_EQ(write(g, fd, "yz"), -static_cast<int32_t>(Errno::kBUSY));
    EXPECT_EQ(read(g, fd), "ok 1\nx");
    g.exit(0);
  });
}

TEST_F(ToolDeviceTest, BadRequestsAreRefused) {
  for (const char* line :
       {"\n", "call\n", "call \n", "call echo\n", "call echo \n", "call echo x\n", "call echo 01\n",
        "call echo -1\n", "call echo 1 \n", "call echo 1 2\n", "call  1\n", "list \n", "list 0\n",
        "LIST\n", " list\n", "narrow\n", "narrow 1x\n", "adopt 1\n",
        "call echo 18446744073709551616\n"}) {
    run([line](FakeGuest& g) {
      const int32_t fd = open(g, kDevice, kO_RDWR);
      EXPECT_EQ(write(g, fd, line), -static_cast<int32_t>(Errno::kINVAL)) << line;
      EXPECT_EQ(write(g, fd, "list\n"), 5);  // the bad line is forgotten
      EXPECT_EQ(read(g, fd), "ok 7\n[\"all\"]");
      g.exit(0);
    });
  }
  run([](FakeGuest& g) {
    const int32_t fd = open(g, kDevice, kO_RDWR);
    EXPECT_EQ(write(g, fd, std::string(kMaxToolRequestLine, 'x')),
              -static_cast<int32_t>(Errno::kINVAL));
    EXPECT_EQ(write(g, fd, "call echo " + std::to_string(kMaxToolRequest + 1) + "\n"),
              -static_cast<int32_t>(Errno::kFBIG));
    EXPECT_EQ(write(g, fd, "call echo 5\nhel"), 15);
    EXPECT_EQ(read(g, fd), "!" + std::to_string(static_cast<int32_t>(Errno::kINVAL)));
    g.exit(0);
  });
  EXPECT_TRUE(gate_.seen.empty());
}

TEST_F(ToolDeviceTest, ReadingWaitsAndPollTells) {
  box_.program("caller", [](FakeGuest& g) {
    const int32_t fd = open(g, kDevice, kO_RDWR);
    uint16_t events = 0;
    EXPECT_EQ(poll_one(g, fd, kPollIn | kPollOut, events, 0), 1);
    EXPECT_EQ(events, kPollOut);
    EXPECT_EQ(write(g, fd, "call wait 2\n{}"), 14);
    EXPECT_EQ(poll_one(g, fd, kPollIn | kPollOut, events, 0), 0);
    const int32_t other = open(g, kDevice, kO_RDWR | kO_NONBLOCK);
    EXPECT_EQ(write(g, other, "call never 2\n{}"), 15);
    EXPECT_EQ(read(g, other), "!" + std::to_string(static_cast<int32_t>(Errno::kAGAIN)));
    EXPECT_EQ(read(g, fd), "ok 4\ndone");
    g.exit(0);
  });
  const int32_t pid = box_.start("caller");
  box_.settle();
  ASSERT_TRUE(gate_.waiting);
  EXPECT_EQ(gate_.alive, 2);
  gate_.waiting->set_answer({Status::kOk, "done"});
  gate_.waiting = nullptr;
  EXPECT_EQ(box_.run(pid), 0);
  EXPECT_EQ(gate_.alive, 0);  // the call nobody waited for was given up
}

TEST_F(ToolDeviceTest, AuthorityNarrowsPassesOnAndIsAdopted) {
  run([](FakeGuest& g) {
    const int32_t fd = open(g, kDevice, kO_RDWR);
    EXPECT_EQ(write(g, fd, "revoke\n"), 7);
    EXPECT_TRUE(read(g, fd).starts_with("failed "));
    EXPECT_EQ(write(g, fd, "narrow 3\nbad"), 12);
    EXPECT_EQ(read(g, fd), "failed 8\nnot good");
    EXPECT_EQ(write(g, fd, "narrow 5\n-less"), 14);
    EXPECT_EQ(read(g, fd), "ok 0\n");
    const int32_t full = open(g, kDevice, kO_RDWR);
    EXPECT_EQ(write(g, full, "list\n"), 5);
    EXPECT_EQ(read(g, full), "ok 7\n[\"all\"]");  // this process still has all
    EXPECT_EQ(write(g, fd, "adopt\n"), 6);
    EXPECT_EQ(read(g, fd), "ok 0\n");
    const int32_t less = open(g, kDevice, kO_RDWR);
    EXPECT_EQ(write(g, less, "list\n"), 5);
    EXPECT_EQ(read(g, less), "ok 12\n[\"all-less\"]");
    EXPECT_EQ(file_text(g, "/run/tools/tools.txt"), "all-less!0\n");
    EXPECT_EQ(file_text(g, "/run/tools/tools.pyi"), "all-less!1\n");
    EXPECT_EQ(file_text(g, "/run/tools/tools.d.ts"), "all-less!2\n");
    if (g.fork() == 0) {
      EXPECT_EQ(file_text(g, "/run/tools/tools.json"), "[\"all-less\"]\n");
      EXPECT_EQ(write(g, full, "list\n"), 5);  // an open file lends what it holds
      EXPECT_EQ(read(g, full), "ok 7\n[\"all\"]");
      g.exit(0);
    }
    EXPECT_EQ(g.call("waitid", 0, 0, 0, 4, 0), 0);
    EXPECT_EQ(write(g, fd, "revoke\n"), 7);
    EXPECT_EQ(read(g, fd), "ok 1\n3");
    g.exit(0);
  });
}

constexpr int32_t kOpenAgain = 0xc101, kRevoke = 0xc102;

TEST_F(ToolDeviceTest, AnotherFileOfTheSameAuthority) {
  run([](FakeGuest& g) {
    const int32_t fd = open(g, kDevice, kO_RDWR);
    EXPECT_EQ(write(g, fd, "narrow 5\n-less"), 14);
    EXPECT_EQ(read(g, fd), "ok 0\n");
    EXPECT_EQ(write(g, fd, "call wait 2\n{}"), 14);
    const int32_t again = g.call("ioctl", fd, kOpenAgain, kO_CLOEXEC);
    ASSERT_GE(again, 0);
    EXPECT_EQ(g.call("fcntl64", again, 1, 0), 1);  // FD_CLOEXEC
    EXPECT_EQ(write(g, again, "list\n"), 5);       // not the other one's conversation
    EXPECT_EQ(read(g, again), "ok 12\n[\"all-less\"]");
    // It cannot take away what the other one lends.
    EXPECT_EQ(write(g, again, "revoke\n"), 7);
    EXPECT_TRUE(read(g, again).starts_with("failed "));
    EXPECT_EQ(g.call("ioctl", again, kRevoke, 0), -static_cast<int32_t>(Errno::kPERM));
    EXPECT_EQ(g.call("ioctl", fd, kRevoke, 0), 3);  // although a call is under way
    EXPECT_EQ(g.call("ioctl", fd, kOpenAgain, kO_RDWR), -static_cast<int32_t>(Errno::kINVAL));
    EXPECT_EQ(g.call("ioctl", fd, 0xc103, 0), -static_cast<int32_t>(Errno::kNOTTY));
    const int32_t waits = g.call("ioctl", fd, kOpenAgain, kO_NONBLOCK);
    EXPECT_EQ(write(g, waits, "call never 2\n{}"), 15);
    EXPECT_EQ(read(g, waits), "!" + std::to_string(static_cast<int32_t>(Errno::kAGAIN)));
    g.exit(0);
  });
}

TEST_F(ToolDeviceTest, AnotherFileIsOpenForNoMoreThanTheFirst) {
  run([](FakeGuest& g) {
    const int32_t only_reads = open(g, kDevice, kO_RDONLY);
    const int32_t again = g.call("ioctl", only_reads, kOpenAgain, 0);
    ASSERT_GE(again, 0);
    EXPECT_EQ(write(g, again, "list\n"), -static_cast<int32_t>(Errno::kBADF));
    EXPECT_EQ(g.call("ioctl", only_reads, kRevoke, 0), -static_cast<int32_t>(Errno::kBADF));
    const int32_t path = open(g, kDevice, kO_PATH);
    EXPECT_EQ(g.call("ioctl", path, kOpenAgain, 0), -static_cast<int32_t>(Errno::kBADF));
    g.exit(0);
  });
}

TEST_F(ToolDeviceTest, WithoutAuthorityThereIsNoDoor) {
  box_.authority = nullptr;
  run([](FakeGuest& g) {
    EXPECT_EQ(open(g, kDevice, kO_RDWR), -static_cast<int32_t>(Errno::kACCES));
    EXPECT_EQ(file_text(g, "/run/tools/tools.json"), "[]\n");
    EXPECT_EQ(file_text(g, "/run/tools/tools.txt"), "No tool may be called.\n");
    EXPECT_EQ(file_text(g, "/run/tools/tools.pyi"), "");
    EXPECT_EQ(file_text(g, "/run/tools/tools.d.ts"), "");
    g.exit(0);
  });
  TestSandbox without;
  EXPECT_EQ(without.run_program([](FakeGuest& g) {
    EXPECT_EQ(open(g, kDevice, kO_RDWR), -static_cast<int32_t>(Errno::kNOENT));
    EXPECT_EQ(open(g, "/run/tools/tools.json", kO_RDONLY), -static_cast<int32_t>(Errno::kNOENT));
    g.exit(0);
  }),
            0);
}

TEST_F(ToolDeviceTest, BytesOfAllCallsHaveALimit) {
  ASSERT_TRUE(box_.kernel().io().tool_bytes().take(kMaxToolBytes - 100));
  run([](FakeGuest& g) {
    const int32_t fd = open(g, kDevice, kO_RDWR);
    EXPECT_EQ(write(g, fd, "call echo 200\n"), 14);
    EXPECT_EQ(write(g, fd, std::string(101, 'x')), -static_cast<int32_t>(Errno::kNOBUFS));
    g.call("close", fd);
    const int32_t again = open(g, kDevice, kO_RDWR);
    EXPECT_EQ(write(g, again, "call echo 100\n" + std::string(100, 'x')), 114);
    EXPECT_EQ(read(g, again, 8), "ok 100\nx");
    g.exit(0);
  });
  EXPECT_EQ(box_.kernel().io().tool_bytes().used(), kMaxToolBytes - 100);
}

TEST(ToolRequestTest, NamesMayBeAnyBytesButSeparators) {
  const auto request = parse_tool_request("call \x01/..\xff 12");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->name, "\x01/..\xff");
  EXPECT_EQ(request->length, 12u);
  EXPECT_FALSE(parse_tool_request("call " + std::string(256, 'a') + " 1"));
}

}  // namespace
}  // namespace cloche::kernel
