#include "kernel/proc_fs.h"

#include <algorithm>
#include <charconv>
#include <cinttypes>
#include <cstdarg>
#include <cstdio>

#include "kernel/device.h"
#include "kernel/io_state.h"
#include "kernel/process_info.h"
#include "kernel/regular_file.h"
#include "kernel/state.h"
#include "vfs/synthfs.h"

namespace cloche::kernel {
namespace {

using vfs::SynthSpec;
using Text = SysResult<std::string>;

constexpr uint64_t kProcDevice = 0x14;
constexpr int64_t kNanosecondsPerTick = 10'000'000;  // CLK_TCK is 100
constexpr int64_t kSecond = 1'000'000'000;
constexpr uint32_t kMaxPid = 32768;

__attribute__((format(printf, 1, 2))) std::string format(const char* pattern, ...) {
  va_list arguments;
  va_start(arguments, pattern);
  char buffer[1024];
  const int size = std::vsnprintf(buffer, sizeof buffer, pattern, arguments);
  va_end(arguments);
  return std::string(buffer,
                     std::min<size_t>(static_cast<size_t>(std::max(size, 0)), sizeof buffer - 1));
}

// A canonical decimal number, or -1.
int32_t parse_number(std::string_view name) {
  int32_t number = -1;
  const char* end = name.data() + name.size();
  const auto parsed = std::from_chars(name.data(), end, number);
  if (parsed.ec != std::errc{} || parsed.ptr != end || number < 0) return -1;
  return std::to_string(number) == name ? number : -1;
}

// --- one process

// A process is named by its pid: it may be gone when a file of it is read (ESRCH).
class ProcessFiles {
 public:
  ProcessFiles(Kernel& kernel, int32_t pid) : kernel_(kernel), pid_(pid) {}

  template <Text (*Make)(Process&)>
  SynthSpec file(uint32_t mode = 0444) const {
    return owned(SynthSpec::file(
        [files = *this]() -> Text {
          Process* process = files.kernel_.find(files.pid_);
          return process ? Make(*process) : Errno::kSRCH;
        },
        mode));
  }
  // A magic link to a location of the process.
  template <vfs::Location (*Where)(Process&)>
  SynthSpec link() const {
    SynthSpec spec;
    spec.type = vfs::FileType::kSymlink;
    spec.mode = 0777;
    spec.link = [files = *this]() -> Text {
      Process* process = files.kernel_.find(files.pid_);
      const vfs::Location location = process ? Where(*process) : vfs::Location{};
      return location ? files.kernel_.names().path_of(location) : Errno::kNOENT;
    };
    spec.follow = [files = *this](vfs::Location& target) -> SysResult<Unit> {
      Process* process = files.kernel_.find(files.pid_);
      const vfs::Location location = process ? Where(*process) : vfs::Location{};
      if (!location) return Errno::kNOENT;
      target = location;
      return Unit{};
    };
    return owned(spec);
  }
  SynthSpec owned(SynthSpec spec) const {
    if (const Process* process = kernel_.find(pid_)) {
      spec.uid = process->credentials.uid;
      spec.gid = process->credentials.gid;
      spec.generation = static_cast<uint64_t>(process->start_ns);
    }
    return spec;
  }
  Kernel& kernel() const { return kernel_; }
  Process* process() const { return kernel_.find(pid_); }

