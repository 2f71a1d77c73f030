// Pseudo-terminals: /dev/ptmx makes them, /dev/pts/N opens their program side (pty(7)).
#pragma once

#include <vector>

#include "kernel/tty.h"

namespace cloche::kernel {

// The terminals of one sandbox, by number. Knows them only as long as someone else holds them.
class PtyTable {
 public:
  static constexpr uint32_t kMaxTerminals = 256;

  explicit PtyTable(Kernel& kernel) : kernel_(kernel) {}

  // A terminal with the lowest free number, for the host or a master. ENOSPC.
  SysResult<Ref<Tty>> create();
  // /dev/ptmx: a new terminal and its master side; the slave is locked until TIOCSPTLCK.
  SysResult<FileRef> open_master(const vfs::Location& location, uint32_t flags);
  // /dev/pts/N. EIO while locked or after hang-up; ENXIO for no such terminal. A session leader
  // without a terminal gets this one, unless O_NOCTTY.
  SysResult<FileRef> open_slave(Call& call, const vfs::Location& location, uint32_t flags,
                                uint32_t number);
  // The same for the host, before any process runs: a file for StartOptions::files.
  SysResult<FileRef> open_for_host(const Ref<Tty>& tty, uint32_t flags);

  // Those that /dev/pts shows: hung up ones are gone.
  Tty* find(uint32_t number) const;
  std::vector<uint32_t> numbers() const;
  void remove(Tty& tty);  // for ~Tty
  void detach_all();

 private:
  Kernel& kernel_;
  std::vector<Tty*> terminals_;
  uint64_t last_serial_ = 0;
};

// An open master.
class PtyMaster final : public OpenFile {
 public:
  PtyMaster(Ref<Tty> tty, vfs::Location location, uint32_t flags, const vfs::Namespace& names)
      : OpenFile(flags), tty_(std::move(tty)), location_(std::move(location)), names_(names) {}
  ~PtyMaster() override;
  FileKind kind() const override { return FileKind::kTerminalMaster; }
  SysResult<uint64_t> read(Call& call, std::span<uint8_t> out) override;
  SysResult<uint64_t> write(Call& call, std::span<const uint8_t> in) override;
  SysResult<int32_t> ioctl(Call& call, uint32_t command, UserPtr argument) override;
  SysResult<vfs::Stat> stat() override { return location_.inode->stat(); }
  uint32_t poll() override { return tty_->master_poll(); }
  WaitQueue* wait_queue(uint32_t) override { return &tty_->master_queue(); }
  const vfs::Location& location() const override { return location_; }
  std::string describe() const override;

 private:
  SysResult<int32_t> open_peer(Call& call, uint32_t flags);

  Ref<Tty> tty_;
  vfs::Location location_;
  const vfs::Namespace& names_;
};

}  // namespace cloche::kernel
