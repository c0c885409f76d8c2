// What people add to a letter: POST /v1/letters/{id}/notes and …/tags. Each is audited.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "ledger/remarks.h"
#include "operations/operation_error.h"
#include "operations/role.h"

namespace deadletter {

inline constexpr std::size_t kMaxNoteBytes = 4'096;
inline constexpr std::size_t kMaxTagBytes = 64;

// `json` is {"text":"…"}; the note as JSON.
[[nodiscard]] OperationResult<std::string> AddNote(Remarks& remarks, std::string_view letter,
                                                   std::string_view json, const Caller& caller,
                                                   Instant now);

// `json` is {"add":["…"],"remove":["…"]}, either may be left out; {"tags":["…"]} afterwards.
[[nodiscard]] OperationResult<std::string> ChangeTags(Remarks& remarks, std::string_view letter,
                                                      std::string_view json, const Caller& caller,
                                                      Instant now);

[[nodiscard]] std::string NoteJson(const Note& note);
[[nodiscard]] std::string TagsJson(const std::vector<std::string>& tags);

}  // namespace deadletter
