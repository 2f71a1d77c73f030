#include "abi/errno.h"

namespace cloche::abi {
namespace {

struct Name {
  Errno error;
  const char* name;
};

// Every number a guest may see. Linux's generic numbers are the x86-64 host's own.
// clang-format off
constexpr Name kNames[] = {
    {Errno::kPERM, "EPERM"}, {Errno::kNOENT, "ENOENT"}, {Errno::kSRCH, "ESRCH"},
    {Errno::kINTR, "EINTR"}, {Errno::kIO, "EIO"}, {Errno::kNXIO, "ENXIO"},
    {Errno::k2BIG, "E2BIG"}, {Errno::kNOEXEC, "ENOEXEC"}, {Errno::kBADF, "EBADF"},
    {Errno::kCHILD, "ECHILD"}, {Errno::kAGAIN, "EAGAIN"}, {Errno::kNOMEM, "ENOMEM"},
    {Errno::kACCES, "EACCES"}, {Errno::kFAULT, "EFAULT"}, {Errno::kNOTBLK, "ENOTBLK"},
    {Errno::kBUSY, "EBUSY"}, {Errno::kEXIST, "EEXIST"}, {Errno::kXDEV, "EXDEV"},
    {Errno::kNODEV, "ENODEV"}, {Errno::kNOTDIR, "ENOTDIR"}, {Errno::kISDIR, "EISDIR"},
    {Errno::kINVAL, "EINVAL"}, {Errno::kNFILE, "ENFILE"}, {Errno::kMFILE, "EMFILE"},
    {Errno::kNOTTY, "ENOTTY"}, {Errno::kTXTBSY, "ETXTBSY"}, {Errno::kFBIG, "EFBIG"},
    {Errno::kNOSPC, "ENOSPC"}, {Errno::kSPIPE, "ESPIPE"}, {Errno::kROFS, "EROFS"},
    {Errno::kMLINK, "EMLINK"}, {Errno::kPIPE, "EPIPE"}, {Errno::kDOM, "EDOM"},
    {Errno::kRANGE, "ERANGE"}, {Errno::kDEADLK, "EDEADLK"},
    {Errno::kNAMETOOLONG, "ENAMETOOLONG"}, {Errno::kNOLCK, "ENOLCK"},
    {Errno::kNOSYS, "ENOSYS"}, {Errno::kNOTEMPTY, "ENOTEMPTY"}, {Errno::kLOOP, "ELOOP"},
    {Errno::kNODATA, "ENODATA"}, {Errno::kPROTO, "EPROTO"}, {Errno::kOVERFLOW, "EOVERFLOW"},
    {Errno::kILSEQ, "EILSEQ"}, {Errno::kNOTSOCK, "ENOTSOCK"},
    {Errno::kDESTADDRREQ, "EDESTADDRREQ"}, {Errno::kMSGSIZE, "EMSGSIZE"},
    {Errno::kPROTOTYPE, "EPROTOTYPE"}, {Errno::kNOPROTOOPT, "ENOPROTOOPT"},
    {Errno::kPROTONOSUPPORT, "EPROTONOSUPPORT"}, {Errno::kSOCKTNOSUPPORT, "ESOCKTNOSUPPORT"},
    {Errno::kOPNOTSUPP, "EOPNOTSUPP"},
    {Errno::kAFNOSUPPORT, "EAFNOSUPPORT"}, {Errno::kADDRINUSE, "EADDRINUSE"},
    {Errno::kADDRNOTAVAIL, "EADDRNOTAVAIL"}, {Errno::kNETDOWN, "ENETDOWN"},
    {Errno::kNETUNREACH, "ENETUNREACH"}, {Errno::kCONNABORTED, "ECONNABORTED"},
    {Errno::kCONNRESET, "ECONNRESET"}, {Errno::kNOBUFS, "ENOBUFS"},
    {Errno::kTOOMANYREFS, "ETOOMANYREFS"}, {Errno::kISCONN, "EISCONN"},
    {Errno::kNOTCONN, "ENOTCONN"}, {Errno::kTIMEDOUT, "ETIMEDOUT"},
    {Errno::kCONNREFUSED, "ECONNREFUSED"}, {Errno::kALREADY, "EALREADY"},
    {Errno::kINPROGRESS, "EINPROGRESS"}, {Errno::kDQUOT, "EDQUOT"},
    {Errno::kCANCELED, "ECANCELED"},
};
// clang-format on

}  // namespace

Errno from_host_errno(int host_errno) {
  for (const Name& entry : kNames)
    if (static_cast<int>(entry.error) == host_errno) return entry.error;
  return Errno::kIO;
}

const char* errno_name(Errno error) {
  for (const Name& entry : kNames)
    if (entry.error == error) return entry.name;
  return "E?";
}

}  // namespace cloche::abi
