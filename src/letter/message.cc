#include "letter/message.h"

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

std::size_t Message::BufferedBytes() const {
  return body.size() + BytesOf(headers) + BytesOf(properties);
}

}  // namespace deadletter
