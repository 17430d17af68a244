// detect/row_sorter.h: rows of bytes, sorted bytewise with bounded memory: sorted runs in a file
// without a name, merged as they are read.
#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace gapferry::detect {

// The first bytes of a row, highest first, filled up with zeros. Comparing them decides nearly
// always, and they lie where the sort looks anyhow.
struct RowHead {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend auto operator<=>(const RowHead&, const RowHead&) = default;
};

class RowSorter {
 public:
  static constexpr std::size_t kRunBytes = 16 << 20;

  // The file is made in `folder` once there is more than one run.
  explicit RowSorter(std::filesystem::path folder, std::size_t run_bytes = kRunBytes)
      : folder_(std::move(folder)), run_bytes_(run_bytes) {}

  // A row has less than 4 GiB. Not after ForEach. Errors: kIo, kNoSpace.
  [[nodiscard]] Status Add(std::string_view row);
  // All rows in order, equal ones too; any number of times. `row` lives until the visit ends.
  using Visit = std::function<Status(std::string_view row)>;
  [[nodiscard]] Status ForEach(const Visit& visit);

 private:
  struct Entry {
    RowHead head;
    std::uint32_t offset;
    std::uint32_t size;
  };
  struct Run {
    std::uint64_t begin;
    std::uint64_t end;
  };

  [[nodiscard]] std::string_view RowOf(const Entry& entry) const {
    return std::string_view(arena_).substr(entry.offset, entry.size);
  }
  void SortEntries();
  [[nodiscard]] Status Spill();
  [[nodiscard]] Status Merge(const Visit& visit);

  std::filesystem::path folder_;
  std::size_t run_bytes_;
  std::string arena_;
  std::vector<Entry> entries_;
  bool sorted_ = true;
  Fd file_;
  std::vector<Run> runs_;
  std::uint64_t file_size_ = 0;
};

}  // namespace gapferry::detect
