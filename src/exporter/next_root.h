// exporter/next_root.h: how a new root comes into force: a draft in keys/draft, signed by as many
// people as it takes, then accepted.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "exporter/home.h"

namespace gapferry::exporter {

// The key that signs a draft at once, if there is one.
struct SignWith {
  std::filesystem::path key;  // empty: nobody signs yet
  std::string passphrase_file;
};
// keys/root.key if it is there.
[[nodiscard]] SignWith HomeRootKey(const Home& home, const std::string& passphrase_file);

// Writes the draft of `next`, signs it, and accepts it if that is enough; otherwise says who must
// sign. True if it is in force. Error: kUsage if another draft is there; those of LoadKey and
// AcceptRoot.
[[nodiscard]] Result<bool> ProposeRoot(Session& session, const Home& home, const bundle::Root& next,
                                       const SignWith& sign);

// Makes `document` the newest root if the thresholds of the one before and its own are met. Streams
// and epochs of the mirror follow it; content keys that it revokes are put aside.
// Errors: those of NextRoot.
[[nodiscard]] Status AcceptRoot(Console& console, const Home& home,
                                const bundle::SignedDocument& document);

// Stores the step from `now` to `next` in keys/, with those signatures that fit and no others: a
// signature that does not fit would break the chain for every site. Names the others.
[[nodiscard]] Status StoreRoot(Console& console, const Home& home, const bundle::Root& now,
                               const bundle::Root& next,
                               const std::vector<std::string>& signatures);

// Gives the mirror the streams of `root` that it lacks, and its epochs. A stream that `before` (if
// given) has in the same epoch, but the mirror does not, was lost: it needs a new epoch. Within the
// caller's transaction. Error: kConfig if a site has a stream with another UUID.
[[nodiscard]] Status AdoptStreams(store::Store* mirror, const bundle::Root& root,
                                  const bundle::Root* before);

// Makes the mirror follow `root`, the newest one of the home, whoever made it: AdoptStreams, and
// content keys that it revokes are put aside. A mirror that owes a new epoch owes one after those
// of `root`, too, since nobody here knows which of their numbers were used.
[[nodiscard]] Status AdoptRoot(const Home& home, const bundle::Root& root);

// Signs `file`, wherever it lies, with `key`. The bytes must be a root.
[[nodiscard]] Status SignRootFile(const std::filesystem::path& file, const bundle::SecretKey& key);

// Error: kNotReady if the mirror must not number bundles under this root: it was restored or made
// anew and no new epoch has begun, or its epoch is not the root's.
[[nodiscard]] Status CheckEpoch(store::Store* mirror, const store::StreamRow& stream,
                                const bundle::StreamRole& role);
// No bundle until each of these streams has a later epoch than the one given.
[[nodiscard]] Status DemandNewEpoch(store::Store* mirror,
                                    const std::map<Uuid, std::uint64_t>& epochs);

}  // namespace gapferry::exporter
