#pragma once
/// Who somebody is, however the name is written.

#include <string>
#include <string_view>

namespace im {

/// The form under which identities are compared: compatibility characters, letter case and invisible characters make no difference
/// (Unicode's NFKC_Casefold, UAX #15 and #31), white space around it goes, and white space inside it is one blank. Empty if nothing that
/// can be seen is left. What is shown stays as it was given. Letters of other scripts that only look alike stay apart.
[[nodiscard]] std::string canonical_identity(std::string_view given);

/// Whether both name the same person, agent or system.
[[nodiscard]] bool is_same_identity(std::string_view a, std::string_view b);

}  // namespace im
