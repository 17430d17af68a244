#include "collect/misp_index.h"

#include <charconv>
#include <unordered_set>

#include "base/file.h"
#include "collect/misp_fields.h"

namespace gapferry::collect {
namespace {

class IndexReader : public StrictSax {
 public:
  std::vector<ListedEvent> rows;

 protected:
  bool OnKey(const std::string& key) override {
    key_ = depth() == 2 ? key : "";
    return true;
  }
  bool OnScalar(const Scalar& value) override {
    if (depth() < 2) return Refuse(Kind::kMalformed, "no index of events: a value where a row is");
    if (depth() > 2 || rows.empty()) return true;
    ListedEvent& row = rows.back();
    bool read = true;
    if (key_ == "timestamp") read = ReadInteger(value, 0, INT64_MAX, &row.timestamp);
    if (key_ == "id") read = ReadInteger(value, 0, INT64_MAX, &row.id);
    if (key_ == "uuid") {
      const auto uuid = ParseUuid(value.text);
      if (!uuid) return Refuse(Kind::kMalformed, fmt::format("{} is no UUID", Shown(value)));
      row.uuid = *uuid;
    }
    return read || Refuse(Kind::kMalformed, fmt::format("{} is {}", key_, Shown(value)));
  }
  bool OnOpen(bool object) override {
    if (depth() == 1 && object)
      return Refuse(Kind::kMalformed, "no index of events: an object, not a list");
    if (depth() == 2) {
      if (!object) return Refuse(Kind::kMalformed, "no index of events: a list in the list");
      rows.emplace_back();
    }
    return true;
  }
  bool OnClose() override {
    if (depth() == 1 && rows.back().uuid.IsNil())
      return Refuse(Kind::kMalformed, "a row of the index without uuid");
    return true;
  }

 private:
  std::string key_;
};

// True if the row was not there yet.
class Rows {
 public:
  explicit Rows(MispIndex* index) : index_(index) {}
  bool Add(const ListedEvent& row) {
    if (!seen_.insert(row.uuid).second) {
      ++repeated_;
      return false;
    }
    index_->events.push_back(row);
    return true;
  }
  void Tell() {
    if (repeated_ > 0) {
      index_->notes.push_back(
          fmt::format("the index lists {} events twice; each is taken once", repeated_));
    }
  }

 private:
  MispIndex* index_;
  std::unordered_set<Uuid> seen_;
  std::uint64_t repeated_ = 0;
};

std::optional<std::uint64_t> ResultCount(const HttpAnswer& answer) {
  const std::string text = answer.Header("x-result-count");
  std::uint64_t count = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || text.empty() || stop != text.data() + text.size())
    return std::nullopt;
  return count;
}

std::string CountNote(std::uint64_t said, std::size_t sent) {
  return fmt::format("the server says that its index has {} events, and sent {}", said, sent);
}

Result<std::vector<ListedEvent>> ReadIndexFile(const std::filesystem::path& file) {
  GF_TRY(Fd fd, OpenRegular(file));
  return ReadMispIndex(FileSource(std::move(fd)), "index");
}

// One page of event headers. `known`: what was seen on earlier pages.
struct Page {
  std::size_t rows = 0;
  std::size_t fresh = 0;
  std::optional<std::uint64_t> total;
};

Result<Page> ReadPage(MispApi& api, const Json& filters, std::size_t limit, int number,
                      Rows* rows) {
  Json body = filters;
  body["returnFormat"] = "json";
  body["metadata"] = 1;
  body["limit"] = limit;
  body["page"] = number;
  body["order"] = "Event.id asc";
  // A page holds no rows but headers; one that is cut short is no JSON, and fetched again.
  GF_TRY(const HttpAnswer answer,
         api.client().Fetch(api.Request("POST", "/events/restSearch", body)));
  if (!answer.ok()) return Unexpected(answer, api.client().secret());
  GF_TRY(const Json document, ParseJson(answer.text, {kMaxAnswerBytes, kMaxJsonDepth}));
  if (!document.is_object() || !document.contains("response") || !document["response"].is_array())
    return Error::Make(Kind::kMalformed, "{} lists no events", answer.url);
  Page page;
  page.total = ResultCount(answer);
  for (const Json& entry : document["response"]) {
    const Json& event = entry.is_object() && entry.contains("Event") ? entry["Event"] : entry;
    const auto uuid = ParseUuid(TextOf(event, "uuid"));
    if (!uuid) return Error::Make(Kind::kMalformed, "{} lists an event without uuid", answer.url);
    ListedEvent row;
    row.uuid = *uuid;
    for (const auto& [key, target] : {std::pair{"timestamp", &row.timestamp}, {"id", &row.id}}) {
      const std::string text = TextOf(event, key);
      std::from_chars(text.data(), text.data() + text.size(), *target);
    }
    ++page.rows;
    if (rows->Add(row)) ++page.fresh;
  }
  return page;
}

// All pages of a search, which are as long as the server likes. X-Result-Count of this scope is the
// number of all matches, not of the page's; but a server may be wrong about it, so what ends a
// search are its pages.
class Search {
 public:
  Search(MispApi& api, const Json& filters) : api_(api), filters_(filters), rows_(&index_) {
    index_.by_search = true;
  }

  Result<MispIndex> All() {
    for (int number = 1; number <= kMaxSearchPages; ++number) {
      GF_TRY(Page page, Read(number));
      if (page.rows == 0 && Expects(page)) {
        // Empty in the middle: once more, it may have been a fault in passing.
        GF_TRY(page, Read(number));
      }
      GF_CHECK(Check(page, number));
      if (page.rows > 0 || !said_) said_ = page.total;
      // A server with a limit of its own counts pages by it.
      if (number == 1 && page.rows > 0 && page.rows < limit_) limit_ = page.rows;
      full_before_ = page.rows >= limit_;
      if (IsLast(page)) return Finish(page);
    }
    return Error::Make(Kind::kTooLarge, "the search has more than {} pages", kMaxSearchPages);
  }