 private:
  Kernel& kernel_;
  int32_t pid_;
};

uint64_t memory_bytes(Process& process) {
  const auto* space = static_cast<const AddressSpace*>(process.address_space.get());
  return space ? space->granted() : 0;
}

long long ticks(Kernel& kernel, int64_t nanoseconds) {
  return kernel.guest_clock().round(nanoseconds) / kNanosecondsPerTick;
}

int32_t parent_pid(const Process& process) { return process.parent ? process.parent->pid : 1; }

const Tty* terminal_of(const Process& process) {
  return static_cast<const Tty*>(process.controlling_terminal.get());
}

Text stat_text(Process& process) {
  constexpr int kBasePriority = 20;
  const Tty* tty = terminal_of(process);
  const uint32_t device = tty ? static_cast<uint32_t>(device_number(kPtsMajor, tty->number())) : 0;
  std::string text = format("%d (%s) %c %d %d %d %u %d 0 ", process.pid, process.name.c_str(),
                            state_letter(process), parent_pid(process), process.pgid, process.sid,
                            device, tty ? tty->foreground() : -1);
  Kernel& kernel = *process.kernel;
  text += format("0 0 0 0 %lld 0 %lld 0 ", ticks(kernel, cpu_time(process)),
                 ticks(kernel, process.children_usage.user_ns));
  const int64_t started = process.start_ns - kernel.state().start_ns;
  text += format("%d %d %zu 0 %lld ", kBasePriority + process.nice, process.nice,
                 process.threads.size(), ticks(kernel, std::max<int64_t>(started, 0)));
  const uint64_t bytes = memory_bytes(process);
  text +=
      format("%" PRIu64 " %" PRIu64 " 4294967295 0 0 0 0 0 ", bytes, bytes / AddressSpace::kPage);
  const Thread* thread = process.main_thread();
  text += format("%" PRIu64 " %" PRIu64 " 0 0 0 0 0 %d 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
                 process.pending.set() & INT32_MAX, (thread ? thread->blocked : 0) & INT32_MAX,
                 process.exit_signal);
  return text;
}

std::string signal_lines(Process& process) {
  SignalSet ignored = 0, caught = 0;
  for (size_t i = 0; i < process.actions.size(); ++i) {
    if (process.actions[i].handler == 1) ignored |= SignalSet{1} << i;
    if (process.actions[i].handler > 1) caught |= SignalSet{1} << i;
  }
  const Thread* thread = process.main_thread();
  return format("SigPnd:\t%016" PRIx64 "\nShdPnd:\t%016" PRIx64 "\nSigBlk:\t%016" PRIx64
                "\nSigIgn:\t%016" PRIx64 "\nSigCgt:\t%016" PRIx64 "\n",
                thread ? thread->pending.set() : 0, process.pending.set(),
                thread ? thread->blocked : 0, ignored, caught);
}

const char* state_name(char letter) {
  switch (letter) {
    case 'Z':
      return "zombie";
    case 'T':
      return "stopped";
    case 'R':
      return "running";
    default:
      return "sleeping";
  }
}

Text status_text(Process& process) {
  const char letter = state_letter(process);
  const vfs::Credentials& who = process.credentials;
  std::string text = format("Name:\t%s\nUmask:\t%04o\nState:\t%c (%s)\n", process.name.c_str(),
                            process.umask, letter, state_name(letter));
  text += format("Tgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n", process.pid,
                 process.pid, parent_pid(process));
  text += format("Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", who.uid, who.uid, who.uid, who.uid,
                 who.gid, who.gid, who.gid, who.gid);
  text += format("FDSize:\t%u\nGroups:\t", process.fds ? process.fds->open_count() : 0);
  for (const uint32_t group : who.groups) text += std::to_string(group) + " ";
  const uint64_t kilobytes = memory_bytes(process) / 1024;
  text += format("\nVmPeak:\t%8" PRIu64 " kB\nVmSize:\t%8" PRIu64 " kB\nVmRSS:\t%8" PRIu64 " kB\n",
                 kilobytes, kilobytes, kilobytes);
  text += format("Threads:\t%zu\n", process.threads.size());
  text += signal_lines(process);
  text +=
      "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"
      "CapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\n";
  text +=
      format("voluntary_ctxt_switches:\t%" PRIu64 "\nnonvoluntary_ctxt_switches:\t%" PRIu64 "\n",
             process.usage.voluntary, process.usage.involuntary);
  return text;
}

std::string joined(const std::vector<std::string>& strings) {
  std::string text;
  for (const std::string& string : strings) text.append(string).push_back('\0');
  return text;
}

Text cmdline_text(Process& process) {
  return process.life == Process::State::kZombie ? std::string() : joined(process.argv);
}
Text environ_text(Process& process) {
  return process.life == Process::State::kZombie ? std::string() : joined(process.envp);
}
Text comm_text(Process& process) { return process.name + "\n"; }
Text empty_text(Process&) { return std::string(); }

Text statm_text(Process& process) {
  const uint64_t pages = memory_bytes(process) / AddressSpace::kPage;
  return format("%" PRIu64 " %" PRIu64 " 0 0 0 %" PRIu64 " 0\n", pages, pages, pages);
}

Text limits_text(Process& process) {
  struct Row {
    const char* name;
    const char* unit;
  };
  static constexpr Row kRows[kResourceCount] = {
      {"Max cpu time", "seconds"},     {"Max file size", "bytes"},
      {"Max data size", "bytes"},      {"Max stack size", "bytes"},
      {"Max core file size", "bytes"}, {"Max resident set", "bytes"},
      {"Max processes", "processes"},  {"Max open files", "files"},
      {"Max locked memory", "bytes"},  {"Max address space", "bytes"},
      {"Max file locks", "locks"},     {"Max pending signals", "signals"},
      {"Max msgqueue size", "bytes"},  {"Max nice priority", ""},
      {"Max realtime priority", ""},   {"Max realtime timeout", "us"},
  };
  const auto number = [](uint64_t value) {
    return value == UINT64_MAX ? std::string("unlimited") : std::to_string(value);
  };
  std::string text =
      format("%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
  for (size_t i = 0; i < kResourceCount; ++i)
    text +=
        format("%-25s %-20s %-20s %-10s\n", kRows[i].name, number(process.limits[i].soft).c_str(),
               number(process.limits[i].hard).c_str(), kRows[i].unit);
  return text;
}

// Spaces and the like are octal in mount tables.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\\')
      result += format("\\%03o", static_cast<unsigned char>(c));
    else
      result.push_back(c);
  }
  return result;
}

Text mounts_text(Process& process) {
  std::string text;
  for (const vfs::Namespace::MountInfo& mount : process.kernel->names().mounts())
    text += escaped(mount.source) + " " + escaped(mount.path) + " " + mount.type + " " +
            mount.options + " 0 0\n";
  return text;
}

Text mountinfo_text(Process& process) {
  std::string text;
  int id = 1;
  for (const vfs::Namespace::MountInfo& mount : process.kernel->names().mounts()) {
    text += format("%d %d 0:%d / ", id, id == 1 ? 0 : 1, id);
    text += escaped(mount.path) + " " + mount.options + " - " + mount.type + " " +
            escaped(mount.source) + " " + mount.options + "\n";
    ++id;
  }
  return text;
}

vfs::Location current_directory(Process& process) { return process.cwd; }
vfs::Location root_directory(Process& process) { return process.root; }
vfs::Location program_location(Process& process) { return process.executable_location; }

// /proc/PID/fd
class DescriptorEntries final : public vfs::SynthEntries {
 public:
  explicit DescriptorEntries(const ProcessFiles& files) : files_(files) {}

