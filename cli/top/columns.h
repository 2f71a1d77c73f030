// The columns of cloche top.
#pragma once

#include <string>
#include <vector>

#include "cli/control/text.h"
#include "cli/top/model.h"

namespace cloche::cli {

// "▁▂▄█", one column a value, the newest on the right; in ASCII "_.-^". `full`: what fills a
// column.
std::string sparkline(const std::vector<double>& values, size_t width, double full,
                      Charset charset);
// "[####....]", `width` columns wide; `share` from 0 to 1.
std::string bar(double share, size_t width);

// As many columns as fit, the important ones first to stay; exactly `width` columns wide.
std::string header_line(size_t width);
std::string sandbox_line(const SandboxRow& row, bool opened, size_t width, Charset charset);
std::string process_header(size_t width);
std::string process_line(const ProcessRow& row, size_t width, Charset charset);

}  // namespace cloche::cli
