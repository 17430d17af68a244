// collect/event_builder.h: builds the rows of one event at a time and hands each on as soon as it
// is complete. Checks what a row must have, and gives UUIDs to rows whose source gave none.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "collect/event_sink.h"
#include "collect/misp_fields.h"

namespace gapferry::collect {

constexpr std::size_t kMaxEventAttributes = 2'000'000;
constexpr std::size_t kMaxEventOtherRows = 2'000'000;  // objects, references and reports
constexpr std::size_t kMaxObjectAttributes = 100'000;
// Of one row's texts and tags together: what a payload's reader takes on the other side.
constexpr std::size_t kMaxRowText = 8 << 20;
// Rows that wait, because the UUID that they or their object need comes later in the file.
constexpr std::size_t kMaxWaitingBytes = 64 << 20;

// Of the headers of all events of one file: they are held until the file proves whole.
constexpr std::size_t kMaxHeaderBytes = 128 << 20;

class EventBuilder {
 public:
  EventBuilder(EventSink& sink, std::string file) : sink_(sink), file_(std::move(file)) {}

  // The rows under construction, for the reader to fill.
  intel::Event event;
  intel::Object object;
  intel::Attribute attribute;
  intel::Reference reference;
  intel::Report report;
  intel::Tag tag;
  OneSighting sighting;
  std::string event_extra;  // cleared by the reader: its first fields may come before StartEvent
  std::string object_extra;
  std::string attribute_extra;
  std::string report_extra;

  void StartEvent(std::uint64_t line);
  void StartObject(std::uint64_t line);
  void StartAttribute(std::uint64_t line);
  void StartReference(std::uint64_t line);
  void StartReport(std::uint64_t line);
  void StartTag();
  void StartSighting();

  // The event will not be taken; the first reason stands.
  void Refuse(Kind kind, std::uint64_t line, std::string reason);
  [[nodiscard]] bool refused() const { return refusal_.has_value(); }

  // Errors of all: the sink's. What is wrong with a row refuses the event.
  void FinishTag(std::uint64_t line, std::vector<intel::Tag>* holder);
  void FinishSighting();
  [[nodiscard]] Status FinishAttribute(bool in_object);
  void FinishReference();
  [[nodiscard]] Status FinishObject();
  [[nodiscard]] Status FinishReport();
  [[nodiscard]] Status FinishEvent();

 private:
  struct AttributeRow {
    intel::Attribute attribute;
    std::string extra;
  };
  // An object with what belongs to it, or (without object) an attribute of the event.
  struct Unit {
    std::optional<intel::Object> object;
    std::string object_extra;
    std::vector<AttributeRow> attributes;
    std::vector<intel::Reference> references;
  };
  struct ReportRow {
    intel::Report report;
    std::string extra;
  };

  [[nodiscard]] bool CheckAttribute();
  [[nodiscard]] bool CountRow(std::size_t* rows, std::size_t limit, std::string_view what);
  // False: refused.
  [[nodiscard]] bool Wait(std::size_t bytes);
  [[nodiscard]] Status Begin();
  [[nodiscard]] Status Emit(Unit* unit);
  [[nodiscard]] Status EmitReport(intel::Report* row, const std::string& extra);
  [[nodiscard]] Status EmitWaiting();
  [[nodiscard]] Uuid Derive(std::string_view content);
  void NameAttribute(const Uuid& owner, intel::Attribute* row);
  void NameObject(Unit* unit);

  EventSink& sink_;
  std::string file_;
  std::optional<Refusal> refusal_;
  bool begun_ = false;
  std::uint64_t event_line_ = 0;
  std::uint64_t object_line_ = 0;
  std::uint64_t row_line_ = 0;
  std::size_t attributes_ = 0;
  std::size_t other_rows_ = 0;
  Unit unit_;  // of the object under construction
  std::vector<Unit> waiting_;
  std::vector<ReportRow> waiting_reports_;
  std::size_t unit_bytes_ = 0;
  std::size_t waiting_bytes_ = 0;
  std::size_t header_bytes_ = 0;
  std::unordered_map<Uuid, std::uint64_t> derived_;  // how often the same content has come
};

}  // namespace gapferry::collect
