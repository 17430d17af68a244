// detect/spool.h: text that is written before what stands above it in its file is known.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "detect/output.h"

namespace gapferry::detect {

class Spool {
 public:
  // Beyond a buffer it lies in a file without a name in `folder`.
  explicit Spool(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Errors of both: kIo, kNoSpace.
  [[nodiscard]] Status Write(std::string_view text);
  // All that was written; once.
  [[nodiscard]] Status CopyTo(OutputFile* file);
  [[nodiscard]] bool empty() const { return buffer_.empty() && !file_.open(); }

 private:
  [[nodiscard]] Status Flush();

  std::filesystem::path folder_;
  std::string buffer_;
  Fd file_;
};

}  // namespace gapferry::detect
