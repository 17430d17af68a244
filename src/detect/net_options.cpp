#include "detect/net_options.h"

#include <algorithm>

#include "base/bytes.h"
#include "detect/destination.h"
#include "intel/value.h"

namespace gapferry::detect {
namespace {

constexpr std::size_t kMaxZone = 60;  // leaves room for the names below it
constexpr std::size_t kMaxWord = 16;
constexpr std::int64_t kMaxSnortSid = 2'147'483'647;  // max31 of Snort 3
constexpr std::size_t kMaxGarden = 16;

Error BadOption(const Destination& destination, std::string_view what) {
  return Error::Make(Kind::kConfig, "destination {}: {}", destination.name, what);
}

bool IsWord(std::string_view word, std::string_view others) {
  return !word.empty() && word.size() <= kMaxWord && word[0] >= 'a' && word[0] <= 'z' &&
         std::all_of(word.begin(), word.end(), [&](char c) {
           return (c >= 'a' && c <= 'z') || IsAsciiDigit(c) || others.find(c) != others.npos;
         });
}

// Its own normal form: lower case, no dot at the end.
bool IsPlainName(std::string_view name) {
  return intel::NormaliseName(name) == name;
}

Status CheckRpz(const Destination& destination) {
  const RpzOptions& rpz = destination.net.rpz;
  if (rpz.zone.size() > kMaxZone || !IsPlainName(rpz.zone))
    return BadOption(destination,
                     fmt::format("the zone \"{}\" is no name in lower case of at most {} "
                                 "bytes",
                                 rpz.zone, kMaxZone));
  const bool garden = rpz.action == "garden";
  if (garden == rpz.garden.empty())
    return BadOption(destination, "the action garden and the list garden belong together");
  if (rpz.garden.size() > kMaxGarden)
    return BadOption(destination, fmt::format("garden has {} entries, at most {} are possible",
                                              rpz.garden.size(), kMaxGarden));
  const bool name = garden && !intel::NormaliseAddress(rpz.garden[0]);
  for (const std::string& entry : rpz.garden) {
    if (name ? rpz.garden.size() > 1 || !IsPlainName(entry)
             : intel::NormaliseAddress(entry) != entry)
      return BadOption(destination,
                       fmt::format("garden is one name, or addresses in their usual form, "
                                   "and not {}",
                                   entry));
  }
  return Ok();
}

}  // namespace

Status CheckNetOptions(const Destination& destination) {
  const NetOptions& net = destination.net;
  GF_CHECK(CheckRpz(destination));
  if (!IsWord(net.nftables.table, "_"))
    return BadOption(destination, fmt::format("the table \"{}\" is not 1 to 16 of a-z, 0-9 and _, "
                                              "beginning with a letter",
                                              net.nftables.table));
  if (!IsWord(net.ipset.prefix, "_-"))
    return BadOption(destination,
                     fmt::format("the prefix \"{}\" is not 1 to 16 of a-z, 0-9, - and _, "
                                 "beginning with a letter",
                                 net.ipset.prefix));
  const SnortOptions& snort = net.snort;
  if (snort.sid_base < 1 || snort.sid_count < 1 ||
      snort.sid_base > kMaxSnortSid - snort.sid_count + 1)
    return BadOption(destination,
                     fmt::format("{} sids from {} on go beyond {}, the last that there is",
                                 snort.sid_count, snort.sid_base, kMaxSnortSid));
  return Ok();
}

}  // namespace gapferry::detect
