#include "tests/support/private_rabbitmq.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include "broker/rabbitmq/management.h"
#include "tests/folders.h"
#include "tests/support/child_process.h"

namespace deadletter::test {

namespace {

namespace json = boost::json;
using rabbitmq::PercentEncode;

constexpr const char* kScript = DEADLETTER_SOURCE_DIR "/scripts/private-rabbitmq";
constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::seconds kManagementPatience{300};  // a million messages are not gone at once
constexpr std::chrono::milliseconds kLookAgain{100};
constexpr std::chrono::minutes kScriptLimit{4};  // the script's own is shorter

std::string Path(const char* kind, const std::string& vhost, const std::string& name) {
  return fmt::format("/api/{}/{}/{}", kind, PercentEncode(vhost), PercentEncode(name));
}

std::string TextOf(const json::value& object, const char* name) {
  return std::string(object.at(name).as_string());
}

// The node ends with the tests and not with the process's static objects, whose order nobody knows.
std::unique_ptr<PrivateRabbitMq> shared_node;

class EndOfTests final : public testing::Environment {
 public:
  void TearDown() override { shared_node.reset(); }
};

const auto* const kEndOfTests = testing::AddGlobalTestEnvironment(new EndOfTests);

}  // namespace

PrivateRabbitMq& SharedRabbitMq() {
  if (!shared_node) shared_node = std::make_unique<PrivateRabbitMq>();
  return *shared_node;
}

PrivateRabbitMq::PrivateRabbitMq() {
  Start();
}

PrivateRabbitMq::~PrivateRabbitMq() {
  // What it does not end here its guard ends with the process.
  [[maybe_unused]] const auto finished = RunProgram({kScript, "remove", folder_.path().string()});
}

void PrivateRabbitMq::Start() {
  ReadAddresses(RunScript({"start", folder_.path().string(), std::to_string(getpid())}));
}

void PrivateRabbitMq::Stop() {
  RunScript({"stop", folder_.path().string()});
}

void PrivateRabbitMq::Kill() {
  RunScript({"kill", folder_.path().string()});
}

void PrivateRabbitMq::Restart() {
  WriteDeclarations();
  Kill();
  Start();
}

void PrivateRabbitMq::Freeze() {
  RunScript({"freeze", folder_.path().string()});
}

void PrivateRabbitMq::Thaw() {
  RunScript({"thaw", folder_.path().string()});
}

void PrivateRabbitMq::WriteDeclarations() {
  Control({"eval", "mnesia:sync_log()."});
}

std::string PrivateRabbitMq::RunScript(std::vector<std::string> command) {
  command.insert(command.begin(), kScript);
  const auto finished = RunProgram(command, {}, kScriptLimit);
  if (finished.status != 0) throw std::runtime_error("private-rabbitmq failed: " + finished.output);
  return finished.standard_output;
}

void PrivateRabbitMq::ReadAddresses(const std::string& shown) {
  std::istringstream lines(shown);
  for (std::string line; std::getline(lines, line);) {
    const auto value = line.substr(line.find('=') + 1);
    const auto without_vhost = value.substr(0, value.rfind('/'));
    if (line.starts_with("AMQP_URL=")) amqp_url_ = without_vhost;
    if (line.starts_with("AMQPS_URL=")) amqps_url_ = without_vhost;
    if (line.starts_with("MANAGEMENT_URL=")) management_url_ = value;
    if (line.starts_with("MANAGEMENT_TLS_URL=")) management_tls_url_ = value;
    if (line.starts_with("CA_FILE=")) ca_file_ = value;
  }
}

std::string PrivateRabbitMq::AmqpUrl(const std::string& vhost) const {
  return amqp_url_ + "/" + PercentEncode(vhost);
}

std::string PrivateRabbitMq::AmqpsUrl(const std::string& vhost) const {
  return amqps_url_ + "/" + PercentEncode(vhost);
}

std::string PrivateRabbitMq::MakeVhost(const std::string& name) {
  auto vhost = fmt::format("{} {}", name, ++vhosts_made_);
  Management("PUT", "/api/vhosts/" + PercentEncode(vhost), "{}");
  SetPermissions(vhost, "guest", ".*", ".*", ".*");
  return vhost;
}

void PrivateRabbitMq::DeleteVhost(const std::string& vhost) {
  Management("DELETE", "/api/vhosts/" + PercentEncode(vhost));
}

void PrivateRabbitMq::DeclareExchange(const std::string& vhost, const std::string& name,
                                      const std::string& type, const std::string& arguments) {
  Management("PUT", Path("exchanges", vhost, name),
             json::serialize(json::object{
                 {"type", type}, {"durable", true}, {"arguments", json::parse(arguments)}}));
}

void PrivateRabbitMq::DeclareQueue(const std::string& vhost, const std::string& name,
                                   const std::string& arguments) {
  Management(
      "PUT", Path("queues", vhost, name),
      json::serialize(json::object{{"durable", true}, {"arguments", json::parse(arguments)}}));
}

void PrivateRabbitMq::Bind(const std::string& vhost, const std::string& exchange,
                           const std::string& queue, const std::string& routing_key) {
  Management("POST",
             fmt::format("/api/bindings/{}/e/{}/q/{}", PercentEncode(vhost),
                         PercentEncode(exchange), PercentEncode(queue)),
             json::serialize(json::object{{"routing_key", routing_key}}));
}

void PrivateRabbitMq::DeleteQueue(const std::string& vhost, const std::string& name) {
  Management("DELETE", Path("queues", vhost, name));
}

void PrivateRabbitMq::DeleteExchange(const std::string& vhost, const std::string& name) {
  Management("DELETE", Path("exchanges", vhost, name));
}

void PrivateRabbitMq::Purge(const std::string& vhost, const std::string& queue) {
  Management("DELETE", Path("queues", vhost, queue) + "/contents");
}

void PrivateRabbitMq::SetPolicy(const std::string& vhost, const std::string& name,
                                const std::string& pattern, const std::string& apply_to,
                                const std::string& definition) {
  Management(
      "PUT", Path("policies", vhost, name),
      json::serialize(json::object{
          {"pattern", pattern}, {"apply-to", apply_to}, {"definition", json::parse(definition)}}));
}

void PrivateRabbitMq::SetPermissions(const std::string& vhost, const std::string& user,
                                     const std::string& configure, const std::string& write,
                                     const std::string& read) {
  Management(
      "PUT", Path("permissions", vhost, user),
      json::serialize(json::object{{"configure", configure}, {"write", write}, {"read", read}}));
}

void PrivateRabbitMq::AddUser(const std::string& user, const std::string& password) {
  Management("PUT", "/api/users/" + PercentEncode(user),
             json::serialize(json::object{{"password", password}, {"tags", ""}}));
}

std::vector<PrivateRabbitMq::Binding> PrivateRabbitMq::ListBindings(const std::string& vhost) {
  std::vector<Binding> bindings;
  const auto listed = json::parse(Management("GET", "/api/bindings/" + PercentEncode(vhost)));
  for (const auto& binding : listed.as_array()) {
    if (TextOf(binding, "source").empty()) continue;
    bindings.push_back({TextOf(binding, "source"), TextOf(binding, "destination"),
                        TextOf(binding, "routing_key")});
  }
  return bindings;
}

std::string PrivateRabbitMq::DescribeExchange(const std::string& vhost, const std::string& name) {
  return Management("GET", Path("exchanges", vhost, name));
}

void PrivateRabbitMq::AwaitBlockedConnection(const std::string& vhost) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  const auto list = fmt::format("/api/vhosts/{}/connections", PercentEncode(vhost));
  while (std::chrono::steady_clock::now() < deadline) {
    const json::value connections = json::parse(Management("GET", list));
    for (const auto& connection : connections.as_array()) {
      // Those that are blocked and have not published since are "blocking"; one that was just
      // opened or closed has no state.
      const json::value* const state = connection.as_object().if_contains("state");
      if (state != nullptr && *state == "blocked") return;
    }
    std::this_thread::sleep_for(kLookAgain);  // the node works for its answers
  }
  throw std::runtime_error("no blocked connection in " + vhost);
}