 private:
  Result<Page> Read(int number) { return ReadPage(api_, filters_, limit_, number, &rows_); }

  [[nodiscard]] bool Expects(const Page& page) const {
    return page.total ? *page.total > index_.events.size() : full_before_;
  }

  // A page that is full is never the last, whatever the count says; nor is one that is not, if the
  // count says that more is to come, or nothing. One without anything new is.
  [[nodiscard]] bool IsLast(const Page& page) const {
    if (page.fresh == 0) return true;
    if (page.rows >= limit_) return false;
    return page.total && *page.total <= index_.events.size();
  }

  [[nodiscard]] bool Repeats(const Page& page) const {
    return page.rows > 0 && page.rows >= limit_ && page.fresh == 0;
  }

  [[nodiscard]] Status Check(const Page& page, int number) const {
    // As many as its rows: it counts those.
    const bool counts_all = page.total && *page.total != page.rows;
    if (counts_all && index_.events.size() > 2 * *page.total + kSearchPage) {
      return Error::Make(Kind::kMalformed,
                         "the server says that its search has {} events, and sent {} up to page {}",
                         *page.total, index_.events.size(), number)
          .Hint("what stands between may repeat or make up pages; look at the server");
    }
    if (Repeats(page) && !(number == 2 && page.total == index_.events.size())) {
      return Error::Make(Kind::kMalformed,
                         "page {} of the search repeats earlier ones: the server ignores `page`",
                         number);
    }
    return Ok();
  }

  MispIndex Finish(const Page& last) {
    const std::size_t sent = index_.events.size();
    // That may be all, as it says; nobody else can know.
    if (Repeats(last)) {
      index_.notes.push_back(
          fmt::format("the server sends the same {} events for every page of its search, and says "
                      "that these are "
                      "all",
                      sent));
    }
    if (said_ && *said_ > sent) {
      index_.incomplete = fmt::format(
          "the server says that its search has {} events, and sent {}; none is taken "
          "for deleted",
          *said_, sent);
    } else if (said_ && *said_ < sent) {
      index_.notes.push_back(
          fmt::format("the server says that its search has {} events, and sent {}; all are taken",
                      *said_, sent));
    }
    rows_.Tell();
    return std::move(index_);
  }

  MispApi& api_;
  const Json& filters_;
  MispIndex index_;
  Rows rows_;
  std::size_t limit_ = kSearchPage;
  bool full_before_ = false;
  std::optional<std::uint64_t> said_;  // by the last page that had rows
};

}  // namespace

Json IndexFilters(const policy::Selection& selection, Time now) {
  Json filters = Json::object();
  if (selection.published_only) filters["published"] = 1;
  if (!selection.from.empty()) filters["datefrom"] = selection.from;
  if (!selection.to.empty()) filters["dateuntil"] = selection.to;
  if (selection.last) {
    // Whole days, so that the same index is asked for all day and its ETag stays of use.
    const Time from = (now - selection.last->count()) / kSecondsPerDay * kSecondsPerDay;
    filters["publish_timestamp"] = std::to_string(from);
  }
  return filters;
}

Result<std::vector<ListedEvent>> ReadMispIndex(ByteSource source, std::string_view file) {
  ByteStream stream(std::move(source), kMaxIndexBytes, kMaxAnswerBytes);
  IndexReader reader;
  GF_TRY(const std::optional<Refusal> refused, reader.Run(stream, file));
  if (refused) return refused->ToError();
  return std::move(reader.rows);
}

Result<MispIndex> FetchIndex(MispApi& api, const policy::Selection& selection, Time now,
                             const std::filesystem::path& file) {
  const Json filters = IndexFilters(selection, now);
  Json body = Json::object();
  body["minimal"] = 1;
  body.update(filters);
  HttpRequest request = api.Request("POST", "/events/index", body);
  request.max_bytes = kMaxIndexBytes;
  const auto check = [](const std::filesystem::path& part) -> Status {
    GF_CHECK(ReadIndexFile(part));
    return Ok();
  };
  GF_TRY(const Download download, FetchIfChanged(api.client(), request, file, check));
  const int status = download.answer.status;
  if (status == 403 || status == 404 || status == 405) {
    // A search names the same dates otherwise.
    Json search = filters;
    for (const auto& [from, to] : {std::pair{"datefrom", "from"}, {"dateuntil", "to"}}) {
      if (!search.contains(from)) continue;
      search[to] = search[from];
      search.erase(from);
    }
    auto found = Search(api, search).All();
    if (found.ok() || found.error().kind != Kind::kDenied) return found;
    return Unexpected(download.answer, api.client().secret());
  }
  if (!download.answer.ok() && !download.answer.not_modified())
    return Unexpected(download.answer, api.client().secret());
  MispIndex index;
  Rows rows(&index);
  GF_TRY(const std::vector<ListedEvent> listed, ReadIndexFile(file));
  for (const ListedEvent& row : listed)
    rows.Add(row);
  rows.Tell();
  const auto said = ResultCount(download.answer);
  if (download.changed && said && *said != listed.size()) {
    index.notes.push_back(CountNote(*said, listed.size()));
    // Whole next time, or still wrong: then it is said again.
    FetchAgain(file);
  }
  return index;
}

}  // namespace gapferry::collect
