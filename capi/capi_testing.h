// What the tests of the C interface share.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "include/cloche/cloche.h"
#include "include/cloche/cloche.hpp"

namespace cloche::capi::testing {

// A handle that frees itself.
template <class T>
using Handle = std::unique_ptr<T, void (*)(T*)>;

inline std::string text_of(const char* text) { return text == nullptr ? "(null)" : text; }

inline std::string take(char* text) {
  std::string copy = text_of(text);
  cloche_free(text);
  return copy;
}

// What an error says, which must be there; frees it.
inline std::string take_message(cloche_error*& error, int kind = CLOCHE_INVALID_ARGUMENT) {
  EXPECT_NE(error, nullptr);
  EXPECT_EQ(cloche_error_kind(error), kind) << text_of(cloche_error_message(error));
  std::string message = text_of(cloche_error_message(error));
  cloche_error_free(error);
  error = nullptr;
  return message;
}

inline const char* test_pack() {
  const char* const named = std::getenv("CLOCHE_PACK");
  return named != nullptr ? named : CLOCHE_TEST_PACK;
}

// One host for all tests of each interface: its engine takes a while to start.
inline cloche_host* shared_host() {
  static const Handle<cloche_host> host = [] {
    const Handle<cloche_host_options> options(cloche_host_options_new(), cloche_host_options_free);
    cloche_host_options_set_pack(options.get(), test_pack());
    cloche_host_options_set_cache_dir(options.get(), CLOCHE_TEST_CACHE);
    cloche_error* error = nullptr;
    Handle<cloche_host> made(cloche_host_create(options.get(), &error), cloche_host_free);
    EXPECT_NE(made, nullptr) << text_of(cloche_error_message(error));
    return made;
  }();
  return host.get();
}

inline Host& cpp_host() {
  static Host made = [] {
    auto host = Host::create({.pack = test_pack(), .cache_dir = CLOCHE_TEST_CACHE});
    EXPECT_TRUE(host) << host.error().message;
    return *host;
  }();
  return made;
}

class Box {
 public:
  Box()
      : options_(cloche_options_new(), cloche_options_free),
        sandbox_(nullptr, cloche_sandbox_free) {}
  cloche_options* options() { return options_.get(); }
  cloche_sandbox* sandbox() {
    if (!sandbox_) {
      cloche_error* error = nullptr;
      sandbox_.reset(cloche_sandbox_create(shared_host(), options(), &error));
      EXPECT_NE(sandbox_, nullptr) << text_of(cloche_error_message(error));
      cloche_error_free(error);
    }
    return sandbox_.get();
  }
  void free_all() {
    options_.reset();
    sandbox_.reset();
  }
  Handle<cloche_result> shell(const std::string& script) {
    const char* const argv[] = {"sh", "-c", script.c_str(), nullptr};
    cloche_error* error = nullptr;
    Handle<cloche_result> result(cloche_sandbox_run(sandbox(), argv, &error), cloche_result_free);
    EXPECT_NE(result, nullptr) << text_of(cloche_error_message(error));
    return result;
  }
  std::string output(const std::string& script) {
    const auto result = shell(script);
    EXPECT_EQ(text_of(cloche_result_stderr(result.get(), nullptr)), "");
    return text_of(cloche_result_stdout(result.get(), nullptr));
  }
  Handle<cloche_result> run(const cloche_command* command) {
    cloche_error* error = nullptr;
    Handle<cloche_result> result(cloche_sandbox_run_command(sandbox(), command, &error),
                                 cloche_result_free);
    EXPECT_NE(result, nullptr) << text_of(cloche_error_message(error));
    return result;
  }

 private:
  Handle<cloche_options> options_;
  Handle<cloche_sandbox> sandbox_;
};

}  // namespace cloche::capi::testing
