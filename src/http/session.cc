#include "http/session.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <boost/beast/core/error.hpp>
#include <cerrno>
#include <exception>
#include <utility>

#include "http/problem.h"
#include "telemetry/log.h"

namespace deadletter::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;

constexpr std::chrono::seconds kLinger{1};
constexpr unsigned kOverloadRetrySeconds = 1;
constexpr std::size_t kDiscardBytes = 16 * 1024;
// What may be buffered beyond a request's head. Beast's own limits know nothing of a chunk's
// extension or of the trailer, which must arrive whole before they are read.
constexpr std::size_t kReadAheadBytes = 64 * 1024;
// Bodies up to this size are always taken: the number of connections bounds them.
constexpr std::size_t kSmallRequestBytes = 64 * 1024;

// Takes the body out of `message`.
Request FromBeast(beast::http::request<beast::http::string_body>& message) {
  using beast::http::field;
  Request request{.method = std::string(message.method_string()),
                  .target = std::string(message.target())};
  const auto [token, end] = message.equal_range(field::authorization);
  for (auto each = token; each != end; ++each) request.authorizations.emplace_back(each->value());
  const auto [first, last] = message.equal_range(field::host);
  for (auto host = first; host != last; ++host) request.hosts.emplace_back(host->value());
  if (const auto origin = message.find(field::origin); origin != message.end()) {
    request.origin = std::string(origin->value());
  }
  const auto [key, last_key] = message.equal_range("Idempotency-Key");
  for (auto each = key; each != last_key; ++each)
    request.idempotency_keys.emplace_back(each->value());
  if (const auto type = message.find(field::content_type); type != message.end()) {
    request.content_type = std::string(type->value());
  }
  request.has_body = !message.body().empty();
  request.body = std::move(message.body());
  return request;
}

Response Safely(const Answer& answer) {
  try {
    return answer.make();
  } catch (const std::exception& error) {
    LogError("http_answer_failed", {{"error", error.what()}});
    return Problem(500, "the answer could not be made; the server's log says why");
  }
}

Response ServerStops() {
  return Unavailable("the server is stopping", kOverloadRetrySeconds);
}

// A client of HTTP/1.0 does not know the interim answer, whatever it sends (RFC 9110, 10.1.1).
bool AwaitsContinue(const beast::http::request<beast::http::string_body>& head) {
  return head.version() == 11 && beast::iequals(head[beast::http::field::expect], "100-continue");
}

// Headers of every answer: nothing of ours runs, is framed, guessed at or kept by a browser.
void AddSafetyHeaders(beast::http::fields& fields, bool encrypted) {
  if (encrypted) fields.set("Strict-Transport-Security", "max-age=31536000");
  fields.set("X-Content-Type-Options", "nosniff");
  fields.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  fields.set("Cross-Origin-Resource-Policy", "same-origin");
  fields.set("Referrer-Policy", "no-referrer");
  fields.set("X-Frame-Options", "DENY");
  fields.set(beast::http::field::cache_control, "no-store");
}

}  // namespace

Session::Session(asio::ip::tcp::socket socket, Sessions& sessions, asio::thread_pool& workers,
                 bool overloaded)
    : stream_(std::move(socket), sessions.tls.get()),
      sessions_(sessions),
      workers_(workers),
      overloaded_(overloaded),
      buffer_(sessions.limits.max_header_bytes + kReadAheadBytes) {
  ErrorCode unknown;  // the client has left already
  const auto client = stream_.tcp().socket().remote_endpoint(unknown);
  if (!unknown) address_ = client.address().to_string();
  sessions_.all.insert(this);
}

Session::~Session() {
  StopWatching();
  ReleaseRequest();
  ReleaseAnswer();
  EndStream();
  sessions_.all.erase(this);
  if (sessions_.all.empty() && sessions_.on_empty) sessions_.on_empty();
}

void Session::Run() {
  if (stream_.IsEncrypted()) return ShakeHands();
  ReadHeader();
}

