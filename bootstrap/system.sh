# SPDX-License-Identifier: Apache-2.0
# What has to come from the operating system: a compiler, the headers of Python, Open3D's libraries.

# Shared library -> its Debian/Ubuntu package; Open3D links against all of them.
OPEN3D_LIBRARIES=(
  libEGL.so.1:libegl1
  libGL.so.1:libgl1
  libX11.so.6:libx11-6
  libgomp.so.1:libgomp1
  libidn2.so.0:libidn2-0
  libusb-1.0.so.0:libusb-1.0-0
)

# Prints the packages that a build needs and this machine lacks, one per line.
missing_packages() {
  local python version header
  if python=$(find_python); then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    header=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h
    "$python" -c 'import ensurepip, venv' 2>/dev/null || echo "python$version-venv"
    [[ -f $header ]] || echo "python$version-dev"
  else
    printf '%s\n' python3 python3-venv python3-dev
  fi
  command -v cmake >/dev/null || echo cmake
  command -v c++ >/dev/null || echo g++
  command -v make >/dev/null || echo make
}

# Prints the packages that Open3D needs and this machine lacks, one per line.
missing_libraries() {
  local libraries entry
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

# Prints what to do about packages that can't be installed from here; nothing when they can be.
obstacle_to_packages() {
  if ! command -v apt-get >/dev/null; then
    echo "install these first (Debian's names): $*"
  elif ((EUID != 0)) && ! sudo --non-interactive true 2>/dev/null; then
    echo "needs: sudo apt-get update && sudo apt-get install $*"
  fi
}

install_system_packages() {
  local key packages obstacle
  key=$(key_of "${TIPS_ROS_PYTHON:-}" "${ROS_DISTRO:-}")
  is_done system "$key" && return
  mapfile -t packages < <(missing_packages)
  if ((${#packages[@]} == 0)); then
    [[ -n $ONLY_LOOKING ]] || printf '%s' "$key" >"$STATE/system"
    return
  fi
  if [[ -z $ONLY_LOOKING ]]; then
    obstacle=$(obstacle_to_packages "${packages[@]}")
    [[ -z $obstacle ]] || fail "$obstacle"
  fi
  step system "$key" "system packages: ${packages[*]}" apt_install "${packages[@]}"
  [[ -n $ONLY_LOOKING ]] || find_python >/dev/null || fail "$(why_no_python)"
}
