#include "broker/rabbitmq/connection.h"

#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <fmt/format.h>
#include <openssl/ssl.h>

#include <array>
#include <span>

#include "base/text.h"

namespace deadletter::rabbitmq {

namespace {

constexpr int kNotFound = AMQP_NOT_FOUND;
constexpr milliseconds kFarewellLimit{2'000};

timeval ToTimeval(milliseconds duration) {
  return {.tv_sec = static_cast<time_t>(duration.count() / 1000),
          .tv_usec = static_cast<suseconds_t>(duration.count() % 1000 * 1000)};
}

std::string Shown(const amqp_bytes_t& text) {
  return DisplayText(View(text), 512);
}

amqp_table_entry_t BoolEntry(const char* name) {
  amqp_table_entry_t entry{};
  entry.key = amqp_cstring_bytes(name);
  entry.value.kind = AMQP_FIELD_KIND_BOOLEAN;
  entry.value.value.boolean = 1;
  return entry;
}

amqp_table_entry_t TextEntry(const char* name, const char* value) {
  amqp_table_entry_t entry{};
  entry.key = amqp_cstring_bytes(name);
  entry.value.kind = AMQP_FIELD_KIND_UTF8;
  entry.value.value.bytes = amqp_cstring_bytes(value);
  return entry;
}

amqp_table_entry_t TableEntry(const char* name, std::span<amqp_table_entry_t> entries) {
  amqp_table_entry_t entry{};
  entry.key = amqp_cstring_bytes(name);
  entry.value.kind = AMQP_FIELD_KIND_TABLE;
  entry.value.value.table = {static_cast<int>(entries.size()), entries.data()};
  return entry;
}

BrokerFault FaultOfStatus(int status) {
  switch (status) {
    case AMQP_STATUS_BAD_AMQP_DATA:
    case AMQP_STATUS_UNKNOWN_CLASS:
    case AMQP_STATUS_UNKNOWN_METHOD:
      return BrokerFault::kBadData;
    case AMQP_STATUS_SSL_PEER_VERIFY_FAILED:
    case AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED:
    case AMQP_STATUS_BROKER_UNSUPPORTED_SASL_METHOD:
      return BrokerFault::kRefused;
    default:
      return BrokerFault::kUnreachable;
  }
}

BrokerFault FaultOfConnectionClose(int code) {
  return code == AMQP_ACCESS_REFUSED || code == AMQP_NOT_ALLOWED ? BrokerFault::kRefused
                                                                 : BrokerFault::kUnreachable;
}

BrokerFault FaultOfChannelClose(int code) {
  switch (code) {
    case AMQP_NOT_FOUND:
      return BrokerFault::kQueueMissing;
    case AMQP_ACCESS_REFUSED:
    case AMQP_RESOURCE_LOCKED:
      return BrokerFault::kRefused;
    default:
      return BrokerFault::kChannelClosed;
  }
}

Unexpected<BrokerError> Failed(BrokerFault fault, std::string message) {
  return Unexpected<BrokerError>(BrokerError{fault, std::move(message)});
}

// What TLS needs of the options; an error names the file.
BrokerResult<void> PrepareTls(amqp_socket_t* socket, const Options& options) {
  amqp_ssl_socket_set_verify_peer(socket, 1);
  amqp_ssl_socket_set_verify_hostname(socket, 1);
  amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST);
  if (options.ca_file.empty()) {
    auto* context = static_cast<SSL_CTX*>(amqp_ssl_socket_get_context(socket));
    SSL_CTX_set_default_verify_paths(context);
  } else if (amqp_ssl_socket_set_cacert(socket, options.ca_file.c_str()) != AMQP_STATUS_OK) {
    return Failed(BrokerFault::kRefused,
                  "cannot read certificates of authorities from broker.ca_file " + options.ca_file);
  }
  if (!options.cert_file.empty() &&
      amqp_ssl_socket_set_key(socket, options.cert_file.c_str(), options.key_file.c_str()) !=
          AMQP_STATUS_OK) {
    return Failed(BrokerFault::kRefused,
                  fmt::format("cannot use broker.cert_file {} with broker.key_file {}",
                              options.cert_file, options.key_file));
  }
  return {};
}

}  // namespace

BrokerResult<std::unique_ptr<Connection>> Connection::Open(const Options& options,
                                                           Direction direction) {
  Interrupter nobody;
  return Open(options, direction, nobody);
}

BrokerResult<std::unique_ptr<Connection>> Connection::Open(const Options& options,
                                                           Direction direction,
                                                           Interrupter& interrupter,
                                                           std::size_t first,
                                                           const std::function<bool()>& give_up) {
  BrokerError error{BrokerFault::kUnreachable, options.urls.empty()
                                                   ? "no broker URL is configured"
                                                   : "stopped before it connected"};
  for (std::size_t i = 0; i < options.urls.size() && !give_up(); ++i) {
    auto connection =
        OpenOne(options, direction, interrupter, (first + i) % options.urls.size(), give_up);
    if (connection) return connection;
    interrupter.Forget();
    error = std::move(connection.error());
  }
  return Unexpected<BrokerError>(std::move(error));
}

BrokerResult<std::unique_ptr<Connection>> Connection::OpenOne(
    const Options& options, Direction direction, Interrupter& interrupter, std::size_t url_index,
    const std::function<bool()>& give_up) {
  auto endpoint = ParseAmqpUrl(options.urls[url_index]);
  if (!endpoint) return Failed(BrokerFault::kRefused, endpoint.error().message);
  State state(amqp_new_connection());
  if (!state)
    return Failed(BrokerFault::kUnreachable, "out of memory for a connection to the broker");
  std::unique_ptr<Connection> connection(
      new Connection(std::move(state), direction, std::move(*endpoint), url_index));
  if (auto connected = connection->Connect(options); !connected) {
    return Unexpected<BrokerError>(connected.error());
  }
  interrupter.Watch(connection->Socket());
  if (give_up()) return Failed(BrokerFault::kUnreachable, "stopped before it logged in");
  if (auto logged_in = connection->LogIn(options); !logged_in) {
    return Unexpected<BrokerError>(logged_in.error());
  }
  return connection;
}

Connection::Connection(State state, Direction direction, Endpoint endpoint, std::size_t url_index)
    : state_(std::move(state)),
      direction_(direction),
      endpoint_(std::move(endpoint)),
      url_index_(url_index) {}

// In order, so that the broker logs no loss; but whatever is still on its way is thrown away piece
// by piece and not kept until the answer comes (P9).
Connection::~Connection() {
  if (!alive_ || blocked_) return;  // who does not read answers no farewell
  amqp_connection_close_t close{.reply_code = AMQP_REPLY_SUCCESS,
                                .reply_text = amqp_cstring_bytes("done"),
                                .class_id = 0,
                                .method_id = 0};
  if (amqp_send_method(state(), 0, AMQP_CONNECTION_CLOSE_METHOD, &close) != AMQP_STATUS_OK) return;
  const auto deadline = std::chrono::steady_clock::now() + kFarewellLimit;
  for (auto left = kFarewellLimit; left > milliseconds{0};) {
    Frame frame{};
    auto limit = ToTimeval(left);
    if (amqp_simple_wait_frame_noblock(state(), &frame.raw, &limit) != AMQP_STATUS_OK) return;
    if (frame.raw.channel == 0 && frame.IsMethod(AMQP_CONNECTION_CLOSE_OK_METHOD)) return;
    Release(frame.raw.channel);
    left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
  }
}

BrokerResult<void> Connection::Connect(const Options& options) {
  auto* socket = endpoint_.tls ? amqp_ssl_socket_new(state()) : amqp_tcp_socket_new(state());
  if (socket == nullptr) return Failed(BrokerFault::kUnreachable, "out of memory for a socket");
  if (endpoint_.tls) {
    if (auto prepared = PrepareTls(socket, options); !prepared) return prepared;
  }
  auto limit = ToTimeval(kConnectLimit);
  const int status =
      amqp_socket_open_noblock(socket, endpoint_.host.c_str(), endpoint_.port, &limit);
  if (status != AMQP_STATUS_OK) return Unexpected<BrokerError>(Lost(status, "connecting"));
  return {};
}

BrokerResult<void> Connection::LogIn(const Options& options) {
  std::array capabilities{BoolEntry("consumer_cancel_notify"), BoolEntry("connection.blocked"),
                          BoolEntry("publisher_confirms"), BoolEntry("basic.nack"),
                          BoolEntry("authentication_failure_close")};
  std::array properties{TextEntry("product", "deadletter"),
                        TextEntry("version", DEADLETTER_VERSION),
                        TextEntry("connection_name", options.connection_name.c_str()),
                        TableEntry("capabilities", capabilities)};
  const amqp_table_t table{static_cast<int>(properties.size()), properties.data()};
  auto limit = ToTimeval(kAnswerLimit);
  amqp_set_handshake_timeout(state(), &limit);
  const auto reply = amqp_login_with_properties(
      state(), endpoint_.path.c_str(), 0, kFrameBytesAsked,
      static_cast<int>(options.heartbeat.count()), &table, AMQP_SASL_METHOD_PLAIN,
      endpoint_.user.c_str(), endpoint_.password.c_str());
  if (auto answered = Answer(reply, 0, "logging in"); !answered) {
    return Unexpected<BrokerError>(answered.error().error);
  }
  alive_ = true;
  auto answer_limit = ToTimeval(kAnswerLimit);
  amqp_set_rpc_timeout(state(), &answer_limit);
  largest_header_ = static_cast<std::size_t>(amqp_get_frame_max(state())) - 8;
  const auto* server = amqp_get_server_properties(state());
  for (int i = 0; i < server->num_entries; ++i) {
    const auto& entry = server->entries[i];
    if (View(entry.key) == "version" && entry.value.kind == AMQP_FIELD_KIND_UTF8) {
      broker_version_ = Shown(entry.value.value.bytes);
    }
  }
  return {};
}

BrokerResult<std::optional<Frame>> Connection::Next(milliseconds wait) {
  for (;; wait = milliseconds{0}) {
    Frame frame{};
    auto limit = ToTimeval(wait);
    const int status = amqp_simple_wait_frame_noblock(state(), &frame.raw, &limit);
    if (status == AMQP_STATUS_TIMEOUT) return std::nullopt;
    if (status != AMQP_STATUS_OK) return Unexpected<BrokerError>(Lost(status, "receiving"));
    if (frame.raw.channel != 0) return frame;
    // Channel 0 is the connection's own: heartbeats, too, where the library came upon them while it
    // was sending.
    if (auto handled = OnConnectionMethod(frame); !handled) {
      return Unexpected<BrokerError>(handled.error());
    }
    Release(0);
  }
}

BrokerResult<void> Connection::OnConnectionMethod(const Frame& frame) {
  if (frame.IsMethod(AMQP_CONNECTION_CLOSE_METHOD)) {
    return Unexpected<BrokerError>(
        ConnectionClosed(frame.Decoded<amqp_connection_close_t>(), "receiving"));
  }
  if (frame.IsMethod(AMQP_CONNECTION_BLOCKED_METHOD)) blocked_ = true;
  if (frame.IsMethod(AMQP_CONNECTION_UNBLOCKED_METHOD)) blocked_ = false;
  return {};
}

BrokerResult<void> Connection::SendHeartbeat() {
  amqp_frame_t heartbeat{};
  heartbeat.frame_type = AMQP_FRAME_HEARTBEAT;
  const int status = amqp_send_frame(state(), &heartbeat);
  if (status != AMQP_STATUS_OK) return Unexpected<BrokerError>(Lost(status, "sending a heartbeat"));
  return {};
}

void Connection::Release(amqp_channel_t channel) {
  amqp_maybe_release_buffers_on_channel(state(), channel);
}

RequestResult<void> Connection::OpenChannel(amqp_channel_t channel) {
  amqp_channel_open(state(), channel);
  auto opened = LastAnswer(channel, "opening a channel");
  if (opened && direction_ == Direction::kReceiving) ReadLongFrames();
  return opened;
}

// Only our own limit: the broker has been told the smaller one. And only once there is a channel:
// the library keeps a channel's memory in pieces as large as the limit was when the channel was
// first used, and gives back only what is larger than a piece (P9).
void Connection::ReadLongFrames() {
  if (amqp_get_frame_max(state()) >= kFrameBytesRead) return;
  amqp_tune_connection(state(), amqp_get_channel_max(state()), kFrameBytesRead,
                       amqp_get_heartbeat(state()));
}

void Connection::CloseChannel(amqp_channel_t channel) {
  amqp_channel_close(state(), channel, AMQP_REPLY_SUCCESS);
  Release(channel);
}

RequestError Connection::AnswerChannelClose(amqp_channel_t channel,
                                            const amqp_channel_close_t& close,
                                            std::string_view doing) {
  RequestError failure;
  failure.reply_code = close.reply_code;
  failure.channel_closed = true;
  failure.error.fault = FaultOfChannelClose(close.reply_code);
  failure.error.message = fmt::format("{}: the broker at {} closed the channel: {}", doing,
                                      endpoint_.Shown(), Shown(close.reply_text));
  amqp_channel_close_ok_t answer{};
  amqp_send_method(state(), channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &answer);
  return failure;
}

RequestResult<void> Connection::LastAnswer(amqp_channel_t channel, std::string_view doing) {
  return Answer(amqp_get_rpc_reply(state()), channel, doing);
}

RequestResult<void> Connection::Answer(const amqp_rpc_reply_t& reply, amqp_channel_t channel,
                                       std::string_view doing) {
  switch (reply.reply_type) {
    case AMQP_RESPONSE_NORMAL:
      return {};
    case AMQP_RESPONSE_SERVER_EXCEPTION:
      break;
    case AMQP_RESPONSE_LIBRARY_EXCEPTION:
    case AMQP_RESPONSE_NONE:
      return Unexpected<RequestError>({Lost(reply.library_error, doing), 0, false});
  }
  if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
    return Unexpected<RequestError>(AnswerChannelClose(
        channel, *static_cast<const amqp_channel_close_t*>(reply.reply.decoded), doing));
  }
  const auto& close = *static_cast<const amqp_connection_close_t*>(reply.reply.decoded);
  const int code = close.reply_code;
  return Unexpected<RequestError>({ConnectionClosed(close, doing), code, false});
}