// Who speaks no TLS, or none that we speak, is told nothing: he would not understand it.
void Session::ShakeHands() {
  stream_.tcp().expires_after(sessions_.limits.client_timeout);
  stream_.tls().async_handshake(asio::ssl::stream_base::server,
                                [self = shared_from_this()](ErrorCode error) {
                                  if (error) return self->Close();
                                  self->ReadHeader();
                                });
}

void Session::Drain() {
  if (!in_hand_) return Close();
  if (follows_) return EndFollowing();
  gone_.request_stop();
}

void Session::Close() {
  const auto self = shared_from_this();  // perhaps only the feed has us
  if (std::exchange(follows_, false)) sessions_.feed->Leave(*this);
  stream_.tcp().close();
}

void Session::ReadHeader() {
  in_hand_ = false;
  head_only_ = false;
  if (sessions_.draining) return Close();
  parser_.emplace();
  parser_->header_limit(sessions_.limits.max_header_bytes);
  parser_->body_limit(sessions_.limits.max_body_bytes);
  // Set once a request, so that a client cannot stretch it byte by byte.
  stream_.tcp().expires_after(sessions_.limits.client_timeout);
  beast::http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](ErrorCode error, std::size_t) { self->OnHeader(error); });
}

void Session::OnHeader(ErrorCode error) {
  if (error) return OnReadError(error);
  if (!HoldRequest()) {
    return Respond(
        Unavailable("too many large requests at once; try again shortly", kOverloadRetrySeconds),
        false);
  }
  if (AwaitsContinue(parser_->get())) return SayContinue();
  ReadBody();
}

// From its head on a request counts with what it announces, or, where it announces nothing, with
// what it may have at most: what is promised to it need not be there when it comes.
bool Session::HoldRequest() {
  const auto announced = parser_->content_length();
  const auto bytes = static_cast<std::size_t>(
      announced ? *announced : (parser_->chunked() ? sessions_.limits.max_body_bytes : 0));
  if (bytes <= kSmallRequestBytes) return true;
  const std::size_t held = sessions_.request_bytes;
  if (held != 0 && held + bytes > sessions_.limits.max_request_bytes) return false;
  request_bytes_ = bytes;
  sessions_.request_bytes += bytes;
  return true;
}

void Session::ReleaseRequest() {
  sessions_.request_bytes -= std::exchange(request_bytes_, 0);
}

void Session::SayContinue() {
  auto answer = std::make_shared<beast::http::response<beast::http::empty_body>>(
      beast::http::status::continue_, 11);
  beast::http::async_write(stream_, *answer,
                           [self = shared_from_this(), answer](ErrorCode error, std::size_t) {
                             if (error) return self->Close();
                             self->ReadBody();
                           });
}

void Session::ReadBody() {
  beast::http::async_read(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](ErrorCode error, std::size_t) { self->OnRequest(error); });
}

void Session::OnRequest(ErrorCode error) {
  if (error) return OnReadError(error);
  in_hand_ = true;
  if (overloaded_) {
    return Respond(Unavailable("too many connections; try again shortly", kOverloadRetrySeconds),
                   false);
  }
  head_only_ = parser_->get().method() == beast::http::verb::head;
  body_bytes_ = parser_->get().body().size();
  Request request = FromBeast(parser_->get());
  request.address = address_;
  request.gone = gone_.get_token();
  request.keep_room = [this](std::size_t bytes) { return KeepRoom(bytes); };
  Answer answer = sessions_.router->Route(std::move(request));
  switch (answer.made_by) {
    case MadeBy::kSockets:
      return Respond(Safely(answer), KeepsAlive());
    case MadeBy::kLedger:
      return Ask(std::move(answer));
    case MadeBy::kWaiting:
      return Wait(std::move(answer));
  }
}

