#include "audit/log.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "audit/chain.h"
#include "audit/verify.h"
#include "base/json.h"

namespace cloche::audit {
namespace {

class FixedClock final : public Clock {
 public:
  int64_t monotonic_ns() override { return 0; }
  int64_t realtime_ns() override { return now += 1'000'000'000; }
  int64_t now = 1'764'000'000'000'000'000;
};

class LogTest : public ::testing::Test {
 protected:
  LogTest() {
    char name[] = "/tmp/cloche-audit-XXXXXX";
    folder_ = mkdtemp(name);
    path_ = folder_ + "/audit.jsonl";
  }
  ~LogTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Log> open(LogOptions options = {}) {
    if (options.path.empty()) options.path = path_;
    auto log = Log::create(options, clock_);
    EXPECT_TRUE(log.ok()) << (log.ok() ? "" : log.error().message);
    return std::move(log).value();
  }
  static std::string read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& bytes) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
  }
  Verdict verify() const {
    auto verdict = verify_log(path_);
    EXPECT_TRUE(verdict.ok()) << (verdict.ok() ? "" : verdict.error().message);
    return *verdict;
  }
  void write_calls(int count) {
    auto log = open();
    for (int i = 0; i < count; ++i) {
      Record call("tool.call");
      call.text("tool", "mail/send").number("call", static_cast<uint64_t>(i));
      ASSERT_TRUE(log->append(call, "box").ok());
    }
  }
  static std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }
  static std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
  }

  FixedClock clock_;
  std::string folder_, path_;
};

