// Linux error numbers (asm-generic), as the guest sees them.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace cloche::abi {

// clang-format off
enum class Errno : int32_t {
  kPERM = 1, kNOENT = 2, kSRCH = 3, kINTR = 4, kIO = 5, kNXIO = 6, k2BIG = 7, kNOEXEC = 8,
  kBADF = 9, kCHILD = 10, kAGAIN = 11, kNOMEM = 12, kACCES = 13, kFAULT = 14, kNOTBLK = 15,
  kBUSY = 16, kEXIST = 17, kXDEV = 18, kNODEV = 19, kNOTDIR = 20, kISDIR = 21, kINVAL = 22,
  kNFILE = 23, kMFILE = 24, kNOTTY = 25, kTXTBSY = 26, kFBIG = 27, kNOSPC = 28, kSPIPE = 29,
  kROFS = 30, kMLINK = 31, kPIPE = 32, kDOM = 33, kRANGE = 34, kDEADLK = 35, kNAMETOOLONG = 36,
  kNOLCK = 37, kNOSYS = 38, kNOTEMPTY = 39, kLOOP = 40, kNODATA = 61, kPROTO = 71, kOVERFLOW = 75,
  kILSEQ = 84, kNOTSOCK = 88, kDESTADDRREQ = 89, kMSGSIZE = 90, kPROTOTYPE = 91,
  kNOPROTOOPT = 92, kPROTONOSUPPORT = 93, kSOCKTNOSUPPORT = 94, kOPNOTSUPP = 95,
  kAFNOSUPPORT = 97, kADDRINUSE = 98, kADDRNOTAVAIL = 99, kNETDOWN = 100, kNETUNREACH = 101,
  kCONNABORTED = 103, kCONNRESET = 104,
  kNOBUFS = 105, kISCONN = 106, kNOTCONN = 107, kTOOMANYREFS = 109,
  kTIMEDOUT = 110, kCONNREFUSED = 111, kALREADY = 114, kINPROGRESS = 115, kDQUOT = 122,
  kCANCELED = 125,
  kRESTART = 512,   // internal: libc restarts the call or gives EINTR (abi/README.md)
  kSUSPEND = 4096,  // internal: the call has suspended its thread
  kNOTCAPABLE = 4097,  // of WASI only: a descriptor without the right
};
// clang-format on

template <class T>
using SysResult = Result<T, Errno>;

// The same number as the host's errno value, where the guest may know it; else EIO.
Errno from_host_errno(int host_errno);
const char* errno_name(Errno error);  // "ENOENT"

}  // namespace cloche::abi