  SysResult<SynthSpec> find(std::string_view name) override {
    const int32_t fd = parse_number(name);
    const FileRef file = TRY(file_of(fd));
    constexpr uint32_t kReadBits = 0500, kWriteBits = 0300;
    SynthSpec spec;
    spec.type = vfs::FileType::kSymlink;
    spec.mode = (file->readable() ? kReadBits : 0) | (file->writable() ? kWriteBits : 0);
    spec.link = [entries = *this, fd]() -> Text { return TRY(entries.file_of(fd))->describe(); };
    spec.follow = [entries = *this, fd](vfs::Location& target) -> SysResult<Unit> {
      const FileRef open = TRY(entries.file_of(fd));
      if (!open->location()) return Errno::kNXIO;
      target = open->location();
      return Unit{};
    };
    return files_.owned(spec);
  }

  std::vector<vfs::SynthName> list() override {
    std::vector<vfs::SynthName> names;
    const Process* process = files_.process();
    if (!process || !process->fds) return names;
    process->fds->for_each(&names, [](void* env, int32_t fd, const FileRef&) {
      static_cast<std::vector<vfs::SynthName>*>(env)->push_back(
          {std::to_string(fd), vfs::FileType::kSymlink, static_cast<uint64_t>(fd) + 1});
    });
    return names;
  }

