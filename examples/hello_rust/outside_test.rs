//! What a user of the library sees.

#[test]
fn a_greeting_ends_with_a_mark() {
    assert!(greeting::greet("you").ends_with('!'));
}

#[test]
#[should_panic(expected = "no name")]
fn an_empty_line_has_no_name() {
    "".lines().next().expect("no name");
}
