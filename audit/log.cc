#include "audit/log.h"

#include <ctime>
#include <utility>

#include "audit/chain.h"

namespace cloche::audit {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr size_t kOwnBytes = 256;     // our own members of a line, about
constexpr size_t kSpareBytes = 1024;  // longer ones are rare, and would keep short lines' memory

// "2026-11-24T22:08:34"
std::string format_second(int64_t seconds) {
  const auto time = static_cast<time_t>(seconds);
  struct tm parts;
  gmtime_r(&time, &parts);
  char text[64];
  return {text, strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts)};
}

}  // namespace

Log::Log(const LogOptions& options, Clock& clock)
    : options_(options), clock_(clock), head_(first_hash()) {}

Result<std::unique_ptr<Log>> Log::create(const LogOptions& options, Clock& clock) {
  if (options.file_bytes == 0 || options.kept_files == 0 || options.memory_bytes == 0) {
    return make_error(Code::kInvalidArgument, "a limit of an audit log cannot be 0");
  }
  std::unique_ptr<Log> log(new Log(options, clock));
  if (!options.path.empty()) {
    TRY(log->file_.open(options.path));
    if (const auto& last = log->file_.last()) {
      log->sequence_ = last->sequence;
      log->head_ = last->hash;
    }
  }
  Record begin("audit.begin");
  begin.number("format", 1);
  TRY(log->append(begin, {}));
  log->begun_ = true;
  return log;
}

Log::~Log() {
  const std::lock_guard lock(mutex_);
  // Not written: the reader then says that the end is missing, which is the truth.
  if (begun_) (void)write_record(Record("audit.end"), {});
}

Status Log::append(const Record& record, std::string_view sandbox) {
  const std::lock_guard lock(mutex_);
  return write_record(record, sandbox);
}

Status Log::write_record(const Record& record, std::string_view sandbox) {
  const size_t line_bytes = record.fields().size() + 512;  // with room for our own members
  if (line_bytes > kMaxLineBytes) {
    return make_error(Code::kResourceExhausted,
                      "a record of %zu bytes is too long for an audit log", record.fields().size());
  }
  if (file_.is_open() && file_.size() > 0 && file_.size() + line_bytes > options_.file_bytes) {
    TRY(set_file_aside());
  }
  return write_line(record, sandbox);
}

Status Log::set_file_aside() {
  TRY(file_.set_aside(options_.kept_files));
  Record rotate("audit.rotate");
  rotate.number("oldest", file_.oldest(sequence_ + 1));
  return write_line(rotate, {});
}

// "2026-11-24T22:08:34.123456789Z". Taking a date apart is slow, so that is done once a second.
void Log::append_time(std::string& line) {
  const int64_t now = clock_.realtime_ns();
  if (now / kSecond != second_) {
    second_ = now / kSecond;
    second_text_ = format_second(second_);
  }
  char fraction[] = ".000000000Z";
  int64_t rest = now % kSecond;
  for (char* digit = fraction + 9; digit > fraction; --digit, rest /= 10) {
    *digit = static_cast<char>('0' + rest % 10);
  }
  line.append(second_text_).append(fraction);
}

Status Log::write_line(const Record& record, std::string_view sandbox) {
  std::string line = std::exchange(spare_, {});
  line.clear();
  line.reserve(record.fields().size() + sandbox.size() + kOwnBytes);
  line.append("{\"seq\":").append(std::to_string(sequence_ + 1)).append(",\"time\":\"");
  append_time(line);
  line.append("\",");
  if (!sandbox.empty()) line.append("\"sandbox\":\"").append(sandbox).append("\",");
  line.append(record.fields()).append(",\"prev\":\"").append(head_).push_back('"');
  const size_t body = line.size();
  line.append(",\"hash\":\"");
  const size_t hash = line.size();
  append_hash_of(line, std::string_view(line).substr(0, body));
  line.append("\"}\n");
  if (!options_.path.empty()) {
    if (!file_.is_open()) {
      return make_error(Code::kIo, "the audit log %s was lost", options_.path.c_str());
    }
    TRY(file_.append(line, sequence_ + 1));
  }
  ++sequence_;
  head_.assign(line, hash, head_.size());
  line.pop_back();
  newest_bytes_ += line.size();
  newest_.push_back(std::move(line));
  while (newest_bytes_ > options_.memory_bytes && newest_.size() > 1) {
    newest_bytes_ -= newest_.front().size();
    if (newest_.front().capacity() <= kSpareBytes) spare_ = std::move(newest_.front());
    newest_.pop_front();
  }
  return ok_status();
}

std::vector<std::string> Log::lines() const {
  const std::lock_guard lock(mutex_);
  return {newest_.begin(), newest_.end()};
}

std::string Log::head() const {
  const std::lock_guard lock(mutex_);
  return head_;
}

}  // namespace cloche::audit
