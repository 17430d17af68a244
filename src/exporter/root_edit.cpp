#include "exporter/root_edit.h"

#include "base/suggest.h"
#include "bundle/root_text.h"

namespace gapferry::exporter {
namespace {

using bundle::KeyId;
using bundle::Root;
using bundle::StreamRole;

Result<std::vector<StreamRole*>> ChooseStreams(Root* root, const std::string& site) {
  std::vector<StreamRole*> chosen;
  std::vector<std::string> names;
  for (auto& [uuid, stream] : root->streams) {
    names.push_back(stream.name);
    const bool only = site.empty() && root->streams.size() == 1;
    if (only || site == "all" || site == stream.name) chosen.push_back(&stream);
  }
  if (!chosen.empty()) return chosen;
  if (site.empty()) {
    return Error::Make(Kind::kUsage, "which of the sites {}?", fmt::join(names, ", "))
        .Hint("name one with --site, or say --site all");
  }
  return Error::Make(Kind::kNotFound, "root {} knows no site \"{}\"{}", root->version, site,
                     DidYouMean(site, names));
}

Status EditStreams(Root* root, const RootEdit& edit) {
  if (edit.add_content.empty() && !edit.content_threshold && !edit.max_life_days &&
      !edit.new_epoch) {
    return Ok();
  }
  GF_TRY(const std::vector<StreamRole*> streams, ChooseStreams(root, edit.site));
  for (const bundle::PublicKey& key : edit.add_content)
    root->keys[key.id] = key;
  for (StreamRole* stream : streams) {
    for (const bundle::PublicKey& key : edit.add_content)
      stream->content.keys.insert(key.id);
    stream->content.threshold = edit.content_threshold.value_or(stream->content.threshold);
    stream->max_life_days = edit.max_life_days.value_or(stream->max_life_days);
    stream->epoch += edit.new_epoch ? 1 : 0;
  }
  return Ok();
}

Status Drop(Root* root, const KeyId& id) {
  if (!root->keys.contains(id)) {
    std::vector<std::string> names;
    for (const auto& [known, key] : root->keys)
      names.push_back(known.ToString());
    return Error::Make(Kind::kNotFound, "root {} has no key {}{}", root->version, id.ToString(),
                       DidYouMean(id.ToString(), names))
        .Hint("`root show` lists its keys");
  }
  root->keys.erase(id);
  root->root.keys.erase(id);
  for (auto& [uuid, stream] : root->streams)
    stream.content.keys.erase(id);
  return Ok();
}

Status CheckRoles(const Root& root) {
  for (const auto& [uuid, stream] : root.streams) {
    for (const KeyId& id : stream.content.keys) {
      if (!root.root.keys.contains(id)) continue;
      return Error::Make(Kind::kUsage, "key {} would sign both roots and the bundles of {}",
                         id.ToString(), stream.name)
          .Hint("a root key stays offline; make a key of its own for bundles: `key new`");
    }
  }
  return Ok();
}

}  // namespace

Result<Root> EditRoot(const Root& now, const RootEdit& edit, Time created) {
  Root next = now;
  for (const bundle::PublicKey& key : edit.add_root) {
    next.keys[key.id] = key;
    next.root.keys.insert(key.id);
  }
  GF_CHECK(EditStreams(&next, edit));
  for (const KeyId& id : edit.remove)
    GF_CHECK(Drop(&next, id));
  for (const KeyId& id : edit.revoke) {
    if (!edit.remove.contains(id)) GF_CHECK(Drop(&next, id));
    next.revoked.insert(id);
  }
  next.root.threshold = edit.root_threshold.value_or(next.root.threshold);
  next.review_by = edit.review_by.value_or(next.review_by);
  if (bundle::RootChanges(now, next).empty())
    return Error::Make(Kind::kUsage, "this would change nothing in root {}", now.version);
  next.version = now.version + 1;
  next.created = created;
  GF_CHECK(CheckRoles(next));
  auto works = bundle::ParseRoot(bundle::SerializeRoot(next));
  if (!works.ok())
    return Error::Make(Kind::kUsage, "such a root could not work: {}", works.error().what);
  return next;
}

}  // namespace gapferry::exporter
