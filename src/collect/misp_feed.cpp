#include "collect/misp_feed.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <unordered_set>

#include "base/file.h"
#include "collect/event_writer.h"
#include "collect/feed_manifest.h"
#include "collect/selecting_sink.h"

namespace gapferry::collect {
namespace {

constexpr std::string_view kManifest = "manifest.json";

// One run over one source.
class Run {
 public:
  Run(const SourceOptions& options, EventWriter& writer, std::size_t known, CollectReport* report)
      : options_(options),
        selects_(!options.selection.Empty()),
        salt_(options.selection.Fingerprint()),
        writer_(writer),
        known_(known),
        report_(report) {
    salt_[0] ^= static_cast<std::uint8_t>(options.default_tlp);
  }

  // What a selection makes of the same file.
  [[nodiscard]] const Digest256& salt() const { return salt_; }

  // `same_selection`: as in the run before.
  Status All(const std::vector<EventFile>& inputs, bool same_selection,
             const CollectProgress& progress) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      GF_CHECK(One(inputs[i]));
      if (progress) progress(i + 1, inputs.size());
    }
    GF_CHECK(CheckOthers(same_selection));
    return writer_.RemoveOthers();
  }

 private:
  // What grew too old is gone by the user's wish, and what a new selection leaves out, too.
  Status CheckOthers(bool same_selection) const {
    std::size_t lost = 0;
    std::size_t left_out = 0;
    for (const store::KnownEvent& event : writer_.Others()) {
      if (!StillRecent(event)) continue;
      const bool unselected = writer_.IsLeftOut(event.uuid);
      if (unselected && !same_selection) continue;
      ++lost;
      if (unselected) ++left_out;
    }
    return CheckLoss(options_, known_, lost, left_out);
  }

  [[nodiscard]] bool StillRecent(const store::KnownEvent& event) const {
    const Time published = event.publish_timestamp != 0 ? event.publish_timestamp : event.timestamp;
    return options_.selection.StillRecent(published, now_);
  }

  Status One(const EventFile& input) {
    const std::string name = input.path.filename().string();
    writer_.StartFile(name, input.expected);
    if (input.failed) return writer_.RefuseFile(*input.failed);
    if (input.left_out && input.expected) return writer_.LeaveOut(*input.expected), Ok();
    if (input.keep && input.expected) {
      writer_.KeepUnchanged(*input.expected, name);
      return Ok();
    }
    auto opened = OpenRegular(input.path);
    if (!opened.ok()) return Unreadable(name, opened.error());
    auto size = SizeOf(*opened);
    if (!size.ok()) return Unreadable(name, size.error());
    report_->bytes_read += *size;
    auto unchanged = Unchanged(input, opened->get(), *size, name);
    if (!unchanged.ok()) return Unreadable(name, unchanged.error());
    if (*unchanged) return Ok();
    return Read(std::move(opened).value(), name);
  }

  // What a file was read with belongs to its digest: under another selection it is another file.
  [[nodiscard]] Digest256 Salted(const Digest256& digest) const {
    return selects_ ? Hash256(digest, salt_) : digest;
  }

  // An event that was taken before is not changed, but may have become too old.
  bool Keep(const Uuid& uuid, const std::string& name) {
    if (!StillRecent(*writer_.Known(uuid))) {
      ++report_->left_out_events;
      return false;
    }
    return writer_.KeepUnchanged(uuid, name);
  }

  Status Unreadable(const std::string& name, const Error& error) {
    return writer_.RefuseFile({error.kind, name, 0, error.what});
  }

