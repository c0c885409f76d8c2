#pragma once

namespace deadletter {

// Of the library that the program runs with, which may be newer than the headers it was built with:
// "0.1.0".
[[nodiscard]] const char* Version();

}  // namespace deadletter
