#include "apps/child_process/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <system_error>

extern char** environ;  // NOLINT: POSIX

namespace im {

namespace {

[[noreturn]] void throw_errno(int code, const std::string& what) {
  throw std::system_error{code, std::generic_category(), what};
}

/// Ours, with `more` added or put in place.
std::vector<std::string> environment_with(const std::map<std::string, std::string>& more) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text{*entry};
    if (!more.contains(std::string{text.substr(0, text.find('='))})) all.emplace_back(text);
  }
  for (const auto& [name, value] : more) all.push_back(std::string{name}.append("=").append(value));
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

/// A descriptor that becomes readable when the child ends, so that waiting needs no polling.
int pid_descriptor(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

/// Whether `descriptor` is readable, or at its end, within `patience`.
bool readable(int descriptor, std::chrono::milliseconds patience) {
  pollfd waiting{descriptor, POLLIN, 0};
  return poll(&waiting, 1, static_cast<int>(patience.count())) > 0;
}

}  // namespace

child_process::child_process(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                             const std::map<std::string, std::string>& environment, const std::filesystem::path& log) {
  std::array<int, 2> pipe_ends{};
  if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) throw_errno(errno, "pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  // Not every library marks its sockets as not to be inherited, and a connection that a child holds too does not end.
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  std::vector<std::string> words{program.string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  auto settings = environment_with(environment);
  const int failed =
      posix_spawn(&pid_, program.c_str(), &actions, nullptr, pointers(words).data(), pointers(settings).data());
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[1]);
  output_ = pipe_ends[0];
  if (failed != 0) {
    close(output_);
    throw_errno(failed, "cannot start " + program.string());
  }
}

child_process::~child_process() {
  if (!status_) {
    kill(pid_, SIGKILL);
    int raw = 0;
    waitpid(pid_, &raw, 0);
  }
  close(output_);
}

bool child_process::read_some(std::chrono::milliseconds patience) {
  if (!readable(output_, patience)) return false;
  std::array<char, 4096> buffer{};
  const auto got = read(output_, buffer.data(), buffer.size());
  if (got <= 0) return false;
  unread_.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

std::optional<std::string> child_process::wait_for_line(std::string_view text, std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    for (auto end = unread_.find('\n'); end != std::string::npos; end = unread_.find('\n')) {
      auto line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      if (line.find(text) != std::string::npos) return line;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0 || !read_some(left)) return std::nullopt;
  }
}

void child_process::signal(int number) {
  if (!status_) kill(pid_, number);
}

std::optional<int> child_process::wait(std::chrono::milliseconds patience) {
  if (status_) return status_;
  const int ended = pid_descriptor(pid_);
  const bool over = ended >= 0 && readable(ended, patience);
  if (ended >= 0) close(ended);
  if (!over) return std::nullopt;
  int raw = 0;
  waitpid(pid_, &raw, 0);
  status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  return status_;
}

temporary_folder::temporary_folder(std::string_view prefix) {
  auto pattern = (std::filesystem::temp_directory_path() / prefix).string() + ".XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) throw_errno(errno, "cannot make a temporary folder");
  path_ = pattern;
}

temporary_folder::~temporary_folder() {
  if (kept_) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace im
