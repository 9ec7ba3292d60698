# shellcheck shell=sh
# Sourced by the programs in bin/, which set $root. Makes the checkout runnable and knows how to run TypeScript:
#
#   bootstrap          installs what pnpm-lock.yaml pins, if that has not been done, and sets $node and $tsx
#   run_ts FILE ARGS…  replaces this shell by a Node program
#
# Everything said here goes to stderr: stdout carries data only.
# A stamp in node_modules holds the lockfile's checksum, the machine it was installed for (a checkout may be shared with a container), the
# Node to use, and how it takes TypeScript. So a warm start is two small child processes (cksum, uname), and neither npm nor a trial of Node.

pnpm_version=12.21.0
stamp=$root/node_modules/.postrider-stamp
install_lock=$root/.install-lock

say() { printf '%s\n' "$*" >&2; }

bootstrap() {
  lock_sum=$(cksum <"$root/pnpm-lock.yaml") || exit 69
  machine=$(uname -sm)
  read_stamp && return
  # npm puts this checkout's own node_modules/.bin first in PATH: the system's Node must be told from ours before ours is there.
  system_node=$(find_system_node)
  take_install_lock
  read_stamp || install
  release_install_lock
  read_stamp || fail 'The installation is not complete.' "Remove $root/node_modules and run the same command again."
}

# Answers whether the installation is current, and sets $node and $tsx.
read_stamp() {
  { read -r was_sum && read -r was_machine && read -r node && read -r node_mark && read -r tsx; } 2>/dev/null <"$stamp" || return 1
  [ "$was_sum" = "$lock_sum" ] && [ "$was_machine" = "$machine" ] || return 1
  case $node in
    bundled) node=$root/node_modules/.bin/node ;;
    *) [ "$(mark_of "$node")" = "$node_mark" ] || return 1 ;; # it was upgraded or removed: choose again
  esac
  [ -x "$node" ]
}

mark_of() { ls -Lin "$1" 2>/dev/null | { read -r inode mode links uid gid size rest && echo "$inode $size ${rest% /*}"; }; }