void PrivateRabbitMq::CloseConnections(const std::string& vhost) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  const auto list = fmt::format("/api/vhosts/{}/connections", PercentEncode(vhost));
  // The broker lists a connection a moment after it was opened, and nothing tells when.
  json::value connections = json::array();
  while (connections.as_array().empty()) {
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("no connection in " + vhost);
    connections = json::parse(Management("GET", list));
  }
  for (const auto& connection : connections.as_array()) {
    Management("DELETE", "/api/connections/" + PercentEncode(TextOf(connection, "name")));
  }
}

std::vector<std::string> PrivateRabbitMq::Drain(const std::string& vhost, const std::string& queue,
                                                std::size_t count) {
  const auto answer = json::parse(
      Management("POST", Path("queues", vhost, queue) + "/get",
                 json::serialize(json::object{
                     {"count", count}, {"ackmode", "ack_requeue_false"}, {"encoding", "auto"}})));
  std::vector<std::string> bodies;
  for (const auto& message : answer.as_array()) bodies.push_back(TextOf(message, "payload"));
  return bodies;
}

PrivateRabbitMq::MemoryAlarm::MemoryAlarm(PrivateRabbitMq& node) : node_(node) {
  node_.Control({"eval", "rabbit_alarm:set_alarm({{resource_limit, memory, node()}, []})."});
}

