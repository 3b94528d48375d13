# Prints as lcov what programs have executed, by the data (.profraw) in `raw/`.
#
#     sh llvm_lcov.sh LLVM_PROFDATA LLVM_COV PROGRAM [PROGRAM | SHARED_LIBRARY]..
set -eu
profdata=$1 cov=$2 program=$3
shift 3
for object; do
    set -- "$@" --object "$object"
    shift
done
# Data of another compiler's programs are beside them, which only its own tools can read.
"$profdata" merge --failure-mode=all --sparse -o "$TMPDIR/all" raw/*.profraw
# Each instance of a generic function would be one, hence no functions.
"$cov" export --format=lcov --skip-functions --instr-profile "$TMPDIR/all" "$program" "$@" > "$TMPDIR/lcov"
# Compilers are told to call the folder that they start in so.
sed 's,^SF:/w/,SF:,' "$TMPDIR/lcov"
