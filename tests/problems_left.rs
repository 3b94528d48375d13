//! What a test or a setup leaves behind that is not what it should be: nothing waits for it, and
//! what it is is told.

use crate::problems::tells;
use crate::support::{Workspace, workspace};

fn script(rule: &str, script: &str) -> Workspace {
    let ws = workspace(&format!("-- BUILD.ron\n[{rule}]\n"));
    ws.write("t.sh", &format!("#!/bin/sh\n{script}\n"));
    ws
}

const JUNIT: &str = "sh_test(name: \"t\", srcs: \"t.sh\", protocol: \"junit\")";
const PLAIN: &str = "sh_test(name: \"t\", srcs: \"t.sh\")";

macro_rules! left {
    ($($name:ident: $code:literal, $rule:expr, $script:literal;)*) => {$(
        #[test]
        fn $name() {
            let ws = script($rule, $script);
            let run = ws.eng(&["test"]).expect($code);
            tells(concat!("left/", stringify!($name)), &ws, &run);
        }
    )*};
}

left! {
    a_report_that_is_a_pipe: 3, JUNIT, "mkfifo $XML_OUTPUT_FILE";
    a_report_that_is_a_link: 3, JUNIT, "ln -s /dev/zero $XML_OUTPUT_FILE";
    a_report_that_is_noise: 3, JUNIT, "printf '\\377\\000<' > $XML_OUTPUT_FILE";
    a_report_in_a_folder_with_a_pipe: 3, JUNIT, "mkdir $XML_OUTPUT_FILE; mkfifo $XML_OUTPUT_FILE/a.xml";
    warnings_in_a_pipe: 0, PLAIN, "mkfifo $TEST_WARNINGS_OUTPUT_FILE";
    an_infrastructure_failure_in_a_pipe: 3, PLAIN, "mkfifo $TEST_INFRASTRUCTURE_FAILURE_FILE; exit 1";
    a_pipe_among_outputs: 0, PLAIN, "mkfifo $TEST_UNDECLARED_OUTPUTS_DIR/pipe";
    an_output_of_a_name_that_is_no_text: 0, PLAIN, "touch \"$TEST_UNDECLARED_OUTPUTS_DIR/$(printf 'caf\\351')\"";
    an_output_with_a_line_in_its_name: 0, PLAIN, "touch \"$TEST_UNDECLARED_OUTPUTS_DIR/$(printf 'a\\nb\\033[31m')\"";
    a_folder_of_outputs_that_is_gone: 0, PLAIN, "rmdir $TEST_UNDECLARED_OUTPUTS_DIR";
}

#[test]
fn a_report_that_is_watched_and_is_a_pipe() {
    let ws = workspace(
        "-- BUILD.ron\n[workspace(name: \"ws\", rules: [\"r.ron\"]), my_test(name: \"t\", srcs: \"t.sh\")]\n",
    );
    // The same as a dispatcher: it tells in its report which case is under way.
    ws.write(
        "r.ron",
        r#"[rule(
    name: "my_test",
    attrs: (srcs: file(), protocol: string(one_of: ["eng"], default: "eng")),
    provides: (files: ["{srcs}"], run: ["{srcs}"]),
    test: (protocol: "{protocol}", program: "{srcs}"),
)]
"#,
    );
    ws.write("t.sh", "#!/bin/sh\n[ $1 = --list ] && echo a && exit\nmkfifo $2\nsleep 1\n");
    let run = ws.eng(&["test", "--timeout=20s"]).expect(3);
    tells("left/a_report_that_is_watched_and_is_a_pipe", &ws, &run);
}

#[test]
fn exports_of_a_setup_that_are_a_pipe() {
    let ws = workspace(
        "-- BUILD.ron\n[sh_binary(name: \"up\", srcs: \"up.sh\"), sh_test(name: \"t\", srcs: \"t.sh\", setup: [\":up\"])]\n",
    );
    ws.write("t.sh", "#!/bin/sh\n");
    ws.write("up.sh", "#!/bin/sh\nrm $ENG_ENV\nmkfifo $ENG_ENV\n");
    tells("left/exports_of_a_setup_that_are_a_pipe", &ws, &ws.eng(&["test"]).expect(3));
}
