#include "persistence/ruvector/group_writer.hpp"

#include <exception>

#include "messages/assert.hpp"
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
  const session_observer observer{[this](trouble where, std::string why) { report(where, std::move(why)); },
                                  [this](const std::string& why) { stop(why); }};
  try {
    session_->start(observer);
    learn_newest_row();
    thread_ = std::thread{[this] { loop(); }};
  } catch (...) {
    session_->close();  // its threads report to this
    throw;
  }
}

group_writer::~group_writer() { close(); }

void group_writer::submit(std::unique_ptr<write_job> job) {
  const auto bytes = bytes_of(*job);
  std::unique_lock lock{mutex_};
  const bool closing = closing_;
  if (!stopped_.empty()) {
    const auto why = unavailable(stopped_);
    lock.unlock();
    return job->refuse(why);
  }
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

bool group_writer::is_quiet() const {
  {
    const std::lock_guard lock{mutex_};
    if (stopped_.empty() && (!idle_ || !waiting_.empty())) return false;
  }
  return session_->is_quiet();
}

std::string group_writer::why_stopped() const {
  const std::lock_guard lock{mutex_};
  return stopped_;
}

void group_writer::on_stopped(std::function<void(const std::string& why)> tell) {
  std::string already;
  {
    const std::lock_guard lock{mutex_};
    tell_stopped_ = std::move(tell);
    already = stopped_;
  }
  if (!already.empty() && tell_stopped_) tell_stopped_(already);
}

/// Any thread: a checkpoint has a thread of its own.
void group_writer::stop(const std::string& why) {
  std::function<void(const std::string& why)> tell;
  {
    const std::lock_guard lock{mutex_};
    if (!stopped_.empty()) return;
    stopped_ = "the store is stopped, its next start recovers what was acknowledged: " + why;
    tell = tell_stopped_;
    troubles_.report(trouble::writes, stopped_);
  }
  if (tell) tell(why);
}

/// Any thread. Once the store is stopped, no write succeeds, whatever a commit reports that was under way.
void group_writer::report(trouble where, std::string why) {
  const std::lock_guard lock{mutex_};
  if (where == trouble::writes && !stopped_.empty()) return;
  troubles_.report(where, std::move(why));
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
  idle_ = true;
  wake_.wait(lock, [&] { return closing_ || !waiting_.empty(); });
  idle_ = false;
  std::size_t events = 0;
  while (!waiting_.empty() &&
         (to.empty() || events + waiting_.front()->events().size() <= limits::transaction_events)) {
    events += waiting_.front()->events().size();
    const auto bytes = bytes_of(*waiting_.front());
    IM_ASSERT(bytes <= waiting_bytes_);
    waiting_bytes_ -= bytes;
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
  if (group.size() == 1 || failed->is_of_the_database) {
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
  if (const auto why = why_stopped(); !why.empty()) return failed_attempt{unavailable(why), true};
  error failed;
  bool is_of_one_job = false;
  for (std::size_t tries = 1;; ++tries) {
    bool again = false;
    in_job_ = false;
    try {
      commit(group);
      ++commits_;
      report(trouble::writes, {});
      const auto newest = log_.newest_row();
      if (committed_row_.exchange(newest, std::memory_order_acq_rel) != newest && notify_) notify_();
      return std::nullopt;
    } catch (const store_failure& f) {
      failed = f.why();
      if (f.is_damage()) troubles_.report(trouble::damage, f.what());
      if (f.stops_the_store()) session_->stop(f.what());
      // Damage that a job met is where that job looked; every one looks where a transaction begins and ends.
      is_of_one_job = f.is_damage() && in_job_;
      again = f.lost_a_race() && tries < limits::transaction_tries;
    } catch (const std::exception& e) {
      failed = {errc::internal, std::string{"the writer failed: "} + e.what()};
      is_of_one_job = false;
    }
    session_->rollback();
    log_.rolled_back();
    if (!again) break;
  }
  if (!is_of_one_job) report(trouble::writes, failed.message);
  const bool perhaps_of_one_job = is_of_one_job || failed.code == errc::internal;
  return failed_attempt{std::move(failed), !perhaps_of_one_job};
}

void group_writer::learn_newest_row() {
  log_.begin(session_->begin());
  committed_row_ = log_.newest_row();
  session_->rollback();
}

/// One transaction, whole or a failure.
void group_writer::commit(const jobs& group) {
  log_.begin(session_->begin());
  std::vector<const new_event*> expected;
  for (const auto& job : group)
    for (const auto& event : job->events()) expected.push_back(&event);
  in_job_ = true;
  if (!expected.empty()) log_.expect(expected);
  write_tools tools{log_, *session_};
  for (const auto& job : group) job->run(tools);
  in_job_ = false;
  session_->commit();
  log_.committed();
}

}  // namespace im::ruvector
