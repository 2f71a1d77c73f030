#include "session/failures.h"

#include <cstring>

namespace cloche::session {
namespace {

Failure::Kind kind_of(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
    case Code::kExists:
      return Failure::Kind::kInvalidArgument;
    case Code::kNotFound:
      return Failure::Kind::kNotFound;
    case Code::kPermissionDenied:
      return Failure::Kind::kPermissionDenied;
    case Code::kMalformed:
      return Failure::Kind::kMalformed;
    case Code::kUnsupported:
      return Failure::Kind::kUnsupported;
    case Code::kResourceExhausted:
      return Failure::Kind::kResourceExhausted;
    case Code::kIo:
      return Failure::Kind::kIo;
    case Code::kInternal:
      return Failure::Kind::kInternal;
  }
  return Failure::Kind::kInternal;
}

Failure::Kind kind_of(abi::Errno error) {
  using abi::Errno;
  switch (error) {
    case Errno::kNOENT:
    case Errno::kSRCH:
      return Failure::Kind::kNotFound;
    case Errno::kACCES:
    case Errno::kPERM:
    case Errno::kROFS:
      return Failure::Kind::kPermissionDenied;
    case Errno::kNOMEM:
    case Errno::kAGAIN:
    case Errno::kMFILE:
    case Errno::kNFILE:
    case Errno::kNOSPC:
    case Errno::kFBIG:
    case Errno::kDQUOT:
      return Failure::Kind::kResourceExhausted;
    case Errno::kIO:
      return Failure::Kind::kIo;
    default:
      return Failure::Kind::kInvalidArgument;
  }
}

}  // namespace

Failure failure_of(const Error& error) { return Failure{kind_of(error.code), error.message}; }

Failure invalid(std::string message) {
  return Failure{Failure::Kind::kInvalidArgument, std::move(message)};
}

// Guest numbers are those of asm-generic, which are the host's too.
std::string describe(abi::Errno error) { return strerror(static_cast<int>(error)); }

Failure failure_of(abi::Errno error, const std::string& what) {
  return Failure{kind_of(error), what + ": " + describe(error)};
}

}  // namespace cloche::session
