//! The environment and the folders that every test process finds: Bazel's contract.

use super::claims::Grant;
use super::exec_root::ExecRoot;
use super::kept;
use super::session::Shared;
use crate::analyze::{Action, TestProcess};
use anyhow::Result;

/// Adds what the engine gives to a test besides what its target says.
pub(super) fn add(
    shared: &Shared,
    action: &Action,
    test: &TestProcess,
    grant: &Grant,
    root: &mut ExecRoot,
    env: &mut Vec<(String, String)>,
) -> Result<()> {
    let places = kept::places(root)?;
    let shown = |path: std::path::PathBuf| path.display().to_string();
    let temporary = shown(root.temporary());
    let timeout = shared.options.test_timeout.or(action.timeout).unwrap_or_default();
    let mut own = vec![
        ("PATH", super::prepare::ENVIRONMENT[0].1.to_string()),
        ("TEST_TMPDIR", temporary.clone()),
        ("HOME", temporary.clone()),
        ("TMPDIR", temporary),
        ("TEST_SRCDIR", shown(root.root())),
        ("RUNFILES_DIR", shown(root.root())),
        ("TEST_WORKSPACE", shared.home.name.clone()),
        ("TEST_TARGET", action.label.to_string()),
        ("TEST_SIZE", test.size.clone()),
        ("TEST_TIMEOUT", timeout.as_secs().to_string()),
        ("TEST_BINARY", action.words().first().map_or(String::new(), |word| word.text.to_string())),
        ("BAZEL_TEST", "1".to_string()),
        ("TZ", "UTC".to_string()),
        ("USER", "eng".to_string()),
        ("LOGNAME", "eng".to_string()),
        ("ENG_ATTEMPT", test.attempt.max(1).to_string()),
        ("ENG_RUN_ID", shared.run.to_string()),
    ];
    for (name, path) in places {
        if name != "TEST_SHARD_STATUS_FILE" || test.shard.is_some() {
            own.push((name, shown(path)));
        }
    }
    if let Some((index, total)) = test.shard {
        own.push(("TEST_SHARD_INDEX", index.to_string()));
        own.push(("TEST_TOTAL_SHARDS", total.to_string()));
    }
    if let Some(only) = &test.only {
        own.push(("TESTBRIDGE_TEST_ONLY", only.clone()));
    }
    if let Some(slot) = grant.slots.first() {
        own.push(("ENG_SLOT", slot.to_string()));
    }
    let number = Some(test.run_number).filter(|number| *number > 0);
    if let Some(number) = number {
        own.push(("TEST_RUN_NUMBER", number.to_string()));
    }
    if let Some(seed) = test.seed.or(number.map(u64::from)) {
        own.push(("TEST_RANDOM_SEED", seed.to_string()));
    }
    let mut own: Vec<(String, String)> =
        own.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
    for (resource, instances) in &grant.instances {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        let name: String = resource.chars().map(plain).collect();
        own.push((format!("ENG_RESOURCE_{name}"), instances.join(",")));
    }
    let of_protocol = test.env.iter();
    let of_protocol =
        of_protocol.filter_map(|(name, value)| Some((name.clone(), filled(value, &own)?)));
    let of_protocol: Vec<(String, String)> = of_protocol.collect();
    for (name, value) in of_protocol.into_iter().chain(own) {
        // What the target says itself holds.
        if !env.iter().any(|(known, _)| *known == name) {
            env.push((name, value));
        }
    }
    Ok(())
}

/// A value in which `{NAME}` stands for a variable of the contract; nothing if this process has no
/// such variable, as that of its shard.
fn filled(value: &str, own: &[(String, String)]) -> Option<String> {
    let mut res = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        res.push_str(before);
        res.push_str(&own.iter().find(|(known, _)| known == name)?.1);
        rest = after;
    }
    Some(res + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_a_protocol_names_variables_of_the_contract() {
        let own = [("A".to_string(), "1".to_string()), ("B".to_string(), "{A}".to_string())];
        let filled = |value| filled(value, &own);
        assert_eq!(filled("x").as_deref(), Some("x"));
        assert_eq!(filled("xml:{A}.{B}").as_deref(), Some("xml:1.{A}"));
        assert_eq!(filled("{C}"), None);
        assert_eq!(filled("{A"), None);
    }
}
