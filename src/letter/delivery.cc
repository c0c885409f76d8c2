#include "letter/delivery.h"

#include <algorithm>

#include "letter/text_properties.h"

namespace deadletter {
namespace {

std::size_t BytesOf(const FieldTable& table);

// Recursion is bounded: adapters keep what is nested deeper than kMaxFieldDepth as bytes.
std::size_t BytesOf(const FieldValue& value) {
  std::size_t bytes = sizeof(FieldValue);
  if (const auto* text = std::get_if<std::string>(&value.value)) bytes += text->size();
  if (const auto* binary = std::get_if<FieldBytes>(&value.value)) bytes += binary->bytes.size();
  if (const auto* encoded = std::get_if<FieldEncoded>(&value.value)) bytes += encoded->bytes.size();
  if (const auto* table = std::get_if<FieldTable>(&value.value)) bytes += BytesOf(*table);
  if (const auto* array = std::get_if<FieldArray>(&value.value)) {
    for (const FieldValue& element : *array) bytes += BytesOf(element);
  }
  return bytes;
}

std::size_t BytesOf(const FieldTable& table) {
  std::size_t bytes = 0;
  for (const FieldEntry& entry : table.entries) {
    bytes += sizeof(std::string) + entry.name.size() + BytesOf(entry.value);
  }
  return bytes;
}

std::size_t BytesOf(const Properties& properties) {
  std::size_t bytes = 0;
  for (const TextProperty& property : kTextProperties) {
    const auto& text = properties.*property.member;
    bytes += text ? text->size() : 0;
  }
  return bytes;
}

}  // namespace

std::uint64_t Delivery::DeliveryCount() const {
  // Whoever publishes can write the header; of what comes for the first time the broker itself says
  // that it was not delivered before.
  if (!redelivered) return 0;
  const auto count = AsInteger(message.headers.Find("x-delivery-count")).value_or(0);
  return static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0));
}

std::size_t Delivery::BufferedBytes() const {
  return sizeof(Delivery) + dead_letter_queue.size() + exchange.size() + routing_key.size() +
         message.body.size() + BytesOf(message.headers) + BytesOf(message.properties);
}

}  // namespace deadletter
