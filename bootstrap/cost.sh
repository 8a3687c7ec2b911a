# SPDX-License-Identifier: Apache-2.0
# What a first set-up costs, said before it starts; measured as docs/distributions.md tells.

# megabytes_of PART prints how many are downloaded, and how many it fills.
megabytes_of() {
  case $1 in
    core) echo 400 1400 ;;
    pictures) echo 30 80 ;;
    cuda) echo 1200 3900 ;;
    open3d) echo 120 480 ;;
    view) echo 225 680 ;;
    test) echo 270 950 ;;
  esac
}

gigabytes() { printf '%d.%d GB' "$(($1 / 1000))" "$(($1 % 1000 / 100))"; }

# Prints what the environment is that is there and not complete.
origin_of_venv() {
  local place
  place=$(place_of_venv)
  if [[ -n $place && $place != "$VENV" ]]; then
    echo "$VENV was made at $place, and moved or copied here"
  elif ! is_theirs && [[ -f $STATE/venv || -f $STATE/venv.log ]]; then
    echo "an earlier set-up was not finished"
  else
    echo "$VENV was there before, and not made by this"
  fi
}

# announce_cost LIST… says it, and stops where there is no room.
announce_cost() {
  local part download room down=0 disk=0 there free parts=(core pictures "$@")
  ! has_nvidia_gpu || is_jetson || parts+=(cuda)
  for part in "${parts[@]}"; do
    read -r download room < <(megabytes_of "$part")
    down=$((down + download)) disk=$((disk + room))
  done
  there=$(($(du -sk "$VENV" | cut -f 1) / 1000))
  if [[ ! -e $VENV/pyvenv.cfg ]]; then
    say "first set-up: downloads about $(gigabytes "$down"), fills $(gigabytes "$disk") in $VENV," \
      "takes 2 to 10 minutes; ${CALLED:-./run} clean removes it"
  else
    say "$(origin_of_venv): $(gigabytes "$there") are there, and what is of use of it is kept;" \
      "downloads what is missing, at most about $(gigabytes "$down"), to $(gigabytes "$disk") in all"
  fi
  free=$(($(df --output=avail -k "$STATE" | tail -n 1) / 1000))
  disk=$((disk - there))
  ((free > disk)) || fail "no room: $(gigabytes "$free") are free in $VENV"
}
