// Unbound: a local zone answers NXDOMAIN for its name and all below it; one name alone gets local
// data, which leaves the names below it to the Internet.
#include "detect/name_file.h"

namespace gapferry::detect {
namespace {

void Line(std::string_view before, const ListedName& listed, std::string_view after,
          std::string* text) {
  *text += before;
  *text += listed.name;
  *text += after;
  EndWithEvent(listed, text);
}

constexpr NameFileForm kUnboundForm{
    .file = "misp.conf",
    .head = "server:\n",
    .covered = NameList::Covered::kLeftOut,
    .lines =
        [](const ListedName& listed, std::string* text) {
          if (listed.below) return Line("local-zone: \"", listed, ".\" always_nxdomain", text);
          Line("local-data: \"", listed, ". A 0.0.0.0\"", text);
          Line("local-data: \"", listed, ". AAAA ::\"", text);
        },
};

}  // namespace

constinit const Format kUnbound{
    .name = "unbound",
    .summary = "local zones for Unbound",
    .by_event = false,
    .checker = "unbound-checkconf {}/misp.conf",
    .express = ExpressNames,
    .make = [](const WriterContext& context) { return MakeNameFile(context, kUnboundForm); },
    .power = policy::Power::kBlocks,
};

}  // namespace gapferry::detect
