// exporter/tally.h: how many rows of what a site holds, and how many were held back for which
// reason. Kept for each event and for the whole, so that a bundle need not count again what did not
// change.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "bundle/manifest.h"
#include "intel/tlp.h"
#include "policy/decision.h"
#include "policy/reason.h"
#include "store/record.h"

namespace gapferry::exporter {

class Tally {
 public:
  void Count(const store::Record& crossed, intel::Tlp tlp);
  void HeldBack(store::RecordKind kind, const policy::Decision& decision);

  // Ends counting: what was counted one by one becomes sums.
  void Settle();
  // Of settled ones.
  void Add(const Tally& other);
  void Subtract(const Tally& other);

  [[nodiscard]] bundle::RowCounts Rows() const;
  [[nodiscard]] std::map<std::string, policy::ReasonCounts> AllHeldBack() const;  // by kind

  // Needs Settle, as the above do.
  [[nodiscard]] std::string Serialize() const;
  // Error: kDamaged.
  [[nodiscard]] static Result<Tally> Parse(const std::string& text);

 private:
  // Rows that count alike. A part has few kinds of them, so that a list is the quickest way to
  // find one.
  struct Alike {
    store::RecordKind kind;
    intel::Tlp tlp;
    policy::Reason reason;  // kAllowed: crosses
    std::string word;       // type of an attribute, detail of a reason
    std::int64_t count;
  };
  void Count(store::RecordKind kind, intel::Tlp tlp, policy::Reason reason, std::string_view word);
  void Change(const std::string& key, std::int64_t by);

  std::vector<Alike> alike_;
  std::string source_;
  std::map<std::string, std::int64_t> counts_;  // never 0; the key's parts are joined by kJoin
};

}  // namespace gapferry::exporter
