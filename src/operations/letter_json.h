// Letters as the HTTP API and every `--output json` give them: always the same members, in the same
// order, null where nothing is known. Strings are what a person can be shown: UTF-8, cut at 1024
// bytes; the whole is in body and headers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ledger/catalog.h"
#include "ledger/executions.h"
#include "operations/body_json.h"
#include "operations/redaction.h"

namespace deadletter {

[[nodiscard]] std::string SummaryJson(const LetterSummary& letter);

// The summary's members, then death_history, headers, properties, body, execution, history, notes
// and tags. `body_url` leads to the raw bytes. What is redacted is masked everywhere in it.
[[nodiscard]] std::string RecordJson(const LetterRecord& record,
                                     const std::optional<ExecutionRow>& execution,
                                     std::string_view body_url, const Redaction& redaction = {},
                                     std::size_t max_body_bytes = kMaxShownBodyBytes);

// The summary's members, and `unreadable`: why the rest of it cannot be read in the ledger.
[[nodiscard]] std::string UnreadableJson(const LetterSummary& letter, std::string_view why);

// The platform's row, null where there is none. `hidden`: what in it may tell what is redacted.
[[nodiscard]] std::string ExecutionJson(const std::optional<ExecutionRow>& row, bool hidden);

}  // namespace deadletter
