// Flags of clone(2).
#pragma once

#include <cstdint>

namespace cloche::kernel {

enum CloneFlags : uint32_t {
  kCloneExitSignal = 0xff,  // the mask of the signal for the parent
  kCloneVm = 0x100,
  kCloneFs = 0x200,
  kCloneFiles = 0x400,
  kCloneSighand = 0x800,
  kClonePidFd = 0x1000,
  kClonePtrace = 0x2000,
  kCloneVfork = 0x4000,
  kCloneParent = 0x8000,
  kCloneThread = 0x10000,
  kCloneNewNs = 0x20000,
  kCloneSysvSem = 0x40000,
  kCloneSetTls = 0x80000,
  kCloneParentSetTid = 0x100000,
  kCloneChildClearTid = 0x200000,
  kCloneDetached = 0x400000,
  kCloneUntraced = 0x800000,
  kCloneChildSetTid = 0x1000000,
  kCloneNewCgroup = 0x2000000,
  kCloneNewUts = 0x4000000,
  kCloneNewIpc = 0x8000000,
  kCloneNewUser = 0x10000000,
  kCloneNewPid = 0x20000000,
  kCloneNewNet = 0x40000000,
  kCloneIo = 0x80000000,
};
inline constexpr uint32_t kCloneNewMask = kCloneNewNs | kCloneNewCgroup | kCloneNewUts |
                                          kCloneNewIpc | kCloneNewUser | kCloneNewPid |
                                          kCloneNewNet;

}  // namespace cloche::kernel
