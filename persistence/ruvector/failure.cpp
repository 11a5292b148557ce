#include "persistence/ruvector/failure.hpp"

#include "persistence/ruvector/limits.hpp"

namespace im::ruvector {

error unavailable(std::string message) {
  return {errc::store_unavailable, std::move(message), {}, static_cast<int>(limits::retry_after.count())};
}

void damaged(const std::string& what) { throw store_failure{unavailable(what)}; }

}  // namespace im::ruvector
