// A key of the configuration: its name, how it is read into a value of type Owner, and how it is
// shown again.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "config/reader.h"

namespace deadletter {

template <class Owner>
struct Key {
  std::string name;     // "broker.url"
  std::string allowed;  // for people
  std::function<Result<void>(const RawValue&, Owner&)> read;
  std::function<std::string(const Owner&)>
      show;                // as TOML; empty: not set, and there is no default
  bool is_list = false;    // can be set in the file only
  bool is_secret = false;  // a wrong value is not shown
};

template <class T>
struct OptionalValue {
  static constexpr bool kIsOptional = false;
};
template <class T>
struct OptionalValue<std::optional<T>> {
  static constexpr bool kIsOptional = true;
};
template <class T>
inline constexpr bool kIsList = false;
template <class T>
inline constexpr bool kIsList<std::vector<T>> = true;

// `field` leads from an Owner, constant or not, to a field that a T fits into.
template <class Owner, class T, class FieldOf>
[[nodiscard]] Key<Owner> Bind(std::string name, Reader<T> reader, FieldOf field) {
  using Field = std::remove_reference_t<decltype(field(std::declval<Owner&>()))>;
  Key<Owner> key;
  key.name = std::move(name);
  key.allowed = std::move(reader.allowed);
  key.is_list = kIsList<T>;
  key.read = [read = std::move(reader.read), field](const RawValue& raw,
                                                    Owner& owner) -> Result<void> {
    auto value = read(raw);
    if (!value) return Unexpected<Error>(std::move(value.error()));
    field(owner) = static_cast<Field>(std::move(*value));
    return {};
  };
  key.show = [show = std::move(reader.show), field](const Owner& owner) -> std::string {
    const auto& value = field(owner);
    if constexpr (OptionalValue<Field>::kIsOptional) {
      return value ? show(*value) : "";
    } else {
      return show(static_cast<T>(value));
    }
  };
  return key;
}

// The one line that a wrong value gets.
template <class Owner>
[[nodiscard]] std::string Complain(const Key<Owner>& key, const RawValue& raw,
                                   const std::string& detail) {
  const bool is_text = std::holds_alternative<RawText>(raw.content) ||
                       std::holds_alternative<std::string>(raw.content);
  const std::string value = key.is_secret && is_text ? "not usable" : DescribeRaw(raw);
  return fmt::format("{}: {} is {}{}; allowed: {}", raw.origin, key.name, value,
                     detail.empty() ? "" : " (" + detail + ")", key.allowed);
}

}  // namespace deadletter
