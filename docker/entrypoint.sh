#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs its arguments with ROS and this package sourced.
set -eo pipefail
for setup in "/opt/ros/${ROS_DISTRO:-jazzy}/setup.bash" /opt/tips/setup.bash; do
  # shellcheck disable=SC1090
  [[ ! -f $setup ]] || source "$setup"
done
exec "$@"
