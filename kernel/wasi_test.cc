// Programs for WASI where no real one looks: retried calls, foreign callers, senseless arguments.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "kernel/call.h"
#include "kernel/syscalls/table.h"
#include "kernel/testing/io_helpers.h"

namespace cloche::kernel::testing {
namespace {

constexpr int32_t kBadf = 8, kFault = 21, kInval = 28, kNosys = 52, kNotCapable = 76;
constexpr uint32_t kList = 0x9000, kBytes = 0xa000, kDone = 0xb000;

// As a stand-in of the engine calls: again, with the same arguments, until there is a result.
int32_t wasi(FakeGuest& g, const std::string& name, const std::vector<int32_t>& arguments) {
  for (;;) {
    const int32_t result = g.raw_with("wasi_snapshot_preview1." + name, arguments);
    if (result != kSuspended) return result;
    g.yield_point();
  }
}

void wasi_program(TestSandbox& box, const std::string& name, Body body) {
  box.program(name, body);
  box.engine().add_program(name, std::move(body), 1 << 20, 1 << 20,
                           {{"wasi_snapshot_preview1", "fd_write", "iiii:i"}});
}

int32_t run_wasi(TestSandbox& box, Body body) {
  wasi_program(box, "w", std::move(body));
  return box.run(box.start("w"));
}

void become(FakeGuest& g, const std::string& path) {
  g.text(kTextAt, path);
  g.call("execve", kTextAt, g.list(kList, {path}), g.list(kBytes, {}));
  g.exit(9);
}

std::vector<std::string> preopens(FakeGuest& g) {
  std::vector<std::string> names;
  for (int32_t fd = 3; wasi(g, "fd_prestat_get", {fd, kDone}) == 0; ++fd) {
    const auto size = g.load<int32_t>(kDone + 4);
    if (wasi(g, "fd_prestat_dir_name", {fd, kBytes, size}) != 0) break;
    g.store<uint8_t>(kBytes + static_cast<uint32_t>(size), 0);
    names.push_back(g.string_at(kBytes));
  }
  return names;
}

TEST(WasiTest, EveryFunctionHasARow) {
  std::set<std::string> preview1, unstable;
  for (const SyscallRow& row : wasi_rows()) {
    const bool older = std::string(row.module) == "wasi_unstable";
    EXPECT_TRUE((older ? unstable : preview1).insert(row.name).second) << row.name;
    EXPECT_NE(row.invoke, nullptr) << row.name;
    EXPECT_EQ(row.has_result, std::string(row.name) != "proc_exit");
  }
  EXPECT_EQ(preview1.size(), 46u);
  EXPECT_EQ(unstable.size(), 45u);
  preview1.erase("sock_accept");
  EXPECT_EQ(preview1, unstable);
}

std::vector<std::string> preopens_in(const std::string& folder) {
  TestSandbox box;
  std::vector<std::string> names;
  wasi_program(box, "w", [&names](FakeGuest& g) {
    names = preopens(g);
    wasi(g, "proc_exit", {0});
  });
  expect_success(box, [&folder](FakeGuest& g) {
    g.text(kTextAt, folder);
    GUEST_CHECK(g.call("chdir", kTextAt) == 0);
    become(g, "/bin/w");
  });
  return names;
}

TEST(WasiTest, Preopens) {
  EXPECT_EQ(preopens_in("/"), std::vector<std::string>{"/"});
  EXPECT_EQ(preopens_in("/tmp"),
            (std::vector<std::string>{".", "/tmp", "/bin", "/dev", "/home", "/proc", "/run"}));
}

TEST(WasiTest, AReadWaitsAndGoesOnWhereItWas) {
  TestSandbox box;
  wasi_program(box, "w", [](FakeGuest& g) {
    g.store<uint32_t>(kList, kBytes);
    g.store<uint32_t>(kList + 4, 100);
    GUEST_CHECK(wasi(g, "fd_read", {0, kList, 1, kDone}) == 0);
    GUEST_CHECK(g.load<uint32_t>(kDone) == 5);
    GUEST_CHECK(g.string_at(kBytes) == "later");
    GUEST_CHECK(wasi(g, "fd_read", {0, kList, 1, kDone}) == 0);
    GUEST_CHECK(g.load<uint32_t>(kDone) == 0);
    wasi(g, "proc_exit", {0});
  });
  expect_success(box, [](FakeGuest& g) {
    const PipeFds ends = pipe(g);
    if (g.fork() == 0) {
      g.store<int64_t>(kList, 1);
      g.store<int64_t>(kList + 8, 0);
      g.call("clock_nanosleep_time64", 1, 0, kList, 0);
      g.text(kTextAt, "later");
      g.call("write", ends.write, kTextAt, 5);
      g.exit(0);
    }
    g.call("close", ends.write);
    GUEST_CHECK(ends.read == 0);
    become(g, "/bin/w");
  });
}

TEST(WasiTest, OnlyProgramsForWasiCanCallIt) {
  TestSandbox box;
  expect_success(box, [](FakeGuest& g) {
    GUEST_CHECK(wasi(g, "fd_close", {0}) == kNosys);
    GUEST_CHECK(wasi(g, "path_unlink_file", {3, kTextAt, 1}) == kNosys);
    GUEST_CHECK(wasi(g, "poll_oneoff", {kList, kBytes, 1, kDone}) == kNosys);
    g.exit(0);
  });
}

TEST(WasiTest, SignalsByTheirOwnNumbers) {
  TestSandbox box;
  EXPECT_EQ(run_wasi(box,
                     [](FakeGuest& g) {
                       GUEST_CHECK(wasi(g, "proc_raise", {31}) == kInval);
                       GUEST_CHECK(wasi(g, "proc_raise", {0}) == 0);
                       GUEST_CHECK(wasi(g, "proc_raise", {16}) == 0);  // SIGCHLD is ignored
                       wasi(g, "proc_raise", {15});
                       g.exit(1);
                     }),
            15);
}

TEST(WasiTest, ExitTakesEightBits) {
  TestSandbox box;
  EXPECT_EQ(run_wasi(box, [](FakeGuest& g) { wasi(g, "proc_exit", {0x1234}); }), 0x34 << 8);
}

TEST(WasiTest, RightsAndDescriptorsAreCheckedBeforeTheRest) {
  TestSandbox box;
  EXPECT_EQ(run_wasi(box,
                     [](FakeGuest& g) {
                       const auto beyond = static_cast<int32_t>(g.memory_size());
                       GUEST_CHECK(wasi(g, "fd_readdir", {99, beyond, 10, 0, beyond}) == kBadf);
                       GUEST_CHECK(wasi(g, "fd_readdir", {3, beyond, 10, 0, kDone}) == kFault);
                       GUEST_CHECK(wasi(g, "fd_fdstat_set_rights", {3, 0, 0}) == 0);
                       GUEST_CHECK(wasi(g, "fd_readdir", {3, beyond, 10, 0, kDone}) == kNotCapable);
                       GUEST_CHECK(wasi(g, "fd_fdstat_set_rights", {3, -1, 0}) == kNotCapable);
                       wasi(g, "proc_exit", {0});
                     }),
            0);
}

// Also what the sanitizers look at.
TEST(WasiTest, SenselessCalls) {
  std::mt19937 random(20220510);
  const auto any = [&random](uint32_t below) { return random() % below; };
  const auto rows = wasi_rows();
  const auto argument = [&any, &random](uint32_t memory) -> int32_t {
    switch (any(7)) {
      case 0:
        return static_cast<int32_t>(any(12));
      case 1:
        return static_cast<int32_t>(memory - any(40));
      case 2:
        return -static_cast<int32_t>(any(40));
      case 3:
        return static_cast<int32_t>(kTextAt + 16 * any(4));
      case 4:
        return static_cast<int32_t>(1u << any(32));
      case 5:
        return static_cast<int32_t>(kList + 4 * any(16));
      default:
        return static_cast<int32_t>(random());
    }
  };
  for (int run = 0; run < 50; ++run) {
    TestSandbox fresh;
    const int32_t status = run_wasi(fresh, [&](FakeGuest& g) {
      const char* const paths[] = {"tmp", "..", "tmp/new", "/"};
      for (uint32_t i = 0; i < 4; ++i) g.text(kTextAt + 16 * i, paths[i]);
      for (uint32_t i = 0; i < 16; ++i) g.store<uint32_t>(kList + 4 * i, kBytes + 8 * i);
      const auto memory = static_cast<uint32_t>(g.memory_size());
      for (int i = 0; i < 1000; ++i) {
        const SyscallRow& row = rows[any(static_cast<uint32_t>(rows.size()))];
        const std::string name = row.name;
        if (name == "proc_exit" || name == "proc_raise") continue;
        std::vector<int32_t> arguments(std::string(row.params).size());
        for (int32_t& each : arguments) each = argument(memory);
        // One turn, or two; then it is left.
        const std::string full = std::string(row.module) + "." + name;
        if (g.raw_with(full, arguments) == kSuspended) (void)g.raw_with(full, arguments);
      }
      for (;;) (void)g.raw_with("wasi_snapshot_preview1.proc_exit", {7}), g.yield_point();
    });
    EXPECT_EQ(status, 7 << 8);
  }
}

}  // namespace
}  // namespace cloche::kernel::testing
