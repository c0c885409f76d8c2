#include <boost/json.hpp>
#include <future>

#include "base/contains.h"
#include "broker/rabbitmq/examination.h"
#include "broker/rabbitmq/interrupter.h"
#include "broker/rabbitmq/io_thread.h"

namespace deadletter::rabbitmq {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kManagementCallLimit{5};

Right RightOf(const RequestResult<void>& answer, int permitted_refusal) {
  if (answer) return Right::kThere;
  if (answer.error().reply_code == AMQP_ACCESS_REFUSED) return Right::kRefused;
  return answer.error().reply_code == permitted_refusal ? Right::kThere : Right::kNotKnown;
}

// Subscribes with an argument that no broker takes. Whether we may read the queue is asked first,
// and what the argument is worth before anything is delivered.
Right AskToRead(Connection& connection, const std::string& queue) {
  if (!connection.OpenChannel(kAskChannel)) return Right::kNotKnown;
  amqp_table_entry_t priority{};
  priority.key = amqp_cstring_bytes("x-priority");
  priority.value.kind = AMQP_FIELD_KIND_UTF8;
  priority.value.value.bytes = amqp_cstring_bytes("none");
  amqp_basic_consume(connection.state(), kAskChannel, Bytes(queue), amqp_empty_bytes,
                     /*no_local=*/0, /*no_ack=*/0, /*exclusive=*/0, {1, &priority});
  const auto answer = connection.LastAnswer(kAskChannel, "asking to read queue " + queue);
  if (answer) connection.CloseChannel(kAskChannel);
  return RightOf(answer, AMQP_PRECONDITION_FAILED);
}

// Publishes in a transaction that is never committed: the broker judges the right at once, and
// routes at the commit.
Right AskToWrite(Connection& connection, const Address& address) {
  if (!connection.OpenChannel(kAskChannel)) return Right::kNotKnown;
  amqp_tx_select(connection.state(), kAskChannel);
  if (!connection.LastAnswer(kAskChannel, "beginning a transaction")) return Right::kNotKnown;
  const int sent = amqp_basic_publish(connection.state(), kAskChannel, Bytes(address.exchange),
                                      Bytes(address.routing_key), /*mandatory=*/0, /*immediate=*/0,
                                      nullptr, amqp_empty_bytes);
  if (sent != AMQP_STATUS_OK) return Right::kNotKnown;
  amqp_tx_rollback(connection.state(), kAskChannel);  // what was refused has closed the channel
  const auto answer = connection.LastAnswer(kAskChannel, "asking to write " + address.exchange);
  if (answer) connection.CloseChannel(kAskChannel);
  return RightOf(answer, 0);
}

class BrokerLook {
 public:
  BrokerLook(const Options& options, const BrokerExpectations& wanted, BrokerFacts& facts)
      : options_(options), wanted_(wanted), facts_(facts) {}

  void ByAmqp(Interrupter& interrupter, steady_clock::time_point deadline) {
    std::unique_ptr<Connection> connection;
    for (const auto& url : options_.urls) {
      const auto endpoint = ParseAmqpUrl(url);
      auto& address = facts_.addresses.emplace_back();
      if (endpoint) address.shown = endpoint->Shown();
      address.tried = steady_clock::now() < deadline;
      if (!address.tried) continue;
      Options one = options_;
      one.urls = {url};
      auto opened = Connection::Open(one, Direction::kSending, interrupter);
      if (!opened) {
        address.error = opened.error();
      } else if (!connection) {
        connection = std::move(*opened);
      }
      interrupter.Forget();
    }
    if (!connection) return;
    interrupter.Watch(connection->Socket());
    facts_.topology.broker_version = connection->broker_version();
    Ask(*connection);
    connection.reset();
    interrupter.Forget();
  }

