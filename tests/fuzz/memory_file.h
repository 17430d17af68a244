// tests/fuzz/memory_file.h: descriptors for code that reads and writes files and pipes.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "base/file.h"
#include "tests/fuzz/fuzz.h"

namespace gapferry::fuzz {

// Positioned at its beginning.
inline Fd MemoryFile(std::string_view content) {
  Fd file(::memfd_create("fuzz", MFD_CLOEXEC));
  FUZZ_CHECK(file.open());
  FUZZ_CHECK(WriteFull(file.get(), AsBytes(content)).ok());
  FUZZ_CHECK(::lseek(file.get(), 0, SEEK_SET) == 0);
  return file;
}

inline std::string ContentOf(const Fd& file) {
  Bytes bytes(SizeOf(file).value());
  FUZZ_CHECK(::lseek(file.get(), 0, SEEK_SET) == 0);
  FUZZ_CHECK(ReadFull(file.get(), bytes).value() == bytes.size());
  return std::string(AsText(bytes));
}

}  // namespace gapferry::fuzz
