//! Commands that are longer than a system takes.

use crate::support::workspace;

const RULES: &str = r#"
-- r.ron
[
    rule(
        name: "count",
        doc: "Counts its words.",
        attrs: (words: strings(), shell: tool(default: "sh")),
        actions: (
            count: (
                run: ["{shell}", "count.sh", "{out}", "{words}"],
                inputs: ["{script}"],
                outs: (out: "{name}.txt"),
                PARAMS
            ),
        ),
        vars: (script: ["{source}"]),
        provides: (files: ["{out}"]),
    ),
]
"#;

#[test]
fn a_long_command_is_told_before_anything_runs() {
    let ws = workspace("");
    let rules = RULES.replace("PARAMS", "").replace("{source}", "count.sh");
    ws.write("r.ron", rules.trim_start().trim_start_matches("-- r.ron\n"));
    let words = vec!["\"wordwordword\""; 9000].join(", ");
    ws.write(
        "BUILD.ron",
        &format!("[workspace(name: \"ws\", rules: [\"r.ron\"]), genrule(name: \"g\", outs: [\"g.txt\"], cmd: \"echo > $OUT\"), count(name: \"c\", words: [{words}])]\n"),
    );
    let run = ws.eng(&["build", "--verbose", "--all"]).expect(2).ran(&[]);
    run.tells("the command of 'count c.txt' has 117022 bytes; above 100000 its action 'count' must say how it takes a file of arguments, such as params: \"@{file}\"");
}

#[test]
fn a_long_command_is_handed_over_in_a_file_if_the_rule_says_how() {
    let ws = workspace("");
    let rules = RULES
        .replace("PARAMS", "params: \"@{file}\",")
        .replace("\"{shell}\", \"count.sh\", ", "\"{program}\", ")
        .replace(
            "words: strings(), shell: tool(default: \"sh\")",
            "words: strings(), program: tool(default: \":program\")",
        )
        .replace("                inputs: [\"{script}\"],\n", "")
        .replace("        vars: (script: [\"{source}\"]),\n", "");
    ws.write("r.ron", rules.trim_start().trim_start_matches("-- r.ron\n"));
    ws.write(
        "program.sh",
        "#!/bin/sh\nfile=${1#@}\nout=$(head -n 1 \"$file\")\nwc -l < \"$file\" > \"$out\"\n",
    );
    let words = vec!["\"wordwordword\""; 9000].join(", ");
    ws.write(
        "BUILD.ron",
        &format!("[workspace(name: \"ws\", rules: [\"r.ron\"]), sh_binary(name: \"program\", srcs: \"program.sh\"), count(name: \"c\", words: [{words}])]\n"),
    );
    ws.build(&["//:c"]).ran(&["count c.txt"]);
    assert_eq!(ws.read("eng-out/bin/c.txt").trim(), "9001");
}

#[test]
fn many_cases_with_long_names_run_in_as_few_processes_as_their_names_allow() {
    let ws = workspace(
        r#"
-- BUILD.ron
[
    workspace(name: "ws", rules: ["r.ron"]),
    named_test(name: "t", srcs: "t.sh"),
]
-- r.ron
[
    protocol(
        name: "named",
        doc: "Cases by name.",
        list: ["{program}", "list"],
        listing: lines(case: "{case}"),
        run: ["{program}", "{case}"],
        batch: ["{program}", "{cases}"],
        results: lines(done: "{outcome} {case}"),
        words: (passed: ["ok"], failed: ["bad"], skipped: ["skip"]),
    ),
    rule(
        name: "named_test",
        doc: "A script with cases.",
        attrs: (srcs: file(), protocol: string(one_of: ["named"], default: "named")),
        provides: (files: ["{srcs}"], run: ["{srcs}"]),
        test: (protocol: "{protocol}", program: "{srcs}"),
    ),
]
-- t.sh
#!/bin/sh
if [ "$1" = list ]; then seq -f 'a_case_whose_name_is_quite_long_%06g' 3000; exit; fi
for name in "$@"; do echo "ok $name"; done
"#,
    );
    ws.test(&[])
        .ran(&["list //:t", "test //:t", "test //:t", "test //:t"])
        .tells("cases: 3000 passed\n");
    ws.test(&[]).ran(&[]).tells("cases: 3000 passed (3000 cached)\n");
}
