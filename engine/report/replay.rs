//! A saved stream is shown as its run was.

use super::json_read::{Reader, Said};
use super::output::neutral;
use super::plain::Story;
use super::screen::Screen;
use super::started::Started;
use super::stream::Streams;
use super::style::Style;
use crate::base::{plain, plain_line};
use crate::event::Event;
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::io::{self, BufRead, Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// Longer lines are none of ours.
const LONGEST: u64 = 256 << 20;
/// Text that is written at once.
const AT_ONCE: usize = 64 * 1024;

/// How the run ended that a stream tells.
pub struct Replayed {
    /// Its exit code; nothing if the stream breaks off.
    pub exit: Option<i32>,
    /// Why it came to no result.
    pub problem: String,
    /// When it was told last.
    pub at: SystemTime,
}

/// Shows what a stream tells, as its run was shown that began as this `style` says but for what it was
/// asked for, and hands it on to the streams. `name` is what the user calls it; files below `store`
/// may be read. The error names the line.
pub fn replay(
    lines: &mut dyn BufRead,
    name: &str,
    store: &Path,
    style: Style,
    streams: &mut Streams,
) -> Result<Replayed> {
    replay_on(Screen::stderr(), lines, name, store, style, streams)
}

/// The same as a text.
pub fn retell(lines: &mut dyn BufRead, name: &str, store: &Path) -> Result<(String, Replayed)> {
    let paper = Paper::default();
    let (screen, streams) = (Screen::on(Box::new(paper.clone())), &mut Streams::default());
    let over = replay_on(screen, lines, name, store, Style::default(), streams)?;
    let text = std::mem::take(&mut *paper.0.lock().unwrap_or_else(PoisonError::into_inner));
    Ok((String::from_utf8_lossy(&text).into_owned(), over))
}

/// What is written to a screen that is none.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn replay_on(
    screen: Screen,
    lines: &mut dyn BufRead,
    name: &str,
    store: &Path,
    style: Style,
    streams: &mut Streams,
) -> Result<Replayed> {
    let mut replay = Replay {
        screen,
        story: Story::new(style.clone()),
        style,
        text: String::new(),
        begun: false,
        over: Replayed { exit: None, problem: String::new(), at: SystemTime::UNIX_EPOCH },
        unknown: BTreeSet::new(),
        next: 0,
    };
    let res = replay.read(lines, name, store, streams);
    replay.story.end(None, &mut replay.text);
    if res.is_ok() {
        replay.say(&replay.over.problem.clone());
        if !replay.unknown.is_empty() {
            let kinds: Vec<String> = std::mem::take(&mut replay.unknown).into_iter().collect();
            let kinds = kinds.join(", ");
            replay.say(&format!("note: {name} tells things of kinds that this eng does not know; they are left out: {kinds}"));
        }
    }
    replay.screen.finish(&replay.text);
    res?;
    Ok(replay.over)
}

struct Replay {
    screen: Screen,
    style: Style,
    story: Story,
    text: String,
    begun: bool,
    over: Replayed,
    /// Kinds that are not known.
    unknown: BTreeSet<String>,
    /// The number that the next line should have.
    next: u64,
}

impl Replay {
    fn read(
        &mut self,
        lines: &mut dyn BufRead,
        name: &str,
        store: &Path,
        streams: &mut Streams,
    ) -> Result<()> {
        let mut reader = Reader::new(store);
        let mut bytes = Vec::new();
        for number in 1.. {
            bytes.clear();
            let read = (&mut *lines).take(LONGEST).read_until(b'\n', &mut bytes);
            read.with_context(|| format!("read {name}"))?;
            let ended = bytes.pop_if(|byte| *byte == b'\n').is_some();
            if bytes.len() as u64 >= LONGEST {
                bail!("{name}:{number}:1: the line is longer than {LONGEST} bytes");
            }
            if bytes.is_empty() && !ended {
                return Ok(());
            }
            let line = match std::str::from_utf8(&bytes) {
                Ok(line) => line,
                Err(_) if !ended => return Ok(()),
                Err(error) => {
                    let column = error.valid_up_to() + 1;
                    bail!("{name}:{number}:{column}: the line is not UTF-8");
                }
            };
            match reader.read(line) {
                Ok(heard) => {
                    self.check(heard.seq, name, number);
                    self.take(heard.said, heard.at, streams)
                        .with_context(|| format!("{name}:{number}:1"))?;
                }
                // Whoever wrote it was killed in the middle of a line.
                Err(_) if !ended => return Ok(()),
                Err(wrong) => {
                    let text = neutral(&plain_line(&wrong.text), false);
                    bail!("{name}:{number}:{}: {text}", wrong.column);
                }
            }
        }
        Ok(())
    }

    /// Says something besides what the run has told.
    fn say(&mut self, text: &str) {
        if !text.is_empty() {
            self.text.push_str(&plain(text));
            self.text.push_str(if text.ends_with('\n') { "" } else { "\n" });
        }
    }

    /// Says so if lines are missing before this one.
    fn check(&mut self, seq: u64, name: &str, number: u64) {
        if seq > self.next {
            let missing = seq - self.next;
            self.say(&format!("warning: {name}:{number}:1: {missing} lines are missing here"));
        }
        self.next = seq.saturating_add(1);
    }

    fn take(&mut self, said: Said, at: SystemTime, streams: &mut Streams) -> Result<()> {
        if self.over.exit.is_some() {
            bail!("the run was over before this line");
        }
        self.over.at = at;
        match said {
            Said::Started(_) if self.begun => {
                bail!("another run begins here; put it into a file of its own")
            }
            Said::Started(started) => self.begin(&started, at, streams),
            Said::Event(event) => self.tell(*event, at, streams),
            Said::Ended(exit, problem) => {
                self.over.exit = Some(exit);
                self.over.problem = problem;
            }
            Said::Part => {}
            Said::Unknown(kind) => {
                self.unknown.insert(neutral(&plain_line(&kind), false));
            }
        }
        Ok(())
    }

    fn begin(&mut self, started: &Started, at: SystemTime, streams: &mut Streams) {
        self.begun = true;
        self.style.rerun = format!("eng {}", neutral(&plain_line(&started.verb), false));
        self.story = Story::new(self.style.clone());
        streams.begin(started, at);
    }

    fn tell(&mut self, event: Event, at: SystemTime, streams: &mut Streams) {
        streams.take_at(&event, at);
        self.story.style.now = Some(at);
        self.story.take(event, &mut self.text);
        for trouble in streams.flush() {
            self.story.take(Event::Warning(trouble), &mut self.text);
        }
        if self.text.len() > AT_ONCE {
            self.screen.write(&self.text);
            self.text.clear();
        }
    }
}
