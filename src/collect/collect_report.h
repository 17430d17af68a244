// collect/collect_report.h: what one run over one source did, for people and for --json.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "collect/strict_sax.h"

namespace gapferry::collect {

// What a person should know about a source, in one sentence.
struct Remark {
  std::string text;
  bool warning = true;  // something is wrong, left out or about to be; else for those who ask
};

struct ListChange {
  enum class What { kNew, kChanged, kRemoved };
  What what = What::kNew;
  std::string name;
  std::int64_t old_version = 0;
  std::int64_t new_version = 0;
  std::uint64_t entries_added = 0;
  std::uint64_t entries_removed = 0;
  // Of a list that changed: what else decides about a value.
  struct Head {
    std::string type;
    std::string attributes;  // separated by newlines
    friend bool operator==(const Head&, const Head&) = default;
  };
  Head old_head = {};
  Head new_head = {};
};

// Of a feed that is one event: its values.
struct ValueCounts {
  std::uint64_t added = 0;
  std::uint64_t same = 0;          // listed before and now
  std::uint64_t renewed = 0;       // of those: dated anew
  std::uint64_t gone = 0;          // removed from the mirror
  std::uint64_t kept = 0;          // no longer listed, but kept for a while
  std::uint64_t excluded = 0;      // by the user's pattern
  std::uint64_t without_form = 0;  // in a value column, but of no known form
  std::vector<Refusal> examples;   // the first of those
};

struct CollectReport {
  std::string source;
  // Events, or warninglists. `kept` ones were refused now but have an earlier state in the mirror.
  std::uint64_t added = 0;
  std::uint64_t changed = 0;
  std::uint64_t unchanged = 0;
  std::uint64_t removed = 0;
  std::uint64_t kept = 0;
  // What the source offers but its selection does not want.
  std::uint64_t left_out_events = 0;
  std::uint64_t left_out_attributes = 0;
  // Why events are gone, by word ("deleted", "unpublished", …), where the source tells.
  std::map<std::string, std::uint64_t> gone;
  std::vector<Remark> notes;
  // Some refused file may hold any event, so that nothing was removed for not being listed.
  bool removals_held = false;
  std::vector<Refusal> refused;     // the first kMaxRefusals
  std::uint64_t refused_count = 0;  // all

  static constexpr std::size_t kMaxRefusals = 10'000;
  void Refuse(Refusal refusal);

  // Of the events and lists that are new or changed.
  std::map<std::string, std::uint64_t> rows;                // by store::RecordKindName
  std::map<std::string, std::uint64_t> attributes_by_type;  // deleted ones included
  std::map<std::string, std::uint64_t> to_ids_by_type;
  std::uint64_t repeated_rows = 0;  // same UUID twice in one event: the first one counts
  std::map<std::string, std::uint64_t> unknown_fields;
  std::uint64_t bytes_read = 0;

  std::vector<ListChange> lists;
  std::optional<ValueCounts> values;
};

[[nodiscard]] Json ToJson(const CollectReport& report);

}  // namespace gapferry::collect
