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
          const std::string event = listed.event.ToString();
          fmt::format_to(std::back_inserter(*text), "0.0.0.0 {0} # {1}\n:: {0} # {1}\n",
                         listed.name, event);
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