 private:
  SysResult<FileRef> file_of(int32_t fd) const {
    const Process* process = files_.process();
    if (!process || !process->fds) return Errno::kNOENT;
    const auto file = process->fds->get_any(Fd{fd});
    return file.ok() ? file : Errno::kNOENT;
  }

  ProcessFiles files_;
};

// /proc/PID/fdinfo
class DescriptorInfoEntries final : public vfs::SynthEntries {
 public:
  explicit DescriptorInfoEntries(const ProcessFiles& files) : files_(files) {}

  SysResult<SynthSpec> find(std::string_view name) override {
    const int32_t fd = parse_number(name);
    const Process* process = files_.process();
    if (!process || !process->fds || !process->fds->get_any(Fd{fd}).ok()) return Errno::kNOENT;
    return files_.owned(SynthSpec::file(
        [files = files_, fd]() -> Text {
          const Process* owner = files.process();
          if (!owner || !owner->fds) return Errno::kSRCH;
          const FileRef file = TRY(owner->fds->get_any(Fd{fd}));
          const uint64_t position =
              file->kind() == FileKind::kRegular ? static_cast<RegularFile&>(*file).position() : 0;
          return format("pos:\t%" PRIu64 "\nflags:\t0%o\n", position, file->flags());
        },
        0444));
  }

  std::vector<vfs::SynthName> list() override {
    auto names = DescriptorEntries(files_).list();
    for (vfs::SynthName& name : names) name.type = vfs::FileType::kRegular;
    return names;
  }

 private:
  ProcessFiles files_;
};

// /proc/PID/task: each thread shows what its process shows.
class TaskEntries final : public vfs::SynthEntries {
 public:
  explicit TaskEntries(const ProcessFiles& files) : files_(files) {}
  SysResult<SynthSpec> find(std::string_view name) override {
    const int32_t tid = parse_number(name);
    const Process* process = files_.process();
    if (!process) return Errno::kNOENT;
    for (const auto& thread : process->threads) {
      if (thread->tid != tid) continue;
      auto table = std::make_shared<vfs::SynthTable>();
      table->set("comm", files_.file<comm_text>());
      table->set("stat", files_.file<stat_text>());
      table->set("status", files_.file<status_text>());
      return files_.owned(SynthSpec::directory(table));
    }
    return Errno::kNOENT;
  }
  std::vector<vfs::SynthName> list() override {
    std::vector<vfs::SynthName> names;
    if (const Process* process = files_.process())
      for (const auto& thread : process->threads)
        names.push_back({std::to_string(thread->tid), vfs::FileType::kDirectory,
                         static_cast<uint64_t>(thread->tid)});
    return names;
  }

