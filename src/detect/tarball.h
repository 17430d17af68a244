// detect/tarball.h: files of a generation once more, as one tar.gz.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "detect/output.h"

namespace gapferry::detect {

// Writes `name` with the members <folder>/<file> (ustar, gzip; no time, no owner: the same files
// give the same bytes with the same zlib). The files must be closed, and below 8 GiB each. Errors:
// kIo, kNoSpace, kTooLarge.
[[nodiscard]] Status WriteTarball(OutputFolder* output, const std::string& name,
                                  std::string_view folder, const std::vector<std::string>& files);

}  // namespace gapferry::detect
