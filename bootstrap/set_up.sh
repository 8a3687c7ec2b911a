# SPDX-License-Identifier: Apache-2.0
# All steps in their order, done by one ./run at a time; none where all are done.

# take_steps LIST…: done or, while ONLY_LOOKING, counted.
take_steps() {
  install_system_packages
  install_python_packages "$@"
  build_package
}

# set_up LIST… installs and builds whatever is not there yet; one at a time.
set_up() {
  # The first line comes before anything is looked at, which takes long on a slow disk.
  [[ -f $STATE/core ]] || say "looking at what is here, and what set-up needs …"
  start_beat "looking at what is here" "" 3
  remember_choices
  # Nothing to do needs no right to write: a tree that somebody else set up can be used.
  ONLY_LOOKING=1
  take_steps "$@"
  ONLY_LOOKING=
  stop_beat
  if ((${#PENDING[@]} > 0)); then
    lock_set_up
    remember_choices
    check_machine "$@"
    take_steps "$@"
    exec 9>&-
  fi
  enter_environment
}

lock_set_up() {
  if ! { make_state && : >>"$STATE/lock"; } 2>/dev/null; then
    fail "$VENV can't be written to by this user, and its set-up lacks: ${PENDING[*]};" \
      "$(way_to_set_up)"
  fi
  exec 9>>"$STATE/lock"
  if ! flock --nonblock 9; then
    say "waiting for another ./run to finish its set-up"
    start_beat "waiting for another ./run"
    flock 9
    stop_beat
  fi
}

# Prints what helps a user who can't write here.
way_to_set_up() {
  local place python=$VENV/bin/python
  place=$(place_of_venv 2>/dev/null) || true
  if [[ -n $place && $place != "$VENV" ]]; then
    echo "it was set up at ${place%/.venv}, and works from there;" \
      "or run the same command once as the owner of $ROOT"
  elif [[ -L $python ]] && ! "$python" -c '' 2>/dev/null; then
    echo "its Python, $(realpath --canonicalize-missing "$python"), can't be run by this user;" \
      "as the owner of $ROOT name one that everybody can: TIPS_ROS_PYTHON=/usr/bin/python3"
  else
    echo "run the same command once as the owner of $ROOT"
  fi
}

# What a path can't have: PATH takes no colon, the scripts that pip writes nothing that a shell
# reads in double quotes, ROS's CMake files nothing that a shell or CMake reads, and ASCII alone.
check_place() {
  local odd
  odd=$(LC_ALL=C; printf '%s' "${ROOT//[a-zA-Z0-9 ._\/~@%+=,-]/}")
  [[ -z $odd ]] ||
    fail "$ROOT: pip, CMake or the shell can't work in a folder whose path has a ${odd:0:1} in it:" \
      "move this folder, or name it anew with letters a to z, digits, spaces and . _ - + = @ ,"
}

# What can't work is said before anything is installed, and again each time.
check_machine() {
  local installed
  check_place
  if ! is_over_system; then
    [[ $(uname -m) == x86_64 ]] ||
      fail "ROS 2 wheels exist for x86-64 only: install ROS 2 and source its setup.bash first"
    for installed in /opt/ros/*/setup.bash; do
      [[ ! -f $installed ]] ||
        say "$installed is not sourced: using ROS 2 ${TIPS_ROS_DISTRO^} in .venv instead"
    done
  fi
  find_python >/dev/null || may_get_python || fail "$(why_no_python)"
  [[ -f $STATE/core ]] || announce_cost "$@"
}
