#include "detect/name_file.h"

#include <algorithm>

namespace gapferry::detect {
namespace {

class NameFileWriter : public Writer {
 public:
  NameFileWriter(const WriterContext& context, const NameFileForm& form)
      : context_(context), form_(form), names_(context.output.path(), form.covered) {}

  Status Add(EventNumber, const Candidate& candidate) override { return names_.Add(candidate); }

  Status Finish() override {
    GF_TRY(OutputFile file, context_.output.Open(std::string(form_.file)));
    GF_CHECK(file.Write(HashHeader(context_.destination)));
    GF_CHECK(file.Write(form_.head));
    std::string lines;
    GF_CHECK(names_.ForEach([&](const ListedName& listed) {
      lines.clear();
      form_.lines(listed, &lines);
      return file.Write(lines);
    }));
    return file.Close();
  }

 private:
  WriterContext context_;
  const NameFileForm& form_;
  NameList names_;
};

}  // namespace

std::string HashHeader(const Destination& destination) {
  return fmt::format("# gapferry: {}, up to tlp:{}\n", destination.name,
                     intel::TlpName(destination.use.clearance));
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
