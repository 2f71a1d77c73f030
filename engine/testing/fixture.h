// Common ground of the engine's tests: one engine for all of a program's tests, and guests written
// as WebAssembly text.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/testing/mini_kernel.h"

namespace cloche::engine {

// MiniKernel's calls and what is built on them: (call $fork), (call $wait), (call $sched),
// (call $exit (i32)), (call $yield).
inline constexpr char kPrelude[] = R"(
  (import "k" "fork" (func $k_fork (param i32 i32)))
  (import "k" "wait" (func $k_wait))
  (import "k" "exit" (func $k_exit (param i32)))
  (import "k" "sched" (func $k_sched))
  (import "k" "result" (func $k_result (result i32)))
  (import "k" "status" (func $k_status (result i32)))
  (import "k" "arg" (func $k_arg (param i32) (result i32)))
  (import "k" "write" (func $k_write (param i32 i32)))
  (import "k" "grow" (func $k_grow (param i32) (result i32)))
  (import "k" "discard" (func $k_discard (param i32 i32) (result i32)))
  (global $sp (export "__stack_pointer") (mut i32) (i32.const 65536))
  (global $tp (export "__cloche_tp") (mut i32) (i32.const 0))
  (func $yield)
  (func $fork (result i32)
    (call $k_fork (i32.const 0) (i32.const 0)) (call $yield) (call $k_result))
  (func $vfork (result i32)
    (call $k_fork (i32.const 1) (i32.const 0)) (call $yield) (call $k_result))
  (func $thread (param i32) (result i32)
    (call $k_fork (i32.const 2) (local.get 0)) (call $yield) (call $k_result))
  (func $wait (result i32) (call $k_wait) (call $yield) (drop (call $k_result)) (call $k_status))
  (func $sched (call $k_sched) (call $yield))
  (func $exit (param i32) (call $k_exit (local.get 0)) (loop $l (call $yield) (br $l)))
)";

inline std::vector<uint8_t> guest(const std::string& body) {
  return assemble("(module " + std::string(kPrelude) + body + ")");
}

class EngineFixture : public ::testing::Test {
 protected:
  static Engine& engine() {
    static Engine* const shared = [] {
      EngineOptions options;
      options.host_functions = mini_kernel_functions();
      auto created = Engine::create(options);
      if (!created.ok()) ADD_FAILURE() << created.error().message;
      CHECK(created.ok());
      return std::move(created).value().release();
    }();
    return *shared;
  }

  static ModuleRef load(const std::string& body) {
    auto module = engine().load(guest(body), {});
    if (!module.ok()) ADD_FAILURE() << module.error().message;
    CHECK(module.ok());
    return *module;
  }

  // The exit status of the guest; `kernel` if the test wants to look at it afterwards.
  static int run(MiniKernel& kernel, const std::string& body, std::vector<int32_t> arguments = {}) {
    Status started = kernel.start(load(body), std::move(arguments));
    if (!started.ok()) ADD_FAILURE() << started.error().message;
    return kernel.run();
  }
  static int run(const std::string& body, std::vector<int32_t> arguments = {}) {
    MiniKernel kernel(engine());
    return run(kernel, body, std::move(arguments));
  }
};

}  // namespace cloche::engine
