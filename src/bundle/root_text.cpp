#include "bundle/root_text.h"

namespace gapferry::bundle {
namespace {

std::string Needed(const Role& role) {
  return fmt::format("{} of {} ({})", role.threshold, role.keys.size(), KeyList(role.keys));
}

Json Ids(const std::set<KeyId>& ids) {
  Json list = Json::array();
  for (const KeyId& id : ids)
    list.push_back(id.ToString());
  return list;
}

Json StreamJson(const Uuid& uuid, const StreamRole& stream) {
  return {{"name", stream.name},
          {"uuid", uuid.ToString()},
          {"epoch", stream.epoch},
          {"max_life_days", stream.max_life_days},
          {"threshold", stream.content.threshold},
          {"keys", Ids(stream.content.keys)}};
}

template <typename Value>
void NoteChange(std::vector<std::string>* lines, std::string_view what, const Value& before,
                const Value& after) {
  if (before != after) lines->push_back(fmt::format("{}: {} → {}", what, before, after));
}

void NoteStream(std::vector<std::string>* lines, const StreamRole* before,
                const StreamRole& after) {
  if (before == nullptr) {
    lines->push_back(fmt::format("new stream {}: {} sign, bundles live at most {} days", after.name,
                                 Needed(after.content), after.max_life_days));
    return;
  }
  const std::string of = " of " + after.name;
  NoteChange(lines, "content keys" + of, Needed(before->content), Needed(after.content));
  NoteChange(lines, "epoch" + of, before->epoch, after.epoch);
  NoteChange(lines, "longest life in days" + of, before->max_life_days, after.max_life_days);
}

}  // namespace

std::string ReviewBanner(const Root& root, Time now) {
  if (now <= root.review_by) return "";
  return fmt::format(
      "review of root {} was due on {}: are its keys still where they belong, and readable?",
      root.version, FormatDate(root.review_by));
}

RootText DescribeRoot(const Root& root, std::string_view bytes, Time now) {
  RootText text;
  const std::string fingerprint = Fingerprint(bytes).ToString();
  Json streams = Json::array();
  text.lines.push_back(fmt::format("root         version {}, created {}, review by {}",
                                   root.version, FormatTime(root.created),
                                   FormatDate(root.review_by)));
  text.lines.push_back(fmt::format("fingerprint  {}", fingerprint));
  text.lines.push_back(fmt::format("root keys    {}", Needed(root.root)));
  for (const auto& [uuid, stream] : root.streams) {
    streams.push_back(StreamJson(uuid, stream));
    text.lines.push_back(fmt::format("stream       {}: epoch {}, bundles live at most {} days, {}",
                                     stream.name, stream.epoch, stream.max_life_days,
                                     Needed(stream.content)));
  }
  if (!root.revoked.empty())
    text.lines.push_back(fmt::format("revoked      {}", KeyList(root.revoked)));
  const std::string banner = ReviewBanner(root, now);
  if (!banner.empty()) text.lines.push_back("REVIEW       " + banner);
  text.json = {{"root_version", root.version},
               {"fingerprint", fingerprint},
               {"created", FormatTime(root.created)},
               {"review_by", FormatTime(root.review_by)},
               {"review_due", !banner.empty()},
               {"root", {{"threshold", root.root.threshold}, {"keys", Ids(root.root.keys)}}},
               {"streams", streams},
               {"revoked", Ids(root.revoked)}};
  return text;
}

std::vector<std::string> RootChanges(const Root& before, const Root& after) {
  std::vector<std::string> lines;
  NoteChange(&lines, "root keys", Needed(before.root), Needed(after.root));
  for (const auto& [uuid, stream] : after.streams) {
    const auto known = before.streams.find(uuid);
    NoteStream(&lines, known == before.streams.end() ? nullptr : &known->second, stream);
  }
  for (const auto& [uuid, stream] : before.streams) {
    if (!after.streams.contains(uuid)) lines.push_back("stream dropped: " + stream.name);
  }
  for (const KeyId& id : after.revoked) {
    if (!before.revoked.contains(id)) lines.push_back("revoked: " + id.ToString());
  }
  for (const KeyId& id : before.revoked) {
    if (!after.revoked.contains(id)) lines.push_back("no longer revoked: " + id.ToString());
  }
  NoteChange(&lines, "review by", FormatDate(before.review_by), FormatDate(after.review_by));
  return lines;
}

}  // namespace gapferry::bundle
