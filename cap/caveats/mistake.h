// What is wrong with a policy or a part of one, for the person who wrote it.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace cloche::cap {

struct Mistake {
  std::string pointer;     // where, as a JSON pointer (RFC 6901) into what was compiled
  size_t offset = 0;       // of the value or name in the text that was read
  std::string message;     // printable, what is wrong and what would be right
  std::string suggestion;  // the word that was probably meant; empty when none is near
};
using Mistakes = std::vector<Mistake>;

// On one line: "/tools/0/where/amount/gte: there is no operator \"gte\"; did you mean \"ge\"?"
std::string describe(const Mistake& mistake);

// In the order of the text.
void sort_mistakes(Mistakes& mistakes);

// `pointer` and one step more.
std::string pointer_to(const std::string& pointer, std::string_view name);

// The candidate that `word` is probably a misspelling of; empty when none is near.
std::string nearest_word(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace cloche::cap
