//! For whom eng works: folders of the user, and where programs are.

use super::error::LoadError;
use crate::base::Problems;
use crate::load::Settings;
use crate::session::{Budget, Places};
use anyhow::{Context, Result as Done, anyhow};
use std::ffi::OsString;
use std::path::PathBuf;

/// What a session takes from its user.
#[derive(Debug, Clone)]
pub struct User {
    /// Results and bytes, for all workspaces of the user; may be deleted at any time.
    pub cache: PathBuf,
    /// The history of runs.
    pub state: PathBuf,
    /// The file of the user's settings, if there is a place for one; it need not exist.
    pub settings: Option<PathBuf>,
    /// Where programs are found, as in the variable PATH.
    pub path: String,
}

impl User {
    /// The user whom variables of the environment describe, by the XDG base directory
    /// specification: `XDG_CACHE_HOME`, `XDG_STATE_HOME`, `XDG_CONFIG_HOME`, else `HOME`; and
    /// `PATH`.
    ///
    /// ```
    /// let user = eng::User::from_env(|name| (name == "HOME").then(|| "/home/me".into()))?;
    /// assert_eq!(user.cache.to_str(), Some("/home/me/.cache/eng"));
    /// // A program says: User::from_env(|name| std::env::var_os(name))
    /// # Ok::<(), eng::LoadError>(())
    /// ```
    pub fn from_env(variable: impl Fn(&str) -> Option<OsString>) -> Result<User, LoadError> {
        // The specification wants a relative path to be ignored.
        let folder =
            |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let below = |name: &str, default: &str| {
            let home = || Some(folder("HOME")?.join(default));
            folder(name).or_else(home).map(|base| base.join("eng"))
        };
        let needed = |name: &str, default: &str| {
            below(name, default).ok_or_else(|| {
                LoadError::World(anyhow!(
                    "neither {name} nor HOME names a folder; set one of them to an absolute path"
                ))
            })
        };
        let path = variable("PATH").map(|path| path.to_string_lossy().into_owned());
        Ok(User {
            cache: needed("XDG_CACHE_HOME", ".cache")?,
            state: needed("XDG_STATE_HOME", ".local/state")?,
            settings: below("XDG_CONFIG_HOME", ".config").map(|folder| folder.join("config.ron")),
            path: path.unwrap_or_default(),
        })
    }

    /// The same, wherever the working directory will be.
    pub(super) fn absolute(self) -> Done<User> {
        let absolute = |path: PathBuf| {
            std::path::absolute(&path)
                .with_context(|| format!("find the folder {}", path.display()))
        };
        let settings = self.settings.map(absolute).transpose()?;
        Ok(User { cache: absolute(self.cache)?, state: absolute(self.state)?, settings, ..self })
    }

    pub(crate) fn places(&self) -> Places {
        Places { cache: self.cache.clone(), state: self.state.clone() }
    }

    /// What the history may take, by the user's settings.
    pub(crate) fn budget(&self) -> Result<Budget, Problems> {
        let settings = match &self.settings {
            Some(path) => Settings::read(path)?,
            None => Settings::default(),
        };
        let Budget { size, age } = Budget::default();
        Ok(Budget {
            size: settings.history_size.unwrap_or(size),
            age: settings.history_age.unwrap_or(age),
        })
    }
}
