//! Greetings, some of them loud.

/// A greeting for somebody; for nobody in particular a loud one.
pub fn greet(name: &str) -> String {
    match name {
        "" => shout::shout!("hello!").to_string(),
        name => format!("Hello, {name}!"),
    }
}

#[cfg(test)]
mod tests {
    use super::greet;

    #[test]
    fn names_are_greeted() {
        assert_eq!(greet("eng"), "Hello, eng!");
    }

    #[test]
    fn nobody_is_greeted_loudly() {
        assert_eq!(greet(""), "HELLO!");
    }

    #[test]
    #[ignore = "nobody has asked for it"]
    fn crowds_are_greeted() {
        assert_eq!(greet("a, b"), "Hello, a and b!");
    }
}
