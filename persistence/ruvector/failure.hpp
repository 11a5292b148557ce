#pragma once
/// What a database throws inside a store. The store's edge catches it and answers with the error that it carries.

#include <stdexcept>
#include <string>

#include "messages/error.hpp"

namespace im::ruvector {

class store_failure : public std::runtime_error {
public:
  explicit store_failure(error why) : std::runtime_error{why.message}, why_{std::move(why)} {}
  [[nodiscard]] const error& why() const noexcept { return why_; }

  /// The transaction lost against another and was rolled back: the same once more may succeed.
  [[nodiscard]] bool lost_a_race() const noexcept { return lost_a_race_; }

protected:
  store_failure(error why, bool lost_a_race) : store_failure{std::move(why)} { lost_a_race_ = lost_a_race; }

private:
  error why_;
  bool lost_a_race_ = false;
};

/// The database does not do what it is for; later it may.
[[nodiscard]] error unavailable(std::string message);

/// What is stored cannot be what was stored.
[[noreturn]] void damaged(const std::string& what);

}  // namespace im::ruvector
