# SPDX-License-Identifier: Apache-2.0
# PyTorch: the build that suits the machine, without downloading gigabytes that cannot be used.

TORCH=torch==2.13.0

has_torch() {
  "$VENV/bin/python" - 2>/dev/null <<'EOF'
import re, torch
assert tuple(map(int, re.findall(r"\d+", torch.__version__)[:2])) >= (2, 4)
EOF
}

has_nvidia_gpu() { command -v nvidia-smi >/dev/null && nvidia-smi -L 2>/dev/null | grep -q GPU; }

# Would `pip install $TORCH` bring NVIDIA's libraries?
brings_cuda() {
  pip_install --dry-run --quiet --report - "$TORCH" >"$STATE/torch.json"
  "$VENV/bin/python" - "$STATE/torch.json" <<'EOF'
import json, sys
names = [item["metadata"]["name"] for item in json.load(open(sys.argv[1]))["install"]]
sys.exit(not any(name.lower().startswith(("nvidia-", "nvidia_")) for name in names))
EOF
}

install_cpu_torch() {
  pip_install uv &&
    "$VENV/bin/uv" pip install --python "$VENV/bin/python" --torch-backend=cpu "$TORCH"
}

install_torch() {
  if [[ -n ${TIPS_ROS_TORCH:-} ]]; then
    say "PyTorch as TIPS_ROS_TORCH says: $TIPS_ROS_TORCH"
    # Unquoted: it may hold several arguments for pip.
    # shellcheck disable=SC2086
    pip_install $TIPS_ROS_TORCH
  elif has_torch; then
    echo "there already"
  elif [[ $(uname -m) == aarch64 && -f /etc/nv_tegra_release ]]; then
    fail "a Jetson needs NVIDIA's own PyTorch: put its wheel's path or address in TIPS_ROS_TORCH"
  elif ! brings_cuda; then
    pip_install "$TORCH"
  elif has_nvidia_gpu; then
    say "PyTorch with CUDA, about 3 GB"
    pip_install "$TORCH"
  elif ! install_cpu_torch; then
    say "no CPU build found: now downloading PyTorch with CUDA, about 3 GB, though no NVIDIA GPU" \
      "is here; to choose another, stop this and set TIPS_ROS_TORCH"
    pip_install "$TORCH"
  fi
  has_torch || fail "PyTorch 2.4 or newer does not import: see $STATE/torch.log"
}