 private:
  ProcessFiles files_;
};

SynthSpec process_directory(Kernel& kernel, int32_t pid) {
  const ProcessFiles files(kernel, pid);
  constexpr uint32_t kOwnerRead = 0400, kOwnerSearch = 0500;
  auto table = std::make_shared<vfs::SynthTable>();
  table->set("stat", files.file<stat_text>());
  table->set("status", files.file<status_text>());
  table->set("statm", files.file<statm_text>());
  table->set("cmdline", files.file<cmdline_text>());
  table->set("environ", files.file<environ_text>(kOwnerRead));
  table->set("comm", files.file<comm_text>());
  table->set("maps", files.file<empty_text>());
  table->set("limits", files.file<limits_text>());
  table->set("mounts", files.file<mounts_text>());
  table->set("mountinfo", files.file<mountinfo_text>());
  table->set("cwd", files.link<current_directory>());
  table->set("root", files.link<root_directory>());
  table->set("exe", files.link<program_location>());
  table->set("fd", files.owned(SynthSpec::directory(std::make_shared<DescriptorEntries>(files),
                                                    kOwnerSearch)));
  table->set("fdinfo",
             files.owned(SynthSpec::directory(std::make_shared<DescriptorInfoEntries>(files))));
  table->set("task", files.owned(SynthSpec::directory(std::make_shared<TaskEntries>(files))));
  return files.owned(SynthSpec::directory(table));
}

class ProcessEntries final : public vfs::SynthEntries {
 public:
  explicit ProcessEntries(Kernel& kernel) : kernel_(kernel) {}
  SysResult<SynthSpec> find(std::string_view name) override {
    const int32_t pid = parse_number(name);
    if (pid <= 0 || !kernel_.find(pid)) return Errno::kNOENT;
    return process_directory(kernel_, pid);
  }
  std::vector<vfs::SynthName> list() override {
    std::vector<vfs::SynthName> names;
    for (const Process* process : kernel_.all_processes())
      names.push_back({std::to_string(process->pid), vfs::FileType::kDirectory,
                       static_cast<uint64_t>(process->pid)});
    return names;
  }

