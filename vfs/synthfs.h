// synthfs: file systems whose files are made when they are asked for: /proc and /dev.
//
// A directory is a SynthEntries: it lists names and describes the file of a name by a SynthSpec,
// each time anew, so what is shown is always the present. Nothing can be created, removed or
// renamed (EPERM); files change only through the `write` hook of their spec.
//
// Thread class: that of the namespace; hooks are called during file calls of any process.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "vfs/inode.h"
#include "vfs/walk.h"

namespace cloche::vfs {

class SynthEntries;

// One file. Only the hooks of its type are looked at.
struct SynthSpec {
  FileType type = FileType::kRegular;
  uint32_t mode = 0444;
  uint32_t uid = 0, gid = 0;
  // Another value than before: the name stands for something else now (a process number used
  // again).
  uint64_t generation = 0;
  uint64_t rdev = 0;  // kCharDevice: (major << 8) | minor; the kernel gives it life

  // kRegular: the whole content; called at open and again for each read at offset 0. Absent: empty.
  std::function<SysResult<std::string>()> read;
  // kRegular: one write(2) call, whatever the offset. Absent: EIO, as in /proc.
  std::function<SysResult<Unit>(std::string_view)> write;
  // kSymlink: what readlink(2) says.
  std::function<SysResult<std::string>()> link;
  // kSymlink: makes it a magic link: where the walk goes, whatever `link` says.
  std::function<SysResult<Unit>(Location&)> follow;
  // kDirectory.
  std::shared_ptr<SynthEntries> entries;

  static SynthSpec file(std::function<SysResult<std::string>()> read, uint32_t mode = 0444);
  static SynthSpec symlink(std::string target);
  static SynthSpec device(unsigned major, unsigned minor, uint32_t mode = 0666);
  static SynthSpec directory(std::shared_ptr<SynthEntries> entries, uint32_t mode = 0555);
};

// One line of a listing. `key` is the place of the entry: 1 or more, growing, and the same at every
// listing (a process number, a table row).
struct SynthName {
  std::string name;
  FileType type = FileType::kRegular;
  uint64_t key = 0;
};

class SynthEntries {
 public:
  virtual ~SynthEntries() = default;
  virtual SysResult<SynthSpec> find(std::string_view name) = 0;  // ENOENT
  virtual std::vector<SynthName> list() = 0;
};

// Fixed entries, and after them those of `more`, if any.
class SynthTable : public SynthEntries {
 public:
  explicit SynthTable(std::shared_ptr<SynthEntries> more = nullptr) : more_(std::move(more)) {}
  // Adds or replaces.
  void set(std::string name, SynthSpec spec);
  void remove(std::string_view name);
  SysResult<SynthSpec> find(std::string_view name) override;
  std::vector<SynthName> list() override;

 private:
  struct Row {
    SynthSpec spec;
    uint64_t key;
  };
  static constexpr uint64_t kFirstKeyOfMore = uint64_t{1} << 32;
  std::map<std::string, Row, std::less<>> rows_;
  uint64_t last_key_ = 0;
  std::shared_ptr<SynthEntries> more_;
};

struct SynthOptions {
  Clock* clock = nullptr;  // all times are the time of the mount
  uint64_t dev = 0;
  uint32_t magic = 0x9fa0;  // of statfs(2): PROC_SUPER_MAGIC; tmpfs (0x01021994) for /dev
};

// The root directory.
InodeRef make_synthfs(const SynthOptions& options, SynthSpec root);

}  // namespace cloche::vfs
