// The terminal line discipline (termios(3), Linux's n_tty): what happens to bytes between a
// keyboard and a program, and between a program and a screen. Pure: knows no processes and never
// blocks.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <string>

namespace cloche::kernel {

// struct termios of the guest ABI, as TCGETS and TCSETS pass it.
struct Termios {
  static constexpr size_t kControlChars = 19;
  uint32_t input_flags = 0, output_flags = 0, control_flags = 0, local_flags = 0;
  uint8_t line = 0;
  std::array<uint8_t, kControlChars> chars{};
  static Termios defaults();  // a fresh terminal: canonical, echo, signals
};
static_assert(sizeof(Termios) == 36);

// Indices of Termios::chars.
enum ControlChar : size_t {
  kVIntr,
  kVQuit,
  kVErase,
  kVKill,
  kVEof,
  kVTime,
  kVMin,
  kVSwtch,
  kVStart,
  kVStop,
  kVSusp,
  kVEol,
  kVReprint,
  kVDiscard,
  kVWerase,
  kVLnext,
  kVEol2,
};

enum InputFlag : uint32_t {
  kIstrip = 040,
  kInlcr = 0100,
  kIgncr = 0200,
  kIcrnl = 0400,
  kIuclc = 01000,
  kIxon = 02000,
  kIxany = 04000,
  kImaxbel = 020000,
  kIutf8 = 040000,
};
enum OutputFlag : uint32_t {
  kOpost = 1,
  kOlcuc = 2,
  kOnlcr = 4,
  kOcrnl = 010,
  kOnocr = 020,
  kOnlret = 040,
  kTabDelay = 014000,
  kExpandTabs = 014000,
};
enum LocalFlag : uint32_t {
  kIsig = 1,
  kIcanon = 2,
  kEcho = 010,
  kEchoe = 020,
  kEchok = 040,
  kEchonl = 0100,
  kNoflsh = 0200,
  kTostop = 0400,
  kEchoctl = 01000,
  kEchoke = 04000,
  kIexten = 0100000,
};

class LineDiscipline {
 public:
  static constexpr size_t kInputLimit = 4095;    // bytes of input kept, as on Linux
  static constexpr size_t kOutputLimit = 16384;  // bytes of output kept before writers wait

  // `raise` is called for each signal that a key makes (SIGINT, SIGQUIT, SIGTSTP).
  using Raise = void (*)(void* env, int32_t signo);
  LineDiscipline(void* env, Raise raise) : env_(env), raise_(raise) {}

  const Termios& termios() const { return termios_; }
  // Unread input survives a change of mode: a line being typed becomes readable raw, raw bytes
  // become a line.
  void set_termios(const Termios& termios);
  bool canonical() const { return (termios_.local_flags & kIcanon) != 0; }

  // --- keyboard side
  // Bytes taken; fewer than given when the program has to read first.
  size_t receive(std::span<const uint8_t> keys);
  // Output for the screen. Nothing while it is stopped (^S).
  size_t take_output(std::span<uint8_t> out);
  size_t output_size() const { return stopped_ ? 0 : output_.size(); }
  bool accepts_input() const { return !input_full(); }

  // --- program side
  // One line, or in raw mode what is there. False: nothing to read now. `count` may be 0 with true:
  // the end-of-file key.
  bool read(std::span<uint8_t> out, size_t& count);
  size_t available() const;  // bytes that a read could return now, in raw mode or of all lines
  bool line_ready() const { return !lines_.empty(); }
  // Bytes taken, after output processing; 0 when the screen has to catch up.
  size_t write(std::span<const uint8_t> text);
  bool accepts_output() const { return !stopped_ && output_.size() < kOutputLimit; }

  void flush_input();
  void flush_output() { output_.clear(); }
  void set_stopped(bool stopped) { stopped_ = stopped; }  // TCXONC

 private:
  bool on(uint32_t flag) const { return (termios_.local_flags & flag) != 0; }
  bool is_char(uint8_t c, ControlChar which) const {
    return termios_.chars[which] != 0 && termios_.chars[which] == c;
  }
  bool input_full() const;
  void receive_one(uint8_t c);
  bool translate(uint8_t& c) const;  // false: the byte is dropped
  bool handle_flow(uint8_t c);
  bool handle_signal(uint8_t c);
  bool handle_edit(uint8_t c);
  void add_to_line(uint8_t c);
  void end_line();
  void erase_char();
  void erase_word();
  void erase_line(uint8_t c);
  void reprint(uint8_t c);
  void echo_erased(std::string_view erased);
  uint32_t width_at(size_t position) const;
  void echo(uint8_t c);
  void echo_raw(std::string_view text);
  void put(uint8_t c);  // one byte through output processing
  void track_column(uint8_t c);

  void* env_;
  Raise raise_;
  Termios termios_ = Termios::defaults();
  std::string ready_;          // what programs may read
  std::deque<size_t> lines_;   // canonical: lengths of the lines in ready_; 0 is end-of-file
  std::string line_;           // the line being typed
  bool literal_next_ = false;  // after ^V
  bool stopped_ = false;       // after ^S
  std::string output_;
  uint32_t column_ = 0, line_column_ = 0;  // of the cursor; where the line being typed began
};

}  // namespace cloche::kernel
