// A fuzz target: what must hold for any bytes at all, as code.
#pragma once

#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>

namespace deadletter::fuzz {

// A property that some input has broken. Nobody catches it in a fuzzer, which then keeps the input;
// the replay of the corpora tells it as a failed test.
class BrokenProperty : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// `property` says what should have held.
void Require(bool holds, std::string_view property,
             const std::source_location& place = std::source_location::current());

// Of what is said to people: there is something, and it is one line...
[[nodiscard]] bool IsOneLine(std::string_view text);
// ...of UTF-8 that any terminal shows as it is.
[[nodiscard]] bool IsOneShownLine(std::string_view text);

using Run = void (*)(std::string_view input);

struct Target {
  std::string_view name;  // of its corpus and its dictionary
  Run run = nullptr;
};

// Each file of a target registers one, as a static: a fuzzer has one in it, the replay all of them.
class Registration {
 public:
  Registration(std::string_view name, Run run);
};

}  // namespace deadletter::fuzz
