# SPDX-License-Identifier: Apache-2.0
# The part that needs no ROS, tried with the oldest and with the newest packages: once a release.

# The Python of each, and the tests that are run where no ROS is.
PYTHON_WITH_oldest=python3.10
PYTHON_WITH_newest=python3.12
ROS_FREE_TESTS=(test/model test/perception)

# test_with oldest|newest [ARG…]: in an environment that is made anew; ARGs go to pytest.
test_with() {
  local name=${1:-} python place
  case $name in
    oldest | newest) shift ;;
    *) fail "no such versions: '$name'; say $CALLED test --with oldest, or newest" ;;
  esac
  python=PYTHON_WITH_$name
  python=${TIPS_ROS_PYTHON:-${!python}}
  command -v "$python" >/dev/null ||
    fail "no $python here, for the $name versions: install it, or name another in TIPS_ROS_PYTHON"
  place=$ROOT/build/with-$name
  rm -rf "$place"
  "$python" -m venv "$place"
  say "the $name versions, in $place …"
  VENV=$place STATE=$place install_versions "$name"
  # As it is installed, so that nothing of another environment is met.
  (($# > 0)) || set -- "${ROS_FREE_TESTS[@]}"
  cd "$ROOT"
  "$place/bin/python" -m pip freeze | grep -iE '^(numpy|opencv|torch|onnx|transforms3d|scipy)' >&2 || true
  OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 \
    "$place/bin/python" -m pytest -m "not live and not reference" "$@"
}

# install_versions NAME installs what the tests need into $VENV, held to the versions of that name.
install_versions() {
  local lists=$ROOT/bootstrap torch=torch
  [[ $1 != oldest ]] || torch='torch==2.5.*'
  pip_install --quiet 'pip>=23.1'
  # CPU builds are not on PyPI: as the set-up does.
  if [[ -n ${TIPS_ROS_TORCH:-} ]]; then
    # shellcheck disable=SC2086
    pip_install --quiet $TIPS_ROS_TORCH
  else
    TORCH=$torch install_cpu_torch || pip_install --quiet "$torch"
  fi
  pip_install --quiet --constraint "$lists/constraints-$1.txt" \
    --requirement "$lists/requirements-core.txt" --requirement "$lists/requirements-pictures.txt" \
    --requirement "$lists/requirements-onnxruntime.txt" 'pytest>=8' 'hypothesis>=6.100'
}
