//! The environment and the folders that every test process finds: Bazel's contract.

use super::claims::Grant;
use super::coverage;
use super::exec_root::ExecRoot;
use super::kept;
use super::session::Shared;
use crate::analyze::{Action, Given, TestProcess};
use crate::base::TEST_VARIABLES;
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
    let timeout = shared.options.limit(action).unwrap_or_default();
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
    if test.coverage.is_some() {
        own.extend(coverage::variables(root)?);
    }
    // Protocols may mention just these.
    debug_assert!(own.iter().all(|(name, _)| TEST_VARIABLES.contains(name)));
    let mut own: Vec<(String, String)> =
        own.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
    for (resource, instances) in &grant.instances {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        let name: String = resource.chars().map(plain).collect();
        own.push((format!("ENG_RESOURCE_{name}"), instances.join(",")));
    }
    let report = root.report().display().to_string();
    for (name, value) in &test.env {
        // What the target says itself holds, but for where the report goes.
        if value.contains(&Given::Report) {
            env.retain(|(known, _)| known != name);
        } else if env.iter().any(|(known, _)| known == name) {
            continue;
        }
        if let Some(value) = filled(value, &report, &own) {
            env.push((name.clone(), value));
        }
    }
    for (name, value) in own {
        if !env.iter().any(|(known, _)| *known == name) {
            env.push((name, value));
        }
    }
    Ok(())
}

/// The value with all that it mentions; nothing if this process has no such variable, as that of its
/// shard.
fn filled(value: &[Given], report: &str, own: &[(String, String)]) -> Option<String> {
    let part = |part: &Given| match part {
        Given::Text(text) => Some(text.clone()),
        Given::Report => Some(report.to_string()),
        Given::Variable(name) => Some(own.iter().find(|(known, _)| known == name)?.1.clone()),
    };
    value.iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_a_protocol_names_variables_of_the_contract() {
        let own = [("A".to_string(), "1".to_string()), ("B".to_string(), "{A}".to_string())];
        let (text, of) = (|it: &str| Given::Text(it.into()), |it: &str| Given::Variable(it.into()));
        let filled = |value: &[Given]| filled(value, "/r.xml", &own);
        assert_eq!(filled(&[text("{A}")]).as_deref(), Some("{A}"));
        assert_eq!(filled(&[text("x:"), of("A"), of("B")]).as_deref(), Some("x:1{A}"));
        assert_eq!(filled(&[text("xml:"), Given::Report]).as_deref(), Some("xml:/r.xml"));
        assert_eq!(filled(&[text("x"), of("C")]), None);
        assert_eq!(filled(&[]).as_deref(), Some(""));
    }
}
