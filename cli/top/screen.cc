#include "cli/top/screen.h"

#define NCURSES_NOMACROS
#include <curses.h>
#include <unistd.h>

#include <clocale>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace cloche::cli {
namespace {

constexpr int kEscapeDelayMs = 25;
constexpr int kEnded[] = {SIGINT, SIGTERM, SIGHUP};

// A signal handler has no other way.
volatile sig_atomic_t last_signal = 0;

void on_signal(int signo) { last_signal = signo; }

// ncurses takes text in the encoding of the process's locale. C.UTF-8 is part of glibc itself, so
// that it is there whatever the machine has installed.
Charset set_charset() {
  if (charset_of_environment() == Charset::kUtf8 && setlocale(LC_CTYPE, "C.UTF-8") != nullptr) {
    return Charset::kUtf8;
  }
  return Charset::kAscii;
}

attr_t attributes_of(LineStyle style) {
  switch (style) {
    case LineStyle::kTitle:
    case LineStyle::kMessage:
      return A_BOLD;
    case LineStyle::kHeader:
      return A_UNDERLINE;
    case LineStyle::kSelected:
      return A_REVERSE;
    case LineStyle::kDetail:
      return A_DIM;
    case LineStyle::kPlain:
      return A_NORMAL;
  }
  return A_NORMAL;
}

std::optional<Key> key_of(int code) {
  struct Named {
    int code;
    Key::Kind kind;
  };
  static constexpr Named kNamed[] = {
      {KEY_UP, Key::Kind::kUp},        {KEY_DOWN, Key::Kind::kDown},
      {KEY_LEFT, Key::Kind::kLeft},    {KEY_RIGHT, Key::Kind::kRight},
      {KEY_PPAGE, Key::Kind::kPageUp}, {KEY_NPAGE, Key::Kind::kPageDown},
      {KEY_HOME, Key::Kind::kHome},    {KEY_END, Key::Kind::kEnd},
      {KEY_ENTER, Key::Kind::kEnter},  {'\n', Key::Kind::kEnter},
      {'\r', Key::Kind::kEnter},       {KEY_BACKSPACE, Key::Kind::kBackspace},
      {'\b', Key::Kind::kBackspace},   {0x7f, Key::Kind::kBackspace},
      {0x1b, Key::Kind::kEscape}};
  for (const Named& named : kNamed) {
    if (named.code == code) return Key{named.kind};
  }
  if (code < 0x20 || code > 0x7e) return std::nullopt;
  return Key{Key::Kind::kCharacter, static_cast<char>(code)};
}

}  // namespace

struct Screen::Terminal {
  SCREEN* screen = nullptr;
  struct sigaction before[std::size(kEnded)] = {};
};

Screen::Screen(Charset charset) : charset_(charset) {}

Expected<std::unique_ptr<Screen>> Screen::open() {
  const auto unsupported = [](const std::string& why) {
    return Failure{Failure::Kind::kUnsupported, why + "; 'cloche top --once' needs none"};
  };
  if (isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1) {
    return unsupported("top needs a terminal");
  }
  std::unique_ptr<Screen> screen(new Screen(set_charset()));
  auto terminal = std::make_unique<Terminal>();
  terminal->screen = newterm(nullptr, stdout, stdin);
  if (terminal->screen == nullptr) {
    const char* const type = getenv("TERM");
    return unsupported("a terminal of the kind '" + printable(type == nullptr ? "" : type) +
                       "' is not known");
  }
  screen->terminal_ = std::move(terminal);
  last_signal = 0;
  for (size_t i = 0; i < std::size(kEnded); ++i) {
    struct sigaction action{};
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    sigaction(kEnded[i], &action, &screen->terminal_->before[i]);
  }
  cbreak();
  noecho();
  nonl();
  keypad(stdscr, TRUE);
  set_escdelay(kEscapeDelayMs);
  curs_set(0);
  return screen;
}

Screen::~Screen() {
  if (terminal_ == nullptr) return;
  endwin();
  delscreen(terminal_->screen);
  for (size_t i = 0; i < std::size(kEnded); ++i)
    sigaction(kEnded[i], &terminal_->before[i], nullptr);
}

ScreenSize Screen::size() const {
  return {static_cast<size_t>(getmaxx(stdscr)), static_cast<size_t>(getmaxy(stdscr))};
}

void Screen::draw(const std::vector<ScreenLine>& lines) {
  erase();
  for (size_t i = 0; i < lines.size(); ++i) {
    attrset(static_cast<int>(attributes_of(lines[i].style)));
    mvaddstr(static_cast<int>(i), 0, lines[i].text.c_str());
  }
  attrset(A_NORMAL);
  refresh();
}

std::optional<Key> Screen::wait(std::chrono::milliseconds time) {
  timeout(static_cast<int>(std::max<int64_t>(time.count(), 0)));
  const int code = getch();
  return code == ERR || code == KEY_RESIZE ? std::nullopt : key_of(code);
}

int Screen::signal() const { return last_signal; }

}  // namespace cloche::cli
