// Unbound: a local zone answers NXDOMAIN for its name and all below it; one name alone gets local
// data, which leaves the names below it to the Internet.
#include "detect/name_file.h"

namespace gapferry::detect {
namespace {

constexpr NameFileForm kUnboundForm{
    .file = "misp.conf",
    .head = "server:\n",
    .covered = NameList::Covered::kLeftOut,
    .lines =
        [](const ListedName& listed, std::string* text) {
          const std::string event = listed.event.ToString();
          if (listed.below) {
            fmt::format_to(std::back_inserter(*text), "local-zone: \"{}.\" always_nxdomain # {}\n",
                           listed.name, event);
          } else {
            fmt::format_to(std::back_inserter(*text),
                           "local-data: \"{0}. A 0.0.0.0\" # {1}\n"
                           "local-data: \"{0}. AAAA ::\" # {1}\n",
                           listed.name, event);
          }
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
