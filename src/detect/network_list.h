// detect/network_list.h: the addresses and networks of one destination in numeric order, without
// those that lie within another one: nftables and Squid refuse or complain about overlaps.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/uuid.h"
#include "detect/candidate.h"
#include "detect/row_sorter.h"

namespace gapferry::detect {

struct ListedNetwork {
  intel::Network network;  // an address is a network of full length
  Uuid event;              // one that names it
};

class NetworkList {
 public:
  // Sorted runs go to a file without a name in `folder`.
  explicit NetworkList(const std::filesystem::path& folder) : rows_(folder) {}

  [[nodiscard]] static bool Takes(intel::IndicatorKind kind);
  // Takes kAddress and kNetwork; a value that is neither is our own bug (kInternal). Errors of
  // both: kIo, kNoSpace.
  [[nodiscard]] Status Add(const Candidate& candidate);
  // IPv4 first, then by number. Any number of times.
  using Visit = std::function<Status(const ListedNetwork& listed)>;
  [[nodiscard]] Status ForEach(const Visit& visit);

 private:
  RowSorter rows_;
  std::string row_;
};

// An address at one port.
struct ListedEndpoint {
  intel::Network address;
  std::uint16_t port = 0;
  Uuid event;  // one that names it
};

// The addresses of one destination that have ports, in numeric order, each port once, whatever the
// direction; and those without, in the list beside it.
class EndpointList {
 public:
  EndpointList(const std::filesystem::path& folder, NetworkList* whole)
      : rows_(folder), whole_(*whole) {}

  // As NetworkList::Add.
  [[nodiscard]] Status Add(const Candidate& candidate);
  using Visit = std::function<Status(const ListedEndpoint& listed)>;
  [[nodiscard]] Status ForEach(const Visit& visit);

 private:
  RowSorter rows_;
  NetworkList& whole_;
};

}  // namespace gapferry::detect
