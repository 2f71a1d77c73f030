// What tests of files and terminals share: numbers of the guest ABI, and calls on text.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "kernel/testing/sandbox.h"

namespace cloche::kernel::testing {

inline constexpr int32_t kAtFdCwd = -100;
inline constexpr uint32_t kO_RDONLY = 0, kO_WRONLY = 1, kO_RDWR = 2, kO_CREAT = 0100,
                          kO_EXCL = 0200, kO_NOCTTY = 0400, kO_TRUNC = 01000, kO_APPEND = 02000,
                          kO_NONBLOCK = 04000, kO_DIRECTORY = 0200000, kO_NOFOLLOW = 0400000,
                          kO_CLOEXEC = 02000000, kO_PATH = 010000000, kO_TMPFILE = 020200000;

// Where the helpers keep what they pass; tests use addresses from kFree on.
inline constexpr uint32_t kPathAt = 0x1000, kTextAt = 0x2000, kFree = 0x8000;

inline int32_t open(FakeGuest& g, const std::string& path, uint32_t flags, uint32_t mode = 0644) {
  return g.call("openat", kAtFdCwd, g.text(kPathAt, path), flags, mode);
}
inline int32_t write(FakeGuest& g, int32_t fd, const std::string& text) {
  g.text(kTextAt, text);
  return g.call("write", fd, kTextAt, text.size());
}
// What one read of up to `size` bytes gives; "!N" for an error N.
inline std::string read(FakeGuest& g, int32_t fd, uint32_t size = 1024) {
  const int32_t count = g.call("read", fd, kTextAt, size);
  if (count < 0) return "!" + std::to_string(-count);
  std::string text;
  for (int32_t i = 0; i < count; ++i)
    text.push_back(g.load<char>(kTextAt + static_cast<uint32_t>(i)));
  return text;
}
// Until the end of the file or an error.
inline std::string read_all(FakeGuest& g, int32_t fd) {
  std::string text;
  for (;;) {
    const std::string part = read(g, fd);
    if (part.empty() || part[0] == '!') return text + part;
    text += part;
  }
}
inline std::string file_text(FakeGuest& g, const std::string& path) {
  const int32_t fd = open(g, path, kO_RDONLY);
  if (fd < 0) return "!" + std::to_string(-fd);
  const std::string text = read_all(g, fd);
  g.call("close", fd);
  return text;
}
inline int32_t make_file(FakeGuest& g, const std::string& path, const std::string& text) {
  const int32_t fd = open(g, path, kO_WRONLY | kO_CREAT | kO_TRUNC);
  if (fd < 0) return fd;
  const int32_t count = write(g, fd, text);
  g.call("close", fd);
  return count;
}
struct PipeFds {
  int32_t read, write;
};
inline PipeFds pipe(FakeGuest& g, uint32_t flags = 0) {
  constexpr uint32_t kAt = kPathAt;
  if (g.call("pipe2", kAt, flags) != 0) return {-1, -1};
  return {g.load<int32_t>(kAt), g.load<int32_t>(kAt + 4)};
}
inline int32_t poll_one(FakeGuest& g, int32_t fd, uint16_t events, uint16_t& returned,
                        int64_t timeout_ms) {
  constexpr uint32_t kEntry = kPathAt, kTime = kPathAt + 16;
  g.store<int32_t>(kEntry, fd);
  g.store<uint16_t>(kEntry + 4, events);
  g.store<int64_t>(kTime, timeout_ms / 1000);
  g.store<int64_t>(kTime + 8, timeout_ms % 1000 * 1'000'000);
  const int32_t count =
      g.call("ppoll_time64", kEntry, 1, timeout_ms < 0 ? 0 : static_cast<int32_t>(kTime), 0, 8);
  returned = g.load<uint16_t>(kEntry + 6);
  return count;
}

// Runs a program that must end with status 0, and whose relatives must not have failed a
// GUEST_CHECK.
inline void expect_success(TestSandbox& box, Body body) {
  EXPECT_EQ(box.run_program(std::move(body)), 0);
  for (const std::string& line : box.said())
    if (line.starts_with("failed: ")) ADD_FAILURE() << line;
}

// Ends the program with status 1 when a condition does not hold, and says which one.
#define GUEST_CHECK(condition)                                             \
  do {                                                                     \
    if (!(condition)) {                                                    \
      g.say("failed: line " + std::to_string(__LINE__) + ": " #condition); \
      g.exit(1);                                                           \
    }                                                                      \
  } while (0)

}  // namespace cloche::kernel::testing
