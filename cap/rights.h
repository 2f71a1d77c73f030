// What a capability lets its holder do with the object that it names.
#pragma once

#include <cstdint>

namespace cloche::cap {

enum class Right : uint32_t {
  kInvoke = 1,    // call a tool
  kRead = 2,      // read files and list folders
  kWrite = 4,     // change files and folders
  kExecute = 8,   // start a file as a program
  kTransfer = 16  // hand the capability, or one derived from it, to another holder
};

// A set of rights. There is no way to add one to a capability's set: derivation only takes away.
class Rights {
 public:
  constexpr Rights() = default;
  constexpr Rights(Right right) : bits_(static_cast<uint32_t>(right)) {}  // NOLINT: a set of one
  static constexpr Rights all() { return Rights(uint32_t{31}); }

  constexpr bool contains(Rights other) const { return (other.bits_ & ~bits_) == 0; }
  constexpr Rights without(Rights other) const { return Rights(bits_ & ~other.bits_); }
  constexpr bool empty() const { return bits_ == 0; }
  friend constexpr Rights operator|(Rights a, Rights b) { return Rights(a.bits_ | b.bits_); }
  constexpr bool operator==(const Rights&) const = default;

 private:
  explicit constexpr Rights(uint32_t bits) : bits_(bits) {}
  uint32_t bits_ = 0;
};

constexpr Rights operator|(Right a, Right b) { return Rights(a) | Rights(b); }

}  // namespace cloche::cap
