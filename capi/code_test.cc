// Code in sessions, through the C interface. Python has its tests in tests/e2e: the pack may lack
// it.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "capi/capi_testing.h"
#include "include/cloche/cloche.h"

using namespace cloche::capi::testing;  // NOLINT

namespace {

using std::chrono::milliseconds;
using Code = Handle<cloche_code>;
using Result = Handle<cloche_result>;

TEST(CodeTest, VariablesLiveBetweenCalls) {
  Box box;
  const Result first(cloche_sandbox_run_js(box.sandbox(), "let x = 20", nullptr),
                     cloche_result_free);
  EXPECT_TRUE(cloche_result_ok(first.get()));
  EXPECT_EQ(cloche_result_value_kind(first.get()), CLOCHE_NO_VALUE);
  EXPECT_EQ(cloche_result_value(first.get(), nullptr), nullptr);
  const Result second(cloche_sandbox_run_js(box.sandbox(), "console.log('hi'); ({x})", nullptr),
                      cloche_result_free);
  size_t size = 0;
  EXPECT_EQ(cloche_result_value_kind(second.get()), CLOCHE_JSON);
  EXPECT_EQ(text_of(cloche_result_value(second.get(), &size)), "{\"x\":20}");
  EXPECT_EQ(size, 8u);
  EXPECT_EQ(text_of(cloche_result_repr(second.get(), nullptr)), "{ x: 20 }");
  EXPECT_EQ(text_of(cloche_result_stdout(second.get(), nullptr)), "hi\n");
  EXPECT_EQ(cloche_result_cell(second.get()), 2u);
  EXPECT_NE(take(cloche_result_json(second.get())).find("\"value\":{\"x\":20}"), std::string::npos);
}

TEST(CodeTest, SessionsOutliveRuns) {
  Box box;
  const Result first(cloche_sandbox_run_js(box.sandbox(), "let x = 5", nullptr),
                     cloche_result_free);
  const char* const argv[] = {"sh", "-c", "sleep 100 & ps | grep -c js; exit 3", nullptr};
  const Result run(cloche_sandbox_run(box.sandbox(), argv, nullptr), cloche_result_free);
  EXPECT_EQ(cloche_result_exit_code(run.get()), 3);
  EXPECT_EQ(cloche_result_value_kind(run.get()), CLOCHE_NONE);
  EXPECT_EQ(cloche_result_cell(run.get()), 0u);
  EXPECT_EQ(take(cloche_result_json(run.get())).find("\"value\""), std::string::npos);
  const Result second(cloche_sandbox_run_js(box.sandbox(), "x", nullptr), cloche_result_free);
  EXPECT_EQ(text_of(cloche_result_value(second.get(), nullptr)), "5");
  EXPECT_TRUE(cloche_sandbox_close_session(box.sandbox(), CLOCHE_JAVASCRIPT, "main"));
  EXPECT_FALSE(cloche_sandbox_close_session(box.sandbox(), CLOCHE_JAVASCRIPT, "main"));
}

TEST(CodeTest, RunsAndCellsGoOnAfterATimeout) {
  Box box;
  box.sandbox();
  ASSERT_TRUE(cloche_sandbox_set_limit(box.sandbox(), "wall.time", "500ms", nullptr));
  for (int turn = 0; turn < 2; ++turn) {
    const char* const loop[] = {"sh", "-c", "while :; do :; done", nullptr};
    const Result late(cloche_sandbox_run(box.sandbox(), loop, nullptr), cloche_result_free);
    EXPECT_EQ(cloche_result_outcome(late.get()), CLOCHE_TIMEOUT);
    const char* const echo[] = {"echo", "hi", nullptr};
    const Result next(cloche_sandbox_run(box.sandbox(), echo, nullptr), cloche_result_free);
    EXPECT_EQ(text_of(cloche_result_stdout(next.get(), nullptr)), "hi\n");
    const Result cell(cloche_sandbox_run_js(box.sandbox(), "7", nullptr), cloche_result_free);
    EXPECT_EQ(text_of(cloche_result_value(cell.get(), nullptr)), "7");
  }
}

TEST(CodeTest, WhatACallMayAskFor) {
  Box box;
  const std::string text = "const t = require('fs').readFileSync(0, 'utf8'); t.repeat(3)";
  const Code code(cloche_code_new(CLOCHE_JAVASCRIPT, text.data(), text.size()), cloche_code_free);
  cloche_code_set_session(code.get(), "other");
  cloche_code_set_input(code.get(), "ab", 2);
  cloche_code_set_timeout(code.get(), 60'000'000'000);
  cloche_code_set_grace(code.get(), 1'000'000);
  cloche_code_set_value_bytes(code.get(), 8);
  const Result result(cloche_sandbox_run_code(box.sandbox(), code.get(), nullptr),
                      cloche_result_free);
  EXPECT_EQ(text_of(cloche_result_value(result.get(), nullptr)), "\"ababab\"");
  cloche_code_set_value_bytes(code.get(), 7);
  const Result large(cloche_sandbox_run_code(box.sandbox(), code.get(), nullptr),
                     cloche_result_free);
  EXPECT_EQ(text_of(cloche_result_error_type(large.get())), "RangeError");
  EXPECT_NE(text_of(cloche_result_traceback(large.get())).find("value_bytes"), std::string::npos);
}

TEST(CodeTest, ATimeoutAndAnInterruptKeepTheSession) {
  Box box;
  const std::string text = "var n = (globalThis.n ?? 0) + 1; for (;;);";
  const Code code(cloche_code_new(CLOCHE_JAVASCRIPT, text.data(), text.size()), cloche_code_free);
  cloche_code_set_timeout(code.get(), 100'000'000);
  const Result late(cloche_sandbox_run_code(box.sandbox(), code.get(), nullptr),
                    cloche_result_free);
  EXPECT_EQ(cloche_result_outcome(late.get()), CLOCHE_TIMEOUT);
  EXPECT_FALSE(cloche_result_session_ended(late.get()));
  cloche_code_set_timeout(code.get(), 50'000'000'000);
  std::thread other([&box] {
    while (!cloche_sandbox_interrupt(box.sandbox(), CLOCHE_JAVASCRIPT, "main")) {
      std::this_thread::sleep_for(milliseconds(10));
    }
  });
  const Result stopped(cloche_sandbox_run_code(box.sandbox(), code.get(), nullptr),
                       cloche_result_free);
  other.join();
  EXPECT_EQ(cloche_result_exit_code(stopped.get()), 130);
  const Result count(cloche_sandbox_run_js(box.sandbox(), "n", nullptr), cloche_result_free);
  EXPECT_EQ(text_of(cloche_result_value(count.get(), nullptr)), "2");
}

TEST(CodeTest, SeveralThreadsAtOnce) {
  Box box;
  box.sandbox();
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&box, &right, i] {
      for (int turn = 0; turn < 20; ++turn) {
        const std::string text = "globalThis.n = (globalThis.n ?? 0) + 1; await null; n";
        const Code code(cloche_code_new(CLOCHE_JAVASCRIPT, text.data(), text.size()),
                        cloche_code_free);
        cloche_code_set_session(code.get(), ("s" + std::to_string(i)).c_str());
        const Result result(cloche_sandbox_run_code(box.sandbox(), code.get(), nullptr),
                            cloche_result_free);
        if (text_of(cloche_result_value(result.get(), nullptr)) == std::to_string(turn + 1))
          ++right;
      }
    });
  }
  const char* const argv[] = {"sh", "-c",
                              "for i in 1 2 3 4 5 6 7 8 9; do seq 100 | tail -n 1; done", nullptr};
  const Result run(cloche_sandbox_run(box.sandbox(), argv, nullptr), cloche_result_free);
  EXPECT_TRUE(cloche_result_ok(run.get()));
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 80);
}

