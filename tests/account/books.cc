#include "tests/account/books.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <boost/json.hpp>
#include <sstream>

#include "letter/letter_reader.h"
#include "tests/account/rules.h"

namespace deadletter::test {
namespace {

constexpr std::size_t kAtOnce = 5'000;
constexpr std::size_t kBytesAtOnce = std::size_t{64} << 20;
constexpr std::size_t kMostWaiting = 60'000;  // that one consumer may hold without acknowledging

EventFact ReadEvent(const std::string& body) {
  const boost::json::value event = boost::json::parse(body);
  const auto& payload = event.at("payload").as_object();
  const auto text = [](const boost::json::value& value) {
    return value.is_string() ? std::string(value.as_string()) : boost::json::serialize(value);
  };
  EventFact fact;
  fact.message_id = text(event.at("message_id"));
  fact.execution_id = text(payload.at("execution_id"));
  fact.status = text(payload.at("status"));
  fact.letter_id = text(payload.at("result").at("letter_id"));
  fact.body_digest = DigestOf(body);
  return fact;
}

bool QueuesAreEmpty(World& world) {
  for (const char* queue : {kDeadLetterQueue, kUnroutedQueue}) {
    if (world.pair().broker().ReadyMessages(queue) > 0) return false;
  }
  return true;
}

// All has come to rest, as far as can be seen while servers run. The cheapest questions first: it
// is asked again and again.
bool IsAtRest(World& world, Account& account) {
  const FactCounts counts = world.pair().ledger().CountFacts();
  if (counts.outbox > 0 || counts.waiting > account.RefusalsDue() ||
      counts.letters < account.LettersDue())
    return false;
  if (!QueuesAreEmpty(world)) return false;
  HearEvents(world, account);
  const Balance balance = account.Strike(LookAround(world, account));
  return balance.IsComplete() && balance.Broken(Promise::kP1) == 0 &&
         balance.Broken(Promise::kP6) == 0;
}

}  // namespace

void HearEvents(World& world, Account& account) {
  const auto consumer = world.pair().broker().MakeConsumer(kEventQueue);
  if (!consumer->Subscribe(kAtOnce)) return;
  while (true) {
    const auto events = consumer->Receive({kAtOnce, kBytesAtOnce, std::chrono::milliseconds(50)});
    if (!events || events->empty()) break;
    // Those after it come again if the acknowledgement is lost, as copies.
    for (const Delivery& event : *events) account.Hears(ReadEvent(event.message.body));
    if (!consumer->AcknowledgeUpTo(events->back().tag)) break;
  }
  consumer->Close();
}

Evidence LookAround(World& world, const Account& account) {
  return {.ledger = world.pair().ledger().ReadFacts(),
          .events = account.events(),
          .waiting = {},
          .saw_queues = false};
}

Evidence TakeStock(World& world, const Account& account) {
  Evidence evidence = LookAround(world, account);
  evidence.saw_queues = true;
  // Where a message goes when it dies is looked at later than where it dies.
  std::vector<std::string> queues = account.worker_queues();
  queues.insert(queues.end(), {kDeadLetterQueue, kUnroutedQueue});
  for (const std::string& queue : queues) {
    for (const Message& message : MessagesIn(world, queue)) {
      if (auto retry = RetryFactOf(message)) {
        evidence.retries.push_back(std::move(*retry));
      } else {
        evidence.waiting.push_back(DigestOf(message.body));
      }
    }
  }
  return evidence;
}

Balance CloseBooks(World& world, Account& account, const std::vector<Server*>& servers) {
  const bool at_rest = WaitUntil([&] { return IsAtRest(world, account); });
  std::string output;
  for (Server* server : servers) {
    EXPECT_TRUE(server->StopsAsPromised());
    TellReturns(account, *server);
    output += server->process().output();
  }
  HearEvents(world, account);
  Balance balance = account.Strike(TakeStock(world, account));
  EXPECT_TRUE(balance.Holds() && balance.IsComplete())
      << (at_rest ? "" : "it did not come to rest\n") << balance.Text() << output;
  return balance;
}

void TellReturns(Account& account, Server& server) {
  std::istringstream output(server.process().output());
  std::size_t times = 1;
  for (std::string line; std::getline(output, line);) {
    const bool consuming = line.find(R"("event":"consuming")") != std::string::npos;
    if (consuming && line.find(kDeadLetterQueue) != std::string::npos) ++times;
  }
  account.MayReturn(times);
}

Message AsPublished(Message message) {
  message.properties.delivery_mode = 2;
  if (!message.properties.message_id) message.properties.message_id = FormatUuid(RandomUuid());
  return message;
}

std::vector<Message> MessagesIn(World& world, const std::string& queue) {
  std::vector<Message> messages;
  const std::size_t ready = world.pair().broker().ReadyMessages(queue);
  if (ready == 0) return messages;
  if (ready > kMostWaiting) {
    throw std::runtime_error(std::to_string(ready) + " messages in " + queue + ": too many to see");
  }
  const auto consumer = world.pair().broker().MakeConsumer(queue);
  if (!consumer->Subscribe(kMostWaiting)) throw std::runtime_error("cannot consume " + queue);
  const bool may_die = queue == kDyingQueue;  // before it is taken: then it is in the next queue
  const bool all = WaitUntil([&] {
    auto letters = consumer->Receive({kAtOnce, kBytesAtOnce, std::chrono::seconds(1)});
    if (!letters) throw std::runtime_error(queue + ": " + letters.error().message);
    for (Delivery& letter : *letters) messages.push_back(std::move(letter.message));
    return messages.size() >= ready || (may_die && letters->empty());
  });
  consumer->Close();
  if (!all) throw std::runtime_error(queue + " did not give what it holds");
  if (may_die) return messages;
  // Looking is over when everything is back.
  if (!WaitUntil([&] { return world.pair().broker().ReadyMessages(queue) >= ready; }))
    throw std::runtime_error(queue + " did not get back what it gave");
  return messages;
}

MessageAttempt AttemptOf(const Message& message) {
  Delivery delivery;
  delivery.message = message;
  const Letter read = LetterReader(LetterFormat::Default()).Read(LetterId(), std::move(delivery));
  return {.window = read.attempt, .replay_id = read.replay_id};
}

std::map<std::string, std::set<std::string>> MessagesByExecution(World& world,
                                                                 const std::string& queue) {
  std::map<std::string, std::set<std::string>> messages;
  for (const Message& sent : MessagesIn(world, queue)) {
    const boost::json::value message = boost::json::parse(sent.body);
    messages[boost::json::serialize(message.at("payload").at("execution_id"))].insert(
        sent.properties.message_id.value_or(""));
  }
  return messages;
}

void AddExecutions(World& world, Account& account, int from, int until) {
  for (int number = from; number <= until; ++number) {
    account.Row(world.AddExecution(number), "scheduled");
  }
}

void SendRequests(World& world, Account& account, int from, int until) {
  for (int number = from; number <= until; ++number) {
    const Message message = AsPublished(World::DeadMessage(world.Envelope(std::to_string(number))));
    account.Sends(message, Nature::kRequest, ExecutionId(std::int64_t{number}));
    world.PublishDead(message);
    account.Sent(message);
  }
}

}  // namespace deadletter::test
