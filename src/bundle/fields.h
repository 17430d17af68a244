// bundle/fields.h: reads one object of a signed JSON document. Every key is asked for by name; any
// other key is an error. Getters remember the first error; Finish returns it.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/uuid.h"
#include "bundle/minisign.h"

namespace gapferry::bundle {

// The largest integer that every JSON reader holds exactly.
constexpr std::uint64_t kMaxNumber = (std::uint64_t{1} << 53) - 1;

class Fields {
 public:
  // `path` names the object in messages, for example "payload".
  Fields(const Json& object, std::string path);

  // For the few keys that may be absent.
  [[nodiscard]] bool Has(std::string_view key) const;
  [[nodiscard]] bool IsNull(std::string_view key);
  [[nodiscard]] std::string Text(std::string_view key, std::size_t max_bytes);
  [[nodiscard]] std::string TextWhere(std::string_view key, bool (*is_valid)(std::string_view),
                                      std::string_view wanted);
  [[nodiscard]] std::uint64_t Number(std::string_view key, std::uint64_t low,
                                     std::uint64_t high = kMaxNumber);
  [[nodiscard]] Time TimeOf(std::string_view key);
  [[nodiscard]] Uuid UuidOf(std::string_view key);
  [[nodiscard]] std::vector<KeyId> KeyIds(std::string_view key, std::size_t max_entries);
  [[nodiscard]] std::map<std::string, std::uint64_t> Counts(std::string_view key,
                                                            std::size_t max_entries);
  // An object or array; the empty value after an error.
  [[nodiscard]] const Json& Object(std::string_view key);
  [[nodiscard]] const Json& Array(std::string_view key, std::size_t max_entries);
  template <std::size_t Size>
  [[nodiscard]] std::array<std::uint8_t, Size> Hex(std::string_view key) {
    std::array<std::uint8_t, Size> value{};
    const auto bytes = HexDecode(RawText(key));
    if (bytes && bytes->size() == Size) {
      std::copy(bytes->begin(), bytes->end(), value.begin());
    } else {
      Fail(key, "is not a hash in lower-case hexadecimal of the right length");
    }
    return value;
  }

  void Fail(std::string_view key, std::string_view reason);
  // The first error, also that of a key nobody asked for. kMalformed.
  [[nodiscard]] Status Finish();

 private:
  const Json& Find(std::string_view key);
  const std::string& RawText(std::string_view key);

  const Json& object_;
  std::string path_;
  std::set<std::string, std::less<>> asked_;
  std::optional<Error> error_;
};

// Parses the outermost object and checks "format" and "format_version", before anything else is
// looked at. Errors: kTooLarge, kMalformed; kUnsupported for a newer version.
[[nodiscard]] Result<Json> ParseDocument(std::string_view bytes, std::size_t max_bytes,
                                         std::string_view format, std::uint64_t version);
// kMalformed with line and column of the first difference, unless both are equal.
[[nodiscard]] Status CheckCanonical(std::string_view given, std::string_view canonical);

}  // namespace gapferry::bundle
