#include "messages/postmortem_markdown.hpp"

#include <fmt/format.h>

namespace im {

namespace {

/// So that a title cannot end its line, open a tag or draw a link.
std::string plain(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 8);
  for (const char c : text) {
    switch (c) {
      case '\n':
      case '\r': out.push_back(' '); break;
      case '<': out.append("&lt;"); break;
      case '>': out.append("&gt;"); break;
      case '&': out.append("&amp;"); break;
      case '\\':
      case '`':
      case '*':
      case '_':
      case '[':
      case ']':
      case '#':
      case '|':
      case '~':
      case '!':
        out.push_back('\\');
        out.push_back(c);
        break;
      default: out.push_back(c);
    }
  }
  return out;
}

class page {
public:
  void heading(std::string_view text) { out_ += fmt::format("\n## {}\n\n", text); }
  void line(std::string_view text) { out_.append(text).append("\n"); }
  void paragraph(std::string_view text) { line(plain(text)); }

  void fact(std::string_view name, std::string_view value) {
    out_ += fmt::format("- **{}**: {}\n", name, plain(value));
  }

  void list(std::string_view title, const std::vector<std::string>& entries) {
    if (entries.empty()) return;
    heading(title);
    for (const auto& entry : entries) out_ += fmt::format("- {}\n", plain(entry));
  }

  std::string take() { return std::move(out_); }

private:
  std::string out_;
};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text.append(text.empty() ? "" : ", ").append(word);
  return text.empty() ? "unknown" : text;
}

void write_timeline(page& out, const std::vector<timeline_entry>& timeline) {
  if (timeline.empty()) return;
  out.heading("Timeline");
  out.line("| Time (UTC) | What | By | Until the next |");
  out.line("|---|---|---|---|");
  for (const auto& entry : timeline) {
    const auto note = entry.annotation ? " (" + plain(*entry.annotation) + ')' : std::string{};
    const auto gap = entry.gap_to_next_seconds ? fmt::format("{:.0f} s", *entry.gap_to_next_seconds) : std::string{};
    out.line(fmt::format("| {} | **{}** {}{} | {} | {} |", to_string(entry.timestamp), to_string(entry.type),
                         plain(entry.description), note, plain(entry.actor), gap));
  }
}

void write_root_cause(page& out, const root_cause& cause) {
  out.heading("Root cause");
  out.fact("Category", to_string(cause.category));
  out.fact("Description", cause.description);
  if (cause.preventable) out.fact("Preventable", "yes");
  if (cause.detection_gap) out.fact("Detection gap", *cause.detection_gap);
  for (const auto& factor : cause.contributing_factors) out.fact("Contributing", factor);
}

void write_impact(page& out, const postmortem_impact& impact) {
  out.heading("Impact");
  out.fact("Scope", impact.scope);
  out.fact("Affected", joined(impact.services_affected));
  if (impact.users_affected_estimate)
    out.fact("Users affected", fmt::format("about {:.0f}", *impact.users_affected_estimate));
  if (impact.user_impact_duration_seconds)
    out.fact("Users were affected for", fmt::format("{:.0f} s", *impact.user_impact_duration_seconds));
  if (impact.revenue_impact_estimate)
    out.fact("Revenue impact", fmt::format("about {:.2f}", *impact.revenue_impact_estimate));
  if (impact.sla_impact) out.fact("SLA", *impact.sla_impact);
  if (impact.data_impact) out.fact("Data", *impact.data_impact);
}

void write_resolution(page& out, const postmortem_resolution& resolution) {
  out.heading("Resolution");
  out.fact("Approach", resolution.approach);
  out.fact("Type", to_string(resolution.resolution_type));
  out.fact("Effectiveness", to_string(resolution.effectiveness));
  out.fact("Follow-up required", resolution.follow_up_required ? "yes" : "no");
  for (const auto& risk : resolution.remaining_risks) out.fact("Remaining risk", risk);
}

void write_action_items(page& out, const std::vector<action_item>& items) {
  if (items.empty()) return;
  out.heading("Action items");
  for (const auto& item : items)
    out.line(fmt::format("- [{}] **{}** ({}, {}): {}", item.status == action_item_status::completed ? 'x' : ' ',
                         plain(item.title), to_string(item.priority), to_string(item.category),
                         plain(item.description)));
}

}  // namespace

std::string to_markdown(const postmortem_output& document, std::string_view title) {
  page out;
  out.line("# Post-mortem: " + plain(title));
  out.line("");
  out.fact("Incident", document.incident_id.str());
  out.fact("Post-mortem", document.postmortem_id.str());
  out.fact("Status", to_string(document.status));
  out.heading("Summary");
  out.paragraph(document.summary);
  if (!document.key_moments.empty()) {
    out.heading("Key moments");
    for (const auto& moment : document.key_moments)
      out.line(
          fmt::format("- {} **{}**: {}", to_string(moment.timestamp), plain(moment.label), plain(moment.significance)));
  }
  write_timeline(out, document.timeline);
  write_root_cause(out, document.root_cause);
  write_impact(out, document.impact);
  write_resolution(out, document.resolution);
  write_action_items(out, document.action_items);
  out.list("What went well", document.what_went_well);
  out.list("What could be improved", document.what_could_be_improved);
  out.list("Lessons learned", document.lessons_learned);
  return out.take();
}

}  // namespace im
