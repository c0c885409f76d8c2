// How a connection is opened: what the URL says, over what we prefer where it is silent, under what
// we insist on.
#pragma once

#include <chrono>
#include <map>
#include <string>

namespace deadletter::postgres {

// By libpq's names; empty where it does not understand the URL.
using ConnectionParameters = std::map<std::string, std::string>;
[[nodiscard]] ConnectionParameters ParametersOf(const std::string& url);

// To all of its hosts, one after the other.
[[nodiscard]] std::chrono::seconds TimeToConnect(const ConnectionParameters& parameters);

}  // namespace deadletter::postgres
