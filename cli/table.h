// Columns for people.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/control/text.h"

namespace cloche::cli {

// The first row is the header. Every cell goes through displayable(); columns are as wide as their
// widest cell, two spaces apart, the last one as it is. `align` has one entry a column.
using Row = std::vector<std::string>;
std::string format_table(const std::vector<Row>& rows, std::span<const Align> align);

}  // namespace cloche::cli
