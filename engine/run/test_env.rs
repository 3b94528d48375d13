//! The environment and the folders that every test process finds: Bazel's contract.

use super::claims::Grant;
use super::exec_root::ExecRoot;
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
    let outputs = root.beside("outputs");
    root.folder(&outputs)?;
    let shown = |path: std::path::PathBuf| path.display().to_string();
    let temporary = shown(root.temporary());
    let timeout = shared.options.test_timeout.or(action.timeout).unwrap_or_default();
    let mut add = |name: &str, value: String| {
        // What the target says itself holds.
        if !env.iter().any(|(known, _)| known == name) {
            env.push((name.to_string(), value));
        }
    };
    if let Some(slot) = grant.slots.first() {
        add("ENG_SLOT", slot.to_string());
    }
    for (resource, instances) in &grant.instances {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        let name: String = resource.chars().map(plain).collect();
        add(&format!("ENG_RESOURCE_{name}"), instances.join(","));
    }
    if let Some(only) = &test.only {
        add("TESTBRIDGE_TEST_ONLY", only.clone());
    }
    if let Some(seed) = test.seed {
        add("TEST_RANDOM_SEED", seed.to_string());
    }
    add("PATH", super::prepare::ENVIRONMENT[0].1.to_string());
    add("TEST_TMPDIR", temporary.clone());
    add("HOME", temporary.clone());
    add("TMPDIR", temporary);
    add("TEST_SRCDIR", shown(root.root()));
    add("RUNFILES_DIR", shown(root.root()));
    add("TEST_WORKSPACE", shared.home.name.clone());
    add("TEST_TARGET", action.label.to_string());
    add("TEST_SIZE", test.size.clone());
    add("TEST_TIMEOUT", timeout.as_secs().to_string());
    add("TEST_BINARY", action.words().first().map_or(String::new(), |word| word.text.to_string()));
    add("TEST_UNDECLARED_OUTPUTS_DIR", shown(outputs));
    add("XML_OUTPUT_FILE", shown(root.beside("test.xml")));
    add("BAZEL_TEST", "1".to_string());
    add("TZ", "UTC".to_string());
    add("USER", "eng".to_string());
    add("LOGNAME", "eng".to_string());
    Ok(())
}
