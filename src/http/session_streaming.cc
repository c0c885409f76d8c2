// Of a session: answers that are made while they are sent.
#include <fmt/format.h>
#include <netinet/tcp.h>

#include <boost/asio/post.hpp>
#include <exception>
#include <sstream>
#include <utility>

#include "http/problem.h"
#include "http/session.h"
#include "telemetry/log.h"

namespace deadletter::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;

Result<std::optional<std::string>> SafelyMore(const MoreOfBody& more) {
  try {
    return more();
  } catch (const std::exception& error) {
    return Fail(error.what());
  }
}

constexpr const char* kLastChunk = "0\r\n\r\n";

// Who follows the events: what the kernel keeps for him, and what he is told besides.
constexpr unsigned kFollowRetrySeconds = 10;
constexpr int kFollowerBufferBytes = 64 * 1024;
constexpr const char* kReconnect = "retry: 3000\n\n";
constexpr const char* kHeartbeat = ": nothing new\n\n";

// A part as RFC 9112 has it in a chunked body; an empty one would be taken for the end.
std::string ChunkOf(std::string_view part) {
  return part.empty() ? std::string() : fmt::format("{:x}\r\n{}\r\n", part.size(), part);
}

std::string HeadOf(const beast::http::response<beast::http::string_body>& message) {
  std::ostringstream head;
  head << message.base();
  return head.str();
}

// So that who does not read holds little, and is noticed, also where his machine is gone without a
// word: the kernel gives up on what nobody takes for as long as any part of an answer may need.
void LimitWhatTheKernelKeeps(asio::ip::tcp::socket& socket, std::chrono::milliseconds patience) {
  boost::system::error_code ignored;
  (void)socket.set_option(asio::socket_base::send_buffer_size(kFollowerBufferBytes), ignored);
  const int limit_ms = static_cast<int>(patience.count());
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms, sizeof limit_ms);
}

}  // namespace

// A body that is made while it is sent, a chunk a part. The parts are small enough to be counted,
// not refused: there are few such answers.
void Session::BeginStream(Response response) {
  if (head_only_) return SendPart(HeadOf(message_));
  streams_ = true;
  ++sessions_.streams;
  more_ = std::move(response.more);
  SendPart(HeadOf(message_) + ChunkOf(response.body));
}

void Session::SendPart(std::string bytes) {
  part_ = std::move(bytes);
  sent_ = 0;
  const std::size_t held = part_.size() > kSmallAnswerBytes ? part_.size() : 0;
  sessions_.answers.Set(std::exchange(held_bytes_, held), held);
  SendSome();
}

void Session::SendSome() {
  stream_.tcp().expires_after(sessions_.limits.client_timeout);
  stream_.async_write_some(asio::buffer(part_.data() + sent_, part_.size() - sent_),
                           [self = shared_from_this()](ErrorCode error, std::size_t bytes) {
                             self->OnSent(error, bytes);
                           });
}

void Session::OnSent(ErrorCode error, std::size_t bytes) {
  if (error) return LetGo(error == beast::error::timeout || error == asio::error::timed_out);
  sent_ += bytes;
  if (sent_ < part_.size()) return SendSome();
  ReleaseAnswer();
  part_ = std::string();
  sends_ = false;
  if (std::exchange(owes_end_, false)) return SendPart(kLastChunk);
  if (follows_) return sessions_.draining ? EndFollowing() : SendNews();
  if (more_) return AskMore();
  EndStream();
  EndAnswer();
}

void Session::AskMore() {
  if (sessions_.draining) return OnMore(Fail("the server is stopping"));
  asio::post(workers_, [self = shared_from_this()]() mutable {
    auto part = SafelyMore(self->more_);
    auto& stream = self->stream_;
    asio::post(stream.get_executor(), [self = std::move(self), part = std::move(part)]() mutable {
      self->OnMore(std::move(part));
    });
  });
}

void Session::OnMore(Result<std::optional<std::string>> part) {
  if (!part) {
    LogWarning("answer_cut_short", {{"why", part.error().message}});
    return Close();
  }
  if (*part) return SendPart(ChunkOf(**part));
  more_ = nullptr;
  SendPart(kLastChunk);
}

void Session::EndStream() {
  if (std::exchange(streams_, false)) --sessions_.streams;
  more_ = nullptr;
}

// Nobody takes the room of all, by mistake or otherwise.
std::optional<Response> Session::RefuseFollowing(const std::string& who) const {
  const ServerLimits& limits = sessions_.limits;
  if (sessions_.feed->CountOf(who) >= limits.max_event_streams_per_caller) {
    Response response = Problem(
        429, fmt::format("the {} follows the events already by {} streams: end one of them first",
                         who.substr(0, who.find(' ')), limits.max_event_streams_per_caller));
    response.headers.emplace_back("Retry-After", fmt::to_string(kFollowRetrySeconds));
    return response;
  }
  if (sessions_.feed->size() < limits.max_event_streams) return std::nullopt;
  return Unavailable(
      fmt::format("{} follow the events already; try again later", limits.max_event_streams),
      kFollowRetrySeconds);
}

// The server's events: a snapshot, and then what is new, for as long as he may and does take it.
// Nothing but a number says where he is; what he has not taken while more came is not kept for him.
void Session::BeginFollowing(Following following) {
  if (head_only_) return SendPart(HeadOf(message_));
  may_follow_ = std::move(following.may);
  LimitWhatTheKernelKeeps(stream_.tcp().socket(), sessions_.limits.client_timeout);
  sessions_.feed->WakeUp();
  SendPart(HeadOf(message_) + ChunkOf(kReconnect + sessions_.feed->NewSince(seen_)));
  sends_ = true;
  sent_at_ = std::chrono::steady_clock::now();
  sessions_.feed->Join(shared_from_this(), std::move(following.who));
  follows_ = true;
  WatchForLeaving();
}

void Session::OnTick() {
  if (!follows_) return;
  if (!may_follow_()) return EndFollowing();
  if (!sends_) SendNews();
}

// Who cannot be told is not kept: nothing would ever wake him up.
void Session::SendNews() {
  try {
    std::string news = sessions_.feed->NewSince(seen_);
    const auto now = std::chrono::steady_clock::now();
    if (news.empty() && now - sent_at_ >= sessions_.limits.event_heartbeat) news = kHeartbeat;
    if (news.empty()) return;
    sent_at_ = now;
    sends_ = true;
    SendPart(ChunkOf(news));
  } catch (...) {
    Close();
    throw;
  }
}

void Session::EndFollowing() {
  const auto self = shared_from_this();  // perhaps only the feed has us
  follows_ = false;
  sessions_.feed->Leave(*this);
  if (sends_) {
    owes_end_ = true;
  } else {
    SendPart(kLastChunk);
  }
}

// Who has left, or takes nothing.
void Session::LetGo(bool took_nothing) {
  if (follows_ && took_nothing) LogInfo("follower_let_go", {{"address", address_}});
  Close();
}

}  // namespace deadletter::http
