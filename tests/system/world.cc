#include "tests/system/world.h"

#include <signal.h>

#include <fstream>
#include <stdexcept>
#include <thread>

#include "base/rfc3339.h"
#include "tests/folders.h"
#include "tests/support/http_get.h"

namespace deadletter::test {
namespace {

constexpr const char* kProgram = DEADLETTER_BINARY_DIR "/deadletter-faults";
constexpr const char* kReleased = DEADLETTER_BINARY_DIR "/deadletter";
constexpr std::chrono::milliseconds kLookEvery(20);
constexpr std::chrono::milliseconds kOneTooMany(300);

std::string ExecutionsToml(const LedgerSetup& setup) {
  const ExecutionTable table = TableOf(setup.shape);
  const char* type = table.id_type == ExecutionIdType::kInteger ? "integer"
                     : table.id_type == ExecutionIdType::kUuid  ? "uuid"
                                                                : "text";
  const auto list = [](const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "\"" : ", \"") + word + "\"";
    return "[" + text + "]";
  };
  std::string toml = "[executions]\n";
  toml += setup.mode == ExecutionsMode::kObserve ? "mode = \"observe\"\n" : "";
  const std::pair<const char*, std::string> names[] = {{"table", table.table},
                                                       {"id", table.id},
                                                       {"id_type", type},
                                                       {"status", table.status},
                                                       {"result", table.result},
                                                       {"error", table.error},
                                                       {"updated", table.updated},
                                                       {"finished", table.finished},
                                                       {"worker", table.worker},
                                                       {"action", table.action},
                                                       {"action_ref", table.action_ref},
                                                       {"failed", table.failed},
                                                       {"replay_status", table.replay_status}};
  for (const auto& [key, value] : names) toml += std::string(key) + " = \"" + value + "\"\n";
  toml += "failable = " + list(table.failable) + "\nfinal = " + list(table.final_statuses) + "\n";
  return toml;
}

std::string TopologyToml(const WorldOptions& options) {
  std::string ids;
  for (const std::string& id : options.worker_ids) ids += (ids.empty() ? "\"" : ", \"") + id + "\"";
  return "[topology]\nworker_ids = [" + ids + "]\nworker_ttl = \"" +
         std::to_string(options.worker_ttl.count()) + "ms\"\n";
}

}  // namespace

bool WaitUntil(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(kLookEvery);
  }
  return true;
}

Server::Server(const std::string& program, const std::string& config_file,
               const std::string& folder, std::map<std::string, std::string> environment)
    : process_({program, "serve", "--config", config_file, "--listen", "127.0.0.1:0"},
               {std::move(environment), folder}) {}

std::string Server::url() {
  if (url_.empty()) {
    const auto line = process_.WaitForLine("://127.0.0.1:", kPatience);
    if (!line) throw std::runtime_error("serve does not listen:\n" + process_.output());
    const std::size_t begin = line->rfind("http", line->find("://127.0.0.1:"));
    url_ = line->substr(begin, line->find_first_of("\" ", begin) - begin);
  }
  return url_;
}

bool Server::WaitUntilReady() {
  const std::string ready = url() + "/readyz";
  return WaitUntil([&] { return HttpGet(ready).status == 200; });
}

testing::AssertionResult Server::StopsAsPromised(int signal) {
  const std::size_t before = process_.lines();
  process_.Signal(signal);
  const auto status = process_.WaitForExit(kStopPromise);
  const auto says = [&](const char* event) {
    return process_
        .WaitForLine("\"event\":\"" + std::string(event) + "\"", std::chrono::milliseconds(0),
                     before)
        .has_value();
  };
  if (!status)
    return testing::AssertionFailure() << "it still runs after 10 s:\n" << process_.output();
  if (*status != 0) {
    return testing::AssertionFailure() << "it ended with " << *status << ":\n" << process_.output();
  }
  if (says("stop_took_too_long") || says("stopped_at_once") || !says("stopped")) {
    return testing::AssertionFailure() << "the stop was cut short:\n" << process_.output();
  }
  return testing::AssertionSuccess();
}

