// Folders of a sandbox as tar archives, in and out.
#include <algorithm>
#include <utility>

#include "base/printable.h"
#include "kernel/notify.h"
#include "session/failures.h"
#include "session/tar.h"
#include "session/tree_walk.h"

namespace cloche {
namespace {

using session::Errno;
using session::file_failure;
using session::FileView;
using session::in_step;
using session::Kept;
using session::kPiece;
using session::OpenBody;
using session::SysResult;
using session::TarEntry;

constexpr size_t kSmall = kPiece / 8;     // of a file that is made together with others
constexpr size_t kMostText = 4096;        // of its name
constexpr size_t kMostSmall = 256;        // of those
constexpr uint32_t kPermissions = 0777;   // that an archive may give: no set-user-ID
constexpr size_t kMostFolders = 100'000;  // whose modes wait for the end
constexpr int64_t kSecond = 1'000'000'000;

void leave_out(ArchiveReport& report, const std::string& name, const std::string& why) {
  ++report.skipped_count;
  if (report.skipped.size() >= ArchiveReport::kMaxSkipped) return;
  report.skipped.push_back(printable(name.substr(0, 256)) + ": " + why);
}

// The components of a name that stays below the folder; else `why` not.
std::vector<std::string> components_of(const std::string& name, std::string& why) {
  if (name.starts_with('/')) why = "an absolute name";
  std::vector<std::string> components;
  for (size_t at = 0; at < name.size();) {
    const size_t end = std::min(name.find('/', at), name.size());
    std::string component = name.substr(at, end - at);
    if (component == "..") why = "a name with ..";
    if (!component.empty() && component != ".") components.push_back(std::move(component));
    at = end + 1;
  }
  return components;
}

// Errors that are about one name, and not about all that follow.
const char* reason_of(Errno error) {
  switch (error) {
    case Errno::kLOOP:
      return "it leads through a symlink";
    case Errno::kNOTDIR:
      return "there is no folder above it";
    case Errno::kISDIR:
    case Errno::kEXIST:
      return "something else has its name";
    case Errno::kNAMETOOLONG:
      return "the name is too long";
    case Errno::kNOENT:
      return "what it links to is not there";
    case Errno::kPERM:
      return "it may not be linked";
    default:
      return nullptr;
  }
}

vfs::SetAttr mode_and_time(const TarEntry& entry) {
  vfs::SetAttr change;
  change.set_mode = change.set_mtime = true;
  change.mode = entry.mode & kPermissions;
  change.mtime.seconds = entry.mtime;
  return change;
}

class Unpacker {
 public:
  Unpacker(Sandbox::State& sandbox, const std::string& path, const Files::Source& source)
      : sandbox_(sandbox), path_(path), reader_(source), held_(sandbox), buffer_(kPiece, '\0') {}

  Expected<ArchiveReport> run() {
    const auto begun = in_step(sandbox_, [this](FileView& view) { return begin(view); });
    if (!begun.ok()) return file_failure(begun.error(), path_);
    auto failure = put_all();
    if (auto late = flush(); late && !failure) failure = std::move(late);
    if (failure) return *std::move(failure);
    const auto ended = in_step(sandbox_, [this](FileView& view) { return end(view); });
    if (!ended.ok()) return file_failure(ended.error(), path_);
    return std::move(report_);
  }

 private:
  // A small file, whose data waits in the buffer until a step makes it with others.
  struct Small {
    TarEntry entry;
    std::vector<std::string> components;
    size_t at = 0;
  };
  struct Folder {
    vfs::Location at;
    vfs::SetAttr change;
  };
  struct Held {
    vfs::Location base;
    vfs::Location above;  // of the last entry
    OpenBody file;
    std::vector<Folder> folders;  // that were made, with what they are to become
  };

  SysResult<Unit> begin(FileView& view) {
    TRY(view.make_folders(path_, 0755));
    Held held;
    held.base = TRY(view.find(path_, vfs::kFollowLast | vfs::kDirectoryOnly));
    held_.hold(std::move(held));
    return Unit{};
  }

  // Folders last, so that one that may not be written can be filled.
  SysResult<Unit> end(FileView& view) {
    auto& folders = held_->folders;
    for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) {
      TRY(vfs::change_attr(*folder->at.inode, view.who(), folder->change));
    }
    held_.give_up();
    return Unit{};
  }

