// policy/list_sets.h: sets of list numbers, each kept once. Nearly all values stand on one of a few
// combinations of lists, so a value needs only the number of its set.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace gapferry::policy {

class ListSets {
 public:
  using Id = std::uint32_t;
  static constexpr Id kEmpty = 0;

  // `set` with `list` added. `list` is not below any member: lists are added in their order.
  [[nodiscard]] Id With(Id set, std::uint16_t list) {
    const std::span<const std::uint16_t> members = Lists(set);
    if (!members.empty() && members.back() == list) return set;
    const auto [found, added] =
        next_.try_emplace(std::uint64_t{set} << 16 | list, static_cast<Id>(ends_.size() - 1));
    if (added) {
      const std::vector<std::uint16_t> copy(members.begin(), members.end());
      members_.insert(members_.end(), copy.begin(), copy.end());
      members_.push_back(list);
      ends_.push_back(static_cast<std::uint32_t>(members_.size()));
    }
    return found->second;
  }
  [[nodiscard]] std::span<const std::uint16_t> Lists(Id set) const {
    return std::span(members_).subspan(ends_[set], ends_[set + 1] - ends_[set]);
  }
  // After this, With is no longer called.
  void Freeze() { next_ = {}; }
  [[nodiscard]] std::size_t memory() const {
    return members_.capacity() * sizeof(members_[0]) + ends_.capacity() * sizeof(ends_[0]);
  }

 private:
  std::vector<std::uint16_t> members_;
  std::vector<std::uint32_t> ends_ = {0, 0};  // set i is members_[ends_[i], ends_[i + 1])
  std::unordered_map<std::uint64_t, Id> next_;
};

}  // namespace gapferry::policy
