//! The variables that a test may find in its environment, as Bazel's contract and ours name them.

/// Names of variables that the engine sets for a test, sorted. Those of runs, shards and slots
/// are there only where there is one; those of resources (`ENG_RESOURCE_NAME`) are besides.
pub const TEST_VARIABLES: [&str; 34] = [
    "BAZEL_TEST",
    "COVERAGE",
    "COVERAGE_DIR",
    "COVERAGE_OUTPUT_FILE",
    "ENG_ATTEMPT",
    "ENG_COVERAGE_FILE",
    "ENG_RUN_ID",
    "ENG_SLOT",
    "HOME",
    "LOGNAME",
    "PATH",
    "RUNFILES_DIR",
    "TESTBRIDGE_TEST_ONLY",
    "TEST_BINARY",
    "TEST_INFRASTRUCTURE_FAILURE_FILE",
    "TEST_PREMATURE_EXIT_FILE",
    "TEST_RANDOM_SEED",
    "TEST_RUN_NUMBER",
    "TEST_SHARD_INDEX",
    "TEST_SHARD_STATUS_FILE",
    "TEST_SIZE",
    "TEST_SRCDIR",
    "TEST_TARGET",
    "TEST_TIMEOUT",
    "TEST_TMPDIR",
    "TEST_TOTAL_SHARDS",
    "TEST_UNDECLARED_OUTPUTS_ANNOTATIONS_DIR",
    "TEST_UNDECLARED_OUTPUTS_DIR",
    "TEST_WARNINGS_OUTPUT_FILE",
    "TEST_WORKSPACE",
    "TMPDIR",
    "TZ",
    "USER",
    "XML_OUTPUT_FILE",
];

/// Sizes of tests, the smallest first.
pub const TEST_SIZES: [&str; 4] = ["small", "medium", "large", "enormous"];
