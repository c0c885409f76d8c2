// Where a command writes, and what that place can show.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <limits>
#include <string>
#include <string_view>

namespace deadletter::cli {

// Where lines may be of any length: a file, a pipe.
inline constexpr std::size_t kAnyColumns = std::numeric_limits<std::size_t>::max();

struct Terminal {
  std::ostream& out;
  std::ostream& error;
  std::size_t columns = 80;
  bool colour = false;
  bool blocks = false;  // it shows block elements (U+2581 …); else bars are drawn in ASCII
};

// Standard output and error. Columns: the terminal's, else COLUMNS, else 80 on a terminal and any
// number elsewhere: what a script reads is whole. Colour: only on a
// terminal, without NO_COLOR, and not on TERM=dumb. Block elements: only on a terminal, and where
// the locale is one of UTF-8.
[[nodiscard]] Terminal StandardTerminal();

// Any bytes made harmless for a terminal, on one line: control characters (C0, C1, DEL: escape
// sequences begin with one), invisible and direction-changing characters, and what is not UTF-8
// become visible replacements.
[[nodiscard]] std::string SafeText(std::string_view bytes);

// The same for JSON text, which stays JSON of the same meaning: such characters become \u escapes.
[[nodiscard]] std::string SafeJson(std::string_view json);

// One line on `terminal.error`: "deadletter: …", made safe.
void SayError(const Terminal& terminal, std::string_view message);

}  // namespace deadletter::cli
