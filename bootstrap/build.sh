# SPDX-License-Identifier: Apache-2.0
# The package itself: interfaces generated and everything installed into install/ by colcon.

# Prints what a build depends on. Python, launch, config, model and sample files are installed as
# links, so only their names count: an edit needs no build.
build_inputs() {
  (
    cd "$ROOT"
    cat package.xml CMakeLists.txt bootstrap/build.sh bootstrap/make_tf2_msgs.py msg/* srv/*
    find tips_ros launch config models samples scripts msg srv -type f ! -path '*/__pycache__/*' | LC_ALL=C sort
  )
}

# Puts ROS and .venv first, for the build and for what runs afterwards.
enter_venv() {
  export PATH=$VENV/bin:$PATH VIRTUAL_ENV=$VENV
  unset PYTHONHOME
  [[ -z ${ROS_DISTRO:-} ]] || return 0
  local libraries=$VENV/lib folder
  for folder in "$VENV"/lib/python3*/site-packages/ros_*.libs; do
    [[ ! -d $folder ]] || libraries+=:$folder
  done
  export AMENT_PREFIX_PATH=$VENV CMAKE_PREFIX_PATH=$VENV
  export LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  # The wheels would otherwise start every Python twice to set LD_LIBRARY_PATH.
  export _ROS_WHEELS_BOOTSTRAP_COMPLETE=1
}

# As enter_venv, and the built package with it.
enter_environment() {
  enter_venv
  local before=$PWD
  # colcon's script calls Python without quotes: a relative path has no space in it.
  cd "$VENV/bin"
  set +u
  COLCON_PYTHON_EXECUTABLE=./python source "$ROOT/install/local_setup.bash"
  set -u
  cd "$before"
}

# has_package NAME: is it in the ROS in use? What this folder has built itself does not count.
has_package() {
  local prefix prefixes
  IFS=: read -ra prefixes <<<"${AMENT_PREFIX_PATH:-}"
  for prefix in "${prefixes[@]}"; do
    [[ $prefix == "$ROOT"/install* ]] ||
      [[ ! -f $prefix/share/ament_index/resource_index/packages/$1 ]] || return 0
  done
  return 1
}

colcon_build() {
  local packages=(.)
  enter_venv
  cd "$ROOT"
  # CMake's caches hold absolute paths and the Python they were made with.
  if [[ $(known key none) != "$VENV_KEY $ROOT" ]]; then
    rm -rf install log build/tips_ros build/tf2_msgs
  fi
  printf '%s' "$VENV_KEY $ROOT" >"$STATE/key"
  # The wheels come without it, and so may a small ROS; nobody says without it where things are.
  if ! has_package tf2_msgs; then
    "$VENV/bin/python" bootstrap/make_tf2_msgs.py "$STATE/tf2_msgs"
    packages+=("$STATE/tf2_msgs")
  fi
  # By itself colcon goes on with one compiler only while anything else is at work.
  MAKEFLAGS=${MAKEFLAGS:--j$(nproc)} colcon --log-base log build --paths "${packages[@]}" --symlink-install \
    --event-handlers console_direct+ \
    --cmake-args -DBUILD_TESTING=OFF "-DPython3_EXECUTABLE=$VENV/bin/python"
  # Links to files that are no longer there.
  find install -xtype l -delete
}

build_package() {
  # The build belongs to this working copy, even where it shares its environment.
  local STATE=$ROOT/build/.setup
  [[ -n $ONLY_LOOKING ]] || mkdir -p "$STATE"
  [[ -f $ROOT/install/local_setup.bash ]] || forget build "the tips_ros package"
  step build "$(key_of "$VENV_KEY" "$ROOT" "$(build_inputs)" "${TIPS_ROS_DISTRO:-}")" \
    "the tips_ros package" colcon_build
}
