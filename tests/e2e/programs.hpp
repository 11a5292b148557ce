#pragma once
/// Our programs as children of a test, each in a folder of its own.

#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apps/child_process/child_process.hpp"
#include "messages/time.hpp"

namespace im::e2e {

using environment_map = std::map<std::string, std::string>;

inline constexpr std::chrono::seconds patience{20};

/// Where the programs of this build are.
[[nodiscard]] std::filesystem::path program(std::string_view name);

/// The project's folder, which CTest starts us in.
[[nodiscard]] std::filesystem::path project();

/// Everything that a file holds; empty when there is none.
[[nodiscard]] std::string read_file(const std::filesystem::path& path);

/// Returns once the wall clock shows `moment`.
void wait_until(time_point moment);

/// A program that says where it listens and runs until it is stopped. Throws std::runtime_error when it does not start.
class running_program {
public:
  running_program(std::string_view name, const environment_map& environment, const std::filesystem::path& log);

  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] std::uint16_t port() const;

  void terminate() { process_.signal(SIGTERM); }
  /// SIGSTOP: it holds its connections and answers nothing, until it thaws.
  void freeze() { process_.signal(SIGSTOP); }
  void thaw() { process_.signal(SIGCONT); }
  /// Waits for its end; nothing when `patience` is over first.
  [[nodiscard]] std::optional<int> ended(std::chrono::milliseconds longest = patience) {
    return process_.wait(longest);
  }
  /// SIGTERM; its exit code, or -1 when it does not end.
  [[nodiscard]] int stop();
  /// SIGKILL, and waits for its end.
  void kill();

private:
  child_process process_;
  std::string url_;
};

/// `llm-incident-manager` with its embedded store in a folder that outlives it.
class manager {
public:
  /// `more` is added to the settings that make it a test's own.
  explicit manager(environment_map more = {});

  void start();
  void kill() { running_->kill(); }
  void kill_and_start() {
    kill();
    start();
  }
  [[nodiscard]] int stop() { return running_->stop(); }

  [[nodiscard]] running_program& process() { return *running_; }
  [[nodiscard]] const std::string& url() const { return running_->url(); }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }
  /// What it logged. A thread of its own writes the lines: only after `stop` are all of them here.
  [[nodiscard]] std::string log() const { return read_file(folder() / "log"); }

private:
  temporary_folder folder_{"im-e2e"};
  environment_map settings_;
  std::unique_ptr<running_program> running_;
};

/// The settings with which a manager disturbs nobody; its store is embedded under `folder`.
[[nodiscard]] environment_map own_settings(const std::filesystem::path& folder);

/// Asks `held` again until it does, while `process` runs; false when `patience` is over or the process has ended.
[[nodiscard]] bool eventually(running_program& process, const std::function<bool()>& held);

}  // namespace im::e2e
