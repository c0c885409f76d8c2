// The gate does what its header says: tests that trust it prove something only then.
#include "tests/support/tcp_gate.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <future>
#include <map>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include "tests/support/child_process.h"

namespace deadletter::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPatience(30'000);
constexpr milliseconds kMoment(100);  // long enough for what must not come

enum class End { kOrderly, kReset };

class Socket {
 public:
  Socket() : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Socket() { Close(); }

  void Close() {
    if (descriptor_ >= 0) close(descriptor_);
    descriptor_ = -1;
  }
  void Finish() const { shutdown(descriptor_, SHUT_WR); }
  [[nodiscard]] int descriptor() const { return descriptor_; }

  void Send(const std::string& bytes) const {
    ASSERT_EQ(send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // As many bytes, or fewer where the other side ends or nothing more comes in time.
  [[nodiscard]] std::string Receive(std::size_t count, milliseconds limit = kPatience) {
    std::string all;
    std::string piece(65'536, '\0');
    while (all.size() < count && IsReadable(limit)) {
      const ssize_t got =
          recv(descriptor_, piece.data(), std::min(count - all.size(), piece.size()), 0);
      if (got <= 0) {
        end_ = got == 0 ? End::kOrderly : End::kReset;
        break;
      }
      all.append(piece, 0, static_cast<std::size_t>(got));
    }
    return all;
  }
  [[nodiscard]] std::optional<End> AwaitEnd() {
    while (!end_ && !Receive(1).empty()) {
    }
    return end_;
  }
  [[nodiscard]] bool HearsNothing() const { return !IsReadable(kMoment); }

 private:
  [[nodiscard]] bool IsReadable(milliseconds limit) const {
    pollfd watched{.fd = descriptor_, .events = POLLIN, .revents = 0};
    return poll(&watched, 1, static_cast<int>(limit.count())) > 0;
  }

  int descriptor_;
  std::optional<End> end_;
};

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

class Listener {
 public:
  Listener() {
    const sockaddr_in address = Loopback(0);
    if (bind(socket_.descriptor(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
            0 ||
        listen(socket_.descriptor(), 16) != 0) {
      throw std::runtime_error("cannot listen");
    }
  }
  [[nodiscard]] std::uint16_t port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    getsockname(socket_.descriptor(), reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }
  [[nodiscard]] Socket Take() const {
    pollfd watched{.fd = socket_.descriptor(), .events = POLLIN, .revents = 0};
    if (poll(&watched, 1, static_cast<int>(kPatience.count())) != 1)
      throw std::runtime_error("nobody connects");
    return Socket(accept4(socket_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC));
  }

 private:
  Socket socket_;
};

std::optional<Socket> Connect(std::uint16_t port) {
  Socket client;
  const sockaddr_in address = Loopback(port);
  if (connect(client.descriptor(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
      0) {
    return std::nullopt;
  }
  return client;
}

bool Eventually(const std::function<bool()>& condition) {
  const auto deadline = steady_clock::now() + kPatience;
  while (!condition()) {
    if (steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(milliseconds(2));
  }
  return true;
}

class Gate : public testing::Test {
 protected:
  // A new connection through the gate: `client_` and `server_`.
  void Join() {
    client_ = Connect(gate_.port()).value();
    server_ = listener_.Take();
  }
  void ExpectBothWays() {
    client_.Send("ping");
    EXPECT_EQ(server_.Receive(4), "ping");
    server_.Send("pong");
    EXPECT_EQ(client_.Receive(4), "pong");
  }

  Listener listener_;
  TcpGate gate_{listener_.port()};
  Socket client_;
  Socket server_;
};

TEST_F(Gate, PassesBytesAndEndsBothWaysAndCountsThem) {
  Join();
  ExpectBothWays();
  EXPECT_EQ(gate_.counts().open, 1U);
  client_.Finish();
  EXPECT_EQ(server_.AwaitEnd(), End::kOrderly);
  server_.Send("last words");
  EXPECT_EQ(client_.Receive(10), "last words");
  server_.Close();
  EXPECT_EQ(client_.AwaitEnd(), End::kOrderly);
  EXPECT_TRUE(Eventually([&] { return gate_.counts().open == 0; }));
  EXPECT_EQ(gate_.counts().connections, 1U);
  EXPECT_EQ(gate_.counts().cut, 0U);
  EXPECT_EQ(gate_.counts().bytes_to_server, 4U);
  EXPECT_EQ(gate_.counts().bytes_to_client, 14U);
}

TEST_F(Gate, HoldsBackWithoutLosingAnything) {
  Join();
  gate_.Hold();
  client_.Send("first");
  EXPECT_TRUE(server_.HearsNothing());
  client_.Send(" second");
  gate_.Pass();
  EXPECT_EQ(server_.Receive(12), "first second");
  ExpectBothWays();
}

TEST_F(Gate, DropsWhatItTakesAndStaysSilentOnThatConnectionForGood) {
  Join();
  gate_.Drop();
  client_.Send("lost");
  EXPECT_TRUE(Eventually([&] { return gate_.counts().bytes_to_server == 4; }));
  gate_.Pass();
  client_.Send("late");
  server_.Send("late");
  EXPECT_TRUE(server_.HearsNothing());
  EXPECT_TRUE(client_.HearsNothing());
  Join();
  ExpectBothWays();
}

TEST_F(Gate, LeavesAConnectionThatLostNothingInADropAsItIs) {
  Join();
  gate_.Drop();
  gate_.Pass();
  ExpectBothWays();
}

TEST_F(Gate, TakesAConnectionInADropAndNeverAnswersIt) {
  gate_.Drop();
  Socket client = Connect(gate_.port()).value();
  client.Send("hello?");
  EXPECT_TRUE(Eventually([&] { return gate_.counts().bytes_to_server == 6; }));
  gate_.Pass();
  EXPECT_TRUE(client.HearsNothing());
  client.Close();
  EXPECT_TRUE(Eventually([&] { return gate_.counts().open == 0; }));
}

TEST_F(Gate, Delays) {
  Join();
  gate_.Delay(milliseconds(50));
  const auto began = steady_clock::now();
  client_.Send("ping");
  EXPECT_EQ(server_.Receive(4), "ping");
  EXPECT_GE(steady_clock::now() - began, milliseconds(50));
  gate_.Delay(std::chrono::hours(1));
  client_.Send("soon");
  EXPECT_TRUE(server_.HearsNothing());
  gate_.Pass();
  EXPECT_EQ(server_.Receive(4), "soon");
}

TEST_F(Gate, SlowsDownAndLosesNothing) {
  Join();
  gate_.Slow(10'000);
  const std::string bytes(3'000, 'x');
  const auto began = steady_clock::now();
  client_.Send(bytes);
  EXPECT_EQ(server_.Receive(bytes.size()), bytes);
  EXPECT_GE(steady_clock::now() - began, milliseconds(200));
  gate_.Pass();
  ExpectBothWays();
}

TEST_F(Gate, CutsInOrderAndTakesNewConnections) {
  Join();
  ExpectBothWays();
  gate_.Cut();
  EXPECT_EQ(client_.AwaitEnd(), End::kOrderly);
  EXPECT_EQ(server_.AwaitEnd(), End::kOrderly);
  EXPECT_EQ(gate_.counts().cut, 1U);
  EXPECT_EQ(gate_.counts().open, 0U);
  Join();
  ExpectBothWays();
}

TEST_F(Gate, ResetsBothSides) {
  Join();
  ExpectBothWays();
  gate_.Reset();
  EXPECT_EQ(client_.AwaitEnd(), End::kReset);
  EXPECT_EQ(server_.AwaitEnd(), End::kReset);
}

TEST_F(Gate, CutsAfterExactlySoManyBytesOfADirection) {
  Join();
  gate_.CutAfter(Flow::kToServer, 7);
  ExpectBothWays();
  client_.Send("0123456789");
  EXPECT_EQ(server_.Receive(10), "012");
  EXPECT_EQ(client_.AwaitEnd(), End::kOrderly);
  Join();
  ExpectBothWays();
  gate_.CutAfter(Flow::kToClient, 1);
  server_.Send("abc");
  EXPECT_EQ(client_.Receive(3), "a");
}

TEST_F(Gate, LeavesAHalfOpenConnection) {
  for (const GateSide closed : {GateSide::kServer, GateSide::kClient}) {
    Join();
    ExpectBothWays();
    gate_.HalfOpen(closed);
    Socket& told = closed == GateSide::kServer ? server_ : client_;
    Socket& untold = closed == GateSide::kServer ? client_ : server_;
    EXPECT_EQ(told.AwaitEnd(), End::kOrderly);
    untold.Send("is anybody there?");
    EXPECT_TRUE(untold.HearsNothing());
    EXPECT_EQ(gate_.counts().open, 1U);
    untold.Close();
    EXPECT_TRUE(Eventually([&] { return gate_.counts().open == 0; }));
  }
}

TEST_F(Gate, RefusesAndAcceptsAgainOnTheSamePort) {
  Join();
  gate_.Refuse();
  EXPECT_FALSE(Connect(gate_.port()));
  EXPECT_EQ(errno, ECONNREFUSED);
  ExpectBothWays();
  gate_.Accept();
  Join();
  ExpectBothWays();
}

TEST_F(Gate, ResetsWhoComesWhileTheServerIsNotThere) {
  std::uint16_t nobody = 0;
  {
    const Listener gone;
    nobody = gone.port();
  }
  gate_.Redirect(nobody);
  Socket client = Connect(gate_.port()).value();
  EXPECT_EQ(client.AwaitEnd(), End::kReset);
}

TEST_F(Gate, SendsNewConnectionsElsewhereAndLeavesTheOthers) {
  Join();
  const Listener other;
  gate_.Redirect(other.port());
  const Socket second = Connect(gate_.port()).value();
  Socket elsewhere = other.Take();
  second.Send("hello");
  EXPECT_EQ(elsewhere.Receive(5), "hello");
  ExpectBothWays();
}

// A program that the test starts has nothing of the gate's: what is closed is closed.
TEST_F(Gate, ClosesForGoodAlsoWhileAProgramRunsThatWasStartedMeanwhile) {
  Join();
  const ChildProcess child({"/bin/sleep", "600"});
  gate_.Refuse();
  gate_.Reset();
  EXPECT_EQ(client_.AwaitEnd(), End::kReset);
  EXPECT_FALSE(Connect(gate_.port()));
  gate_.Accept();
  Join();
  ExpectBothWays();
}

// One whole direction of one connection, as the watch was shown it.
using Shown = std::map<std::pair<std::size_t, Flow>, std::string>;

TEST_F(Gate, ShowsItsWatchEveryByteOnceInOrderAndByConnection) {
  Shown shown;
  std::string many;  // more than one read brings
  for (int n = 0; many.size() < 200'000; ++n) many += std::to_string(n) + ' ';
  {
    TcpGate gate(listener_.port(), [&](std::size_t connection, Flow flow, std::string_view bytes) {
      shown[{connection, flow}] += bytes;
    });
    const Socket first = Connect(gate.port()).value();
    Socket first_server = listener_.Take();
    Socket second = Connect(gate.port()).value();
    Socket second_server = listener_.Take();
    first.Send(many);
    EXPECT_EQ(first_server.Receive(many.size()), many);
    second_server.Send("to the second");
    EXPECT_EQ(second.Receive(13), "to the second");
    first.Send("and more");
    EXPECT_EQ(first_server.Receive(8), "and more");
    gate.Drop();
    second.Send("lost");
    EXPECT_TRUE(Eventually([&] { return gate.counts().bytes_to_server == many.size() + 12; }));
  }
  EXPECT_EQ(shown, (Shown{{{1, Flow::kToServer}, many + "and more"},
                          {{2, Flow::kToServer}, "lost"},
                          {{2, Flow::kToClient}, "to the second"}}));
}

TEST_F(Gate, ShowsItsWatchBytesBeforeTheyAreForwarded) {
  std::promise<void> go_on;
  std::promise<std::string> seen;
  TcpGate gate(listener_.port(), [&](std::size_t, Flow, std::string_view bytes) {
    seen.set_value(std::string(bytes));
    go_on.get_future().wait();
  });
  const Socket client = Connect(gate.port()).value();
  Socket server = listener_.Take();
  client.Send("ping");
  auto shown = seen.get_future();
  ASSERT_EQ(shown.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(shown.get(), "ping");
  EXPECT_TRUE(server.HearsNothing());
  go_on.set_value();
  EXPECT_EQ(server.Receive(4), "ping");
}

TEST_F(Gate, EndsItsConnectionsWithItself) {
  Join();
  Socket far;
  {
    TcpGate gate(listener_.port());
    far = Connect(gate.port()).value();
    const Socket near = listener_.Take();
    near.Send("x");
    EXPECT_EQ(far.Receive(1), "x");
  }
  EXPECT_TRUE(far.AwaitEnd());
}

TEST_F(Gate, PutsItsPortInAUrl) {
  const std::string port = std::to_string(gate_.port());
  EXPECT_EQ(gate_.Through("amqp://guest:5@127.0.0.1:5672/%2F"),
            "amqp://guest:5@127.0.0.1:" + port + "/%2F");
  EXPECT_EQ(gate_.Through("postgresql://127.0.0.1:5432/a"),
            "postgresql://127.0.0.1:" + port + "/a");
  EXPECT_EQ(PortOf("amqp://guest:5@127.0.0.1:5672/%2F"), 5672);
  EXPECT_THROW((void)gate_.Through("sqlite:file"), std::invalid_argument);
}

}  // namespace
}  // namespace deadletter::test
