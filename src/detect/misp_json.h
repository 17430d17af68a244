// detect/misp_json.h: MISP's data model as the JSON of its feeds (MISP core format draft-20), with
// the fields that PyMISP's feed generator writes and, beyond them, distribution and sharing group.
// Numbers are strings there.
#pragma once

#include <string>
#include <vector>

#include "intel/event.h"

namespace gapferry::detect {

// Each appends one JSON object without what lies below the row; the object is left open where
// `Open` is in the name, so that the caller can add lists and the brace.
void AppendOpenEvent(const intel::Event& event, std::string* out);
void AppendAttribute(const intel::Attribute& attribute, std::string* out);
void AppendOpenObject(const intel::Object& object, std::string* out);
void AppendReference(const intel::Reference& reference, std::string* out);
void AppendReport(const intel::Report& report, std::string* out);

// The event's member of manifest.json: its UUID, a colon and what PyMISP's MISPEvent.manifest says.
void AppendManifestEntry(const intel::Event& event, std::string* out);

}  // namespace gapferry::detect
