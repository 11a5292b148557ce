#include "http/responder.hpp"

namespace im::http {

namespace {

class function_sink final : public answer_sink {
public:
  explicit function_sink(std::move_only_function<void(response&&)> take) : take_{std::move(take)} {}
  void answer(std::shared_ptr<answer_sink>, std::uint64_t, response&& answer) noexcept override {
    take_(std::move(answer));
  }
  void forsake(std::shared_ptr<answer_sink>, std::uint64_t) noexcept override {
    take_({.code = status::internal_server_error});
  }

private:
  std::move_only_function<void(response&&)> take_;
};

}  // namespace

responder& responder::operator=(responder&& other) noexcept {
  if (this != &other) {
    forsake();
    sink_ = std::move(other.sink_);
    ticket_ = other.ticket_;
  }
  return *this;
}

void responder::operator()(response answer) noexcept {
  if (auto sink = std::move(sink_)) {
    auto* target = sink.get();
    target->answer(std::move(sink), ticket_, std::move(answer));
  }
}

void responder::forsake() noexcept {
  if (auto sink = std::move(sink_)) {
    auto* target = sink.get();
    target->forsake(std::move(sink), ticket_);
  }
}

responder responder::into(std::move_only_function<void(response&&)> take) {
  return {std::make_shared<function_sink>(std::move(take)), 0};
}

}  // namespace im::http
