#include "kernel/line_discipline.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <string_view>

#include "kernel/signal.h"

namespace cloche::kernel {
namespace {

constexpr uint32_t kTabWidth = 8;
constexpr size_t kEchoLimit = LineDiscipline::kOutputLimit * 2;  // echoes beyond it are lost

bool is_control(uint8_t c) { return c < 0x20 || c == 0x7f; }
bool is_continuation(uint8_t c) { return (c & 0xc0) == 0x80; }

}  // namespace

Termios Termios::defaults() {
  constexpr uint32_t kB38400 = 017, kCs8 = 060, kCread = 0200;
  Termios result;
  result.input_flags = kIcrnl | kIxon;
  result.output_flags = kOpost | kOnlcr;
  result.control_flags = kB38400 | kCs8 | kCread;
  result.local_flags = kIsig | kIcanon | kEcho | kEchoe | kEchok | kEchoctl | kEchoke | kIexten;
  result.chars = {003, 034, 0177, 025, 004, 0, 1, 0, 021, 023, 032, 0, 022, 017, 027, 026, 0};
  return result;
}

void LineDiscipline::set_termios(const Termios& termios) {
  const bool was_canonical = canonical();
  termios_ = termios;
  if (was_canonical == canonical()) return;
  ready_ += line_;
  line_.clear();
  lines_.clear();
  literal_next_ = false;
  if (canonical() && !ready_.empty()) lines_.push_back(ready_.size());
}

void LineDiscipline::flush_input() {
  ready_.clear();
  lines_.clear();
  line_.clear();
  literal_next_ = false;
}

// --- input

bool LineDiscipline::input_full() const {
  if (ready_.size() + line_.size() < kInputLimit) return false;
  // A line that fills the whole buffer can only be ended, so keys go on being taken (and dropped).
  return !canonical() || !lines_.empty();
}

size_t LineDiscipline::receive(std::span<const uint8_t> keys) {
  size_t taken = 0;
  while (taken < keys.size() && !input_full()) receive_one(keys[taken++]);
  return taken;
}

bool LineDiscipline::translate(uint8_t& c) const {
  const uint32_t flags = termios_.input_flags;
  if (flags & kIstrip) c &= 0x7f;
  if ((flags & kIuclc) && on(kIexten)) c = static_cast<uint8_t>(std::tolower(c));
  if (c == '\r') {
    if (flags & kIgncr) return false;
    if (flags & kIcrnl) c = '\n';
  } else if (c == '\n' && (flags & kInlcr)) {
    c = '\r';
  }
  return true;
}

void LineDiscipline::receive_one(uint8_t c) {
  if (literal_next_) {
    literal_next_ = false;
    if (termios_.input_flags & kIstrip) c &= 0x7f;
    add_to_line(c);
    return;
  }
  if (!translate(c)) return;
  if (handle_flow(c) || handle_signal(c)) return;
  if (!canonical()) {
    if (on(kEcho)) echo(c);
    ready_.push_back(static_cast<char>(c));
    return;
  }
  if (!handle_edit(c)) add_to_line(c);
}

bool LineDiscipline::handle_flow(uint8_t c) {
  if ((termios_.input_flags & kIxon) == 0) return false;
  if (is_char(c, kVStart)) {
    stopped_ = false;
    return true;
  }
  if (is_char(c, kVStop)) {
    stopped_ = true;
    return true;
  }
  if (stopped_ && (termios_.input_flags & kIxany)) stopped_ = false;
  return false;
}

bool LineDiscipline::handle_signal(uint8_t c) {
  if (!on(kIsig)) return false;
  int32_t signo = 0;
  if (is_char(c, kVIntr))
    signo = kSigInt;
  else if (is_char(c, kVQuit))
    signo = kSigQuit;
  else if (is_char(c, kVSusp))
    signo = kSigTstp;
  else
    return false;
  if (!on(kNoflsh)) {
    flush_input();
    flush_output();
  }
  if (termios_.input_flags & kIxon) stopped_ = false;
  if (on(kEcho)) echo(c);
  raise_(env_, signo);
  return true;
}

bool LineDiscipline::handle_edit(uint8_t c) {
  if (is_char(c, kVErase)) {
    erase_char();
  } else if (is_char(c, kVKill)) {
    erase_line(c);
  } else if (is_char(c, kVWerase) && on(kIexten)) {
    erase_word();
  } else if (is_char(c, kVReprint) && on(kIexten)) {
    reprint(c);
  } else if (is_char(c, kVLnext) && on(kIexten)) {
    literal_next_ = true;
    if (on(kEcho) && on(kEchoctl)) echo_raw("^\b");
  } else if (is_char(c, kVEof)) {
    end_line();
  } else if (c == '\n' || is_char(c, kVEol) || (is_char(c, kVEol2) && on(kIexten))) {
    if (on(kEcho) || (c == '\n' && on(kEchonl))) echo(c);
    line_.push_back(static_cast<char>(c));
    end_line();
  } else {
    return false;
  }
  return true;
}

void LineDiscipline::add_to_line(uint8_t c) {
  if (!canonical()) {
    if (on(kEcho)) echo(c);
    ready_.push_back(static_cast<char>(c));
    return;
  }
  // One place is kept for the end of the line.
  if (ready_.size() + line_.size() + 1 >= kInputLimit) {
    if (termios_.input_flags & kImaxbel) echo_raw("\a");
    return;
  }
  if (line_.empty()) line_column_ = column_;
  if (on(kEcho)) echo(c);
  line_.push_back(static_cast<char>(c));
}

void LineDiscipline::end_line() {
  lines_.push_back(line_.size());
  ready_ += line_;
  line_.clear();
}

// Columns that the character at `position` of the line took on the screen.
uint32_t LineDiscipline::width_at(size_t position) const {
  const auto c = static_cast<uint8_t>(line_[position]);
  if (c == '\t') {
    uint32_t column = line_column_;
    for (size_t i = 0; i < position; ++i) {
      const bool tab = line_[i] == '\t';
      column = tab ? (column / kTabWidth + 1) * kTabWidth : column + width_at(i);
    }
    return kTabWidth - column % kTabWidth;
  }
  if (is_control(c)) return on(kEchoctl) ? 2 : 0;
  return (termios_.input_flags & kIutf8) && is_continuation(c) ? 0 : 1;
}

void LineDiscipline::erase_char() {
  if (line_.empty()) return;
  size_t start = line_.size() - 1;
  if (termios_.input_flags & kIutf8)
    while (start > 0 && is_continuation(static_cast<uint8_t>(line_[start]))) --start;
  if (on(kEcho) && !on(kEchoe)) echo(termios_.chars[kVErase]);
  if (on(kEcho) && on(kEchoe)) {
    uint32_t width = 0;
    for (size_t i = start; i < line_.size(); ++i) width += width_at(i);
    const bool tab = line_[start] == '\t';
    for (uint32_t i = 0; i < width; ++i) echo_raw(tab ? "\b" : "\b \b");
  }
  line_.resize(start);
}

void LineDiscipline::erase_word() {
  const auto is_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0;
  };
  bool seen_word = false;
  while (!line_.empty()) {
    const bool word = is_word(line_.back());
    if (seen_word && !word) break;
    seen_word |= word;
    erase_char();
  }
}

