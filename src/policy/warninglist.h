// policy/warninglist.h: MISP's warninglists: values known to be good, or so common that a rule on
// them says nothing. Format: list.json of misp-warninglists. Semantics, and where they differ from
// MISP's: docs/warninglists.md.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "intel/value.h"

namespace gapferry::policy {

enum class ListType : std::uint8_t { kString, kSubstring, kHostname, kCidr, kRegex };
[[nodiscard]] std::string_view ListTypeName(ListType type);
[[nodiscard]] std::optional<ListType> FindListType(std::string_view name);

struct Warninglist {
  std::string name;  // its identity
  std::uint64_t version = 0;
  std::string description;
  ListType type = ListType::kString;
  std::vector<std::string> matching_attributes;  // empty or with "ALL": every type
  std::vector<std::string> entries;              // as published
};

constexpr std::size_t kMaxWarninglistBytes = std::size_t{256} << 20;
constexpr std::size_t kMaxWarninglistEntries = 8'000'000;
constexpr std::size_t kMaxWarninglistEntryBytes = 4096;

// Reads one list.json as a stream; beside the text only the entries are held. `list` may be an
// array or an object (value → comment, the comment is dropped); numbers count as their text;
// unknown keys are passed over.
// Errors: kMalformed (not JSON, with line and column; a required key missing, given twice or of the
// wrong type), kUnsupported (another list type), kTooLarge.
[[nodiscard]] Result<Warninglist> ParseWarninglist(std::string_view json);

// What a hit does: drop the value, name the list beside it, or nothing.
enum class ListMode : std::uint8_t { kDrop, kMark, kOff };
[[nodiscard]] std::string_view ListModeName(ListMode mode);
[[nodiscard]] std::optional<ListMode> FindListMode(std::string_view name);

struct DefaultMode {
  ListMode mode;
  std::string_view reason;  // one line
};
// Lists of shared ground (cloud, VPN, dynamic DNS, shorteners, …) mark; others drop.
[[nodiscard]] DefaultMode DefaultListMode(std::string_view list_name);

// An entry that was not taken as it stands.
struct EntryIssue {
  std::string entry;
  std::string why;
  bool obeyed = false;  // in the way that `why` says
};

// One list as it was compiled.
struct ListInfo {
  std::string name;
  std::uint64_t version = 0;
  ListType type = ListType::kString;
  ListMode mode = ListMode::kDrop;
  std::uint64_t entries = 0;  // as published
  // At most kMaxIssues each are kept; the counts are complete.
  std::vector<EntryIssue> rejected;    // cannot be read: a bad name, network or regex
  std::vector<EntryIssue> suspicious;  // would match nearly everything, if obeyed
  std::uint64_t rejected_count = 0;
  std::uint64_t suspicious_count = 0;
  std::vector<std::string> unknown_types;  // in matching_attributes, of no known attribute type
  static constexpr std::size_t kMaxIssues = 100;
};

// Indices into WarninglistSet::lists().
struct WarninglistMatch {
  static constexpr std::uint16_t kNone = 0xFFFF;
  static constexpr std::size_t kMaxMarks = 30;

  std::uint16_t drop = kNone;  // the first list that drops it
  std::uint16_t mark_count =
      0;  // lists that mark it, in order; those beyond kMaxMarks are left out
  std::array<std::uint16_t, kMaxMarks> marks{};

  [[nodiscard]] bool dropped() const { return drop != kNone; }
  [[nodiscard]] bool hit() const { return dropped() || mark_count > 0; }
};

struct CompiledLists;

// All lists of a site, compiled once. Immutable; Match may run on many threads.
class WarninglistSet {
 public:
  static constexpr std::size_t kMaxLists = 4096;

  class Builder;

  WarninglistSet();  // no lists
  WarninglistSet(WarninglistSet&&) noexcept;
  WarninglistSet& operator=(WarninglistSet&&) noexcept;
  ~WarninglistSet();

  // Tests the indicator part only, against the lists for the attribute's type or for another type
  // with the same kind of indicator. Allocates nothing on a miss (regex lists apart).
  [[nodiscard]] WarninglistMatch Match(const intel::Indicator& indicator,
                                       std::string_view attribute_type) const;
  [[nodiscard]] const std::vector<ListInfo>& lists() const;  // in the order they were added
  // Bytes held by the compiled tables.
  [[nodiscard]] std::size_t memory() const;

 private:
  explicit WarninglistSet(std::unique_ptr<CompiledLists> state);
  std::unique_ptr<CompiledLists> state_;
};

// Takes one list at a time, so that only one need be in memory as text. Add them in a fixed order,
// by name: the first list that drops a value is the one that is named.
class WarninglistSet::Builder {
 public:
  Builder();
  ~Builder();
  // Errors: kTooLarge beyond kMaxLists or 4 GiB of entries, kMalformed if the name was added
  // before.
  [[nodiscard]] Status Add(const Warninglist& list, ListMode mode);
  [[nodiscard]] Status Add(const Warninglist& list) {
    return Add(list, DefaultListMode(list.name).mode);
  }
  [[nodiscard]] WarninglistSet Build() &&;

 private:
  std::unique_ptr<CompiledLists> state_;
};

}  // namespace gapferry::policy
