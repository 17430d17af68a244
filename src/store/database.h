// store/database.h: the adapter around SQLite: nothing outside src/store and src/transfer sees
// SQLiteCpp or its exceptions.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace gapferry::store {

// What SQLite reported, as an Error: kNoSpace, kLocked, kDamaged, kMalformed for a broken
// constraint, or kIo.
[[nodiscard]] Error DatabaseError(std::string_view what, const SQLite::Exception& exception);

// Runs `body` and turns SQLite's exceptions into an Error. `body` returns void, a Status or a
// Result.
template <typename Body>
auto Guarded(std::string_view what, Body&& body) {
  using Returned = decltype(body());
  if constexpr (std::is_void_v<Returned>) {
    try {
      body();
      return Ok();
    } catch (const SQLite::Exception& exception) {
      return Status(DatabaseError(what, exception));
    }
  } else {
    try {
      return body();
    } catch (const SQLite::Exception& exception) {
      return Returned(DatabaseError(what, exception));
    }
  }
}

// Binding helpers. Texts and blobs are not copied: they must live until the statement is reset.
void BindText(SQLite::Statement& statement, int index, const std::string& text);
void BindText(SQLite::Statement& statement, int index, std::string&& text) = delete;
void BindBlob(SQLite::Statement& statement, int index, ByteView blob);
void BindOptional(SQLite::Statement& statement, int index,
                  const std::optional<std::int64_t>& value);

void ReadText(const SQLite::Column& column, std::string* text);
[[nodiscard]] ByteView ReadBlob(const SQLite::Column& column);
// Nothing if it is NULL or of another size.
template <std::size_t kSize>
[[nodiscard]] std::optional<std::array<std::uint8_t, kSize>> ReadDigest(
    const SQLite::Column& column) {
  const ByteView blob = ReadBlob(column);
  if (blob.size() != kSize) return std::nullopt;
  std::array<std::uint8_t, kSize> digest;
  std::copy(blob.begin(), blob.end(), digest.begin());
  return digest;
}

}  // namespace gapferry::store
