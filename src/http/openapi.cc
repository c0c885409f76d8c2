#include "http/openapi.h"

#include <boost/json.hpp>

#include "http/openapi_text.h"

namespace deadletter::http {

std::string OpenApiDocument(std::string_view base_path) {
  boost::json::value document = boost::json::parse(kOpenApiText);
  boost::json::object& root = document.as_object();
  root.at("info").as_object()["version"] = DEADLETTER_VERSION;
  root.at("servers").as_array().at(0).as_object()["url"] = base_path;
  return boost::json::serialize(document);
}

}  // namespace deadletter::http
