#pragma once
/// Bounds of the HTTP core. What an operator may set is a field of `server_config` or `client_config`, with its default here.

#include <chrono>
#include <cstddef>

namespace im::http::limits {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A request
inline constexpr std::size_t header_bytes = 16 * 1024;  ///< request line and header fields together
inline constexpr std::size_t body_bytes = 1 << 20;      ///< a route may say otherwise
inline constexpr std::size_t header_fields = 100;       ///< Apache's LimitRequestFields default
inline constexpr std::size_t query_params = 64;
inline constexpr std::size_t path_segments = 16;
inline constexpr std::size_t small_body_bytes = 16 * 1024;   ///< bounded by the number of connections alone
inline constexpr std::size_t large_bodies_bytes = 32 << 20;  ///< of all larger ones while they are read; then 503
inline constexpr std::size_t path_param_bytes = 512;         ///< decoded
inline constexpr std::size_t correlation_id_chars = 128;

// Events
inline constexpr std::size_t body_events = 16 * 1024;  ///< of one body; half of what the service takes in at once
inline constexpr std::chrono::hours event_ahead{24};   ///< a time further ahead of our clock is no time of an alert

// A long poll of the orchestrator's action feed
inline constexpr int empty_action_pages = 100;  ///< passed for one request; then the caller gets an empty page
inline constexpr seconds action_catch_up{5};    ///< so long after its wait a request still passes empty pages

// A connection
inline constexpr std::size_t connections = 4096;
inline constexpr std::size_t pipelined_requests = 16;       ///< handled at once; what comes after waits in the socket
inline constexpr std::size_t rejected_connections = 256;    ///< being told 503 at once; beyond these: closed unanswered
inline constexpr std::size_t read_bytes = 8 * 1024;         ///< asked of the socket while headers are read
inline constexpr std::size_t body_read_bytes = 64 * 1024;   ///< asked of the socket while a large body is read
inline constexpr std::size_t copied_body_bytes = 4 * 1024;  ///< an answer's body up to this joins the head's buffer
inline constexpr std::size_t linger_bytes = 64 << 20;       ///< read and dropped after a final answer, see session

// Times
inline constexpr seconds header_timeout{10};           ///< first to last byte of the headers
inline constexpr seconds request_timeout{30};          ///< from the headers to the answer
inline constexpr seconds idle_timeout{75};             ///< nginx's keepalive_timeout default
inline constexpr seconds write_timeout{30};            ///< an answer that the peer does not take
inline constexpr milliseconds linger_timeout{2000};    ///< without a byte, after a final answer
inline constexpr milliseconds linger_longest{30'000};  ///< after a final answer, whatever still comes
inline constexpr milliseconds tick{250};               ///< how exact all of these are
inline constexpr seconds retry_after{1};               ///< told with 503
inline constexpr milliseconds accept_backoff{100};     ///< out of file descriptors

// The client
inline constexpr std::size_t client_connections = 16;
inline constexpr std::size_t client_queued_requests = 1024;
inline constexpr std::size_t client_response_bytes = 32 << 20;
inline constexpr std::size_t client_header_bytes = 64 * 1024;
inline constexpr seconds client_connect_timeout{5};
inline constexpr milliseconds client_connect_pause{100};  ///< after a failed connect, while others are open
inline constexpr seconds client_idle_timeout{60};

}  // namespace im::http::limits
