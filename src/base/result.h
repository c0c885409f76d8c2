// Errors by value: what every layer returns across its ports. Exceptions stop at an adapter's edge.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace deadletter {

// One line for a person: what is wrong, where, and what to do about it. Never holds a secret.
struct Error {
  std::string message;

  friend bool operator==(const Error&, const Error&) = default;
};

template <class T, class E = Error>
using Result = tl::expected<T, E>;

template <class E>
using Unexpected = tl::unexpected<E>;

[[nodiscard]] inline Unexpected<Error> Fail(std::string message) {
  return Unexpected<Error>(Error{std::move(message)});
}

}  // namespace deadletter
