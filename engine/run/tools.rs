//! Programs of the machine: found on the user's PATH and identified by their bytes, by what they
//! print and by the bytes of the programs they start.

use super::ask::ask;
use super::session::Shared;
use crate::analyze::ToolRequest;
use crate::base::{Digest, Hasher, Place, Problem};
use crate::store::{FileStat, ToolRow};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// A program that was found.
#[derive(Debug, Clone)]
pub(super) struct Tool {
    /// Bare name, as in keys.
    pub name: String,
    /// The file that is started.
    pub path: PathBuf,
    /// What tells it from any other.
    pub identity: Digest,
}

/// Finds and identifies a program. What is found is remembered by the stat of all files that were
/// looked at. A program that is not there is the user's problem.
pub(super) fn find(
    shared: &Shared,
    request: &ToolRequest,
    place: &Place,
) -> Result<Result<Tool, Problem>> {
    let Some(first) = on_path(&request.program, &shared.options.path) else {
        return Ok(Err(Problem::at(
            place,
            format!(
                "there is no program '{}' on PATH; {}",
                request.program,
                request.spec.missing.as_deref().unwrap_or("install it, or name another one")
            ),
        )));
    };
    // One of these would be found first, were it there and executable.
    let before = candidates(&request.program, &shared.options.path).take_while(|at| *at != first);
    before.for_each(|at| shared.note_tool_file(at));
    let key = request_key(&first, request);
    if let Some(row) = shared.ledger.tool(&key)
        && row
            .files
            .iter()
            .all(|(path, stat)| FileStat::of(Path::new(path)).ok().flatten() == Some(*stat))
    {
        row.files.iter().for_each(|(path, _)| shared.note_tool_file(PathBuf::from(path)));
        let path = PathBuf::from(row.path);
        return Ok(Ok(Tool { name: request.program.clone(), path, identity: row.identity }));
    }
    let missing = |what: String| Ok(Err(Problem::at(place, what)));
    let mut files = vec![first.clone()];
    let mut program = first.clone();
    if !request.spec.find.is_empty() {
        match led_to(shared, request, &first)? {
            Ok(found) => program = found,
            Err(why) => return missing(why),
        }
        files.push(program.clone());
    }
    let mut identity = Hasher::default();
    identity.field(request.program.as_bytes());
    for arguments in &request.spec.version {
        let answer = ask(&program, arguments, &shared.stop)?.unwrap_or_default();
        identity.field(answer.as_bytes());
    }
    for arguments in &request.spec.parts {
        // A part that is not installed, such as another language's compiler, is told by its bare
        // name: the program then answers with what it was asked for.
        let answer = ask(&program, arguments, &shared.stop)?.unwrap_or_default();
        if let Some(part) = on_path(&answer, &shared.options.path).filter(|_| !answer.is_empty()) {
            files.push(part);
        }
    }
    files.dedup();
    let mut looked_at = Vec::new();
    for file in &files {
        let bytes = fs::read(file).with_context(|| format!("read {}", file.display()))?;
        // What was first asked may be a proxy whose bytes do not matter.
        if *file != first || program == first {
            identity.field(Digest::of(&bytes).bytes());
        }
        if let Some(stat) = FileStat::of(file)? {
            shared.note_tool_file(file.clone());
            looked_at.push((file.display().to_string(), stat));
        }
    }
    let identity = identity.finish();
    let row = ToolRow { path: program.display().to_string(), identity, files: looked_at };
    shared.remember_tool(key, row);
    Ok(Ok(Tool { name: request.program.clone(), path: program, identity }))
}

/// The program to which the first of the ways leads that leads to one; else why none does.
fn led_to(
    shared: &Shared,
    request: &ToolRequest,
    first: &Path,
) -> Result<std::result::Result<PathBuf, String>> {
    let (mut why, mut number) = (Vec::new(), String::new());
    for find in &request.spec.find {
        let asked = format!("{} {}", first.display(), find.run.join(" "));
        let Some(answer) = ask(first, &find.run, &shared.stop)? else {
            why.push(format!("'{asked}' failed; it should tell where '{}' is", request.program));
            continue;
        };
        let Some(after) = &find.after else {
            let program = match find.path.as_str() {
                "" => PathBuf::from(answer),
                path => Path::new(&answer).join(path),
            };
            if program.is_file() {
                return Ok(Ok(program));
            }
            why.push(format!("'{asked}' leads to {}, which does not exist", program.display()));
            continue;
        };
        let behind = answer.split_once(after).map_or("", |(_, rest)| rest.trim_start());
        let digits = behind.find(|c: char| !c.is_ascii_digit()).unwrap_or(behind.len());
        if digits == 0 {
            why.push(format!("'{asked}' prints no number after '{after}'"));
            continue;
        }
        number = behind[..digits].to_string();
        let name = find.path.replace("{number}", &number);
        match on_path(&name, &shared.options.path) {
            Some(program) => {
                let before = candidates(&name, &shared.options.path);
                before.take_while(|at| *at != program).for_each(|at| shared.note_tool_file(at));
                return Ok(Ok(program));
            }
            None => why.push(format!("there is no program '{name}' on PATH")),
        }
    }
    let missing = request.spec.missing.as_ref();
    let advice = missing.map(|text| format!("; {}", text.replace("{number}", &number)));
    Ok(Err(format!("{}{}", why.join(", and "), advice.unwrap_or_default())))
}

fn request_key(first: &Path, request: &ToolRequest) -> Digest {
    let mut key = Hasher::default();
    key.field(first.as_os_str().as_encoded_bytes());
    key.field(format!("{:?}", request).as_bytes());
    key.finish()
}

/// The file of a program: itself if it is a path, else the first on PATH that can be executed.
pub(super) fn on_path(program: &str, path: &str) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let runs = |file: &Path| {
        fs::metadata(file)
            .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    if program.contains('/') {
        let file = PathBuf::from(program);
        return (file.is_absolute() && runs(&file)).then_some(file);
    }
    candidates(program, path).find(|file| runs(file))
}

/// Where a program may lie, by PATH.
fn candidates<'a>(program: &'a str, path: &'a str) -> impl Iterator<Item = PathBuf> + 'a {
    let folders = path.split(':').filter(|folder| folder.starts_with('/'));
    folders.map(move |folder| Path::new(folder).join(program))
}

/// What tells this machine's system from another one: its libc and its release.
pub(super) fn host() -> Digest {
    let mut host = Hasher::default();
    host.field(rustix::system::uname().machine().to_bytes());
    for file in host_files() {
        host.field(&fs::read(file).unwrap_or_default());
    }
    host.finish()
}

/// The files that `host` reads.
pub(super) fn host_files() -> Vec<PathBuf> {
    // The libc that this process uses is the one that every dynamic program of the machine uses.
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let libc = maps.lines().filter_map(|line| line.split_whitespace().nth(5)).find(|path| {
        let name = path.rsplit('/').next().unwrap_or(path);
        name.starts_with("libc.") || name.starts_with("libc-") || name.starts_with("ld-musl")
    });
    ["/etc/os-release"].into_iter().chain(libc).map(PathBuf::from).collect()
}
