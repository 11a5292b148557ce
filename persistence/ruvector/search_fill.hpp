#pragma once
/// Makes the incidents of an older store findable. Internal to the stores.

#include "persistence/ruvector/write_session.hpp"

namespace im::ruvector {

/// Writes the words of the incidents that the schema step found in the log, some hundred a transaction. `words_backlog` says how far it
/// came, in the same transaction, so a start that was interrupted goes on there. Before the store takes its first write.
template <class Driver, class Tables>
void fill_words(typename Driver::connection& db);

}  // namespace im::ruvector
