// A real RabbitMQ of a test program's own: a private process on free ports
// (scripts/private-rabbitmq), gone with the program however that ends.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/temporary_folder.h"

namespace deadletter::test {

// Whatever cannot be done throws. Not thread-safe.
class PrivateRabbitMq {
 public:
  PrivateRabbitMq();  // starts it
  ~PrivateRabbitMq();
  PrivateRabbitMq(const PrivateRabbitMq&) = delete;
  PrivateRabbitMq& operator=(const PrivateRabbitMq&) = delete;

  void Start();    // again, on the same ports and data
  void Stop();     // in order
  void Kill();     // SIGKILL
  void Restart();  // WriteDeclarations(), Kill(), Start()
  void Freeze();   // goes on listening and answers nobody, until Thaw()
  void Thaw();

  // Returns once everything that was declared is in the node's log on disk: RabbitMQ answers a
  // declaration before that, and a node that is killed in the moments between has forgotten it.
  void WriteDeclarations();

  [[nodiscard]] std::string AmqpUrl(const std::string& vhost = "/") const;
  [[nodiscard]] std::string AmqpsUrl(const std::string& vhost = "/") const;
  [[nodiscard]] const std::string& ManagementUrl() const { return management_url_; }
  [[nodiscard]] const std::string& ManagementTlsUrl() const { return management_tls_url_; }
  [[nodiscard]] const std::string& ca_file() const { return ca_file_; }

  // A new virtual host, whose name contains `name`, so that tests do not see one another.
  [[nodiscard]] std::string MakeVhost(const std::string& name);
  void DeleteVhost(const std::string& vhost);

  // `arguments` is a JSON object. What exists with other arguments is an error.
  void DeclareExchange(const std::string& vhost, const std::string& name, const std::string& type,
                       const std::string& arguments = "{}");
  void DeclareQueue(const std::string& vhost, const std::string& name,
                    const std::string& arguments = "{}");
  void Bind(const std::string& vhost, const std::string& exchange, const std::string& queue,
            const std::string& routing_key);
  void DeleteQueue(const std::string& vhost, const std::string& name);
  void DeleteExchange(const std::string& vhost, const std::string& name);
  void Purge(const std::string& vhost, const std::string& queue);  // of what nobody was given
  void SetPolicy(const std::string& vhost, const std::string& name, const std::string& pattern,
                 const std::string& apply_to, const std::string& definition);
  void SetPermissions(const std::string& vhost, const std::string& user,
                      const std::string& configure, const std::string& write,
                      const std::string& read);
  void AddUser(const std::string& user, const std::string& password);

  struct Binding {
    std::string exchange;
    std::string queue;
    std::string routing_key;
    friend auto operator<=>(const Binding&, const Binding&) = default;
  };
  // Without those of the default exchange.
  [[nodiscard]] std::vector<Binding> ListBindings(const std::string& vhost);
  // As the management API describes it, JSON.
  [[nodiscard]] std::string DescribeExchange(const std::string& vhost, const std::string& name);

  // Waits until one of that virtual host wanted to publish and was kept from it by an alarm.
  void AwaitBlockedConnection(const std::string& vhost);

  // Waits until the broker lists a connection of that virtual host, and closes them all by force
  // (320).
  void CloseConnections(const std::string& vhost);
  // Takes up to `count` messages off a queue for good: their bodies.
  [[nodiscard]] std::vector<std::string> Drain(const std::string& vhost, const std::string& queue,
                                               std::size_t count);

  // As when memory runs out: the broker stops reading from those who publish, as long as this
  // lives. (A test that fails does not leave it to the next one.) Not longer than the node.
  class MemoryAlarm {
   public:
    explicit MemoryAlarm(PrivateRabbitMq& node);
    ~MemoryAlarm();
    MemoryAlarm(const MemoryAlarm&) = delete;
    MemoryAlarm& operator=(const MemoryAlarm&) = delete;
    void Clear();

   private:
    PrivateRabbitMq& node_;
    bool on_ = true;
  };

  // rabbitmqctl with these arguments: its output.
  std::string Control(std::vector<std::string> arguments);
  // The value of an Erlang expression in the node, as it is printed: what its processes know at
  // this moment. From any thread.
  std::string Ask(const std::string& expression);
  // A line of shell in which `rabbitmqctl` is the one for this node.
  void RunShell(const std::string& line);

  // Any request to the management API: its answer, JSON. Another status than 2xx throws.
  std::string Management(const std::string& method, const std::string& path,
                         const std::optional<std::string>& body = {});

 private:
  std::string RunScript(std::vector<std::string> command);
  void ReadAddresses(const std::string& shown);

  TemporaryFolder folder_;
  std::string amqp_url_;  // without the virtual host
  std::string amqps_url_;
  std::string management_url_;
  std::string management_tls_url_;
  std::string ca_file_;
  int vhosts_made_ = 0;
};

// One node for all the tests of this program, started by the first that asks and stopped after the
// last.
[[nodiscard]] PrivateRabbitMq& SharedRabbitMq();

}  // namespace deadletter::test
