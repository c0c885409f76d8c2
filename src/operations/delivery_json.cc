#include "operations/delivery_json.h"

#include <fmt/format.h>

#include "base/text.h"
#include "letter/field_json.h"
#include "operations/body_json.h"
#include "operations/json_writer.h"

namespace deadletter {

std::string DeliveryJson(const Lease& lease, const Letter& read,
                         const std::optional<std::string>& execution_status) {
  const Delivery& delivery = read.delivery;
  return JsonObject()
      .Add("id", TextJson(lease.id))
      .Add("until", TimeJson(lease.until))
      .Add("queue", TextJson(delivery.dead_letter_queue))
      .Add("exchange", TextJson(delivery.exchange))
      .Add("routing_key", TextJson(delivery.routing_key))
      .Add("redelivered", FlagJson(delivery.redelivered))
      .Add("delivery_count", fmt::to_string(delivery.DeliveryCount()))
      .Add("message_id", TextOrNull(read.message_id))
      .Add("type", TextOrNull(read.type))
      .Add("action", TextOrNull(read.action))
      .Add("worker_id", TextOrNull(read.worker_id))
      .Add("execution_id",
           read.execution_id ? JsonString(read.execution_id->ToString()) : std::string(kJsonNull))
      .Add("execution_status", TextOrNull(execution_status))
      .Add("attempt", TimeJson(read.attempt ? std::optional(read.attempt->from) : std::nullopt))
      .Add("properties", PropertiesToJson(delivery.message.properties))
      .Add("headers", FieldTableToJson(delivery.message.headers))
      .Add("body", WholeBodyJson(delivery.message.body))
      .Take();
}

}  // namespace deadletter
