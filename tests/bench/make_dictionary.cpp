/// make_dictionary FILE ID BYTES: trains a zstd dictionary of at most BYTES on DecisionEvents of every decision type, and names it ID.
/// The same events in every run. Prints one JSON object.

#define ZDICT_STATIC_LINKING_ONLY  // the trainer whose settings are ours to choose
#include <zdict.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "messages/json/codec.hpp"
#include "tests/support/varied_incidents.hpp"

namespace {

using namespace im;

constexpr std::size_t lives = 300;
constexpr std::size_t openings = 1500;  ///< most incidents are opened and evaluated, and that is all
constexpr std::uint64_t vocabularies = 60;

/// Texts one behind another, as the trainer takes them.
struct samples {
  std::string all;
  std::vector<std::size_t> sizes;

  void add(const std::string& text) {
    all += text;
    sizes.push_back(text.size());
  }
};

/// A decision of another agent, whose words we do not know: what each DecisionEvent has.
std::string by_another_agent(decision_event event, decision_type what) {
  event.decision_type = what;
  event.agent_id = "remediation-runner:1.2.0:" + event.incident_id.str();
  event.outputs.text = R"({"result":"done"})";
  auto text = json::encode(event);
  text.resize(text.find(R"(,"sequence":)"));
  return text + '}';
}

samples make_samples() {
  samples out;
  for (std::uint64_t seed = 1; seed <= vocabularies; ++seed) {
    test::varied_incidents incidents{seed};
    for (std::size_t i = 0; i < openings / vocabularies; ++i)
      for (const auto& event : incidents.opening()) out.add(event.text);
    for (std::size_t i = 0; i < lives / vocabularies; ++i)
      for (const auto& event : incidents.whole_life()) out.add(event.text);
    for (int type = 0; type <= static_cast<int>(decision_type::deferred_decision); ++type)
      out.add(by_another_agent(incidents.opening().front(), static_cast<decision_type>(type)));
  }
  return out;
}

void make(const char* file, unsigned id, std::size_t bytes) {
  const auto from = make_samples();
  std::string dictionary(bytes, '\0');
  ZDICT_fastCover_params_t how{};
  how.d = 8;
  how.k = 256;
  how.accel = 1;
  how.f = 20;
  how.zParams.compressionLevel = 3;
  how.zParams.dictID = id;
  const auto size = ZDICT_trainFromBuffer_fastCover(dictionary.data(), dictionary.size(), from.all.data(),
                                                    from.sizes.data(), static_cast<unsigned>(from.sizes.size()), how);
  if (ZDICT_isError(size) != 0) throw std::runtime_error{ZDICT_getErrorName(size)};
  std::ofstream out{file, std::ios::binary | std::ios::trunc};
  out.write(dictionary.data(), static_cast<std::streamsize>(size));
  if (!out.flush()) throw std::runtime_error{std::string{"cannot write "} + file};
  std::printf("{\"samples\":%zu,\"sample_bytes\":%zu,\"dictionary_bytes\":%zu}\n", from.sizes.size(), from.all.size(),
              size);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 4) throw std::runtime_error{"usage: make_dictionary FILE ID BYTES"};
    make(argv[1], static_cast<unsigned>(std::stoul(argv[2])), std::stoul(argv[3]));
    return EXIT_SUCCESS;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "make_dictionary: %s\n", e.what());
    return EXIT_FAILURE;
  }
}
