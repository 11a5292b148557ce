#pragma once
/// SQLite's own cache of pages, without a walk through it at the end of each commit. Internal to the SQLite store.
///
/// Where it balances a tree, SQLite (3.40) renumbers pages by way of a number that no page has, that of the byte at 1 GB. Its cache keeps
/// the greatest number it has been told, so when the commit is over and it shall forget what lies behind the database's end, it looks at
/// all it holds: 0.4 ms a commit with 16 MB, as much as the commit of a few events. This layer before it knows when nothing can lie there.

#include <algorithm>

namespace im::ruvector::sqlite {

/// The numbers that the pages of a cache have. It knows no single page, so what it answers is `perhaps` or `no`.
class page_numbers {
public:
  /// A page was put into the cache, or may have been.
  void add(unsigned number) noexcept { greatest_ = std::max(greatest_, number); }
  /// One that is in the cache has another number. A number beyond all others is taken for a loan.
  void renumber(unsigned from, unsigned to) noexcept {
    if (to > greatest_) ++lent_;
    if (from > greatest_ && lent_ > 0) --lent_;
  }
  /// Whether a page in the cache may have this number or a greater one.
  [[nodiscard]] bool may_reach(unsigned number) const noexcept { return lent_ > 0 || greatest_ >= number; }
  /// Pages of this number and greater ones are not in the cache any more. At least 1, the first page's.
  void cut(unsigned number) noexcept {
    if (!may_reach(number)) return;
    greatest_ = number - 1;
    lent_ = 0;
  }

private:
  unsigned greatest_ = 0;  ///< that was added
  unsigned lent_ = 0;      ///< pages whose number is beyond it, or more than there are
};

/// Has every connection of this process cache so. To be called before SQLite is first used; later it changes nothing.
void use_page_cache() noexcept;

}  // namespace im::ruvector::sqlite