// A client that went away or was too slow is told nothing; one that sent what cannot be a request
// is told what, and the connection ends: where its next request would begin, nobody knows.
void Session::OnReadError(ErrorCode error) {
  using HttpError = beast::http::error;
  if (error == HttpError::header_limit) {
    // The request line comes first: without a target, it is what was too long.
    if (parser_->get().target().empty())
      return Respond(Problem(414, "the request line is too long"), false);
    return Respond(Problem(431, "the request's headers are too large"), false);
  }
  if (error == HttpError::body_limit) {
    return Respond(Problem(413, "the body is larger than " +
                                    std::to_string(sessions_.limits.max_body_bytes) + " bytes"),
                   false);
  }
  if (error == HttpError::buffer_overflow) {
    return Respond(Problem(413, "a chunk's extension or the trailer is too large"), false);
  }
  const bool left = error == HttpError::end_of_stream || error == HttpError::partial_message;
  if (left || error.category() != make_error_code(HttpError::bad_target).category()) return Close();
  Respond(Problem(400, "this is not an HTTP request: " + error.message()), false);
}

void Session::Ask(Answer answer) {
  asio::post(workers_, Making(std::move(answer)));
}

// What it sent is not kept while it waits: a few words are enough to say what for.
void Session::Wait(Answer answer) {
  const std::size_t most = sessions_.limits.max_waiting_calls;
  if (body_bytes_ > kSmallRequestBytes) {
    return Respond(Problem(413, fmt::format("the body of a call that may wait has at most {} bytes",
                                            kSmallRequestBytes)),
                   KeepsAlive());
  }
  ReleaseRequest();
  if (sessions_.waiting_calls >= most) {
    return Respond(Unavailable(std::to_string(most) + " calls wait for work already; try again "
                                                      "shortly",
                               kOverloadRetrySeconds),
                   KeepsAlive());
  }
  waits_ = true;
  ++sessions_.waiting_calls;
  // Watched last: where no thread is to be had, nothing holds this session, and it ends.
  if (!sessions_.waiters.Run(Making(std::move(answer)), most)) return Respond(ServerStops(), false);
  WatchForLeaving();
}

// Makes the answer on whatever thread calls it, and gives it to the one that holds the sockets.
std::function<void()> Session::Making(Answer answer) {
  return [self = shared_from_this(), answer = std::move(answer)]() mutable {
    // What waited in line while the server stopped is not begun: the ledger may be slow.
    Response response = self->sessions_.draining ? ServerStops() : Safely(answer);
    auto& stream = self->stream_;
    asio::post(stream.get_executor(),
               [self = std::move(self), response = std::move(response)]() mutable {
                 self->Respond(std::move(response), self->KeepsAlive());
               });
  };
}

// Nothing is to be taken for a client that hangs up while it waits. One that has sent more already,
// its next request or the end of TLS, is not watched any further.
void Session::WatchForLeaving() {
  stream_.tcp().socket().async_wait(
      asio::ip::tcp::socket::wait_read,
      [self = shared_from_this()](ErrorCode error) { self->OnReadable(error); });
}

void Session::OnReadable(ErrorCode error) {
  if (error || (!waits_ && !follows_)) return;
  char byte = 0;
  const ssize_t seen =
      ::recv(stream_.tcp().socket().native_handle(), &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT);
  const bool is_nothing = seen < 0 && (errno == EAGAIN || errno == EINTR);
  if (is_nothing) return WatchForLeaving();
  // Who follows the events has nothing more to say; whatever it is, his leaving would hide behind
  // it.
  if (seen > 0) return follows_ ? EndFollowing() : void();
  if (follows_) return LetGo(seen < 0 && errno == ETIMEDOUT);
  gone_.request_stop();
}

void Session::StopWatching() {
  if (!waits_) return;
  waits_ = false;
  --sessions_.waiting_calls;
  ErrorCode ignored;
  stream_.tcp().socket().cancel(ignored);
}

