#include "detect/row_sorter.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/bytes.h"

namespace gapferry::detect {
namespace {

constexpr std::size_t kReadBytes = 64 << 10;
constexpr std::size_t kWriteBytes = 256 << 10;
constexpr std::size_t kSizeBytes = sizeof(std::uint32_t);

std::uint64_t BytesAt(std::string_view row, std::size_t from) {
  std::array<std::uint8_t, sizeof(std::uint64_t)> bytes{};
  if (from < row.size())
    std::memcpy(bytes.data(), row.data() + from, std::min(bytes.size(), row.size() - from));
  std::uint64_t number = 0;
  for (const std::uint8_t byte : bytes)
    number = number << 8 | byte;
  return number;
}

RowHead HeadOf(std::string_view row) {
  return {BytesAt(row, 0), BytesAt(row, sizeof(std::uint64_t))};
}

// Reads one run from its file, row by row.
class RunReader {
 public:
  RunReader(int fd, std::uint64_t begin, std::uint64_t end) : fd_(fd), next_(begin), end_(end) {}

  [[nodiscard]] bool done() const { return done_; }
  [[nodiscard]] std::string_view row() const { return row_; }
  [[nodiscard]] const RowHead& head() const { return head_; }

  Status Advance() {
    done_ = at_ == filled_ && next_ == end_;
    if (done_) return Ok();
    GF_CHECK(Fill(kSizeBytes));
    std::uint32_t size = 0;
    std::memcpy(&size, buffer_.data() + at_, kSizeBytes);
    at_ += kSizeBytes;
    GF_CHECK(Fill(size));
    row_ = std::string_view(buffer_).substr(at_, size);
    head_ = HeadOf(row_);
    at_ += size;
    return Ok();
  }

 private:
  Status Fill(std::size_t needed) {
    if (filled_ - at_ >= needed) return Ok();
    std::memmove(buffer_.data(), buffer_.data() + at_, filled_ - at_);
    filled_ -= at_;
    at_ = 0;
    if (buffer_.size() < std::max(needed, kReadBytes)) buffer_.resize(std::max(needed, kReadBytes));
    while (filled_ < needed) {
      const std::size_t wanted =
          static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size() - filled_, end_ - next_));
      const ssize_t got = ::pread(fd_, buffer_.data() + filled_, wanted, static_cast<off_t>(next_));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return SystemError("cannot read the sorted values", errno);
      if (got == 0) return Error::Make(Kind::kInternal, "a run of sorted values ends too early");
      filled_ += static_cast<std::size_t>(got);
      next_ += static_cast<std::uint64_t>(got);
    }
    return Ok();
  }

  int fd_;
  std::uint64_t next_;  // in the file
  std::uint64_t end_;
  std::string buffer_;
  std::size_t at_ = 0;
  std::size_t filled_ = 0;
  std::string_view row_;
  RowHead head_;
  bool done_ = false;
};

}  // namespace

Status RowSorter::Add(std::string_view row) {
  // Of short rows the entries take as much as the rows.
  const std::size_t held = arena_.size() + row.size() + entries_.size() * sizeof(Entry);
  if (held > run_bytes_ && !entries_.empty()) GF_CHECK(Spill());
  entries_.push_back({HeadOf(row), static_cast<std::uint32_t>(arena_.size()),
                      static_cast<std::uint32_t>(row.size())});
  arena_ += row;
  sorted_ = false;
  return Ok();
}

void RowSorter::SortEntries() {
  if (sorted_) return;
  std::sort(entries_.begin(), entries_.end(), [this](const Entry& a, const Entry& b) {
    return a.head != b.head ? a.head < b.head : RowOf(a) < RowOf(b);
  });
  sorted_ = true;
}

Status RowSorter::Spill() {
  if (entries_.empty()) return Ok();
  SortEntries();
  if (!file_.open()) {
    GF_TRY(file_, UnnamedFile(folder_));
  }
  const std::uint64_t begin = file_size_;
  std::string buffer;
  const auto flush = [&]() -> Status {
    GF_CHECK(WriteFull(file_.get(), AsBytes(buffer)));
    file_size_ += buffer.size();
    buffer.clear();
    return Ok();
  };
  for (const Entry& entry : entries_) {
    buffer.append(reinterpret_cast<const char*>(&entry.size), kSizeBytes);
    buffer += RowOf(entry);
    if (buffer.size() >= kWriteBytes) GF_CHECK(flush());
  }
  GF_CHECK(flush());
  runs_.push_back({begin, file_size_});
  arena_.clear();
  entries_.clear();
  return Ok();
}

Status RowSorter::ForEach(const Visit& visit) {
  if (!runs_.empty()) return Merge(visit);
  SortEntries();
  for (const Entry& entry : entries_)
    GF_CHECK(visit(RowOf(entry)));
  return Ok();
}

Status RowSorter::Merge(const Visit& visit) {
  GF_CHECK(Spill());
  arena_.shrink_to_fit();
  entries_.shrink_to_fit();
  std::vector<RunReader> readers;
  for (const Run& run : runs_)
    readers.emplace_back(file_.get(), run.begin, run.end);
  std::vector<RunReader*> heap;
  for (RunReader& reader : readers) {
    GF_CHECK(reader.Advance());
    heap.push_back(&reader);
  }
  // The standard heaps have the greatest first.
  const auto after = [](const RunReader* a, const RunReader* b) {
    return a->head() != b->head() ? a->head() > b->head() : a->row() > b->row();
  };
  std::make_heap(heap.begin(), heap.end(), after);
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), after);
    RunReader& least = *heap.back();
    GF_CHECK(visit(least.row()));
    GF_CHECK(least.Advance());
    if (least.done()) {
      heap.pop_back();
    } else {
      std::push_heap(heap.begin(), heap.end(), after);
    }
  }
  return Ok();
}

}  // namespace gapferry::detect
