// A message of ours in the client library's form.
#pragma once

#include <amqp.h>

#include "base/result.h"
#include "broker/publisher.h"

namespace deadletter::rabbitmq {

// Refers to the message that it was made of. To be made and used on an IoThread: the library goes
// as deep as the headers.
class Outgoing {
 public:
  explicit Outgoing(const OutgoingMessage& message);
  ~Outgoing();
  Outgoing(const Outgoing&) = delete;
  Outgoing& operator=(const Outgoing&) = delete;

  // An error: AMQP cannot carry it, or one header frame of `largest_header` bytes cannot.
  [[nodiscard]] Result<void> Prepare(std::size_t largest_header);
  // The library's status. What could be sent may still be on its way.
  [[nodiscard]] int Send(amqp_connection_state_t state, amqp_channel_t channel) const;

 private:
  [[nodiscard]] Result<void> SetText(const std::optional<std::string>& text, amqp_bytes_t& field,
                                     amqp_flags_t flag);
  [[nodiscard]] Result<void> PrepareProperties();
  [[nodiscard]] Result<void> PrepareHeaders();

  const OutgoingMessage& message_;
  amqp_pool_t pool_;
  amqp_basic_properties_t properties_{};
  std::string encoded_headers_;
  std::size_t property_bytes_ = 0;
};

}  // namespace deadletter::rabbitmq
