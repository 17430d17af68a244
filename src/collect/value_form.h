// collect/value_form.h: which type of attribute a piece of text is, judged by its form alone.
// MISP's resolution (reference/misp.md §3.5) where it is right; docs/sources.md lists where this
// one differs.
#pragma once

#include <string>
#include <string_view>

namespace gapferry::collect {

constexpr std::size_t kMaxFormBytes = 8192;  // longer text has no form

struct FormedValue {
  std::string_view type;  // of intel::AllTypes
  std::string value;      // refanged, as MISP would store it
};

enum class Around {
  kCell,   // the text is all there is: a cell of a table, a line of a list
  kProse,  // a word among words, which may be a product or the end of a sentence
};

// The text without blanks, quotes and no-break spaces at its ends.
[[nodiscard]] std::string_view TrimCell(std::string_view text);

// `text` is UTF-8 and trimmed. False: no form is known, and `out` means nothing.
[[nodiscard]] bool FindForm(std::string_view text, Around around, FormedValue* out);

// A name of a host, also one with the ending of a file ("update.zip"). False as above.
[[nodiscard]] bool FindHost(std::string_view text, FormedValue* out);

// The value of a type that the user named. False: the text is no value of that type.
[[nodiscard]] bool FitType(std::string_view type, std::string_view text, FormedValue* out);

}  // namespace gapferry::collect
