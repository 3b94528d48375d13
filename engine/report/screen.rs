//! Writes to standard error and standard output: whole texts, each in one write, and above the
//! lines that are redrawn. Nobody at the other end is no error.

use super::progress::Line;
use crate::base::plain;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::panic;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// True if standard error is a terminal.
pub fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Columns and rows of the terminal at standard error, if it is one and knows them.
pub fn terminal_size() -> Option<(usize, usize)> {
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok()?;
    (size.ws_col > 0 && size.ws_row > 0).then_some((size.ws_col.into(), size.ws_row.into()))
}

/// Writes data to standard output as it is; `what` says what it is: `the answer`. The result is
/// false if it could not be written, which is told.
pub fn print_data(what: &str, text: &str) -> bool {
    let mut stdout = io::stdout().lock();
    is_written(what, put(&mut stdout, text.as_bytes()).and_then(|()| stdout.flush()))
}

/// Tells what kept data from being written to standard output, and gives false then. A reader that
/// has gone away is no error.
pub fn is_written(what: &str, res: io::Result<()>) -> bool {
    match res {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            print_problem(&format!("eng: {what} cannot be written to standard output: {error}"));
            false
        }
        _ => true,
    }
}

/// Writes a text for people to standard error and ends its line. Whatever it quotes, a terminal
/// obeys nothing of it.
pub fn print_problem(text: &str) {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    // There is nowhere left to tell that standard error is gone.
    let _ = put(&mut io::stderr(), format!("{}{end}", plain(text)).as_bytes());
}

/// The screen, as the thread that shows and the hook that cleans up for a panic share it.
#[derive(Clone)]
pub(super) struct Screen(Arc<Mutex<Drawing>>);

struct Drawing {
    to: Box<dyn Write + Send>,
    /// Lines that stand at the bottom; the cursor is at the start of the line below.
    drawn: Vec<Line>,
    /// Columns when they were drawn or last seen.
    columns: usize,
}

impl Screen {
    /// Standard error.
    pub fn stderr() -> Screen {
        Screen::on(Box::new(io::stderr()))
    }

    /// Anything that can be written to.
    pub fn on(to: Box<dyn Write + Send>) -> Screen {
        Screen(Arc::new(Mutex::new(Drawing { to, drawn: Vec::new(), columns: 80 })))
    }

    /// Writes text that stays, above what is drawn.
    pub fn write(&self, text: &str) {
        let mut screen = self.lock();
        let (lines, columns) = (screen.drawn.clone(), screen.columns);
        screen.show(text, lines, columns);
    }

    /// Writes text that stays, and below it the lines that will be redrawn, on a terminal of so
    /// many columns.
    pub fn show(&self, text: &str, lines: Vec<Line>, columns: usize) {
        self.lock().show(text, lines, columns);
    }

    /// Removes what would be redrawn and writes the last text.
    pub fn finish(&self, text: &str) {
        let mut screen = self.lock();
        let all = screen.erase() + text;
        screen.put(all.as_bytes());
    }

    /// Has the lines removed before a panic of any thread is told, until the result is dropped:
    /// else the next drawing would go over its message.
    pub fn clear_before_panics(&self) -> CleanPanics {
        let earlier: Arc<PanicHook> = Arc::new(panic::take_hook());
        let (screen, then) = (self.clone(), earlier.clone());
        panic::set_hook(Box::new(move |panic| {
            // The panic may come from the thread that holds the lock: then nothing can be done.
            let mut screen = screen.0.try_lock();
            if let Ok(screen) = &mut screen {
                let all = screen.erase();
                screen.put(all.as_bytes());
            }
            // With the lock held, nothing is drawn into the message.
            then(panic);
        }));
        CleanPanics(Some(earlier))
    }

    fn lock(&self) -> MutexGuard<'_, Drawing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type PanicHook = Box<dyn Fn(&panic::PanicHookInfo<'_>) + Send + Sync>;

/// Puts the earlier panic hook back when it is dropped.
pub(super) struct CleanPanics(Option<Arc<PanicHook>>);

impl Drop for CleanPanics {
    fn drop(&mut self) {
        // Hooks cannot be changed by a thread that panics; ours does no harm if it stays.
        if std::thread::panicking() {
            return;
        }
        drop(panic::take_hook());
        if let Some(earlier) = self.0.take() {
            panic::set_hook(Box::new(move |panic| earlier(panic)));
        }
    }
}

impl Drawing {
    fn show(&mut self, text: &str, lines: Vec<Line>, columns: usize) {
        self.columns = columns;
        if text.is_empty() && lines == self.drawn {
            return;
        }
        let mut all = self.erase();
        all.push_str(text);
        for line in &lines {
            all.push_str(&line.text);
            all.push('\n');
        }
        self.put(all.as_bytes());
        self.drawn = lines;
    }

    /// What moves the cursor to the first drawn line and clears everything from there. A terminal
    /// that became narrower has wrapped the lines, so their rows are counted again.
    fn erase(&mut self) -> String {
        let columns = self.columns.max(1);
        let rows: usize = self.drawn.iter().map(|line| line.width.div_ceil(columns).max(1)).sum();
        self.drawn.clear();
        if rows == 0 { String::new() } else { format!("\x1b[{rows}A\r\x1b[J") }
    }

    fn put(&mut self, bytes: &[u8]) {
        // A terminal that was closed must not stop the build.
        let _ = put(&mut self.to, bytes).and_then(|()| self.to.flush());
    }
}

/// Writes everything, also to a terminal that somebody made non-blocking and that is slow.
fn put(to: &mut dyn Write, mut bytes: &[u8]) -> io::Result<()> {
    let mut patience = 2000;
    while !bytes.is_empty() {
        match to.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock && patience > 0 => {
                patience -= 1;
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    struct Sent(mpsc::Sender<String>);

    impl Write for Sent {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let text = String::from_utf8_lossy(bytes).into_owned();
            self.0.send(text).map_err(|_| ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_drawn_below_what_stays_and_wrapped_ones_are_erased_whole() {
        let (sender, written) = mpsc::channel();
        let screen = Screen::on(Box::new(Sent(sender)));
        let line = Line { text: "0123456789".to_string(), width: 10 };
        screen.show("", vec![line.clone()], 20);
        screen.show("", vec![line.clone()], 20);
        screen.show("PASS\n", vec![line], 4);
        screen.finish("ok\n");
        let all: Vec<String> = written.try_iter().collect();
        assert_eq!(
            all,
            ["0123456789\n", "\x1b[3A\r\x1b[JPASS\n0123456789\n", "\x1b[3A\r\x1b[Jok\n"]
        );
    }

    #[test]
    fn a_closed_terminal_is_no_error() {
        let (sender, written) = mpsc::channel();
        drop(written);
        Screen::on(Box::new(Sent(sender))).write("lost\n");
    }
}
