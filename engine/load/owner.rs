//! Files → the targets that name them.

use super::rule::AttrKind;
use super::{Entry, Package, Target, Value, Workspace};
use crate::base::{Label, PackageName, parent};

/// The targets that name a file of the workspace, whose path is given as if it were a package's;
/// nothing if there is no such file. The error says why nobody owns it.
pub fn of_file(workspace: &Workspace, path: &PackageName) -> Option<Result<Vec<Label>, String>> {
    let (package, file) = package_of(workspace, path)?;
    let owners = package.targets.iter().filter(|target| names(target, file));
    let owners: Vec<Label> = owners.map(|target| target.label.clone()).collect();
    Some(match owners.is_empty() {
        false => Ok(owners),
        true => Err(format!("'{file}' is a file of {} that no target there names", package.name)),
    })
}

fn package_of<'a>(
    workspace: &'a Workspace,
    path: &'a PackageName,
) -> Option<(&'a Package, &'a str)> {
    let mut folder = &*path.path;
    while !folder.is_empty() {
        folder = parent(folder);
        let name = PackageName { repo: path.repo, path: folder.into() };
        if let Some(package) = workspace.packages.get(&name) {
            let file = path.path[folder.len()..].trim_start_matches('/');
            return package.has_file(file).then_some((package, file));
        }
    }
    None
}

/// Whatever a condition says, the target is about the file.
fn names(target: &Target, file: &str) -> bool {
    target.attrs.iter().any(|(name, value)| {
        let takes_files = target.rule.attr(name).is_some_and(|attr| {
            matches!(attr.kind, AttrKind::File { .. } | AttrKind::Files { .. })
        });
        takes_files && matches!(value, Value::List(entries) if entries_name(entries, file))
    })
}

fn entries_name(entries: &[Entry], file: &str) -> bool {
    entries.iter().any(|entry| match entry {
        Entry::Text(text) => text.text == file,
        Entry::Glob(found, _) => found.iter().any(|it| it == file),
        Entry::When(_, kept) => entries_name(kept, file),
    })
}
