// collect/misp_event.h: MISP events as JSON (MISP core format draft-20), read as a stream: memory
// does not grow with the file. Taken: {"Event":{…}}, {"response":[{"Event":{…}},…]},
// {"response":{"Event":{…}}}, lists of either, and events without wrapper; so zero, one or many
// events a file.
// A refused event does not keep the others of its file from being taken; broken JSON refuses the
// whole file.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "collect/byte_stream.h"
#include "collect/event_sink.h"

namespace gapferry::collect {

constexpr std::uint64_t kMaxEventFileBytes = std::uint64_t{1} << 30;
// The longest single string, such as the base64 of an attachment, which is passed over.
constexpr std::uint64_t kMaxJsonValueBytes = std::uint64_t{64} << 20;
constexpr std::size_t kMaxUnknownFields = 1000;

struct ReadOutcome {
  std::optional<Refusal> refused;  // the file as a whole; what the sink was given of it is void
  Digest256 digest{};              // of the file, if it was not refused
  // Fields that no list names, as "Event.Attribute.data", with how often they were seen. Beyond
  // kMaxUnknownFields different ones: "…".
  std::map<std::string, std::uint64_t> unknown_fields;
};

// `file` is the name for messages. Errors: only what the sink gives.
[[nodiscard]] Result<ReadOutcome> ReadMispEvents(ByteSource source, std::string_view file,
                                                 EventSink& sink,
                                                 std::uint64_t max_bytes = kMaxEventFileBytes);

}  // namespace gapferry::collect
