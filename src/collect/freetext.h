// collect/freetext.h: indicators in text that people wrote: lists with comments, reports, mails.
// What is taken and what is left is in docs/sources.md.
#pragma once

#include <functional>
#include <vector>

#include "collect/block_line.h"
#include "collect/encoding.h"
#include "collect/exclusion.h"
#include "collect/feed_values.h"
#include "collect/policy_zone.h"
#include "collect/value_form.h"

namespace gapferry::collect {

// Gathers the values of one file, a line at a time.
class FreetextLine {
 public:
  // `form`: what FindListForm says about the file.
  explicit FreetextLine(ListForm form = ListForm::kNone) : form_(form) {}

  // `text`: UTF-8 without its end.
  void Read(std::string_view text, std::vector<FormedValue>* found);
  // What the last lines held back; they are all.
  void Finish(std::vector<FormedValue>* found);
  // Of addresses, in all lines so far; nothing of them is taken.
  [[nodiscard]] std::uint64_t wide_ranges() const { return wide_ranges_; }
  // Of blocklists, lines so far that block something else than a name, an address or a URL.
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }

 private:
  void ReadComment(std::string_view text);
  // Of a blocklist: only what it blocks. False: the line is none such.
  bool ReadBlocked(std::string_view text, bool indented);
  void TakeBlocked(const BlockLine& line);
  void ReadWords(std::string_view text);
  // A hash and the name of its file, with all its blanks. False: the line is not built so.
  bool ReadHashAndName(std::string_view text);
  // Returns how much of `rest` is a path, taken or left.
  std::size_t ReadPath(std::string_view rest);
  void ReadToken(std::string_view token);
  bool ReadRange(std::string_view token);
  bool Try(std::string_view piece);
  void TryPieces(std::string_view token);
  // `labelled`: a word such as "MD5:" stood before it.
  bool TryPiece(std::string_view piece, bool labelled = false);
  void Take();

  // An address and its mask at the front of `rest`, "192.0.2.0 255.255.255.0": how much that is.
  std::size_t ReadMasked(std::string_view rest);

  ListForm form_;
  std::vector<FormedValue>* found_ = nullptr;
  Around around_ = Around::kProse;
  std::string_view before_;  // the word before
  std::string plain_;
  std::string joined_;
  FormedValue value_;
  PolicyZone zone_;
  std::uint64_t wide_ranges_ = 0;
  std::uint64_t left_out_ = 0;
};

struct FreetextOptions {
  Encoding encoding = Encoding::kAuto;
  Exclusion exclude;
  std::uint64_t max_bytes = kMaxFeedBytes;
};

// Hands every value to `take`, each as often as it stands there. Lines that cannot be read are in
// `report`. Errors: kTooLarge, those of the source, and of `take`.
[[nodiscard]] Status ReadFreetext(ByteSource source, std::string_view file,
                                  const FreetextOptions& options, const TakeValue& take,
                                  ValueReport* report);

}  // namespace gapferry::collect
