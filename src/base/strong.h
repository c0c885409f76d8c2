// A value that cannot be mistaken for another of the same representation.
#pragma once

#include <compare>
#include <functional>
#include <utility>

namespace deadletter {

template <class Tag, class T>
class Strong {
 public:
  Strong() = default;
  explicit Strong(T value) : value_(std::move(value)) {}

  [[nodiscard]] const T& value() const { return value_; }

  friend auto operator<=>(const Strong&, const Strong&) = default;

 private:
  T value_{};
};

}  // namespace deadletter

template <class Tag, class T>
struct std::hash<deadletter::Strong<Tag, T>> {
  std::size_t operator()(const deadletter::Strong<Tag, T>& strong) const {
    return std::hash<T>{}(strong.value());
  }
};
