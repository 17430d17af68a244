// detect/output.h: the files of one generation while they are written.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/hash.h"
#include "base/result.h"

namespace gapferry::detect {

struct FileFacts {
  std::uint64_t size = 0;
  std::string digest;  // BLAKE2b-512, as b2sum prints it
};

class OutputFile {
 public:
  OutputFile(OutputFile&&) noexcept = default;
  OutputFile& operator=(OutputFile&&) noexcept = default;
  // Errors of both: kIo, kNoSpace.
  [[nodiscard]] Status Write(std::string_view text);
  [[nodiscard]] Status Close();
  [[nodiscard]] std::uint64_t size() const { return size_ + buffer_.size(); }

 private:
  friend class OutputFolder;
  OutputFile(Fd fd, FileFacts* facts) : fd_(std::move(fd)), facts_(facts) {}
  [[nodiscard]] Status Flush();

  Fd fd_;
  FileFacts* facts_;
  std::string buffer_;
  Blake2b hash_{64};
  std::uint64_t size_ = 0;
};

// A new folder that only this process writes. Must outlive its files.
class OutputFolder {
 public:
  // `closed`: nobody but this user may read it, until its rights are set. Errors: kIo, kNoSpace.
  [[nodiscard]] static Result<OutputFolder> Create(std::filesystem::path path, bool closed = false);

  // `name` is a file's name, or that of a folder below this one and a file's ("feed/hashes.csv"); a
  // name given twice is our own bug (kInternal).
  [[nodiscard]] Result<OutputFile> Open(const std::string& name);
  [[nodiscard]] Status WriteFile(const std::string& name, std::string_view content);
  // Everything that was written is on the disk.
  [[nodiscard]] Status Sync() const;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] const std::map<std::string, FileFacts>& files() const { return files_; }

 private:
  explicit OutputFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
  std::map<std::string, FileFacts> files_;
};

}  // namespace gapferry::detect
