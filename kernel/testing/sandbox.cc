#include "kernel/testing/sandbox.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "kernel/call.h"
#include "vfs/memfs.h"
#include "vfs/ops.h"

namespace cloche::kernel::testing {

TestSandbox::TestSandbox(KernelLimits limits, ToolGate* tools, int64_t clock_step_ns)
    : engine_(std::make_unique<FakeEngine>(host_functions())) {
  KernelOptions options;
  options.user.uid = options.user.gid = 1000;
  root_ = vfs::make_memfs({.clock = &clock_,
                           .budget = make_ref<vfs::Budget>(64u << 20, 10000u),
                           .mode = 0755,
                           .uid = 1000,
                           .gid = 1000});
  for (const char* name : {"bin", "tmp", "dev", "proc", "home", "run"})
    EXPECT_TRUE(root_->mkdir(name, {.mode = 0755, .uid = 1000, .gid = 1000}).ok());
  auto run = root_->lookup("run");
  EXPECT_TRUE(run.ok() && (*run)->mkdir("tools", {.mode = 0755, .uid = 0, .gid = 0}).ok());
  options.tools = tools;
  options.engine = engine_.get();
  options.clock = &clock_;
  options.clock_step_ns = clock_step_ns;
  options.random = &random_;
  options.limits = limits;
  options.names = std::make_unique<vfs::Namespace>(root_);
  options.on_limit = [this](const char* limit, const Process* process) {
    limits_reached.push_back(std::string(limit) + " " + std::to_string(process ? process->pid : 0));
  };
  options.log = [this](const std::string& line) { log.push_back(line); };
  kernel_ = Kernel::create(std::move(options));
}

TestSandbox::~TestSandbox() {
  kernel_ = nullptr;
  EXPECT_EQ(engine_->contexts, 0) << "contexts outlive their kernel";
}

void TestSandbox::file(const std::string& path, const std::string& content, uint32_t mode) {
  const size_t slash = path.rfind('/');
  vfs::InodeRef directory = root_;
  for (size_t at = 1; at < slash;) {
    const size_t next = path.find('/', at);
    auto child = directory->lookup(path.substr(at, next - at));
    ASSERT_TRUE(child.ok()) << path;
    directory = *child;
    at = next + 1;
  }
  auto inode = directory->create(path.substr(slash + 1), {.mode = mode, .uid = 1000, .gid = 1000});
  ASSERT_TRUE(inode.ok()) << path;
  auto body = (*inode)->open(vfs::OpenAccess::kWrite);
  ASSERT_TRUE(body.ok());
  const auto* bytes = reinterpret_cast<const uint8_t*>(content.data());
  ASSERT_TRUE((*body)->write_at(0, {bytes, content.size()}).ok());
}

void TestSandbox::program(const std::string& name, Body body, uint64_t memory) {
  engine_->add_program(name, std::move(body), memory);
  file("/bin/" + name, FakeEngine::file_of(name), 0755);
}

int32_t TestSandbox::start(const std::string& name, std::vector<std::string> argv) {
  if (argv.empty()) argv = {name};
  StartOptions options;
  options.path = name;
  options.argv = std::move(argv);
  options.envp = {"PATH=/bin", "HOME=/home"};
  options.cwd = "/home";
  options.authority = authority;
  const auto pid = kernel_->start(std::move(options));
  return pid.ok() ? *pid : -static_cast<int32_t>(pid.error());
}

int32_t TestSandbox::run(int32_t pid) {
  for (int turns = 0; turns < 100000; ++turns) {
    const Kernel::Idle idle = kernel_->run(1'000'000);
    if (idle == Kernel::Idle::kFinished && kernel_->collect(pid, &last))
      return last.exited ? last.code << 8 : last.signal;
    if (idle != Kernel::Idle::kWaiting) continue;
    const int64_t next = kernel_->next_deadline();
    if (next == Call::kNoDeadline) {
      ADD_FAILURE() << "every thread waits and no timer is set";
      return -1;
    }
    clock_.now = std::max(clock_.now, next);
  }
  ADD_FAILURE() << "the program does not end";
  return -1;
}

int32_t TestSandbox::run_program(Body body) {
  static int number = 0;
  const std::string name = "program" + std::to_string(++number);
  program(name, std::move(body));
  const int32_t pid = start(name);
  EXPECT_GT(pid, 0);
  return pid > 0 ? run(pid) : pid;
}

Kernel::Idle TestSandbox::settle() {
  Kernel::Idle idle = Kernel::Idle::kReady;
  for (int turns = 0; turns < 1000 && idle == Kernel::Idle::kReady; ++turns)
    idle = kernel_->run(1'000'000);
  return idle;
}

}  // namespace cloche::kernel::testing
