# SPDX-License-Identifier: Apache-2.0
# Whose .venv it is: what ./run did not make it never deletes.

# is_theirs: was there something in .venv before ./run came to it?
is_theirs() { [[ -f $STATE/theirs ]]; }

# Makes the folder for stamps and notes beside what is there already, and that it was.
make_state() {
  local before=
  [[ ! -e $VENV || -d $VENV ]] ||
    fail "$VENV is a file, where the environment's folder goes: rename it"
  [[ -d $STATE || ! -d $VENV ]] || before=$(find "$VENV" -mindepth 1 -maxdepth 1 -print -quit)
  mkdir -p "$STATE" 2>/dev/null && { [[ -z $before ]] || : >"$STATE/theirs"; }
}

# Empties .venv: what ./run made goes, what somebody else did is moved aside.
empty_venv() {
  local aside number=1
  local content=("$VENV" -mindepth 1 -maxdepth 1 ! -path "$STATE")
  if is_theirs; then
    while aside=$VENV.before-$number && [[ -e $aside ]]; do
      number=$((number + 1))
    done
    mkdir "$aside"
    find "${content[@]}" -exec mv -t "$aside" {} +
    rm "$STATE/theirs"
    say "what was in $VENV was not made by ${CALLED:-./run}: it is in $aside now, and works again" \
      "once it is moved back"
  else
    find "${content[@]}" -exec rm -rf {} +
  fi
}

# Removes what ./run made of this working copy, and tells what it leaves. A link goes, not where it
# leads to.
clean() {
  local left
  if is_theirs && [[ ! -L $ROOT/.venv ]]; then
    rm -rf "$STATE"
    say "$VENV stays: it was there before ${CALLED:-./run}, which added packages to it"
  else
    rm -rf "$ROOT/.venv"
  fi
  rm -rf "$ROOT"/{install,log} "$ROOT"/build/{tips_ros,tf2_msgs,.setup,.built_by,COLCON_IGNORE}
  rmdir "$ROOT/build" 2>/dev/null || [[ ! -d $ROOT/build ]] || {
    left=$(find "$ROOT/build" -mindepth 1 -maxdepth 1 -printf '%f ')
    say "$ROOT/build stays: it holds ${left% }, which ${CALLED:-./run} did not make"
  }
}
