// collect/event_sink.h: who takes the rows of an event while it is read.
#pragma once

#include <string>

#include "base/result.h"
#include "collect/strict_sax.h"
#include "intel/event.h"

namespace gapferry::collect {

// For each event: BeginEvent, its rows, then EndEvent or RefuseEvent. The header comes last,
// because JSON may name it last. `extra` is a JSON object of the row's unlisted fields, or empty.
// An error ends the reading and is passed on.
class EventSink {
 public:
  virtual ~EventSink() = default;
  [[nodiscard]] virtual Status BeginEvent() = 0;
  [[nodiscard]] virtual Status TakeObject(const intel::Object& object,
                                          const std::string& extra) = 0;
  // `object` is nil outside objects; an object comes before its attributes.
  [[nodiscard]] virtual Status TakeAttribute(const Uuid& object, const intel::Attribute& attribute,
                                             const std::string& extra) = 0;
  [[nodiscard]] virtual Status TakeReference(const Uuid& object,
                                             const intel::Reference& reference) = 0;
  [[nodiscard]] virtual Status TakeReport(const intel::Report& report,
                                          const std::string& extra) = 0;
  // `line`: where the event begins.
  [[nodiscard]] virtual Status EndEvent(const intel::Event& event, const std::string& extra,
                                        std::uint64_t line) = 0;
  // What came since BeginEvent is void. `uuid` is nil if the event did not get so far.
  [[nodiscard]] virtual Status RefuseEvent(const Uuid& uuid, Refusal refusal) = 0;
};

}  // namespace gapferry::collect
