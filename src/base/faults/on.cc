#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <string>

#include "base/fault_point.h"

namespace deadletter::fault {

extern const bool kArmed = true;

namespace {

struct Order {
  int signal = 0;
  int visits_left = 1;
};

using Orders = std::map<std::string, Order, std::less<>>;

Orders ReadOrders() {
  Orders orders;
  const char* variable = std::getenv("DEADLETTER_FAULT");
  std::string_view rest = variable == nullptr ? "" : variable;
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    const auto item = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
    const auto equals = item.find('=');
    if (equals == std::string_view::npos) std::abort();  // a test that arms nothing proves nothing
    auto action = item.substr(equals + 1);
    Order order;
    if (const auto at = action.find('@'); at != std::string_view::npos) {
      const auto number = action.substr(at + 1);
      const auto [end, error] =
          std::from_chars(number.data(), number.data() + number.size(), order.visits_left);
      if (error != std::errc{} || end != number.data() + number.size()) std::abort();
      action = action.substr(0, at);
    }
    if (action == "kill") {
      order.signal = SIGKILL;
    } else if (action == "stop") {
      order.signal = SIGSTOP;
    } else {
      std::abort();
    }
    orders.emplace(item.substr(0, equals), order);
  }
  return orders;
}

// DEADLETTER_FAULT_FILE: one order at a time, "NAME", which a test puts into a file of the running
// process's by renaming it there: stop at the next visit. It is taken by unlinking it, so that one
// order stops one visit.
bool IsOrderedLater(std::string_view name) {
  static const char* const path = std::getenv("DEADLETTER_FAULT_FILE");
  if (path == nullptr) return false;
  std::string ordered;
  std::getline(std::ifstream(path), ordered);
  return ordered == name && unlink(path) == 0;
}

}  // namespace

void HitArmed(std::string_view name) {
  static std::mutex mutex;
  static Orders orders = ReadOrders();
  const std::lock_guard lock(mutex);
  // To this thread: what is sent to the process another thread may take, and this one goes on for
  // as long as that takes.
  if (IsOrderedLater(name)) std::raise(SIGSTOP);
  const auto found = orders.find(name);
  if (found == orders.end() || --found->second.visits_left != 0) return;
  std::raise(found->second.signal);
}

}  // namespace deadletter::fault
