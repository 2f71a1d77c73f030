#include "kernel/tty.h"

#include <algorithm>

#include "kernel/file_lock.h"
#include "kernel/inode_state.h"
#include "kernel/io_state.h"
#include "kernel/ioctl.h"
#include "kernel/kernel.h"

namespace cloche::kernel {
namespace {

constexpr int64_t kTenthSecond = 100'000'000;  // the unit of VTIME

SignalInfo kernel_signal(int32_t signo) {
  constexpr int32_t kSiKernel = 0x80;
  SignalInfo info;
  info.signo = signo;
  info.code = kSiKernel;
  return info;
}

bool ignores(const Call& call, int32_t signo) {
  constexpr uint32_t kIgnore = 1;
  return (call.thread().blocked & signal_bit(signo)) != 0 ||
         call.process().actions[static_cast<size_t>(signo) - 1].handler == kIgnore;
}

}  // namespace

Tty::Tty(Kernel& kernel, uint32_t number, uint64_t serial)
    : kernel_(&kernel), number_(number), serial_(serial), line_(this, &Tty::raise) {}

Tty::~Tty() {
  if (kernel_) kernel_->io().terminals().remove(*this);
}

void Tty::detach() {
  hung_up_ = true;
  session_ = foreground_ = 0;
  kernel_ = nullptr;
}

void Tty::raise(void* env, int32_t signo) { static_cast<Tty*>(env)->signal_foreground(signo); }

void Tty::signal_foreground(int32_t signo) {
  if (foreground_ > 0)
    kernel_->signal_group(foreground_, kernel_signal(signo));
  else
    unheard_ = signo;
}

// --- master side

SysResult<uint64_t> Tty::master_write(std::span<const uint8_t> keys) {
  if (hung_up_) return Errno::kIO;
  const size_t taken = line_.receive(keys);
  if (taken > 0) {
    last_input_ns_ = kernel_->clock().monotonic_ns();
    queue_.wake();
    if (line_.output_size() > 0) master_queue_.wake();
  }
  if (taken == 0 && !keys.empty()) return Errno::kAGAIN;
  return taken;
}

SysResult<uint64_t> Tty::master_read(std::span<uint8_t> out) {
  const bool was_full = !line_.accepts_output();
  const size_t count = line_.take_output(out);
  if (count > 0) {
    if (was_full && line_.accepts_output()) queue_.wake();
    return count;
  }
  if (out.empty()) return 0;
  return ever_opened_ && slaves_ == 0 ? Errno::kIO : Errno::kAGAIN;
}

uint32_t Tty::master_poll() const {
  uint32_t events = 0;
  if (line_.output_size() > 0) events |= kPollIn;
  if (line_.accepts_input()) events |= kPollOut;
  if (ever_opened_ && slaves_ == 0) events |= kPollHup;
  return events;
}

bool Tty::wants_keys() const {
  // While the screen is full, those who wait may be writers only.
  const bool awaited = !queue_.empty() || (queue_.listened() & kPollIn) != 0;
  return awaited && line_.accepts_output() && (poll() & kPollIn) == 0;
}

void Tty::set_window(const WindowSize& size) {
  if (size == window_) return;
  window_ = size;
  signal_foreground(kSigWinch);
}

void Tty::set_termios(const Termios& termios) {
  line_.set_termios(termios);
  queue_.wake();
  master_queue_.wake();
}

void Tty::hang_up() {
  if (hung_up_) return;
  hung_up_ = true;
  line_.flush_input();
  queue_.wake();
  master_queue_.wake();
  Ref<Tty> keep(this);  // the processes below may hold the last references
  const int32_t session = std::exchange(session_, 0);
  const int32_t foreground = std::exchange(foreground_, 0);
  if (session == 0) return;
  for (Process* process : kernel_->all_processes()) {
    if (process->sid != session) continue;
    process->controlling_terminal = nullptr;
    if (process->pid != session) continue;
    process->lost_foreground = foreground;
    (void)kernel_->send_signal(*process, kernel_signal(kSigHup));
    (void)kernel_->send_signal(*process, kernel_signal(kSigCont));
  }
}

void Tty::slave_opened() {
  ever_opened_ = true;
  ++slaves_;
}

void Tty::slave_closed() {
  if (--slaves_ == 0) master_queue_.wake();
}

// --- program side

bool Tty::is_controlling(const Call& call) const {
  return call.process().controlling_terminal.get() == this;
}

SysResult<Unit> Tty::check_background(Call& call, int32_t signo) {
  const int32_t group = call.process().pgid;
  if (!is_controlling(call) || foreground_ == 0 || group == foreground_) return Unit{};
  if (ignores(call, signo)) {
    if (signo == kSigTtin) return Errno::kIO;
    return Unit{};
  }
  if (kernel_->group_is_orphaned(group)) return Errno::kIO;
  kernel_->signal_group(group, kernel_signal(signo));
  // A group that stops here must try again when it goes on: the wait is already over then.
  return call.block({}, kernel_->clock().monotonic_ns());
}

SysResult<uint64_t> Tty::read(Call& call, std::span<uint8_t> out, bool nonblocking) {
  // One who was waiting when the terminal went learns it as an error, later ones as the end.
  if (hung_up_) return call.retried() ? SysResult<uint64_t>(Errno::kIO) : 0;
  if (out.empty()) return 0;
  TRY(check_background(call, kSigTtin));
  SysResult<uint64_t> result = Errno::kAGAIN;
  if (line_.canonical()) {
    size_t count = 0;
    if (line_.read(out, count)) result = count;
  } else {
    result = read_raw(call, out, nonblocking);
  }
  if (result.ok()) master_queue_.wake();  // there is room for keys again
  return result;
}

// VMIN and VTIME of termios(3).
SysResult<uint64_t> Tty::read_raw(Call& call, std::span<uint8_t> out, bool nonblocking) {
  const uint64_t minimum = termios().chars[kVMin];
  const int64_t wait = termios().chars[kVTime] * kTenthSecond;
  const uint64_t enough = std::min<uint64_t>(std::max<uint64_t>(minimum, 1), out.size());
  const uint64_t available = line_.available();
  const int64_t now = kernel_->clock().monotonic_ns();
  int64_t& deadline = call.scratch().deadline;
  bool over = available >= enough || (nonblocking && available > 0);
  if (minimum == 0) {
    // The time runs from the start of the call.
    if (deadline == 0) deadline = now + wait;
    over |= now >= deadline;
  } else if (wait > 0) {
    // The time runs between two bytes.
    deadline = available > 0 ? last_input_ns_ + wait : 0;
    over |= available > 0 && now >= deadline;
  } else {
    deadline = 0;
  }
  if (!over) return Errno::kAGAIN;
  size_t count = 0;
  line_.read(out, count);
  return count;
}

SysResult<uint64_t> Tty::write(Call& call, std::span<const uint8_t> text) {
  if (hung_up_) return Errno::kIO;
  if (termios().local_flags & kTostop) TRY(check_background(call, kSigTtou));
  if (text.empty()) return 0;
  const size_t taken = line_.write(text);
  if (taken == 0) return Errno::kAGAIN;
  master_queue_.wake();
  return taken;
}

uint32_t Tty::poll() const {
  if (hung_up_) return kPollIn | kPollOut | kPollErr | kPollHup;
  uint32_t events = line_.accepts_output() ? kPollOut : 0;
  const uint8_t minimum = termios().chars[kVMin];
  const uint64_t enough = termios().chars[kVTime] == 0 && minimum > 0 ? minimum : 1;
  const bool readable = line_.canonical() ? line_.line_ready() : line_.available() >= enough;
  return events | (readable ? kPollIn : 0);
}

// --- sessions

bool Tty::become_controlling(Process& process) {
  if (process.pid != process.sid || process.controlling_terminal || session_ != 0) return false;
  session_ = process.sid;
  foreground_ = process.pgid;
  process.controlling_terminal = Ref<Tty>(this);
  process.lost_foreground = 0;
  return true;
}

void Tty::leave_session(bool leader_exits) {
  Ref<Tty> keep(this);
  if (foreground_ > 0) {
    kernel_->signal_group(foreground_, kernel_signal(kSigHup));
    if (!leader_exits) kernel_->signal_group(foreground_, kernel_signal(kSigCont));
  }
  for (Process* process : kernel_->all_processes())
    if (process->controlling_terminal.get() == this) process->controlling_terminal = nullptr;
  session_ = 0;
  foreground_ = 0;
}

void end_session(Process& leader) {
  if (leader.pid != leader.sid) return;
  if (leader.controlling_terminal) {
    // Only terminals are ever stored there.
    static_cast<Tty*>(leader.controlling_terminal.get())->leave_session(true);
    return;
  }
  // The terminal went before the leader did. The number may be another session's group by now.
  Kernel& kernel = *leader.kernel;
  const int32_t group = std::exchange(leader.lost_foreground, 0);
  for (const Process* process : kernel.all_processes()) {
    if (group == 0 || process->pgid != group || process->sid != leader.sid) continue;
    kernel.signal_group(group, kernel_signal(kSigHup));
    kernel.signal_group(group, kernel_signal(kSigCont));
    return;
  }
}

// --- ioctl

SysResult<int32_t> Tty::ioctl(Call& call, uint32_t command, UserPtr argument, Side side) {
  if (hung_up_ && side == Side::kSlave) return command == kTiocSpgrp ? Errno::kNOTTY : Errno::kIO;
  switch (command) {
    case kTcGets:
      TRY(call.put(argument, termios()));
      return 0;
    case kTcSets:
    case kTcSetsW:
    case kTcSetsF:
      if (side == Side::kSlave) TRY(check_background(call, kSigTtou));
      return set_modes(call, argument, command == kTcSetsF);
    case kTcFlsh:
      if (side == Side::kSlave) TRY(check_background(call, kSigTtou));
      return flush(argument.address, side);
    case kTcXonc:
      if (side == Side::kSlave) TRY(check_background(call, kSigTtou));
      return flow(call, argument.address);
    case kTcSbrk:
    case kTcSbrkP:
      if (side == Side::kSlave) TRY(check_background(call, kSigTtou));
      return 0;  // output drains by itself, and there is no line to break
    case kTiocGwinsz:
      TRY(call.put(argument, window_));
      return 0;
    case kTiocSwinsz:
      set_window(TRY(call.get<WindowSize>(argument)));
      return 0;
    case kFionRead:
      TRY(call.put(argument, static_cast<int32_t>(side == Side::kSlave ? line_.available()
                                                                       : line_.output_size())));
      return 0;
    case kTiocOutq:
      TRY(call.put(argument, static_cast<int32_t>(line_.output_size())));
      return 0;
    case kTiocExcl:
    case kTiocNxcl:
      return 0;  // exclusive use is not enforced
    default:
      return ioctl_session(call, command, argument, side);
  }
}

SysResult<int32_t> Tty::ioctl_session(Call& call, uint32_t command, UserPtr argument, Side side) {
  switch (command) {
    case kTiocGpgrp:
      if (side == Side::kSlave && !is_controlling(call)) return Errno::kNOTTY;
      TRY(call.put(argument, foreground_));
      return 0;
    case kTiocSpgrp:
      return set_foreground(call, argument);
    case kTiocGsid:
      if (side == Side::kSlave && !is_controlling(call)) return Errno::kNOTTY;
      if (session_ == 0) return Errno::kNOTTY;
      TRY(call.put(argument, session_));
      return 0;
    case kTiocSctty:
      return take_control(call, argument.address);
    case kTiocNotty:
      return give_up_control(call);
    default:
      return Errno::kNOTTY;
  }
}

SysResult<int32_t> Tty::set_modes(Call& call, UserPtr argument, bool flush) {
  const Termios modes = TRY(call.get<Termios>(argument));
  if (flush) line_.flush_input();
  set_termios(modes);
  return 0;
}

SysResult<int32_t> Tty::set_foreground(Call& call, UserPtr argument) {
  const auto allowed = check_background(call, kSigTtou);
  if (!allowed.ok()) return allowed.error() == Errno::kIO ? Errno::kNOTTY : allowed.error();
  const Process& caller = call.process();
  if (!is_controlling(call) || session_ != caller.sid) return Errno::kNOTTY;
  const int32_t group = TRY(call.get<int32_t>(argument));
  if (group < 0) return Errno::kINVAL;
  bool exists = false;
  for (const Process* process : kernel_->all_processes()) {
    if (process->pgid != group) continue;
    if (process->sid != caller.sid) return Errno::kPERM;
    exists = true;
  }
  if (!exists) return Errno::kSRCH;
  foreground_ = group;
  return 0;
}

SysResult<int32_t> Tty::take_control(Call& call, uint32_t) {
  Process& caller = call.process();
  if (caller.pid == caller.sid && session_ == caller.sid && is_controlling(call)) return 0;
  return become_controlling(caller) ? SysResult<int32_t>(0) : Errno::kPERM;
}

SysResult<int32_t> Tty::give_up_control(Call& call) {
  if (!is_controlling(call)) return Errno::kNOTTY;
  Process& caller = call.process();
  if (caller.pid == caller.sid)
    leave_session(false);
  else
    caller.controlling_terminal = nullptr;
  return 0;
}

SysResult<int32_t> Tty::flush(uint32_t which, Side side) {
  enum : uint32_t { kInput, kOutput, kBoth };
  if (which > kBoth) return Errno::kINVAL;
  if (side == Side::kMaster) {
    if (which != kOutput) line_.flush_output();
  } else {
    if (which != kOutput) line_.flush_input();
    if (which != kInput) line_.flush_output();
  }
  queue_.wake();
  master_queue_.wake();
  return 0;
}

SysResult<int32_t> Tty::flow(Call&, uint32_t action) {
  enum : uint32_t { kStopOutput, kStartOutput, kSendStop, kSendStart };
  if (action > kSendStart) return Errno::kINVAL;
  if (action <= kStartOutput) {
    line_.set_stopped(action == kStopOutput);
    queue_.wake();
    master_queue_.wake();
  }
  return 0;
}

// --- files

TtyFile::TtyFile(Ref<Tty> tty, vfs::Location location, uint32_t flags, const vfs::Namespace& names)
    : OpenFile(flags), tty_(std::move(tty)), location_(std::move(location)), names_(names) {
  tty_->slave_opened();
}

TtyFile::~TtyFile() {
  release_description_locks(*this);
  tty_->slave_closed();
}

SysResult<uint64_t> TtyFile::read(Call& call, std::span<uint8_t> out) {
  ++reads_;
  return tty_->read(call, out, (flags_ & kNonBlock) != 0);
}

SysResult<uint64_t> TtyFile::write(Call& call, std::span<const uint8_t> in) {
  return tty_->write(call, in);
}

SysResult<int32_t> TtyFile::ioctl(Call& call, uint32_t command, UserPtr argument) {
  return tty_->ioctl(call, command, argument, Tty::Side::kSlave);
}

std::string TtyFile::describe() const { return describe_location(&names_, location_, "tty"); }

SysResult<FileRef> open_controlling_terminal(Call& call, const vfs::Location& location,
                                             uint32_t flags) {
  RefCounted* terminal = call.process().controlling_terminal.get();
  if (!terminal) return Errno::kNXIO;
  Ref<Tty> tty(static_cast<Tty*>(terminal));  // only terminals are ever stored there
  return FileRef(make_ref<TtyFile>(tty, location, flags, call.kernel().names()));
}

}  // namespace cloche::kernel
