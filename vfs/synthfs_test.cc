#include "vfs/synthfs.h"

#include "vfs/test_tree.h"

namespace cloche::vfs {
namespace {

// Processes that come and go: a directory each.
class Processes : public SynthEntries {
 public:
  SysResult<SynthSpec> find(std::string_view name) override {
    auto found = generations.find(std::string(name));
    if (found == generations.end()) return Errno::kNOENT;
    auto table = std::make_shared<SynthTable>();
    uint64_t generation = found->second;
    table->set("stat", SynthSpec::file([generation]() -> SysResult<std::string> {
                 return "generation " + std::to_string(generation);
               }));
    SynthSpec spec = SynthSpec::directory(table);
    spec.generation = generation;
    spec.uid = 1000;
    return spec;
  }
  std::vector<SynthName> list() override {
    std::vector<SynthName> names;
    for (const auto& [name, generation] : generations) {
      names.push_back({name, FileType::kDirectory, std::stoull(name)});
    }
    return names;
  }
  std::map<std::string, uint64_t> generations{{"1", 1}, {"10", 1}, {"9", 1}};
};

class SynthfsTest : public testing::Test {
 protected:
  SynthfsTest() {
    table_->set("version", SynthSpec::file([this]() -> SysResult<std::string> {
                  if (fail_) return Errno::kSRCH;
                  return "call " + std::to_string(++calls_);
                }));
    SynthSpec comm = SynthSpec::file([this]() -> SysResult<std::string> { return comm_; }, 0644);
    comm.uid = 1000;
    comm.write = [this](std::string_view text) -> SysResult<Unit> {
      comm_ = text;
      return Unit{};
    };
    table_->set("comm", comm);
    table_->set("self", SynthSpec::symlink("1"));
    table_->set("null", SynthSpec::device(1, 3));
    t_ = std::make_unique<TestSpace>(make_synthfs({&clock_, 4}, SynthSpec::directory(table_)));
  }
  ManualClock clock_;
  bool fail_ = false;
  int calls_ = 0;
  std::string comm_ = "init";
  std::shared_ptr<Processes> processes_ = std::make_shared<Processes>();
  std::shared_ptr<SynthTable> table_ = std::make_shared<SynthTable>(processes_);
  std::unique_ptr<TestSpace> t_;
};

TEST_F(SynthfsTest, ContentIsMadeWhenRead) {
  InodeRef file = t_->inode("/version");
  auto body = file->open(OpenAccess::kRead).value();
  int at_open = calls_;
  std::vector<uint8_t> out(100);
  uint64_t count = body->read_at(0, out).value();
  EXPECT_EQ(std::string(out.begin(), out.begin() + static_cast<long>(count)),
            "call " + std::to_string(at_open + 1));
  // The rest of one reading is of one piece; back at the start it is made anew.
  EXPECT_EQ(body->read_at(5, out).value(), count - 5);
  EXPECT_EQ(calls_, at_open + 1);
  EXPECT_EQ(body->read_at(0, out).value(), count);
  EXPECT_EQ(calls_, at_open + 2);
  fail_ = true;
  EXPECT_EQ(outcome(body->read_at(0, out)), "ESRCH");
  EXPECT_EQ(outcome(file->open(OpenAccess::kRead)), "ESRCH");
}

TEST_F(SynthfsTest, WritesGoToTheHook) {
  EXPECT_EQ(t_->write("/comm", "bash"), "ok");
  EXPECT_EQ(t_->read("/comm"), "bash");
  EXPECT_EQ(t_->write("/version", "x"), "EACCES");  // by its mode
  auto body = t_->inode("/version")->open(OpenAccess::kWrite).value();
  EXPECT_EQ(outcome(body->write_at(0, bytes_of("x"))), "EIO");  // and without a hook
}

TEST_F(SynthfsTest, ListsFixedAndPresentNamesInOrder) {
  EXPECT_EQ(names_in(*t_->inode("/")),
            (std::vector<std::string>{"version", "comm", "self", "null", "1", "9", "10"}));
  processes_->generations.erase("9");
  processes_->generations["11"] = 1;
  EXPECT_EQ(names_in(*t_->inode("/")),
            (std::vector<std::string>{"version", "comm", "self", "null", "1", "10", "11"}));
}

TEST_F(SynthfsTest, NamesUsedAgainAreOtherFiles) {
  Location old = t_->walk("/1").value();
  EXPECT_EQ(old.inode, t_->inode("/self"));  // the same while it is held
  processes_->generations["1"] = 2;
  EXPECT_EQ(t_->read("/1/stat"), "generation 2");
  EXPECT_EQ(read_all(*old.inode->lookup("stat").value()), "generation 1");
  EXPECT_TRUE(old.inode->removed());
  EXPECT_EQ(outcome(t_->space.current_path(old)), "ENOENT");
  processes_->generations.erase("1");
  EXPECT_EQ(t_->read("/self/stat"), "!ENOENT");
  EXPECT_EQ(t_->space.walk(old, "..", kGuest, 0)->inode, t_->inode("/"));
}

TEST_F(SynthfsTest, NumbersAreStable) {
  uint64_t before = t_->stat("/1/stat").ino;
  EXPECT_EQ(t_->stat("/1/stat").ino, before);
  EXPECT_NE(t_->stat("/10/stat").ino, before);
  EXPECT_EQ(t_->stat("/1/stat").dev, 4u);
}

TEST_F(SynthfsTest, DevicesOpenAndNothingIsMade) {
  EXPECT_EQ(t_->stat("/null").rdev, (1u << 8) | 3u);
  EXPECT_TRUE(t_->inode("/null")->may_open_special().ok());
  EXPECT_EQ(t_->write("/new", ""), "EACCES");
  InodeRef root = t_->inode("/"), file = t_->inode("/version");
  CreateAttr attr{0777, 0, 0};
  EXPECT_EQ(outcome(root->create("x", attr)), "EPERM");
  EXPECT_EQ(outcome(root->mkdir("x", attr)), "EPERM");
  EXPECT_EQ(outcome(root->unlink("comm")), "EPERM");
  EXPECT_EQ(outcome(root->rename("comm", root, "x", 0)), "EPERM");
  EXPECT_EQ(outcome(root->link("x", file)), "EPERM");
  SetAttr change;
  change.set_mode = true;
  EXPECT_EQ(outcome(file->set_attr(change)), "EPERM");
}

}  // namespace
}  // namespace cloche::vfs
