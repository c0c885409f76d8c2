#include "ledger/postgres/connection_parameters.h"

#include <libpq-fe.h>

#include <algorithm>
#include <charconv>
#include <memory>

namespace deadletter::postgres {
namespace {

constexpr std::chrono::seconds kConnectTimeout{5};  // where the URL has none

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

}  // namespace

ConnectionParameters ParametersOf(const std::string& url) {
  ConnectionParameters parameters = {
      {"application_name", "deadletter"}, {"keepalives_idle", "10"},
      {"keepalives_interval", "5"},       {"keepalives_count", "3"},
      {"tcp_user_timeout", "20000"},
  };
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, FreeOptions> options(
      PQconninfoParse(url.c_str(), &message));
  PQfreemem(message);  // not shown: it may quote the password
  if (!options) return {};
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) parameters[option->keyword] = option->val;
  }
  parameters["client_encoding"] = "UTF8";
  return parameters;
}

std::chrono::seconds TimeToConnect(const ConnectionParameters& parameters) {
  const auto given = parameters.find("connect_timeout");
  int seconds = 0;
  if (given != parameters.end()) {
    const std::string& text = given->second;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
  }
  const auto once = seconds > 0 ? std::chrono::seconds(seconds) : kConnectTimeout;
  const auto hosts = parameters.find("host");
  const auto more = hosts == parameters.end() ? 0 : std::ranges::count(hosts->second, ',');
  return once * (more + 1);  // libpq goes through them one after the other
}

}  // namespace deadletter::postgres
