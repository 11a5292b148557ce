#pragma once
/// Bounds of ruvector-service; those it shares with the incident manager are in `messages/limits.hpp`.

#include <chrono>
#include <cstddef>

#include "messages/limits.hpp"

namespace im::ruvector::limits {

using namespace im::limits;

// Writing
inline constexpr std::size_t waiting_writes = 4096;        ///< batches and records that wait for the writer; then 503
inline constexpr std::size_t waiting_bytes = 128U << 20U;  ///< of the DecisionEvents in them
inline constexpr std::size_t transaction_events = 4096;    ///< the writer commits at least this often
inline constexpr std::size_t transaction_tries = 3;        ///< of one that another transaction made fail
inline constexpr std::size_t cached_incidents = 16'384;    ///< states the writer keeps to fold further, about 2 KB each
inline constexpr std::size_t snapshot_every_events =
    16;                                       ///< a state is written again after this many events of its incident
inline constexpr int page_size_bytes = 8192;  ///< of a new database; one that is there keeps its own
inline constexpr std::size_t checkpoint_pages = 256;   ///< WAL pages that wake the checkpointer,
inline constexpr std::size_t checkpoint_commits = 8;   ///< once they are of so many commits
inline constexpr std::size_t wal_pages_max = 8192;     ///< the writer finishes a checkpoint itself beyond
inline constexpr std::size_t wal_growth_told = 4;      ///< times as many are a trouble
inline constexpr milliseconds checkpoint_retry{1000};  ///< after a checkpoint that failed
inline constexpr std::size_t wal_kept_bytes =
    128U << 20U;  ///< a larger WAL file is cut when it is empty, which takes 25 ms: so none of usual size
inline constexpr milliseconds busy_wait{5000};  ///< for a lock that another process holds
/// Of the writer; a reader has half. What it does not hold the system's own cache does: with 4 MB openings are a tenth slower, with 48
/// nothing is faster.
inline constexpr int page_cache_kb = 16 * 1024;

// Reading
inline constexpr std::size_t readers = 2;                   ///< threads, each with its own connection
inline constexpr std::size_t waiting_reads = client_queue;  ///< then 503; a manager's own bound comes first
inline constexpr std::size_t list_readers = 2;         ///< threads for lists and queries, each with its own connection
inline constexpr std::size_t waiting_lists = 64;       ///< then 503
inline constexpr milliseconds list_time{5000};         ///< one list, from its first statement; a longer one is stopped
inline constexpr std::uint64_t query_offset = 10'000;  ///< of a query of DecisionEvents; further on by cursor
inline constexpr std::uint64_t counted_events = 10'000;  ///< of a query's total
inline constexpr milliseconds reader_wait{2000};         ///< for a connection that is free; then 503
inline constexpr std::size_t page_bytes = 8U << 20U;     ///< a page of a log or a query ends here, whatever its limit
inline constexpr std::size_t feed_scan_events = 2000;    ///< events with actions looked at for one page of them
inline constexpr std::size_t feed_waiters = 256;         ///< long polls at once
inline constexpr int feed_empty_pages = 16;              ///< in a row for one of them before others have their turn

// Search
inline constexpr std::size_t search_text_bytes =
    1024;  ///< of a description: its beginning is searched, with title and source
inline constexpr std::size_t search_words = 128;  ///< of an incident
inline constexpr std::size_t search_word_bytes =
    64;                                         ///< longer ones are cut, in what is searched and in what is looked for
inline constexpr std::size_t query_words = 16;  ///< in one search
inline constexpr std::size_t filled_rows =
    2000;  ///< of an older store's log, in one transaction that makes it findable

// PostgreSQL
inline constexpr milliseconds connect_time{3000};    ///< for one host; `connect_timeout` in the URL goes first
inline constexpr milliseconds statement_time{8000};  ///< in the server; we wait for its answer a little longer
inline constexpr milliseconds answer_margin{2000};   ///< how much longer
inline constexpr milliseconds care_time{3'600'000};  ///< for a statement of a check or a rebuild
inline constexpr milliseconds away_pause{250};       ///< after a failed attempt to connect; until then refused at once
inline constexpr milliseconds dead_peer{
    10'000};  ///< a connection or an open transaction that is silent for so long ends
inline constexpr std::size_t fetched_events = 500;   ///< at once, by a check or a rebuild
inline constexpr std::size_t buffered_rows = 2000;   ///< of projections, by a rebuild
inline constexpr milliseconds newest_row_poll{250};  ///< how often long polls look whether others have written

// Documents
inline constexpr std::size_t event_bytes = im::limits::body_bytes;  ///< one DecisionEvent
inline constexpr std::size_t packed_document_bytes = event_bytes;   ///< a larger one (a state) is kept unpacked
inline constexpr std::size_t policy_id_chars = 128;
inline constexpr std::size_t problems_reported = 100;  ///< by one check

// Care
inline constexpr std::size_t repacked_events = 2000;       ///< of an older store, in one transaction,
inline constexpr std::size_t repacked_bytes = 16U << 20U;  ///< or so many bytes of them
inline constexpr int backup_step_pages = 1024;             ///< copied between two looks at the clock
inline constexpr std::chrono::minutes backup_longest{30};  ///< one backup; meanwhile the write-ahead log only grows

// Service
inline constexpr std::size_t io_threads = 2;

}  // namespace im::ruvector::limits
