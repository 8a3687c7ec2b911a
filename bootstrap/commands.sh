# SPDX-License-Identifier: Apache-2.0
# Commands that ./run exec is given and this machine may lack.

# Of a ROS installation; none comes with the wheels.
ROS_TOOLS=" ros2 rviz2 rqt foxglove_bridge "

# has_command NAME: is it on PATH, or in .venv?
has_command() { command -v "$1" >/dev/null || [[ -x $VENV/bin/$1 ]]; }

# check_command NAME… says, before anything is set up, what to type in place of a tool of ROS that
# can't come with it.
check_command() {
  local setup
  [[ $ROS_TOOLS == *" $1 "* ]] && ! has_command "$1" || return 0
  for setup in /opt/ros/*/setup.bash; do
    [[ ! -f $setup || -n ${ROS_DISTRO:-} ]] ||
      fail "no $1 here, because no ROS 2 is sourced: first 'source $setup', then the same again"
  done
  case "$1 ${2:-}" in
    "ros2 run" | "ros2 launch")
      fail "no ros2 here; the node is '$CALLED exec tips_node --ros-args -r image:=TOPIC'," \
        "the commands are '$CALLED exec tips_ros'; a sourced ROS 2 is used where there is one" ;;
    "ros2 bag")
      fail "no ros2 here; '$CALLED exec tips_ros bag IN OUT' annotates a bag and '$CALLED demo" \
        "--bag IN' plays one into the node; a sourced ROS 2 is used where there is one" ;;
    "ros2 doctor" | "ros2 wtf")
      fail "no ros2 here; '$CALLED exec tips_ros doctor' looks at this machine;" \
        "a sourced ROS 2 is used where there is one" ;;
    *)
      fail "no $1 here: ROS 2 comes without its tools where none is installed; the node is" \
        "'$CALLED exec tips_node --ros-args -r image:=TOPIC', all else '$CALLED exec tips_ros" \
        "--help' and docs/viewing.md#without-ros2; a sourced ROS 2 is used where there is one" ;;
  esac
}

# found_command NAME says what there is where it is not there, after set-up.
found_command() {
  command -v "$1" >/dev/null ||
    fail "no such command: $1; there are tips_ros, tips_node, python, pip and what this system has"
}
