// How to reach a RabbitMQ.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace deadletter::rabbitmq {

struct Options {
  std::vector<std::string> urls;  // amqp:// or amqps://; tried in turn, the last good one first
  std::string ca_file;            // empty: the system's own authorities
  std::string cert_file;          // ours, with key_file; empty: none
  std::string key_file;
  std::string management_url;  // http(s)://[user:password@]host:port; empty: none
  std::string connection_name = "deadletter";
  std::chrono::seconds heartbeat{10};
};

}  // namespace deadletter::rabbitmq
