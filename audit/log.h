// The audit log: what was asked, what was decided and how it ended, written by the host.
//
// Each record becomes one line of JSON that names the hash of the line before (audit/chain.h). A
// record is handed to the operating system before append() returns: it outlives a crash of this
// process, though not one of the machine. Who cannot write down a decision
// must decide "no": append() says so.
//
// Thread class: safe. Records of all threads stand in one order. The clock must be the log's own.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log_file.h"
#include "audit/record.h"
#include "base/clock.h"
#include "base/result.h"

namespace cloche::audit {

struct LogOptions {
  std::string path = {};                      // empty: in memory only
  uint64_t file_bytes = uint64_t{64} << 20;   // a file that would grow beyond this is set aside
  uint32_t kept_files = 8;                    // of those set aside; the oldest are deleted
  uint64_t memory_bytes = uint64_t{4} << 20;  // of the newest lines, for lines()
};

class Log {
 public:
  // The longest line. A record that does not fit is refused: whoever writes it shortens what a
  // guest may make long.
  static constexpr size_t kMaxLineBytes = size_t{1} << 20;

  // Opens the file, or makes it for this user alone, and writes `audit.begin`. An existing log is
  // continued. Errors: kInvalidArgument (limits of 0, or a path that is no regular file),
  // kMalformed (a file that is no audit log, or was cut in mid-line), kExists (another process
  // writes it), kPermissionDenied, kIo.
  static Result<std::unique_ptr<Log>> create(const LogOptions& options, Clock& clock);
  // Writes `audit.end`, without which a reader takes the log for cut.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Writes one line. `sandbox` names the sandbox it is about; empty: none. After an error nothing
  // of the record is in the log. Errors: kIo, kResourceExhausted (the line is too long).
  Status append(const Record& record, std::string_view sandbox);

  // The newest lines, oldest first, without newlines.
  std::vector<std::string> lines() const;
  // Hash of the last line. Whoever keeps it elsewhere can tell that the end was not cut.
  std::string head() const;

 private:
  Log(const LogOptions& options, Clock& clock);
  Status write_record(const Record& record, std::string_view sandbox);
  Status write_line(const Record& record, std::string_view sandbox);
  Status set_file_aside();
  void append_time(std::string& line);

  const LogOptions options_;
  Clock& clock_;
  mutable std::mutex mutex_;  // guards all below, and the clock
  LogFile file_;
  bool begun_ = false;     // `audit.begin` is written
  uint64_t sequence_ = 0;  // of the last line
  int64_t second_ = -1;    // whose date second_text_ is
  std::string second_text_;
  std::string head_;
  std::deque<std::string> newest_;
  uint64_t newest_bytes_ = 0;
  std::string spare_;  // the memory of a line that newest_ let go
};

}  // namespace cloche::audit
