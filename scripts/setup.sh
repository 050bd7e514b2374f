# Shared by scripts/run and scripts/test: everything a fresh machine lacks. Read with `.`, from bash, at the top of the checkout.
# shellcheck shell=bash

unset CDPATH PYTHONPATH PYTHONHOME PIP_USER PIP_TARGET PIP_PREFIX
export PYTHONUTF8=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

venv="$PWD/.venv"
log="$PWD/var/log/setup.log"

if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' red=$'\e[31m' plain=$'\e[0m'; else bold='' red='' plain=''; fi

say() { printf '%s==>%s %s\n' "$bold" "$plain" "$*" >&2; }

die() {
  printf '%sStopped:%s %s\n' "$red" "$plain" "$1" >&2
  shift
  [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
  exit 1
}

# Runs a command into the log; shows the end of it when the command fails.
quietly() {
  printf '\n### %s  %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*" >>"$log"
  "$@" >>"$log" 2>&1
}

show_log() { tail -n "${1:-15}" "$log" | sed 's/^/  | /' >&2; }

setup() { # setup run|test
  local wanted=$1
  { mkdir -p var/log && : >>"$log"; } 2>/dev/null ||
    die "This folder cannot be written: $PWD" "Clone the project as the user who runs it, or hand it over: sudo chown -R $(id -un) \"$PWD\""
  if command -v flock >/dev/null; then
    exec 9>>"$log.lock"
    flock -n 9 || { say "Waiting for another set-up in this folder"; flock 9; }
  fi
  set -E
  trap 'show_log 5; die "The set-up failed at \"$BASH_COMMAND\"; the whole log: $log" "Start this again: it goes on where it stopped."' ERR
  set_up_python "$wanted"
  if [ "$wanted" = test ] || [ -z "${OPEN311_DATABASE_URL:-}" ]; then set_up_postgis; fi
  trap - ERR
  exec 9>&-
  PATH="$venv/bin:$PATH"
}

# ---- Python and its packages

set_up_python() {
  local wanted=$1 stamp="$venv/complete" now
  now=$(requirements_sum)
  if [ -f "$stamp" ] && "$venv/bin/python" -c '' 2>/dev/null; then
    case "$(cat "$stamp")" in "test $now" | "$wanted $now") return ;; esac
  fi
  if venv_is_whole; then
    say "Bringing the Python packages up to date"
    rm -f "$stamp"
    if ! install_packages "$wanted"; then
      say "That did not work; starting again with an empty .venv"
      make_venv
      install_packages "$wanted" || packages_failed
    fi
  else
    make_venv
    say "Installing the Python packages (about a minute the first time)"
    install_packages "$wanted" || packages_failed
  fi
  printf '%s %s\n' "$wanted" "$now" >"$stamp"
}

# Of everything that decides what is installed; the path too, because a virtual environment cannot be moved.
requirements_sum() { { pwd; cat pyproject.toml requirements/*.txt; } | cksum | tr -d ' '; }

venv_is_whole() {
  "$venv/bin/python" -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || return 1
  grep -qsF "$venv/bin/python" "$venv/bin/pip" || return 1 # its programs name the folder it was made in
  # pip writes RECORD last: a package without it was cut off half-way.
  local package
  for package in "$venv"/lib/python3*/site-packages/*.dist-info; do
    [ ! -d "$package" ] || [ -f "$package/RECORD" ] || return 1
  done
}

make_venv() {
  local python
  python=$(find_python) || exit 1
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    command -v apt-get >/dev/null || die "$python has no venv module." "Install it with this system's package manager, then start this again."
    local version
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    say "Installing python$version-venv"
    apt_install "python$version-venv"
  fi
  say "Making .venv with $("$python" --version)"
  rm -rf "$venv" 2>/dev/null || die "An old $venv cannot be removed." "Remove it: sudo rm -rf \"$venv\""
  quietly "$python" -m venv "$venv" || { show_log; die "The virtual environment could not be made; the whole log: $log"; }
}

find_python() {
  local name
  for name in python3 python3.14 python3.13 python3.12 python3.11; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  local found
  found=$(python3 --version 2>/dev/null) || found="none"
  die "Python 3.11 or later is needed; found: $found." "Install one (on Debian and Ubuntu: sudo apt-get install python3.12 python3.12-venv, or the newest your release has)."
}

install_packages() {
  local pip=("$venv/bin/python" -m pip install --quiet --progress-bar off)
  quietly "${pip[@]}" --require-hashes --only-binary :all: -r requirements/build.txt -r "requirements/$1.txt" &&
    quietly "${pip[@]}" --no-deps --no-build-isolation -e .
}

packages_failed() {
  show_log
  die "The Python packages could not be installed; the whole log: $log" "Is the network there? Start this again when it is: it goes on from the beginning of this step."
}

# ---- PostgreSQL and PostGIS

set_up_postgis() {
  local lacking package
  if lacking=$(find_postgis 2>&1); then return; fi
  if ! command -v apt-get >/dev/null; then
    printf '%s\n' "$lacking" | sed 's/^/  /' >&2
    die "PostGIS is missing, and apt is the only package manager this script can use." "Install it as said above, or use containers: docker compose up"
  fi
  if may_become_root; then
    finish_interrupted_apt
    package=$(postgis_package)
    [ -n "$package" ] || { apt_update; package=$(postgis_package); }
    [ -n "$package" ] || die "apt knows no PostGIS for PostgreSQL 14 to 18." "Set OPEN311_DATABASE_URL to a database with PostGIS, or use containers: docker compose up"
    say "Installing $package"
    if ! ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; then
      apt_install postgresql-common
      no_server_of_debian
    fi
    apt_install "$package"
  else
    package=$(postgis_package "postgresql-postgis")
    may_not_install "$package"
  fi
  lacking=$(find_postgis 2>&1) || die "PostGIS is still not found after its installation." "$lacking"
}

find_postgis() {
  "$venv/bin/python" - <<'END'
import sys
from open311_api.db.postgres import PostgresNotFound, find_installation
try:
    find_installation()
except PostgresNotFound as lacking:
    sys.exit(str(lacking))
END
}

# For the PostgreSQL that is here already, else the newest that apt has, else what the caller says.
postgis_package() {
  local number
  for number in 18 17 16 15 14; do
    if [ -x "/usr/lib/postgresql/$number/bin/postgres" ] && apt_knows "postgresql-$number-postgis-3"; then
      echo "postgresql-$number-postgis-3"
      return
    fi
  done
  for number in 18 17 16 15 14; do
    if apt_knows "postgresql-$number-postgis-3"; then
      echo "postgresql-$number-postgis-3"
      return
    fi
  done
  echo "${1:-}"
}

# Debian starts a server of its own with each new version of PostgreSQL. We bring our own, so it would only idle.
no_server_of_debian() {
  local settings=/etc/postgresql-common/createcluster.conf
  if [ ! -f "$settings" ] || grep -Eq '^create_main_cluster *= *false' "$settings"; then return; fi
  quietly as_root sh -c "sed -i -E 's/^create_main_cluster.*//' $settings && echo 'create_main_cluster = false' >>$settings"
}

# ---- apt

apt_knows() { [[ $(LC_ALL=C apt-cache policy "$1" 2>/dev/null) =~ Candidate:\ [0-9] ]]; }

apt_update() { quietly as_root apt-get update || true; } # one dead source of many does not matter; a missing package is told apart

finish_interrupted_apt() {
  [ -n "$(dpkg --audit 2>/dev/null)" ] || return 0
  say "Finishing an interrupted installation of apt"
  quietly as_root dpkg --configure postgresql-common || true # first, so that the next line has its file
  no_server_of_debian
  quietly as_root env DEBIAN_FRONTEND=noninteractive dpkg --configure -a || true
}

apt_install() {
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=300 --no-install-recommends install)
  may_become_root || may_not_install "$@"
  quietly as_root "${apt[@]}" "$@" && return
  apt_update # a fresh machine has no lists, an old one stale ones
  quietly as_root "${apt[@]}" "$@" && return
  show_log
  die "apt could not install $*; the whole log: $log" "Try it by hand: sudo apt-get update && sudo apt-get install $*"
}

may_not_install() {
  local all=" $* "
  if ! ls /usr/share/postgresql/*/extension/postgis.control >/dev/null 2>&1 && [[ $all != *postgis* ]]; then
    all+=$(postgis_package postgresql-postgis) # so that they need to ask only once
  fi
  die "Packages are missing, and this user may not install any." "Ask someone who may to run: apt-get install$all" "Then start this again."
}

may_become_root() {
  [ "$(id -u)" = 0 ] && return
  command -v sudo >/dev/null || return
  sudo -n true 2>/dev/null && return
  [ -t 0 ] && [ -t 2 ] || return
  say "Packages are needed; sudo asks for your password"
  sudo -v
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
