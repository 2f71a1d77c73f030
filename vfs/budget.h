// What a sandbox may store: bytes of file data and number of inodes, counted over all its writable
// in-memory file systems (quotas `disk` and `inodes`, design D7).
//
// Thread class: that of the file systems that share it.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "base/ref.h"

namespace cloche::vfs {

class Budget : public RefCounted {
 public:
  // What is taken here is taken of `outer`, too; null: there is none.
  Budget(uint64_t bytes_limit, uint64_t inodes_limit, Ref<Budget> outer = nullptr)
      : bytes_limit_(bytes_limit), inodes_limit_(inodes_limit), outer_(std::move(outer)) {}

  enum class Kind : uint8_t { kBytes, kInodes };
  // `told` hears of everything that is refused.
  void on_refusal(std::function<void(Kind kind)> told) { told_ = std::move(told); }
  // Tells; false.
  bool refuse(Kind kind) {
    if (told_) told_(kind);
    return false;
  }

  // Takes all of it or nothing. What was taken must be given back.
  [[nodiscard]] bool take_bytes(uint64_t count) {
    if (count > bytes_limit_ || bytes_used_ > bytes_limit_ - count) return refuse(Kind::kBytes);
    if (question_ && !question_(env_, count)) return false;
    if (outer_ && !outer_->take_bytes(count)) return false;
    bytes_used_ += count;
    if (bytes_used_ > bytes_peak_) bytes_peak_ = bytes_used_;
    return true;
  }
  void give_bytes(uint64_t count) {
    bytes_used_ -= count;
    if (outer_) outer_->give_bytes(count);
  }
  [[nodiscard]] bool take_inodes(uint64_t count = 1) {
    if (count > inodes_limit_ || inodes_used_ > inodes_limit_ - count) {
      return refuse(Kind::kInodes);
    }
    if (outer_ && !outer_->take_inodes(count)) return false;
    inodes_used_ += count;
    return true;
  }
  void give_inodes(uint64_t count = 1) {
    inodes_used_ -= count;
    if (outer_) outer_->give_inodes(count);
  }

  // Asked before bytes are taken: is there room for so many more? Null: nobody is asked.
  void set_question(void* env, bool (*question)(void* env, uint64_t bytes)) {
    env_ = env;
    question_ = question;
  }
  // What is in use beyond new limits stays; nothing is added.
  void set_limits(uint64_t bytes, uint64_t inodes) {
    bytes_limit_ = bytes;
    inodes_limit_ = inodes;
  }

  uint64_t bytes_limit() const { return bytes_limit_; }
  uint64_t bytes_used() const { return bytes_used_; }
  uint64_t bytes_peak() const { return bytes_peak_; }
  uint64_t inodes_limit() const { return inodes_limit_; }
  uint64_t inodes_used() const { return inodes_used_; }

 private:
  uint64_t bytes_limit_, inodes_limit_;
  void* env_ = nullptr;
  bool (*question_)(void* env, uint64_t bytes) = nullptr;
  const Ref<Budget> outer_;
  uint64_t bytes_used_ = 0, bytes_peak_ = 0, inodes_used_ = 0;
  std::function<void(Kind)> told_;
};

}  // namespace cloche::vfs
