// A hosts file (hosts(5)): it knows no name below another one, so a domain is that name only, which
// is less than the indicator says and never more.
#include "detect/name_file.h"

namespace gapferry::detect {
namespace {

constexpr NameFileForm kHostsForm{
    .file = "misp.hosts",
    .head = "",
    .covered = NameList::Covered::kKept,
    .lines =
        [](const ListedName& listed, std::string* text) {
          for (const std::string_view address : {"0.0.0.0 ", ":: "}) {
            *text += address;
            *text += listed.name;
            EndWithEvent(listed, text);
          }
        },
};

}  // namespace

constinit const Format kHosts{
    .name = "hosts",
    .summary = "hosts file",
    .by_event = false,
    .checker = "",
    .express = ExpressNames,
    .make = [](const WriterContext& context) { return MakeNameFile(context, kHostsForm); },
    .power = policy::Power::kBlocks,
};

}  // namespace gapferry::detect
