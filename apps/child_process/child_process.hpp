#pragma once
/// One of our programs as a child: started with its own environment, read line by line, signalled by its id alone.
/// For the demo and the end-to-end tests.

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace im {

class child_process {
public:
  /// Starts `program`; `environment` is added to ours. Its standard output is ours to read; its standard error goes to
  /// `log`. Throws std::system_error when it cannot be started.
  child_process(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                const std::map<std::string, std::string>& environment, const std::filesystem::path& log);
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;
  /// Kills what still runs, and reaps it.
  ~child_process();

  /// The next line of its output that contains `text`; nothing when it ends or `patience` is over first.
  [[nodiscard]] std::optional<std::string> wait_for_line(std::string_view text, std::chrono::milliseconds patience);

  void signal(int number);
  /// Waits for its end: the exit code, or 128 + the signal that ended it. Nothing when `patience` is over first.
  [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds patience);

private:
  [[nodiscard]] bool read_some(std::chrono::milliseconds patience);

  pid_t pid_ = -1;
  int output_ = -1;
  std::string unread_;
  std::optional<int> status_;
};

/// A folder of its own under the system's temporary one, removed at the end unless it is to be kept.
class temporary_folder {
public:
  explicit temporary_folder(std::string_view prefix);
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  void keep() { kept_ = true; }

private:
  std::filesystem::path path_;
  bool kept_ = false;
};

}  // namespace im
