#include "persistence/ruvector/group_writer.hpp"

#include <exception>

#include "telemetry/thread_name.hpp"

namespace im::ruvector {

namespace {

std::size_t bytes_of(const write_job& job) {
  std::size_t bytes = 0;
  for (const auto& event : job.events()) bytes += event.document().size();
  return bytes;
}

}  // namespace

group_writer::group_writer(std::unique_ptr<write_session> session)
    : session_{std::move(session)}, log_{session_->log()} {
  commit({});  // learns the newest row
  committed_row_ = log_.newest_row();
  thread_ = std::thread{[this] { loop(); }};
}

group_writer::~group_writer() { close(); }

void group_writer::submit(std::unique_ptr<write_job> job) {
  const auto bytes = bytes_of(*job);
  std::unique_lock lock{mutex_};
  const bool closing = closing_;
  // A single one is taken however large, when nothing else waits.
  if (!closing && waiting_.size() < limits::waiting_writes &&
      (waiting_.empty() || waiting_bytes_ + bytes <= limits::waiting_bytes)) {
    waiting_bytes_ += bytes;
    waiting_.push_back(std::move(job));
    lock.unlock();
    return wake_.notify_one();
  }
  lock.unlock();
  job->refuse({closing ? errc::draining : errc::overloaded,
               closing ? "the store is closing" : "too many writes wait for the disk; nothing was stored",
               {},
               static_cast<int>(limits::retry_after.count())});
}

void group_writer::close() {
  {
    const std::lock_guard lock{mutex_};
    closing_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  session_->close();
}

std::size_t group_writer::waiting() const {
  const std::lock_guard lock{mutex_};
  return waiting_.size();
}

std::string group_writer::last_failure() const {
  const std::lock_guard lock{mutex_};
  return failure_;
}

void group_writer::note_failure(std::string text) {
  bool turned = false;
  {
    const std::lock_guard lock{mutex_};
    turned = failure_.empty() != text.empty();
    failure_ = text;
  }
  if (turned && tell_trouble_) tell_trouble_(text);
}

void group_writer::loop() {
  name_this_thread("store.writer");
  jobs group;
  while (take(group)) {
    write(group);
    group.clear();
    session_->rest();
  }
}

/// All that waits, up to what one transaction should hold. False: closed, and nothing is left.
bool group_writer::take(jobs& to) {
  std::unique_lock lock{mutex_};
  wake_.wait(lock, [&] { return closing_ || !waiting_.empty(); });
  std::size_t events = 0;
  while (!waiting_.empty() &&
         (to.empty() || events + waiting_.front()->events().size() <= limits::transaction_events)) {
    events += waiting_.front()->events().size();
    waiting_bytes_ -= bytes_of(*waiting_.front());
    to.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return !to.empty();
}

void group_writer::write(jobs& group) {
  auto failed = attempt(group);
  if (!failed) {
    for (auto& job : group) job->succeed();
    return;
  }
  if (group.size() == 1 || !failed->perhaps_of_one_job) {
    for (auto& job : group) job->refuse(failed->why);
    return;
  }
  // Something in the group is wrong, not the disk: the others shall not suffer for it.
  for (auto& job : group) {
    jobs alone;
    alone.push_back(std::move(job));
    write(alone);
  }
}

/// Nothing: it is durable.
std::optional<group_writer::failed_attempt> group_writer::attempt(const jobs& group) {
  error failed;
  bool damaged = false;
  for (std::size_t tries = 1;; ++tries) {
    bool again = false;
    try {
      commit(group);
      ++commits_;
      if (!last_failure().empty()) note_failure({});
      const auto newest = log_.newest_row();
      if (committed_row_.exchange(newest, std::memory_order_acq_rel) != newest && notify_) notify_();
      return std::nullopt;
    } catch (const store_failure& f) {
      failed = f.why();
      damaged = f.is_damage();
      damage_.take(f);
      again = f.lost_a_race() && tries < limits::transaction_tries;
    } catch (const std::exception& e) {
      failed = {errc::internal, std::string{"the writer failed: "} + e.what()};
    }
    session_->rollback();
    log_.rolled_back();
    if (!again) break;
  }
  const bool of_the_database = failed.code == errc::store_unavailable || failed.code == errc::timeout;
  const bool perhaps_of_one_job = damaged || !of_the_database;
  if (!damaged) note_failure(failed.message);
  return failed_attempt{std::move(failed), perhaps_of_one_job};
}

/// One transaction, whole or a failure.
void group_writer::commit(const jobs& group) {
  log_.begin(session_->begin());
  std::vector<const new_event*> expected;
  for (const auto& job : group)
    for (const auto& event : job->events()) expected.push_back(&event);
  if (!expected.empty()) log_.expect(expected);
  write_tools tools{log_, *session_};
  for (const auto& job : group) job->run(tools);
  session_->commit();
  log_.committed();
}

}  // namespace im::ruvector
