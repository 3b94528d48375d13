//! What users read when a command line is wrong in ways that other tools have taught them, when
//! numbers are none, and when flags contradict each other.

use crate::problems_words::lines;

// As with Bazel, cargo, ninja and go.
lines! {
    habit_of_a_configuration: 2, "build --config=ci //text";
    habit_of_an_optimized_build: 2, "build -c opt //text";
    habit_of_a_definition: 2, "build --define=x=y";
    habit_of_compiler_flags: 2, "build --copt=-O3 //text";
    habit_of_subcommands: 2, "build -s //text";
    habit_of_cleaning_all: 2, "clean --expunge";
    habit_of_a_server: 2, "shutdown";
    habit_of_places: 2, "info";
    habit_of_a_status: 2, "status";
    habit_of_checking: 2, "check";
    habit_of_a_package: 2, "test -p text";
    habit_of_all_targets: 2, "build --all-targets";
    habit_of_a_whole_workspace: 2, "test --workspace";
    habit_of_leaving_out: 2, "test --workspace --exclude=text";
    habit_of_features: 2, "build --features=x";
    habit_of_a_profile: 2, "test --profile=ci";
    habit_of_a_manifest: 2, "build --manifest-path=text/x";
    habit_of_no_capture: 2, "test --nocapture";
    habit_of_no_run: 2, "test --no-run";
    habit_of_a_filter: 2, "test -E test(x)";
    habit_of_a_folder: 2, "build -C text";
    habit_of_a_tool: 2, "build -t clean";
    habit_of_debugging: 2, "build -d explain";
    habit_of_counting: 2, "test -count=1";
    habit_of_a_target_before_the_verb: 2, "//text:text_test test";
    habit_of_flags_before_the_verb: 2, "--jobs=3 build";
}

// Numbers, times and words that are none.
lines! {
    a_number_below_zero: 2, "build --jobs=-1";
    a_number_with_a_fraction: 2, "build --jobs=1.5";
    a_number_too_large_for_any: 2, "build --jobs=99999999999999999999999";
    a_number_that_is_missing: 2, "build --jobs";
    no_runs: 2, "test --runs=0";
    no_batch: 2, "test --batch=0";
    too_many_retries: 2, "test --retries=100000";
    no_failures_to_stop_at: 2, "test --max-fail=0";
    a_share_of_fewer: 2, "test --shard=3/2";
    a_share_of_none: 2, "test --shard=0/2";
    a_share_that_is_none: 2, "test --shard=half";
    a_time_of_another_unit: 2, "test --timeout=3d";
    a_time_below_zero: 2, "test --timeout=-3s";
    a_time_too_long: 2, "test --timeout=99999999999999999999h";
    a_deadline_of_words: 2, "test --deadline=tomorrow";
    a_seed_that_is_none: 2, "test --shuffle=x";
    an_output_of_nobody: 2, "test --test-output=all-of-it";
    an_unknown_schedule: 2, "test --schedule=random";
    an_unknown_size: 2, "test --test-size-filters=tiny";
    a_case_index_that_is_none: 2, "test --case-index=first //text:text_test";
    a_case_index_of_many: 2, "test --case-index=0 //...";
    durations_of_no_file: 2, "test --shard=1/2 --durations=nowhere";
    a_filter_without_end: 2, "test --filter=(a";
    a_filter_of_an_unknown_call: 2, "test --filter=tagg(x)";
    a_filter_with_a_bad_regex: 2, "test --filter=/[/";
}

// Flags that contradict each other, and flags of other verbs.
lines! {
    remembered_and_fresh: 2, "test --fresh --retell";
    two_schedules: 2, "test --legacy --schedule=two-phase";
    a_flag_twice: 2, "test --jobs=1 --jobs=2";
    a_flag_with_a_value_that_takes_none: 2, "build --all=yes";
    a_flag_of_test_in_clean: 2, "clean --fresh";
    a_pattern_of_clean: 2, "clean //text";
    a_flag_that_is_near_none: 2, "build --qwertyuiop";
    words_after_the_end_of_build: 2, "build //text -- x";
    an_empty_pattern_of_a_file: 2, "test @";
    a_pattern_of_two: 2, "test //text,//tools";
    a_colon_alone: 2, "test :";
    two_slashes_alone: 2, "test //";
    a_label_without_name: 2, "test //text:";
    an_exclamation_mark: 2, "test !//text";
    a_star: 2, "test //text/*";
    three_dots_in_the_middle: 2, "test //.../text";
    four_dots: 2, "test //....";
    a_case_without_name: 2, "test //text:text_test#";
}
