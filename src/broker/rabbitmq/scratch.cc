#include "broker/rabbitmq/scratch.h"

#include <fmt/format.h>

#include "broker/rabbitmq/arguments.h"

namespace deadletter::rabbitmq {
namespace {

constexpr int kAccessRefused = 403;

// The whole of it stands on one exchange, so that rights on its own names are all that is needed.
class ScratchMaker {
 public:
  ScratchMaker(Connection& connection, const ScratchPlan& plan)
      : connection_(connection), plan_(plan) {}

  // Queues go by themselves when nobody uses them, and with the last of them the exchange goes that
  // deletes itself: it is made late, and bound at once.
  BrokerResult<void> Make() {
    Arguments dying = Expiring();
    dying.Add("x-message-ttl", std::int64_t{0});
    dying.Add("x-dead-letter-exchange", plan_.exchange);
    dying.Add("x-dead-letter-routing-key", plan_.letters_queue);
    BrokerResult<void> done;
    const auto then = [&](auto step) {
      if (done) done = step();
    };
    then([&] { return DeclareQueue(plan_.letters_queue, DyingNowhere()); });
    then([&] { return DeclareExchange(); });
    then([&] { return Bind(plan_.letters_queue); });
    then([&] { return DeclareQueue(plan_.events_queue, DyingNowhere()); });
    then([&] { return Bind(plan_.events_queue); });
    then([&] { return DeclareQueue(plan_.dying_queue, std::move(dying)); });
    then([&] { return Bind(plan_.dying_queue); });
    return done;
  }

  BrokerResult<void> Remove() {
    BrokerResult<void> done;
    for (const std::string& queue : {plan_.dying_queue, plan_.letters_queue, plan_.events_queue}) {
      if (!done) return done;
      amqp_queue_delete(connection_.state(), kMainChannel, Bytes(queue), /*if_unused=*/0,
                        /*if_empty=*/0);
      done = Answered("deleting queue " + queue);
    }
    if (!done) return done;
    amqp_exchange_delete(connection_.state(), kMainChannel, Bytes(plan_.exchange), /*if_unused=*/0);
    return Answered("deleting exchange " + plan_.exchange);
  }

 private:
  [[nodiscard]] Arguments Expiring() const {
    Arguments arguments;
    arguments.Add("x-expires", std::int64_t{plan_.unused_for.count()});
    return arguments;
  }

  // A policy for all queues may limit ours, and name an exchange for what dies in them: the user's
  // own, whose letters these are not. A queue's argument goes before a policy.
  [[nodiscard]] Arguments DyingNowhere() const {
    Arguments arguments = Expiring();
    arguments.Add("x-dead-letter-exchange", plan_.exchange);
    arguments.Add("x-dead-letter-routing-key", plan_.exchange + ".nowhere");
    return arguments;
  }

  BrokerResult<void> DeclareExchange() {
    amqp_exchange_declare(connection_.state(), kMainChannel, Bytes(plan_.exchange), Bytes("topic"),
                          /*passive=*/0, /*durable=*/1, /*auto_delete=*/1, /*internal=*/0,
                          amqp_empty_table);
    return Answered("declaring exchange " + plan_.exchange);
  }

  BrokerResult<void> DeclareQueue(const std::string& name, Arguments arguments) {
    amqp_queue_declare(connection_.state(), kMainChannel, Bytes(name), /*passive=*/0, /*durable=*/1,
                       /*exclusive=*/0, /*auto_delete=*/0, arguments.table());
    return Answered("declaring queue " + name);
  }

  BrokerResult<void> Bind(const std::string& queue) {
    amqp_queue_bind(connection_.state(), kMainChannel, Bytes(queue), Bytes(plan_.exchange),
                    Bytes(queue), amqp_empty_table);
    return Answered("binding queue " + queue);
  }

  BrokerResult<void> Answered(const std::string& doing) {
    const auto answer = connection_.LastAnswer(kMainChannel, doing);
    if (answer) return {};
    BrokerError error = answer.error().error;
    if (answer.error().reply_code == kAccessRefused) {
      error.fault = BrokerFault::kRefused;
      error.message += fmt::format(
          "; user {0} needs the rights configure, write and read on names that begin with "
          "deadletter.bench. in virtual host {1}: see rabbitmqctl list_user_permissions {0}, and "
          "rabbitmqctl set_permissions -p {1} {0} CONFIGURE WRITE READ",
          connection_.endpoint().user, connection_.endpoint().path);
    }
    return Unexpected<BrokerError>(std::move(error));
  }

  Connection& connection_;
  const ScratchPlan& plan_;
};

}  // namespace

RabbitScratch::RabbitScratch(Options options) : options_(std::move(options)) {}

BrokerResult<void> RabbitScratch::Make(const ScratchPlan& plan) {
  return io_.Run([&]() -> BrokerResult<void> {
    const auto connection = Connection::Open(options_, Direction::kSending);
    if (!connection) return Unexpected<BrokerError>(connection.error());
    if (auto opened = (*connection)->OpenChannel(kMainChannel); !opened)
      return Unexpected<BrokerError>(opened.error().error);
    return ScratchMaker(**connection, plan).Make();
  });
}

BrokerResult<void> RabbitScratch::Remove(const ScratchPlan& plan) {
  return io_.Run([&]() -> BrokerResult<void> {
    const auto connection = Connection::Open(options_, Direction::kSending);
    if (!connection) return Unexpected<BrokerError>(connection.error());
    if (auto opened = (*connection)->OpenChannel(kMainChannel); !opened)
      return Unexpected<BrokerError>(opened.error().error);
    return ScratchMaker(**connection, plan).Remove();
  });
}

}  // namespace deadletter::rabbitmq
