// bundle/source.h: where a volume's bytes come from. Offsets are from the start of the volume.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/file.h"
#include "base/result.h"

namespace gapferry::bundle {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // For messages: the file name that the user gave.
  [[nodiscard]] virtual const std::string& name() const = 0;
  // Fixed when the source is opened.
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  // Fills `buffer` unless the source ends before; returns the bytes read. Errors: kIo.
  [[nodiscard]] virtual Result<std::size_t> ReadAt(std::uint64_t offset,
                                                   std::span<std::uint8_t> buffer) = 0;
  // Says that this range is wanted next, so that the medium can work while the last one is hashed.
  virtual void Prefetch(std::uint64_t /*offset*/, std::uint64_t /*length*/) {}
};

class FileSource final : public ByteSource {
 public:
  // Follows no link and opens no device. Errors: kNotFound, kIo.
  [[nodiscard]] static Result<std::unique_ptr<ByteSource>> Open(const std::filesystem::path& path);
  // For a process that was handed an open file.
  [[nodiscard]] static Result<std::unique_ptr<ByteSource>> Adopt(Fd fd, std::string name);

  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  [[nodiscard]] Result<std::size_t> ReadAt(std::uint64_t offset,
                                           std::span<std::uint8_t> buffer) override;
  void Prefetch(std::uint64_t offset, std::uint64_t length) override;

 private:
  FileSource(Fd fd, std::string name, std::uint64_t size);
  Fd fd_;
  std::string name_;
  std::uint64_t size_;
};

class MemorySource final : public ByteSource {
 public:
  MemorySource(std::string name, std::string bytes)
      : name_(std::move(name)), bytes_(std::move(bytes)) {}

  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
  [[nodiscard]] Result<std::size_t> ReadAt(std::uint64_t offset,
                                           std::span<std::uint8_t> buffer) override;

 private:
  std::string name_;
  std::string bytes_;
};

// Reads at `offset` until `buffer` is full or the file ends; the file position stays where it is.
[[nodiscard]] Result<std::size_t> ReadFullAt(int fd, std::uint64_t offset,
                                             std::span<std::uint8_t> buffer);

}  // namespace gapferry::bundle
