// Tells a waiting person what takes so long, on stderr.
#pragma once

#include <chrono>
#include <string>

namespace cloche::cli {

// Silent for the first 300 ms of each thing, so that quick ones leave no trace. On a terminal one
// line is rewritten and wiped at the end; elsewhere there is one plain line a thing, without
// control characters.
//
// Thread class: unsafe.
class Progress {
 public:
  enum class Show : uint8_t { kYes, kNo };
  explicit Progress(Show show);
  ~Progress() { finish(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void report(const std::string& what, int percent);
  void finish();  // wipes the line

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kPatience{300};

  const bool show_, terminal_;
  std::string what_;
  Clock::time_point since_{};
  int shown_ = -1;  // percent on the screen
};

}  // namespace cloche::cli
