// Readers for values that only this product knows.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "config/reader.h"
#include "letter/death.h"
#include "letter/letter_format.h"

namespace deadletter {

[[nodiscard]] Reader<FieldPlace> Place(bool may_be_none);
[[nodiscard]] Reader<std::set<Reason>> Reasons();
[[nodiscard]] Reader<std::vector<std::string>> WorkerIds();
[[nodiscard]] Reader<std::vector<std::string>> RedactedPlaces();
[[nodiscard]] Reader<std::string> TableName();  // "execution", "jobs.execution"
[[nodiscard]] Reader<std::string> Column();
[[nodiscard]] Reader<std::string> OptionalColumn();  // "" = no such column
[[nodiscard]] Reader<std::string> SchemaName();      // of ours
[[nodiscard]] Reader<std::string> Path();
[[nodiscard]] Reader<std::string> BrokerName();       // an exchange or a queue
[[nodiscard]] Reader<std::string> WorkerQueueName();  // with {id}
[[nodiscard]] Reader<std::string> BasePath();

}  // namespace deadletter
