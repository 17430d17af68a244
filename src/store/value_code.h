// store/value_code.h: digests and addresses as blobs where that loses nothing; all other values as
// text. A third of the bytes on the medium are digests (reference/cpp.md §5.4).
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "intel/types.h"

namespace gapferry::store {

// True, and `blob` filled, if `value` of this type has a blob form that decodes to the very same
// text: lower-case hexadecimal of the type's length, or a single address in canonical text.
[[nodiscard]] bool EncodeValue(const intel::TypeInfo* type, std::string_view value, Bytes* blob);
// The inverse; false for a blob that EncodeValue would not have made.
[[nodiscard]] bool DecodeValue(const intel::TypeInfo* type, ByteView blob, std::string* value);

}  // namespace gapferry::store
