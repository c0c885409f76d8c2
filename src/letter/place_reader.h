// Fetches what stands at the configured places of a message: body, headers and properties alike.
// Internal to the layer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "letter/json_reader.h"
#include "letter/letter.h"
#include "letter/letter_format.h"
#include "letter/message.h"

namespace deadletter {

struct PlaceNothing {};  // absent or null
struct PlaceText {
  std::string text;
  bool from_body = false;
  bool lone_surrogate = false;  // from the body only: the text had one, U+FFFD stands for it
};
struct PlaceInteger {
  std::string literal;  // -?(0|[1-9][0-9]*), of any length
};
struct PlaceTimestamp {
  std::uint64_t seconds = 0;  // AMQP's: since 1970; hostile values included
};
struct PlaceOther {};  // a fraction, an object, true, …

using PlaceValue = std::variant<PlaceNothing, PlaceText, PlaceInteger, PlaceTimestamp, PlaceOther>;

struct PlaceReading {
  // The body had to be read and could not be; its places then hold nothing.
  std::optional<Malformation> body_malformation;
  std::vector<PlaceValue> values;  // one a place, in order
};

// Immutable after construction; Read() may be called from any number of threads at once.
class PlaceReader {
 public:
  explicit PlaceReader(std::vector<FieldPlace> places);

  // Total. The body is looked at only if a place is in it, and then it must be a JSON object of at
  // most `max_body_bytes`.
  [[nodiscard]] PlaceReading Read(const Message& message, std::size_t max_body_bytes) const;

 private:
  [[nodiscard]] std::optional<Malformation> ReadBody(const std::string& body,
                                                     std::size_t max_body_bytes,
                                                     std::vector<PlaceValue>& values) const;

  std::vector<FieldPlace> places_;
  std::vector<std::size_t> in_body_;  // indexes of the places that json_ reads, in its order
  JsonReader json_;
};

}  // namespace deadletter
