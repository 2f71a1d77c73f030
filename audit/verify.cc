#include "audit/verify.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <memory>

#include "audit/chain.h"
#include "audit/log.h"
#include "audit/log_file.h"
#include "base/printable.h"

namespace cloche::audit {
namespace {

using File = std::unique_ptr<FILE, int (*)(FILE*)>;

// One line after the other of all files.
class Reader {
 public:
  explicit Reader(Verdict& verdict) : verdict_(verdict) {}

  Status read(const std::string& path) {
    // 'e': closed in programs that are started meanwhile
    const File file(std::fopen(path.c_str(), "re"), &std::fclose);
    if (!file) return errno_error(errno, "audit log " + path);
    struct stat status;
    if (::fstat(fileno(file.get()), &status) != 0) return errno_error(errno, "audit log " + path);
    if (!S_ISREG(status.st_mode)) {
      return make_error(Code::kInvalidArgument, "%s is not a regular file", path.c_str());
    }
    std::string line;
    uint64_t number = 0;
    for (int c = std::getc(file.get()); verdict_.problem.empty() && c != EOF;
         c = std::getc(file.get())) {
      if (c != '\n') {
        line.push_back(static_cast<char>(c));
        if (line.size() > Log::kMaxLineBytes) fail(path, number + 1, "the line is too long");
        continue;
      }
      take(path, ++number, line);
      line.clear();
    }
    if (std::ferror(file.get())) return errno_error(EIO, "audit log " + path);
    if (verdict_.problem.empty() && !line.empty()) fail(path, number + 1, "the line was cut short");
    return ok_status();
  }

  void finish() {
    if (!verdict_.problem.empty()) return;
    if (verdict_.last == 0) {
      verdict_.problem = "there is no line in it";
    } else if (verdict_.first != oldest_) {
      verdict_.problem = "lines " + std::to_string(oldest_) + " to " +
                         std::to_string(verdict_.first - 1) + " are missing in front";
    } else {
      verdict_.whole = true;
    }
  }

 private:
  void fail(const std::string& path, uint64_t number, const std::string& what) {
    verdict_.problem = printable(path) + ", line " + std::to_string(number) + ": " + what;
  }

  void take(const std::string& path, uint64_t number, const std::string& line) {
    const auto link = read_link(line);
    if (!link.ok()) return fail(path, number, link.error().message);
    if (verdict_.last == 0) {
      verdict_.first = link->sequence;
      if (link->sequence == 1 && link->prev != first_hash()) {
        return fail(path, number, "it is the first line, but names one before it");
      }
    } else if (link->sequence != verdict_.last + 1) {
      return fail(path, number,
                  "number " + std::to_string(link->sequence) + " follows number " +
                      std::to_string(verdict_.last) + ": lines are missing or moved");
    } else if (link->prev != verdict_.head) {
      return fail(path, number, "the line before it is not the one that was there");
    }
    verdict_.last = link->sequence;
    verdict_.head = link->hash;
    verdict_.ended = link->event == "audit.end";
    if (link->oldest != 0) oldest_ = link->oldest;
  }

  Verdict& verdict_;
  uint64_t oldest_ = 1;  // sequence number of the first line that must be there
};

}  // namespace

Result<Verdict> verify_log(const std::string& path) {
  Verdict verdict;
  Reader reader(verdict);
  for (const uint64_t first : list_set_aside(path)) {
    if (verdict.problem.empty()) TRY(reader.read(set_aside_name(path, first)));
  }
  if (verdict.problem.empty()) TRY(reader.read(path));
  reader.finish();
  return verdict;
}

}  // namespace cloche::audit
