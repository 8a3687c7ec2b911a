# SPDX-License-Identifier: Apache-2.0
# PyTorch: the build that suits the machine, without downloading gigabytes that cannot be used.

TORCH=torch==2.13.0

has_torch() {
  "$VENV/bin/python" - 2>/dev/null <<'PYTHON'
import re, torch
assert tuple(map(int, re.findall(r"\d+", torch.__version__)[:2])) >= (2, 4)
PYTHON
}

has_nvidia_gpu() { command -v nvidia-smi >/dev/null && nvidia-smi -L 2>/dev/null | grep -q GPU; }

# Where a Jetson says which release of its system it has.
TEGRA_RELEASE=/etc/nv_tegra_release

is_jetson() { [[ $(uname -m) == aarch64 && -f $TEGRA_RELEASE ]]; }

# Does it need NVIDIA's own wheel? From JetPack 7 on (R38) the common ones for Arm are right.
needs_own_torch() {
  local release
  is_jetson || return 1
  release=$(sed -n 's/^# R\([0-9][0-9]*\).*/\1/p' "$TEGRA_RELEASE" | head -n 1)
  ((${release:-0} < 38))
}

# Would `pip install $TORCH` bring NVIDIA's libraries? Where nobody can tell, the step ends: what
# would be asked next has no answer either.
brings_cuda() {
  local report=$STATE/torch.json status=0
  rm -f "$report"
  pip_install --dry-run --quiet --report "$report" "$TORCH" ||
    fail "pip could not find out what $TORCH needs; its words:"
  "$VENV/bin/python" - "$report" <<'PYTHON' || status=$?
import json, sys
try:
    with open(sys.argv[1]) as report:
        names = [item["metadata"]["name"].lower() for item in json.load(report)["install"]]
except (OSError, ValueError, LookupError, TypeError):
    sys.exit(2)
sys.exit(0 if any(name.startswith(("nvidia-", "nvidia_")) for name in names) else 3)
PYTHON
  ((status == 0 || status == 3)) ||
    fail "pip's report of what $TORCH needs can't be read: see $report and $STATE/torch.log"
  return $status
}

# CPU builds are not on PyPI; uv knows where PyTorch keeps them.
install_cpu_torch() {
  rm -f "$STATE/uv.txt"
  pip_install uv &&
    "$VENV/bin/uv" pip install --python "$VENV/bin/python" --torch-backend=cpu "$TORCH" \
      2>"$STATE/uv.txt"
}

# Prints the reason that uv gave: that there is no such build, or that nobody could be asked, are
# different things to do something about. Where it asked, and the innermost cause.
why_no_cpu_torch() {
  local reasons
  [[ -s $STATE/uv.txt ]] || { echo "uv could not be installed, see $STATE/torch.log" && return; }
  mapfile -t reasons < <(
    grep -E 'error:|cause:|Caused by:|Because' "$STATE/uv.txt" |
      sed -E 's/^[^[:alpha:]]*((error|cause|Caused by): )?//'
  )
  printf '%s\n' "${reasons[@]}" | grep -m 1 'Failed to fetch' | tr '\n' ' ' || true
  echo "${reasons[-1]:-see $STATE/torch.log}"
}

install_torch() {
  drop_half_installed
  if [[ -n ${TIPS_ROS_TORCH:-} ]]; then
    say "PyTorch as TIPS_ROS_TORCH says: $TIPS_ROS_TORCH"
    # Unquoted: it may hold several arguments for pip.
    # shellcheck disable=SC2086
    pip_install $TIPS_ROS_TORCH
  elif has_torch; then
    echo "there already"
  elif needs_own_torch; then
    fail "a Jetson before JetPack 7 needs NVIDIA's own PyTorch: put its wheel's path or address in" \
      "TIPS_ROS_TORCH"
  elif is_jetson || ! brings_cuda; then
    pip_install "$TORCH"
  elif has_nvidia_gpu; then
    pip_install "$TORCH"
  elif ! install_cpu_torch; then
    cat "$STATE/uv.txt" 2>/dev/null || true
    say "no CPU build of PyTorch could be had: $(why_no_cpu_torch)"
    say "now downloading the one with CUDA, 1.2 GB more and 3.9 GB more on disk, though no NVIDIA GPU" \
      "is here;" \
      "to choose another, stop this and set TIPS_ROS_TORCH"
    pip_install "$TORCH"
  fi
  has_torch || fail "PyTorch 2.4 or newer does not import: see $STATE/torch.log"
}