boost::json::value Server::Get(const std::string& path) {
  return boost::json::parse(GetText(path));
}

std::string Server::GetText(const std::string& path, int expected_status) {
  const HttpAnswer answer = HttpGet(url() + path);
  if (answer.status != expected_status) {
    throw std::runtime_error(path + " answered " + std::to_string(answer.status) + ": " +
                             answer.body);
  }
  return answer.body;
}

World::World(const PairFactory& factory, WorldOptions options)
    : folder_name_(folder_.path().string()),
      pair_(factory.make(options.ledger)),
      config_file_(folder_ / "deadletter.toml") {
  std::ofstream file(config_file_);
  file << options.top << pair_->Toml() << options.queues << ExecutionsToml(options.ledger)
       << TopologyToml(options) << options.toml;
  file.close();
  const Finished applied = Run({"topology", "apply"});
  if (applied.status != 0) throw std::runtime_error("topology apply: " + applied.output);
  pair_->broker().DeclareQueue(kEventQueue, {});
  pair_->broker().Bind("attune.executions", kEventQueue, "execution.completed");
  catalog_ = pair_->ledger().OpenCatalog();
  publisher_ = pair_->broker().MakePublisher();
  listener_ = pair_->broker().MakeWorkQueue();
}

Finished World::Run(std::vector<std::string> arguments,
                    std::map<std::string, std::string> environment) {
  arguments.insert(arguments.begin(), kProgram);
  arguments.insert(arguments.end(), {"--config", config_file_});
  return RunProgram(std::move(arguments), {std::move(environment), folder_name_});
}

Server World::Serve(std::map<std::string, std::string> environment) {
  return {kProgram, config_file_, folder_name_, std::move(environment)};
}

Server World::ServeReleased(std::map<std::string, std::string> environment) {
  return {kReleased, config_file_, folder_name_, std::move(environment)};
}

void World::PutToSleep(Server& server) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (true) {
    server.process().Signal(SIGSTOP);
    if (!server.process().WaitForStop(kPatience)) throw std::runtime_error("it does not stop");
    if (!IsLocked()) return;
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("it is always writing when it is put to sleep");
    server.process().Signal(SIGCONT);
  }
}

bool World::IsLocked() {
  try {
    pair_->broker().DeclareQueue("written.while.it.sleeps", {});
    pair_->ledger().Remove(ExecutionId(std::int64_t{-1}));
    return false;
  } catch (const std::exception&) {
    return true;
  }
}

ExecutionId World::AddExecution(std::int64_t number, const std::string& status) {
  PlatformExecution execution{
      .id = ExecutionId(number), .status = status, .action = 3, .action_ref = "core.echo"};
  pair_->ledger().Put(execution);
  return execution.id;
}

std::string World::Envelope(const std::string& execution_id_json,
                            const std::string& more_payload) const {
  return R"({"message_id":")" + FormatUuid(RandomUuid()) +
         R"(","correlation_id":null,"message_type":"ExecutionRequested","version":"1.0","timestamp":"2026-01-01T00:00:00Z",)"
         R"("headers":{"retry_count":0,"source_service":"test"},"payload":{"execution_id":)" +
         execution_id_json + R"(,"action_ref":"core.echo","config":{})" + more_payload + "}}";
}

