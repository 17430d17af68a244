# shellcheck shell=bash
# What the scripts in tools/ share. Source it; it changes nothing by itself.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
oracles=/opt/gapferry-oracles
export DEBIAN_FRONTEND=noninteractive

say() { printf '== %s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# As root, or through sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo --preserve-env=DEBIAN_FRONTEND "$@"
  else die "this step needs root: $*"; fi
}

release() { . /etc/os-release && printf '%s' "${VERSION_CODENAME:-unknown}"; }

# Where this machine gets Debian from: the repository never names a host.
mirror() {
  local uri
  uri=$(apt-get indextargets --format '$(REPO_URI) $(COMPONENT)' "Codename: $(release)" 2>/dev/null |
    awk '$2 == "main" { print $1; exit }')
  [ -n "$uri" ] || die "apt has no Debian source for $(release); run apt-get update"
  printf '%s' "$uri"
}

have_packages() { dpkg-query -W -f '${db:Status-Abbrev}\n' "$@" 2>/dev/null | grep -qv '^ii' && return 1
  dpkg-query -W "$@" >/dev/null 2>&1; }

apt_updated=
apt_update() { [ -n "$apt_updated" ] || as_root apt-get -qq update; apt_updated=1; }

install_packages() {
  have_packages "$@" && return
  apt_update
  as_root apt-get -qq -y install --no-install-recommends "$@" >/dev/null
}
