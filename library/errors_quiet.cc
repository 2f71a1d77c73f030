// Built with -fno-exceptions, into the same program as errors_test.cc.
#include "library/errors_quiet.h"

namespace cloche {

#ifdef __cpp_exceptions
#error "this file is the one without exceptions"
#endif

int quiet_value(const Expected<int>& expected) { return expected.value(); }
void quiet_check(const std::optional<Failure>& failure) { check(failure); }

}  // namespace cloche
