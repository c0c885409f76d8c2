#include "tests/support/tcp_gate.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <future>
#include <optional>
#include <regex>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>

namespace deadletter::test {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kPieceBytes = 65'536;
constexpr std::size_t kSlowPiecesPerSecond = 50;

enum class Mode { kPass, kHold, kDrop, kDelay, kSlow };
enum class Ending { kOrderly, kReset };

tcp::endpoint Loopback(std::uint16_t port) {
  return {asio::ip::address_v4::loopback(), port};
}

// Before the port, and the port; of a URL that outlives the answer.
std::smatch FindPort(const std::string& url) {
  static const std::regex kPort(R"(^([a-z]+://(?:[^/@]*@)?[^/:@]+:)([0-9]+))");
  std::smatch match;
  if (!std::regex_search(url, match, kPort)) throw std::invalid_argument("no port in the URL");
  return match;
}

// What the test ordered; every connection looks here before each piece.
struct Orders {
  Mode mode = Mode::kPass;
  std::chrono::milliseconds delay{0};
  std::size_t bytes_per_second = 0;
  std::array<std::optional<std::uint64_t>, 2> bytes_until_cut;  // by Flow
};

// Ends it for whoever has it: a program that is just being started has a copy of every socket until
// it is loaded, and closing ours alone would end nothing.
void Close(tcp::socket& socket, Ending ending) {
  error_code ignored;
  if (ending == Ending::kReset && socket.is_open()) {
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    const sockaddr nobody{.sa_family = AF_UNSPEC, .sa_data = {}};
    ::connect(socket.native_handle(), &nobody, sizeof nobody);  // resets what is connected
  } else {
    socket.shutdown(tcp::socket::shutdown_both, ignored);
  }
  socket.close(ignored);
}

// One connection: two sockets and a pipe in each direction. On the gate's thread only.
class Link : public std::enable_shared_from_this<Link> {
 public:
  using OnEnd = std::function<void(const std::shared_ptr<Link>&, bool by_gate)>;

  Link(tcp::socket client, Orders& orders, GateCounts& counts, const TcpGate::Watch& watch,
       OnEnd on_end)
      : number_(counts.connections),
        client_(std::move(client)),
        server_(client_.get_executor()),
        orders_(orders),
        counts_(counts),
        watch_(watch),
        on_end_(std::move(on_end)) {}

  void Open(const tcp::endpoint& server) {
    if (orders_.mode == Mode::kDrop) {
      silent_ = true;
      return Read(to_server_);
    }
    server_.async_connect(server, [self = shared_from_this()](const error_code& failed) {
      if (self->ended_) return;
      if (failed) return self->End(Ending::kReset, false);
      error_code ignored;
      self->client_.set_option(tcp::no_delay(true), ignored);
      self->server_.set_option(tcp::no_delay(true), ignored);
      self->Read(self->to_server_);
      self->Read(self->to_client_);
    });
  }

  // The orders have changed.
  void LookAgain() {
    for (Pipe* pipe : {&to_server_, &to_client_}) {
      pipe->timer.cancel();
      if (std::exchange(pipe->is_held, false)) Forward(*pipe);
    }
  }

  void End(Ending ending, bool by_gate = true) {
    if (std::exchange(ended_, true)) return;
    Close(client_, ending);
    Close(server_, ending);
    to_server_.timer.cancel();
    to_client_.timer.cancel();
    on_end_(shared_from_this(), by_gate);
  }

  void CloseOneSide(GateSide side) {
    silent_ = true;
    tcp::socket& socket = side == GateSide::kClient ? client_ : server_;
    (side == GateSide::kClient ? to_server_ : to_client_).has_ended = true;
    Close(socket, Ending::kOrderly);
    LookAgain();
  }

 private:
  struct Pipe {
    Pipe(tcp::socket& source, tcp::socket& sink, Flow direction)
        : from(source), to(sink), flow(direction), timer(source.get_executor()) {}
    tcp::socket& from;
    tcp::socket& to;
    Flow flow;
    asio::steady_timer timer;
    std::array<char, kPieceBytes> bytes{};
    std::size_t begin = 0;  // what is read and not yet forwarded
    std::size_t end = 0;
    bool is_held = false;
    bool was_delayed = false;
    bool has_ended = false;  // the source says nothing more
  };

  void Read(Pipe& pipe) {
    if (ended_ || pipe.has_ended) return;
    pipe.from.async_read_some(
        asio::buffer(pipe.bytes),
        [self = shared_from_this(), &pipe](const error_code& failed, std::size_t count) {
          self->OnRead(pipe, failed, count);
        });
  }

