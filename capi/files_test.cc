// Files of a sandbox, through the public interfaces.
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>

#include "capi/capi_testing.h"
#include "include/cloche/cloche.hpp"

namespace cloche::capi {
namespace {

using namespace std::chrono_literals;
using capi::testing::Box;
using capi::testing::cpp_host;
using capi::testing::Handle;
using capi::testing::text_of;

class FilesTest : public ::testing::Test {
 protected:
  void SetUp() override { make({}); }
  void make(SandboxOptions options) {
    auto sandbox = Sandbox::create(cpp_host(), std::move(options));
    ASSERT_TRUE(sandbox) << sandbox.error().message;
    sandbox_.emplace(std::move(*sandbox));
  }
  Files files() { return sandbox_->files(); }
  std::string shell(const std::string& script) {
    const auto result = sandbox_->run({"bash", "-c", script});
    EXPECT_TRUE(result) << result.error().message;
    return result->stdout_bytes + result->stderr_bytes;
  }
  std::string read(const std::string& path) {
    const auto text = files().read(path);
    return text ? *text : text.error().message;
  }
  void write(const std::string& path, const std::string& text, const WriteOptions& options = {}) {
    const auto failure = files().write(path, text, options);
    EXPECT_FALSE(failure) << failure->message;
  }
  std::optional<Sandbox> sandbox_;
};

// The number of the error; 0: there is none.
int number(const std::optional<Failure>& failure) { return failure ? failure->error_number : 0; }
template <class T>
int number(const Expected<T>& result) {
  return result ? 0 : result.error().error_number;
}

TEST_F(FilesTest, BothSidesSeeTheSame) {
  write("hello.txt", "hello\n");
  EXPECT_EQ(shell("cat ~/hello.txt; echo more >> hello.txt; ls -l hello.txt | cut -c1-10"),
            "hello\n-rw-r--r--\n");
  EXPECT_EQ(read("hello.txt"), "hello\nmore\n");
  EXPECT_EQ(read("/home/user/hello.txt"), "hello\nmore\n");
  write("hello.txt", "x", {.append = true, .parents = false, .mode = {}});
  EXPECT_EQ(read("hello.txt"), "hello\nmore\nx");
  write("hello.txt", "new", {.append = false, .parents = false, .mode = 0600});
  EXPECT_EQ(read("hello.txt"), "new");
  EXPECT_EQ(files().stat("hello.txt")->mode, 0600u);
  write("a/b/c", std::string("\0\xff", 2), {.append = false, .parents = true, .mode = 0755});
  EXPECT_EQ(read("a/b/c"), std::string("\0\xff", 2));
  EXPECT_EQ(files().stat("a/b/c")->mode, 0755u);
  EXPECT_TRUE(read("/proc/version").starts_with("Linux"));
}

TEST_F(FilesTest, InPieces) {
  write("f", "0123456789");
  char buffer[8] = {};
  EXPECT_EQ(*files().read_at("f", 4, buffer, 3), 3u);
  EXPECT_EQ(std::string(buffer), "456");
  EXPECT_EQ(*files().read_at("f", 8, buffer, 8), 2u);
  EXPECT_EQ(*files().read_at("f", 10, buffer, 8), 0u);
  EXPECT_EQ(*files().read_at("f", UINT64_MAX, buffer, 8), 0u);
  EXPECT_FALSE(files().write_at("f", 2, "ab"));
  EXPECT_FALSE(files().write_at("f", 12, "z"));
  EXPECT_EQ(read("f"), std::string("01ab456789\0\0z", 13));
  EXPECT_EQ(number(files().write_at("none", 0, "x")), ENOENT);
  EXPECT_EQ(number(files().write_at("f", UINT64_MAX, "x")), EINVAL);
}

TEST_F(FilesTest, Folders) {
  EXPECT_FALSE(files().mkdir("d"));
  EXPECT_EQ(number(files().mkdir("d")), EEXIST);
  EXPECT_EQ(number(files().mkdir("x/y")), ENOENT);
  EXPECT_FALSE(files().mkdir("x/y/z", Files::Depth::kAll, 0700));
  EXPECT_FALSE(files().mkdir("x/y/z", Files::Depth::kAll));
  EXPECT_EQ(files().stat("x/y")->mode, 0755u);
  EXPECT_EQ(files().stat("x/y/z")->mode, 0700u);
  write("d/b", "22");
  write("d/a", "1");
  EXPECT_FALSE(files().symlink("a", "d/c"));
  const auto list = files().list("d");
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 3u);
  EXPECT_EQ(list->at(0).name, "a");
  EXPECT_EQ(list->at(1).info.size, 2u);
  EXPECT_EQ(list->at(1).info.type, FileType::kRegular);
  EXPECT_EQ(list->at(2).info.type, FileType::kSymlink);
  EXPECT_EQ(*files().readlink("d/c"), "a");
  EXPECT_EQ(files().stat("d/c")->type, FileType::kRegular);
  EXPECT_EQ(files().stat("d/c", Files::Links::kKeep)->type, FileType::kSymlink);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  EXPECT_LT(std::chrono::abs(now - std::chrono::nanoseconds(files().stat("d/a")->mtime_ns)), 60s);
  EXPECT_FALSE(files().rename("d/a", "x/moved"));
  EXPECT_TRUE(files().exists("x/moved"));
  EXPECT_FALSE(files().exists("d/a"));
  EXPECT_FALSE(files().chmod("x/moved", 0640));
  EXPECT_EQ(files().stat("x/moved")->mode, 0640u);
  EXPECT_EQ(number(files().remove("d")), ENOTEMPTY);
  EXPECT_FALSE(files().remove("d", Files::Depth::kAll));
  EXPECT_FALSE(files().exists("d"));
  EXPECT_FALSE(files().remove("x/moved"));
  EXPECT_FALSE(files().remove("x/y/z"));
  EXPECT_EQ(number(files().remove("x/y/z")), ENOENT);
}

TEST_F(FilesTest, AFolderGoesWithAllThatIsInIt) {
  shell(
      "mkdir -p t/a/b/c; for i in $(seq 600); do : > t/a/f$i; done; ln -s / t/a/root; "
      "mkfifo t/pipe; d=t; for i in $(seq 60); do d=$d/deeper; done; mkdir -p $d");
  EXPECT_FALSE(files().remove("t", Files::Depth::kAll));
  EXPECT_FALSE(files().exists("t"));
  EXPECT_TRUE(files().exists("/usr/bin/bash"));
  shell("ln -s /home link");
  EXPECT_FALSE(files().remove("link", Files::Depth::kAll));
  EXPECT_TRUE(files().exists("/home/user"));
}

TEST_F(FilesTest, NothingLeadsToTheHost) {
  // A file that the host has and the sandbox has not.
  const std::string here = CLOCHE_TEST_CACHE;
  for (const std::string& path : {here, "../../../../../../.." + here, "/proc/self/root" + here}) {
    EXPECT_FALSE(files().exists(path)) << path;
  }
  EXPECT_FALSE(files().symlink("/etc/passwd", "passwd"));
  const std::string inside = shell("cat /etc/passwd");
  EXPECT_EQ(read("passwd"), inside);
  EXPECT_FALSE(files().symlink(here, "cache"));
  EXPECT_EQ(number(files().list("cache")), ENOENT);
  EXPECT_FALSE(files().symlink("loop", "loop"));
  EXPECT_EQ(number(files().read("loop")), ELOOP);
}

TEST_F(FilesTest, ItMayNoMoreThanTheUser) {
  EXPECT_EQ(number(files().write("/usr/bin/bash", "x")), EROFS);
  EXPECT_EQ(files().write("/usr/bin/bash", "x")->kind, Failure::Kind::kPermissionDenied);
  EXPECT_EQ(number(files().mkdir("/new")), EACCES);
  EXPECT_EQ(number(files().remove("/home/user")), EACCES);
  shell("echo secret > closed; chmod 0 closed; mkdir shut; : > shut/f; chmod 0 shut");
  EXPECT_EQ(number(files().read("closed")), EACCES);
  EXPECT_EQ(number(files().list("shut")), EACCES);
  EXPECT_FALSE(files().exists("shut/f"));
}

TEST_F(FilesTest, WhatIsWrongHasANumber) {
  write("f", "x");
  shell("mkfifo pipe");
  EXPECT_EQ(number(files().read("none")), ENOENT);
  EXPECT_EQ(files().read("none").error().kind, Failure::Kind::kNotFound);
  EXPECT_EQ(files().read("none").error().message, "'none': No such file or directory");
  EXPECT_EQ(number(files().read("")), ENOENT);
  EXPECT_EQ(number(files().read(std::string("a\0b", 3))), EINVAL);
  EXPECT_EQ(number(files().read("/")), EISDIR);
  EXPECT_EQ(number(files().write("/home", "x")), EISDIR);
  EXPECT_EQ(number(files().read("pipe")), EINVAL);  // and does not wait
  EXPECT_EQ(number(files().write("pipe", "x")), EINVAL);
  EXPECT_EQ(number(files().read("/dev/zero")), EINVAL);
  EXPECT_EQ(number(files().list("f")), ENOTDIR);
  EXPECT_EQ(number(files().read("f/x")), ENOTDIR);
  EXPECT_EQ(number(files().mkdir("f/x", Files::Depth::kAll)), ENOTDIR);
  EXPECT_EQ(number(files().mkdir("f", Files::Depth::kAll)), EEXIST);
  EXPECT_EQ(number(files().read(std::string(300, 'n'))), ENAMETOOLONG);
  EXPECT_EQ(number(files().read(std::string(5000, '/') + "f")), ENAMETOOLONG);
  EXPECT_EQ(number(files().readlink("f")), EINVAL);
  EXPECT_EQ(number(files().rename("f", "/usr/f")), EXDEV);
  EXPECT_EQ(number(files().symlink("", "empty")), ENOENT);
  shell("truncate -s 4G holes");
  EXPECT_EQ(number(files().read("holes")), EFBIG);
}

TEST_F(FilesTest, WithinTheLimits) {
  SandboxOptions options;
  options.limits.disk = 1 << 20;
  options.limits.inodes = 200;
  options.limits.file_size = 600'000;
  make(std::move(options));
  const std::string half(500'000, 'x');
  EXPECT_EQ(number(files().write("large", std::string(700'000, 'x'))), EFBIG);
  EXPECT_EQ(files().stat("large")->size, 600'000u);
  EXPECT_FALSE(files().remove("large"));
  write("a", half);
  const auto full = files().write("b", half + half);
  EXPECT_EQ(number(full), full && full->error_number == EFBIG ? EFBIG : ENOSPC);
  EXPECT_EQ(full->kind, Failure::Kind::kResourceExhausted);
  EXPECT_EQ(number(files().write("c", half)), ENOSPC);
  std::optional<Failure> none;
  for (int i = 0; i < 300 && !none; ++i) none = files().mkdir("d" + std::to_string(i));
  EXPECT_EQ(number(none), ENOSPC);
  EXPECT_GT(sandbox_->stats().limits_hit.size(), 0u);
}

TEST_F(FilesTest, LargeFilesWhileAProgramRuns) {
  auto busy = sandbox_->spawn({"bash", "-c", "while :; do :; done"});
  ASSERT_TRUE(busy);
  std::string large(20'000'000, '\0');
  for (size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 7 + i / 4096);
  write("large", large);
  EXPECT_EQ(*files().read("large"), large);
  EXPECT_EQ(busy->poll(), nullptr);
  EXPECT_FALSE(files().remove("large"));
}

TEST_F(FilesTest, FromManyThreadsWhileProgramsComeAndGo) {
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::thread runner([this, &stop] {
    while (!stop) (void)sandbox_->run({"true"});
  });
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([this, &wrong, i] {
      const std::string path = "f" + std::to_string(i);
      for (int round = 0; round < 50; ++round) {
        const std::string text = path + " " + std::to_string(round);
        if (files().write(path, text)) ++wrong;
        const auto got = files().read(path);
        if (!got || *got != text) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  stop = true;
  runner.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(FilesTest, AWatchTellsWhatHappens) {
  EXPECT_FALSE(files().mkdir("d"));
  auto watch = files().watch("d");
  ASSERT_TRUE(watch) << watch.error().message;
  EXPECT_TRUE(watch->next(0ns).empty());
  shell("echo x > d/new; mv d/new d/old; chmod 600 d/old; rm d/old");
  std::string told;
  for (const FileEvent& event : watch->next(5s)) {
    told += std::string(to_string(event.kind)) + " " + event.name + "\n";
  }
  EXPECT_EQ(told,
            "created new\nmodified new\nremoved new\ncreated old\nchanged old\nremoved old\n");
  write("d/by-host", "x");
  const auto events = watch->next(5s);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].name, "by-host");
  shell("rmdir d 2> /dev/null || rm -r d");
  bool gone = false;
  for (const FileEvent& event : watch->next(5s)) gone |= event.kind == FileEvent::Kind::kGone;
  EXPECT_TRUE(gone);
  EXPECT_EQ(number(files().watch("none")), ENOENT);
}

TEST_F(FilesTest, AWatchWaitsForABackgroundProgramAndOutlivesItsSandbox) {
  auto watch = files().watch("/home/user");
  ASSERT_TRUE(watch);
  auto process = sandbox_->spawn({"bash", "-c", "sleep 0.05; echo > late; sleep 60"});
  ASSERT_TRUE(process);
  const auto events = watch->next(10s);
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events[0].name, "late");
  std::thread closer([this] { sandbox_.reset(); });
  while (!process->poll()) (void)watch->next(1s);
  closer.join();
  EXPECT_TRUE(watch->next(0ns).empty());
  EXPECT_TRUE(watch->next(1ms).empty());
}

TEST_F(FilesTest, InC) {
  Box box;
  cloche_error* error = nullptr;
  cloche_sandbox* const sandbox = box.sandbox();
  EXPECT_TRUE(cloche_file_write(sandbox, "a/f", "hello", 5, CLOCHE_WRITE_PARENTS, 0600, &error));
  EXPECT_TRUE(cloche_file_write(sandbox, "a/f", "!", 1, CLOCHE_WRITE_APPEND, -1, &error));
  EXPECT_TRUE(cloche_file_write_at(sandbox, "a/f", 0, "J", 1, &error));
  size_t size = 0;
  EXPECT_EQ(capi::testing::take(cloche_file_read(sandbox, "a/f", &size, &error)), "Jello!");
  EXPECT_EQ(size, 6u);
  char buffer[4] = {};
  EXPECT_EQ(cloche_file_read_at(sandbox, "a/f", 4, buffer, 3, &error), 2);
  const std::string large(3'000'000, 'l');
  EXPECT_TRUE(cloche_file_write(sandbox, "large", large.data(), large.size(), 0, -1, &error));
  EXPECT_EQ(capi::testing::take(cloche_file_read(sandbox, "large", &size, &error)), large);
  EXPECT_EQ(size, large.size());
  EXPECT_TRUE(cloche_file_mkdir(sandbox, "a/d", false, 0755, &error));
  EXPECT_TRUE(cloche_file_symlink(sandbox, "f", "a/link", &error));
  EXPECT_EQ(capi::testing::take(cloche_file_readlink(sandbox, "a/link", &error)), "f");
  Handle<cloche_entries> list(cloche_file_list(sandbox, "a", &error), cloche_entries_free);
  ASSERT_EQ(cloche_entries_count(list.get()), 3u);
  EXPECT_EQ(text_of(cloche_entries_name(list.get(), 1)), "f");
  EXPECT_EQ(cloche_entries_type(list.get(), 0), CLOCHE_DIRECTORY);
  EXPECT_EQ(cloche_entries_type(list.get(), 2), CLOCHE_SYMLINK);
  EXPECT_EQ(cloche_entries_size(list.get(), 1), 6u);
  EXPECT_EQ(cloche_entries_mode(list.get(), 1), 0600);
  EXPECT_GT(cloche_entries_mtime(list.get(), 1), 0);
  EXPECT_EQ(cloche_entries_name(list.get(), 3), nullptr);
  list.reset(cloche_file_stat(sandbox, "a/link", true, &error));
  EXPECT_EQ(cloche_entries_type(list.get(), 0), CLOCHE_REGULAR);
  EXPECT_TRUE(cloche_file_chmod(sandbox, "a/f", 0644, &error));
  EXPECT_TRUE(cloche_file_rename(sandbox, "a/f", "a/g", &error));
  EXPECT_TRUE(cloche_file_exists(sandbox, "a/g"));
  Handle<cloche_watch> watch(cloche_file_watch(sandbox, "a", &error), cloche_watch_free);
  EXPECT_TRUE(cloche_file_remove(sandbox, "a/g", false, &error));
  const Handle<cloche_events> events(cloche_watch_next(watch.get(), 1'000'000'000),
                                     cloche_events_free);
  ASSERT_EQ(cloche_events_count(events.get()), 1u);
  EXPECT_EQ(cloche_events_kind(events.get(), 0), CLOCHE_FILE_REMOVED);
  EXPECT_EQ(text_of(cloche_events_name(events.get(), 0)), "g");
  EXPECT_TRUE(cloche_file_remove(sandbox, "a", true, &error));
  EXPECT_EQ(error, nullptr);
  EXPECT_EQ(cloche_file_read(sandbox, "a/g", &size, &error), nullptr);
  EXPECT_EQ(cloche_error_number(error), ENOENT);
  (void)capi::testing::take_message(error, CLOCHE_NOT_FOUND);
  EXPECT_FALSE(cloche_file_write(sandbox, "f", "x", 1, 8, -1, &error));
  (void)capi::testing::take_message(error);
  EXPECT_FALSE(cloche_file_write(nullptr, "f", "x", 1, 0, -1, nullptr));
  EXPECT_FALSE(cloche_file_write(sandbox, "f", nullptr, 1, 0, -1, nullptr));
  EXPECT_EQ(cloche_file_read_at(sandbox, "f", 0, nullptr, 1, nullptr), CLOCHE_NONE);
  EXPECT_EQ(cloche_file_list(sandbox, nullptr, nullptr), nullptr);
  EXPECT_EQ(cloche_watch_next(nullptr, 0), nullptr);
}

}  // namespace
}  // namespace cloche::capi
