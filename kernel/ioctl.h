// ioctl numbers of the guest ABI (Linux asm-generic).
#pragma once

#include <cstdint>

namespace cloche::kernel {

// clang-format off
enum Ioctl : uint32_t {
  kTcGets = 0x5401, kTcSets, kTcSetsW, kTcSetsF,
  kTcSbrk = 0x5409, kTcXonc = 0x540a, kTcFlsh = 0x540b, kTiocExcl = 0x540c, kTiocNxcl = 0x540d,
  kTiocSctty = 0x540e, kTiocGpgrp = 0x540f, kTiocSpgrp = 0x5410, kTiocOutq = 0x5411,
  kTiocSti = 0x5412, kTiocGwinsz = 0x5413, kTiocSwinsz = 0x5414, kFionRead = 0x541b,
  kTiocPkt = 0x5420, kFionBio = 0x5421, kTiocNotty = 0x5422, kTcSbrkP = 0x5425,
  kTiocGsid = 0x5429, kTiocGptn = 0x80045430, kTiocSptlck = 0x40045431,
  kTiocGptlck = 0x80045439, kTiocGptpeer = 0x5441,
  kToolOpen = 0xc101, kToolRevoke = 0xc102,  // of /dev/tool only
  kFioNclex = 0x5450, kFioClex = 0x5451, kFioAsync = 0x5452,
};
// clang-format on

}  // namespace cloche::kernel
