#include "cap/caveats/mistake.h"

#include <algorithm>

#include "base/printable.h"

namespace cloche::cap {
namespace {

constexpr size_t kMaxWord = 40;

// Insertions, deletions, replacements and swaps of neighbours that make `b` of `a`.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const size_t replace = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

// Other words for the same, as other notations have them.
struct Synonym {
  std::string_view word, meant;
};
constexpr Synonym kSynonyms[] = {{"=", "eq"},
                                 {"==", "eq"},
                                 {"!=", "ne"},
                                 {"<", "lt"},
                                 {"<=", "le"},
                                 {">", "gt"},
                                 {">=", "ge"},
                                 {"lte", "le"},
                                 {"gte", "ge"},
                                 {"max", "le"},
                                 {"min", "ge"},
                                 {"maximum", "le"},
                                 {"minimum", "ge"},
                                 {"equals", "eq"},
                                 {"const", "eq"},
                                 {"enum", "in"},
                                 {"one_of", "in"},
                                 {"prefix", "starts_with"},
                                 {"suffix", "ends_with"},
                                 {"regex", "matches"},
                                 {"pattern", "matches"},
                                 {"and", "all"},
                                 {"or", "any"},
                                 {"host", "host_in"},
                                 {"domain", "host_in"},
                                 {"path", "under"},
                                 {"nin", "not_in"},
                                 {"required", "exists"},
                                 {"name", "tool"},
                                 {"params", "where"},
                                 {"parameters", "where"},
                                 {"limit", "calls"},
                                 {"until", "expires"}};

std::string plain(std::string_view word) {
  std::string out;
  for (const char c : word) {
    if (c >= 'A' && c <= 'Z') {
      out.push_back(static_cast<char>(c - 'A' + 'a'));
    } else if (c != '_' && c != '-' && c != ' ' && c != '$') {
      out.push_back(c);
    }
  }
  return out;
}

}  // namespace

std::string describe(const Mistake& mistake) {
  std::string text = mistake.pointer.empty() ? "" : printable(mistake.pointer) + ": ";
  text += mistake.message;
  if (!mistake.suggestion.empty()) text += "; did you mean \"" + mistake.suggestion + "\"?";
  return text;
}

void sort_mistakes(Mistakes& mistakes) {
  std::sort(mistakes.begin(), mistakes.end(), [](const Mistake& a, const Mistake& b) {
    return a.offset != b.offset ? a.offset < b.offset : a.pointer < b.pointer;
  });
}

std::string pointer_to(const std::string& pointer, std::string_view name) {
  std::string out = pointer + "/";
  for (const char c : name) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string nearest_word(std::string_view word, const std::vector<std::string_view>& candidates) {
  if (word.empty() || word.size() > kMaxWord) return {};
  const auto known = [&candidates](std::string_view w) {
    return std::find(candidates.begin(), candidates.end(), w) != candidates.end();
  };
  const std::string simple = plain(word);
  for (const Synonym& synonym : kSynonyms) {
    if (plain(synonym.word) == simple && known(synonym.meant)) return std::string(synonym.meant);
  }
  std::string_view best;
  size_t least = std::max<size_t>(1, simple.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const size_t distance = edit_distance(simple, plain(candidate));
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return std::string(best);
}

}  // namespace cloche::cap
