#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/error.h"

namespace gapferry {
namespace {

// The one table of causes. Codes are part of the interface: never renumber, only add.
const std::vector<KindInfo> kKinds = {
    {Kind::kInternal, 1, "internal", "a fault inside gapferry itself",
     "Nothing was changed. Note the message and the command, and report both."},
    {Kind::kUsage, 2, "usage", "the command line cannot be understood",
     "Run the command with --help; the message names the word that is wrong."},
    {Kind::kConfig, 3, "config", "a configuration file is wrong",
     "The message gives file, line and key. schema/ describes every key; fix the line and run "
     "again."},
    {Kind::kIo, 4, "io", "the operating system refused to read or write",
     "Check that the path exists, that this user may use it, and that the medium is still plugged "
     "in."},
    {Kind::kPartly, 5, "partly", "done, but some input was refused and left out",
     "Each refused file is named with line and reason. What was good is in place; repair the rest "
     "at its "
     "source."},
    {Kind::kLocked, 6, "locked", "another gapferry process is using this state",
     "Wait for it to end. The message names its process id."},
    {Kind::kNotFound, 7, "not-found", "something named on the command line does not exist",
     "Compare the name with `status`."},
    {Kind::kNotReady, 8, "not-ready", "a step that must come first has not been done",
     "The hint names the command to run first."},
    {Kind::kMalformed, 9, "malformed", "bytes do not follow their format",
     "If it is a bundle, copy it to the medium again and verify it there. If it is a source's "
     "file, ask its "
     "publisher."},
    {Kind::kIncomplete, 10, "incomplete", "a bundle lacks bytes: the copy was not finished",
     "Copy the named file again and wait until the medium has been written. This is no sign of an "
     "attack."},
    {Kind::kDamaged, 11, "damaged", "stored bytes differ from their signed hash",
     "Copy the file again; if it happens twice, replace the medium. The rest of the bundle is "
     "named as whole "
     "or not."},
    {Kind::kBadSignature, 12, "bad-signature", "altered, or not signed by the key it names",
     "Do not use this medium. Tell the connected side which file and which key the message names."},
    {Kind::kUnknownSigner, 13, "unknown-signer", "signed by a key that this site does not trust",
     "Compare the key id with the connected side by telephone. Never trust a key because it is on "
     "the medium."},
    {Kind::kThreshold, 14, "threshold", "fewer trusted signers than the root of trust demands",
     "Have the missing signers sign the same manifest on the connected side."},
    {Kind::kExpired, 15, "expired", "the bundle is older than it says it may become",
     "Fetch a newer bundle. Data already imported stays in use."},
    {Kind::kRollback, 16, "rollback", "older than what this site has already accepted",
     "Use the newest bundle. An old medium is the usual cause; a replayed one looks the same."},
    {Kind::kEquivocation, 17, "equivocation",
     "a different content under a number that was already accepted",
     "Stop. Two different bundles carry one number: keep both media and talk to the connected "
     "side."},
    {Kind::kWrongStream, 18, "wrong-stream", "signed, but made for another site",
     "Take the medium to the site that the message names."},
    {Kind::kPolicy, 19, "policy", "this site's policy refuses the whole bundle",
     "The message names the rule. Ask the connected side for a bundle made for this site's "
     "clearance."},
    {Kind::kDiverged, 20, "diverged", "after applying, the state is not the one that was signed",
     "Nothing was changed. Import a full bundle; if that fails too, report it."},
    {Kind::kNoSpace, 21, "no-space", "a disk or medium is full",
     "Free the space that the message names and run the same command again."},
    {Kind::kSandbox, 22, "sandbox", "the sandbox could not be built, or its child broke the rules",
     "If the kernel lacks Landlock or seccomp, the message says so. If the child was killed, treat "
     "the medium "
     "as hostile."},
    {Kind::kArtifactCheck, 23, "artifact-check",
     "a consumer's own check refuses a generated artifact",
     "The old generation is still live. The check's output is in the message."},
    {Kind::kClock, 24, "clock", "the clock of this machine and the bundle cannot both be right",
     "Compare both times in the message with a watch, and set the clock."},
    {Kind::kGuard, 25, "guard", "the change is larger than this site's guard allows",
     "Look at the change; if it is meant, run again with --accept-change."},
    {Kind::kTooLarge, 26, "too-large", "beyond a limit of size, depth or number",
     "The message names the limit. Limits protect this machine; a source that exceeds one is "
     "suspect."},
    {Kind::kUnsupported, 27, "unsupported", "a version or feature that this program does not know",
     "The message names what is needed. Update gapferry on this side."},
    {Kind::kWrongRecipient, 28, "wrong-recipient",
     "encrypted, but to no identity that this site holds",
     "Give the connected side the recipient that `gapferry-import recipient` prints, or put the "
     "right identity into keys/."},
    {Kind::kRevokedSigner, 29, "revoked-signer", "signed by a key that has been revoked",
     "Do not use this medium; a root that takes a revocation back has this code too. If the "
     "connected side has not changed its key since, call them: "
     "someone else may hold the old one."},
    {Kind::kRootStep, 30, "root-step", "a root of trust between the held one and this is missing",
     "Bring a medium that carries the roots that the message names; `root import` takes them."},
    {Kind::kNetwork, 31, "network", "a server could not be reached, or gave no whole answer",
     "The mirror is as it was, and what was fetched is kept. Run again when the cause in the "
     "message is removed."},
    {Kind::kDenied, 32, "denied", "a server refuses the key or the call",
     "The message gives the server's own words. Check the key's role and expiry on that server."},
    {Kind::kPassphrase, 33, "passphrase",
     "a key is encrypted, and its passphrase is missing or wrong",
     "Give it with --passphrase-file, as the systemd credential that the message names, or on a "
     "terminal."},
    {Kind::kUnfinished, 34, "unfinished",
     "a server began what it was asked to, and its end was not seen",
     "Nothing is wrong yet. Wait, and look at the server; the same command again would begin it a "
     "second time."},
    {Kind::kInterrupted, 130, "interrupted", "stopped before the end",
     "Nothing half done was kept. Run the same command again."},
};

}  // namespace

const std::vector<KindInfo>& AllKinds() {
  return kKinds;
}

const KindInfo& Info(Kind kind) {
  for (const KindInfo& info : kKinds) {
    if (info.kind == kind) return info;
  }
  std::abort();
}

const KindInfo* FindKind(std::string_view name_or_code) {
  int code = -1;
  const char* end = name_or_code.data() + name_or_code.size();
  auto [stop, error] = std::from_chars(name_or_code.data(), end, code);
  const bool is_number = error == std::errc{} && stop == end;
  auto found = std::find_if(kKinds.begin(), kKinds.end(), [&](const KindInfo& info) {
    return is_number ? info.exit_code == code : info.name == name_or_code;
  });
  return found == kKinds.end() ? nullptr : &*found;
}

}  // namespace gapferry