 private:
  Kernel& kernel_;
};

// --- the machine

SynthSpec kernel_file(Kernel& kernel, Text (*make)(Kernel&)) {
  return SynthSpec::file([&kernel, make]() { return make(kernel); });
}

SynthSpec constant(std::string text) {
  return SynthSpec::file([text = std::move(text)]() -> Text { return text; });
}

Text meminfo_text(Kernel& kernel) {
  const uint64_t total = kernel.options().limits.memory / 1024;
  const uint64_t used = std::min(total, kernel.usage().memory.total() / 1024);
  std::string text;
  const auto line = [&text](const char* name, uint64_t kilobytes) {
    text += format("%-15s %8" PRIu64 " kB\n", name, kilobytes);
  };
  line("MemTotal:", total);
  line("MemFree:", total - used);
  line("MemAvailable:", total - used);
  line("Buffers:", 0);
  line("Cached:", 0);
  line("SwapTotal:", 0);
  line("SwapFree:", 0);
  return text;
}

int64_t time_up(Kernel& kernel) {
  return kernel.guest_clock().round(kernel.clock().monotonic_ns() - kernel.state().start_ns);
}

Text uptime_text(Kernel& kernel) {
  const int64_t up = time_up(kernel);
  return format("%lld.%02lld 0.00\n", static_cast<long long>(up / kSecond),
                static_cast<long long>(up % kSecond / kNanosecondsPerTick));
}

Text loadavg_text(Kernel& kernel) {
  size_t running = 0, all = 0;
  int32_t last = 0;
  for (const Process* process : kernel.all_processes()) {
    running += state_letter(*process) == 'R' ? 1 : 0;
    ++all;
    last = std::max(last, process->pid);
  }
  return format("0.00 0.00 0.00 %zu/%zu %d\n", running, all, last);
}

Text stat_of_machine(Kernel& kernel) {
  const int64_t boot = kernel.guest_clock().realtime_ns() - time_up(kernel);
  const KernelUsage usage = kernel.usage();
  const long long busy = ticks(kernel, usage.cpu_ns);
  return format(
      "cpu  %lld 0 0 0 0 0 0 0 0 0\ncpu0 %lld 0 0 0 0 0 0 0 0 0\nintr 0\nctxt 0\n"
      "btime %lld\nprocesses %" PRIu64 "\nprocs_running 1\nprocs_blocked 0\n",
      busy, busy, static_cast<long long>(boot / kSecond), usage.processes);
}

Text hostname_text(Kernel& kernel) { return kernel.options().hostname + "\n"; }

// A random UUID (version 4).
std::string uuid(RandomSource& random) {
  uint8_t b[16];
  random.fill(b, sizeof b);
  b[6] = static_cast<uint8_t>((b[6] & 0x0f) | 0x40);
  b[8] = static_cast<uint8_t>((b[8] & 0x3f) | 0x80);
  return format("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x\n", b[0],
                b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
                b[14], b[15]);
}

Text new_uuid(Kernel& kernel) {
  const Thread* reader = kernel.running();
  return uuid(reader ? reader->process->random_source() : kernel.random());
}

std::shared_ptr<vfs::SynthTable> sys_table(Kernel& kernel) {
  auto random = std::make_shared<vfs::SynthTable>();
  random->set("uuid", kernel_file(kernel, new_uuid));
  random->set("boot_id", constant(uuid(kernel.random())));
  random->set("entropy_avail", constant("256\n"));
  auto names = std::make_shared<vfs::SynthTable>();
  names->set("hostname", kernel_file(kernel, hostname_text));
  names->set("domainname", constant("(none)\n"));
  names->set("ostype", constant("Linux\n"));
  names->set("osrelease", constant(std::string(kReleaseName) + "\n"));
  names->set("version", constant(std::string(kVersionName) + "\n"));
  names->set("pid_max", constant(std::to_string(kMaxPid) + "\n"));
  names->set("ngroups_max", constant("65536\n"));
  names->set("cap_last_cap", constant("40\n"));
  names->set("random", SynthSpec::directory(random));
  auto files = std::make_shared<vfs::SynthTable>();
  files->set("pipe-max-size", constant(std::to_string(kernel.io().max_pipe_capacity()) + "\n"));
  files->set("nr_open", constant(std::to_string(FdTable::kHardLimit) + "\n"));
  auto memory = std::make_shared<vfs::SynthTable>();
  memory->set("overcommit_memory", constant("0\n"));
  auto table = std::make_shared<vfs::SynthTable>();
  table->set("kernel", SynthSpec::directory(names));
  table->set("fs", SynthSpec::directory(files));
  table->set("vm", SynthSpec::directory(memory));
  return table;
}

// "self": who asks. A kernel that runs nobody (the host walks) has no self.
SynthSpec self_link(Kernel& kernel, bool thread) {
  SynthSpec spec;
  spec.type = vfs::FileType::kSymlink;
  spec.mode = 0777;
  spec.link = [&kernel, thread]() -> Text {
    const Thread* running = kernel.running();
    if (!running) return Errno::kNOENT;
    std::string target = std::to_string(running->process->pid);
    if (thread) target += "/task/" + std::to_string(running->tid);
    return target;
  };
  return spec;
}

std::shared_ptr<vfs::SynthTable> proc_table(Kernel& kernel) {
  auto table = std::make_shared<vfs::SynthTable>(std::make_shared<ProcessEntries>(kernel));
  table->set("self", self_link(kernel, false));
  table->set("thread-self", self_link(kernel, true));
  table->set("mounts", SynthSpec::symlink("self/mounts"));
  table->set("meminfo", kernel_file(kernel, meminfo_text));
  table->set("cpuinfo", constant("processor\t: 0\nvendor_id\t: Cloche\nmodel name\t: WebAssembly\n"
                                 "cpu MHz\t\t: 1000.000\nflags\t\t: simd128\n\n"));
  table->set("uptime", kernel_file(kernel, uptime_text));
  table->set("loadavg", kernel_file(kernel, loadavg_text));
  table->set("stat", kernel_file(kernel, stat_of_machine));
  table->set("version", constant(std::string("Linux version ") + kReleaseName + " (cloche) " +
                                 kVersionName + "\n"));
  table->set("filesystems", constant("nodev\ttmpfs\nnodev\tproc\nnodev\tcloche\n"));
  table->set("cmdline", constant("\n"));
  table->set("sys", SynthSpec::directory(sys_table(kernel)));
  return table;
}

}  // namespace

SysResult<Unit> mount_proc(Kernel& kernel) {
  vfs::SynthOptions options;
  options.clock = &kernel.guest_clock();
  options.dev = kProcDevice;
  const auto root = vfs::make_synthfs(options, SynthSpec::directory(proc_table(kernel)));
  return kernel.names().mount("/proc", root, "proc", "proc", "rw,nosuid,nodev,noexec");
}

}  // namespace cloche::kernel
