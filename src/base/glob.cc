#include "base/glob.h"

#include <algorithm>

#include "base/text.h"

namespace deadletter {
namespace {

// Bytes of the character that comes first; what is not UTF-8 counts a byte a character.
std::size_t StepOver(std::string_view text) {
  return std::max<std::size_t>(Utf8CharacterLength(text), 1);
}

}  // namespace

// Only the last '*' is ever tried again, one character longer each time: an earlier one could not
// match more.
bool GlobMatches(std::string_view glob, std::string_view text) {
  std::size_t at = 0;
  std::size_t behind_star = std::string_view::npos;
  std::string_view star_ends;  // the text from where the last '*' ends for now
  while (!text.empty()) {
    if (at < glob.size() && glob[at] == '*') {
      behind_star = ++at;
      star_ends = text;
    } else if (at < glob.size() && glob[at] == '?') {
      ++at;
      text.remove_prefix(StepOver(text));
    } else if (at < glob.size() && glob[at] == text.front()) {
      ++at;
      text.remove_prefix(1);
    } else if (behind_star != std::string_view::npos) {
      star_ends.remove_prefix(StepOver(star_ends));
      text = star_ends;
      at = behind_star;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', at) == std::string_view::npos;
}

}  // namespace deadletter
