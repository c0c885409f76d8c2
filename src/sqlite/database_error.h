// What SQLite refused, by value.
#pragma once

#include <string>

#include "base/result.h"

namespace deadletter::sqlite {

struct DatabaseError {
  int code = 0;         // SQLite's extended result code
  std::string message;  // one line: what was attempted and SQLite's words

  [[nodiscard]] bool IsBusy()
      const;  // somebody else held the lock for longer than the busy timeout
  [[nodiscard]] bool IsConstraint()
      const;                            // a constraint or a trigger's RAISE refused this very data
  [[nodiscard]] bool IsTooBig() const;  // a value beyond SQLite's limit
};

template <class T>
using DatabaseResult = Result<T, DatabaseError>;

}  // namespace deadletter::sqlite