TEST_F(LogTest, WritesOneJsonObjectALine) {
  {
    auto log = open();
    Record call("tool.call");
    call.text("tool", "mail/send").json("params", R"({"to":"a"})").number("pid", 7);
    const std::vector<std::string> chain = {"root", "child"};
    call.texts("chain", chain).texts("none", {});
    ASSERT_TRUE(log->append(call, "box").ok());
  }
  const auto lines = lines_of(read(path_));
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_TRUE(lines[1].starts_with(
      R"({"seq":2,"time":"2025-11-24T16:00:02.000000000Z","sandbox":"box","event":"tool.call",)"
      R"("tool":"mail/send","params":{"to":"a"},"pid":7,"chain":["root","child"],"none":[],"prev":")"))
      << lines[1];
  EXPECT_TRUE(read_json(lines[1]).ok());
  const Verdict verdict = verify();
  EXPECT_TRUE(verdict.whole && verdict.ended) << verdict.problem;
  EXPECT_EQ(verdict.first, 1u);
  EXPECT_EQ(verdict.last, 3u);
}

TEST_F(LogTest, TheFileIsForItsOwnerOnly) {
  open();
  struct stat status;
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

// Whatever a guest puts into a field stays in that field.
TEST_F(LogTest, GuestBytesForgeNothing) {
  const std::string hostile[] = {
      "\"}\n{\"seq\":3,\"event\":\"tool.call\"}\n",
      "\",\"decision\":\"allowed",
      "\\\",\"hash\":\"00\"}\n",
      std::string("\0\r\n\x1b[2J\x7f", 8),
      "\xff\xfe\xed\xa0\x80",
      ",\"hash\":\"",
      "\xe2\x80\xa8\xe2\x80\xae",
  };
  {
    auto log = open();
    for (const std::string& bytes : hostile) {
      Record call("tool.call");
      call.text("tool", bytes).texts("argv", {&bytes, 1}).text("decision", "denied");
      ASSERT_TRUE(log->append(call, "box").ok());
    }
  }
  const auto lines = lines_of(read(path_));
  ASSERT_EQ(lines.size(), std::size(hostile) + 2);
  EXPECT_TRUE(verify().whole) << verify().problem;
  for (size_t i = 0; i < std::size(hostile); ++i) {
    auto line = read_json(lines[i + 1]);
    ASSERT_TRUE(line.ok()) << lines[i + 1];
    EXPECT_EQ(line->find("decision")->text, "denied");
    if (i != 4) {
      EXPECT_EQ(line->find("tool")->text, hostile[i]);
    }
  }
}

TEST_F(LogTest, EveryChangedByteIsFound) {
  write_calls(3);
  const std::string good = read(path_);
  ASSERT_TRUE(verify().whole);
  for (size_t i = 0; i < good.size(); ++i) {
    for (const char flip : {'\x01', '\x20'}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      write(bad);
      ASSERT_FALSE(verify().whole) << "byte " << i;
    }
  }
}

TEST_F(LogTest, EveryCutOrMoveOfLinesIsFound) {
  write_calls(5);
  const auto lines = lines_of(read(path_));
  for (size_t i = 0; i < lines.size(); ++i) {
    auto cut = lines;
    cut.erase(cut.begin() + static_cast<ptrdiff_t>(i));
    write(joined(cut));
    const Verdict verdict = verify();
    // A cut of the last line leaves a log without its end.
    EXPECT_EQ(verdict.whole, i + 1 == lines.size()) << i;
    EXPECT_FALSE(verdict.whole && verdict.ended) << i;
    if (i > 0) {
      auto moved = lines;
      std::swap(moved[i], moved[i - 1]);
      write(joined(moved));
      EXPECT_FALSE(verify().whole) << i;
    }
    auto doubled = lines;
    doubled.insert(doubled.begin() + static_cast<ptrdiff_t>(i), lines[i]);
    write(joined(doubled));
    EXPECT_FALSE(verify().whole) << i;
  }
  write("");
  EXPECT_FALSE(verify().whole);
}

TEST_F(LogTest, ForgedLinesWithGoodHashesDoNotFit) {
  write_calls(2);
  auto lines = lines_of(read(path_));
  const std::string body = R"({"seq":3,"event":"tool.call","prev":")" + first_hash() + "\"";
  lines[2] = body + ",\"hash\":\"" + hash_of(body) + "\"}";
  write(joined(lines));
  EXPECT_FALSE(verify().whole);
}

TEST_F(LogTest, AnExistingLogIsContinued) {
  write_calls(1);
  write_calls(1);
  const Verdict verdict = verify();
  EXPECT_TRUE(verdict.whole && verdict.ended) << verdict.problem;
  EXPECT_EQ(verdict.last, 6u);
}

TEST_F(LogTest, ContinuesAfterAWriterThatDied) {
  write_calls(1);
  auto lines = lines_of(read(path_));
  lines.pop_back();
  write(joined(lines));
  write_calls(1);
  EXPECT_TRUE(verify().whole) << verify().problem;
}

TEST_F(LogTest, RefusesFilesItCannotContinue) {
  for (const std::string& bytes :
       {std::string("hello\n"), std::string("{}"), std::string("\n"), std::string(3 << 20, 'x')}) {
    write(bytes);
    auto log = Log::create({.path = path_}, clock_);
    ASSERT_FALSE(log.ok());
    EXPECT_EQ(log.error().code, Code::kMalformed) << log.error().message;
    EXPECT_EQ(read(path_), bytes);
  }
  write("");
  write_calls(1);
  const std::string good = read(path_);
  write(good.substr(0, good.size() - 5));
  EXPECT_EQ(Log::create({.path = path_}, clock_).error().code, Code::kMalformed);
  EXPECT_EQ(Log::create({.path = folder_}, clock_).ok(), false);
  EXPECT_EQ(Log::create({.path = "/dev/null"}, clock_).error().code, Code::kInvalidArgument);
  EXPECT_EQ(Log::create({.path = folder_ + "/no/where"}, clock_).error().code, Code::kNotFound);
  std::filesystem::create_symlink(folder_ + "/other", folder_ + "/link");
  EXPECT_FALSE(Log::create({.path = folder_ + "/link"}, clock_).ok());
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/other"));
}

TEST_F(LogTest, OneWriterAtATime) {
  auto log = open();
  auto second = Log::create({.path = path_}, clock_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::kExists);
  log.reset();
  open();
}

TEST_F(LogTest, SetsFilesAsideAndSaysWhatItDeleted) {
  for (const uint32_t kept : {1u, 3u, 100u}) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
    {
      auto log = open({.file_bytes = 2000, .kept_files = kept});
      for (int i = 0; i < 40; ++i) ASSERT_TRUE(log->append(Record("limit.hit"), "box").ok());
    }
    const Verdict verdict = verify();
    EXPECT_TRUE(verdict.whole && verdict.ended) << verdict.problem;
    EXPECT_EQ(verdict.first == 1, kept == 100u);
    const auto aside = list_set_aside(path_);
    ASSERT_FALSE(aside.empty());
    EXPECT_LE(aside.size(), kept);
    for (const uint64_t first : aside) {
      EXPECT_LE(std::filesystem::file_size(set_aside_name(path_, first)), 2000u);
    }
    // A file set aside that is gone without the log's own doing is missed.
    if (kept == 1u) continue;
    std::filesystem::remove(set_aside_name(path_, aside.front()));
    EXPECT_FALSE(verify().whole);
  }
}

