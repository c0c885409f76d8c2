#include "handler/caution.h"

#include <algorithm>
#include <utility>

namespace deadletter {

void Caution::Subscribed() {
  widest_ = std::max(widest_, Prefetch());
}

void Caution::Suspect(std::uint64_t number) {
  is_trusted_ = false;
  last_suspect_ = number;
}

std::size_t Caution::PrefetchAfter(std::uint64_t number) const {
  Caution after = *this;
  after.Acknowledged(number);
  return after.Prefetch();
}

void Caution::Acknowledged(std::uint64_t number) {
  const std::uint64_t passed = number - std::exchange(acknowledged_, number);
  unreadable_within_ -= std::min<std::size_t>(unreadable_within_, passed);
  is_trusted_ = acknowledged_ >= last_suspect_ && unreadable_within_ == 0;
}

bool Caution::ChannelEnded(bool unreadable) {
  const bool came_alone = widest_ == 1;
  if (unreadable) unreadable_within_ = prefetch_;
  is_trusted_ = false;
  widest_ = 0;
  last_suspect_ = acknowledged_ = 0;
  return unreadable && came_alone;
}

}  // namespace deadletter
