# SPDX-License-Identifier: Apache-2.0
# The checks, once everything is set up.

# run_lint: what is told without running anything; all of it, even when one part fails.
run_lint() {
  local status=0
  cd "$ROOT"
  check_style || status=1
  say "imports"
  python -c 'from importlinter.cli import lint_imports as lint; raise SystemExit(lint())' || status=1
  say "mypy"
  python -m mypy || status=1
  return $status
}

check_style() {
  say "ruff"
  python -m ruff check .
}

# run_tests [--quick] ARG…: all three run even when one fails, so that one call tells everything.
run_tests() {
  local status=0 mypy mypy_said options=(-p xdist --dist worksteal)
  if [[ ${1:-} == --quick ]]; then
    shift
    options+=(-n "$(workers 0)" -m "quick or not (live or slow or reference)")
  else
    options+=(-n "$(workers 1)")
  fi
  # Several processes with a thread for each core would keep each other waiting.
  export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
  # What pytest makes of each file is kept for the next time, whatever the caller keeps of his own:
  # that saves every process half of its start.
  unset PYTHONDONTWRITEBYTECODE
  cd "$ROOT"
  check_style || status=1
  # It keeps one core busy for half a minute the first time: beside the tests, told after them.
  mypy_said=$(mktemp)
  python -m mypy >"$mypy_said" 2>&1 &
  mypy=$!
  say "pytest"
  # Not `python -m pytest`: that puts this folder before the installed package. Not `pytest`
  # either: the first one on PATH may be a ROS installation's, under another Python.
  local start='import sys; sys.path.remove(""); import pytest; sys.exit(pytest.main())'
  # Plugins of a ROS installation stay out: the tests need none, and a warning of theirs would
  # fail ours.
  PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 python -c "$start" "${options[@]}" "$@" || status=1
  say "mypy"
  wait "$mypy" || status=1
  cat "$mypy_said"
  rm -f "$mypy_said"
  return $status
}

# workers MORE prints in how many processes: MORE than there are cores, for many tests wait for
# others; of the quick ones none does, and each process reads all files.
workers() { python -c "import os; print(len(os.sched_getaffinity(0)) + $1)"; }
