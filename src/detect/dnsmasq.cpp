// dnsmasq: `address=/name/` answers NXDOMAIN for the name and all below it, whatever is asked for;
// with an address after it, it would answer that type only and let the others go upstream. One name
// alone can be said with `host-record` only.
#include "detect/name_file.h"

namespace gapferry::detect {
namespace {

constexpr NameFileForm kForm{
    .file = "misp.conf",
    .head = "",
    .covered = NameList::Covered::kLeftOut,
    .lines =
        [](const ListedName& listed, std::string* text) {
          *text += listed.below ? "address=/" : "host-record=";
          *text += listed.name;
          *text += listed.below ? "/" : ",0.0.0.0,::";
          EndWithEvent(listed, text);
        },
};

}  // namespace

constinit const Format kDnsmasq{
    .name = "dnsmasq",
    .summary = "configuration for dnsmasq",
    .by_event = false,
    .checker = "dnsmasq --test -C {}/misp.conf",
    .express = ExpressNames,
    .make = [](const WriterContext& context) { return MakeNameFile(context, kForm); },
    .power = policy::Power::kBlocks,
};

}  // namespace gapferry::detect
