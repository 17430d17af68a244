#include "exporter/value_source.h"

namespace gapferry::exporter {
namespace {

constexpr std::int64_t kMostKeepDays = 3650;

const std::vector<std::string_view> kHeaders = {"auto", "yes", "no"};
const std::vector<std::string_view> kQuotes = {"double", "single", "none"};

// One character, or the word that MISP writes for a tab.
char ReadDelimiter(ConfigMap& map) {
  const std::string text = map.String("delimiter", ",");
  if (text == "\\t" || text == "tab") return '\t';
  if (text.size() == 1 && static_cast<unsigned char>(text[0]) < 0x80 && text[0] != '\n' &&
      text[0] != '"')
    return text[0];
  map.Fail("delimiter",
           fmt::format("\"{}\" is not one ASCII character, such as \",\" or \";\", nor "
                       "\"tab\"",
                       text));
  return ',';
}

char ReadQuote(ConfigMap& map) {
  const std::string quote = map.Choice("quote", kQuotes, "double");
  if (quote == "none") return 0;
  return quote == "single" ? '\'' : '"';
}

collect::CsvHeader ReadHeader(ConfigMap& map) {
  const std::string header = map.Choice("header", kHeaders, "auto");
  if (header == "yes") return collect::CsvHeader::kYes;
  return header == "no" ? collect::CsvHeader::kNo : collect::CsvHeader::kAuto;
}

void ReadCsvBlock(ConfigMap& map, collect::CsvOptions* csv) {
  for (const std::string& text : map.Strings("columns")) {
    auto column = collect::CsvColumn::Parse(text);
    if (column.ok()) {
      csv->columns.push_back(std::move(column).value());
    } else {
      map.Fail("columns", column.error().what);
    }
  }
  csv->format.delimiter = ReadDelimiter(map);
  csv->format.quote = ReadQuote(map);
  csv->format.comment = map.String("comment", "#");
  csv->header = ReadHeader(map);
}

collect::Exclusion ReadExclusion(ConfigMap& map) {
  auto exclusion = collect::Exclusion::Parse(map.String("exclude", ""));
  if (exclusion.ok()) return *exclusion;
  map.Fail("exclude", exclusion.error().what);
  return {};
}

void ReadFeedBlock(ConfigMap& map, ValueSource* values) {
  collect::FeedEventOptions& event = values->options.event;
  event.info = map.String("info", "");
  event.provider = map.String("provider", "");
  event.tags = map.Strings("tags");
  event.to_ids = map.Bool("to_ids", event.to_ids);
  event.delta_merge = map.Bool("delta_merge", event.delta_merge);
  event.keep_days = map.Integer("keep_days", 0, kMostKeepDays, event.keep_days);
  event.refresh_days = map.Integer("refresh_days", 0, kMostKeepDays, event.refresh_days);
  event.allow_empty = map.Bool("allow_empty", event.allow_empty);
  const std::string encoding = map.Choice("encoding", collect::EncodingNames(), "auto");
  values->csv.encoding = values->freetext.encoding =
      collect::FindEncoding(encoding).value_or(collect::Encoding::kAuto);
  values->csv.exclude = values->freetext.exclude = ReadExclusion(map);
}

// What decides which values are found, so that a change of it reads the files again.
std::string Settings(ConfigMap& csv, ConfigMap& feed, std::string_view kind) {
  return fmt::format("{} [{}] {} {} {} {} {} {}", kind, fmt::join(csv.Strings("columns"), ", "),
                     csv.String("delimiter", ","), csv.String("quote", "double"),
                     csv.String("comment", "#"), csv.String("header", "auto"),
                     feed.String("encoding", "auto"), feed.String("exclude", ""));
}

}  // namespace

bool IsValueKind(std::string_view kind) {
  return kind == "csv" || kind == "freetext";
}

Result<ValueSource> ReadValueSource(ConfigMap& source, std::string_view kind) {
  ValueSource values;
  // Not an error of the file as such: a source that changes its kind for a day keeps its settings.
  if (source.Has("csv") && kind != "csv") values.misfit = "csv";
  if (source.Has("feed") && !IsValueKind(kind)) values.misfit = "feed";
  ConfigMap csv = source.Map("csv");
  ConfigMap feed = source.Map("feed");
  ReadCsvBlock(csv, &values.csv);
  ReadFeedBlock(feed, &values);
  values.options.settings = Settings(csv, feed, kind);
  if (feed.Bool("pages", false)) {
    values.options.expected = collect::Expected::kAnything;
  } else if (IsValueKind(kind)) {
    values.options.expected = kind == "csv" ? collect::Expected::kTable : collect::Expected::kText;
  }
  GF_CHECK(csv.Finish());
  GF_CHECK(feed.Finish());
  return values;
}

}  // namespace gapferry::exporter
