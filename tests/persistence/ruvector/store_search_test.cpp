#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <set>

#include "persistence/ruvector/list_deadline.hpp"
#include "persistence/ruvector/search_sql.hpp"
#include "persistence/ruvector/search_words.hpp"
#include "tests/persistence/ruvector/test_database.hpp"

using namespace im;
using namespace im::ruvector;
using namespace im::ruvector::test;

namespace {

decision_event titled(unsigned n, const std::string& title, const std::string& description = {},
                      const std::string& source = "llm-sentinel") {
  auto event = open_event(n, "f" + std::to_string(n));
  auto& record = std::get<fact::incident_opened>(event.fact.value).record;
  record.title = title;
  record.description = description;
  record.source = source;
  return event;
}

/// The numbers of the incidents that `text` finds, in the order of the list.
std::vector<unsigned> found(store& in, const std::string& text, list_filter filter = {}) {
  filter.text = text;
  std::vector<unsigned> numbers;
  for (;;) {
    const auto page = in.incidents(filter).value();
    for (const auto& item : page.items) {
      const auto id = incident_id::parse(*json::document::parse(item)->root().find_string("id")).value();
      unsigned n = 1;
      while (incident_number(n) != id) ++n;
      numbers.push_back(n);
    }
    if (!page.next_cursor) return numbers;
    filter.after = list_cursor::parse(*page.next_cursor);
    REQUIRE(filter.after);
  }
}

using numbers = std::vector<unsigned>;

/// Makes of a database what it was before incidents were found by words, which is older than packed documents.
void take_back_search(const test_database& db) {
  REQUIRE(back_to_unpacked(db).empty());
  REQUIRE(sql(db, "DROP TABLE incident_words; DROP TABLE words_backlog").empty());
}

}  // namespace

TEST_CASE("words are runs of letters and digits, in small letters, each once") {
  using texts = std::vector<std::string>;
  CHECK(words_in("Latency of GPT-4o: p99 > 2s; latency!", 99) == texts{"latency", "of", "gpt", "4o", "p99", "2s"});
  CHECK(words_in("Stra\u00dfe \u2014 gesperrt\u2026\u3002\u00bb\u706b\u4e8b\u00ab", 99) ==
        texts{"stra\u00dfe", "gesperrt", "\u706b\u4e8b"});
  CHECK(words_in("\" * ( ) : ^ - + ' & | ! \\ %", 99).empty());
  CHECK(words_in("a b c", 2) == texts{"a", "b"});
  const auto long_word = words_in(std::string(63, 'x') + "\u00e9" + std::string(100, 'y'), 9);
  REQUIRE(long_word.size() == 1);
  CHECK(long_word.front() == std::string(63, 'x'));  // not in the middle of a character
  CHECK(words_in("\xe2\x80", 9).empty() == false);   // half a character ends no loop
}

TEST_CASE("words of title, description and source find an incident, in any order and by their beginnings") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  append(*store, {titled(1, "High latency of checkout", "The p99 of model gpt-4o rose"),
                  titled(2, "Error rate of checkout", "Tokens are refused", "llm-shield"),
                  titled(3, "Budget spent", "latency is fine")});
  CHECK(found(*store, "latency") == numbers{3, 1});
  CHECK(found(*store, "CHECKOUT high") == numbers{1});
  CHECK(found(*store, "lat check") == numbers{1});
  CHECK(found(*store, "tokens") == numbers{2});
  CHECK(found(*store, "llm-shield") == numbers{2});
  CHECK(found(*store, "atency").empty());
  CHECK(found(*store, "latency budget tokens").empty());
  CHECK(found(*store, "gpt 4o") == numbers{1});
  list_filter filter;
  filter.source = "llm-shield";
  CHECK(found(*store, "checkout", filter) == numbers{2});
  filter = {};
  filter.severities.add(severity::p0);
  CHECK(found(*store, "checkout", filter).empty());
  append_one(*store, make_event(incident_number(1), 2, change_to(incident_status::resolved, change_kind::resolve)));
  filter = {};
  filter.open = true;
  CHECK(found(*store, "checkout", filter) == numbers{2});
}

TEST_CASE("what a database's search language means by a character is nothing to who searches") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  append(*store, {titled(1, "alpha beta"), titled(2, "alpha gamma"), titled(3, "NOT an AND or an OR near NEAR")});
  for (const auto* text : {"\"", "'", "*", "a*b\"", "(", ")", "alpha)", "^alpha:", ":*", "!", "&", "|", "<->", "\\",
                           "--", "';DROP TABLE incidents", "words : alpha", "{words}", "-"})
    CHECK_NOTHROW(found(*store, text));
  CHECK(found(*store, "alpha OR gamma").empty());
  CHECK(found(*store, "alpha NOT gamma").empty());
  CHECK(found(*store, "alpha -gamma") == numbers{2});
  CHECK(found(*store, "\"alpha gamma\"") == numbers{2});
  CHECK(found(*store, "words:alpha").empty());
  CHECK(found(*store, "near and") == numbers{3});
  CHECK(found(*store, "!alpha") == numbers{2, 1});
}

