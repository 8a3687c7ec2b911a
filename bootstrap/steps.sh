# SPDX-License-Identifier: Apache-2.0
# Set-up in steps: each is done once, shown in one line, and done again when its inputs change.

# A link to another working copy's .venv is followed: what is known of an environment goes with it.
VENV=$(realpath --canonicalize-missing "$ROOT/.venv")
# Stamps and logs live inside the environment they describe, so that they go with it.
STATE=$VENV/.setup
# While this is set, steps are only counted: their titles go to PENDING.
ONLY_LOOKING=
PENDING=()

# Progress goes to stderr: stdout belongs to the command that runs afterwards. Steps have their
# output redirected to a log; fd 3 still reaches the terminal.
exec 3>&2
say() { printf 'tips_ros: %s\n' "$*" >&3; }
fail() {
  say "$*"
  exit 1
}

# key_of TEXT… prints a short hash of the arguments.
key_of() { printf '%s\n' "$@" | sha256sum | cut -c1-16; }

# is_done NAME KEY: has the step been done with these inputs?
is_done() { [[ -f $STATE/$1 && $(<"$STATE/$1") == "$2" ]]; }

# known NAME DEFAULT prints what an earlier set-up noted.
known() {
  if [[ -f $STATE/$1 ]]; then
    cat "$STATE/$1"
  else
    echo "$2"
  fi
}

# pend TITLE counts a step that is to be done, once.
pend() { [[ " ${PENDING[*]} " == *" $1 "* ]] || PENDING+=("$1"); }

# forget NAME TITLE: the step has to be done again, whatever its stamp says.
forget() {
  if [[ -n $ONLY_LOOKING ]]; then
    pend "$2"
  else
    rm -f "$STATE/$1"
  fi
}

# step NAME KEY TITLE COMMAND… runs COMMAND unless it was done with the same KEY. The stamp is
# written after success only, so an interrupted step runs again.
step() {
  local name=$1 key=$2 title=$3 began=$SECONDS status=0 reason
  shift 3
  is_done "$name" "$key" && return
  if [[ -n $ONLY_LOOKING ]]; then
    pend "$title"
    return
  fi
  rm -f "$STATE/$name"
  say "$title …"
  start_beat "$title" "$STATE/$name.log"
  # In a condition bash would ignore `set -e` inside COMMAND, hence the detour.
  set +e
  (
    set -e
    "$@"
  ) >"$STATE/$name.log" 2>&1 9>&-
  status=$?
  set -e
  stop_beat
  if ((status != 0)); then
    tail -n 30 "$STATE/$name.log" >&3
    say "failed: $title (all of it: $STATE/$name.log)"
    reason=$(why_it_failed "$STATE/$name.log" "$status")
    [[ -z $reason ]] || say "$reason"
    exit 1
  fi
  say "$title: $((SECONDS - began)) s"
  printf '%s' "$key" >"$STATE/$name"
}
