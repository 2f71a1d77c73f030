#include "kernel/wasi/wasi.h"

#include "kernel/socket.h"

namespace cloche::kernel::wasi {
namespace {

struct Pair {
  Errno error;
  uint16_t number;
};

// clang-format off
constexpr Pair kNumbers[] = {
    {Errno::k2BIG, 1}, {Errno::kACCES, 2}, {Errno::kADDRINUSE, 3}, {Errno::kADDRNOTAVAIL, 4},
    {Errno::kAFNOSUPPORT, 5},
    {Errno::kAGAIN, 6}, {Errno::kALREADY, 7}, {Errno::kBADF, 8}, {Errno::kBUSY, 10},
    {Errno::kCANCELED, 11}, {Errno::kCHILD, 12}, {Errno::kCONNABORTED, 13},
    {Errno::kCONNREFUSED, 14}, {Errno::kCONNRESET, 15}, {Errno::kDEADLK, 16},
    {Errno::kDESTADDRREQ, 17}, {Errno::kDOM, 18}, {Errno::kDQUOT, 19}, {Errno::kEXIST, 20},
    {Errno::kFAULT, 21}, {Errno::kFBIG, 22}, {Errno::kILSEQ, 25}, {Errno::kINPROGRESS, 26},
    {Errno::kINTR, 27}, {Errno::kINVAL, 28}, {Errno::kIO, 29}, {Errno::kISCONN, 30},
    {Errno::kISDIR, 31}, {Errno::kLOOP, 32}, {Errno::kMFILE, 33}, {Errno::kMLINK, 34},
    {Errno::kMSGSIZE, 35}, {Errno::kNAMETOOLONG, 37}, {Errno::kNETDOWN, 38},
    {Errno::kNETUNREACH, 40},
    {Errno::kNFILE, 41}, {Errno::kNOBUFS, 42}, {Errno::kNODEV, 43}, {Errno::kNOENT, 44},
    {Errno::kNOEXEC, 45}, {Errno::kNOLCK, 46}, {Errno::kNOMEM, 48}, {Errno::kNOPROTOOPT, 50},
    {Errno::kNOSPC, 51}, {Errno::kNOSYS, 52}, {Errno::kNOTCONN, 53}, {Errno::kNOTDIR, 54},
    {Errno::kNOTEMPTY, 55}, {Errno::kNOTSOCK, 57}, {Errno::kOPNOTSUPP, 58}, {Errno::kNOTTY, 59},
    {Errno::kNXIO, 60}, {Errno::kOVERFLOW, 61}, {Errno::kPERM, 63}, {Errno::kPIPE, 64},
    {Errno::kPROTO, 65}, {Errno::kPROTONOSUPPORT, 66}, {Errno::kPROTOTYPE, 67},
    {Errno::kRANGE, 68}, {Errno::kROFS, 69}, {Errno::kSPIPE, 70}, {Errno::kSRCH, 71},
    {Errno::kTIMEDOUT, 73}, {Errno::kTXTBSY, 74}, {Errno::kXDEV, 75},
    {Errno::kNOTCAPABLE, 76},
    // A caught signal: programs for WASI have no handlers, so it is one that ends the process.
    {Errno::kRESTART, 27},
};
// clang-format on
constexpr uint16_t kIo = 29;

}  // namespace

uint16_t errno_of(Errno error) {
  for (const Pair& pair : kNumbers)
    if (pair.error == error) return pair.number;
  return kIo;
}

FileType type_of(vfs::FileType type) {
  switch (type) {
    case vfs::FileType::kRegular:
      return kRegularFile;
    case vfs::FileType::kDirectory:
      return kDirectoryType;
    case vfs::FileType::kSymlink:
      return kSymbolicLink;
    case vfs::FileType::kCharDevice:
      return kCharacterDevice;
    case vfs::FileType::kBlockDevice:
      return kBlockDevice;
    case vfs::FileType::kSocket:
      return kSocketStream;
    case vfs::FileType::kFifo:
      break;
  }
  return kUnknown;
}

FileType type_of(const OpenFile& file, const vfs::Stat& stat) {
  if (file.kind() != FileKind::kSocket) return type_of(stat.type);
  const bool stream = static_cast<const Socket&>(file).connection_based();
  return stream ? kSocketStream : kSocketDatagram;
}

}  // namespace cloche::kernel::wasi
