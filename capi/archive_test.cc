// Folders of a sandbox as archives, in and out; hostile ones, too.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>

#include "capi/capi_testing.h"
#include "include/cloche/cloche.hpp"

namespace cloche::capi {
namespace {

using capi::testing::Box;
using capi::testing::cpp_host;
using capi::testing::Handle;
using capi::testing::text_of;

// One header as tar has it, and data.
std::string entry(const std::string& name, char type, const std::string& target = "",
                  const std::string& data = "", unsigned mode = 0644) {
  std::string block(512, '\0');
  const auto put = [&block](size_t at, const std::string& text) {
    block.replace(at, text.size(), text);
  };
  char number[16];
  put(0, name);
  snprintf(number, sizeof number, "%07o", mode);
  put(100, number);
  snprintf(number, sizeof number, "%011zo", data.size());
  put(124, number);
  put(136, "14524770400");
  block[156] = type;
  put(157, target);
  put(257, std::string("ustar\00000", 8));
  put(148, "        ");
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<uint8_t>(c);
  snprintf(number, sizeof number, "%06o", sum);
  put(148, std::string(number, 7));
  return block + data + std::string((512 - data.size() % 512) % 512, '\0');
}

Files::Source from(const std::string& bytes) {
  return [&bytes, at = size_t{0}](char* out, size_t size) mutable -> Expected<size_t> {
    const size_t some = std::min(size, bytes.size() - at);
    bytes.copy(out, some, at);
    at += some;
    return some;
  };
}

Files::Sink into(std::string& bytes) {
  return [&bytes](std::string_view piece) -> std::optional<Failure> {
    bytes += piece;
    return std::nullopt;
  };
}

class ArchiveTest : public ::testing::Test {
 protected:
  void SetUp() override { make({}); }
  void make(SandboxOptions options) {
    auto sandbox = Sandbox::create(cpp_host(), std::move(options));
    ASSERT_TRUE(sandbox) << sandbox.error().message;
    sandbox_.emplace(std::move(*sandbox));
  }
  Files files() { return sandbox_->files(); }
  ArchiveReport unpack(const std::string& bytes, const std::string& path = "in") {
    const auto report = files().unpack(path, from(bytes));
    EXPECT_TRUE(report) << report.error().message;
    return report ? *report : ArchiveReport();
  }
  std::string shell(const std::string& script) {
    const auto result = sandbox_->run({"bash", "-c", script});
    EXPECT_TRUE(result) << result.error().message;
    return result->stdout_bytes + result->stderr_bytes;
  }
  std::optional<Sandbox> sandbox_;
};

TEST_F(ArchiveTest, OutAndInAgain) {
  shell(
      "mkdir -p out/d/e out/empty; seq 1000 > out/d/numbers; echo x > out/d/e/x; "
      "ln -s d/numbers out/link; chmod 750 out/d; chmod 755 out/d/numbers; mkfifo out/pipe; "
      "touch -d @1000000000 out/d/numbers; "
      "n=$(printf 'n%.0s' $(seq 200)); mkdir out/$n; echo long > out/$n/$n");
  std::string bytes;
  const auto packed = files().pack("out", into(bytes));
  ASSERT_TRUE(packed) << packed.error().message;
  EXPECT_EQ(packed->files, 3u);
  EXPECT_EQ(packed->folders, 4u);
  EXPECT_EQ(packed->links, 1u);
  EXPECT_EQ(packed->skipped, (std::vector<std::string>{"pipe: a device, a pipe or a socket"}));
  const ArchiveReport report = unpack(bytes, "deep/in");
  EXPECT_EQ(report.files, 3u);
  EXPECT_EQ(report.bytes, packed->bytes);
  EXPECT_EQ(report.skipped_count, 0u);
  EXPECT_EQ(shell("rm out/pipe; cd out; find . | sort > ../a; cd ../deep/in; find . | sort > "
                  "../../b; cd; cmp a b; cmp out/d/numbers deep/in/d/numbers; "
                  "stat -c '%a %Y' deep/in/d/numbers; stat -c %a deep/in/d; readlink deep/in/link"),
            "755 1000000000\n750\nd/numbers\n");
  // One file alone; what there is no folder of.
  bytes.clear();
  ASSERT_TRUE(files().pack("out/d/e/x", into(bytes)));
  EXPECT_EQ(bytes.substr(0, 2), std::string("x\0", 2));
  EXPECT_EQ(files().pack("none", into(bytes)).error().error_number, ENOENT);
}

TEST_F(ArchiveTest, NothingOfItComesToLieElsewhere) {
  shell("mkdir safe; echo old > safe/file; mkdir in; ln -s ../safe in/out");
  const std::string bytes =
      entry("/tmp/absolute", '0', "", "bad") + entry("../safe/file", '0', "", "bad") +
      entry("a/../../safe/file", '0', "", "bad") + entry("..", '5') + entry("/", '5') +
      entry("a/..", '5') + entry("out/file", '0', "", "bad") + entry("out/new", '0', "", "bad") +
      entry("out/folder/", '5') + entry("made", '2', "/home/user/safe") +
      entry("made/file", '0', "", "bad") + entry("made", '5') + entry("hard", '1', "../safe/file") +
      entry("hard2", '1', "/home/user/safe/file") + entry("hard3", '1', "out/file") +
      entry("hard4", '1', "none") + entry("sda", '4') + entry("zero", '3') + entry("pipe", '6') +
      entry("odd", 'Q', "", "data") + entry("", '0', "", "x") + entry("./good", '0', "", "good") +
      entry("./", '5');
  const ArchiveReport report = unpack(bytes);
  std::string skipped;
  for (const std::string& line : report.skipped) skipped += line + "\n";
  EXPECT_EQ(skipped,
            "/tmp/absolute: an absolute name\n../safe/file: a name with ..\n"
            "a/../../safe/file: a name with ..\n..: a name with ..\n/: an absolute name\n"
            "a/..: a name with ..\nout/file: it leads through a symlink\n"
            "out/new: it leads through a symlink\nout/folder/: it leads through a symlink\n"
            "made/file: it leads through a symlink\nmade: it leads through a symlink\n"
            "hard: what it links to is not there\nhard2: what it links to is not there\n"
            "hard3: it leads through a symlink\nhard4: what it links to is not there\n"
            "sda: a device\nzero: a device\npipe: a pipe\nodd: of an unknown type\n"
            ": it has no name\n");
  EXPECT_EQ(report.files, 1u);
  EXPECT_EQ(report.skipped_count, 20u);
  EXPECT_EQ(shell("cat safe/file in/good; echo; ls -A safe; ls -A in; ls /tmp"),
            "old\ngood\nfile\ngood\nmade\nout\n");
}

TEST_F(ArchiveTest, WhatIsThereIsReplacedButNoFolder) {
  shell(
      "mkdir -p in/folder; echo old > in/file; ln -s /home/user/elsewhere in/link; "
      "echo keep > elsewhere");
  const ArchiveReport report =
      unpack(entry("file", '0', "", "new") + entry("link", '0', "", "new") +
             entry("folder", '0', "", "new") + entry("file", '1', "link"));
  EXPECT_EQ(report.skipped, (std::vector<std::string>{"folder: something else has its name"}));
  EXPECT_EQ(shell("cat in/file in/link elsewhere; test -L in/link || echo file"),
            "newnewkeep\nfile\n");
}

TEST_F(ArchiveTest, NoModeGivesMoreThanTheUserHas) {
  unpack(entry("f", '0', "", "x", 06777) + entry("d/", '5', "", "", 07555) +
         entry("d/inside", '0', "", "x", 0));
  EXPECT_EQ(shell("stat -c %a in/f in/d in/d/inside"), "777\n555\n0\n");
}

TEST_F(ArchiveTest, DamageAndLimitsEndIt) {
  SandboxOptions options;
  options.limits.disk = 1 << 20;
  options.limits.inodes = 500;
  make(std::move(options));
  std::string bytes = entry("a", '0', "", "first");
  std::string lie = entry("lie", '0');
  lie.replace(124, 11, "77777777777");
  lie.replace(148, 8, "        ");
  unsigned sum = 0;
  for (const char c : lie) sum += static_cast<uint8_t>(c);
  char text[8];
  snprintf(text, sizeof text, "%06o", sum);
  lie.replace(148, 7, std::string(text, 7));
  const std::string short_one = bytes + lie + "some";
  auto report = files().unpack("in", from(short_one));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, Failure::Kind::kMalformed);
  EXPECT_EQ(*files().read("in/a"), "first");  // what came before is there
  // A source that never ends.
  const Files::Source zeros = [&lie, at = size_t{0}](char* out,
                                                     size_t size) mutable -> Expected<size_t> {
    std::memset(out, 'z', size);
    if (at < lie.size()) size = lie.copy(out, size, at);
    at += size;
    return size;
  };
  report = files().unpack("in", zeros);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().error_number, ENOSPC);
  EXPECT_EQ(report.error().kind, Failure::Kind::kResourceExhausted);
  bytes.clear();
  for (int i = 0; i < 600; ++i) bytes += entry("d" + std::to_string(i), '5');
  report = files().unpack("many", from(bytes));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().error_number, ENOSPC);
  const Files::Source failing = [](char*, size_t) -> Expected<size_t> {
    return Failure{Failure::Kind::kIo, "mine"};
  };
  EXPECT_EQ(files().unpack("in", failing).error().message, "mine");
  EXPECT_EQ(files().unpack("/usr/in", from(bytes)).error().kind, Failure::Kind::kPermissionDenied);
}

