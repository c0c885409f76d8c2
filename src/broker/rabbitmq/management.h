// The management API of RabbitMQ: small requests, answers as JSON.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <optional>
#include <string>

#include "broker/broker_error.h"
#include "broker/rabbitmq/options.h"
#include "broker/rabbitmq/url.h"

namespace deadletter::rabbitmq {

struct ManagementReply {
  unsigned status = 0;
  boost::json::value body;  // null where there is none, or none that is JSON
};

// A connection a call. Threads: any number at once.
class Management {
 public:
  // User and password from the management URL, else from the first AMQP URL. `limit`: of a call.
  [[nodiscard]] static BrokerResult<Management> Make(
      const Options& options, std::chrono::seconds limit = std::chrono::seconds(10));

  // `path` begins with "/api/" and is encoded already. An error means that there was no answer
  // in time; an answer that denies or does not find is an answer.
  [[nodiscard]] BrokerResult<ManagementReply> Call(
      const std::string& method, const std::string& path,
      const std::optional<boost::json::value>& body = {}) const;
  // GET that must succeed.
  [[nodiscard]] BrokerResult<boost::json::value> Get(const std::string& path) const;

 private:
  Management(Endpoint endpoint, std::string ca_file, std::chrono::seconds limit);

  Endpoint endpoint_;
  std::string ca_file_;
  std::chrono::seconds limit_;
};

}  // namespace deadletter::rabbitmq
