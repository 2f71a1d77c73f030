#include "cli/table.h"

#include <algorithm>

namespace cloche::cli {

std::string format_table(const std::vector<Row>& rows, std::span<const Align> align) {
  std::vector<size_t> widths(align.size(), 0);
  for (const Row& row : rows) {
    for (size_t i = 0; i < align.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(displayable(row[i])));
    }
  }
  std::string text;
  for (const Row& row : rows) {
    for (size_t i = 0; i + 1 < align.size(); ++i) text += fit(row[i], widths[i], align[i]) + "  ";
    text += displayable(row.back()) + "\n";
  }
  return text;
}

}  // namespace cloche::cli
