// Bytes and whatever keeps them in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace cloche::engine {

// Thread class: immutable.
struct SharedBytes {
  std::shared_ptr<const void> owner;
  std::span<const uint8_t> bytes;

  static SharedBytes copy_of(std::span<const uint8_t> bytes) {
    auto owner = std::make_shared<const std::vector<uint8_t>>(bytes.begin(), bytes.end());
    const std::span<const uint8_t> view(*owner);
    return {std::move(owner), view};
  }
};

}  // namespace cloche::engine
