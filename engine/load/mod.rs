//! Reads RON files into packages, targets and rules, each value with its place.
//! The only room that knows RON; it runs no rule.

mod lexer; // text → tokens, with comments and line breaks
mod syntax; // is it RON at all, and if not, what would be
mod token; // single signs and values
mod brackets; // which bracket is open
mod tree; // RON text → a tree in which every node has its place
mod read; // tree → typed values, with problems that say what fits
mod template; // "-I{deps.dirs}" → parts
mod condition; // "x", "!x", "x=v" and when(..)
mod prop; // properties of words
mod rule; // what a rule is
mod reader; // lines(..), json(..), xml() and tap()
mod protocol; // what a test protocol is, and protocol(..)
mod item; // lists of templates and when(..)
mod attr; // attrs: (..)
mod coverage; // coverage: [..]
mod action; // actions, test and variants
mod rule_file; // rule(..), base(..), protocol(..) → rules
mod walk; // visits what a rule mentions
mod check; // what can be wrong with a rule before any target uses it
mod check_names; // … its names
mod check_cycles; // … what needs itself
mod visible; // visible_to: [..]
mod target; // what a target is
mod glob; // * ** and !, sorted
mod value; // values of attributes, checked
mod package; // BUILD.ron → targets
mod build_file; // a BUILD.ron before its targets are read
mod builtin; // the @eng repository inside the binary
mod folders; // walks the folders of a workspace
mod profile; // named sets of flags
mod settings; // what a user has set
mod root_entry; // workspace(..)
mod workspace; // finds the root, reads everything in parallel
mod written; // values with the comments around them
mod format; // how files are laid out
mod owner; // files → the targets that name them
mod select; // patterns → labels
mod language; // language(..): what sources look like, for eng init
mod language_manifest; // … and files in which packages describe themselves
mod ground; // the files of a folder that may be no workspace yet
#[cfg(test)]
mod sample; // rules and workspaces from text, for tests
#[cfg(test)]
mod layouts; // how files come out of the formatter
#[cfg(any(test, feature = "fuzzing"))]
mod fuzz; // files, templates and globs from any bytes

pub use build_file::entries;
pub use folders::listing;
pub use format::{format, format_bytes};
#[cfg(any(test, feature = "fuzzing"))]
pub use fuzz::{READERS, builtin_protocols};
pub use glob::Matcher;
pub use ground::{Ground, ground};
pub use language::{Given, Language, Manifest, Need, Unit};
pub use owner::of_file;
pub use profile::{Profile, of_workspace as profiles_of_workspace};
pub use prop::Prop;
pub use protocol::{Protocol, Words};
pub use reader::{Json, Lines, Results};
pub use root_entry::is_workspace_name;
pub use rule::{
    ActionEnv, ActionRule, Attr, AttrKind, Condition, Does, Group, Item, Mention, Params, Part,
    Rule, Rules, Template, TestRule, Text, ToolSpec,
};
pub use select::{named, no_target, targets};
pub use settings::Settings;
pub use target::{Entry, Package, Target, Value, Workspace};
pub use workspace::{LoadError, find_root, part_of_workspace, ron_files, workspace};
