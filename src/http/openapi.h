// GET /v1/openapi.json: every call, its parameters and its answers, in a form that programs read.
#pragma once

#include <string>
#include <string_view>

namespace deadletter::http {

// The document in src/http/openapi.json (OpenAPI 3.1) with the version of this program and the path
// below which it serves.
[[nodiscard]] std::string OpenApiDocument(std::string_view base_path);

}  // namespace deadletter::http
