//! For whom things are done, by the environment, and where.

use crate::door::{LoadError, Session, User};
use crate::load;
use crate::session::{Failure, Places};
use anyhow::Context;
use std::path::PathBuf;

/// Who started this process.
pub fn user() -> Result<User, Failure> {
    User::from_env(|name| std::env::var_os(name)).map_err(failure)
}

/// The workspace around the working directory.
pub fn session() -> Result<Session, Failure> {
    Session::open(&working_directory()?, user()?).map_err(failure)
}

/// Where this user's store and history are.
pub fn places() -> Result<Places, Failure> {
    Ok(user()?.places())
}

/// The settings of this user, if there is a place for them.
pub fn settings() -> Option<PathBuf> {
    user().ok()?.settings
}

/// The working directory.
pub fn working_directory() -> Result<PathBuf, Failure> {
    std::env::current_dir().context("find the working directory").map_err(Failure::World)
}

fn failure(error: LoadError) -> Failure {
    load::LoadError::from(error).into()
}
