// detect/name_file.h: the part that formats share which are one text file with lines for each name,
// or for each address.
#pragma once

#include <string>

#include "detect/format.h"
#include "detect/name_list.h"
#include "detect/network_list.h"

namespace gapferry::detect {

// "# gapferry: <destination>, up to tlp:<clearance>" with LF.
[[nodiscard]] std::string HashHeader(const Destination& destination);

// Appends " # <UUID of its event>" with LF.
void EndWithEvent(const ListedName& listed, std::string* text);

// How a format of names is written.
struct NameFileForm {
  std::string_view file;
  std::string_view head;  // after the header
  NameList::Covered covered;
  // Appends the lines of one name, each with LF.
  void (*lines)(const ListedName& listed, std::string* text);
};
// `form` is static.
[[nodiscard]] std::unique_ptr<Writer> MakeNameFile(const WriterContext& context,
                                                   const NameFileForm& form);

// What clients send of a URL is ASCII; other bytes would be an entry that never matches.
[[nodiscard]] bool IsAscii(std::string_view text);

// The express of formats that take names only, or addresses and networks only.
[[nodiscard]] policy::Decision ExpressNames(const Destination& destination,
                                            const intel::Indicator& indicator,
                                            std::string_view type);
[[nodiscard]] policy::Decision ExpressNetworks(const Destination& destination,
                                               const intel::Indicator& indicator,
                                               std::string_view type);

}  // namespace gapferry::detect