  std::optional<Failure> put_all() {
    for (;;) {
      auto entry = reader_.next();
      if (!entry) return entry.error();
      if (!*entry) return std::nullopt;
      if (auto failure = put(**entry)) return failure;
    }
  }

  std::optional<Failure> put(const TarEntry& entry) {
    std::string why;
    const std::vector<std::string> components = components_of(entry.name, why);
    if (entry.type == TarEntry::Type::kDevice) why = "a device";
    if (entry.type == TarEntry::Type::kFifo) why = "a pipe";
    if (entry.type == TarEntry::Type::kOther) why = "of an unknown type";
    const bool is_folder = entry.type == TarEntry::Type::kFolder;
    if (why.empty() && components.empty() && is_folder) return std::nullopt;  // "./"
    if (why.empty() && components.empty()) why = "it has no name";
    if (!why.empty()) {
      if (auto failure = flush()) return failure;
      leave_out(report_, entry.name, why);
      return std::nullopt;
    }
    return entry.type == TarEntry::Type::kFile ? put_file(entry, components)
                                               : put_other(entry, components);
  }

  std::optional<Failure> put_other(const TarEntry& entry,
                                   const std::vector<std::string>& components) {
    if (auto failure = flush()) return failure;
    return told(
        entry, in_step(sandbox_, [&](FileView& view) -> SysResult<Unit> {
          TRY(go_above(view, components));
          const std::string& name = components.back();
          switch (entry.type) {
            case TarEntry::Type::kFolder:
              return make_folder(view, entry, name);
            case TarEntry::Type::kSymlink:
              TRY(clear(view, name));
              TRY(vfs::make_symlink(view.names(), {held_->above, name}, view.who(), entry.target));
              ++report_.links;
              return Unit{};
            default:
              return make_link(view, entry, name);
          }
        }));
  }

  // Of what went wrong: what ends all.
  std::optional<Failure> told(const TarEntry& entry, const SysResult<Unit>& done) {
    if (done.ok()) return std::nullopt;
    const char* const reason = reason_of(done.error());
    if (reason == nullptr) return file_failure(done.error(), entry.name);
    leave_out(report_, entry.name, reason);
    return std::nullopt;
  }

  // The folder that a name is in, made when it is missing; follows no symlink.
  SysResult<Unit> go_above(FileView& view, const std::vector<std::string>& components) {
    vfs::Location at = held_->base;
    for (size_t i = 0; i + 1 < components.size(); ++i) at = TRY(go_down(view, at, components[i]));
    held_->above = std::move(at);
    return Unit{};
  }

  static SysResult<vfs::Location> go_down(FileView& view, const vfs::Location& at,
                                          const std::string& name) {
    auto below = look_down(view, at, name);
    if (below.ok() || below.error() != Errno::kNOENT) return below;
    TRY(vfs::make_directory(view.names(), {at, name}, view.who(), 0755));
    return look_down(view, at, name);
  }

  static SysResult<vfs::Location> look_down(FileView& view, const vfs::Location& at,
                                            const std::string& name) {
    vfs::Location below = TRY(view.names().walk(at, name, view.who(), 0));
    if (below.inode->type() == vfs::FileType::kSymlink) return Errno::kLOOP;
    if (below.inode->type() != vfs::FileType::kDirectory) return Errno::kNOTDIR;
    return below;
  }

  // Nothing has the name any more. EISDIR
  SysResult<Unit> clear(FileView& view, const std::string& name) {
    const auto there = view.child(held_->above, name);
    if (!there.ok())
      return there.error() == Errno::kNOENT ? SysResult<Unit>(Unit{}) : there.error();
    return vfs::remove_file(view.names(), {held_->above, name}, view.who());
  }

  SysResult<Unit> make_folder(FileView& view, const TarEntry& entry, const std::string& name) {
    vfs::Location at = TRY(go_down(view, held_->above, name));
    ++report_.folders;
    if (held_->folders.size() < kMostFolders) {
      held_->folders.push_back({std::move(at), mode_and_time(entry)});
    }
    return Unit{};
  }

  SysResult<Unit> make_link(FileView& view, const TarEntry& entry, const std::string& name) {
    std::string why;
    const std::vector<std::string> target = components_of(entry.target, why);
    if (!why.empty() || target.empty()) return Errno::kNOENT;
    vfs::Location at = held_->base;
    for (size_t i = 0; i + 1 < target.size(); ++i) at = TRY(look_down(view, at, target[i]));
    at = TRY(view.names().walk(at, target.back(), view.who(), 0));
    TRY(clear(view, name));
    TRY(vfs::make_link(view.names(), at, {held_->above, name}, view.who()));
    ++report_.links;
    return Unit{};
  }

