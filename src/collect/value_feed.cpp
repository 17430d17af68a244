#include "collect/value_feed.h"

#include <algorithm>

#include "base/clock.h"
#include "collect/feed_files.h"

namespace gapferry::collect {
namespace {

// Another reading of the same bytes is another input.
constexpr std::string_view kReading = "reading 5";

using ReadValues = std::function<Status(const std::string& name, ByteSource source,
                                        const TakeValue& take, ValueReport* report)>;

// How the documents of one source are read.
struct Input {
  Expected expected;
  bool wide;  // UTF-16 by the user's word
  ReadValues read;
};

// Folders in the folder are not read; the user may think they are.
void NoteFolders(const std::filesystem::path& path, CollectReport* report) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(path, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    std::string name = entry->path().filename().string();
    std::error_code ignored;
    if (!name.starts_with('.') && entry->is_directory(ignored)) names.push_back(std::move(name));
  }
  if (names.empty()) return;
  std::sort(names.begin(), names.end());
  report->notes.push_back({fmt::format("{} folders in {} are not read, such as {}", names.size(),
                                       path.string(), names.front())});
}

void Merge(ValueReport&& part, CollectReport* report) {
  for (Refusal& refusal : part.refused)
    report->Refuse(std::move(refusal));
  // Of the others only their number is known.
  report->refused_count += part.refused_count - part.refused.size();
  for (std::string& note : part.notes)
    report->notes.push_back({std::move(note)});
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

Status ReadFiles(const std::vector<std::filesystem::path>& files, const Input& input,
                 const TakeValue& take, CollectReport* report, const CollectProgress& progress) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    GF_CHECK(ForEachDocument(files[i], [&](const std::string& name, ByteSource source) -> Status {
      std::string head;
      auto checked = CheckedSource(std::move(source), input.expected, &head);
      if (!checked.ok()) return std::move(checked).error().In(name);
      if (!input.wide && LooksBinary(head)) {
        report->Refuse({Kind::kMalformed, name, 0, "is no text: it has bytes as programs have"});
        return Ok();
      }
      ValueReport part;
      Status done =
          input.read(name, Counting(*std::move(checked), &report->bytes_read), take, &part);
      Merge(std::move(part), report);
      return done;
    }));
    if (progress) progress(i + 1, files.size());
  }
  return Ok();
}

Result<CollectReport> Within(store::Store& store, const SourceOptions& source,
                             const ValueFeedOptions& options,
                             const std::vector<std::filesystem::path>& files, const Input& input,
                             const CollectProgress& progress) {
  CollectReport report;
  report.source = source.name;
  GF_TRY(const store::SourceId id, store.Writer().PutSource(source.name, source.default_tlp));
  FeedEvent event(&store, id, source, options.event, Now(), &report);
  // What may be read is looked at anew when it changes; the values to be found are the same.
  const std::string reading = fmt::format("{}\n{}\n{}", kReading, options.settings,
                                          options.expected == Expected::kAnything);
  GF_TRY(const Digest256 digest, DigestOfFiles(files, reading));
  GF_TRY(const bool same, event.Begin(digest, options.settings));
  if (!same) {
    const TakeValue take = [&](const FormedValue& value, std::uint64_t) {
      return event.Take(value);
    };
    GF_CHECK(ReadFiles(files, input, take, &report, progress));
    event.Refused(report.refused_count);
  }
  GF_CHECK(event.Finish(same));
  return report;
}

Result<CollectReport> Collect(store::Store& store, const SourceOptions& source,
                              const ValueFeedOptions& options, const std::filesystem::path& path,
                              const Input& input, const CollectProgress& progress) {
  GF_TRY(const std::vector<std::filesystem::path> files, FeedFiles(path));
  GF_CHECK(store.Begin());
  auto report = Within(store, source, options, files, input, progress);
  if (!report.ok()) {
    store.Rollback();
    return report;
  }
  NoteFolders(path, &*report);
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
  const Input input{options.expected, csv.encoding == Encoding::kUtf16, read};
  return Collect(store, source, options, path, input, progress);
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
  const Input input{options.expected, freetext.encoding == Encoding::kUtf16, read};
  return Collect(store, source, options, path, input, progress);
}

}  // namespace gapferry::collect
