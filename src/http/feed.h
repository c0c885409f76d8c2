// What GET /v1/events tells, made once for all who follow it: while somebody does, the figures that
// are held in memory are looked at again and again, and a thread that asks the ledger asks it how
// replays stand. Of each thing only the newest state is kept, so that who takes it slowly misses
// what was in between and costs nothing (P9). Internal to http/.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "operations/operation_error.h"
#include "operations/replays.h"

namespace deadletter::http {

// Somebody who follows it; alive for as long as he does.
class Follower {
 public:
  virtual ~Follower() = default;
  virtual void OnTick() = 0;  // there may be news
  virtual void Drop() = 0;    // OnTick() has thrown
};

struct FeedSources {
  std::function<std::string()> counts;  // JSON; at once
  std::function<std::string()> health;  // the same
  // Asks the ledger; `known` as StandingReplays() has it. Called on one of its threads.
  std::function<OperationResult<std::vector<ReplayStanding>>(const std::set<std::string>& known)>
      replays;
};

// I/O thread only.
class Feed {
 public:
  // `context` and `workers` outlive it; whoever ends it has joined `workers` before.
  Feed(FeedSources sources, boost::asio::io_context& context, boost::asio::thread_pool& workers,
       std::chrono::milliseconds interval);

  // Looks now where nobody follows, so that the first one finds something to be told.
  void WakeUp();
  // `who` asks for it: one caller may follow several times.
  void Join(std::shared_ptr<Follower> follower, std::string who);
  void Leave(const Follower& follower);  // who does not follow may leave, too
  [[nodiscard]] std::size_t size() const { return followers_.size(); }
  [[nodiscard]] std::size_t CountOf(std::string_view who) const;

  // Everything whose newest state came after `seen` (0: everything), as text/event-stream, the
  // oldest first. `seen` becomes what the last event's id says.
  [[nodiscard]] std::string NewSince(std::uint64_t& seen) const;

 private:
  struct Joined {
    std::shared_ptr<Follower> follower;
    std::string who;
  };
  struct Entry {
    std::string_view event;
    std::string json;
    std::uint64_t version = 0;  // of all entries; ascending
    bool ended = false;         // a replay that has
  };

  void WaitForNextTick();
  void Tick();
  void LookAtFigures();
  void LookAtReplays();
  void OnReplays(const OperationResult<std::vector<ReplayStanding>>& replays,
                 std::chrono::steady_clock::duration took);
  void Update(const std::string& key, std::string_view event, std::string json);
  void TellAll();

  const FeedSources sources_;
  boost::asio::io_context& context_;
  boost::asio::thread_pool& workers_;
  const std::chrono::milliseconds interval_;
  boost::asio::steady_timer timer_;
  std::vector<Joined> followers_;
  std::map<std::string, Entry> entries_;  // "counts", "health", a replay's id
  std::uint64_t version_ = 0;
  bool asking_ = false;  // how replays stand
  std::chrono::steady_clock::time_point ask_from_{};
};

}  // namespace deadletter::http