# The path of the machine's Node if it is 22.12 or newer, else nothing. The real program, not a version manager's shim.
find_system_node() {
  found=$(command -v node 2>/dev/null) || return 0
  case $found in "$root"/*) return 0 ;; esac
  "$found" -e 'const [a, b] = process.versions.node.split(".").map(Number);
    if (a > 22 || (a === 22 && b >= 12)) console.log(process.execPath)' 2>/dev/null || :
}

install() {
  say 'postrider: installing what pnpm-lock.yaml pins (first run, about 20 s; later starts skip this)…'
  command -v npx >/dev/null 2>&1 || fail 'npm was not found (its program npx).' \
    'Install Node.js 18 or newer with npm, for example from https://nodejs.org, and run the same command again.'
  # A container may run us as a user whose home cannot be written; npm and pnpm need a place for their caches.
  if [ ! -w "${HOME:-/nonexistent}" ]; then
    HOME=$(mktemp -d) || exit 69
    export HOME
    spare_home=$HOME
  fi
  # With a terminal pnpm shows its progress; without, its words matter only when it fails.
  if [ -t 2 ]; then
    pnpm_install >&2 || install_failed
  else
    pnpm_install >"$install_lock/log" 2>&1 || { tail -n 25 "$install_lock/log" >&2; install_failed; }
  fi
  write_stamp
}

# CI=true: never ask before node_modules of an older lockfile are replaced.
pnpm_install() { (cd "$root" && CI=true npx --yes "pnpm@$pnpm_version" install --frozen-lockfile); }

install_failed() {
  fail 'The installation failed; its last messages stand above. Nothing outside node_modules was changed.' \
    'Is the npm registry reachable? Try: npm ping. Behind a proxy set HTTPS_PROXY; a mirror is set by: npm config set registry URL.'
}

write_stamp() {
  node=bundled mark=- program=$root/node_modules/.bin/node
  if [ -n "$system_node" ]; then
    node=$system_node mark=$(mark_of "$system_node") program=$system_node
  fi
  version=$("$program" -p process.versions.node 2>&1) || fail "Node.js does not run here: $version" \
    'Install Node.js 22.12 or newer, for example from https://nodejs.org, and run the same command again.'
  # From 24.3 on Node strips types by itself; start-up then takes 0.07 s in place of 0.19 s with tsx.
  major=${version%%.*} minor=${version#*.} minor=${minor%%.*} tsx=tsx
  if [ "$major" -gt 24 ] || { [ "$major" -eq 24 ] && [ "$minor" -ge 3 ]; }; then tsx=native; fi
  printf '%s\n' "$lock_sum" "$machine" "$node" "$mark" "$tsx" >"$stamp.$$" && mv "$stamp.$$" "$stamp"
}

# One installer at a time. The lock is a directory with its holder in it: pid and, where the system tells, the moment that process began,
# because pids are used again. A dead holder is replaced by the run that can make the directory `heir-<the dead>` in it, so that of two waiters only
# one inherits, and who then still finds that holder: the lock may have passed on.
take_install_lock() {
  waited=0
  until mkdir "$install_lock" 2>/dev/null; do
    [ -w "$root" ] || fail "User $(id -un) may not write $root." 'Run the first command as its owner; after that any user who may read it can.'
    holder=$(holder_of_lock)
    if [ -n "$holder" ] && ! alive "$holder"; then inherit_from "$holder" && break; fi
    # Without a name its holder is between two commands, unless it died there.
    if [ -z "$holder" ] && [ "$waited" -ge 20 ]; then inherit_from '' && break; fi
    [ "$waited" -ne 2 ] || say "postrider: waiting for another first run (process ${holder%-*}) to finish installing…"
    [ "$waited" -lt 1200 ] || fail "Another installation (process ${holder%-*}) has not finished within 10 minutes." \
      "End it, remove $install_lock and run the same command again."
    waited=$((waited + 1))
    sleep 0.5 2>/dev/null || sleep 1
  done
  trap 'release_install_lock; exit 130' INT
  trap 'release_install_lock; exit 143' TERM
  trap 'release_install_lock; exit 129' HUP
  me=$$-$(began "$$")
  echo "$me" >"$install_lock/holder.$$" && mv "$install_lock/holder.$$" "$install_lock/holder"
}

holder_of_lock() { cat "$install_lock/holder" 2>/dev/null || :; }

inherit_from() {
  mkdir "$install_lock/heir-$1" 2>/dev/null || return 1
  [ "$(holder_of_lock)" != "$1" ] || return 0
  rmdir "$install_lock/heir-$1"
  return 1
}

release_install_lock() {
  [ "$(holder_of_lock)" != "${me:-none}" ] || rm -rf "$install_lock" 2>/dev/null || :
  [ -z "${spare_home:-}" ] || rm -rf "$spare_home"
  trap - INT TERM HUP
}

# Another user's process cannot be signalled, but /proc or ps know it. A zombie (in a container that reaps none) is dead.
alive() {
  pid=${1%-*}
  if [ -r /proc/self/stat ]; then
    case $(cat "/proc/$pid/stat" 2>/dev/null) in *') Z '* | '') return 1 ;; esac
    [ "$(began "$pid")" = "${1#*-}" ]
  else
    kill -0 "$pid" 2>/dev/null || ps -p "$pid" >/dev/null 2>&1
  fi
}

# When a process began, in the kernel's ticks; nothing where there is no /proc. (The name in brackets may hold anything.)
began() {
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  # shellcheck disable=SC2086 # to be split into fields
  set -- ${stat##*) }
  shift 19
  echo "$1"
}

fail() {
  say "postrider: $1"
  shift
  for line in "$@"; do say "$line"; done
  [ ! -d "$install_lock" ] || release_install_lock
  exit 69
}

# Compiled code is kept between starts. Where the directory cannot be written Node goes without.
use_compile_cache() {
  NODE_COMPILE_CACHE=${NODE_COMPILE_CACHE:-$root/node_modules/.cache/node}
  export NODE_COMPILE_CACHE
}

# Sets $loader, the flag that lets $node run TypeScript; empty where it needs none.
find_loader() {
  loader=
  [ "$tsx" = tsx ] || return 0
  # --import takes a URL, so a % has to be written out. (Below a directory with # or ? in its name tsx itself fails; native does not.)
  case $root in
    *%*) loader=--import=file://$(printf %s "$root" | sed 's/%/%25/g')/node_modules/tsx/dist/loader.mjs ;;
    *) loader=--import=$root/node_modules/tsx/dist/loader.mjs ;;
  esac
}

# A proxy is for what is outside: NODE_USE_ENV_PROXY would send it what goes to the print shop or a health page on this machine, too.
spare_loopback() {
  NO_PROXY=${no_proxy:-${NO_PROXY:-}}
  NO_PROXY=${NO_PROXY:+$NO_PROXY,}localhost,127.0.0.1,::1
  no_proxy=$NO_PROXY
  export NO_PROXY no_proxy
}

run_ts() {
  spare_loopback
  find_loader
  use_compile_cache
  exec "$node" ${loader:+"$loader"} "$@"
}
