// HTTP: any bytes on a connection end in whole answers, none of which is an accident of ours; the
// same bytes in two pieces are answered alike; and what a query is read as can be written again.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <memory>

#include "base/text.h"
#include "base/uuid.h"
#include "http/session.h"
#include "operations/ledger_test_support.h"
#include "operations/list_letters.h"
#include "tests/fuzz/target.h"

namespace deadletter::fuzz {
namespace {

namespace asio = boost::asio;
using http::ParseTarget;
using http::Target;

// ---- Targets and queries.

std::string Encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) encoded += "%" + Hex({&c, 1});
  return encoded;
}

std::string Written(const Target& target) {
  std::string text = target.path.empty() ? "/" : "";
  for (const std::string& segment : target.path) text += "/" + Encoded(segment);
  char separator = '?';
  for (const Parameter& parameter : target.parameters) {
    text += separator + Encoded(parameter.name) + "=" + Encoded(parameter.value);
    separator = '&';
  }
  return text;
}

void CheckListRequest(std::vector<Parameter> parameters) {
  const auto request = ParseListRequest(parameters);
  std::ranges::reverse(parameters);
  const auto reversed = ParseListRequest(parameters);
  Require(request.has_value() == reversed.has_value(), "the order of a query does not matter");
  if (!request) {
    Require(request.error().fault == OperationFault::kBadRequest, "a bad query is the caller's");
    Require(IsOneLine(request.error().message), "an error is one line");
    return;
  }
  Require(request->digest == reversed->digest, "the same question has the same digest");
  Require(request->limit >= 1 && request->limit <= kMaxListLimit, "a page is bounded (P9)");
  std::erase_if(parameters, [](const Parameter& parameter) { return parameter.name == "cursor"; });
  const Cursor here{.after = LetterId(Uuid{{7}}), .filter = request->digest};
  parameters.push_back({"cursor", FormatCursor(here)});
  const auto further = ParseListRequest(parameters);
  Require(further && further->after == here.after, "a cursor goes on with its own question");
}

void CheckTarget(std::string_view text) {
  const auto target = ParseTarget(text);
  if (!target) return Require(IsOneLine(target.error().message), "an error is one line");
  // "/?" and "//" are read as what "/" and "/" with an empty name would be: written once, they
  // stay.
  const auto again = ParseTarget(Written(*target));
  Require(again && again->path == target->path && again->parameters == target->parameters,
          "a target is written as it was read");
  CheckListRequest(target->parameters);
}

// ---- A real session.

class Pair {
 public:
  Pair() {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
      throw std::runtime_error("no pair of sockets");
    ours_ = ends[0];
    theirs_ = ends[1];
  }
  ~Pair() { close(ours_); }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  [[nodiscard]] int theirs() const { return theirs_; }

  // As much as goes in; what the session has closed takes nothing any more.
  void Send(std::string_view& bytes) const {
    const ssize_t sent = send(ours_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    if (sent < 0 && errno != EAGAIN) bytes = {};
  }
  void EndSending() const { shutdown(ours_, SHUT_WR); }
  void ReadInto(std::string& answer) const {
    std::array<char, 16'384> buffer;
    ssize_t size = 0;
    while ((size = recv(ours_, buffer.data(), buffer.size(), 0)) > 0)
      answer.append(buffer.data(), static_cast<std::size_t>(size));
  }

 private:
  int ours_;
  int theirs_;  // the session's, once it has it
};

// Made once: a ledger with a few letters, and all that a server shares between its connections.
class World {
 public:
  World() {
    // The cryptographic library begins before us, and so ends after our worker, which leaves it its
    // thread's state.
    (void)RandomUuid();
    for (const std::string_view body : {"{\"a\":[1]}", "\xff\x00", ""}) {
      LetterRecord& record = ledger_->Add();
      record.message.body = body;
      record.message.headers.entries = {{"x", {FieldBytes{"\xff"}}}};
      record.summary.queue = "worker.7\xff";
    }
    // What changes something is judged and then not to be had: the same bytes are answered alike.
    ledger_->audit_error =
        LedgerError{.fault = LedgerFault::kUnavailable, .code = "", .message = "no"};
    operations_ = std::make_unique<Operations>(
        test::ReadersOver(ledger_),
        OperationsOptions{.redaction =
                              Redaction({"/**/a"}, LetterFormat::Default(), std::size_t{1} << 20)});
    health_.Set("ledger", HealthState::kReady);
    sessions_.feed = &feed_;
    sessions_.limits.max_header_bytes = 1'024;  // so that there are larger ones
    sessions_.limits.max_body_bytes = 512;
    sessions_.router = std::make_unique<http::Router>(
        http::RouterOptions{.host = "127.0.0.1",
                            .port = 8025,
                            .base_path = "/",
                            .pair_name = "embedded",
                            // How fast we ask must not change what we are answered.
                            .rate_limit = {.per_second = 1e12, .burst = 1e12}},
        *operations_, health_, metrics_);
  }

