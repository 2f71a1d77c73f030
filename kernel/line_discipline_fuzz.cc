// The terminal line discipline under any order of keys, reads, writes and mode changes.
//
// Input: a list of operations, each an opcode byte and its argument bytes. Holds: sizes stay within
// their limits, nothing is read that was not typed, a read that may succeed makes progress.
#include <algorithm>
#include <cstring>

#include "kernel/line_discipline.h"

namespace cloche::kernel {
namespace {

void require(bool condition) {
  if (!condition) __builtin_trap();
}

class Input {
 public:
  Input(const uint8_t* data, size_t size) : data_(data), left_(size) {}
  bool empty() const { return left_ == 0; }
  uint8_t byte() {
    if (left_ == 0) return 0;
    --left_;
    return *data_++;
  }
  std::span<const uint8_t> take(size_t wanted) {
    const size_t count = std::min(wanted, left_);
    const std::span<const uint8_t> result(data_, count);
    data_ += count;
    left_ -= count;
    return result;
  }

 private:
  const uint8_t* data_;
  size_t left_;
};

struct Harness {
  LineDiscipline line{this, [](void* env, int32_t) { ++static_cast<Harness*>(env)->signals; }};
  size_t signals = 0, typed = 0, read = 0;

  void type(std::span<const uint8_t> keys) {
    const size_t taken = line.receive(keys);
    require(taken <= keys.size());
    require(taken == keys.size() || !line.accepts_input());
    typed += taken;
  }
  // Many keys from few bytes of input, to reach the limits.
  void type_many(uint8_t key, uint8_t count) {
    uint8_t keys[4096];
    std::memset(keys, key, sizeof keys);
    type(std::span(keys).first(size_t{count} * 16));
  }
  void read_some(size_t size) {
    uint8_t buffer[8192];
    size_t count = 0;
    const bool ready = line.canonical() ? line.line_ready() : line.available() > 0;
    require(line.read(std::span(buffer).first(size), count) == ready);
    require(count <= size);
    read += count;
    require(read <= typed);
  }
  void write(std::span<const uint8_t> text) {
    const bool open = line.accepts_output();
    const size_t taken = line.write(text);
    require(taken <= text.size());
    require(open || taken == 0);
    require(!open || text.empty() || taken > 0);
  }
  void drain(size_t size) {
    uint8_t buffer[8192];
    const size_t before = line.output_size();
    require(line.take_output(std::span(buffer).first(size)) == std::min(size, before));
  }
  void set_modes(Input& input) {
    Termios modes = line.termios();
    const auto bytes = input.take(sizeof modes);
    std::memcpy(&modes, bytes.data(), bytes.size());
    line.set_termios(modes);
  }
  void check() const {
    require(line.available() <= LineDiscipline::kInputLimit);
    require(line.output_size() <= 2 * LineDiscipline::kOutputLimit + 16);
  }
};

}  // namespace
}  // namespace cloche::kernel

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cloche::kernel;
  Input input(data, size);
  Harness harness;
  while (!input.empty()) {
    switch (input.byte() % 9) {
      case 0:
        harness.type(input.take(input.byte()));
        break;
      case 1: {
        const uint8_t key = input.byte();
        harness.type_many(key, input.byte());
        break;
      }
      case 2:
        harness.read_some(size_t{input.byte()} + 1);
        break;
      case 3:
        harness.read_some(8192);
        break;
      case 4:
        harness.write(input.take(input.byte()));
        break;
      case 5:
        harness.drain(size_t{input.byte()} * 32);
        break;
      case 6:
        harness.set_modes(input);
        break;
      case 7:
        harness.line.flush_input();
        break;
      case 8:
        harness.line.set_stopped(input.byte() & 1);
        break;
    }
    harness.check();
  }
  return 0;
}
