#include "tests/account/result_json.h"

#include <boost/json.hpp>

namespace deadletter::test {

namespace json = boost::json;

std::string LetterNamedBy(const std::optional<std::string>& result_json) {
  if (!result_json) return "";
  boost::system::error_code error;
  const json::value result = json::parse(*result_json, error);
  if (error || !result.is_object()) return "";
  const json::value* id = result.as_object().if_contains("letter_id");
  return id != nullptr && id->is_string() ? std::string(id->as_string()) : "";
}

bool IsSameJson(const std::optional<std::string>& left, const std::optional<std::string>& right) {
  if (!left || !right) return left == right;
  boost::system::error_code error;
  const json::value first = json::parse(*left, error);
  if (error) return *left == *right;
  const json::value second = json::parse(*right, error);
  return !error && first == second;
}

}  // namespace deadletter::test
