// Path calls with hostile paths on a tree that they change themselves: memfs, an overlay and a
// memfs mounted in one another. Checks that what is found is found again by its path, that every
// chain of parents ends, and that all that was charged is given back.
#include <fuzzer/FuzzedDataProvider.h>

#include "vfs/memfs.h"
#include "vfs/ops.h"
#include "vfs/overlay.h"

namespace cloche::vfs {
namespace {

class FixedClock final : public Clock {
 public:
  int64_t monotonic_ns() override { return ++now_; }
  int64_t realtime_ns() override { return ++now_; }

 private:
  int64_t now_ = int64_t{1} << 60;
};

class Session {
 public:
  explicit Session(FuzzedDataProvider& input) : input_(input) {
    InodeRef lower = make_memfs({&clock_, budget_, 1, 0777, 1000, 1000});
    CreateAttr attr{0777, 1000, 1000};
    InodeRef a = lower->mkdir("a", attr).value();
    InodeRef b = a->mkdir("b", attr).value();
    (void)b->create("c", attr);
    (void)a->symlink("l", "../a/b", attr);
    (void)lower->link("h", b->lookup("c").value());
    space_ = std::make_unique<Namespace>(make_overlay(lower, {&clock_, budget_, 2}));
    (void)space_->mount("/a/b", make_memfs({&clock_, budget_, 3, 0777, 1000, 1000}), "m", "m", "");
    cwd_ = space_->root();
  }

  void step() {
    std::string a = path(), b = path();
    PathArg at{cwd_, a, flags()}, to{cwd_, b, 0};
    switch (input_.ConsumeIntegralInRange<int>(0, 11)) {
      case 0:
        (void)make_directory(*space_, at, who_, 0777);
        break;
      case 1:
        (void)make_symlink(*space_, at, who_, b);
        break;
      case 2:
        (void)remove_file(*space_, at, who_);
        break;
      case 3:
        (void)remove_directory(*space_, at, who_);
        break;
      case 4:
      case 5:
        (void)rename(*space_, at, to, who_, input_.ConsumeIntegralInRange<uint32_t>(0, 3));
        break;
      case 6:
        open_file(at);
        break;
      case 7: {
        auto found = space_->walk(cwd_, a, who_, at.walk_flags);
        if (found.ok()) (void)make_link(*space_, *found, to, who_);
        break;
      }
      case 8: {
        auto found = space_->walk(cwd_, a, who_, kFollowLast | kDirectoryOnly);
        if (found.ok()) cwd_ = *found;
        break;
      }
      case 9: {
        auto found = space_->walk(cwd_, a, who_, at.walk_flags);
        SetAttr change;
        change.set_mode = true;
        change.mode = input_.ConsumeIntegral<uint16_t>() | 0700;
        if (found.ok()) (void)change_attr(*found->inode, who_, change);
        break;
      }
      default:
        check_walk(a, at.walk_flags);
        break;
    }
    check_parents(cwd_.inode);
  }

  // After the last reference nothing is charged.
  void check_all_given_back() {
    cwd_ = Location();
    space_.reset();
    CHECK(budget_->bytes_used() == 0);
    CHECK(budget_->inodes_used() == 0);
  }

 private:
  std::string path() {
    static const char* const kParts[] = {"a", "b", "c", "l", "h", "..", ".", "", "new"};
    std::string text = input_.ConsumeBool() ? "/" : "";
    for (int left = input_.ConsumeIntegralInRange<int>(0, 5); left > 0; --left) {
      uint32_t part = input_.ConsumeIntegralInRange<uint32_t>(0, 10);
      text += part < 9 ? kParts[part] : input_.ConsumeRandomLengthString(300);
      if (left > 1 || input_.ConsumeBool()) text += "/";
    }
    return text;
  }
  uint32_t flags() { return input_.ConsumeIntegralInRange<uint32_t>(0, 127); }

  void open_file(const PathArg& at) {
    OpenRequest request;
    request.write = true;
    request.create = input_.ConsumeBool();
    request.truncate = input_.ConsumeBool();
    request.exclusive = input_.ConsumeBool();
    request.unnamed = input_.ConsumeBool();
    request.mode = 0777;
    auto opened = open(*space_, at, who_, request);
    if (!opened.ok()) return;
    auto body = opened->location.inode->open(OpenAccess::kReadWrite);
    if (!body.ok()) return;
    uint8_t data[3] = {1, 2, 3};
    (void)(*body)->write_at(input_.ConsumeIntegral<uint16_t>(), data);
  }

  void check_walk(const std::string& text, uint32_t flags) {
    auto found = space_->walk(cwd_, text, who_, flags);
    if (!found.ok()) return;
    check_parents(found->inode);
    if (!space_->reachable(*found)) return;
    std::string name = space_->path_of(*found).value();
    if (name.size() >= kPathMax) return;
    auto again = space_->walk(Location(), name, who_, 0);
    // A directory on the way may have lost its execute permission; nothing else can differ.
    CHECK(again.ok() ? again->inode == found->inode : again.error() == Errno::kACCES);
  }

  static void check_parents(InodeRef inode) {
    int steps = 0;
    for (; inode; inode = inode->parent()) CHECK(++steps < 10000);
  }

  FuzzedDataProvider& input_;
  FixedClock clock_;
  Ref<Budget> budget_ = make_ref<Budget>(uint64_t{1} << 20, uint64_t{200});
  std::unique_ptr<Namespace> space_;
  Location cwd_;
  Credentials who_{1000, 1000, {}};
};

}  // namespace
}  // namespace cloche::vfs

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  cloche::vfs::Session session(input);
  for (int i = 0; i < 200 && input.remaining_bytes() > 0; ++i) session.step();
  session.check_all_given_back();
  return 0;
}
