#include "kernel/dev_fs.h"

#include <charconv>

#include "kernel/device.h"
#include "kernel/io_state.h"
#include "kernel/proc_fs.h"
#include "kernel/tool_device.h"
#include "vfs/synthfs.h"

namespace cloche::kernel {
namespace {

constexpr uint64_t kDevDevice = 5;
constexpr uint32_t kTmpfsMagic = 0x01021994;

uint32_t minor_of(uint64_t number) { return static_cast<uint32_t>(number & 0xff); }
uint32_t major_of(uint64_t number) { return static_cast<uint32_t>(number >> 8); }

vfs::SynthSpec device(uint64_t number) {
  return vfs::SynthSpec::device(major_of(number), minor_of(number));
}

// /dev/pts: one node for each living terminal.
class PtsEntries final : public vfs::SynthEntries {
 public:
  explicit PtsEntries(Kernel& kernel) : kernel_(kernel) {}

  SysResult<vfs::SynthSpec> find(std::string_view name) override {
    uint32_t number = 0;
    const char* end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data(), end, number);
    const bool plain =
        parsed.ec == std::errc{} && parsed.ptr == end && (name.size() == 1 || name[0] != '0');
    const Tty* tty = plain ? kernel_.io().terminals().find(number) : nullptr;
    if (!tty) return Errno::kNOENT;
    constexpr uint32_t kTerminalMode = 0620;
    vfs::SynthSpec spec = vfs::SynthSpec::device(kPtsMajor, number, kTerminalMode);
    spec.uid = kernel_.options().user.uid;
    spec.gid = kernel_.options().user.gid;
    spec.generation = tty->serial();
    return spec;
  }

  std::vector<vfs::SynthName> list() override {
    std::vector<vfs::SynthName> names;
    for (const uint32_t number : kernel_.io().terminals().numbers())
      names.push_back({std::to_string(number), vfs::FileType::kCharDevice, uint64_t{number} + 1});
    return names;
  }

 private:
  Kernel& kernel_;
};

std::shared_ptr<vfs::SynthTable> dev_table(Kernel& kernel) {
  auto table = std::make_shared<vfs::SynthTable>();
  table->set("null", device(kDevNull));
  table->set("zero", device(kDevZero));
  table->set("full", device(kDevFull));
  table->set("random", device(kDevRandom));
  table->set("urandom", device(kDevUrandom));
  table->set("tty", device(kDevTty));
  table->set("ptmx", device(kDevPtmx));
  if (kernel.options().tools != nullptr) table->set("tool", device(kDevTool));
  table->set("fd", vfs::SynthSpec::symlink("/proc/self/fd"));
  table->set("stdin", vfs::SynthSpec::symlink("/proc/self/fd/0"));
  table->set("stdout", vfs::SynthSpec::symlink("/proc/self/fd/1"));
  table->set("stderr", vfs::SynthSpec::symlink("/proc/self/fd/2"));
  table->set("pts", vfs::SynthSpec::directory(std::make_shared<PtsEntries>(kernel), 0755));
  table->set("shm", vfs::SynthSpec::directory(std::make_shared<vfs::SynthTable>()));
  return table;
}

// A namespace may lack the directory (a test's does): then there is no /dev.
bool has_directory(Kernel& kernel, std::string_view path) {
  const vfs::Namespace& names = kernel.names();
  return names.walk(names.root(), path, kernel.options().user, vfs::kDirectoryOnly).ok();
}

}  // namespace

SysResult<Unit> mount_dev(Kernel& kernel) {
  if (!has_directory(kernel, "/dev")) return Unit{};
  vfs::SynthOptions options;
  options.clock = &kernel.guest_clock();
  options.dev = kDevDevice;
  options.magic = kTmpfsMagic;
  const auto root = vfs::make_synthfs(options, vfs::SynthSpec::directory(dev_table(kernel), 0755));
  TRY(kernel.names().mount("/dev", root, "dev", "tmpfs", "rw,nosuid"));
  return kernel.names().mount("/dev/shm", kernel.io().shared_memory_root(), "shm", "tmpfs",
                              "rw,nosuid,nodev");
}

SysResult<Unit> mount_kernel_file_systems(Kernel& kernel) {
  TRY(mount_dev(kernel));
  TRY(mount_tools(kernel));
  if (!has_directory(kernel, "/proc")) return Unit{};
  return mount_proc(kernel);
}

}  // namespace cloche::kernel
