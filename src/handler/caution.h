// How many letters may be asked for at once. If a letter kills us, or ends the channel, the broker
// counts a delivery of everything that was prefetched with it, and a queue with a delivery limit
// destroys what was delivered too often. So whatever may be dangerous is asked for alone (P1).
#pragma once

#include <cstddef>
#include <cstdint>

namespace deadletter {

// Pure: no clock, no broker. Numbers are those of the channel's deliveries, from 1. One thread.
class Caution {
 public:
  // `prefetch`: how many at once where nothing speaks against it; at least 1.
  explicit Caution(std::size_t prefetch) : prefetch_(prefetch) {}

  // One, until a letter of this channel is recorded: then we survive what the queue holds. One
  // again while a letter that came often waits to be recorded, or one that cannot be read is
  // looked for.
  [[nodiscard]] std::size_t Prefetch() const { return is_trusted_ ? prefetch_ : 1; }

  // What Prefetch() will be once the letters up to that one are recorded and acknowledged.
  [[nodiscard]] std::size_t PrefetchAfter(std::uint64_t number) const;

  // The channel is subscribed with Prefetch().
  void Subscribed();
  // That letter was delivered often and not acknowledged: it may be the reason.
  void Suspect(std::uint64_t number);
  // The letters up to that one are recorded and acknowledged.
  void Acknowledged(std::uint64_t number);
  // The channel ended. `unreadable`: because of a letter that cannot be taken in. True: it was the
  // only one that was asked for, so that it is the first of the queue; asked for again, it would
  // only be counted again.
  bool ChannelEnded(bool unreadable);

 private:
  const std::size_t prefetch_;
  bool is_trusted_ = false;
  std::size_t widest_ = 0;          // that this channel was subscribed with
  std::uint64_t last_suspect_ = 0;  // of this channel
  std::uint64_t acknowledged_ = 0;  // of this channel
  // Among the next so many letters is one that cannot be read: they come one at a time until it is
  // found.
  std::size_t unreadable_within_ = 0;
};

}  // namespace deadletter
