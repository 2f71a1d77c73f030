#include "kernel/pty.h"

#include <algorithm>

#include "kernel/file_lock.h"
#include "kernel/inode_state.h"
#include "kernel/ioctl.h"
#include "kernel/kernel.h"

namespace cloche::kernel {
namespace {

constexpr uint32_t kKeptFlags = kAccessMode | kNonBlock | kAppend;

SysResult<vfs::Location> slave_location(Kernel& kernel, uint32_t number) {
  const vfs::Namespace& names = kernel.names();
  return names.walk(names.root(), "/dev/pts/" + std::to_string(number), kernel.options().user, 0);
}

}  // namespace

SysResult<Ref<Tty>> PtyTable::create() {
  size_t number = 0;
  while (number < terminals_.size() && terminals_[number]) ++number;
  if (number >= kMaxTerminals) return Errno::kNOSPC;
  if (number == terminals_.size()) terminals_.push_back(nullptr);
  auto tty = make_ref<Tty>(kernel_, static_cast<uint32_t>(number), ++last_serial_);
  terminals_[number] = tty.get();
  return tty;
}

void PtyTable::remove(Tty& tty) {
  if (tty.number() < terminals_.size() && terminals_[tty.number()] == &tty)
    terminals_[tty.number()] = nullptr;
}

void PtyTable::detach_all() {
  for (Tty*& tty : terminals_)
    if (tty) std::exchange(tty, nullptr)->detach();
}

Tty* PtyTable::find(uint32_t number) const {
  Tty* tty = number < terminals_.size() ? terminals_[number] : nullptr;
  return tty && !tty->hung_up() ? tty : nullptr;
}

std::vector<uint32_t> PtyTable::numbers() const {
  std::vector<uint32_t> result;
  for (uint32_t number = 0; number < terminals_.size(); ++number)
    if (find(number)) result.push_back(number);
  return result;
}

SysResult<FileRef> PtyTable::open_master(const vfs::Location& location, uint32_t flags) {
  auto tty = TRY(create());
  tty->set_locked(true);
  return FileRef(make_ref<PtyMaster>(tty, location, flags, kernel_.names()));
}

SysResult<FileRef> PtyTable::open_slave(Call& call, const vfs::Location& location, uint32_t flags,
                                        uint32_t number) {
  Tty* tty = find(number);
  if (!tty) return Errno::kNXIO;
  if (tty->locked()) return Errno::kIO;
  auto file = make_ref<TtyFile>(Ref<Tty>(tty), location, flags, kernel_.names());
  if ((flags & kNoCtty) == 0 && file->readable()) tty->become_controlling(call.process());
  return FileRef(file);
}

SysResult<FileRef> PtyTable::open_for_host(const Ref<Tty>& tty, uint32_t flags) {
  auto location = TRY(slave_location(kernel_, tty->number()));
  return FileRef(make_ref<TtyFile>(tty, std::move(location), flags, kernel_.names()));
}

PtyMaster::~PtyMaster() {
  release_description_locks(*this);
  tty_->hang_up();
}

SysResult<uint64_t> PtyMaster::read(Call&, std::span<uint8_t> out) {
  return tty_->master_read(out);
}

SysResult<uint64_t> PtyMaster::write(Call&, std::span<const uint8_t> in) {
  return tty_->master_write(in);
}

SysResult<int32_t> PtyMaster::ioctl(Call& call, uint32_t command, UserPtr argument) {
  switch (command) {
    case kTiocGptn:
      TRY(call.put(argument, tty_->number()));
      return 0;
    case kTiocSptlck:
      tty_->set_locked(TRY(call.get<int32_t>(argument)) != 0);
      return 0;
    case kTiocGptlck:
      TRY(call.put<int32_t>(argument, tty_->locked() ? 1 : 0));
      return 0;
    case kTiocGptpeer:
      return open_peer(call, argument.address);
    case kTiocPkt:
      // Packet mode is not there; turning it off is.
      return TRY(call.get<int32_t>(argument)) == 0 ? SysResult<int32_t>(0) : Errno::kINVAL;
    case kTiocSctty:
    case kTiocNotty:
      return Errno::kNOTTY;
    default:
      return tty_->ioctl(call, command, argument, Tty::Side::kMaster);
  }
}

SysResult<int32_t> PtyMaster::open_peer(Call& call, uint32_t flags) {
  Kernel& kernel = call.kernel();
  Process& process = call.process();
  auto location = TRY(slave_location(kernel, tty_->number()));
  auto file = make_ref<TtyFile>(tty_, std::move(location), flags & kKeptFlags, names_);
  if ((flags & kNoCtty) == 0) tty_->become_controlling(process);
  const auto limit = static_cast<uint32_t>(
      std::min<uint64_t>(process.limits[kLimitOpenFiles].soft, FdTable::kHardLimit));
  const Fd fd = TRY(process.fds->add(FileRef(file), (flags & kCloseOnExec) != 0, 0, limit));
  return static_cast<int32_t>(fd);
}

std::string PtyMaster::describe() const { return describe_location(&names_, location_, "ptmx"); }

}  // namespace cloche::kernel
