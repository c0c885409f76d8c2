// What a failed execution's row and the rest of the platform are told.
#pragma once

#include <optional>
#include <string>

#include "letter/letter.h"
#include "letter/message.h"

namespace deadletter {

// The exact words are part of the product's contract (docs/concepts.md).
struct Failure {
  std::string error;    // "Worker queue TTL expired", …
  std::string message;  // a sentence or two for a person
  // {"error","message","expired_at","reason","queue","worker_id","deaths","letter_id","failed_by"};
  // plain UTF-8 without NUL and bounded in length whatever the letter holds, so that jsonb and the
  // platform's triggers take it.
  std::string result_json;
};

[[nodiscard]] Failure DescribeFailure(const Letter& letter);

// The event `ExecutionCompleted` for an execution that a letter failed. Only the row knows its
// action, so settle puts the event together: before_action + ActionMembers(row) + after_action.
struct EventParts {
  Address address;  // where the relay publishes it: `events.exchange`, `events.routing_key`
  Uuid message_id;  // stable: consumers drop duplicates by it
  std::string before_action;  // {"message_id":…,"payload":{"execution_id":5,
  std::string after_action;   // ,"status":"failed","result":{…},"completed_at":"…"}}
};

// `failed_status` is the platform's word (`executions.failed`); `completed_at` the moment of the
// settle. The address is the caller's to set.
[[nodiscard]] EventParts ComposeEvent(const Letter& letter, const Failure& failure,
                                      std::string_view failed_status, Uuid message_id,
                                      Instant completed_at);

// "action_id":7,"action_ref":"core.echo"; 0 and null where the row has none. `action_id_json` is a
// JSON value.
[[nodiscard]] std::string ActionMembers(const std::optional<std::string>& action_id_json,
                                        const std::optional<std::string>& action_ref);

}  // namespace deadletter