void World::Publish(const Address& address, const std::vector<Message>& messages) {
  std::vector<OutgoingMessage> outgoing;
  for (const Message& message : messages) {
    outgoing.push_back({address, message});
    outgoing.back().message.properties.delivery_mode = 2;
    if (!message.properties.message_id)
      outgoing.back().message.properties.message_id = FormatUuid(RandomUuid());
  }
  // A broker that was restarted meanwhile may lose a connection under the first of them; twice is
  // harmless (P3).
  const bool published = WaitUntil([&] {
    const std::vector<PublishResult> results = publisher_->Publish(outgoing);
    std::vector<OutgoingMessage> again;
    for (std::size_t index = 0; index < results.size(); ++index) {
      const PublishOutcome outcome = results[index].outcome;
      if (outcome == PublishOutcome::kConfirmed) continue;
      if (outcome != PublishOutcome::kUnavailable && outcome != PublishOutcome::kInDoubt) {
        throw std::runtime_error("not published: " + results[index].detail);
      }
      again.push_back(outgoing[index]);
    }
    outgoing = std::move(again);
    return outgoing.empty();
  });
  if (!published) throw std::runtime_error("the broker does not take messages");
}

void World::Publish(const Address& address, const std::string& body) {
  Message message;
  message.body = body;
  Publish(address, std::vector<Message>{message});
}

Message World::DeadMessage(std::string body, const std::string& reason) {
  const FieldValue key{std::string("execution.dispatch.worker.7")};
  FieldTable death;
  death.entries = {{"count", {std::int64_t{1}}},
                   {"reason", {reason}},
                   {"queue", {std::string("worker.7.executions")}},
                   {"time", {FieldTimestamp{1'767'225'600}}},  // 2026-01-01T00:00:00Z
                   {"exchange", {std::string("attune.executions")}},
                   {"routing-keys", {FieldArray{key}}}};
  Message message;
  message.body = std::move(body);
  message.headers.entries = {{"x-death", {FieldArray{FieldValue{death}}}}};
  return message;
}

void World::PublishDead(const std::string& body) {
  PublishDead(DeadMessage(body));
}

void World::PublishDead(const Message& message) {
  Publish({kDeadLetterExchange, "execution.dispatch.worker.7"}, std::vector<Message>{message});
}

PlatformRow World::Row(const ExecutionId& id) {
  auto row = pair_->ledger().Read(id);
  if (!row) throw std::runtime_error("no execution " + id.ToString());
  return *row;
}

bool World::WaitForStatus(const ExecutionId& id, const std::string& status) {
  return WaitUntil([&] { return Row(id).status == status; });
}

std::vector<LetterSummary> World::Letters() {
  std::vector<LetterSummary> letters;
  std::optional<LetterId> after;
  while (true) {
    const auto page = catalog_->List({}, 1000, after);
    if (!page) return letters;  // away for now: the next look sees them
    letters.insert(letters.end(), page->letters.begin(), page->letters.end());
    if (!page->next) return letters;
    after = page->next;
  }
}

std::vector<LetterSummary> World::WaitForLetters(std::size_t count) {
  std::vector<LetterSummary> letters;
  (void)WaitUntil([&] {
    letters = Letters();
    return letters.size() >= count;
  });
  return letters;
}

LetterSummary World::OnlyLetter() {
  const auto letters = WaitForLetters(1);
  if (letters.size() != 1)
    throw std::runtime_error(std::to_string(letters.size()) + " letters, not one");
  return letters.front();
}

LetterRecord World::Record(const LetterId& id) {
  auto record = catalog_->Show(id);
  if (!record || !*record) throw std::runtime_error("no such letter");
  return **record;
}

std::vector<boost::json::value> World::WaitForEvents(std::size_t count) {
  std::vector<boost::json::value> events;
  (void)WaitUntil([&] {
    const auto wait = events.size() < count ? std::chrono::milliseconds(1000) : kOneTooMany;
    const auto leases = listener_->Take(kEventQueue, 100, kPatience, wait);
    if (!leases) return false;
    for (const Lease& lease : *leases) {
      events.push_back(boost::json::parse(lease.delivery.message.body));
      if (!listener_->Acknowledge(lease.id))
        throw std::runtime_error("an event could not be acknowledged");
    }
    return leases->empty() && events.size() >= count;
  });
  return events;
}

}  // namespace deadletter::test
