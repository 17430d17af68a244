#include "collect/echo_watch.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/bytes.h"

namespace gapferry::collect {
namespace {

constexpr std::size_t kUnicodeEscape = 6;  // \uXXXX
constexpr std::size_t kPercentEscape = 3;  // %XX

bool IsHexDigit(char c) {
  return IsAsciiDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

void AppendUtf8(std::uint32_t code, std::string* text) {
  const auto add = [&](std::uint32_t byte) { text->push_back(static_cast<char>(byte)); };
  if (code < 0x80) return add(code);
  if (code < 0x800) {
    add(0xC0U | code >> 6U);
  } else if (code < 0x10000) {
    add(0xE0U | code >> 12U);
    add(0x80U | (code >> 6U & 0x3FU));
  } else {
    add(0xF0U | code >> 18U);
    add(0x80U | (code >> 12U & 0x3FU));
    add(0x80U | (code >> 6U & 0x3FU));
  }
  add(0x80U | (code & 0x3FU));
}

}  // namespace

void Unescaper::AddCode(std::uint32_t code) {
  const bool low = code >= 0xDC00 && code < 0xE000;
  if (code >= 0xD800 && code < 0xDC00) {
    high_ = code;
  } else {
    if (low && high_ != 0) code = 0x10000 + ((high_ - 0xD800) << 10U) + (code - 0xDC00);
    high_ = 0;
    AppendUtf8(code, &text_);
  }
}

void Unescaper::Add(char c) {
  if (escape_.empty()) {
    if (c == '\\') return escape_.push_back(c);
    return text_.push_back(c);
  }
  if (escape_.size() == 1 && c != 'u') {
    // What stands for a control character is in no key.
    text_.push_back(c);
    return escape_.clear();
  }
  if (escape_.size() > 1 && !IsHexDigit(c)) {
    text_ += std::exchange(escape_, "");
    return Add(c);
  }
  escape_.push_back(c);
  if (escape_.size() < kUnicodeEscape) return;
  std::uint32_t code = 0;
  constexpr int kHex = 16;
  std::from_chars(escape_.data() + 2, escape_.data() + escape_.size(), code, kHex);
  escape_.clear();
  AddCode(code);
}

std::string_view Unescaper::Take(std::string_view bytes) {
  if (escape_.empty() && bytes.find('\\') == std::string_view::npos) return bytes;
  text_.clear();
  for (const char c : bytes)
    Add(c);
  return text_;
}

void PercentDecoder::Add(char c) {
  if (escape_.empty()) {
    (c == '%' ? escape_ : text_).push_back(c);
    return;
  }
  if (!IsHexDigit(c)) {
    text_ += std::exchange(escape_, "");
    return Add(c);
  }
  escape_.push_back(c);
  if (escape_.size() < kPercentEscape) return;
  std::uint8_t byte = 0;
  constexpr int kHex = 16;
  std::from_chars(escape_.data() + 1, escape_.data() + escape_.size(), byte, kHex);
  escape_.clear();
  text_.push_back(static_cast<char>(byte));
}

std::string_view PercentDecoder::Take(std::string_view bytes) {
  if (escape_.empty() && bytes.find('%') == std::string_view::npos) return bytes;
  text_.clear();
  for (const char c : bytes)
    Add(c);
  return text_;
}

EchoWatch::EchoWatch(const Secret& secret) {
  for (const std::string& word : secret.Words()) {
    for (std::vector<Needle>& needles : needles_)
      needles.push_back({AsciiLower(word), ""});
    std::string with_plus = word;  // as forms write a blank
    std::replace(with_plus.begin(), with_plus.end(), ' ', '+');
    decoded_needles_.push_back({AsciiLower(word), ""});
    if (with_plus != word) decoded_needles_.push_back({AsciiLower(with_plus), ""});
  }
  for (const std::string& form : secret.Disguises()) {
    needles_[0].push_back({AsciiLower(form), ""});
    if (form.find_first_of("+/") != std::string::npos)
      decoded_needles_.push_back({AsciiLower(form), ""});
  }
}

bool EchoWatch::Ends(Needle* needle, std::string_view bytes) {
  const std::string& text = needle->text;
  std::string& tail = needle->tail;
  const std::size_t overlap = text.size() - 1;
  tail.append(bytes.substr(0, overlap));
  // memmem is several times faster than find() where the first letter is frequent.
  const auto has = [&](std::string_view where) {
    return ::memmem(where.data(), where.size(), text.data(), text.size()) != nullptr;
  };
  const bool seen = has(tail) || has(bytes);
  if (bytes.size() >= overlap) {
    tail = bytes.substr(bytes.size() - overlap);
  } else if (tail.size() > overlap) {
    tail.erase(0, tail.size() - overlap);
  }
  return seen;
}

bool EchoWatch::Look(std::string_view bytes, std::vector<Needle>* needles) {
  // Without escapes they are the same bytes as those before.
  if (bytes.data() != folded_from_) {
    folded_from_ = bytes.data();
    folded_ = bytes;
    for (char& c : folded_)
      c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  }
  bool seen = false;
  for (Needle& needle : *needles)
    seen = Ends(&needle, folded_) || seen;
  return seen;
}

bool EchoWatch::Seen(std::string_view bytes) {
  if (needles_[0].empty()) return false;
  folded_from_ = nullptr;
  bool seen = Look(bytes, needles_.data());
  seen = Look(percent_.Take(bytes), &decoded_needles_) || seen;
  for (std::size_t level = 1; level < needles_.size(); ++level) {
    bytes = unescapers_[level - 1].Take(bytes);
    seen = Look(bytes, &needles_[level]) || seen;
  }
  return seen;
}

Error KeyComesBack() {
  return Error::Make(Kind::kMalformed, "the answer holds the key that was sent")
      .Hint("a server that shows keys must not be collected from; the answer was thrown away");
}

}  // namespace gapferry::collect
