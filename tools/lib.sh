# shellcheck shell=bash
# What the scripts in tools/ share. Source it; it only defines.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
oracles=/opt/gapferry-oracles

say() { printf '== %s\n' "$*"; }

# fail MESSAGE [NEXT COMMAND]
fail() {
  printf 'error: %s\n' "$1" >&2
  [[ $# -lt 2 ]] || printf 'hint: %s\n' "$2" >&2
  exit 1
}

# As root, or through sudo.
as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo --preserve-env=DEBIAN_FRONTEND "$@"
  else
    fail "this step needs root: $*" "install sudo, or run as root"
  fi
}

# step NAME HAVE INSTALL: one line, and INSTALL only if HAVE fails. What INSTALL says goes to $step_log
# and is shown if it fails.
step() {
  local name=$1 have=$2 install=$3 status=0
  if $have >/dev/null 2>&1; then
    printf '%-12s is there\n' "$name"
    return
  fi
  printf '%-12s installing\n' "$name"
  # In a condition bash would ignore set -e within the subshell.
  set +e
  (set -e; $install) >"$step_log" 2>&1
  status=$?
  set -e
  if [[ $status == 0 ]] && ($have) >/dev/null 2>&1; then return; fi
  tail -n 40 "$step_log" >&2
  fail "the step $name failed" "read the lines above; then tools/install again"
}

# --- Debian

debian_release() (. /etc/os-release && printf '%s\n' "${VERSION_CODENAME:-unknown}")
debian_keyring() { printf '%s\n' /usr/share/keyrings/debian-archive-keyring.gpg; }

# Where this machine gets Debian from. The repository names no host.
debian_mirror() {
  local uri
  uri=$(apt-get indextargets --format '$(REPO_URI) $(COMPONENT)' "Codename: $(debian_release)" |
    awk '$2 == "main" && !uri { uri = $1 } END { print uri }')
  [[ -n $uri ]] || fail "apt knows no source for Debian $(debian_release)" "apt-get update"
  printf '%s\n' "$uri"
}

# have_packages NAME[/SUITE]…
have_packages() {
  local states
  states=$(dpkg-query -W -f '${db:Status-Status}\n' "${@%/*}") || return 1
  [[ $(grep -cx installed <<<"$states") == "$#" ]]
}

# Once a run, unless a source is new; $lists_fresh is a file, for steps run in subshells.
refresh_lists() {
  as_root apt-get -q update
  : >"$lists_fresh"
}

install_packages() {
  [[ -e $lists_fresh ]] || refresh_lists
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "$@"
}