  void OnRead(Pipe& pipe, const error_code& failed, std::size_t count) {
    if (ended_) return;
    (pipe.flow == Flow::kToServer ? counts_.bytes_to_server : counts_.bytes_to_client) += count;
    if (watch_ && count > 0) watch_(number_, pipe.flow, {pipe.bytes.data(), count});
    pipe.has_ended = pipe.has_ended || failed;
    if (failed && failed != asio::error::eof && !silent_) return End(Ending::kReset, false);
    pipe.begin = 0;
    pipe.end = count;
    pipe.was_delayed = false;
    Forward(pipe);
  }

  // The piece in hand, or the end of what there was to read.
  void Forward(Pipe& pipe) {
    if (ended_) return;
    if (orders_.mode == Mode::kDrop) silent_ = true;
    if (silent_) return Swallow(pipe);
    if (orders_.mode == Mode::kHold) {
      pipe.is_held = true;
      return;
    }
    if (orders_.mode == Mode::kDelay && !std::exchange(pipe.was_delayed, true))
      return Later(pipe, orders_.delay);
    if (pipe.begin == pipe.end) return PassEndOn(pipe);
    Write(pipe);
  }

  void Swallow(Pipe& pipe) {
    pipe.begin = pipe.end;
    if (!pipe.has_ended) return Read(pipe);
    // Once nobody is left.
    const bool server_is_gone = !server_.is_open() || to_client_.has_ended;
    if (server_is_gone && to_server_.has_ended) End(Ending::kOrderly, false);
  }

  void PassEndOn(Pipe& pipe) {
    if (!pipe.has_ended) return Read(pipe);
    error_code ignored;
    pipe.to.shutdown(tcp::socket::shutdown_send, ignored);
    if (to_server_.has_ended && to_client_.has_ended) End(Ending::kOrderly, false);
  }

  void Write(Pipe& pipe) {
    std::size_t count = pipe.end - pipe.begin;
    if (orders_.mode == Mode::kSlow) {
      count = std::min(count,
                       std::max<std::size_t>(1, orders_.bytes_per_second / kSlowPiecesPerSecond));
    }
    bool is_last = false;
    if (auto& left = orders_.bytes_until_cut.at(static_cast<std::size_t>(pipe.flow))) {
      count = std::min<std::uint64_t>(count, *left);
      *left -= count;
      is_last = *left == 0;
      if (is_last) left.reset();
    }
    asio::async_write(
        pipe.to, asio::buffer(pipe.bytes.data() + pipe.begin, count),
        [self = shared_from_this(), &pipe, is_last](const error_code& failed, std::size_t written) {
          self->OnWritten(pipe, failed, written, is_last);
        });
  }

  void OnWritten(Pipe& pipe, const error_code& failed, std::size_t count, bool is_last) {
    if (ended_) return;
    if (is_last) return End(Ending::kOrderly);
    if (failed && !silent_) return End(Ending::kReset, false);
    pipe.begin += count;
    if (orders_.mode == Mode::kSlow) {
      return Later(pipe, std::chrono::milliseconds(1000 * count / orders_.bytes_per_second));
    }
    Forward(pipe);
  }

  void Later(Pipe& pipe, std::chrono::milliseconds wait) {
    pipe.timer.expires_after(wait);
    // Cancelled means that the orders have changed: they are looked at at once.
    pipe.timer.async_wait(
        [self = shared_from_this(), &pipe](const error_code&) { self->Forward(pipe); });
  }

  std::size_t number_;
  tcp::socket client_;
  tcp::socket server_;
  Orders& orders_;
  GateCounts& counts_;
  const TcpGate::Watch& watch_;
  OnEnd on_end_;
  Pipe to_server_{client_, server_, Flow::kToServer};
  Pipe to_client_{server_, client_, Flow::kToClient};
  bool silent_ = false;  // something was lost: nothing after it may pass
  bool ended_ = false;
};

}  // namespace

class TcpGate::Loop {
 public:
  Loop(std::uint16_t server_port, Watch watch)
      : watch_(std::move(watch)),
        server_(Loopback(server_port)),
        place_(io_, tcp::v4()),
        acceptor_(io_) {
    // Bound and not listening: holds the port while the gate refuses, so that nobody else is given
    // it.
    place_.set_option(tcp::socket::reuse_address(true));
    place_.bind(Loopback(0));
    port_ = place_.local_endpoint().port();
    Listen();
    thread_ = std::jthread([this] { io_.run(); });
  }

  ~Loop() {
    Do([this] {
      StopListening();
      EndAll(Ending::kReset);
    });
    work_.reset();
  }