BrokerError Connection::ConnectionClosed(const amqp_connection_close_t& close,
                                         std::string_view doing) {
  BrokerError error{FaultOfConnectionClose(close.reply_code),
                    fmt::format("{}: the broker at {} closed the connection: {}", doing,
                                endpoint_.Shown(), Shown(close.reply_text))};
  amqp_connection_close_ok_t answer{};
  amqp_send_method(state(), 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &answer);
  alive_ = false;
  return error;
}

BrokerError Connection::Lost(int status, std::string_view doing) {
  alive_ = false;
  return {FaultOfStatus(status), fmt::format("{}: broker at {}: {}", doing, endpoint_.Shown(),
                                             amqp_error_string2(status))};
}

BrokerResult<bool> Connection::ExchangeExists(const std::string& exchange) {
  if (exchange.empty())
    return true;  // the default exchange is always there and may not be declared
  auto opened = OpenChannel(kAskChannel);
  if (!opened) return Unexpected<BrokerError>(opened.error().error);
  amqp_exchange_declare(state(), kAskChannel, Bytes(exchange), amqp_cstring_bytes(""),
                        /*passive=*/1,
                        /*durable=*/0, /*auto_delete=*/0, /*internal=*/0, amqp_empty_table);
  const auto answer = LastAnswer(kAskChannel, "looking for exchange " + DisplayText(exchange, 255));
  if (answer) {
    CloseChannel(kAskChannel);
    return true;
  }
  if (answer.error().reply_code == kNotFound) return false;
  return Unexpected<BrokerError>(answer.error().error);
}

BrokerResult<std::optional<Connection::QueueDepth>> Connection::FindQueue(
    const std::string& queue) {
  auto opened = OpenChannel(kAskChannel);
  if (!opened) return Unexpected<BrokerError>(opened.error().error);
  const auto* found =
      amqp_queue_declare(state(), kAskChannel, Bytes(queue), /*passive=*/1, /*durable=*/0,
                         /*exclusive=*/0, /*auto_delete=*/0, amqp_empty_table);
  const auto answer = LastAnswer(kAskChannel, "looking for queue " + DisplayText(queue, 255));
  if (answer) {
    const QueueDepth depth{found->message_count, found->consumer_count};
    CloseChannel(kAskChannel);
    return depth;
  }
  if (answer.error().reply_code == kNotFound) return std::nullopt;
  return Unexpected<BrokerError>(answer.error().error);
}

}  // namespace deadletter::rabbitmq