PrivateRabbitMq::MemoryAlarm::~MemoryAlarm() {
  try {
    Clear();
  } catch (const std::runtime_error& error) {
    ADD_FAILURE() << error.what();
  }
}

void PrivateRabbitMq::MemoryAlarm::Clear() {
  if (!std::exchange(on_, false)) return;
  node_.Control({"eval", "rabbit_alarm:clear_alarm({resource_limit, memory, node()})."});
}

std::string PrivateRabbitMq::Control(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"ctl", folder_.path().string()});
  return RunScript(std::move(arguments));
}

std::string PrivateRabbitMq::Ask(const std::string& expression) {
  std::string answer = RunScript({"ask", folder_.path().string(), expression});
  if (!answer.starts_with("{ok, "))
    throw std::runtime_error("the node does not know " + expression + ": " + answer);
  return answer.substr(5, answer.rfind('}') - 5);
}

void PrivateRabbitMq::RunShell(const std::string& line) {
  const auto script = fmt::format("rabbitmqctl() {{ '{}' ctl '{}' \"$@\"; }}\n{}", kScript,
                                  folder_.path().string(), line);
  const auto finished = RunProgram({"/bin/bash", "-c", script}, {}, kScriptLimit);
  if (finished.status != 0) throw std::runtime_error(line + ": " + finished.output);
}

std::string PrivateRabbitMq::Management(const std::string& method, const std::string& path,
                                        const std::optional<std::string>& body) {
  rabbitmq::Options options;
  options.management_url = management_url_;
  const auto management = rabbitmq::Management::Make(options, kManagementPatience);
  if (!management) throw std::runtime_error(management.error().message);
  const auto reply =
      management->Call(method, path, body ? std::optional(json::parse(*body)) : std::nullopt);
  if (!reply) throw std::runtime_error(reply.error().message);
  if (reply->status < 200 || reply->status > 299) {
    throw std::runtime_error(
        fmt::format("{} {}: {} {}", method, path, reply->status, json::serialize(reply->body)));
  }
  return json::serialize(reply->body);
}

}  // namespace deadletter::test
