#!/bin/sh
# same.sh PROGRAM FLAG INPUT EXPECTED: what the program makes of the input is what is expected.
set -eu
"$1" "$2" <"$3" >"$TEST_TMPDIR/made"
cmp "$TEST_TMPDIR/made" "$4"
