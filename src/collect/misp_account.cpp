#include "collect/misp_account.h"

namespace gapferry::collect {
namespace {

constexpr std::int64_t kSoonDays = 30;

// "2027-01-31T10:00:00+00:00"; a day is exact enough.
std::optional<std::string> ExpiryNote(const std::string& expires, Time now) {
  const auto day = ParseDate(expires.substr(0, 10));
  if (!day || *day > now + kSoonDays * kSecondsPerDay) return std::nullopt;
  return fmt::format("the key expires on {}; ask for a new one", expires.substr(0, 10));
}

}  // namespace

Status CheckAccount(const MispAccount& account) {
  if (!account.may.site_admin) return Ok();
  return Error::Make(Kind::kDenied,
                     "the key belongs to a site admin (role {}), who sees the data of every "
                     "organisation, whatever its distribution",
                     account.role)
      .Hint(
          "make a user with a read-only role, in an organisation of its own, and collect with "
          "that user's key");
}

Result<Reading> ChooseReading(MispApi& api, const MispAccount& account) {
  Reading reading;
  auto hidden = api.HiddenTags();
  if (!hidden.ok() && hidden.error().kind != Kind::kDenied &&
      hidden.error().kind != Kind::kNotFound) {
    return std::move(hidden).error();
  }
  // Where the tags are not shown, some may be hidden.
  reading.by_search = !hidden.ok() || !hidden->empty();
  if (hidden.ok()) reading.hidden_tags = std::move(hidden).value();
  if (reading.by_search && !account.default_filters.empty()) {
    return Error::Make(Kind::kConfig,
                       "this instance uses tags that only a search shows, and the user's setting "
                       "default_restsearch_parameters thins out every search: {}",
                       account.default_filters)
        .Hint("remove that setting of the user in MISP");
  }
  return reading;
}

std::vector<Remark> DescribeAccount(const MispAccount& account, const Reading& reading, Time now) {
  std::vector<Remark> notes;
  notes.push_back({fmt::format("MISP {}, role {}, organisation {}: sees what is shared with this "
                               "organisation, and soft-deleted attributes of its own events only",
                               account.version, account.role, account.organisation),
                   false});
  if (account.may.sync) {
    notes.push_back(
        {"the key may synchronise (perm_sync): searches hide local tags from it; the key of a "
         "read-only role sees them"});
  }
  if (account.may.rate_limited)
    notes.push_back(
        {"the role's searches are limited in number; collecting waits where it must", false});
  if (!account.default_filters.empty()) {
    notes.push_back({"the user's setting default_restsearch_parameters filters every search: " +
                     account.default_filters});
  }
  if (!reading.hidden_tags.empty()) {
    notes.push_back({fmt::format("tags that are not exportable are in use ({}); events are read by "
                                 "a search that shows them, and they never leave the mirror",
                                 fmt::join(reading.hidden_tags, ", ")),
                     false});
  } else if (reading.by_search) {
    notes.push_back(
        {"the key may not list tags; events are read by a search that shows all", false});
  }
  if (auto note = ExpiryNote(account.key_expires, now)) notes.push_back({*std::move(note)});
  return notes;
}

}  // namespace gapferry::collect