void LineDiscipline::erase_line(uint8_t c) {
  if (on(kEcho) && on(kEchok) && on(kEchoke) && on(kEchoe)) {
    while (!line_.empty()) erase_char();
    return;
  }
  line_.clear();
  if (!on(kEcho)) return;
  echo(c);
  if (on(kEchok)) put('\n');
}

void LineDiscipline::reprint(uint8_t c) {
  if (!on(kEcho)) return;
  echo(c);
  put('\n');
  line_column_ = column_;
  for (char typed : line_) echo(static_cast<uint8_t>(typed));
}

// --- echo and output

void LineDiscipline::echo(uint8_t c) {
  if (output_.size() >= kEchoLimit) return;
  if (is_control(c) && on(kEchoctl) && c != '\t' && c != '\n') {
    put('^');
    put(c ^ 0100);
    return;
  }
  put(c);
}

void LineDiscipline::echo_raw(std::string_view text) {
  if (output_.size() >= kEchoLimit) return;
  for (char c : text) {
    output_.push_back(c);
    track_column(static_cast<uint8_t>(c));
  }
}

void LineDiscipline::track_column(uint8_t c) {
  if (c == '\r')
    column_ = 0;
  else if (c == '\b')
    column_ -= column_ > 0 ? 1 : 0;
  else if (c == '\t')
    column_ = (column_ / kTabWidth + 1) * kTabWidth;
  else if (!is_control(c) && !((termios_.input_flags & kIutf8) && is_continuation(c)))
    ++column_;
}

void LineDiscipline::put(uint8_t c) {
  const uint32_t flags = termios_.output_flags;
  if (flags & kOpost) {
    if (c == '\n') {
      if (flags & kOnlret) column_ = 0;
      if (flags & kOnlcr) {
        output_.push_back('\r');
        column_ = 0;
      }
    } else if (c == '\r') {
      if ((flags & kOnocr) && column_ == 0) return;
      if (flags & kOcrnl) c = '\n';
    } else if (c == '\t' && (flags & kTabDelay) == kExpandTabs) {
      const uint32_t spaces = kTabWidth - column_ % kTabWidth;
      output_.append(spaces, ' ');
      column_ += spaces;
      return;
    } else if (flags & kOlcuc) {
      c = static_cast<uint8_t>(std::toupper(c));
    }
  }
  track_column(c);
  output_.push_back(static_cast<char>(c));
}

size_t LineDiscipline::write(std::span<const uint8_t> text) {
  size_t taken = 0;
  while (taken < text.size() && accepts_output()) put(text[taken++]);
  return taken;
}

size_t LineDiscipline::take_output(std::span<uint8_t> out) {
  const size_t count = std::min(out.size(), output_size());
  std::memcpy(out.data(), output_.data(), count);
  output_.erase(0, count);
  return count;
}

// --- reading

size_t LineDiscipline::available() const { return ready_.size(); }

bool LineDiscipline::read(std::span<uint8_t> out, size_t& count) {
  if (canonical() ? lines_.empty() : ready_.empty()) return false;
  const size_t limit = canonical() ? lines_.front() : ready_.size();
  count = std::min(out.size(), limit);
  std::memcpy(out.data(), ready_.data(), count);
  ready_.erase(0, count);
  if (!canonical()) return true;
  lines_.front() -= count;
  if (lines_.front() == 0) lines_.pop_front();
  return true;
}

}  // namespace cloche::kernel
