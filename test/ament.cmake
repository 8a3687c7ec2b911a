# SPDX-License-Identifier: Apache-2.0
# What `colcon test` runs: the tests, and those of ament's linters that are installed.
find_package(ament_cmake_pytest REQUIRED)
find_package(Python3 REQUIRED COMPONENTS Interpreter)

# Other packages' pytest plugins stay out: the tests need none, and a warning of theirs would
# fail ours. With pytest-xdist they run in several processes, as with `./run test`.
set(pytest_environment PYTEST_DISABLE_PLUGIN_AUTOLOAD=1)
execute_process(
  COMMAND ${Python3_EXECUTABLE} -c "import xdist" RESULT_VARIABLE xdist_missing
  OUTPUT_QUIET ERROR_QUIET
)
if(NOT xdist_missing)
  cmake_host_system_information(RESULT cores QUERY NUMBER_OF_LOGICAL_CORES)
  math(EXPR workers "${cores} + 1")
  list(APPEND pytest_environment
    "PYTEST_ADDOPTS=-p xdist --dist worksteal -n ${workers}" OMP_NUM_THREADS=1)
endif()
# From the build folder: `python -m pytest` puts the one it is in before the installed package.
ament_add_pytest_test(pytest test
  TIMEOUT 5400  # half an hour in one process on two cores that nothing else keeps busy
  ENV ${pytest_environment}
  WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}
)

set(python_folders benchmarks bootstrap launch scripts setup.py test tips_ros training)
find_package(ament_cmake_flake8 QUIET)
if(ament_cmake_flake8_FOUND)
  ament_flake8(CONFIG_FILE "${CMAKE_CURRENT_SOURCE_DIR}/test/flake8.ini" ${python_folders})
endif()
find_package(ament_cmake_pep257 QUIET)
if(ament_cmake_pep257_FOUND)
  # Docstrings in Google's form, as in PyTorch; ours say what a thing is or does, private or not.
  ament_pep257(--select D200 D201 D207 D208 D209 D210 D211 D214 D215 D300 D301 D412 D414 D418
    -- tips_ros launch)
endif()
find_package(ament_cmake_copyright QUIET)
if(ament_cmake_copyright_FOUND)
  # The files' SPDX lines are no headers to it: test_packaging.py looks at them.
  ament_copyright(LICENSE)
endif()
find_package(ament_cmake_xmllint QUIET)
if(ament_cmake_xmllint_FOUND)
  ament_xmllint(package.xml config)
endif()
