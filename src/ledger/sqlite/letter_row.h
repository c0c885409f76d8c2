// Letters as rows of deadletter_letter.
#pragma once

#include <string>
#include <string_view>

#include "ledger/ledger_error.h"
#include "letter/letter.h"
#include "letter/outcome.h"
#include "sqlite/database.h"

namespace deadletter {

template <class Array>
[[nodiscard]] std::string_view BytesOf(const Array& array) {
  return {reinterpret_cast<const char*>(array.data()), array.size()};
}
[[nodiscard]] inline sqlite::Blob BlobOf(const LetterId& id) {
  return {BytesOf(id.value().bytes)};
}
[[nodiscard]] inline sqlite::Blob BlobOf(const ReplayId& id) {
  return {BytesOf(id.value().bytes)};
}

// 16 bytes; anything else (a damaged file) reads as the nil UUID.
[[nodiscard]] Uuid ReadUuid(const sqlite::Statement& row, int column);

// What a letter ends up as; one row of the decision table.
struct Ruling {
  Outcome outcome = Outcome::kMalformed;
  std::string detail;
  LetterState state = LetterState::kOpen;
  // The members of the event that only the row knows, where this letter moved it.
  std::string action_members;
};

// Runs sql::kInsertLetter; errors stay in `insert` and in its transaction.
void InsertLetter(sqlite::Statement& insert, const Letter& letter, const Ruling& ruling,
                  const std::string& rule, Instant now, Instant try_again_at);

// Properties, headers and body from three columns that follow each other. kStatement: the row is
// damaged.
[[nodiscard]] LedgerResult<Message> ReadMessage(const sqlite::Statement& row, int first_column);

}  // namespace deadletter
