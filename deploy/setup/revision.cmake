# Writes OUTPUT, which defines im::revision(), when the commit of SOURCE has changed; otherwise leaves it alone, so that
# nothing is rebuilt.
execute_process(COMMAND git -C "${SOURCE}" rev-parse --short=12 HEAD
  OUTPUT_VARIABLE revision ERROR_QUIET RESULT_VARIABLE failed OUTPUT_STRIP_TRAILING_WHITESPACE)
if(failed OR NOT revision MATCHES "^[0-9a-f]+$")
  set(revision unknown)
endif()
configure_file("${SOURCE}/deploy/setup/version.cpp.in" "${OUTPUT}" @ONLY)
