#!/bin/sh
# suite.sh PROGRAM SUITE STRIP…: one case per folder of the suite. What the program prints of `input`
# is `output`, or what it complains is `error`; `env` is more environment, and a case may have an
# expectation of its own with and without blanks stripped (STRIP is 1 or 0).
set -u
program=$1 suite=$2
shift 2
number=0
for folder in "$suite"/*/; do
    folder=${folder%/}
    result=ok
    for strip in "$@"; do
        [ "$strip" = 1 ] && [ -e "$folder/nostrip" ] && continue
        kind=normal
        [ "$strip" = 1 ] && kind=strip
        (
            [ -e "$folder/env" ] && . "./$folder/env"
            STRIP=$strip "$program" --env < "$folder/input" > "$TEST_TMPDIR/output" 2> "$TEST_TMPDIR/error"
        )
        for stream in output error; do
            expected=$folder/$stream
            [ -e "$expected.$kind" ] && expected=$expected.$kind
            [ -e "$expected" ] || continue
            cmp "$TEST_TMPDIR/$stream" "$expected" >&2 || result="not ok"
        done
    done
    number=$((number + 1))
    echo "$result $number - ${folder##*/}"
done
echo "1..$number"
