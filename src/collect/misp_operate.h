// collect/misp_operate.h: the few things that are changed on an instance of MISP: its feeds and its
// warninglists (FeedsController.php, WarninglistsController.php of MISP v2.5.1). MISP says yes,
// with status 200, to much that it did not do; so each change is looked at afterwards. Collecting
// uses none of this, and another key.
#pragma once

#include <chrono>
#include <functional>

#include "collect/misp_api.h"

namespace gapferry::collect {

struct InstanceFeed {
  std::string id;
  std::string name;
  std::string provider;
  std::string url;
  std::string format;  // misp, csv, freetext
  bool enabled = false;
  bool caching = false;
  // Of csv; the last also of freetext. As MISP writes them: "3,4", ",", "/^#/".
  std::string columns;
  std::string delimiter;
  std::string exclude;
};

struct InstanceList {
  std::string id;
  std::string name;
  std::string type;
  std::string version;
  std::string entries;
  bool enabled = false;
};

// Progress of a background job, 0 … 100.
using JobProgress = std::function<void(int percent)>;

struct JobWait {
  std::chrono::seconds longest{600};
  std::chrono::milliseconds between{2000};
};

// How a fetch or a caching ended. kLost: it was begun, and then MISP no longer answered.
enum class JobEnd { kDone, kStillRunning, kNotWatched, kLost };

class MispOperator {
 public:
  explicit MispOperator(MispApi& api) : api_(api) {}

  [[nodiscard]] Result<std::vector<InstanceFeed>> Feeds();
  [[nodiscard]] Result<std::vector<InstanceList>> Lists();

  // Disabled, and without caching; one event that follows the feed. As MISP has it afterwards.
  // Error: kDenied with MISP's reason, or if it keeps no such feed or another.
  [[nodiscard]] Result<InstanceFeed> AddFeed(const InstanceFeed& feed);
  // Errors: kNotFound; kDenied if MISP said yes and did not do it.
  [[nodiscard]] Status SetFeed(const InstanceFeed& feed, bool enabled, bool caching);
  [[nodiscard]] Status SetLists(const std::vector<InstanceList>& lists, bool enabled);

  // Into the cache that correlates, or as events. With background jobs, waits for the job. Errors:
  // kNotReady for a feed that is not enabled (or not cached), of which MISP would say "done";
  // kNetwork if MISP or its job says that it failed.
  [[nodiscard]] Result<JobEnd> CacheFeed(const InstanceFeed& feed, const JobWait& wait,
                                         const JobProgress& progress);
  [[nodiscard]] Result<JobEnd> FetchFeed(const InstanceFeed& feed, const JobWait& wait,
                                         const JobProgress& progress);

 private:
  // The highest id of a job so far; none if the instance does not show jobs.
  [[nodiscard]] Result<std::optional<std::int64_t>> NewestJob();
  [[nodiscard]] Result<JobEnd> Watch(std::int64_t after, const InstanceFeed& feed,
                                     const JobWait& wait, const JobProgress& progress);

  MispApi& api_;
};

}  // namespace gapferry::collect
