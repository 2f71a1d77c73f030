// What stands behind the handles of include/cloche/cloche.h, and what its functions share.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "include/cloche/cloche.h"
#include "include/cloche/cloche.hpp"

struct cloche_error {
  cloche::Failure failure;
};

struct cloche_list {
  std::vector<std::string> lines;
};

struct cloche_host {
  cloche::Host host;
};

namespace cloche::capi {

// The first thing that was wrong with what setters were given.
class Mistake {
 public:
  void note(const char* function, const std::string& what) {
    if (!failure_) failure_ = Failure{Failure::Kind::kInvalidArgument, function + (": " + what)};
  }
  const std::optional<Failure>& failure() const { return failure_; }

 private:
  std::optional<Failure> failure_;
};

// Calls the callback's `release` when the last function that uses `env` is gone.
class Environment {
 public:
  Environment(void* env, cloche_release release) : env_(env), release_(release) {}
  ~Environment() {
    if (release_ != nullptr) release_(env_);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  void* get() const { return env_; }

 private:
  void* env_;
  cloche_release release_;
};

// Puts the failure where the caller looks, unless one stands there; gives null, for return.
std::nullptr_t fail(cloche_error** error, Failure failure);
std::nullptr_t fail_null(cloche_error** error, const char* function);

char* new_text(std::string_view text);  // for cloche_free()
inline cloche_list* new_list(std::vector<std::string> lines) {
  return new cloche_list{std::move(lines)};
}

// Whether a setter can go on: there is a handle, and an argument, the lack of which is noted.
template <class Handle>
bool can_set(Handle* handle, const char* function, const void* argument) {
  if (handle == nullptr) return false;
  if (argument == nullptr) handle->mistake.note(function, "a null pointer");
  return argument != nullptr;
}

}  // namespace cloche::capi

struct cloche_host_options {
  cloche::HostOptions options;
  cloche::capi::Mistake mistake;
};

struct cloche_tool {
  explicit cloche_tool(cloche::capi::Mistake& of_options) : mistake(of_options) {}
  cloche::Tool tool;
  cloche::capi::Mistake& mistake;  // that of the options
};

struct cloche_options {
  cloche::SandboxOptions options;  // without the tools
  std::vector<std::unique_ptr<cloche_tool>> tools;
  cloche::capi::Mistake mistake;
};

struct cloche_command {
  cloche::RunOptions options;
  cloche::capi::Mistake mistake;
};

struct cloche_sandbox {
  cloche::Sandbox sandbox;
};

struct cloche_process {
  cloche::Process process;
};

struct cloche_entries {
  std::vector<cloche::FileEntry> entries;
};

struct cloche_archive_report {
  cloche::ArchiveReport report;
};

struct cloche_watch {
  cloche::FileWatch watch;
};

struct cloche_events {
  std::vector<cloche::FileEvent> events;
};

struct cloche_code {
  cloche::CodeOptions options;
  cloche::capi::Mistake mistake;
};

struct cloche_result {
  cloche::CodeResult result;  // of a run only the part that is a RunResult
  bool is_code = false;
};