TEST_F(ArchiveTest, HolesAreWithinALimit) {
  EXPECT_EQ(shell("mkdir out; truncate -s 1T out/holes"), "");
  std::string bytes;
  const auto packed = files().pack("out", into(bytes));
  ASSERT_FALSE(packed);
  EXPECT_EQ(packed.error().error_number, EFBIG);
  shell("truncate -s 3M out/holes");
  ASSERT_TRUE(files().pack("out", into(bytes), 3 << 20));
  EXPECT_FALSE(files().pack("out", into(bytes), (3 << 20) - 1));
  const Files::Sink full = [](std::string_view) -> std::optional<Failure> {
    return Failure{Failure::Kind::kIo, "full"};
  };
  EXPECT_EQ(files().pack("out", full).error().message, "full");
}

TEST_F(ArchiveTest, WhileTheGuestTakesItApart) {
  shell("mkdir -p tree/a/b; for i in $(seq 200); do echo $i > tree/a/b/$i; done");
  auto process = sandbox_->spawn({"bash", "-c",
                                  "while :; do mv tree/a tree/c; rm -f tree/c/b/$((RANDOM % 200)); "
                                  "mv tree/c tree/a; : > tree/a/b/x; done"});
  ASSERT_TRUE(process);
  for (int i = 0; i < 20; ++i) {
    std::string bytes;
    ASSERT_TRUE(files().pack("tree", into(bytes)));
    unpack(bytes, "copy" + std::to_string(i % 3));
    (void)files().remove("copy" + std::to_string((i + 1) % 3), Files::Depth::kAll);
  }
  EXPECT_EQ(process->poll(), nullptr);
}

