#!/bin/sh
# What one of the programs packs the other unpacks; their own checks are `make test`.
set -eu
for pack in "$1" "$2"; do
    for unpack in "$1" "$2"; do
        test "$(echo hello world | "$pack" | "$unpack" -d)" = "hello world"
        "$pack" < zlib.h | "$unpack" -d | cmp - zlib.h
    done
done
