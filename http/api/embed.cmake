# Writes a .cpp that holds a file's text: cmake -D INPUT=… -D OUTPUT=… -P embed.cmake
file(READ "${INPUT}" text)
file(WRITE "${OUTPUT}" "#include \"http/api/openapi.hpp\"

const std::string_view im::api::openapi_document = R\"im_openapi(${text})im_openapi\";
")
