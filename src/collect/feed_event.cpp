#include "collect/feed_event.h"

#include <algorithm>

#include "base/json.h"
#include "collect/event_builder.h"
#include "intel/types.h"

namespace gapferry::collect {
namespace {

constexpr std::string_view kGone = "gone";
constexpr std::string_view kFirst = "first";

Uuid Derive(std::string_view kind, std::string_view source, std::string_view type,
            std::string_view value, std::string* content) {
  content->clear();
  for (const std::string_view part : {std::string_view("gapferry"), kind, source, type, value}) {
    content->append(part);
    content->push_back('\0');
  }
  return UuidFromContent(AsBytes(*content));
}

// A number of a small JSON object that we wrote ourselves.
Time Number(const Json& object, std::string_view key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_number_integer() ? found->get<Time>() : 0;
}

std::string Text(const Json& object, std::string_view key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Json ParseExtra(const std::string& extra) {
  auto parsed = ParseJson(extra);
  return parsed.ok() ? std::move(parsed).value() : Json::object();
}

}  // namespace

FeedEvent::FeedEvent(store::Store* store, store::SourceId source, const SourceOptions& name,
                     FeedEventOptions options, Time clock, CollectReport* report)
    : store_(store),
      source_(source),
      name_(name.name),
      options_(std::move(options)),
      now_(clock),
      report_(report),
      writer_(store->Writer()),
      uuid_(Derive("feed", name_, "", "", &content_)) {
  if (options_.info.empty()) options_.info = name_ + " feed";
  options_.allow_empty = options_.allow_empty || name.allow_empty;
  report_->values.emplace();
}

// What the rows and the head were made with, besides the input. Kept in the mirror only.
std::string FeedEvent::HeadExtra() const {
  Json tags = options_.tags;
  // What is held was not written anew, and is looked for again next time.
  const bool held = held_since_ != 0;
  return DumpJson({{"input", held ? "" : input_},
                   {"settings", settings_},
                   {"refused", tolerated_},
                   {"held", held_since_},
                   {"rows", options_.to_ids != (held && rewrite_) ? "ids" : "no-ids"},
                   {"info", options_.info},
                   {"provider", options_.provider},
                   {"tags", std::move(tags)},
                   {"since", since_}});
}

Result<bool> FeedEvent::Begin(const Digest256& input, std::string_view settings) {
  input_ = HexEncode(input);
  settings_ = HexEncode(Hash256(AsBytes(settings)));
  since_ = now_;
  GF_TRY(const std::optional<store::KnownEvent> event, store_->FindEvent(source_, uuid_));
  is_new_ = !event;
  if (is_new_) {
    GF_TRY(id_, writer_.NewEventId());
    editor_.emplace(store_, id_);
    return false;
  }
  id_ = event->id;
  old_digest_ = event->input_digest;
  editor_.emplace(store_, id_);
  GF_TRY(old_extra_, editor_->HeadExtra());
  const Json extra = ParseExtra(old_extra_);
  since_ = Number(extra, "since");
  same_settings_ = Text(extra, "settings") == settings_;
  tolerated_ = refused_ = static_cast<std::uint64_t>(Number(extra, "refused"));
  held_since_ = Number(extra, "held");
  rewrite_ = Text(extra, "rows") != (options_.to_ids ? "ids" : "no-ids");
  GF_CHECK(editor_->ForEachAttribute([&](const Uuid& uuid, Time stamp, const std::string& note) {
    const Json kept = note.empty() ? Json::object() : ParseExtra(note);
    known_.push_back({uuid, stamp, Number(kept, kFirst), Number(kept, kGone), false});
  }));
  return !rewrite_ && Text(extra, "input") == input_;
}

FeedEvent::Known* FeedEvent::Find(const Uuid& uuid) {
  const auto found =
      std::lower_bound(known_.begin(), known_.end(), uuid,
                       [](const Known& known, const Uuid& wanted) { return known.uuid < wanted; });
  return found != known_.end() && found->uuid == uuid ? &*found : nullptr;
}

Result<bool> FeedEvent::Put(const Uuid& uuid, const FormedValue& value, Time timestamp) {
  const intel::TypeInfo* type = intel::FindType(value.type);
  attribute_.uuid = uuid;
  attribute_.type = value.type;
  attribute_.category = type == nullptr ? "Other" : intel::CategoryName(type->default_category);
  attribute_.value = value.value;
  attribute_.timestamp = timestamp;
  attribute_.to_ids = options_.to_ids && type != nullptr && type->to_ids;
  GF_TRY(const bool written, writer_.PutAttribute(id_, Uuid{}, attribute_));
  if (!written) return false;
  changed_ = true;
  ++report_->rows["attribute"];
  ++report_->attributes_by_type[attribute_.type];
  if (attribute_.to_ids) ++report_->to_ids_by_type[attribute_.type];
  return true;
}

Status FeedEvent::Take(const FormedValue& value) {
  const Uuid uuid = Derive("value", name_, value.type, value.value, &content_);
  Known* known = Find(uuid);
  if (known == nullptr) {
    GF_TRY(const bool first, Put(uuid, value, now_));
    if (first) ++report_->values->added;
    if (first) ++listed_;
  } else if (!std::exchange(known->listed, true)) {
    ++listed_;
    if (rewrite_) {
      GF_CHECK(editor_->Remove(uuid));
      GF_TRY(const bool written, Put(uuid, value, known->timestamp));
      if (written) known->gone = 0;
      if (written && known->first != 0) GF_CHECK(PutNote(*known));
    }
  }
  if (listed_ <= kMaxEventAttributes) return Ok();
  return Error::Make(Kind::kTooLarge, "more than {} different values in one feed",
                     kMaxEventAttributes)
      .Hint("split the file and name each part as a source");
}

Status FeedEvent::Age(Known* known) {
  ValueCounts& values = *report_->values;
  if (known->listed) {
    ++values.same;
    const bool back = known->gone != 0;
    const bool old = options_.refresh_days > 0 &&
                     now_ - known->timestamp >= options_.refresh_days * kSecondsPerDay;
    if (!back && !old) return Ok();
    // What comes back is news again.
    if (back) {
      known->first = known->gone = 0;
    } else if (known->first == 0) {
      known->first = known->timestamp;
    }
    GF_CHECK(PutNote(*known));
    ++values.renewed;
    changed_ = true;
    return editor_->SetTimestamp(known->uuid, now_);
  }
  const bool first = known->gone == 0;
  if (first && held_since_ != 0) {
    ++held_;
    ++values.kept;
    return Ok();
  }
  if (first) known->gone = now_;
  const bool over =
      options_.keep_days > 0 && now_ - known->gone >= options_.keep_days * kSecondsPerDay;
  if (options_.delta_merge || over) {
    ++values.gone;
    changed_ = true;
    return editor_->Remove(known->uuid);
  }
  ++values.kept;
  return first ? PutNote(*known) : Ok();
}

Status FeedEvent::PutNote(const Known& known) {
  Json note = Json::object();
  if (known.first != 0) note[kFirst] = known.first;
  if (known.gone != 0) note[kGone] = known.gone;
  return editor_->SetExtra(known.uuid, note.empty() ? "" : DumpJson(note));
}

Status FeedEvent::PutHead() {
  intel::Event event;
  event.uuid = uuid_;
  event.info = options_.info;
  event.date = FormatDate(since_);
  event.timestamp = now_;
  event.publish_timestamp = now_;
  event.published = true;
  event.analysis = 2;
  event.orgc_name = options_.provider;
  for (const std::string& tag : options_.tags)
    event.tags.push_back({.name = tag, .colour = "", .relationship_type = ""});
  // Another digest for every state: it is what tells a site's part of the mirror to be read again.
  Blake2b digest(sizeof(Digest256));
  if (old_digest_) digest.Update(ByteView(*old_digest_));
  digest.Update(input_).Update(std::to_string(now_));
  const store::MirrorNote note{digest.Finish256(), HeadExtra()};
  if (!is_new_) GF_CHECK(editor_->RemoveHead());
  return writer_.PutEvent(id_, source_, event, &note);
}

// A source that was of another kind before.
Status FeedEvent::RemoveOtherEvents() {
  GF_TRY(const std::vector<store::KnownEvent> events, store_->ListEvents(source_));
  for (const store::KnownEvent& event : events) {
    if (event.uuid == uuid_) continue;
    GF_CHECK(store_->RemoveEvent(event.id));
    ++report_->removed;
  }
  return Ok();
}

// Values of other settings are other values.
Status FeedEvent::CheckNumber() const {
  if (options_.allow_empty) return Ok();
  const auto before = static_cast<std::uint64_t>(std::count_if(
      known_.begin(), known_.end(), [](const Known& known) { return known.gone == 0; }));
  if (listed_ == 0) {
    return Error::Make(Kind::kMalformed, "no value was found; {}",
                       known_.empty() ? "the feed may be of another kind"
                                      : fmt::format("there were {} before", before))
        .Hint(
            "look at the file; if the feed may be empty, set `allow_empty: true` in its block "
            "`feed`; the mirror was left as it is");
  }
  if (!same_settings_ || !IsCollapse(before, listed_)) return Ok();
  return Error::Make(Kind::kMalformed, "the feed has {} values, and had {} before", listed_, before)
      .Hint(
          "look at the file; if so many may go, set `allow_empty: true` in its block `feed`; the "
          "mirror was left as it is");
}

void FeedEvent::DecideHold() {
  const Time since = held_since_ != 0 ? held_since_ : now_;
  const bool over = options_.keep_days > 0 && now_ - since >= options_.keep_days * kSecondsPerDay;
  if (is_new_ || !same_settings_ || refused_ <= tolerated_ || over) {
    held_since_ = 0;
    tolerated_ = refused_;
  } else {
    held_since_ = since;
  }
}

void FeedEvent::TellHold() {
  if (held_ == 0) return;
  report_->notes.push_back({fmt::format(
      "{} values are no longer listed, but {} rows or files are refused, and {} were before: what "
      "is in those nobody knows, so the values stay{}",
      held_, refused_, tolerated_,
      options_.keep_days > 0
          ? fmt::format(" until {}", FormatDate(held_since_ + options_.keep_days * kSecondsPerDay))
          : "")});
}

Status FeedEvent::Finish(bool same) {
  if (same) {
    for (Known& known : known_)
      known.listed = known.gone == 0;
  } else {
    GF_CHECK(CheckNumber());
    DecideHold();
  }
  for (Known& known : known_)
    GF_CHECK(Age(&known));
  TellHold();
  GF_CHECK(RemoveOtherEvents());
  const std::string extra = HeadExtra();
  const bool other_head = [&] {
    Json before = ParseExtra(old_extra_);
    Json after = ParseExtra(extra);
    for (const char* key : {"input", "settings", "refused", "held"})
      before[key] = after[key] = "";
    return before != after;
  }();
  if (is_new_ || changed_ || other_head) {
    ++(is_new_ ? report_->added : report_->changed);
    ++report_->rows["event"];
    return PutHead();
  }
  ++report_->unchanged;
  return extra == old_extra_ ? Ok() : editor_->SetHeadExtra(extra);
}

Result<std::map<std::string, FirstListed>> ReadFirstListed(store::Store* store) {
  std::map<std::string, FirstListed> all;
  GF_TRY(const std::vector<store::KnownSource> sources, store->KnownSources());
  std::string content;
  for (const store::KnownSource& source : sources) {
    const Uuid uuid = Derive("feed", source.name, "", "", &content);
    GF_TRY(const std::optional<store::KnownEvent> event, store->FindEvent(source.id, uuid));
    if (!event) continue;
    FirstListed& listed = all[source.name];
    store::EventEditor reader(store, event->id);
    GF_CHECK(
        reader.ForEachAttribute([&](const Uuid& value, Time timestamp, const std::string& note) {
          const Time first = note.empty() ? 0 : Number(ParseExtra(note), kFirst);
          listed.emplace_back(value, first != 0 ? first : timestamp);
        }));
  }
  return all;
}

}  // namespace gapferry::collect