// HTTP/1.0 clients would need to be told; they get a connection a request.
bool Session::KeepsAlive() const {
  const auto& request = parser_->get();
  return request.version() == 11 && request.keep_alive() && !sessions_.draining;
}

void Session::Respond(Response response, bool keep_alive) {
  in_hand_ = true;
  StopWatching();
  parser_->get().body() = std::string();  // answered: a slow reader need not keep it
  ReleaseRequest();
  if (!KeepRoom(head_only_ ? 0 : response.body.size())) {
    ReleaseAnswer();
    response = Unavailable("too many large answers wait for slow readers; try again shortly",
                           kOverloadRetrySeconds);
  } else if ((response.more || response.following) && parser_->get().version() < 11) {
    response = Problem(505, "an answer that is made while it is sent needs HTTP/1.1");
  } else if (response.more && sessions_.streams >= sessions_.limits.max_streams) {
    response = Unavailable("too many exports at once; try again shortly", kOverloadRetrySeconds);
  } else if (response.following) {
    if (auto refusal = RefuseFollowing(response.following->who)) response = std::move(*refusal);
  }
  message_ = Message(static_cast<beast::http::status>(response.status), 11);
  message_.set(beast::http::field::content_type, response.content_type);
  for (const auto& [name, value] : response.headers) message_.set(name, value);
  AddSafetyHeaders(message_, stream_.IsEncrypted());
  message_.keep_alive(keep_alive);
  if (response.more) {
    message_.chunked(true);
    return BeginStream(std::move(response));
  }
  if (response.following) {
    message_.keep_alive(false);
    message_.chunked(true);
    return BeginFollowing(std::move(*response.following));
  }
  message_.content_length(response.body.size());
  if (!head_only_) message_.body() = std::move(response.body);
  serializer_.emplace(message_);
  WriteSome();
}

bool Session::KeepRoom(std::size_t bytes) {
  const std::size_t wanted = bytes > kSmallAnswerBytes ? bytes : 0;
  if (!sessions_.answers.Change(held_bytes_, wanted, sessions_.limits.max_answer_bytes))
    return false;
  held_bytes_ = wanted;
  return true;
}

void Session::ReleaseAnswer() {
  sessions_.answers.Set(std::exchange(held_bytes_, 0), 0);
}

// The limit is for each part of an answer: a large body may take a slow line as long as it needs.
void Session::WriteSome() {
  stream_.tcp().expires_after(sessions_.limits.client_timeout);
  beast::http::async_write_some(
      stream_, *serializer_,
      [self = shared_from_this()](ErrorCode error, std::size_t) { self->OnWritten(error); });
}

void Session::OnWritten(ErrorCode error) {
  if (error) return Close();
  if (!serializer_->is_done()) return WriteSome();
  serializer_.reset();
  EndAnswer();
}

void Session::EndAnswer() {
  const bool keep_alive = message_.keep_alive();
  message_ = Message();
  ReleaseAnswer();
  if (keep_alive) return ReadHeader();
  if (stream_.IsEncrypted()) return SayGoodbye();
  Linger();
}

// So that the client knows that nobody cut the answer short. Whether it says the same is its own
// business.
void Session::SayGoodbye() {
  stream_.tcp().expires_after(kLinger);
  stream_.tls().async_shutdown([self = shared_from_this()](ErrorCode) { self->Linger(); });
}

// Closing with bytes unread makes the kernel reset the connection, and the answer may be lost with
// it: wait shortly until the client has taken it and closes.
void Session::Linger() {
  ErrorCode ignored;
  (void)stream_.tcp().socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  stream_.tcp().expires_after(kLinger);
  buffer_.clear();
  DiscardSome();
}

void Session::DiscardSome() {
  stream_.tcp().async_read_some(buffer_.prepare(kDiscardBytes),
                                [self = shared_from_this()](ErrorCode error, std::size_t) {
                                  if (error) return self->Close();
                                  self->DiscardSome();
                                });
}

}  // namespace deadletter::http
