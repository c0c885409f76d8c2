// Opening the queue file.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "broker/broker_error.h"
#include "sqlite/database.h"

namespace deadletter::embedded {

// Opens it, or with `create` makes it, and brings its tables up to date; several programs may do so
// at once. A database that is something else, or that a newer program has made, is refused and left
// as it is.
[[nodiscard]] BrokerResult<std::unique_ptr<sqlite::Database>> OpenQueueFile(
    const std::string& path, std::chrono::milliseconds busy_timeout, bool create);

// Opens it for one who only looks: nothing is made, and no table brought up to date. Null: there is
// no such file, or nothing in it yet. A file that another version has made is refused.
[[nodiscard]] BrokerResult<std::unique_ptr<sqlite::Database>> OpenQueueFileToLook(
    const std::string& path, std::chrono::milliseconds busy_timeout);

// kRefused where the file is not ours to use (permission, not a database), else kUnreachable.
[[nodiscard]] BrokerError ToBrokerError(const sqlite::DatabaseError& error);

}  // namespace deadletter::embedded
