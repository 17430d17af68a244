#include "collect/feed_files.h"

#include <algorithm>

#include "base/file.h"

namespace gapferry::collect {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kReadChunk = 256 << 10;
constexpr int kMostLevels = 4;

Status AddFile(const fs::path& path, Blake2b* digest) {
  GF_TRY(const Fd fd, OpenRegular(path));
  GF_TRY(const std::uint64_t size, SizeOf(fd));
  digest->Update(path.filename().string()).Update("\n" + std::to_string(size) + "\n");
  std::vector<std::uint8_t> buffer(kReadChunk);
  while (true) {
    GF_TRY(const std::size_t got, ReadFull(fd.get(), buffer));
    if (got == 0) return Ok();
    digest->Update(ByteView(buffer).first(got));
  }
}

// Goes down while there is nothing else to go to.
fs::path FindFolder(fs::path folder, std::string_view landmark) {
  std::error_code error;
  for (int level = 0; level < kMostLevels; ++level) {
    if (fs::exists(folder / landmark, error)) return folder;
    std::vector<fs::path> folders;
    bool files = false;
    for (fs::directory_iterator entry(folder, error); entry != fs::directory_iterator();
         entry.increment(error)) {
      if (error) return folder;
      if (entry->is_directory(error)) {
        folders.push_back(entry->path());
      } else {
        files = true;
      }
    }
    const auto has = [&](const fs::path& below) {
      std::error_code ignored;
      return fs::exists(below / landmark, ignored);
    };
    std::sort(folders.begin(), folders.end());
    const auto marked = std::find_if(folders.begin(), folders.end(), has);
    if (marked != folders.end()) return *marked;
    if (files || folders.size() != 1) return folder;
    folder = folders.front();
  }
  return folder;
}

}  // namespace

Result<std::vector<fs::path>> FeedFiles(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    if (!fs::exists(path, error)) {
      return Error::Make(Kind::kNotFound, "there is no {}", path.string())
          .Hint("check that it is mounted; the mirror was left as it is");
    }
    return std::vector<fs::path>{path};
  }
  GF_TRY(std::vector<fs::path> files, ListFiles(path));
  std::erase_if(files,
                [](const fs::path& file) { return file.filename().string().starts_with('.'); });
  if (files.empty()) {
    return Error::Make(Kind::kNotFound, "{} holds no file", path.string())
        .Hint("check that the folder is mounted and complete; the mirror was left as it is");
  }
  return files;
}

Result<Digest256> DigestOfFiles(const std::vector<fs::path>& files, std::string_view settings) {
  Blake2b digest(sizeof(Digest256));
  digest.Update(settings).Update("\n");
  for (const fs::path& file : files)
    GF_CHECK(AddFile(file, &digest));
  return digest.Finish256();
}

Status ForEachDocument(const fs::path& file, const ReadDocument& read) {
  const std::string name = file.filename().string();
  GF_TRY(Fd fd, OpenRegular(file));
  GF_TRY(const bool archive, IsArchive(fd));
  if (!archive) return read(name, FileSource(std::move(fd)));
  return ForEachMember(fd, name, {}, [&](const std::string& member, ByteSource source) {
    return read(member.empty() ? name : name + '/' + member, std::move(source));
  });
}

Result<UnpackedFeed> UnpackFeed(const fs::path& path, const fs::path& parent,
                                std::string_view landmark) {
  std::error_code error;
  if (!fs::is_regular_file(fs::symlink_status(path, error))) return UnpackedFeed{{}, path};
  GF_TRY(const Fd fd, OpenRegular(path));
  GF_TRY(const bool archive, IsArchive(fd));
  if (!archive) return UnpackedFeed{{}, path};
  GF_TRY(ScratchFolder scratch, ScratchFolder::Make(parent));
  GF_CHECK(Unpack(fd, path.filename().string(), {}, scratch.path()));
  fs::path folder = FindFolder(scratch.path(), landmark);
  return UnpackedFeed{std::move(scratch), std::move(folder)};
}

}  // namespace gapferry::collect