TEST_F(LogTest, ContinuesALogThatWasSetAside) {
  for (int run = 0; run < 5; ++run) {
    auto log = open({.file_bytes = 1500, .kept_files = 2});
    for (int i = 0; i < 7; ++i) ASSERT_TRUE(log->append(Record("limit.hit"), {}).ok());
  }
  EXPECT_TRUE(verify().whole) << verify().problem;
}

// What cannot be written is refused, leaves no half line, and does not break the chain.
TEST_F(LogTest, AFullDiskRefuses) {
  auto log = open();
  const struct rlimit full = {std::filesystem::file_size(path_) + 100, RLIM_INFINITY};
  struct rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &full), 0);
  const Status refused = log->append(Record("tool.call"), "box");
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kIo);
  EXPECT_EQ(log->lines().size(), 1u);
  EXPECT_TRUE(verify().whole) << verify().problem;
  EXPECT_TRUE(log->append(Record("tool.call"), "box").ok());
  log.reset();
  EXPECT_TRUE(verify().whole) << verify().problem;
  EXPECT_EQ(verify().last, 3u);
}

TEST_F(LogTest, ATooLongRecordIsRefused) {
  auto log = open();
  Record call("tool.call");
  call.text("params", std::string(Log::kMaxLineBytes, 'x'));
  EXPECT_EQ(log->append(call, "box").error().code, Code::kResourceExhausted);
  EXPECT_EQ(log->lines().size(), 1u);
}

TEST_F(LogTest, MemoryKeepsTheNewestLinesWithinItsBound) {
  auto log = Log::create({.memory_bytes = 3000}, clock_);
  ASSERT_TRUE(log.ok());
  for (int i = 0; i < 100; ++i) ASSERT_TRUE((*log)->append(Record("limit.hit"), {}).ok());
  const auto lines = (*log)->lines();
  size_t bytes = 0;
  for (const std::string& line : lines) bytes += line.size();
  EXPECT_LE(bytes, 3000u);
  EXPECT_GT(lines.size(), 5u);
  EXPECT_TRUE(lines.back().starts_with("{\"seq\":101,"));
  EXPECT_EQ(read_link(lines.back())->hash, (*log)->head());
}

TEST_F(LogTest, ZeroLimitsAreRefused) {
  EXPECT_EQ(Log::create({.file_bytes = 0}, clock_).error().code, Code::kInvalidArgument);
  EXPECT_EQ(Log::create({.kept_files = 0}, clock_).error().code, Code::kInvalidArgument);
  EXPECT_EQ(Log::create({.memory_bytes = 0}, clock_).error().code, Code::kInvalidArgument);
}

TEST_F(LogTest, ManyThreadsWriteOneChain) {
  {
    auto log = open({.file_bytes = 20'000, .kept_files = 1000});
    std::vector<std::thread> writers;
    for (int t = 0; t < 8; ++t) {
      writers.emplace_back([&log] {
        for (int i = 0; i < 200; ++i) EXPECT_TRUE(log->append(Record("limit.hit"), "box").ok());
      });
    }
    for (std::thread& writer : writers) writer.join();
  }
  const Verdict verdict = verify();
  EXPECT_TRUE(verdict.whole && verdict.ended) << verdict.problem;
  EXPECT_GE(verdict.last, 1602u);
}

TEST(VerifyTest, AMissingFileIsAnError) {
  EXPECT_EQ(verify_log("/nonexistent/audit.jsonl").error().code, Code::kNotFound);
  EXPECT_EQ(verify_log("/dev/zero").error().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace cloche::audit