TEST_CASE("a new title takes the place of the old one in the search, a rebuild changes nothing") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  append(*store, {titled(1, "latency", "of checkout"), titled(2, "errors")});
  fact::incident_changed renamed;
  renamed.actor = "alice";
  renamed.title = "a broken link";
  append_one(*store, make_event(incident_number(1), 2, renamed));
  // Opened behind an entry that opened nothing, and renamed in the same write.
  renamed.title = "late arrival";
  append(*store, {make_event(incident_number(3), 1, fact::noted{}),
                  make_event(incident_number(3), 2, opening(incident_number(3), "f3")),
                  make_event(incident_number(3), 3, renamed)});
  const auto look = [&] {
    CHECK(found(*store, "latency").empty());
    CHECK(found(*store, "broken checkout") == numbers{1});
    CHECK(found(*store, "errors") == numbers{2});
    CHECK(found(*store, "late arrival") == numbers{3});
  };
  look();
  REQUIRE(store->rebuild_projections());
  look();
  renamed.title = "once more";
  append_one(*store, make_event(incident_number(1), 3, renamed));
  CHECK(found(*store, "broken").empty());
  CHECK(found(*store, "once") == numbers{1});
}

TEST_CASE("pages of a search follow each other without a gap or a repeat while incidents are opened") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  unsigned n = 0;
  const auto open_one = [&] {
    ++n;
    append_one(*store, open_event(n, "f" + std::to_string(n)));
  };
  while (n < 25) open_one();
  list_filter filter;
  filter.text = "latency";
  filter.limit = 4;
  std::vector<std::string> seen;
  for (;;) {
    const auto page = store->incidents(filter).value();
    seen.insert(seen.end(), page.items.begin(), page.items.end());
    open_one();
    if (!page.next_cursor) break;
    filter.after = list_cursor::parse(*page.next_cursor);
  }
  CHECK(seen.size() == 25);
  CHECK(std::set<std::string>{seen.begin(), seen.end()}.size() == 25);
}

TEST_CASE("the incidents of an older store are found after its migration, which goes on where it was interrupted") {
  const test_database db{EACH_DATABASE};
  {
    auto store = open_store(db);
    for (unsigned n = 1; n <= 5; ++n) append_one(*store, titled(n, "Latency of f" + std::to_string(n)));
    fact::incident_changed renamed;
    renamed.actor = "alice";
    renamed.title = "Renamed since";
    append_one(*store, make_event(incident_number(5), 2, renamed));
  }
  take_back_search(db);
  CHECK(found(*open_store(db), "latency") == numbers{4, 3, 2, 1});
  CHECK(found(*open_store(db), "renamed") == numbers{5});
  {
    auto store = open_store(db);
    append_one(*store, titled(6, "Latency of f6"));
    CHECK(found(*store, "latency") == numbers{6, 4, 3, 2, 1});
    CHECK(store->check()->problems.empty());
  }
  // As a start left it that ended after rows 1 and 2; that their words are taken out shows that they are not written again.
  take_back_search(db);
  (void)open_store(db);
  const std::string forget =
      db.is_postgres() ? search_sql<postgres::driver>::forget_all : search_sql<sqlite::driver>::forget_all;
  REQUIRE(sql(db, forget + "; UPDATE words_backlog SET next_row = 3").empty());
  CHECK(found(*open_store(db), "latency") == numbers{6, 4, 3});
  CHECK(found(*open_store(db), "latency") == numbers{6, 4, 3});  // done once
}

TEST_CASE("SQLite ends a search while it still gathers what begins with a word") {
  const test_database db{database_kind::sqlite};
  open_store(db).reset();
  REQUIRE(sql(db,
              "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)"
              " INSERT INTO incident_words (rowid, words) SELECT i, 're' || i || ' rest' || i FROM n")
              .empty());
  auto reader = connect_list_reader((db.folder() / "ruvector.db").string(), milliseconds{0});
  // The statement itself takes some twenty steps.
  sqlite::statement newest{reader,
                           "SELECT rowid FROM incident_words WHERE incident_words MATCH ?1 ORDER BY rowid DESC"};
  const auto find = [&](const std::string& word) {
    return newest.first([](sqlite::row r) { return r.integer(0); }, search_sql<sqlite::driver>::query({word}));
  };
  CHECK(find("re") == 60000);
  list_deadline deadline{milliseconds{0}};
  interrupt_at(reader, deadline);
  CHECK(find("re") == 60000);  // it has not begun
  deadline.start();
  CHECK_THROWS_AS(find("re"), store_failure);
}
