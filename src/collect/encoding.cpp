#include "collect/encoding.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace gapferry::collect {
namespace {

struct Named {
  std::string_view name;
  Encoding encoding;
};

constexpr auto kNames = std::to_array<Named>({{"auto", Encoding::kAuto},
                                              {"utf-8", Encoding::kUtf8},
                                              {"utf-16", Encoding::kUtf16},
                                              {"windows-1252", Encoding::kWindows1252},
                                              {"latin-1", Encoding::kWindows1252},
                                              {"mac-roman", Encoding::kMacRoman},
                                              {"windows-1251", Encoding::kWindows1251},
                                              {"shift-jis", Encoding::kShiftJis}});

// The names that iconv knows; empty where the bytes are UTF-8 already.
const char* IconvName(Encoding encoding) {
  switch (encoding) {
    case Encoding::kUtf8:
      return "";
    case Encoding::kUtf16:
      return "UTF-16LE";
    case Encoding::kAuto:
    case Encoding::kWindows1252:
      return "WINDOWS-1252";
    case Encoding::kMacRoman:
      return "MACINTOSH";
    case Encoding::kWindows1251:
      return "WINDOWS-1251";
    case Encoding::kShiftJis:
      return "SHIFT_JIS";
  }
  return "";
}

// Owns one conversion to UTF-8.
class Conversion {
 public:
  explicit Conversion(const char* from) : handle_(::iconv_open("UTF-8", from)) {}
  ~Conversion() {
    if (good()) ::iconv_close(handle_);
  }
  Conversion(const Conversion&) = delete;
  Conversion& operator=(const Conversion&) = delete;

  // POSIX gives -1 as a pointer where it fails.
  [[nodiscard]] bool good() const { return handle_ != iconv_t(-1); }  // NOLINT

  // Appends what `bytes` mean and takes them away, but for a character that is not whole yet.
  // False: they mean nothing.
  bool Append(std::string_view* bytes, std::string* out) {
    if (!good()) return false;
    std::array<char, 4096> buffer;
    while (!bytes->empty()) {
      // iconv's interface has no const; it does not write to its input.
      char* input = const_cast<char*>(bytes->data());  // NOLINT
      std::size_t left = bytes->size();
      char* output = buffer.data();
      std::size_t room = buffer.size();
      const std::size_t converted = ::iconv(handle_, &input, &left, &output, &room);
      const int reason = errno;
      out->append(buffer.data(), buffer.size() - room);
      bytes->remove_prefix(bytes->size() - left);
      if (converted != std::size_t(-1)) continue;
      if (reason == E2BIG) continue;
      return reason == EINVAL;
    }
    return true;
  }
  void Reset() {
    if (good()) ::iconv(handle_, nullptr, nullptr, nullptr, nullptr);
  }

 private:
  iconv_t handle_;
};

bool IsAscii(std::string_view text) {
  unsigned char seen = 0;
  for (const char c : text)
    seen = static_cast<unsigned char>(seen | static_cast<unsigned char>(c));
  return seen < 0x80;
}

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
constexpr std::string_view kLittleMark = "\xFF\xFE";
constexpr std::string_view kBigMark = "\xFE\xFF";

// The state of WithoutMark, which a copyable function shares.
class MarkReader {
 public:
  MarkReader(ByteSource source, Encoding encoding)
      : source_(std::move(source)), encoding_(encoding) {}

  Result<std::size_t> Read(std::span<std::uint8_t> buffer) {
    if (!begun_) GF_CHECK(Begin());
    if (conversion_) return ReadWide(buffer);
    if (head_.empty()) return source_(buffer);
    const std::size_t size = std::min(buffer.size(), head_.size());
    std::copy_n(head_.begin(), size, buffer.begin());
    head_.erase(0, size);
    if (size == buffer.size()) return size;
    GF_TRY(const std::size_t more, source_(buffer.subspan(size)));
    return size + more;
  }

 private:
  Status Begin() {
    begun_ = true;
    std::array<std::uint8_t, 3> first{};
    GF_TRY(const std::size_t got, source_(first));
    head_ = AsText(ByteView(first).first(got));
    const bool wide = encoding_ == Encoding::kAuto || encoding_ == Encoding::kUtf16;
    if (head_.starts_with(kUtf8Mark)) {
      head_.erase(0, kUtf8Mark.size());
    } else if (wide && head_.starts_with(kBigMark)) {
      head_.erase(0, kBigMark.size());
      conversion_ = std::make_unique<Conversion>("UTF-16BE");
    } else if (wide && head_.starts_with(kLittleMark)) {
      head_.erase(0, kLittleMark.size());
      conversion_ = std::make_unique<Conversion>("UTF-16LE");
    } else if (encoding_ == Encoding::kUtf16) {
      conversion_ = std::make_unique<Conversion>("UTF-16LE");
    }
    return Ok();
  }

  Result<std::size_t> ReadWide(std::span<std::uint8_t> buffer) {
    while (ready_.empty() && !ended_) {
      std::array<std::uint8_t, 16384> raw;
      GF_TRY(const std::size_t got, source_(raw));
      head_.append(AsText(ByteView(raw).first(got)));
      ended_ = got == 0;
      std::string_view bytes = head_;
      if (!conversion_->Append(&bytes, &ready_) || (ended_ && !bytes.empty()))
        return Error::Make(Kind::kMalformed, "not well-formed UTF-16");
      head_ = std::string(bytes);
    }
    const std::size_t size = std::min(buffer.size(), ready_.size());
    std::copy_n(ready_.begin(), size, buffer.begin());
    ready_.erase(0, size);
    return size;
  }

  ByteSource source_;
  Encoding encoding_;
  bool begun_ = false;
  bool ended_ = false;
  std::string head_;   // read and not given on
  std::string ready_;  // converted and not given on
  std::unique_ptr<Conversion> conversion_;
};

}  // namespace

std::optional<Encoding> FindEncoding(std::string_view name) {
  for (const Named& named : kNames) {
    if (named.name == name) return named.encoding;
  }
  return std::nullopt;
}

const std::vector<std::string_view>& EncodingNames() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (const Named& named : kNames)
      all.push_back(named.name);
    return all;
  }();
  return names;
}

struct LineDecoder::State {
  explicit State(Encoding encoding_) : encoding(encoding_), conversion(IconvName(encoding_)) {}
  Encoding encoding;
  Conversion conversion;
  std::string text;
};

LineDecoder::LineDecoder(Encoding encoding)
    // What was UTF-16 comes here as UTF-8.
    : state_(std::make_unique<State>(encoding == Encoding::kUtf16 ? Encoding::kUtf8 : encoding)) {}
LineDecoder::LineDecoder(LineDecoder&&) noexcept = default;
LineDecoder::~LineDecoder() = default;

std::optional<std::string_view> LineDecoder::Decode(std::string_view bytes) {
  if (IsAscii(bytes)) return bytes;
  const bool may_be_utf8 =
      state_->encoding == Encoding::kUtf8 || state_->encoding == Encoding::kAuto;
  if (may_be_utf8 && IsUtf8(bytes)) return bytes;
  if (state_->encoding == Encoding::kUtf8) return std::nullopt;
  state_->text.clear();
  state_->conversion.Reset();
  if (!state_->conversion.Append(&bytes, &state_->text) || !bytes.empty()) return std::nullopt;
  return state_->text;
}

ByteSource WithoutMark(ByteSource source, Encoding encoding) {
  auto shared = std::make_shared<MarkReader>(std::move(source), encoding);
  return [shared](std::span<std::uint8_t> buffer) { return shared->Read(buffer); };
}

}  // namespace gapferry::collect
