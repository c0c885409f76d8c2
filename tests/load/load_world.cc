#include "tests/load/load_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <thread>
#include <utility>

namespace deadletter::test {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kPortionLetters = 5'000;
constexpr std::size_t kPortionBytes = 64 * kMebibyte;
constexpr std::chrono::milliseconds kLookEvery(200);
constexpr std::chrono::seconds kLookAtLeastEvery(10);

#ifdef DEADLETTER_SANITIZED
constexpr bool kMemoryIsOurs = false;
#else
constexpr bool kMemoryIsOurs = true;
#endif

std::size_t PeakBytes(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) << 10;
  }
  throw std::runtime_error("no process " + std::to_string(pid));
}

// Until `look` says that it is over; false once a minute goes by in which its number stays as it
// is. Looking takes a small part of the time: whoever reads a ledger's file without a pause keeps
// its log from ever being begun anew.
bool WaitWhileItGoesOn(const std::function<std::pair<std::size_t, bool>()>& look) {
  std::size_t last = 0;
  auto deadline = steady_clock::now() + kPatience;
  while (steady_clock::now() < deadline) {
    const auto began = steady_clock::now();
    const auto [number, is_over] = look();
    if (is_over) return true;
    if (number != std::exchange(last, number)) deadline = steady_clock::now() + kPatience;
    const auto took = steady_clock::now() - began;
    std::this_thread::sleep_for(
        std::clamp<steady_clock::duration>(20 * took, kLookEvery, kLookAtLeastEvery));
  }
  return false;
}

}  // namespace

std::size_t PromisedBytes(const MemoryPromise& promise) {
  constexpr std::size_t kProcess = 64 * kMebibyte;
  constexpr std::size_t kLargestBatch = 64 * kMebibyte;
  const std::size_t batch =
      std::max(std::min(promise.max_buffered_bytes, kLargestBatch), promise.largest_letter_bytes);
  return kProcess + promise.cache_bytes +
         promise.queues * (promise.max_buffered_bytes + promise.largest_letter_bytes + 4 * batch +
                           promise.cache_bytes);
}

Message DiedOften(std::string body, int deaths) {
  FieldArray entries;
  for (int number = 1; number <= deaths; ++number) {
    const FieldArray keys{FieldValue{std::string("execution.dispatch.worker.7")}};
    entries.push_back({FieldTable{{{"count", {std::int64_t{1}}},
                                   {"reason", {std::string("expired")}},
                                   {"queue", {"worker." + std::to_string(number) + ".executions"}},
                                   {"time", {FieldTimestamp{1'767'225'600}}},
                                   {"exchange", {std::string("attune.executions")}},
                                   {"routing-keys", {keys}}}}});
  }
  Message message = World::DeadMessage(std::move(body));
  message.headers.entries = {{"x-death", {entries}}};
  return message;
}

Load::Load(const PairFactory& pair, WorldOptions options) : world_(pair, std::move(options)) {}

Message Load::Request(std::int64_t execution, std::size_t bytes) {
  Message message = World::DeadMessage(world_.Envelope(std::to_string(execution)));
  if (message.body.size() < bytes) {
    message.body.insert(message.body.size() - 1, bytes - message.body.size(), ' ');
  }
  return Telling(std::move(message), execution);
}

Message Load::Telling(Message message, std::int64_t execution) {
  message = AsPublished(std::move(message));
  account_.Sends(message, Nature::kRequest, ExecutionId(execution));
  return message;
}

void Load::AddExecution(std::int64_t number) {
  account_.Row(world_.AddExecution(number), "scheduled");
}

Message Load::Malformed(std::string body) {
  Message message = AsPublished(World::DeadMessage(std::move(body)));
  account_.Sends(message, Nature::kMalformed, std::nullopt);
  return message;
}

void Load::Publish(const Address& address, int count, const std::function<Message(int)>& make) {
  std::vector<Message> portion;
  std::size_t bytes = 0;
  for (int number = 1; number <= count; ++number) {
    portion.push_back(make(number));
    bytes += portion.back().body.size();
    if (number < count && portion.size() < kPortionLetters && bytes < kPortionBytes) continue;
    world_.Publish(address, portion);
    for (const Message& message : portion) account_.Sent(message);
    portion.clear();
    bytes = 0;
  }
}

bool Load::WaitUntilAllIsDone(steady_clock::time_point began) {
  const std::size_t letters = account_.LettersDue();
  const bool recorded = WaitWhileItGoesOn([&] {
    const std::size_t count = world_.pair().ledger().CountFacts().letters;
    return std::pair(count, count >= letters);
  });
  const std::chrono::duration<double> took = steady_clock::now() - began;
  std::cout << letters << " letters in " << took.count() << " s, "
            << static_cast<double>(letters) / took.count() << " a second\n";
  return recorded && WaitWhileItGoesOn([&] {
           const FactCounts counts = world_.pair().ledger().CountFacts();
           return std::pair(counts.outbox + counts.waiting, counts.outbox + counts.waiting == 0);
         });
}

void Load::End(const std::vector<Server*>& servers, const MemoryPromise& promise) {
  const std::size_t promised = PromisedBytes(promise);
  for (Server* server : servers) {
    const std::size_t peak = PeakBytes(server->process().pid());
    std::cout << "memory: " << peak / kMebibyte << " MiB at most, " << promised / kMebibyte
              << " MiB promised\n";
    if (kMemoryIsOurs) {
      EXPECT_LE(peak, promised);
    }
  }
  CloseBooks(world_, account_, servers);
  for (Server* server : servers) {
    EXPECT_THAT(server->process().output(), testing::Not(testing::HasSubstr("Sanitizer")));
  }
}

}  // namespace deadletter::test
