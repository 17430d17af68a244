#include "bundle/root_text.h"
#include "exporter/commands.h"
#include "exporter/keys.h"
#include "exporter/next_root.h"
#include "exporter/root_edit.h"

namespace gapferry::exporter {
namespace {

constexpr std::int64_t kNotGiven = -1;

struct RootChangeOptions {
  std::vector<std::string> add_root;
  std::vector<std::string> add_content;
  std::vector<std::string> remove;
  std::vector<std::string> revoke;
  std::int64_t root_threshold = kNotGiven;
  std::int64_t content_threshold = kNotGiven;
  std::int64_t max_life_days = kNotGiven;
  bool new_epoch = false;
  std::string review_by;
  std::string site;
  std::string key;
  std::string passphrase_file;
};

Result<std::vector<bundle::PublicKey>> PublicKeys(const std::vector<std::string>& files) {
  std::vector<bundle::PublicKey> keys;
  for (const std::string& file : files) {
    GF_TRY(const bundle::PublicKey key, LoadPublicKey(file));
    keys.push_back(key);
  }
  return keys;
}

Result<std::set<bundle::KeyId>> Ids(const std::vector<std::string>& typed) {
  std::set<bundle::KeyId> ids;
  for (const std::string& text : typed) {
    const auto id = bundle::ParseKeyId(text);
    if (!id)
      return Error::Make(Kind::kUsage, "\"{}\" is no key id: 16 hexadecimal digits are", text);
    ids.insert(*id);
  }
  return ids;
}

Result<std::optional<std::uint64_t>> Number(std::string_view option, std::int64_t value,
                                            std::uint64_t high) {
  if (value == kNotGiven) return std::optional<std::uint64_t>();
  if (value < 1 || static_cast<std::uint64_t>(value) > high)
    return Error::Make(Kind::kUsage, "{} is {}; it must be 1 to {}", option, value, high);
  return std::optional(static_cast<std::uint64_t>(value));
}

Result<RootEdit> ReadEdit(const RootChangeOptions& options) {
  RootEdit edit;
  GF_TRY(edit.add_root, PublicKeys(options.add_root));
  GF_TRY(edit.add_content, PublicKeys(options.add_content));
  GF_TRY(edit.remove, Ids(options.remove));
  GF_TRY(edit.revoke, Ids(options.revoke));
  GF_TRY(edit.root_threshold,
         Number("--root-threshold", options.root_threshold, bundle::kMaxRootKeys));
  GF_TRY(edit.content_threshold,
         Number("--content-threshold", options.content_threshold, bundle::kMaxRootKeys));
  GF_TRY(edit.max_life_days,
         Number("--max-life-days", options.max_life_days, bundle::kMaxLifeDays));
  edit.new_epoch = options.new_epoch;
  edit.site = options.site;
  if (!options.review_by.empty()) {
    edit.review_by = ParseDate(options.review_by);
    if (!edit.review_by) {
      return Error::Make(Kind::kUsage, "\"{}\" is no date: YYYY-MM-DD is, such as {}",
                         options.review_by, FormatDate(Now() + 365 * kSecondsPerDay));
    }
  }
  return edit;
}

Status Change(Session& session, const RootChangeOptions& options) {
  GF_TRY(const RootEdit edit, ReadEdit(options));
  GF_TRY(const Home home, Home::Open(session));
  GF_TRY(const Fd lock, home.Lock());
  GF_TRY(const bundle::Root now, home.LoadNewestRoot());
  GF_TRY(const bundle::Root next, EditRoot(now, edit, Now()));
  for (const std::string& line : bundle::RootChanges(now, next))
    session.console.Say("changes      " + line);
  GF_TRY(const bool in_force,
         ProposeRoot(session, home, next, {options.key, options.passphrase_file}));
  session.console.Emit("root_change", {{"root_version", next.version},
                                       {"in_force", in_force},
                                       {"changes", bundle::RootChanges(now, next)}});
  if (!in_force) return Ok();
  return ShowNewestRoot(session, home);
}

}  // namespace

Command RootChangeCommand() {
  return {
      "change", "make the next root",
      "Writes a draft and prints what changes. With --key it is signed at once, and in force if "
      "that one signature is enough. Never changes a root that is in force.",
      [](Arguments& arguments) {
        auto options = std::make_shared<RootChangeOptions>();
        arguments.Option("--add-root", &options->add_root, "public key file of a new root key");
        arguments.Option("--add-content", &options->add_content,
                         "public key file that may sign the bundles of --site");
        arguments.Option("--remove", &options->remove, "key id: takes it out of every role");
        arguments.Option("--revoke", &options->revoke,
                         "key id: takes it out and names it as revoked");
        arguments.Option("--root-threshold", &options->root_threshold,
                         "how many root keys must sign a root");
        arguments.Option("--content-threshold", &options->content_threshold,
                         "how many content keys must sign a bundle of --site");
        arguments.Option("--max-life-days", &options->max_life_days,
                         "longest life of a bundle of --site");
        arguments.Flag("--new-epoch", &options->new_epoch,
                       "numbers of --site start again at 1, in the next epoch");
        arguments.Option("--review-by", &options->review_by,
                         "date (YYYY-MM-DD) from which `root show` reminds of a review");
        arguments.Option("--site", &options->site, "a site, or \"all\"");
        arguments.Option("--key", &options->key, "sign with this secret key file at once");
        arguments.Option("--passphrase-file", &options->passphrase_file,
                         "file with the passphrase of --key");
        return [options](Session& session) { return Change(session, *options); };
      }};
}

}  // namespace gapferry::exporter
