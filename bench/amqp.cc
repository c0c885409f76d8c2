#include "bench/amqp.h"

#include <amqp_tcp_socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace deadletter::bench {
namespace {

constexpr amqp_channel_t kChannel = 1;
// More than this on its way, and the broker's flow control would set the pace.
constexpr std::uint64_t kConfirmWindow = 2'000;

amqp_bytes_t Bytes(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};
}

amqp_field_value_t Text(std::string_view text) {
  amqp_field_value_t value{};
  value.kind = AMQP_FIELD_KIND_UTF8;
  value.value.bytes = Bytes(text);
  return value;
}

}  // namespace

Amqp::Amqp(const std::string& url) : state_(amqp_new_connection()) {
  std::string parsed = url;
  amqp_connection_info info{};
  if (amqp_parse_url(parsed.data(), &info) != AMQP_STATUS_OK)
    throw std::runtime_error("not an AMQP URL");
  amqp_socket_t* const socket = amqp_tcp_socket_new(state_);
  Check(amqp_socket_open(socket, info.host, info.port), "connecting");
  const auto login = amqp_login(state_, info.vhost, 0, 131'072, 0, AMQP_SASL_METHOD_PLAIN,
                                info.user, info.password);
  if (login.reply_type != AMQP_RESPONSE_NORMAL) throw std::runtime_error("the broker refuses us");
  amqp_channel_open(state_, kChannel);
  CheckAnswer("opening a channel");
}

Amqp::~Amqp() {
  amqp_connection_close(state_, AMQP_REPLY_SUCCESS);
  amqp_destroy_connection(state_);
}

void Amqp::Check(int status, const char* doing) const {
  if (status != AMQP_STATUS_OK)
    throw std::runtime_error(std::string(doing) + ": " + amqp_error_string2(status));
}

void Amqp::CheckAnswer(const char* doing) const {
  if (amqp_get_rpc_reply(state_).reply_type != AMQP_RESPONSE_NORMAL)
    throw std::runtime_error(std::string(doing) + ": the broker refuses");
}

void Amqp::ConfirmAll() {
  if (!confirms_) {
    amqp_confirm_select(state_, kChannel);
    CheckAnswer("asking for confirms");
    confirms_ = true;
  }
  while (!unconfirmed_.empty()) AwaitConfirms();
}

void Amqp::AwaitConfirms() {
  amqp_frame_t frame;
  Check(amqp_simple_wait_frame(state_, &frame), "waiting for confirms");
  if (frame.frame_type == AMQP_FRAME_METHOD && frame.payload.method.id == AMQP_BASIC_ACK_METHOD) {
    const auto& ack = *static_cast<amqp_basic_ack_t*>(frame.payload.method.decoded);
    if (ack.multiple != 0) {
      unconfirmed_.erase(unconfirmed_.begin(), unconfirmed_.upper_bound(ack.delivery_tag));
    } else {
      unconfirmed_.erase(ack.delivery_tag);
    }
  }
  amqp_maybe_release_buffers(state_);
}

void Amqp::PublishDeadLetter(const std::string& exchange, const DeadLetter& letter,
                             std::int64_t died_at_seconds) {
  amqp_field_value_t key = Text(letter.routing_key);
  amqp_field_value_t keys{};
  keys.kind = AMQP_FIELD_KIND_ARRAY;
  keys.value.array = {1, &key};
  amqp_field_value_t count{};
  count.kind = AMQP_FIELD_KIND_I64;
  count.value.i64 = 1;
  amqp_field_value_t time{};
  time.kind = AMQP_FIELD_KIND_TIMESTAMP;
  time.value.u64 = static_cast<std::uint64_t>(died_at_seconds);
  std::array<amqp_table_entry_t, 6> death{{{Bytes("count"), count},
                                           {Bytes("reason"), Text("expired")},
                                           {Bytes("queue"), Text(letter.queue)},
                                           {Bytes("time"), time},
                                           {Bytes("exchange"), Text("attune.executions")},
                                           {Bytes("routing-keys"), keys}}};
  amqp_field_value_t entry{};
  entry.kind = AMQP_FIELD_KIND_TABLE;
  entry.value.table = {static_cast<int>(death.size()), death.data()};
  amqp_field_value_t deaths{};
  deaths.kind = AMQP_FIELD_KIND_ARRAY;
  deaths.value.array = {1, &entry};
  std::array<amqp_table_entry_t, 4> headers{
      {{Bytes("x-death"), deaths},
       {Bytes("x-first-death-exchange"), Text("attune.executions")},
       {Bytes("x-first-death-queue"), Text(letter.queue)},
       {Bytes("x-first-death-reason"), Text("expired")}}};

  amqp_basic_properties_t properties{};
  properties._flags =
      AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_HEADERS_FLAG;
  properties.content_type = Bytes("application/json");
  properties.delivery_mode = 2;
  properties.headers = {static_cast<int>(headers.size()), headers.data()};
  Check(amqp_basic_publish(state_, kChannel, Bytes(exchange), Bytes(letter.routing_key), 0, 0,
                           &properties, Bytes(letter.body)),
        "publishing");
  ++published_;
  if (!confirms_) return;
  unconfirmed_.insert(published_);
  while (unconfirmed_.size() > kConfirmWindow) AwaitConfirms();
}

