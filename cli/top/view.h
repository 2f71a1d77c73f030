// The screen of cloche top as lines of text, and what keys do to it. No terminal here.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/control/text.h"
#include "cli/top/model.h"

namespace cloche::cli {

struct Key {
  enum class Kind : uint8_t {
    kCharacter,
    kUp,
    kDown,
    kLeft,
    kRight,
    kPageUp,
    kPageDown,
    kHome,
    kEnd,
    kEnter,
    kEscape,
    kBackspace,
  } kind = Kind::kCharacter;
  char character = 0;  // printable ASCII
};

enum class LineStyle : uint8_t { kPlain, kTitle, kHeader, kSelected, kDetail, kMessage };

struct ScreenLine {
  std::string text;  // displayable, as wide as the screen
  LineStyle style = LineStyle::kPlain;
};

struct ScreenSize {
  size_t columns = 80, lines = 24;  // 0 lines: as many as there are
};

// What a key asked for, to be sent to a sandbox.
struct TopAction {
  std::string sandbox;
  Request request;
};

// Thread class: unsafe.
class TopView {
 public:
  explicit TopView(Charset charset) : charset_(charset) {}

  // Everything that comes from a sandbox goes through fit(); no line is wider than the screen, and
  // there are exactly `size.lines` of them. Below 20x4 only what fits of the first lines is there.
  std::vector<ScreenLine> draw(const TopModel& model, ScreenSize size);

  std::optional<TopAction> press(const Key& key, TopModel& model);
  bool wants_to_quit() const { return quit_; }

  // Shown at the bottom until the next key.
  void set_message(const std::string& text) { message_ = displayable(text, charset_); }
  void open_all(const TopModel& model);

 private:
  // What the cursor can stand on: a sandbox, or with a pid a process of it.
  struct Item {
    std::string sandbox;
    std::string inner = {};  // ProcessStats::sandbox
    int pid = 0;
    auto operator<=>(const Item&) const = default;
  };
  struct Row {
    ScreenLine line;
    std::optional<Item> item = {};
  };
  enum class Prompt : uint8_t { kNone, kSignal, kNice, kLimit };

  std::vector<Row> rows_of(const TopModel& model, size_t width) const;
  void add_details(const SandboxRow& row, size_t width, std::vector<Row>& rows) const;
  std::vector<Item> items_of(const TopModel& model) const;
  void keep_cursor(const TopModel& model);
  void move(const TopModel& model, int64_t by);
  void open(const TopModel& model, bool opened);
  std::optional<TopAction> press_letter(char letter, TopModel& model);
  std::optional<TopAction> press_in_prompt(const Key& key);
  std::optional<TopAction> finish_prompt();
  void ask(Prompt prompt);
  std::string question() const;
  std::vector<ScreenLine> help_lines(ScreenSize size) const;

  const Charset charset_;
  std::optional<Item> cursor_;
  std::set<std::string> opened_;
  size_t top_ = 0, page_ = 10;  // first row on the screen; rows on a page
  Prompt prompt_ = Prompt::kNone;
  std::string typed_, message_;
  bool help_ = false, quit_ = false;
};

}  // namespace cloche::cli