  // Hashes a file of which an event may be known, and leaves the descriptor at its start.
  Result<bool> Unchanged(const EventFile& input, int fd, std::uint64_t size,
                         const std::string& name) {
    const store::KnownEvent* known = input.expected ? writer_.Known(*input.expected) : nullptr;
    if (size > options_.max_file_bytes) return false;
    if (input.expected && (known == nullptr || !known->input_digest)) return false;
    if (!input.expected && !writer_.KnowsAny()) return false;
    GF_TRY(const Digest256 hash, HashFile(fd));
    const Digest256 digest = Salted(hash);
    if (::lseek(fd, 0, SEEK_SET) != 0) return SystemError("cannot rewind", errno);
    if (known != nullptr) {
      if (*known->input_digest != digest) return false;
      Keep(known->uuid, name);
      return true;
    }
    const std::vector<Uuid> uuids = writer_.KnownFrom(digest);
    for (const Uuid& uuid : uuids)
      Keep(uuid, name);
    return !uuids.empty();
  }

  static Result<Digest256> HashFile(int fd) {
    constexpr std::size_t kChunk = 256 << 10;
    std::vector<std::uint8_t> buffer(kChunk);
    Blake2b hash(sizeof(Digest256));
    while (true) {
      GF_TRY(const std::size_t got, ReadFull(fd, buffer));
      if (got == 0) return hash.Finish256();
      hash.Update(ByteView(buffer).first(got));
    }
  }

  Status Read(Fd fd, const std::string& name) {
    if (!selects_) return Take(std::move(fd), name, writer_);
    HeaderSink headers;
    const int again = ::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0);
    if (again < 0) return SystemError("cannot read a file twice", errno);
    // What is wrong with the file is found, and told, by the second pass.
    GF_CHECK(ReadMispEvents(FileSource(Fd(again)), name, headers, options_.max_file_bytes));
    if (::lseek(fd.get(), 0, SEEK_SET) != 0) return SystemError("cannot rewind", errno);
    std::vector<policy::EventVerdict> verdicts;
    for (const HeaderSink::Header& header : headers.headers())
      verdicts.push_back(policy::JudgeEvent(options_.selection, header.event, now_));
    SelectingSink sink(writer_, options_.selection, options_.default_tlp, std::move(verdicts));
    return Take(std::move(fd), name, sink);
  }

  Status Take(Fd fd, const std::string& name, EventSink& sink) {
    GF_TRY(ReadOutcome outcome,
           ReadMispEvents(FileSource(std::move(fd)), name, sink, options_.max_file_bytes));
    for (const auto& [path, seen] : outcome.unknown_fields)
      report_->unknown_fields[path] += seen;
    if (outcome.refused) return writer_.RefuseFile(*std::move(outcome.refused));
    return writer_.AcceptFile(Salted(outcome.digest));
  }

  const SourceOptions& options_;
  bool selects_;
  Digest256 salt_;
  Time now_ = Now();
  EventWriter& writer_;
  std::size_t known_;
  CollectReport* report_;
};

// Under which selection a source was read last; of the mirror alone.
std::string SelectionKey(const std::string& source) {
  return "selection/" + source;
}

Result<CollectReport> CollectWithin(store::Store& store, const SourceOptions& options,
                                    const std::vector<EventFile>& inputs,
                                    std::vector<Refusal> refused, const CollectProgress& progress) {
  CollectReport report;
  report.source = options.name;
  for (Refusal& refusal : refused)
    report.Refuse(std::move(refusal));
  store::RowWriter writer = store.Writer();
  GF_TRY(const store::SourceId source, writer.PutSource(options.name, options.default_tlp));
  GF_TRY(const std::vector<store::KnownEvent> known, store.ListEvents(source));
  EventWriter events(store, source, options, known, &report);
  Run run(options, events, known.size(), &report);
  const std::string selection = HexEncode(run.salt());
  GF_TRY(const std::optional<std::string> before, store.GetMeta(SelectionKey(options.name)));
  GF_CHECK(run.All(inputs, before == selection, progress));
  if (before != selection) GF_CHECK(store.SetMeta(SelectionKey(options.name), selection));
  // Files that were skipped are not counted again: what is kept is of the last run that read any.
  if (report.added + report.changed > 0)
    GF_CHECK(store.SetUnknownFields(source, report.unknown_fields));
  return report;
}