  // On the gate's thread, and returns when it is done.
  void Do(const std::function<void()>& act) {
    std::packaged_task<void()> task(act);
    auto done = task.get_future();
    asio::post(io_, [&task] { task(); });
    done.get();
  }

  void Order(Mode mode, std::chrono::milliseconds delay = {}, std::size_t bytes_per_second = 0) {
    Do([&] {
      orders_.mode = mode;
      orders_.delay = delay;
      orders_.bytes_per_second = bytes_per_second;
      ForEach([](Link& link) { link.LookAgain(); });
    });
  }

  void EndAll(Ending ending) {
    ForEach([&](Link& link) { link.End(ending); });
  }

  void ForEach(const std::function<void(Link&)>& act) {
    const auto links = links_;  // one that ends leaves the set
    for (const auto& link : links) act(*link);
  }

  void Listen() {
    if (acceptor_.is_open()) return;
    acceptor_.open(tcp::v4());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(Loopback(port_));
    acceptor_.listen();
    AcceptNext();
  }

  void StopListening() {
    if (!acceptor_.is_open()) return;
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);  // for copies of it, as in Close()
    acceptor_.close();
  }
  void SetServer(std::uint16_t port) { server_ = Loopback(port); }
  void SetCutAfter(Flow flow, std::uint64_t bytes) {
    orders_.bytes_until_cut.at(static_cast<std::size_t>(flow)) = bytes;
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] GateCounts counts() const {
    GateCounts counts = counts_;
    counts.open = links_.size();
    return counts;
  }

 private:
  void AcceptNext() {
    acceptor_.async_accept([this](const error_code& failed, tcp::socket client) {
      if (failed == asio::error::operation_aborted) return;
      if (!failed) {
        ++counts_.connections;
        const auto link =
            std::make_shared<Link>(std::move(client), orders_, counts_, watch_,
                                   [this](const std::shared_ptr<Link>& ended, bool by_gate) {
                                     counts_.cut += by_gate ? 1 : 0;
                                     links_.erase(ended);
                                   });
        links_.insert(link);
        link->Open(server_);
      }
      AcceptNext();
    });
  }

  Watch watch_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  tcp::endpoint server_;
  tcp::socket place_;
  std::uint16_t port_ = 0;
  tcp::acceptor acceptor_;
  Orders orders_;
  GateCounts counts_;
  std::set<std::shared_ptr<Link>> links_;
  std::jthread thread_;
};

TcpGate::TcpGate(std::uint16_t server_port, Watch watch)
    : loop_(std::make_unique<Loop>(server_port, std::move(watch))) {}

TcpGate::~TcpGate() = default;

std::uint16_t TcpGate::port() const {
  return loop_->port();
}

std::string TcpGate::Through(const std::string& url) const {
  const std::smatch match = FindPort(url);
  return match[1].str() + std::to_string(port()) + match.suffix().str();
}

std::uint16_t PortOf(const std::string& url) {
  return static_cast<std::uint16_t>(std::stoi(FindPort(url)[2].str()));
}

void TcpGate::Pass() {
  loop_->Order(Mode::kPass);
}

void TcpGate::Hold() {
  loop_->Order(Mode::kHold);
}

void TcpGate::Drop() {
  loop_->Order(Mode::kDrop);
}

void TcpGate::Delay(std::chrono::milliseconds each) {
  loop_->Order(Mode::kDelay, each);
}

void TcpGate::Slow(std::size_t bytes_per_second) {
  if (bytes_per_second == 0) throw std::invalid_argument("no byte a second is Hold()");
  loop_->Order(Mode::kSlow, {}, bytes_per_second);
}

void TcpGate::Cut() {
  loop_->Do([this] { loop_->EndAll(Ending::kOrderly); });
}

void TcpGate::Reset() {
  loop_->Do([this] { loop_->EndAll(Ending::kReset); });
}

void TcpGate::CutAfter(Flow flow, std::uint64_t bytes) {
  if (bytes == 0) throw std::invalid_argument("after no byte is Cut()");
  loop_->Do([&] { loop_->SetCutAfter(flow, bytes); });
}

void TcpGate::HalfOpen(GateSide closed) {
  loop_->Do([&] { loop_->ForEach([&](Link& link) { link.CloseOneSide(closed); }); });
}

void TcpGate::Refuse() {
  loop_->Do([this] { loop_->StopListening(); });
}

void TcpGate::Accept() {
  loop_->Do([this] { loop_->Listen(); });
}

void TcpGate::Redirect(std::uint16_t server_port) {
  loop_->Do([&] { loop_->SetServer(server_port); });
}

GateCounts TcpGate::counts() const {
  GateCounts counts;
  loop_->Do([&] { counts = loop_->counts(); });
  return counts;
}

}  // namespace deadletter::test
