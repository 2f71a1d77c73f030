#include "engine/stack_image.h"

#include <cstring>
#include <optional>

namespace cloche::engine {
namespace {

uint64_t address_of(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

uint64_t word_at(uint64_t address) {
  uint64_t word;
  memcpy(&word, reinterpret_cast<const void*>(address), sizeof word);
  return word;
}

uint64_t saved_stack_pointer(const NativeStack& stack) {
  return word_at(address_of(stack.top()) - 0x10);
}

// A frame of compiled code: [frame] is the caller's frame, [frame + 8] the return address.
struct Frames {
  uint64_t youngest = 0;  // the trampoline through which wasm left
  uint64_t oldest = 0;    // the entry function's own frame; it returns to the entry trampoline
};

// Follows the chain of frames from `frame` up while they return into the module.
std::optional<Frames> walk(uint64_t frame, const NativeStack& stack, const ModuleImpl& module) {
  Frames frames{frame, 0};
  const uint64_t limit = address_of(stack.top()) - 32;
  int hops = 0;
  while (frame < limit && module.contains(word_at(frame + 8))) {
    uint64_t next = word_at(frame);
    if (!stack.contains(next) || next <= frame || next % 8 != 0) return std::nullopt;
    frames.oldest = frame;
    frame = next;
    ++hops;
  }
  if (hops < 2 || frame >= limit) return std::nullopt;
  return frames;
}

// Finds the word equal to `value` among the eight on either side of `center`; null unless exactly
// one is.
uint64_t* find_near(uint64_t* center, uint64_t value, uint64_t* low, uint64_t* high) {
  uint64_t* found = nullptr;
  for (uint64_t* word = center - 8; word < center + 8; ++word) {
    if (word < low || word >= high || *word != value) continue;
    if (found) return nullptr;
    found = word;
  }
  return found;
}

}  // namespace

Result<StackLayout> StackLayout::calibrate(const NativeStack& stack, const ModuleImpl& module) {
  const uint64_t top = address_of(stack.top());
  const uint64_t pointer = saved_stack_pointer(stack);
  if (!stack.contains(pointer) || pointer % 8 != 0 || top - pointer < 64) {
    return make_error(Code::kUnsupported, "no saved stack pointer where it is expected");
  }
  std::optional<StackLayout> result;
  for (uint64_t at = pointer; at < top - 64; at += 8) {
    if (!module.contains(word_at(at + 8)) || !stack.contains(word_at(at))) continue;
    std::optional<Frames> frames = walk(at, stack, module);
    if (!frames) continue;
    // Above the return address into the entry trampoline, wasm's part of the stack ends. The saved
    // entry state in the head holds that address, beside the trampoline's frame, and the exit words
    // of whoever is suspended. Earlier calls leave stale copies of them on the stack, so what
    // counts is their place beside that pair, and there must be exactly one.
    const uint64_t split = frames->oldest + 16;
    const uint64_t entry_frame = word_at(frames->oldest);
    uint64_t* low = reinterpret_cast<uint64_t*>(split);
    uint64_t* high = reinterpret_cast<uint64_t*>(top - 0x10);
    for (uint64_t* word = low + 1; word < high; ++word) {
      if (word[0] != split || word[-1] != entry_frame) continue;
      StackLayout layout;
      layout.split_ = reinterpret_cast<uint8_t*>(split);
      layout.exit_frame_ = find_near(word, frames->youngest, low, high);
      layout.exit_address_ = find_near(word, word_at(frames->youngest + 8), low, high);
      if (!layout.exit_frame_ || !layout.exit_address_) continue;
      if (result && !(*result == layout)) {
        return make_error(Code::kUnsupported, "the entry state is on the stack more than once");
      }
      result = layout;
    }
  }
  if (!result) return make_error(Code::kUnsupported, "the entry state is not on the stack");
  return *result;
}

void StackLayout::save(const NativeStack& stack, StackImage* image) const {
  const uint64_t pointer = saved_stack_pointer(stack);
  CHECK(stack.contains(pointer) && pointer < address_of(split_));
  const uint8_t* start = reinterpret_cast<const uint8_t*>(pointer);
  image->bytes.assign(start, static_cast<const uint8_t*>(split_));
  image->exit_frame = *exit_frame_;
  image->exit_address = *exit_address_;
}

void StackLayout::load(const NativeStack& stack, const StackImage& image) const {
  CHECK(image.bytes.size() < static_cast<uint64_t>(split_ - stack.bottom()));
  uint8_t* start = split_ - image.bytes.size();
  memcpy(start, image.bytes.data(), image.bytes.size());
  const uint64_t pointer = address_of(start);
  memcpy(stack.top() - 0x10, &pointer, sizeof pointer);
  *exit_frame_ = image.exit_frame;
  *exit_address_ = image.exit_address;
}

uint64_t StackLayout::split_offset(const NativeStack& stack) const {
  return static_cast<uint64_t>(stack.top() - split_);
}

uint64_t StackLayout::exit_frame_offset(const NativeStack& stack) const {
  return address_of(stack.top()) - address_of(exit_frame_);
}

}  // namespace cloche::engine