  std::optional<Failure> put_file(const TarEntry& entry,
                                  const std::vector<std::string>& components) {
    const bool small = entry.size <= kSmall && entry.name.size() + entry.target.size() <= kMostText;
    if (small) return put_small(entry, components);
    if (auto failure = flush()) return failure;
    uint64_t done = 0;
    do {
      const auto size = static_cast<size_t>(std::min<uint64_t>(entry.size - done, kPiece));
      if (auto failure = fill(0, size)) return failure;
      const auto written = in_step(sandbox_, [&](FileView& view) -> SysResult<Unit> {
        if (done == 0) TRY(create(view, entry, components));
        TRY(write(view, done, std::string_view(buffer_.data(), size)));
        if (done + size == entry.size) TRY(close(view, entry));
        return Unit{};
      });
      if (!written.ok()) return told(entry, written);
      done += size;
    } while (done < entry.size);
    return std::nullopt;
  }

  std::optional<Failure> put_small(const TarEntry& entry,
                                   const std::vector<std::string>& components) {
    if (entry.size > kPiece - filled_ || small_.size() >= kMostSmall) {
      if (auto failure = flush()) return failure;
    }
    const auto size = static_cast<size_t>(entry.size);
    if (auto failure = fill(filled_, size)) return failure;
    small_.push_back({entry, components, filled_});
    filled_ += size;
    return std::nullopt;
  }

  // Makes the small files that wait, one after the other.
  std::optional<Failure> flush() {
    const std::vector<Small> files = std::exchange(small_, {});
    filled_ = 0;
    if (files.empty()) return std::nullopt;
    return in_step(sandbox_, [&](FileView& view) -> std::optional<Failure> {
      for (const Small& file : files) {
        if (auto failure = told(file.entry, make_small(view, file))) return failure;
      }
      return std::nullopt;
    });
  }

  SysResult<Unit> make_small(FileView& view, const Small& file) {
    TRY(create(view, file.entry, file.components));
    const auto size = static_cast<size_t>(file.entry.size);
    TRY(write(view, 0, std::string_view(buffer_.data() + file.at, size)));
    return close(view, file.entry);
  }

  // That many bytes of the entry's data into the buffer.
  std::optional<Failure> fill(size_t at, size_t size) {
    for (const size_t end = at + size; at < end;) {
      const auto got = reader_.read(buffer_.data() + at, end - at);
      if (!got) return got.error();
      at += *got;
    }
    return std::nullopt;
  }

  SysResult<Unit> create(FileView& view, const TarEntry& entry,
                         const std::vector<std::string>& components) {
    TRY(go_above(view, components));
    TRY(clear(view, components.back()));
    vfs::OpenRequest request;
    request.write = request.create = request.exclusive = request.no_follow = true;
    request.mode = entry.mode & kPermissions;
    auto opened =
        TRY(vfs::open(view.names(), {held_->above, components.back()}, view.who(), request));
    held_->file = {std::move(opened.location), std::move(opened.body), true};
    return Unit{};
  }

  SysResult<Unit> write(FileView& view, uint64_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
      const uint64_t written = TRY(view.write(held_->file, offset, bytes));
      offset += written;
      report_.bytes += written;
      bytes.remove_prefix(written);
    }
    return Unit{};
  }

  SysResult<Unit> close(FileView& view, const TarEntry& entry) {
    ++report_.files;
    const auto changed =
        vfs::change_attr(*held_->file.location.inode, view.who(), mode_and_time(entry));
    view.close(held_->file);
    return changed;
  }

  Sandbox::State& sandbox_;
  const std::string& path_;
  session::TarReader reader_;
  Kept<Held> held_;
  std::string buffer_;
  std::vector<Small> small_;
  size_t filled_ = 0;  // of the buffer, by them
  ArchiveReport report_;
};

class Packer {
 public:
  Packer(Sandbox::State& sandbox, const std::string& path, const Files::Sink& sink, uint64_t most)
      : sandbox_(sandbox), path_(path), sink_(sink), most_(most), walk_(sandbox), file_(sandbox) {}

