//! Folders of the user, from the environment.

use crate::session::{Failure, Places};
use anyhow::{Context, anyhow};
use std::path::PathBuf;

/// Where this user's store and history are, by the XDG base directory specification: a relative
/// path in a variable is ignored.
pub fn places() -> Result<Places, Failure> {
    let folder = |variable: &str, default: &str| {
        let given = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = || std::env::var_os("HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        given.or_else(|| home().map(|home| home.join(default))).map(|base| base.join("eng")).ok_or_else(|| {
            Failure::World(anyhow!("neither {variable} nor HOME names a folder; set one of them to an absolute path"))
        })
    };
    Ok(Places {
        cache: folder("XDG_CACHE_HOME", ".cache")?,
        state: folder("XDG_STATE_HOME", ".local/state")?,
    })
}

/// The settings of this user, if there is a place for them.
pub fn settings() -> Option<PathBuf> {
    let folder = |variable: &str| {
        std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute())
    };
    let config = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")))?;
    Some(config.join("eng/config.ron"))
}

/// The working directory.
pub fn working_directory() -> Result<PathBuf, Failure> {
    std::env::current_dir().context("find the working directory").map_err(Failure::World)
}
