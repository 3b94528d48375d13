//! The compiler: `calcc print|check FILE.calc FILE.c`.

use std::fmt::Write;
use std::process::exit;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, from, to] = arguments.as_slice() else {
        eprintln!("usage: calcc print|check FROM TO");
        exit(2);
    };
    let text = std::fs::read_to_string(from).expect("read the source");
    let mut body = String::new();
    let mut count = 0;
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let sum = sum::parse(line).unwrap_or_else(|problem| {
            eprintln!("{from}:{}: {problem}", at + 1);
            exit(1);
        });
        count += 1;
        match (mode.as_str(), sum.expected) {
            ("check", Some(expected)) => writeln!(
                body,
                "    printf(\"%s {count} - {0}\\n\", ({0}) == {expected} ? \"ok\" : \"not ok\");",
                sum.text
            ),
            _ => writeln!(body, "    printf(\"{0} = %d\\n\", {0});", sum.text),
        }
        .expect("write into a string");
    }
    if mode == "check" {
        body.insert_str(0, &format!("    printf(\"1..{count}\\n\");\n"));
    }
    let program = format!("#include <stdio.h>\n\nint main(void)\n{{\n{body}    return 0;\n}}\n");
    std::fs::write(to, program).expect("write the output");
}
