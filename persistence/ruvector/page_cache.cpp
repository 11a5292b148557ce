#include "persistence/ruvector/page_cache.hpp"

#include <sqlite3.h>

#include <new>

namespace im::ruvector::sqlite {

namespace {

/// SQLite's own.
sqlite3_pcache_methods2 own{};

struct counted_cache {
  sqlite3_pcache* pages = nullptr;
  page_numbers numbers;
};

counted_cache& of(sqlite3_pcache* c) noexcept { return *reinterpret_cast<counted_cache*>(c); }

sqlite3_pcache* create(int page_bytes, int extra_bytes, int may_purge) noexcept {
  auto* made = new (std::nothrow) counted_cache{};
  if (made == nullptr) return nullptr;
  made->pages = own.xCreate(page_bytes, extra_bytes, may_purge);
  if (made->pages != nullptr) return reinterpret_cast<sqlite3_pcache*>(made);
  delete made;
  return nullptr;
}

void destroy(sqlite3_pcache* c) noexcept {
  own.xDestroy(of(c).pages);
  delete &of(c);
}

sqlite3_pcache_page* fetch(sqlite3_pcache* c, unsigned number, int may_create) noexcept {
  if (may_create != 0) of(c).numbers.add(number);
  return own.xFetch(of(c).pages, number, may_create);
}

void renumber(sqlite3_pcache* c, sqlite3_pcache_page* page, unsigned from, unsigned to) noexcept {
  of(c).numbers.renumber(from, to);
  own.xRekey(of(c).pages, page, from, to);
}

void truncate(sqlite3_pcache* c, unsigned first) noexcept {
  if (!of(c).numbers.may_reach(first)) return;
  of(c).numbers.cut(first);
  own.xTruncate(of(c).pages, first);
}

}  // namespace

void use_page_cache() noexcept {
  if (sqlite3_config(SQLITE_CONFIG_GETPCACHE2, &own) != SQLITE_OK) return;
  auto counted = own;
  counted.xCreate = &create;
  counted.xDestroy = &destroy;
  counted.xCachesize = [](sqlite3_pcache* c, int pages) { own.xCachesize(of(c).pages, pages); };
  counted.xPagecount = [](sqlite3_pcache* c) { return own.xPagecount(of(c).pages); };
  counted.xFetch = &fetch;
  counted.xUnpin = [](sqlite3_pcache* c, sqlite3_pcache_page* page, int forget) {
    own.xUnpin(of(c).pages, page, forget);
  };
  counted.xRekey = &renumber;
  counted.xTruncate = &truncate;
  counted.xShrink = [](sqlite3_pcache* c) { own.xShrink(of(c).pages); };
  sqlite3_config(SQLITE_CONFIG_PCACHE2, &counted);
}

}  // namespace im::ruvector::sqlite
