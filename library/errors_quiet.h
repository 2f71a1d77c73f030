// What a file without exceptions does with failures.
#pragma once

#include <cloche/cloche.hpp>

namespace cloche {

int quiet_value(const Expected<int>& expected);
void quiet_check(const std::optional<Failure>& failure);

}  // namespace cloche
