// What SQLite refused, by value.
#pragma once

#include <string>

#include "base/result.h"

namespace deadletter::sqlite {

struct DatabaseError {
  int code = 0;         // SQLite's extended result code
  std::string message;  // one line: what was attempted and SQLite's words

  // Somebody else held the lock for longer than the busy timeout.
  [[nodiscard]] bool IsBusy() const;
};

template <class T>
using DatabaseResult = Result<T, DatabaseError>;

}  // namespace deadletter::sqlite
