#include "kernel/fifo.h"

#include "kernel/io_state.h"
#include "kernel/kernel.h"

namespace cloche::kernel {
namespace {

// A FIFO without open ends keeps no bytes: the ring of the last user must not be seen again.
SysResult<Ref<Pipe>> pipe_of(Call& call, vfs::Inode& inode) {
  InodeState& state = state_of(inode);
  const bool fresh = !state.pipe || (state.pipe->readers() == 0 && state.pipe->writers() == 0);
  IoState& io = call.kernel().io();
  if (fresh) state.pipe = TRY(Pipe::create(io.pipe_memory(), io.pipe_capacity()));
  return state.pipe;
}

uint64_t peers_ever(PipeEnd& end) {
  return end.readable() ? end.pipe().writers_ever() : end.pipe().readers_ever();
}

}  // namespace

SysResult<FileRef> open_fifo(Call& call, const vfs::Location& location, uint32_t flags) {
  const uint32_t access = flags & kAccessMode;
  if (access == kAccessMode) return Errno::kINVAL;
  const Ref<Pipe> pipe = TRY(pipe_of(call, *location.inode));
  // A pipe reached through /proc/self/fd has no name to meet at: nobody waits, its ends may be
  // gone.
  const bool named = static_cast<bool>(location.mount);
  if (named && access == kWriteOnly && (flags & kNonBlock) && pipe->readers() == 0)
    return Errno::kNXIO;
  auto end = make_ref<PipeEnd>(pipe, location, flags, &call.kernel().names());
  const uint32_t peers = access == kReadOnly ? pipe->writers() : pipe->readers();
  if (!named || access == kReadWrite || (flags & kNonBlock) || peers > 0) return FileRef(end);
  call.scratch().progress = peers_ever(*end);
  call.scratch().object = end;
  return call.block({&pipe->queue()});
}

SysResult<FileRef> resume_open_fifo(Call& call) {
  Ref<PipeEnd> end(static_cast<PipeEnd*>(call.scratch().object.get()));
  if (peers_ever(*end) != call.scratch().progress) return FileRef(end);
  return call.block({end->wait_queue(0)});
}

}  // namespace cloche::kernel
