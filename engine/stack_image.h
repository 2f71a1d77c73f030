// The wasm part of a native stack, and how to take it off and put it back (docs/fork.md).
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "engine/module.h"
#include "engine/native_stack.h"

namespace cloche::engine {

// The wasm frames of a suspended context: bytes [stack pointer, split) of its slot's stack, and the
// two words of the head that belong to it. It holds native return addresses: never let a guest or a
// file write one.
struct StackImage {
  std::vector<uint8_t> bytes;
  uint64_t exit_frame = 0;
  uint64_t exit_address = 0;
};

// Where things are on a stack whose fiber is suspended. High to low:
//   top - 16   saved stack pointer
//   head       Rust frames of the entry; owned by the slot's current future, never copied
//   split      ------------------------------------------------------------
//   image      wasm frames, then the few Rust frames of the suspension, which own nothing
// Nothing of it is hard-coded: calibrate() finds split and the two exit words on a stack that
// stands at the entry function's first epoch check.
class StackLayout {
 public:
  // Errors: kUnsupported if the stack is not as expected (another engine version or compiler).
  static Result<StackLayout> calibrate(const NativeStack& stack, const ModuleImpl& module);

  void save(const NativeStack& stack, StackImage* image) const;
  void load(const NativeStack& stack, const StackImage& image) const;
  friend bool operator==(const StackLayout&, const StackLayout&) = default;

  // Offsets from the stack's top: equal in all slots of an engine.
  uint64_t split_offset(const NativeStack& stack) const;
  uint64_t exit_frame_offset(const NativeStack& stack) const;
  const uint8_t* split() const { return split_; }
  // The head words, for tests: [split, top - 16).
  uint64_t* exit_frame_word() const { return exit_frame_; }
  uint64_t* exit_address_word() const { return exit_address_; }

 private:
  uint8_t* split_ = nullptr;
  uint64_t* exit_frame_ = nullptr;
  uint64_t* exit_address_ = nullptr;
};

}  // namespace cloche::engine
