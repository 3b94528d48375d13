//! How files come out of the formatter, and that nothing of them gets lost on the way.

use super::format;
use proptest::prelude::*;

#[track_caller]
fn becomes(text: &str, wanted: &str) {
    let res = format("f.ron", text).unwrap_or_else(|wrong| panic!("{wrong}"));
    assert_eq!(res, wanted);
    assert_eq!(format("f.ron", &res).unwrap(), res, "a second time");
}

#[test]
fn short_targets_stand_in_a_line_and_long_ones_have_one_for_each_attribute() {
    becomes(
        "\n\n[  f( name :\"x\",srcs:[\"a\" ,\"b\",], ) ,g(\n),h(a:(),b:{},c:[\n\n])]",
        "[\n    f(name: \"x\", srcs: [\"a\", \"b\"]),\n    g(),\n    h(a: (), b: {}, c: []),\n]\n",
    );
    becomes(
        "[cc_test(name: \"cases_test\", srcs: [\"length_test.c\", \"names_test.c\"], deps: [\":greeting\"], protocol: \"eng\")]",
        "[\n    cc_test(\n        name: \"cases_test\",\n        srcs: [\"length_test.c\", \"names_test.c\"],\n        \
         deps: [\":greeting\"],\n        protocol: \"eng\",\n    ),\n]\n",
    );
    becomes("[]", "[]\n");
    becomes("// a\n\n\n\n[\n]\n// b", "// a\n\n[]\n// b\n");
}

#[test]
fn long_lists_are_broken_inside_of_what_holds_them_alone() {
    let names: Vec<String> = (0..8).map(|n| format!("\"file_{n}_name.c\"")).collect();
    let list = names.join(", ");
    let lines =
        |indent: &str| names.iter().map(|it| format!("{indent}{it},\n")).collect::<String>();
    becomes(
        &format!("[f(name: \"x\", srcs: glob([{list}]), more: [when(\"m\", [{list}])])]"),
        &format!(
            "[\n    f(\n        name: \"x\",\n        srcs: glob([\n{0}        ]),\n        more: [when(\"m\", [\n{0}        ])],\n    ),\n]\n",
            lines("            ")
        ),
    );
}

#[test]
fn what_its_author_broke_stays_broken_and_rows_stay_rows() {
    becomes(
        "[\n f(\n a: [\n \"x\", \"y\",\n \"z\"]),\n\n\n\n g(a: [\"x\",\n \"y\"]), ]",
        "[\n    f(\n        a: [\n            \"x\", \"y\",\n            \"z\",\n        ],\n    ),\n\n    g(a: [\"x\", \"y\"]),\n]\n",
    );
}

#[test]
fn strings_stay_as_they_are_written_and_are_never_broken() {
    let long = "x".repeat(200);
    becomes(
        &format!(
            "[f(doc: \"{long}\"), g(a: r#\"\"\\\"#, b: \"\\u{{e9}}\\n\", c: r\"one\n   two  \r\n\")]"
        ),
        &format!(
            "[\n    f(doc: \"{long}\"),\n    g(\n        a: r#\"\"\\\"#,\n        b: \"\\u{{e9}}\\n\",\n        c: r\"one\n   two  \r\n\",\n    ),\n]\n"
        ),
    );
}

#[test]
fn comments_stay_where_they_belong() {
    becomes(
        "// head\n/* /* in */ it */ [ // list\n// own\nf( // of f\n a /*1*/ : /*2*/ [\n \"x\" /*3*/, // x\n\n // last  \n ] // value\n , // comma\n b: // moved\n 1), /*4*/ g( /*5*/ ), /*6*/\n // end\n ] // beside\n\n\n/* tail */",
        "// head\n/* /* in */ it */ [ // list\n    // own\n    f( // of f\n        a: /*1*/ /*2*/ [\n            \"x\" /*3*/, // x\n\n            // last\n        ], // value\n        // comma\n        // moved\n        b: 1,\n    ),\n    /*4*/ g(/*5*/), /*6*/\n    // end\n] // beside\n\n/* tail */\n",
    );
}

#[test]
fn lines_end_with_a_line_feed_and_a_byte_order_mark_goes() {
    becomes("\u{feff}[\r\n  // a  \r\n  f(),\r\n]\r\n", "[\n    // a\n    f(),\n]\n");
}

/// A piece of white space, with or without comments.
fn space() -> BoxedStrategy<String> {
    let parts = [
        "",
        "",
        "",
        " ",
        "\n",
        "\n\n\n",
        "\t\r\n",
        "// c \"[ \n",
        "/* b, */",
        "/*/**/\n ]*/ ",
        " //\n",
    ];
    prop::collection::vec(prop::sample::select(parts.to_vec()), 0..4)
        .prop_map(|it| it.concat())
        .boxed()
}

/// A value, written in any way.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "1",
        "-5",
        "true",
        "word",
        "\"a\"",
        "\"// \\\" [\"",
        "r#\"\"/*\"#",
        "\"a\nb\"",
        "\"\\\\\"",
        "r\"\\\"",
        "\"a rather long string, of which two do not fit into one line\"",
    ]);
    leaf.prop_map(String::from).prop_recursive(4, 40, 5, |inner| {
        let element = (space(), inner, space()).prop_map(|(a, b, c)| format!("{a}{b}{c}")).boxed();
        let list = |open: &'static str, close: &'static str| {
            let elements = prop::collection::vec(element.clone(), 0..5);
            (elements, any::<bool>(), space()).prop_map(move |(elements, comma, last)| {
                let comma = if comma && !elements.is_empty() { "," } else { "" };
                format!("{open}{}{comma}{last}{close}", elements.join(","))
            })
        };
        let named = |open: &'static str, close: &'static str, quoted: bool| {
            let elements = prop::collection::vec((space(), space(), element.clone()), 0..4);
            (elements, space()).prop_map(move |(elements, last)| {
                let one = |(at, (a, b, value)): (usize, &(String, String, String))| match quoted {
                    true => format!("{a}\"k{at}\"{b}:{value}"),
                    false => format!("{a}k{at}{b}:{value}"),
                };
                let all: Vec<String> = elements.iter().enumerate().map(one).collect();
                format!("{open}{}{last}{close}", all.join(","))
            })
        };
        prop_oneof![
            list("[", "]"),
            list("f(", ")"),
            named("(", ")", false),
            named("{", "}", true),
            (space(), named("(", ")", false)).prop_map(|(space, it)| format!("call{space}{it}")),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_written_keeps_its_meaning_and_comments_and_is_stable(
        head in space(),
        values in prop::collection::vec((space(), value(), space()), 0..4),
        end in space(),
        tail in space(),
    ) {
        let values: Vec<String> = values.iter().map(|(a, b, c)| format!("{a}{b}{c}")).collect();
        let text = format!("{head}[{}{end}]{tail}", values.join(","));
        // Meaning and comments are compared by `format` itself.
        let once = format("f.ron", &text).unwrap_or_else(|wrong| panic!("{text}\n{wrong}"));
        let twice = format("f.ron", &once).unwrap_or_else(|wrong| panic!("{once}\n{wrong}"));
        prop_assert_eq!(&once, &twice, "of {}", text);
        prop_assert!(once.ends_with(|sign| sign != ' ') && once.ends_with('\n'));
    }
}