TEST(CodeTest, Displays) {
  Box box;
  const Result result(
      cloche_sandbox_run_js(box.sandbox(),
                            "await display({'a/b': 'x', 'c/d+json': [1]}, {raw: true})", nullptr),
      cloche_result_free);
  ASSERT_EQ(cloche_result_display_count(result.get()), 1u);
  ASSERT_EQ(cloche_result_form_count(result.get(), 0), 2u);
  EXPECT_EQ(text_of(cloche_result_form_type(result.get(), 0, 0)), "a/b");
  size_t size = 0;
  EXPECT_EQ(text_of(cloche_result_form_data(result.get(), 0, 1, &size)), "[1]");
  EXPECT_EQ(size, 3u);
  EXPECT_EQ(cloche_result_form_type(result.get(), 1, 0), nullptr);
  EXPECT_EQ(cloche_result_form_data(result.get(), 0, 2, &size), nullptr);
}

TEST(CodeTest, MistakesAreErrors) {
  Box box;
  cloche_error* error = nullptr;
  const auto run = [&](cloche_code* code) {
    const Code freed(code, cloche_code_free);
    EXPECT_EQ(cloche_sandbox_run_code(box.sandbox(), code, &error), nullptr);
    return take_message(error);
  };
  EXPECT_NE(run(cloche_code_new(7, "1", 1)).find("no language is 7"), std::string::npos);
  EXPECT_NE(run(cloche_code_new(CLOCHE_PYTHON, nullptr, 1)).find("null"), std::string::npos);
  EXPECT_NE(run(cloche_code_new(CLOCHE_PYTHON, "\xff", 1)).find("UTF-8"), std::string::npos);
  cloche_code* const code = cloche_code_new(CLOCHE_JAVASCRIPT, "1", 1);
  cloche_code_set_session(code, "no spaces");
  EXPECT_NE(run(code).find("letters, digits"), std::string::npos);
  EXPECT_EQ(cloche_sandbox_run_python(nullptr, "1", &error), nullptr);
  take_message(error);
  EXPECT_EQ(cloche_sandbox_run_js(box.sandbox(), nullptr, &error), nullptr);
  take_message(error);
  EXPECT_FALSE(cloche_sandbox_interrupt(box.sandbox(), 7, "main"));
  EXPECT_FALSE(cloche_sandbox_interrupt(box.sandbox(), CLOCHE_PYTHON, "main"));
  EXPECT_FALSE(cloche_sandbox_close_session(nullptr, CLOCHE_PYTHON, "main"));
  EXPECT_EQ(cloche_result_value_kind(nullptr), CLOCHE_NONE);
  EXPECT_EQ(cloche_result_traceback(nullptr), nullptr);
}

}  // namespace
