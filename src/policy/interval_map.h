// policy/interval_map.h: from addresses to the set of lists that hold them. Overlapping networks
// are cut into disjoint pieces that cover the whole space; the upper 16 bits of an address lead to
// the few pieces where it can lie.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <limits>
#include <tuple>
#include <vector>

#include "intel/value.h"
#include "policy/list_sets.h"

namespace gapferry::policy {

struct V6Key {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const V6Key&, const V6Key&) = default;
};

inline std::size_t Top16(std::uint32_t key) {
  return key >> 16;
}
inline std::size_t Top16(const V6Key& key) {
  return static_cast<std::size_t>(key.high >> 48);
}
// False if there is none.
inline bool Increment(std::uint32_t* key) {
  return ++*key != 0;
}
inline bool Increment(V6Key* key) {
  return ++key->low != 0 || ++key->high != 0;
}

template <typename Key>
struct Range {
  Key first;
  Key last;  // included
};

// The addresses of a network of that family.
[[nodiscard]] Range<std::uint32_t> V4Range(const intel::Network& network);
[[nodiscard]] Range<V6Key> V6Range(const intel::Network& network);

template <typename Key>
class IntervalMap {
 public:
  struct Listed {
    Range<Key> range;
    std::uint16_t list;
  };

  void Build(std::vector<Listed> listed, ListSets* sets) {
    // Once the same network of a list is there once only, at most 129 of a list hold one address.
    const auto key = [](const Listed& one) {
      return std::tuple(one.range.first, one.range.last, one.list);
    };
    std::sort(listed.begin(), listed.end(),
              [&](const Listed& a, const Listed& b) { return key(a) < key(b); });
    const auto end =
        std::unique(listed.begin(), listed.end(),
                    [&](const Listed& a, const Listed& b) { return key(a) == key(b); });
    listed.erase(end, listed.end());
    std::vector<Edge> edges;
    edges.reserve(2 * listed.size());
    for (const Listed& one : listed) {
      edges.push_back({one.range.first, one.list, 1});
      Key after = one.range.last;
      if (Increment(&after)) edges.push_back({after, one.list, -1});
    }
    std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) { return a.at < b.at; });
    Sweep(edges, sets);
    IndexPieces();
  }

  [[nodiscard]] ListSets::Id Find(const Key& key) const { return sets_[Piece(key)]; }
  // Calls see(set) for each piece that the range touches, until it returns false.
  template <typename See>
  void Over(const Range<Key>& range, See see) const {
    for (std::size_t i = Piece(range.first); i < starts_.size() && starts_[i] <= range.last; ++i) {
      if (!see(sets_[i])) return;
    }
  }
  [[nodiscard]] std::size_t memory() const {
    return starts_.capacity() * sizeof(Key) + sets_.capacity() * sizeof(ListSets::Id) +
           first_.capacity() * sizeof(std::uint32_t);
  }

 private:
  struct Edge {
    Key at;
    std::uint16_t list;
    std::int8_t change;
  };

  void Sweep(const std::vector<Edge>& edges, ListSets* sets) {
    std::vector<std::uint16_t> active;  // sorted; a list once for each network that is open
    for (std::size_t i = 0; i < edges.size();) {
      const Key at = edges[i].at;
      for (; i < edges.size() && edges[i].at == at; ++i) {
        const auto place = std::lower_bound(active.begin(), active.end(), edges[i].list);
        if (edges[i].change > 0) {
          active.insert(place, edges[i].list);
        } else if (place != active.end() && *place == edges[i].list) {
          active.erase(place);
        }
      }
      ListSets::Id set = ListSets::kEmpty;
      for (const std::uint16_t list : active)
        set = sets->With(set, list);
      Append(at, set);
    }
  }
  void Append(const Key& at, ListSets::Id set) {
    if (set == sets_.back()) return;
    if (starts_.back() == at) {
      sets_.back() = set;
      return;
    }
    starts_.push_back(at);
    sets_.push_back(set);
  }
  void IndexPieces() {
    first_.assign((1U << 16) + 1, 0);
    for (const Key& start : starts_)
      ++first_[Top16(start) + 1];
    for (std::size_t i = 1; i < first_.size(); ++i)
      first_[i] += first_[i - 1];
  }
  // The last piece that does not start after `key`; the first starts at zero.
  [[nodiscard]] std::size_t Piece(const Key& key) const {
    if (first_.empty()) return 0;
    const auto begin = starts_.begin();
    const auto after =
        std::upper_bound(begin + first_[Top16(key)], begin + first_[Top16(key) + 1], key);
    return static_cast<std::size_t>(after - begin) - 1;
  }

  std::vector<Key> starts_ = {Key{}};
  std::vector<ListSets::Id> sets_ = {ListSets::kEmpty};
  std::vector<std::uint32_t> first_;  // pieces that start below each upper half
};

}  // namespace gapferry::policy
