//! Events as JSON lines: the stream of `--events`.

use super::json::{Body, Line, VERSION};
use super::json_told::{lines, seconds};
use super::spool::Target;
use super::started::Started;
use super::stream::{Form, Streams};
use crate::event::{Event, Phase};
use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::time::SystemTime;

/// Writes one line for each thing that happens, and numbers them.
#[derive(Default)]
pub(super) struct JsonLines {
    next: u64,
    phase: Option<Phase>,
}

impl Streams {
    /// Adds JSON lines for somebody who reads, whom the user calls `name`; `folder` is where much
    /// can be kept for him.
    pub fn add_events(&mut self, name: &str, target: Target, folder: &Path) -> io::Result<()> {
        self.add(Box::new(JsonLines::default()), name, target, folder)
    }

    /// Adds JSON lines in a file, which is made anew once it is known what there is to do.
    pub fn add_events_file(&mut self, path: &Path) {
        self.add_file(Box::new(JsonLines::default()), path);
    }
}

impl JsonLines {
    fn write(&mut self, body: &Body, at: SystemTime, out: &mut Vec<u8>) {
        let line = Line { v: VERSION, t: seconds(at), seq: self.next, body: Cow::Borrowed(body) };
        self.next += 1;
        if let Err(error) = serde_json::to_writer(&mut *out, &line) {
            unreachable!("BUG: an event is no JSON: {error}");
        }
        out.push(b'\n');
    }
}

impl Form for JsonLines {
    fn begin(&mut self, started: &Started, at: SystemTime, out: &mut Vec<u8>) {
        self.write(&Body::Started(started.clone()), at, out);
    }

    fn take(&mut self, event: &Event, at: SystemTime, out: &mut Vec<u8>) {
        if let Event::Phase { phase, .. } = event {
            if !phase.may_follow(self.phase) {
                return;
            }
            self.phase = Some(*phase);
        }
        lines(event, |body| self.write(&body, at, out));
    }

    fn end(&mut self, exit: i32, problem: &str, at: SystemTime, out: &mut Vec<u8>) {
        self.write(&Body::Ended { exit, problem: problem.to_string() }, at, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::{BufRead, BufReader};
    use std::os::fd::OwnedFd;
    use std::sync::atomic::AtomicBool;

    /// Events that are told while nobody reads.
    const MANY: u64 = 1_000_000;

    #[test]
    fn a_million_events_reach_a_reader_who_sleeps_first() {
        let (theirs, ours) = std::io::pipe().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut streams = Streams::default();
        let target = Target::Open(File::from(OwnedFd::from(ours)));
        streams.add_events("--events=x", target, folder.path()).unwrap();
        for number in 0..MANY {
            streams.take(&Event::Warning(format!("event {number}")));
            if number % 1000 == 0 {
                assert_eq!(streams.flush(), [""; 0]);
                // What nobody reads is on disk and not in memory.
                assert!(streams.in_memory() < 1 << 20, "{number}");
            }
        }
        streams.flush();
        let reader = std::thread::spawn(move || {
            let mut next = 0;
            for line in BufReader::new(theirs).lines() {
                let line = line.unwrap();
                let text = format!("\"text\":\"event {next}\"}}");
                assert!(line.ends_with(&text) || next == MANY, "{next}: {line}");
                next += 1;
            }
            next
        });
        let mut said = vec![];
        let at = SystemTime::UNIX_EPOCH;
        streams.end(0, "", at, &AtomicBool::new(false), &mut |text| said.push(text));
        assert_eq!(reader.join().unwrap(), MANY + 1);
        // On a slow machine it may be said that it takes a while.
        assert!(said.iter().all(|text| text.ends_with("Ctrl-C gives them up")), "{said:?}");
        // The file has no name: nothing is left of it.
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn a_reader_who_goes_away_is_told_once() {
        let (theirs, ours) = std::io::pipe().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut streams = Streams::default();
        let target = Target::Open(File::from(OwnedFd::from(ours)));
        streams.add_events("--events=x", target, folder.path()).unwrap();
        drop(theirs);
        let mut said = vec![];
        while said.is_empty() {
            streams.take(&Event::Warning("slow".to_string()));
            said.extend(streams.flush());
        }
        streams.take(&Event::Warning("slow".to_string()));
        said.extend(streams.flush());
        let stop = AtomicBool::new(false);
        streams.end(0, "", SystemTime::UNIX_EPOCH, &stop, &mut |text| said.push(text));
        assert_eq!(said, ["--events=x: nobody reads it any more; the run goes on"]);
    }
}
