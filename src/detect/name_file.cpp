#include "detect/name_file.h"

#include <algorithm>
#include <optional>

namespace gapferry::detect {
namespace {

class NameFileWriter : public Writer {
 public:
  NameFileWriter(const WriterContext& context, const NameFileForm& form)
      : context_(context), form_(form), names_(form.covered) {}

  Status Add(EventNumber, const Candidate& candidate) override {
    const std::optional<ListedName> listed = names_.Take(candidate);
    if (!listed) return Ok();
    GF_CHECK(Open());
    lines_.clear();
    form_.lines(*listed, &lines_);
    return file_->Write(lines_);
  }

  Status Finish() override {
    GF_CHECK(Open());
    return file_->Close();
  }

 private:
  Status Open() {
    if (file_) return Ok();
    GF_TRY(file_, context_.output.Open(std::string(form_.file)));
    GF_CHECK(file_->Write(HashHeader(context_.destination)));
    return file_->Write(form_.head);
  }

  WriterContext context_;
  const NameFileForm& form_;
  NameList names_;
  std::optional<OutputFile> file_;
  std::string lines_;
};

}  // namespace

std::string HashHeader(const Destination& destination) {
  return fmt::format("# gapferry: {}, up to tlp:{}\n", destination.name,
                     intel::TlpName(destination.use.clearance));
}

void EndWithEvent(const ListedName& listed, std::string* text) {
  *text += " # ";
  listed.event.AppendTo(text);
  *text += '\n';
}

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<std::uint8_t>(c) < 0x80; });
}

std::unique_ptr<Writer> MakeNameFile(const WriterContext& context, const NameFileForm& form) {
  return std::make_unique<NameFileWriter>(context, form);
}

policy::Decision ExpressNames(const Destination&, const intel::Indicator& indicator,
                              std::string_view type) {
  return NameList::Takes(indicator.kind) ? policy::Decision::Allow()
                                         : CannotExpressKind(indicator, type);
}

policy::Decision ExpressNetworks(const Destination&, const intel::Indicator& indicator,
                                 std::string_view type) {
  return NetworkList::Takes(indicator.kind) ? policy::Decision::Allow()
                                            : CannotExpressKind(indicator, type);
}

}  // namespace gapferry::detect
