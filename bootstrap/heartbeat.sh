# SPDX-License-Identifier: Apache-2.0
# Signs of life while something takes long: on a terminal a line that counts, elsewhere one now and
# then.

BEAT_FIRST_S=10  # where it is no terminal: until the first line,
BEAT_EVERY_S=30  # and between the next ones
HEART=           # the process that tells

# Prints how many MB there are of what downloads end up in: the environment, and what pip, uv and
# apt hold on the way there.
weigh() {
  local folder folders=()
  for folder in "$VENV" "${TMPDIR:-/tmp}"/pip-* /var/cache/apt/archives \
    "${UV_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/uv}"; do
    [[ ! -d $folder ]] || folders+=("$folder")
  done
  { du -smc "${folders[@]}" 2>/dev/null || true; } | tail -n 1 | cut -f 1
}

# is_left: is ./run gone? (Who started it may not have noticed yet.)
is_left() {
  local state
  { read -r _ _ state _ <"/proc/$$/stat"; } 2>/dev/null || return 0
  [[ $state == Z ]]
}

# beat TITLE LOG FIRST_S tells of the work TITLE until it is stopped, or ./run is gone. Its sleep
# holds nothing open: who reads our output must not wait for it.
beat() {
  local title=$1 log=$2 due=$3 began=$SECONDS every=$BEAT_EVERY_S before now line start= end='\n'
  [[ -z $log ]] || before=$(weigh)
  if [[ -t 3 ]]; then
    start='\r' end='\033[K' every=2
  fi
  until is_left; do
    if ((SECONDS - began >= due)); then
      line="$title: $((SECONDS - began)) s so far"
      if [[ -n $log ]]; then
        now=$(weigh)
        ((${now:-0} <= ${before:-0})) || line+=", $((now - before)) MB"
        line+=" (in full: $log)"
      fi
      printf "$start%s$end" "tips_ros: $line" >&3
      due=$((SECONDS - began + every))
    fi
    sleep 1 3>&-
  done
}

trap stop_beat EXIT  # as of a refusal

# start_beat TITLE [LOG [FIRST_S]] tells of it from now on.
start_beat() {
  local first=$BEAT_FIRST_S
  [[ ! -t 3 ]] || first=2
  # No child of this shell, which would tell of its end.
  HEART=$(
    beat "$1" "${2:-}" "${3:-$first}" </dev/null >/dev/null 2>&1 9>&- &
    echo $!
  )
}

stop_beat() {
  [[ -n $HEART ]] || return 0
  kill "$HEART" 2>/dev/null || true
  HEART=
  [[ ! -t 3 ]] || printf '\r\033[K' >&3
}
