// detect/decide.h: the one decision on an attribute: may this destination have it, and if not, why.
// Generate and WhyValue both ask here.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "detect/destination.h"
#include "detect/format.h"
#include "intel/event.h"
#include "intel/value.h"
#include "policy/use.h"
#include "store/store.h"

namespace gapferry::detect {

// An attribute with what its event decides for it.
struct Subject {
  const intel::TypeInfo* type = nullptr;  // nullptr: unknown
  policy::Occurrence occurrence;
  const intel::Normalised* value = nullptr;
  // Set where the site added it itself: warninglists and the false positives of others only mark
  // it.
  const policy::Addition* addition = nullptr;
};

// For each part of the value: allowed, or why not. Views live as long as decider and subject.
struct Verdict {
  policy::Decision whole;  // allowed if any part is; else the reason of the first part
  std::array<policy::Decision, 2> parts;
  std::array<std::string_view, 2> marks;  // a warninglist that marks the part, or empty
};

// 64 bits of BLAKE2b over kind and value, for telling values apart without holding them.
[[nodiscard]] std::uint64_t IndicatorHash(const intel::Indicator& indicator);
// The same for values that mean one thing, whatever kind an event gives them: a name is a name as
// domain and as hostname.
[[nodiscard]] std::uint64_t MeaningHash(const intel::Indicator& indicator);

class Decider {
 public:
  // Compiles the store's warninglists, once for each distinct set of modes, and collects the values
  // that some attribute calls a false positive: such a tag, and such sightings, speak for the
  // value, whatever event names it. Errors: those of CheckSite, kIo.
  [[nodiscard]] static Result<Decider> Create(store::Store& store, const Site& site);
  Decider(Decider&&) noexcept;
  ~Decider();

  // Starts on one attribute; Judge may then be asked for each destination.
  void Begin(const Subject& subject);
  [[nodiscard]] const Verdict& Judge(std::size_t destination);

 private:
  struct State;
  explicit Decider(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Reads an event's rows into subjects: keeps what the event and its deleted objects decide for the
// attributes that follow.
class SubjectReader {
 public:
  // Without values nothing is normalised, and the value of a subject is empty: enough where only
  // formats that copy events ask.
  explicit SubjectReader(bool with_values = true) : with_values_(with_values) {}

  // True if the record is an attribute, and `subject` is then filled. Call with every record of the
  // walk.
  bool Read(const store::Record& record, Subject* subject,
            const policy::Addition* addition = nullptr);

  // The event that was read last, and the TLP of the event itself.
  [[nodiscard]] const intel::Event& event() const { return event_; }
  [[nodiscard]] intel::Tlp event_tlp() const { return base_.tlp; }

 private:
  bool with_values_;
  intel::Tlp default_tlp_ = intel::Tlp::kAmber;
  intel::Event event_;
  policy::Occurrence base_;
  std::vector<Uuid> deleted_objects_;
  intel::Normalised value_;
};

}  // namespace gapferry::detect
