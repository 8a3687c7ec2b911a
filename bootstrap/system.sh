# SPDX-License-Identifier: Apache-2.0
# What has to come from the operating system: a Python, a compiler, Open3D's libraries.

# Shared library -> its Debian/Ubuntu package; Open3D links against all of them.
OPEN3D_LIBRARIES=(
  libEGL.so.1:libegl1
  libGL.so.1:libgl1
  libX11.so.6:libx11-6
  libgomp.so.1:libgomp1
  libidn2.so.0:libidn2-0
  libusb-1.0.so.0:libusb-1.0-0
)

# is_usable_python COMMAND: does it run, and is it 3.10, 3.11 or 3.12? (A version manager's
# `python3.12` may exist and refuse to run.)
is_usable_python() {
  "$1" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null
}

# Chosen once, a Python stays chosen, or the next ./run without the variable would start all over.
remember_python() {
  if [[ -z ${TIPS_ROS_PYTHON:-} && -f $STATE/python ]]; then
    TIPS_ROS_PYTHON=$(<"$STATE/python")
  fi
}

# Prints the Python to build the environment with; false when there is none.
find_python() {
  local candidate candidates=(python3 python3.12 python3.11 python3.10)
  if [[ -n ${TIPS_ROS_PYTHON:-} ]]; then
    candidates=("$TIPS_ROS_PYTHON")
  elif [[ -n ${ROS_DISTRO:-} ]]; then
    # ROS is compiled for one Python, the system's, which need not come first on PATH.
    candidates=(python3 /usr/bin/python3)
  fi
  for candidate in "${candidates[@]}"; do
    is_usable_python "$candidate" || continue
    [[ -z ${ROS_DISTRO:-} ]] || "$candidate" -c 'import rclpy' 2>/dev/null || continue
    "$candidate" -c 'import sys; print(sys.executable)'
    return
  done
  return 1
}

# Prints the packages this machine lacks, one per line.
missing_packages() {
  local python header entry libraries
  if python=$(find_python); then
    local version
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    header=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h
    "$python" -c 'import ensurepip, venv' 2>/dev/null || echo "python$version-venv"
    [[ -f $header ]] || echo "python$version-dev"
  elif ! command -v python3 >/dev/null; then
    printf '%s\n' python3 python3-venv python3-dev
  fi
  command -v cmake >/dev/null || echo cmake
  command -v c++ >/dev/null || echo g++
  command -v make >/dev/null || echo make
  libraries=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p)
  for entry in "${OPEN3D_LIBRARIES[@]}"; do
    [[ $libraries == *"${entry%%:*} "* ]] || echo "${entry#*:}"
  done
}

apt_install() {
  local as_root=()
  ((EUID == 0)) || as_root=(sudo --non-interactive)
  "${as_root[@]}" apt-get update
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --no-install-recommends "$@"
}

install_system_packages() {
  local key packages
  key=$(key_of "${OPEN3D_LIBRARIES[@]}" "${TIPS_ROS_PYTHON:-}" "${ROS_DISTRO:-}")
  is_done system "$key" && return
  mapfile -t packages < <(missing_packages)
  if ((${#packages[@]} > 0)); then
    if ! command -v apt-get >/dev/null; then
      fail "install these first (Debian's names): ${packages[*]}"
    elif ((EUID != 0)) && ! sudo --non-interactive true 2>/dev/null; then
      fail "needs: sudo apt-get update && sudo apt-get install ${packages[*]}"
    fi
  fi
  if ((${#packages[@]} > 0)); then
    step system "$key" "system packages: ${packages[*]}" apt_install "${packages[@]}"
  fi
  find_python >/dev/null || fail "no Python 3.10 to 3.12${ROS_DISTRO:+ that imports rclpy} here:" \
    "install one, or name one in TIPS_ROS_PYTHON${TIPS_ROS_PYTHON:+ (now $TIPS_ROS_PYTHON)}"
  printf '%s' "$key" >"$STATE/system"
}