std::uint32_t Amqp::ReadyMessages(const std::string& queue) {
  const auto* const found =
      amqp_queue_declare(state_, kChannel, Bytes(queue), /*passive=*/1, 0, 0, 0, amqp_empty_table);
  CheckAnswer("looking at a queue");
  return found->message_count;
}

void Amqp::Consume(const std::string& queue, std::uint16_t prefetch) {
  amqp_basic_qos(state_, kChannel, 0, prefetch, 0);
  CheckAnswer("setting the prefetch");
  amqp_basic_consume(state_, kChannel, Bytes(queue), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
  CheckAnswer("consuming");
}

void Amqp::Acknowledge(std::uint64_t tag, bool and_all_before) {
  Check(amqp_basic_ack(state_, kChannel, tag, and_all_before ? 1 : 0), "acknowledging");
}

void Amqp::Receive(const std::function<bool(std::uint64_t, std::string_view)>& take, bool keep_body,
                   bool gather) {
  std::uint64_t tag = 0;
  std::uint64_t left = 0;
  std::string body;
  for (;;) {
    if (gather && amqp_data_in_buffer(state_) == 0 && amqp_frames_enqueued(state_) == 0)
      usleep(1'000);
    amqp_frame_t frame;
    Check(amqp_simple_wait_frame(state_, &frame), "receiving");
    bool whole = false;
    if (frame.frame_type == AMQP_FRAME_METHOD &&
        frame.payload.method.id == AMQP_BASIC_DELIVER_METHOD) {
      tag = static_cast<amqp_basic_deliver_t*>(frame.payload.method.decoded)->delivery_tag;
    } else if (frame.frame_type == AMQP_FRAME_HEADER) {
      left = frame.payload.properties.body_size;
      body.clear();
      whole = left == 0;
    } else if (frame.frame_type == AMQP_FRAME_BODY) {
      const auto& part = frame.payload.body_fragment;
      if (keep_body) body.append(static_cast<const char*>(part.bytes), part.len);
      left -= part.len;
      whole = left == 0;
    }
    const bool goes_on = !whole || take(tag, body);
    amqp_maybe_release_buffers_on_channel(state_, kChannel);
    if (!goes_on) return;
  }
}

std::optional<Amqp::Message> Amqp::ReceiveOne(std::chrono::milliseconds patience) {
  amqp_maybe_release_buffers(state_);
  timeval limit{patience.count() / 1'000, patience.count() % 1'000 * 1'000};
  amqp_envelope_t envelope{};
  const amqp_rpc_reply_t reply = amqp_consume_message(state_, &envelope, &limit, 0);
  if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION &&
      reply.library_error == AMQP_STATUS_TIMEOUT)
    return std::nullopt;
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) throw std::runtime_error("receiving: refused");
  const amqp_bytes_t body = envelope.message.body;
  Message message{envelope.delivery_tag, {static_cast<const char*>(body.bytes), body.len}};
  amqp_destroy_envelope(&envelope);
  return message;
}

}  // namespace deadletter::bench
