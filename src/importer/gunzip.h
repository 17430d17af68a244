// importer/gunzip.h: a log that was packed when it was rotated.
#pragma once

#include "importer/line_feed.h"

namespace gapferry::importer {

// The source itself, or what is packed in it if it begins as gzip does (RFC 1952), also in several
// members. In bounded memory, whatever it unpacks to. Error: kMalformed.
[[nodiscard]] Result<ByteSource> MaybeGunzip(ByteSource source);

}  // namespace gapferry::importer
