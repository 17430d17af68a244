#include "collect/value_feed.h"

#include "base/clock.h"
#include "collect/feed_files.h"

namespace gapferry::collect {
namespace {

// Another reading of the same bytes is another input.
constexpr std::string_view kReading = "reading 1";

using ReadValues = std::function<Status(const std::string& name, ByteSource source,
                                        const TakeValue& take, ValueReport* report)>;

void Merge(ValueReport&& part, CollectReport* report) {
  for (Refusal& refusal : part.refused)
    report->Refuse(std::move(refusal));
  // Of the others only their number is known.
  report->refused_count += part.refused_count - part.refused.size();
  ValueCounts& values = *report->values;
  values.excluded += part.excluded;
  values.without_form += part.without_form;
  for (Refusal& example : part.examples) {
    if (values.examples.size() < ValueReport::kMaxExamples)
      values.examples.push_back(std::move(example));
  }
}

ByteSource Counting(ByteSource source, std::uint64_t* bytes) {
  return
      [source = std::move(source), bytes](std::span<std::uint8_t> buffer) -> Result<std::size_t> {
        GF_TRY(const std::size_t got, source(buffer));
        *bytes += got;
        return got;
      };
}

Status ReadFiles(const std::vector<std::filesystem::path>& files, const ReadValues& read,
                 const TakeValue& take, CollectReport* report, const CollectProgress& progress) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    GF_CHECK(ForEachDocument(files[i], [&](const std::string& name, ByteSource source) -> Status {
      ValueReport part;
      Status done = read(name, Counting(std::move(source), &report->bytes_read), take, &part);
      Merge(std::move(part), report);
      return done;
    }));
    if (progress) progress(i + 1, files.size());
  }
  return Ok();
}

Result<CollectReport> Within(store::Store& store, const SourceOptions& source,
                             const ValueFeedOptions& options,
                             const std::vector<std::filesystem::path>& files,
                             const ReadValues& read, const CollectProgress& progress) {
  CollectReport report;
  report.source = source.name;
  GF_TRY(const store::SourceId id, store.Writer().PutSource(source.name, source.default_tlp));
  FeedEvent event(&store, id, source, options.event, Now(), &report);
  GF_TRY(const Digest256 input,
         DigestOfFiles(files, fmt::format("{}\n{}", kReading, options.settings)));
  GF_TRY(const bool same, event.Begin(input));
  if (!same) {
    const TakeValue take = [&](const FormedValue& value, std::uint64_t) {
      return event.Take(value);
    };
    GF_CHECK(ReadFiles(files, read, take, &report, progress));
  }
  GF_CHECK(event.Finish(same));
  return report;
}

Result<CollectReport> Collect(store::Store& store, const SourceOptions& source,
                              const ValueFeedOptions& options, const std::filesystem::path& path,
                              const ReadValues& read, const CollectProgress& progress) {
  GF_TRY(const std::vector<std::filesystem::path> files, FeedFiles(path));
  GF_CHECK(store.Begin());
  auto report = Within(store, source, options, files, read, progress);
  if (!report.ok()) {
    store.Rollback();
    return report;
  }
  GF_CHECK(store.Commit());
  return report;
}

}  // namespace

Result<CollectReport> CollectCsv(store::Store& store, const SourceOptions& source,
                                 const ValueFeedOptions& options, const CsvOptions& csv,
                                 const std::filesystem::path& path,
                                 const CollectProgress& progress) {
  const ReadValues read = [&](const std::string& name, ByteSource bytes, const TakeValue& take,
                              ValueReport* report) {
    return ReadCsv(std::move(bytes), name, csv, take, report);
  };
  return Collect(store, source, options, path, read, progress);
}

Result<CollectReport> CollectFreetext(store::Store& store, const SourceOptions& source,
                                      const ValueFeedOptions& options,
                                      const FreetextOptions& freetext,
                                      const std::filesystem::path& path,
                                      const CollectProgress& progress) {
  const ReadValues read = [&](const std::string& name, ByteSource bytes, const TakeValue& take,
                              ValueReport* report) {
    return ReadFreetext(std::move(bytes), name, freetext, take, report);
  };
  return Collect(store, source, options, path, read, progress);
}

}  // namespace gapferry::collect
