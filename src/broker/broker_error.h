// How a broker can fail us, in the handler's words.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace deadletter {

enum class BrokerFault {
  kUnreachable,    // no connection, or it was lost; come back later
  kRefused,        // reached, but it denies us: credentials, virtual host, permission
  kQueueMissing,   // the queue does not exist
  kCancelled,      // the broker ended the subscription (queue deleted, node gone)
  kChannelClosed,  // e.g. the delivery acknowledgement timeout; the message says
  kBadData,        // what came cannot be decoded; the message says what
  kUnreadable,     // so it is with the properties of a letter, or they are larger than we read: it
                   // is back in its queue, and behind it nothing comes
};

[[nodiscard]] std::string_view BrokerFaultName(
    BrokerFault fault);  // "unreachable", …: metric label and log word

struct BrokerError {
  BrokerFault fault = BrokerFault::kUnreachable;
  std::string message;  // one line; never a password
};

template <class T>
using BrokerResult = Result<T, BrokerError>;

}  // namespace deadletter
