// One connection: requests are read one after another, answered, and the answers written.
// Everything happens on the server's I/O thread; only what asks the ledger runs on a worker, and
// what waits for work to come on a waiter. Internal to http/.
#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>

#include "http/answer_room.h"
#include "http/feed.h"
#include "http/router.h"
#include "http/server.h"
#include "http/stream.h"
#include "http/waiters.h"

namespace deadletter::http {

class Session;

// Answers up to this size are always given: the number of connections bounds them.
inline constexpr std::size_t kSmallAnswerBytes = 64 * 1024;

// What the sessions of a server share. I/O thread only, where nothing else is said.
struct Sessions {
  ServerLimits limits;
  std::unique_ptr<Router> router;
  std::unique_ptr<boost::asio::ssl::context> tls;  // null: in the clear
  std::set<Session*> all;
  std::size_t request_bytes = 0;  // of large bodies that are read or not answered yet
  AnswerRoom answers;             // that are not written yet; any thread
  std::size_t streams = 0;        // answers that are made while they are sent
  Feed* feed = nullptr;           // outlives whoever follows it
  std::size_t waiting_calls = 0;  // not answered yet
  Waiters waiters;
  std::atomic<bool> draining{false};  // nothing new is begun; any thread
  std::function<void()> on_empty;     // called when a session ends and was the last one
};

class Session : public Follower, public std::enable_shared_from_this<Session> {
 public:
  // `overloaded`: the connection is one too many, and its request gets 503.
  Session(boost::asio::ip::tcp::socket socket, Sessions& sessions,
          boost::asio::thread_pool& workers, bool overloaded);
  ~Session() override;

  void Run();
  void Drain();  // closes now where no request is in hand, else after its answer; ends its wait
  void Close();  // now
  void OnTick() override;
  void Drop() override { Close(); }

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using Message = boost::beast::http::response<boost::beast::http::string_body>;
  using Serializer = boost::beast::http::response_serializer<boost::beast::http::string_body>;
  using ErrorCode = boost::system::error_code;

  void ShakeHands();
  void ReadHeader();
  void OnHeader(ErrorCode error);
  [[nodiscard]] bool HoldRequest();
  void ReleaseRequest();
  void SayContinue();
  void ReadBody();
  void OnRequest(ErrorCode error);
  void OnReadError(ErrorCode error);
  void Ask(Answer answer);
  void Wait(Answer answer);
  [[nodiscard]] std::function<void()> Making(Answer answer);
  void WatchForLeaving();
  void OnReadable(ErrorCode error);
  void StopWatching();
  void Respond(Response response, bool keep_alive);
  // Of this session's answer. Whoever makes it may call it, else the I/O thread.
  [[nodiscard]] bool KeepRoom(std::size_t bytes);
  void ReleaseAnswer();
  void WriteSome();
  void OnWritten(ErrorCode error);
  void EndAnswer();
  void BeginStream(Response response);
  void SendPart(std::string bytes);
  void SendSome();
  void OnSent(ErrorCode error, std::size_t bytes);
  void AskMore();
  void OnMore(Result<std::optional<std::string>> part);
  void EndStream();
  [[nodiscard]] std::optional<Response> RefuseFollowing(const std::string& who) const;
  void BeginFollowing(Following following);
  void SendNews();
  void EndFollowing();
  void LetGo(bool took_nothing);
  void SayGoodbye();
  void Linger();
  void DiscardSome();

  [[nodiscard]] bool KeepsAlive() const;

  Stream stream_;
  Sessions& sessions_;
  boost::asio::thread_pool& workers_;
  const bool overloaded_;
  std::string address_;  // the client's
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;  // one a request
  Message message_;
  std::optional<Serializer> serializer_;
  std::size_t request_bytes_ = 0;  // our part of Sessions::request_bytes
  std::size_t body_bytes_ = 0;     // of the request's body
  std::size_t held_bytes_ = 0;     // our part of Sessions::answers
  bool head_only_ = false;
  bool in_hand_ = false;   // an answer is being made or written
  bool waits_ = false;     // one that waits for work to come; of Sessions::waiting_calls
  std::stop_source gone_;  // requested: whatever is in hand need not be waited for any more
  // Of an answer that is made while it is sent.
  bool streams_ = false;
  MoreOfBody more_;       // empty: the last part is on its way
  std::string part_;      // as it goes over the wire
  std::size_t sent_ = 0;  // bytes of it
  // Of one that is the server's events.
  MayFollow may_follow_;
  bool follows_ = false;
  bool sends_ = false;      // a part is on its way
  bool owes_end_ = false;   // of the body, once that part is sent
  std::uint64_t seen_ = 0;  // the last one's id
  std::chrono::steady_clock::time_point sent_at_{};
};

}  // namespace deadletter::http
