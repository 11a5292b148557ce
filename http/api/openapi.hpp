#pragma once

#include <string_view>

namespace im::api {

/// The text of `openapi.json`, put into the program by `embed.cmake`.
extern const std::string_view openapi_document;

}  // namespace im::api
