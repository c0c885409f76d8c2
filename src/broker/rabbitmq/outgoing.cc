#include "broker/rabbitmq/outgoing.h"

#include <fmt/format.h>

#include "broker/rabbitmq/connection.h"
#include "broker/rabbitmq/wire.h"

namespace deadletter::rabbitmq {

namespace {

constexpr std::size_t kLongestShortString = 255;
// Class, weight, body size, flags, delivery mode, priority and timestamp.
constexpr std::size_t kFixedHeaderBytes = 2 + 2 + 8 + 2 + 1 + 1 + 8;

}  // namespace

Outgoing::Outgoing(const OutgoingMessage& message) : message_(message) {
  init_amqp_pool(&pool_, 4096);
}

Outgoing::~Outgoing() {
  empty_amqp_pool(&pool_);
}

Result<void> Outgoing::Prepare(std::size_t largest_header) {
  if (message_.address.exchange.size() > kLongestShortString ||
      message_.address.routing_key.size() > kLongestShortString) {
    return Fail("an exchange or routing key of more than 255 bytes");
  }
  if (auto prepared = PrepareProperties(); !prepared) return prepared;
  if (auto prepared = PrepareHeaders(); !prepared) return prepared;
  if (const auto size = kFixedHeaderBytes + property_bytes_ + encoded_headers_.size();
      size > largest_header) {
    return Fail(fmt::format("properties and headers of {} bytes: the broker takes {} in a frame",
                            size, largest_header));
  }
  return {};
}

Result<void> Outgoing::SetText(const std::optional<std::string>& text, amqp_bytes_t& field,
                               amqp_flags_t flag) {
  if (!text) return {};
  if (text->size() > kLongestShortString) return Fail("a property of more than 255 bytes");
  field = Bytes(*text);
  properties_._flags |= flag;
  property_bytes_ += 1 + text->size();
  return {};
}

Result<void> Outgoing::PrepareProperties() {
  const auto& from = message_.message.properties;
  auto& to = properties_;
  if (from.delivery_mode) {
    to.delivery_mode = *from.delivery_mode;
    to._flags |= AMQP_BASIC_DELIVERY_MODE_FLAG;
  }
  if (from.priority) {
    to.priority = *from.priority;
    to._flags |= AMQP_BASIC_PRIORITY_FLAG;
  }
  if (from.timestamp) {
    to.timestamp = *from.timestamp;
    to._flags |= AMQP_BASIC_TIMESTAMP_FLAG;
  }
  Result<void> set = SetText(from.content_type, to.content_type, AMQP_BASIC_CONTENT_TYPE_FLAG);
  const auto then = [&](const std::optional<std::string>& text, amqp_bytes_t& field,
                        amqp_flags_t flag) {
    if (set) set = SetText(text, field, flag);
  };
  then(from.content_encoding, to.content_encoding, AMQP_BASIC_CONTENT_ENCODING_FLAG);
  then(from.correlation_id, to.correlation_id, AMQP_BASIC_CORRELATION_ID_FLAG);
  then(from.reply_to, to.reply_to, AMQP_BASIC_REPLY_TO_FLAG);
  then(from.expiration, to.expiration, AMQP_BASIC_EXPIRATION_FLAG);
  then(from.message_id, to.message_id, AMQP_BASIC_MESSAGE_ID_FLAG);
  then(from.type, to.type, AMQP_BASIC_TYPE_FLAG);
  then(from.user_id, to.user_id, AMQP_BASIC_USER_ID_FLAG);
  then(from.app_id, to.app_id, AMQP_BASIC_APP_ID_FLAG);
  then(from.cluster_id, to.cluster_id, AMQP_BASIC_CLUSTER_ID_FLAG);
  return set;
}

// By way of the bytes, so that values kept encoded (FieldEncoded) need no treatment of their own.
Result<void> Outgoing::PrepareHeaders() {
  if (message_.message.headers.entries.empty()) return {};
  auto encoded = EncodeTable(message_.message.headers);
  if (!encoded) return Fail(encoded.error().message);
  encoded_headers_ = std::move(*encoded);
  std::size_t offset = 0;
  if (amqp_decode_table(Bytes(encoded_headers_), &pool_, &properties_.headers, &offset) !=
      AMQP_STATUS_OK) {
    return Fail("headers that AMQP cannot carry");
  }
  properties_._flags |= AMQP_BASIC_HEADERS_FLAG;
  return {};
}

int Outgoing::Send(amqp_connection_state_t state, amqp_channel_t channel) const {
  return amqp_basic_publish(state, channel, Bytes(message_.address.exchange),
                            Bytes(message_.address.routing_key), /*mandatory=*/1, /*immediate=*/0,
                            &properties_, Bytes(message_.message.body));
}

}  // namespace deadletter::rabbitmq