  // Both pieces, one after the other has been taken in, and then the end of them.
  std::string Answer(std::string_view first, std::string_view second) {
    const Pair pair;
    asio::ip::tcp::socket socket(context_);
    socket.assign(asio::ip::tcp::v4(), pair.theirs());
    std::make_shared<http::Session>(std::move(socket), sessions_, workers_, false)->Run();
    std::string answer;
    Feed(pair, first, answer);
    Feed(pair, second, answer);
    pair.EndSending();
    while (!sessions_.all.empty()) Turn(pair, answer);
    pair.ReadInto(answer);
    context_.poll();
    Require(sessions_.answers.held_bytes() == 0, "a session that ended holds no answer (P9)");
    return answer;
  }

 private:
  void Feed(const Pair& pair, std::string_view bytes, std::string& answer) {
    while (!bytes.empty() && !sessions_.all.empty()) {
      pair.Send(bytes);
      context_.poll();
      pair.ReadInto(answer);
    }
  }

  // Waits for what a worker is doing, and no longer than the session itself would.
  void Turn(const Pair& pair, std::string& answer) {
    Require(context_.run_one_for(std::chrono::seconds(15)) > 0, "a session ends with its client");
    context_.poll();
    pair.ReadInto(answer);
  }

  std::shared_ptr<test::FakeLedger> ledger_ = std::make_shared<test::FakeLedger>();
  std::unique_ptr<Operations> operations_;
  Health health_;
  Metrics metrics_;
  http::Sessions sessions_;
  asio::io_context context_{1};
  // A worker's answer may be all that a session waits for.
  asio::executor_work_guard<asio::io_context::executor_type> work_ =
      asio::make_work_guard(context_);
  http::Feed feed_{{.counts = [] { return "{}"; },
                    .health = [] { return "{}"; },
                    .replays = [](const auto&) { return std::vector<ReplayStanding>(); }},
                   context_,
                   workers_,
                   std::chrono::hours(1)};  // it is looked at once, when somebody comes
  asio::thread_pool workers_{1};            // done before what it is asked for goes
};

// ---- Answers.

constexpr std::string_view kEventStream = "text/event-stream";

// The text up to `end`, which is taken off with it; nothing where it does not come.
std::optional<std::string_view> TakeUntil(std::string_view& text, std::string_view end) {
  const std::size_t at = text.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view front = text.substr(0, at);
  text.remove_prefix(at + end.size());
  return front;
}

std::string_view HeaderOf(std::string_view head, std::string_view name) {
  const std::string line = "\r\n" + std::string(name) + ": ";
  const std::size_t at = head.find(line);
  if (at == std::string_view::npos) return {};
  head.remove_prefix(at + line.size());
  return head.substr(0, head.find("\r\n"));
}

void CheckProblem(std::string_view body, std::string_view status) {
  boost::json::error_code error;
  const auto problem = boost::json::parse(body, error);
  Require(!error && problem.is_object(), "a problem is JSON");
  const auto* const told = problem.get_object().if_contains("status");
  Require(told != nullptr && told->is_int64() && std::to_string(told->get_int64()) == status,
          "a problem tells its status");
}

// One whole answer is taken off.
void CheckAnswer(std::string_view& answers) {
  constexpr std::string_view kOurs[] = {"100", "200", "400", "403", "404", "405", "409", "413",
                                        "414", "415", "421", "422", "431", "503", "505"};
  Require(answers.starts_with("HTTP/1.1 "), "an answer begins as one");
  const auto head = TakeUntil(answers, "\r\n\r\n");
  Require(head.has_value(), "a head is whole");
  const std::string_view status = head->substr(9, 3);
  Require(std::ranges::find(kOurs, status) != std::end(kOurs), "a status is one that we mean");
  if (status == "100") return;
  Require(HeaderOf(*head, "X-Content-Type-Options") == "nosniff", "nothing is guessed at");
  if (HeaderOf(*head, "Content-Type") == kEventStream) {
    answers = {};  // the last one: the connection ends with it, wherever its client left
    return;
  }
  const std::size_t length = std::stoul(std::string(HeaderOf(*head, "Content-Length")));
  if (length > 0 && (answers.empty() || answers.starts_with("HTTP/1.1 "))) return;  // after HEAD
  Require(answers.size() >= length, "a body is whole");
  const std::string_view body = answers.substr(0, length);
  answers.remove_prefix(length);
  const bool is_problem = HeaderOf(*head, "Content-Type") == "application/problem+json";
  Require(is_problem == (status != "200"), "what is not answered is a problem");
  if (is_problem) CheckProblem(body, status);
}

// All answers but a last one that depends on how the bytes arrive: how soon a limit is met,
// whether a request that ends in the middle is malformed before it ends, and how many events come
// before somebody leaves.
std::string_view WhatIsSure(std::string_view answers) {
  std::size_t end = answers.size();
  constexpr std::string_view kUnsure[] = {"HTTP/1.1 413", "HTTP/1.1 414", "HTTP/1.1 431",
                                          "this is not an HTTP request", kEventStream};
  for (const std::string_view unsure : kUnsure) {
    end = std::min(end, answers.substr(0, end).find(unsure));
  }
  if (end >= answers.size()) return answers;
  return answers.substr(0, answers.rfind("HTTP/1.1 ", end));
}

// A request line's target, where the bytes have one.
std::string_view TargetIn(std::string_view bytes) {
  const std::string_view line = bytes.substr(0, bytes.find('\r'));
  const std::size_t start = line.find(' ');
  if (start == std::string_view::npos) return line;
  return line.substr(start + 1, line.rfind(' ') - start - 1);
}

// The first byte says where the bytes are cut in two.
void Connection(std::string_view input) {
  static World world;
  if (input.empty()) return;
  const std::size_t cut = static_cast<unsigned char>(input.front());
  const std::string_view bytes = input.substr(1);
  CheckTarget(TargetIn(bytes));
  const std::string whole = world.Answer(bytes, "");
  std::string_view rest = whole;
  while (!rest.empty()) CheckAnswer(rest);
  const std::size_t place = bytes.size() * cut / 256;
  const std::string in_two = world.Answer(bytes.substr(0, place), bytes.substr(place));
  const std::string_view sure = WhatIsSure(whole);
  const std::string_view sure_in_two = WhatIsSure(in_two);
  Require(sure == sure_in_two || (sure.size() < whole.size() && sure_in_two.starts_with(sure)) ||
              (sure_in_two.size() < in_two.size() && sure.starts_with(sure_in_two)),
          "the answers do not depend on how the bytes arrive: in one piece " + whole + ", in two " +
              in_two);
}

const Registration kRegistration("http", Connection);

}  // namespace
}  // namespace deadletter::fuzz
