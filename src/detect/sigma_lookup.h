// detect/sigma_lookup.h: Sigma rules that hold placeholders, and the lists that stand for them: one
// rule a log source however many values there are. SigmaHQ's modifier `expand`, filled by pySigma's
// value_placeholders or, where the SIEM has lookups, query_expression_placeholders.
//
// <source>_misp_lookup.yml  a rule; its fields hold %gapferry_domains% and the like
// gapferry_domains.txt      what the placeholder stands for, a pattern of Sigma a line
// gapferry_domains.csv      the same as plain text, with event, TLP and warninglist, for a lookup
// misp_placeholders.yaml    a pipeline of pySigma that fills in all of them; it is no rule, so it
//                           does not end as those do
#pragma once

#include <memory>

#include "detect/format.h"

namespace gapferry::detect {

[[nodiscard]] std::unique_ptr<Writer> MakeSigmaLookupWriter(const WriterContext& context);

}  // namespace gapferry::detect
