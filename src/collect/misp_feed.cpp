#include "collect/misp_feed.h"

#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "collect/event_writer.h"
#include "collect/feed_manifest.h"

namespace gapferry::collect {
namespace {

constexpr std::string_view kManifest = "manifest.json";

struct Input {
  std::filesystem::path path;
  std::optional<Uuid> expected;  // the event that the manifest says is in it
};

// One run over one source.
class Run {
 public:
  Run(const SourceOptions& options, EventWriter& writer, CollectReport* report)
      : options_(options), writer_(writer), report_(report) {}

  Status All(const std::vector<Input>& inputs, const CollectProgress& progress) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      GF_CHECK(One(inputs[i]));
      if (progress) progress(i + 1, inputs.size());
    }
    return writer_.RemoveOthers();
  }

 private:
  Status One(const Input& input) {
    const std::string name = input.path.filename().string();
    writer_.StartFile(name, input.expected);
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

  Status Unreadable(const std::string& name, const Error& error) {
    return writer_.RefuseFile({error.kind, name, 0, error.what});
  }

  // Hashes a file of which an event may be known, and leaves the descriptor at its start.
  Result<bool> Unchanged(const Input& input, int fd, std::uint64_t size, const std::string& name) {
    const store::KnownEvent* known = input.expected ? writer_.Known(*input.expected) : nullptr;
    if (size > options_.max_file_bytes) return false;
    if (input.expected && (known == nullptr || !known->input_digest)) return false;
    if (!input.expected && !writer_.KnowsAny()) return false;
    GF_TRY(const Digest256 digest, HashFile(fd));
    if (::lseek(fd, 0, SEEK_SET) != 0) return SystemError("cannot rewind", errno);
    if (known != nullptr) {
      if (*known->input_digest != digest) return false;
      writer_.KeepUnchanged(known->uuid, name);
      return true;
    }
    const std::vector<Uuid> uuids = writer_.KnownFrom(digest);
    for (const Uuid& uuid : uuids)
      writer_.KeepUnchanged(uuid, name);
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
    GF_TRY(ReadOutcome outcome,
           ReadMispEvents(FileSource(std::move(fd)), name, writer_, options_.max_file_bytes));
    for (const auto& [path, seen] : outcome.unknown_fields)
      report_->unknown_fields[path] += seen;
    if (outcome.refused) return writer_.RefuseFile(*std::move(outcome.refused));
    return writer_.AcceptFile(outcome.digest);
  }

  const SourceOptions& options_;
  EventWriter& writer_;
  CollectReport* report_;
};

Result<CollectReport> CollectWithin(store::Store& store, const SourceOptions& options,
                                    const std::vector<Input>& inputs, std::vector<Refusal> refused,
                                    const CollectProgress& progress) {
  CollectReport report;
  report.source = options.name;
  for (Refusal& refusal : refused)
    report.Refuse(std::move(refusal));
  store::RowWriter writer = store.Writer();
  GF_TRY(const store::SourceId source, writer.PutSource(options.name, options.default_tlp));
  GF_TRY(const std::vector<store::KnownEvent> known, store.ListEvents(source));
  EventWriter events(store, source, known, &report);
  GF_CHECK(Run(options, events, &report).All(inputs, progress));
  // Files that were skipped are not counted again: what is kept is of the last run that read any.
  if (report.added + report.changed > 0)
    GF_CHECK(store.SetUnknownFields(source, report.unknown_fields));
  return report;
}

Result<CollectReport> Collect(store::Store& store, const SourceOptions& options,
                              const std::vector<Input>& inputs, std::vector<Refusal> refused,
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
  std::vector<Input> inputs;
  auto opened = OpenRegular(folder / kManifest);
  if (opened.ok()) {
    GF_TRY(FeedManifest manifest,
           ReadFeedManifest(FileSource(std::move(opened).value()), kManifest, kMaxManifestBytes));
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
  std::vector<Input> inputs;
  inputs.reserve(files.size());
  for (const std::filesystem::path& file : files)
    inputs.push_back({file, std::nullopt});
  return Collect(store, options, inputs, {}, progress);
}

}  // namespace gapferry::collect