  Expected<ArchiveReport> run() {
    for (bool more = true; more;) {
      out_.clear();
      const auto filled = in_step(sandbox_, [this](FileView& view) { return fill(view); });
      if (!filled.ok()) return file_failure(filled.error(), path_);
      more = *filled;
      if (!more) out_ += session::tar_end();
      if (auto failure = sink_(out_)) return *failure;
    }
    return std::move(report_);
  }

 private:
  // The next piece of the archive; false: that was the last.
  SysResult<bool> fill(FileView& view) {
    if (!begun_) TRY(begin(view));
    while (out_.size() < kPiece) {
      if (left_ > 0) {
        TRY(add_data());
      } else if (!TRY(add_next(view))) {
        walk_.give_up();
        return false;
      }
    }
    return true;
  }

  SysResult<Unit> begin(FileView& view) {
    begun_ = true;
    auto root = TRY(walk_.begin(view, path_));
    if (root.info.type == FileType::kDirectory) return Unit{};
    root.path = path_.substr(path_.rfind('/') + 1);
    return add(view, root);
  }

  SysResult<bool> add_next(FileView& view) {
    session::TreeWalk::Found found;
    const bool more = walk_.next(view, found, [this](const std::string& path, Errno error) {
      leave_out(report_, path + "/", session::describe(error));
    });
    if (more) TRY(add(view, found));
    return more;
  }

  SysResult<Unit> add(FileView& view, const session::TreeWalk::Found& found) {
    TarEntry entry{.type = TarEntry::Type::kFile,
                   .name = found.path,
                   .target = {},
                   .mode = found.info.mode,
                   .mtime = found.info.mtime_ns / kSecond,
                   .size = 0};
    switch (found.info.type) {
      case FileType::kDirectory:
        entry.type = TarEntry::Type::kFolder;
        entry.name += '/';
        ++report_.folders;
        break;
      case FileType::kSymlink: {
        entry.type = TarEntry::Type::kSymlink;
        const auto target = found.at.inode->readlink();
        if (!target.ok()) return left_out(found.path, target.error());
        entry.target = *target;
        ++report_.links;
        break;
      }
      case FileType::kRegular: {
        auto opened = view.open_to_read(found.at);
        if (!opened.ok()) return left_out(found.path, opened.error());
        return add_file(std::move(entry), std::move(*opened));
      }
      case FileType::kOther:
        leave_out(report_, found.path, "a device, a pipe or a socket");
        return Unit{};
    }
    out_ += session::tar_header(entry);
    return Unit{};
  }

  SysResult<Unit> left_out(const std::string& path, Errno error) {
    leave_out(report_, path, session::describe(error));
    return Unit{};
  }

  SysResult<Unit> add_file(TarEntry entry, OpenBody opened) {
    entry.size = TRY(opened.body->size());
    if (entry.size > most_ - std::min(most_, report_.bytes)) return Errno::kFBIG;
    report_.bytes += entry.size;
    ++report_.files;
    out_ += session::tar_header(entry);
    padding_ = session::tar_padding(entry.size);
    left_ = entry.size;
    at_ = 0;
    if (left_ > 0) file_.hold(std::move(opened));
    return Unit{};
  }

  // More of the file. One that has become shorter is filled up with zeros.
  SysResult<Unit> add_data() {
    const size_t size = static_cast<size_t>(std::min<uint64_t>(left_, kPiece));
    const size_t start = out_.size();
    out_.resize(start + size);
    auto* const first = reinterpret_cast<uint8_t*>(out_.data()) + start;
    (void)TRY(file_->body->read_at(at_, std::span(first, size)));
    at_ += size;
    left_ -= size;
    if (left_ > 0) return Unit{};
    file_.give_up();
    out_ += padding_;
    return Unit{};
  }

  Sandbox::State& sandbox_;
  const std::string& path_;
  const Files::Sink& sink_;
  const uint64_t most_;
  session::TreeWalk walk_;
  Kept<OpenBody> file_;
  bool begun_ = false;
  uint64_t left_ = 0, at_ = 0;  // of the file
  std::string padding_, out_;
  ArchiveReport report_;
};

}  // namespace

Expected<ArchiveReport> Files::unpack(const std::string& path, const Source& source) {
  return Unpacker(*sandbox_, path, source).run();
}

Expected<ArchiveReport> Files::pack(const std::string& path, const Sink& sink,
                                    uint64_t most) const {
  return Packer(*sandbox_, path, sink, most).run();
}

}  // namespace cloche
