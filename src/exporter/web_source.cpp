#include "exporter/web_source.h"

#include <algorithm>
#include <thread>

#include "base/version.h"

namespace gapferry::exporter {
namespace {

constexpr std::size_t kMispKeyLength = 40;

// MISP answers a client of this kind in compact JSON, and signs protected events for no other.
std::string Agent() {
  return fmt::format("MISP gapferry/{}", kVersion);
}

Status CheckMispKey(const collect::Secret& secret, const std::string& place) {
  const std::string_view key = secret.view();
  if (key.size() == kMispKeyLength && std::all_of(key.begin(), key.end(), IsAsciiAlnum))
    return Ok();
  return Error::Make(Kind::kConfig,
                     "{} holds no key of MISP: {} characters, not {} letters and "
                     "digits",
                     place, key.size(), kMispKeyLength)
      .Hint("MISP shows a key once, under My Profile, Auth keys");
}

// Whoever watches is told why nothing moves.
collect::HttpClient::Pause NotedPause(Console& console, const std::string& source) {
  return [&console, source](std::chrono::milliseconds time) {
    constexpr std::chrono::seconds kWorthANote{5};
    if (time >= kWorthANote) {
      console.Note(fmt::format("{}: waiting {} s before the next request", source,
                               std::chrono::ceil<std::chrono::seconds>(time).count()));
    }
    std::this_thread::sleep_for(time);
  };
}

}  // namespace

std::filesystem::path CacheOf(const std::filesystem::path& home, const SourceConfig& source) {
  return source.path.empty() ? home / "cache" / source.name : source.path;
}

collect::WebOptions WebOptionsOf(const std::filesystem::path& home, const SourceConfig& source) {
  return {source.url, CacheOf(home, source), source.key_header, source.refresh_days};
}

Result<collect::HttpClient> OpenClient(Session& session, const SourceConfig& source,
                                       const std::string& key) {
  collect::Secret secret;
  if (!key.empty()) {
    GF_TRY(secret, collect::LoadSecret(key, session.home));
  }
  return collect::HttpClient(source.transport, std::move(secret), Agent(),
                             NotedPause(session.console, source.name));
}

Result<collect::MispApi> OpenMisp(Session& session, const SourceConfig& source,
                                  const std::string& key) {
  GF_TRY(collect::Secret secret, collect::LoadSecret(key, session.home));
  GF_CHECK(CheckMispKey(secret, key));
  return collect::MispApi(collect::HttpClient(source.transport, std::move(secret), Agent(),
                                              NotedPause(session.console, source.name)),
                          source.url);
}

}  // namespace gapferry::exporter
