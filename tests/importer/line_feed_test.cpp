#include "importer/line_feed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "importer/gunzip.h"

namespace gapferry::importer {
namespace {

// Gives a few bytes at a time, as a pipe may.
ByteSource Dripping(std::string text, std::size_t step) {
  return [text = std::move(text), step,
          at = std::size_t{0}](std::span<std::uint8_t> into) mutable -> Result<std::size_t> {
    const std::size_t size = std::min({step, into.size(), text.size() - at});
    std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), size, into.begin());
    at += size;
    return size;
  };
}

struct Piece {
  std::string bytes;
  std::uint64_t number;
  bool piece;
  bool first;
  friend bool operator==(const Piece&, const Piece&) = default;
};

std::vector<Piece> ReadAll(ByteSource source, std::size_t max_line) {
  LineFeed feed(std::move(source), max_line);
  std::vector<Piece> pieces;
  for (bool more = true; more;) {
    more = feed.Fill().value();
    while (const auto line = feed.Next())
      pieces.push_back({std::string(line->bytes), line->number, line->piece, line->first});
  }
  return pieces;
}

TEST(LineFeed, GivesEveryByteOnceHoweverItComes) {
  const std::string text = "one\n\ntwo, which is longer\r\nx\nlast without end";
  for (std::size_t step = 1; step < 40; ++step) {
    for (std::size_t max_line = 1; max_line < 30; ++max_line) {
      std::string whole;
      std::uint64_t lines = 0;
      for (const Piece& piece : ReadAll(Dripping(text, step), max_line)) {
        whole += piece.bytes;
        lines += piece.first ? 1 : 0;
        EXPECT_EQ(piece.number, lines);
        EXPECT_LE(piece.bytes.size(), max_line + 1);
      }
      EXPECT_EQ(whole, text);
      EXPECT_EQ(lines, 5U);
    }
  }
}

TEST(LineFeed, MarksThePiecesOfALongLine) {
  const std::vector<Piece> expected = {{"ab\n", 1, false, true},
                                       {"abcd", 2, true, true},
                                       {"ef\n", 2, true, false},
                                       {"g", 3, false, true}};
  EXPECT_EQ(ReadAll(Dripping("ab\nabcdef\ng", 5), 4), expected);
}

TEST(MaybeGunzip, LeavesPlainTextAlone) {
  for (const std::string text : {"", "\x1f", "a", "ab", "plain\n"}) {
    auto source = MaybeGunzip(Dripping(text, 1));
    ASSERT_TRUE(source.ok());
    std::string whole;
    for (const Piece& piece : ReadAll(*source, 100))
      whole += piece.bytes;
    EXPECT_EQ(whole, text);
  }
}

}  // namespace
}  // namespace gapferry::importer
