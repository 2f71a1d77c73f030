// A program's file taken out of its pack, without a sandbox.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "include/cloche/cloche.hpp"
#include "vfs/pack_set.h"

namespace cloche::session {

class PackProgram {
 public:
  // Errors: kNotFound (no regular file of that absolute path; symlinks are not followed),
  // kMalformed and kIo (a pack that is damaged).
  static Expected<PackProgram> find(const vfs::PackSet& packs, const std::string& path);

  std::array<uint8_t, 32> hash() const;         // SHA-256 of the content
  Expected<std::vector<uint8_t>> read() const;  // kMalformed, kIo

 private:
  PackProgram(std::shared_ptr<const vfs::PackImage> pack, uint32_t blob)
      : pack_(std::move(pack)), blob_(blob) {}
  std::shared_ptr<const vfs::PackImage> pack_;
  uint32_t blob_;
};

}  // namespace cloche::session
