#include "store/database.h"

#include <sqlite3.h>

namespace gapferry::store {

Error DatabaseError(std::string_view what, const SQLite::Exception& exception) {
  Kind kind = Kind::kIo;
  switch (exception.getErrorCode()) {
    case SQLITE_FULL:
      kind = Kind::kNoSpace;
      break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      kind = Kind::kLocked;
      break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      kind = Kind::kDamaged;
      break;
    case SQLITE_TOOBIG:
      kind = Kind::kTooLarge;
      break;
    // A row twice, or none where one must be: what was to be written does not follow its format.
    case SQLITE_CONSTRAINT:
      kind = Kind::kMalformed;
      break;
    default:
      break;
  }
  Error error = Error::Make(kind, "{}: {}", what, exception.what());
  if (kind != Kind::kDamaged) return error;
  return std::move(error).Hint(
      "look for failing storage; administrator-guide.md §8 says how to go back to a backup or, on "
      "the isolated side, to a state that is kept in states/");
}

// and empty blobs.
void BindText(SQLite::Statement& statement, int index, const std::string& text) {
  statement.bindNoCopy(index, text);
}

void BindBlob(SQLite::Statement& statement, int index, ByteView blob) {
  // An empty blob must not become NULL, which is what SQLite makes of a null pointer.
  static constexpr std::uint8_t kNothing = 0;
  const void* data = blob.empty() ? &kNothing : static_cast<const void*>(blob.data());
  statement.bindNoCopy(index, data, static_cast<int>(blob.size()));
}

void BindOptional(SQLite::Statement& statement, int index,
                  const std::optional<std::int64_t>& value) {
  if (value) {
    statement.bind(index, *value);
  } else {
    statement.bind(index);
  }
}

void ReadText(const SQLite::Column& column, std::string* text) {
  const char* data = static_cast<const char*>(column.getBlob());
  text->assign(data == nullptr ? "" : data, static_cast<std::size_t>(column.getBytes()));
}

ByteView ReadBlob(const SQLite::Column& column) {
  const auto* data = static_cast<const std::uint8_t*>(column.getBlob());
  return {data, data == nullptr ? 0 : static_cast<std::size_t>(column.getBytes())};
}

}  // namespace gapferry::store
