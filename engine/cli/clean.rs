//! `eng clean`: removes `eng-out`. Nothing there is ever an input, so nothing is built again.

use super::Exit;
use super::request::here;
use crate::session::Failure;
use anyhow::Context;

/// Removes the outputs of the workspace.
pub fn clean() -> Result<Exit, Failure> {
    let folder = here()?.root.join("eng-out");
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Exit::Ok),
        res => res
            .with_context(|| format!("remove {}", folder.display()))
            .map(|()| Exit::Ok)
            .map_err(Failure::World),
    }
}
