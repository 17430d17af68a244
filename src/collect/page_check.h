// collect/page_check.h: tells a page that a server shows to people, or its message of an error,
// from the text of a feed. Such an answer often comes with status 200, and has names in it that
// would become indicators.
#pragma once

#include <filesystem>

#include "collect/byte_stream.h"

namespace gapferry::collect {

// What a document should be.
enum class Expected {
  kAnything,  // nothing is looked at
  kNoPage,    // no page of HTML, nor an error message in XML
  kText,      // nor a JSON document that tells an error, or is cut off
  kTable,     // nor any JSON document
};

// The same bytes, after a look at the first ones, which come in `head` too. Errors: kMalformed if
// they are not what is expected; those of the source.
[[nodiscard]] Result<ByteSource> CheckedSource(ByteSource source, Expected expected,
                                               std::string* head = nullptr);

// Whether bytes begin like a program, a picture or a PDF: with NUL and other control characters.
// Text has them only in UTF-16.
[[nodiscard]] bool LooksBinary(std::string_view head);

// The same for a file. An archive is not opened, and is not looked at.
[[nodiscard]] Status CheckDocument(const std::filesystem::path& file, Expected expected);

}  // namespace gapferry::collect
