#include "broker/rabbitmq/assembler.h"

#include <algorithm>
#include <utility>

#include "broker/rabbitmq/wire.h"

namespace deadletter::rabbitmq {

namespace {

// What is set aside before the bytes come; a size that is only announced costs nothing.
constexpr std::uint64_t kReservedBytes = std::uint64_t{1} << 20;

Unexpected<BrokerError> OutOfOrder(const char* what) {
  return Unexpected<BrokerError>({BrokerFault::kBadData, std::string("receiving: ") + what});
}

}  // namespace

BrokerResult<std::optional<Assembled>> Assembler::Add(const Frame& frame) {
  if (frame.raw.frame_type == AMQP_FRAME_HEADER) return AddHeader(frame.raw);
  if (frame.raw.frame_type == AMQP_FRAME_BODY) return AddBody(frame.raw);
  if (frame.IsMethod(AMQP_BASIC_DELIVER_METHOD)) {
    const auto& deliver = frame.Decoded<amqp_basic_deliver_t>();
    Begin(deliver.delivery_tag, deliver.redelivered != 0, deliver.exchange, deliver.routing_key);
  } else if (frame.IsMethod(AMQP_BASIC_RETURN_METHOD)) {
    const auto& returned = frame.Decoded<amqp_basic_return_t>();
    Begin(0, false, returned.exchange, returned.routing_key);
    message_.return_text = View(returned.reply_text);
  }
  return std::nullopt;
}

void Assembler::BeginGot(const amqp_basic_get_ok_t& got) {
  Begin(got.delivery_tag, got.redelivered != 0, got.exchange, got.routing_key);
}

void Assembler::Reset() {
  awaiting_ = Awaiting::kMethod;
  message_ = {};
}

void Assembler::Begin(std::uint64_t number, bool redelivered, const amqp_bytes_t& exchange,
                      const amqp_bytes_t& key) {
  message_ = {};
  message_.delivery_number = number;
  message_.redelivered = redelivered;
  message_.exchange = View(exchange);
  message_.routing_key = View(key);
  awaiting_ = Awaiting::kHeader;
}

BrokerResult<std::optional<Assembled>> Assembler::AddHeader(const amqp_frame_t& frame) {
  if (awaiting_ != Awaiting::kHeader) return OutOfOrder("a header without a delivery before it");
  const auto raw = View(frame.payload.properties.raw);
  if (auto header = DecodeContentHeader(raw)) {
    message_.message.properties = std::move(header->properties);
    message_.message.headers = std::move(header->headers);
  } else {
    // One unreadable header must not stop the letters behind it: it is kept as the bytes it is.
    message_.message.headers.entries = {
        {std::string(kUndecodedHeaders), {FieldBytes{std::string(raw)}}}};
  }
  body_size_ = frame.payload.properties.body_size;
  message_.message.body.reserve(static_cast<std::size_t>(std::min(body_size_, kReservedBytes)));
  awaiting_ = Awaiting::kBody;
  return IfWhole();
}

BrokerResult<std::optional<Assembled>> Assembler::AddBody(const amqp_frame_t& frame) {
  if (awaiting_ != Awaiting::kBody) return OutOfOrder("a body without a header before it");
  const auto part = View(frame.payload.body_fragment);
  if (part.size() > body_size_ - message_.message.body.size()) {
    return OutOfOrder("a body longer than its header says");
  }
  message_.message.body.append(part);
  return IfWhole();
}

std::optional<Assembled> Assembler::IfWhole() {
  if (message_.message.body.size() < body_size_) return std::nullopt;
  awaiting_ = Awaiting::kMethod;
  return std::exchange(message_, {});
}

}  // namespace deadletter::rabbitmq
