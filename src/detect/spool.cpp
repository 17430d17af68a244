#include "detect/spool.h"

#include <unistd.h>

#include <cerrno>

namespace gapferry::detect {
namespace {

constexpr std::size_t kSpoolBytes = 1 << 16;

}  // namespace

Status Spool::Flush() {
  if (!file_.open()) {
    GF_TRY(file_, UnnamedFile(folder_));
  }
  GF_CHECK(WriteFull(file_.get(), AsBytes(buffer_)));
  buffer_.clear();
  return Ok();
}

Status Spool::Write(std::string_view text) {
  buffer_ += text;
  return buffer_.size() < kSpoolBytes ? Ok() : Flush();
}

Status Spool::CopyTo(OutputFile* file) {
  if (!file_.open()) return file->Write(buffer_);
  GF_CHECK(Flush());
  buffer_.resize(kSpoolBytes);
  for (off_t at = 0;;) {
    const ssize_t got = ::pread(file_.get(), buffer_.data(), buffer_.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("cannot read what was kept aside", errno);
    if (got == 0) return Ok();
    GF_CHECK(file->Write(std::string_view(buffer_).substr(0, static_cast<std::size_t>(got))));
    at += got;
  }
}

}  // namespace gapferry::detect
