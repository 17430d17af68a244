// collect/selecting_sink.h: reads a file of events in two passes, the headers first, because JSON
// may name an event's header after its rows; the second pass gives on only what is selected.
#pragma once

#include <vector>

#include "collect/event_writer.h"
#include "policy/selection.h"

namespace gapferry::collect {

// First pass: the header of each event, in the order of the file. A refused one has none.
class HeaderSink : public EventSink {
 public:
  struct Header {
    intel::Event event;
    bool is_protected = false;  // signed by its instance (CryptographicKey.php)
    bool refused = false;
    std::string reason;
  };
  [[nodiscard]] const std::vector<Header>& headers() const { return headers_; }

  [[nodiscard]] Status BeginEvent() override { return Ok(); }
  [[nodiscard]] Status TakeObject(const intel::Object&, const std::string&) override {
    return Ok();
  }
  [[nodiscard]] Status TakeAttribute(const Uuid&, const intel::Attribute&,
                                     const std::string&) override {
    return Ok();
  }
  [[nodiscard]] Status TakeReference(const Uuid&, const intel::Reference&) override { return Ok(); }
  [[nodiscard]] Status TakeReport(const intel::Report&, const std::string&) override {
    return Ok();
  }
  [[nodiscard]] Status EndEvent(const intel::Event& event, const std::string& extra,
                                std::uint64_t line) override;
  [[nodiscard]] Status RefuseEvent(const Uuid& uuid, Refusal refusal) override;

 private:
  std::vector<Header> headers_;
};

// Second pass.
class SelectingSink : public EventSink {
 public:
  SelectingSink(EventWriter& writer, const policy::Selection& selection, intel::Tlp default_tlp,
                std::vector<policy::EventVerdict> verdicts)
      : writer_(writer),
        selection_(selection),
        default_tlp_(default_tlp),
        verdicts_(std::move(verdicts)) {}

  [[nodiscard]] Status BeginEvent() override;
  [[nodiscard]] Status TakeObject(const intel::Object& object, const std::string& extra) override;
  [[nodiscard]] Status TakeAttribute(const Uuid& object, const intel::Attribute& attribute,
                                     const std::string& extra) override;
  [[nodiscard]] Status TakeReference(const Uuid& object,
                                     const intel::Reference& reference) override;
  [[nodiscard]] Status TakeReport(const intel::Report& report, const std::string& extra) override;
  [[nodiscard]] Status EndEvent(const intel::Event& event, const std::string& extra,
                                std::uint64_t line) override;
  [[nodiscard]] Status RefuseEvent(const Uuid& uuid, Refusal refusal) override;

 private:
  [[nodiscard]] const policy::EventVerdict& verdict() const;
  [[nodiscard]] Status GiveObject();

  EventWriter& writer_;
  const policy::Selection& selection_;
  intel::Tlp default_tlp_;
  std::vector<policy::EventVerdict> verdicts_;
  std::size_t event_ = 0;    // the one that is being read
  std::uint64_t taken_ = 0;  // of its attributes
  std::uint64_t left_out_ = 0;
  // An object waits for the first of its attributes that is taken.
  std::optional<intel::Object> waiting_;
  std::string waiting_extra_;
  Uuid given_;
};

}  // namespace gapferry::collect