TEST_F(ArchiveTest, InC) {
  Box box;
  cloche_error* error = nullptr;
  const std::string bytes = entry("a/f", '0', "", "hello") + entry("/bad", '0');
  std::pair<std::string, size_t> input(bytes, 0);
  const cloche_source source = [](void* env, void* out, size_t size) -> int64_t {
    auto& [text, at] = *static_cast<std::pair<std::string, size_t>*>(env);
    const size_t some = text.copy(static_cast<char*>(out), size, at);
    at += some;
    return static_cast<int64_t>(some);
  };
  Handle<cloche_archive_report> report(
      cloche_file_unpack(box.sandbox(), "in", source, &input, &error), cloche_archive_report_free);
  ASSERT_NE(report, nullptr) << text_of(cloche_error_message(error));
  EXPECT_EQ(cloche_archive_report_number(report.get(), "files"), 1);
  EXPECT_EQ(cloche_archive_report_number(report.get(), "bytes"), 5);
  EXPECT_EQ(cloche_archive_report_number(report.get(), "skipped"), 1);
  EXPECT_EQ(cloche_archive_report_number(report.get(), "none"), CLOCHE_NONE);
  EXPECT_EQ(text_of(cloche_archive_report_skipped(report.get(), 0)), "/bad: an absolute name");
  EXPECT_EQ(cloche_archive_report_skipped(report.get(), 1), nullptr);
  EXPECT_EQ(box.output("cat in/a/f"), "hello");
  std::string out;
  const cloche_sink sink = [](void* env, const void* piece, size_t size) {
    static_cast<std::string*>(env)->append(static_cast<const char*>(piece), size);
    return true;
  };
  report.reset(cloche_file_pack(box.sandbox(), "in", sink, &out, &error));
  EXPECT_EQ(cloche_archive_report_number(report.get(), "folders"), 1);
  EXPECT_NE(out.find("hello"), std::string::npos);
  const cloche_source failing = [](void*, void*, size_t) -> int64_t { return -1; };
  EXPECT_EQ(cloche_file_unpack(box.sandbox(), "in", failing, nullptr, &error), nullptr);
  (void)capi::testing::take_message(error, CLOCHE_IO);
  const cloche_source lying = [](void*, void*, size_t size) -> int64_t {
    return static_cast<int64_t>(size) + 1;
  };
  EXPECT_EQ(cloche_file_unpack(box.sandbox(), "in", lying, nullptr, &error), nullptr);
  (void)capi::testing::take_message(error, CLOCHE_IO);
  EXPECT_EQ(cloche_file_unpack(box.sandbox(), "in", nullptr, nullptr, &error), nullptr);
  (void)capi::testing::take_message(error);
  const cloche_sink full = [](void*, const void*, size_t) { return false; };
  EXPECT_EQ(cloche_file_pack(box.sandbox(), "in", full, nullptr, &error), nullptr);
  (void)capi::testing::take_message(error, CLOCHE_IO);
}

}  // namespace
}  // namespace cloche::capi
