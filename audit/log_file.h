// The file of an audit log, and those that were set aside when it grew too long.
//
// A file set aside is named after the sequence number of its first line: `audit.jsonl.17`.
// Thread class: unsafe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/chain.h"
#include "base/owned_fd.h"
#include "base/result.h"

namespace cloche::audit {

// The files set aside of the log at `path`, by the sequence number of their first lines, ascending.
std::vector<uint64_t> list_set_aside(const std::string& path);
std::string set_aside_name(const std::string& path, uint64_t first);

class LogFile {
 public:
  // Opens or makes the file and locks it against other processes. Errors as Log::create().
  Status open(const std::string& path);
  bool is_open() const { return bool(fd_); }
  // The last line the file had when it was opened; none in a new file.
  const std::optional<Link>& last() const { return last_; }
  uint64_t size() const { return size_; }

  // Appends all of `line`, whose sequence number is `sequence`, or nothing. kIo.
  Status append(std::string_view line, uint64_t sequence);
  // Renames the file after its first line and begins a new one. Deletes the oldest of those set
  // aside until `keep` are left. On an error the file stays the one that is written.
  Status set_aside(uint32_t keep);
  // Sequence number of the oldest line in all files, when `next` is the next line's.
  uint64_t oldest(uint64_t next) const;

 private:
  Status read_ends();

  std::string path_;
  OwnedFd fd_;
  uint64_t size_ = 0,
           first_ = 0;  // first_: sequence number of the first line; 0: the file is empty
  std::optional<Link> last_;
};

}  // namespace cloche::audit