  void ByManagement() {
    facts_.topology.why_incomplete = "no management_url is configured";
    facts_.management_configured = !options_.management_url.empty();
    if (!facts_.management_configured) return;
    const auto management = Management::Make(options_, kManagementCallLimit);
    if (!management) {
      facts_.management_error = management.error().message;
      return;
    }
    TopologyFacts told;
    told.vhost = facts_.topology.vhost;
    if (const auto gathered = GatherByManagement(*management, told); !gathered) {
      facts_.management_error = gathered.error().message;
      facts_.topology.why_incomplete = gathered.error().message;
      return;
    }
    facts_.topology = std::move(told);
    facts_.has_topology = true;
    const auto nodes = management->Get("/api/nodes");
    if (nodes) {
      TakeNodes(*nodes);
    } else {
      facts_.nodes_error = nodes.error().message;
    }
  }

 private:
  void Ask(Connection& connection) {
    auto& topology = facts_.topology;
    facts_.has_topology =
        GatherByAmqp(connection, wanted_.topology, Asking::kPassively, topology).has_value();
    for (const auto& queue : LetterQueuesOf(wanted_.topology)) {
      const bool consumed = Contains(wanted_.topology.dead_letter_queues, queue);
      if (consumed && topology.queues.contains(queue))
        facts_.reading[queue] = AskToRead(connection, queue);
    }
    facts_.writing[""] = AskToWrite(connection, {"", "deadletter.doctor.asks.only"});
    if (!wanted_.events) return;
    const auto exists = connection.ExchangeExists(wanted_.events->exchange);
    if (!exists) return;
    facts_.events_exchange_exists = *exists;
    if (*exists) facts_.writing[wanted_.events->exchange] = AskToWrite(connection, *wanted_.events);
  }

  void TakeNodes(const boost::json::value& nodes) {
    if (!nodes.is_array()) return;
    for (const auto& item : nodes.get_array()) {
      const auto* node = item.if_object();
      if (node == nullptr) continue;
      const auto flag = [&](const char* name, bool otherwise) {
        const auto* value = node->if_contains(name);
        return value != nullptr && value->is_bool() ? value->get_bool() : otherwise;
      };
      const auto* name = node->if_contains("name");
      const auto* apart = node->if_contains("partitions");
      facts_.nodes.push_back(
          {.name = name != nullptr && name->is_string() ? std::string(name->get_string()) : "?",
           .running = flag("running", true),
           .memory_alarm = flag("mem_alarm", false),
           .disk_alarm = flag("disk_free_alarm", false),
           .partitioned = apart != nullptr && apart->is_array() && !apart->get_array().empty()});
    }
  }

  const Options& options_;
  const BrokerExpectations& wanted_;
  BrokerFacts& facts_;
};

}  // namespace

BrokerFacts LookAtBroker(const Options& options, const BrokerExpectations& wanted,
                         std::chrono::seconds limit) {
  BrokerFacts facts;
  if (!options.urls.empty()) {
    if (const auto endpoint = ParseAmqpUrl(options.urls.front())) {
      facts.topology.vhost = endpoint->path;
      facts.user = endpoint->user;
    }
  }
  // Both at once: what one of them waits for is no reason to wait for the other afterwards.
  BrokerFacts by_api = facts;
  auto api =
      std::async(std::launch::async, [&] { BrokerLook(options, wanted, by_api).ByManagement(); });
  BrokerLook look(options, wanted, facts);
  Interrupter interrupter;
  IoThread io;
  // The second half is what an interrupted address may still take to say so.
  const auto deadline = steady_clock::now() + limit / 2;
  io.RunWithin(
      limit, [&] { interrupter.Interrupt(); }, [&] { look.ByAmqp(interrupter, deadline); });
  api.get();
  facts.management_configured = by_api.management_configured;
  facts.management_error = by_api.management_error;
  facts.nodes = std::move(by_api.nodes);
  facts.nodes_error = std::move(by_api.nodes_error);
  facts.topology.why_incomplete = by_api.topology.why_incomplete;
  if (by_api.has_topology) {
    by_api.topology.broker_version = std::move(facts.topology.broker_version);
    facts.topology = std::move(by_api.topology);
    facts.has_topology = true;
  }
  return facts;
}

}  // namespace deadletter::rabbitmq
