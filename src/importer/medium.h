// importer/medium.h: what lies on a medium, and the one bundle of it that is meant. Names only help
// to find; what a file is, its signed manifest says.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "bundle/reader.h"

namespace gapferry::importer {

struct Medium {
  std::vector<std::filesystem::path> volumes;  // of the bundle with the highest number
  std::vector<std::string> foreign;            // names of everything else: reported, never opened
};

// `path` is a bundle or a folder. With `stream` (not empty) bundles of other streams in a folder
// are passed over. Errors: kNotFound if there is no bundle; kIo for a path that is a link or a
// device.
[[nodiscard]] Result<Medium> LookAt(const std::filesystem::path& path, const std::string& stream);

[[nodiscard]] Result<bundle::BundleReader> OpenBundle(const Medium& medium);

}  // namespace gapferry::importer
