// The AMQP properties that are text, by name. Internal to the layer.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "letter/message.h"

namespace deadletter {

struct TextProperty {
  std::string_view name;
  std::optional<std::string> Properties::* member;
};

inline constexpr std::array<TextProperty, 10> kTextProperties = {{
    {"content_type", &Properties::content_type},
    {"content_encoding", &Properties::content_encoding},
    {"correlation_id", &Properties::correlation_id},
    {"reply_to", &Properties::reply_to},
    {"expiration", &Properties::expiration},
    {"message_id", &Properties::message_id},
    {"type", &Properties::type},
    {"user_id", &Properties::user_id},
    {"app_id", &Properties::app_id},
    {"cluster_id", &Properties::cluster_id},
}};

}  // namespace deadletter
