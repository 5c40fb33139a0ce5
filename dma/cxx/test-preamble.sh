# SPDX-License-Identifier: GPL-2.0
# Sourced by tests that feed the compiler: $cxx, the compiler that the test is
# given; $tree, the sources; $dir, a folder that goes with the test; $failed, the
# exit status so far.
# shellcheck shell=sh disable=SC2034 # what is set here is for the test
set -u
cxx=${1:-g++}
tree=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT INT TERM
failed=0

# fail WHAT: a line, and the test ends with 1.
fail()
{
	echo "FAILED: $1"
	failed=1
}
