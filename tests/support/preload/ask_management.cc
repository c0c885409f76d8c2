// Asks the management API at the URL of its first argument, trusting the authorities in the file of
// its second one, or the system's: exit 0 where it answered, else why it did not.
#include <iostream>

#include "broker/rabbitmq/management.h"

int main(int count, char** arguments) {
  deadletter::rabbitmq::Options options;
  options.management_url = count > 1 ? arguments[1] : "";
  options.ca_file = count > 2 ? arguments[2] : "";
  const auto management = deadletter::rabbitmq::Management::Make(options);
  if (!management) {
    std::cerr << management.error().message << "\n";
    return 2;
  }
  const auto answer = management->Get("/api/overview");
  if (answer) return 0;
  std::cerr << answer.error().message << "\n";
  return 1;
}
