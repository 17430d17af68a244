#include "detect/output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace gapferry::detect {
namespace {

constexpr std::size_t kBufferBytes = 1 << 16;

}  // namespace

Status OutputFile::Flush() {
  hash_.Update(buffer_);
  size_ += buffer_.size();
  GF_CHECK(WriteFull(fd_.get(), AsBytes(buffer_)));
  buffer_.clear();
  return Ok();
}

Status OutputFile::Write(std::string_view text) {
  buffer_ += text;
  return buffer_.size() < kBufferBytes ? Ok() : Flush();
}

Status OutputFile::Close() {
  GF_CHECK(Flush());
  facts_->size = size_;
  facts_->digest = HexEncode(hash_.Finish512());
  fd_.Close();
  return Ok();
}

Result<OutputFolder> OutputFolder::Create(std::filesystem::path path, bool closed) {
  GF_CHECK(MakeFolder(path.parent_path()));
  if (::mkdir(path.c_str(), closed ? 0700 : 0755) != 0)
    return SystemError("cannot create " + path.string(), errno);
  return OutputFolder(std::move(path));
}

Result<OutputFile> OutputFolder::Open(const std::string& name) {
  const auto [entry, added] = files_.try_emplace(name);
  if (!added) return Error::Make(Kind::kInternal, "artifact file {} is written twice", name);
  const std::filesystem::path target = path_ / name;
  const std::size_t slash = name.find('/');
  if (slash != std::string::npos && ::mkdir(target.parent_path().c_str(), 0755) != 0 &&
      errno != EEXIST)
    return SystemError("cannot create " + target.parent_path().string(), errno);
  Fd fd(::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd.open()) return SystemError("cannot create " + target.string(), errno);
  return OutputFile(std::move(fd), &entry->second);
}

Status OutputFolder::WriteFile(const std::string& name, std::string_view content) {
  GF_TRY(OutputFile file, Open(name));
  GF_CHECK(file.Write(content));
  return file.Close();
}

Status OutputFolder::Sync() const {
  const Fd folder(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // One call for all files: a Sigma generation has thousands of them.
  if (!folder.open() || ::syncfs(folder.get()) != 0)
    return SystemError("cannot sync " + path_.string(), errno);
  return SyncFolder(path_.parent_path());
}

}  // namespace gapferry::detect
