// Bytes of unknown origin, made fit to be shown.
#pragma once

#include <string>
#include <string_view>

namespace cloche {

// Printable ASCII and valid UTF-8 stay. Control characters, backslashes, broken UTF-8 and the marks
// that turn the direction of text become \n, \t, \x1b and so on. So what it gives moves no cursor,
// fills no second line and hides nothing.
std::string printable(std::string_view bytes);

}  // namespace cloche
