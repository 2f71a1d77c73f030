// Terminals: a line discipline, a window size, and job control: which session owns the terminal and
// which process group is in the foreground. Both sides of a pty are this one object; the master
// side is a guest program (kernel/pty.h) or the host (`cloche shell`).
#pragma once

#include <utility>

#include "kernel/line_discipline.h"
#include "kernel/open_file.h"

namespace cloche::kernel {

class Kernel;

// struct winsize of the guest ABI.
struct WindowSize {
  uint16_t rows = 0, columns = 0, x_pixels = 0, y_pixels = 0;
  bool operator==(const WindowSize&) const = default;
};

class Tty final : public RefCounted {
 public:
  // `number`: N of /dev/pts/N; `serial` is never used again. Made by PtyTable.
  Tty(Kernel& kernel, uint32_t number, uint64_t serial);
  ~Tty() override;
  uint32_t number() const { return number_; }
  uint64_t serial() const { return serial_; }
  // The kernel ends before the host lets go of the terminal: from now on it is hung up.
  void detach();

  // --- master side: keyboard and screen. The host may call these between two Kernel::run().
  // Bytes taken of what was typed. EAGAIN: the program has to read first.
  SysResult<uint64_t> master_write(std::span<const uint8_t> keys);
  // Bytes for the screen. EAGAIN: none now; EIO: none, and no program has the terminal open.
  SysResult<uint64_t> master_read(std::span<uint8_t> out);
  uint32_t master_poll() const;
  // A program waits (in read or poll), and there is nothing that it could read.
  bool wants_keys() const;
  WaitQueue& master_queue() { return master_queue_; }
  // SIGWINCH to the foreground group if it changed.
  void set_window(const WindowSize& size);
  const WindowSize& window() const { return window_; }
  const Termios& termios() const { return line_.termios(); }
  void set_termios(const Termios& termios);
  // The screen is gone: programs read end of file, the session leader gets SIGHUP and SIGCONT.
  void hang_up();
  bool hung_up() const { return hung_up_; }

  bool locked() const { return locked_; }  // a slave cannot be opened yet (unlockpt)
  void set_locked(bool locked) { locked_ = locked; }

  // --- program side
  // `first_deadline` of a read with VTIME is kept in the call's scratch.
  SysResult<uint64_t> read(Call& call, std::span<uint8_t> out, bool nonblocking);
  SysResult<uint64_t> write(Call& call, std::span<const uint8_t> text);
  uint32_t poll() const;
  WaitQueue& queue() { return queue_; }
  void slave_opened();
  void slave_closed();

  // ioctls of both sides; `master` ones act on the same terminal without job control checks.
  enum class Side : uint8_t { kSlave, kMaster };
  SysResult<int32_t> ioctl(Call& call, uint32_t command, UserPtr argument, Side side);

  // --- sessions
  int32_t session() const { return session_; }        // 0: none
  int32_t foreground() const { return foreground_; }  // process group, 0: none
  // The last signal of a key that there was no process to hear, once; 0: none.
  int32_t take_unheard() { return std::exchange(unheard_, 0); }
  // Makes it the controlling terminal of the process, a session leader without one. False: it
  // cannot be (not a leader, has one, or another session has this one).
  bool become_controlling(Process& process);
  // The session lets go: at the leader's exit, or by TIOCNOTTY of the leader.
  void leave_session(bool leader_exits);

 private:
  static void raise(void* env, int32_t signo);
  void signal_foreground(int32_t signo);
  // SIGTTIN or SIGTTOU for a caller in the background: the error to give, else Unit.
  SysResult<Unit> check_background(Call& call, int32_t signo);
  bool is_controlling(const Call& call) const;
  SysResult<uint64_t> read_raw(Call& call, std::span<uint8_t> out, bool nonblocking);
  SysResult<int32_t> set_modes(Call& call, UserPtr argument, bool flush);
  SysResult<int32_t> set_foreground(Call& call, UserPtr argument);
  SysResult<int32_t> take_control(Call& call, uint32_t steal);
  SysResult<int32_t> give_up_control(Call& call);
  // What waits to be read on that side, or what it wrote. Input of the master is what slaves wrote;
  // its output has arrived at once, and is not dropped (as on Linux).
  SysResult<int32_t> flush(uint32_t which, Side side);
  SysResult<int32_t> flow(Call& call, uint32_t action);
  SysResult<int32_t> ioctl_session(Call& call, uint32_t command, UserPtr argument, Side side);

  Kernel* kernel_;  // null after detach()
  uint32_t number_;
  uint64_t serial_;
  LineDiscipline line_;
  WindowSize window_;
  int32_t session_ = 0, foreground_ = 0, unheard_ = 0;
  uint32_t slaves_ = 0;
  bool ever_opened_ = false, hung_up_ = false, locked_ = false;
  int64_t last_input_ns_ = 0;
  WaitQueue queue_, master_queue_;
};

// An open slave.
class TtyFile final : public OpenFile {
 public:
  TtyFile(Ref<Tty> tty, vfs::Location location, uint32_t flags, const vfs::Namespace& names);
  ~TtyFile() override;
  FileKind kind() const override { return FileKind::kTerminal; }
  Tty& tty() { return *tty_; }
  SysResult<uint64_t> read(Call& call, std::span<uint8_t> out) override;
  SysResult<uint64_t> write(Call& call, std::span<const uint8_t> in) override;
  SysResult<int32_t> ioctl(Call& call, uint32_t command, UserPtr argument) override;
  SysResult<vfs::Stat> stat() override { return location_.inode->stat(); }
  uint32_t poll() override { return tty_->poll(); }
  WaitQueue* wait_queue(uint32_t) override { return &tty_->queue(); }
  uint64_t activity() const override { return reads_; }
  const vfs::Location& location() const override { return location_; }
  std::string describe() const override;

 private:
  Ref<Tty> tty_;
  vfs::Location location_;
  const vfs::Namespace& names_;
  uint64_t reads_ = 0;
};

// Opens /dev/tty: ENXIO without a controlling terminal.
SysResult<FileRef> open_controlling_terminal(Call& call, const vfs::Location& location,
                                             uint32_t flags);

}  // namespace cloche::kernel
