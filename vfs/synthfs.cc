#include "vfs/synthfs.h"

#include <algorithm>
#include <cstring>

#include "vfs/times.h"

namespace cloche::vfs {

SynthSpec SynthSpec::file(std::function<SysResult<std::string>()> read, uint32_t mode) {
  SynthSpec spec;
  spec.mode = mode;
  spec.read = std::move(read);
  return spec;
}

SynthSpec SynthSpec::symlink(std::string target) {
  SynthSpec spec;
  spec.type = FileType::kSymlink;
  spec.mode = 0777;
  spec.link = [target = std::move(target)]() -> SysResult<std::string> { return target; };
  return spec;
}

SynthSpec SynthSpec::device(unsigned major, unsigned minor, uint32_t mode) {
  SynthSpec spec;
  spec.type = FileType::kCharDevice;
  spec.mode = mode;
  spec.rdev = (uint64_t{major} << 8) | minor;
  return spec;
}

SynthSpec SynthSpec::directory(std::shared_ptr<SynthEntries> entries, uint32_t mode) {
  SynthSpec spec;
  spec.type = FileType::kDirectory;
  spec.mode = mode;
  spec.entries = std::move(entries);
  return spec;
}

void SynthTable::set(std::string name, SynthSpec spec) {
  auto found = rows_.find(name);
  if (found != rows_.end()) {
    found->second.spec = std::move(spec);
  } else {
    rows_.emplace(std::move(name), Row{std::move(spec), ++last_key_});
  }
}

void SynthTable::remove(std::string_view name) {
  auto found = rows_.find(name);
  if (found != rows_.end()) rows_.erase(found);
}

SysResult<SynthSpec> SynthTable::find(std::string_view name) {
  auto found = rows_.find(name);
  if (found != rows_.end()) return found->second.spec;
  if (more_) return more_->find(name);
  return Errno::kNOENT;
}

std::vector<SynthName> SynthTable::list() {
  std::vector<SynthName> names;
  for (const auto& [name, row] : rows_) names.push_back({name, row.spec.type, row.key});
  if (more_) {
    for (SynthName& entry : more_->list()) {
      if (rows_.count(entry.name)) continue;
      entry.key += kFirstKeyOfMore;
      names.push_back(std::move(entry));
    }
  }
  return names;
}

namespace {

class SynthFs : public RefCounted {
 public:
  explicit SynthFs(const SynthOptions& options)
      : dev(options.dev), magic(options.magic), mounted(read_clock(*options.clock)) {}
  const uint64_t dev;
  const uint32_t magic;
  const Timespec mounted;
};

// The inode number follows from where the file hangs, so it needs no table (FNV-1a).
uint64_t child_ino(uint64_t parent, std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325 ^ (parent * 0x9e3779b97f4a7c15);
  for (char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  hash &= (uint64_t{1} << 48) - 1;
  return hash < 2 ? hash + 2 : hash;
}

class SynthBody : public FileBody {
 public:
  SynthBody(std::function<SysResult<std::string>()> read,
            std::function<SysResult<Unit>(std::string_view)> write, OpenAccess access)
      : read_(std::move(read)), write_(std::move(write)), access_(access) {}

  SysResult<Unit> refresh() {
    if (read_) content_ = TRY(read_());
    return Unit{};
  }

  SysResult<uint64_t> read_at(uint64_t offset, std::span<uint8_t> out) override {
    if (!(static_cast<int>(access_) & 1)) return Errno::kBADF;
    if (offset == 0) TRY(refresh());
    if (offset >= content_.size()) return uint64_t{0};
    uint64_t count = std::min<uint64_t>(out.size(), content_.size() - offset);
    if (count > 0) memcpy(out.data(), content_.data() + offset, count);
    return count;
  }

  SysResult<uint64_t> write_at(uint64_t, std::span<const uint8_t> in) override {
    if (!(static_cast<int>(access_) & 2)) return Errno::kBADF;
    if (!write_) return Errno::kIO;
    TRY(write_(std::string_view(reinterpret_cast<const char*>(in.data()), in.size())));
    return uint64_t{in.size()};
  }

  SysResult<Appended> append(std::span<const uint8_t> in) override {
    uint64_t count = TRY(write_at(0, in));
    return Appended{count, count};
  }

  SysResult<uint64_t> size() override { return uint64_t{content_.size()}; }
  SysResult<Unit> truncate(uint64_t) override { return Unit{}; }

 private:
  const std::function<SysResult<std::string>()> read_;
  const std::function<SysResult<Unit>(std::string_view)> write_;
  const OpenAccess access_;
  std::string content_;
};

class SynthInode : public Inode {
 public:
  SynthInode(Ref<SynthFs> fs, Ref<SynthInode> parent, std::string name, SynthSpec spec)
      : fs_(std::move(fs)),
        parent_(std::move(parent)),
        name_(std::move(name)),
        ino_(parent_ ? child_ino(parent_->ino_, name_) : 1),
        spec_(std::move(spec)) {}

  ~SynthInode() override {
    if (!parent_) return;
    auto mine = parent_->live_.find(name_);
    if (mine != parent_->live_.end() && mine->second == this) parent_->live_.erase(mine);
  }

  FileType type() const override { return spec_.type; }
  const void* file_system() const override { return fs_.get(); }

  SysResult<Stat> stat() override {
    Stat result;
    result.dev = fs_->dev;
    result.ino = ino_;
    result.type = spec_.type;
    result.mode = spec_.mode;
    result.uid = spec_.uid;
    result.gid = spec_.gid;
    result.rdev = spec_.rdev;
    result.nlink = spec_.type == FileType::kDirectory ? 2 : 1;
    result.atime = result.mtime = result.ctime = result.btime = fs_->mounted;
    return result;
  }

  SysResult<StatFs> statfs() override {
    StatFs result;
    result.type = fs_->magic;
    return result;
  }

  SysResult<InodeRef> lookup(std::string_view name) override {
    if (spec_.type != FileType::kDirectory) return Errno::kNOTDIR;
    if (!spec_.entries) return Errno::kNOENT;
    SynthSpec spec = TRY(spec_.entries->find(name));
    auto known = live_.find(name);
    if (known != live_.end() && known->second->spec_.type == spec.type &&
        known->second->spec_.generation == spec.generation) {
      return InodeRef(known->second);
    }
    auto child =
        make_ref<SynthInode>(fs_, Ref<SynthInode>(this), std::string(name), std::move(spec));
    live_.insert_or_assign(std::string(name), child.get());
    return InodeRef(child);
  }

  SysResult<Unit> readdir(uint64_t cookie, void* env, AcceptEntry accept) override {
    if (spec_.type != FileType::kDirectory) return Errno::kNOTDIR;
    if (!spec_.entries) return Unit{};
    std::vector<SynthName> names = spec_.entries->list();
    std::sort(names.begin(), names.end(),
              [](const SynthName& a, const SynthName& b) { return a.key < b.key; });
    for (const SynthName& entry : names) {
      if (entry.key <= cookie) continue;
      if (!accept(env, DirEntry{entry.name, child_ino(ino_, entry.name), entry.type, entry.key})) {
        break;
      }
    }
    return Unit{};
  }

  InodeRef parent() override { return parent_; }
  SysResult<std::string> name_in_parent() override {
    if (!parent_) return Errno::kNOENT;
    return name_;
  }

  // The hook no longer knows the name, or knows something else by it.
  bool removed() override {
    if (!parent_ || spec_.type != FileType::kDirectory) return false;
    SysResult<SynthSpec> now = parent_->spec_.entries->find(name_);
    return !now.ok() || now->generation != spec_.generation;
  }

  SysResult<std::string> readlink() override {
    if (spec_.type != FileType::kSymlink) return Errno::kINVAL;
    if (!spec_.link) return Errno::kNOENT;
    return spec_.link();
  }

  SysResult<Unit> magic_target(Location& target) override {
    if (!spec_.follow) return Errno::kINVAL;
    return spec_.follow(target);
  }

  SysResult<std::unique_ptr<FileBody>> open(OpenAccess access) override {
    if (spec_.type == FileType::kDirectory) return Errno::kISDIR;
    if (spec_.type != FileType::kRegular) return Errno::kNXIO;
    auto body = std::make_unique<SynthBody>(spec_.read, spec_.write, access);
    if (static_cast<int>(access) & 1) TRY(body->refresh());
    return std::unique_ptr<FileBody>(std::move(body));
  }

  SysResult<Unit> truncate(uint64_t) override {
    if (spec_.type == FileType::kDirectory) return Errno::kISDIR;
    if (spec_.type != FileType::kRegular) return Errno::kINVAL;
    return Unit{};  // "> /proc/..." truncates first; there is nothing to cut
  }

  SysResult<Unit> may_open_special() override { return Unit{}; }

 private:
  const Ref<SynthFs> fs_;
  const Ref<SynthInode> parent_;
  const std::string name_;
  const uint64_t ino_;
  const SynthSpec spec_;
  std::map<std::string, SynthInode*, std::less<>> live_;  // children someone holds
};

}  // namespace

InodeRef make_synthfs(const SynthOptions& options, SynthSpec root) {
  CHECK(options.clock && root.type == FileType::kDirectory);
  return make_ref<SynthInode>(make_ref<SynthFs>(options), nullptr, std::string(), std::move(root));
}

}  // namespace cloche::vfs
