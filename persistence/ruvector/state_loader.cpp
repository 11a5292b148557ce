#include "persistence/ruvector/state_loader.hpp"

#include "messages/chain.hpp"
#include "messages/json/codec.hpp"
#include "persistence/ruvector/event_reader.hpp"
#include "persistence/ruvector/failure.hpp"
#include "persistence/ruvector/row_readers.hpp"

namespace im::ruvector {

void state_assembly::snapshot(std::uint64_t sequence, std::string_view stored) {
  const auto state = unpack_or_throw(stored, [this] { return "the snapshot of incident " + id_.str(); });
  auto read = json::decode<incident_state>(state, json::read_bounds::stored());
  if (!read) damaged("the snapshot of incident " + id_.str() + " cannot be read: " + read.error().message);
  out_.state = std::move(*read);
  out_.snapshot_sequence = sequence;
}

void state_assembly::event(std::string_view stored) {
  const auto document = unpack_or_throw(stored, [this] { return named(id_, head() + 1); });
  const auto event = read_stored(document);
  if (!event) damaged(event.error().message);
  if (event->sequence != head() + 1) damaged_after(id_, head());
  if (!links_to(out_.state, *event))
    damaged("the log of incident " + id_.str() + " is not what was written: sequence " +
            std::to_string(event->sequence) + " does not link to the event before it");
  apply(out_.state, *event);
}

void state_assembly::expect_head(std::uint64_t listed) const {
  if (listed > head()) damaged_after(id_, head());
  if (listed < head()) damaged_projection(id_);
}

}  // namespace im::ruvector