Result<CollectReport> Collect(store::Store& store, const SourceOptions& options,
                              const std::vector<EventFile>& inputs, std::vector<Refusal> refused,
                              const CollectProgress& progress) {
  GF_CHECK(store.Begin());
  auto report = CollectWithin(store, options, inputs, std::move(refused), progress);
  if (!report.ok()) {
    store.Rollback();
    return report;
  }
  GF_CHECK(store.Commit());
  return report;
}

}  // namespace

Result<CollectReport> CollectFeedFolder(store::Store& store, const SourceOptions& options,
                                        const std::filesystem::path& folder,
                                        const CollectProgress& progress) {
  std::vector<EventFile> inputs;
  auto opened = OpenRegular(folder / kManifest);
  if (opened.ok()) {
    GF_TRY(FeedManifest manifest,
           ReadFeedManifest(FileSource(std::move(opened).value()), kManifest, kMaxManifestBytes));
    GF_CHECK(CheckListed(store, options, manifest.events));
    for (const Uuid& uuid : manifest.events)
      inputs.push_back({folder / (uuid.ToString() + ".json"), uuid});
    return Collect(store, options, inputs, std::move(manifest.refused), progress);
  }
  if (opened.error().kind != Kind::kNotFound) return std::move(opened).error();
  GF_TRY(const std::vector<std::filesystem::path> files, ListFiles(folder));
  for (const std::filesystem::path& file : files) {
    if (file.extension() == ".json") inputs.push_back({file, std::nullopt});
  }
  if (inputs.empty()) {
    // An empty folder is more likely a share that is not mounted than a feed without events.
    return Error::Make(Kind::kNotFound, "{} holds neither {} nor any *.json", folder.string(),
                       kManifest)
        .Hint("check that the folder is mounted and complete; the mirror was left as it is");
  }
  return Collect(store, options, inputs, {}, progress);
}

Result<CollectReport> CollectEventFiles(store::Store& store, const SourceOptions& options,
                                        const std::vector<std::filesystem::path>& files,
                                        const CollectProgress& progress) {
  std::vector<EventFile> inputs;
  inputs.reserve(files.size());
  for (const std::filesystem::path& file : files)
    inputs.push_back({file, std::nullopt});
  return Collect(store, options, inputs, {}, progress);
}

Result<std::vector<store::KnownEvent>> EventsOf(store::Store& store, const std::string& source) {
  GF_TRY(const std::vector<store::KnownSource> sources, store.KnownSources());
  for (const store::KnownSource& known : sources) {
    if (known.name == source) return store.ListEvents(known.id);
  }
  return std::vector<store::KnownEvent>{};
}

Status CheckLoss(const SourceOptions& options, std::size_t known, std::size_t lost,
                 std::size_t left_out) {
  if (options.allow_empty || !IsCollapse(known, known - lost)) return Ok();
  const std::string unselected =
      left_out == 0 ? ""
                    : fmt::format(
                          "; {} of those are there, but `select`, which is as it was, does "
                          "not take them any more",
                          left_out);
  return Error::Make(Kind::kMalformed, "the source no longer has {} of {} events{}", lost, known,
                     unselected)
      .Hint(
          "look at the source; if they may go, set its `allow_empty: true`; the mirror was left as "
          "it is");
}

Status CheckListed(store::Store& store, const SourceOptions& options,
                   const std::vector<Uuid>& listed) {
  GF_TRY(const std::vector<store::KnownEvent> known, EventsOf(store, options.name));
  const std::unordered_set<Uuid> there(listed.begin(), listed.end());
  const auto lost = std::count_if(known.begin(), known.end(), [&](const store::KnownEvent& event) {
    return !there.contains(event.uuid);
  });
  return CheckLoss(options, known.size(), static_cast<std::size_t>(lost));
}

Result<CollectReport> CollectFetchedEvents(store::Store& store, const SourceOptions& options,
                                           const std::vector<EventFile>& files,
                                           std::vector<Refusal> refused,
                                           const CollectProgress& progress) {
  return Collect(store, options, files, std::move(refused), progress);
}

}  // namespace gapferry::collect
