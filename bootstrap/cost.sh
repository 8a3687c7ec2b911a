# SPDX-License-Identifier: Apache-2.0
# What a first set-up costs, said before it starts; measured as docs/distributions.md tells.

# megabytes_of PART prints how many are downloaded, and how many it fills.
megabytes_of() {
  case $1 in
    core) echo 400 1400 ;;
    cuda) echo 1200 3900 ;;
    open3d) echo 120 480 ;;
    test) echo 150 600 ;;
  esac
}

gigabytes() { printf '%d.%d GB' "$(($1 / 1000))" "$(($1 % 1000 / 100))"; }

# announce_cost LIST… says it, and stops where there is no room.
announce_cost() {
  local part download room down=0 disk=0 free parts=(core "$@")
  ! has_nvidia_gpu || is_jetson || parts+=(cuda)
  for part in "${parts[@]}"; do
    read -r download room < <(megabytes_of "$part")
    down=$((down + download)) disk=$((disk + room))
  done
  say "first set-up: downloads about $(gigabytes "$down"), fills $(gigabytes "$disk") in $VENV," \
    "takes 2 to 10 minutes; ./run clean removes it"
  free=$(($(df --output=avail -k "$STATE" | tail -n 1) / 1000))
  disk=$((disk - $(du -sk "$VENV" | cut -f 1) / 1000))  # of an earlier, interrupted one
  ((free > disk)) || fail "no room: $(gigabytes "$free") are free in $VENV"
}
