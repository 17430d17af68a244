// collect/feed_files.h: the files that a feed without events is made of.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/hash.h"
#include "collect/archive.h"

namespace gapferry::collect {

// A file, or the regular files of a folder, by name. Error: kNotFound for neither, and for a folder
// without files.
[[nodiscard]] Result<std::vector<std::filesystem::path>> FeedFiles(
    const std::filesystem::path& path);

// Of the names and bytes of the files, and of `settings`, which say what is made of them.
[[nodiscard]] Result<Digest256> DigestOfFiles(const std::vector<std::filesystem::path>& files,
                                              std::string_view settings);

// Calls `read` with the bytes of a file, or with those of every member if it is an archive; `name`
// is for messages: "feed.zip/list.csv".
using ReadDocument = std::function<Status(const std::string& name, ByteSource source)>;
[[nodiscard]] Status ForEachDocument(const std::filesystem::path& file, const ReadDocument& read);

// If `path` is an archive, unpacks it below `parent`; the folder lives as long as the result. What
// a publisher packs is often one folder that holds all: `folder` is the first, from the top, that
// holds `landmark`, or the only one.
struct UnpackedFeed {
  std::optional<ScratchFolder> scratch;
  std::filesystem::path folder;  // `path` itself if it is no archive
};
[[nodiscard]] Result<UnpackedFeed> UnpackFeed(const std::filesystem::path& path,
                                              const std::filesystem::path& parent,
                                              std::string_view landmark);

}  // namespace gapferry::collect
