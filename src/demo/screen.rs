//! What the demo shows: lines, and below them a table that is kept up to date.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Instant;

use sluice_actors::Object;

const HEAD: [&str; 4] = ["NAME", "READY", "REVISION", "MESSAGE"];
/// A digest is long; this much of it tells it from others.
const REVISION_LENGTH: usize = 26;

/// Where the demo shows things.
pub(super) struct Screen<W> {
    out: W,
    /// A terminal, where lines can be drawn over; else each change becomes a line.
    live: bool,
    rows: Vec<Row>,
    drawn: usize,
    begun: Instant,
}

#[derive(Clone, Debug, PartialEq)]
struct Row([String; 4]);

impl<W: Write> Screen<W> {
    pub(super) fn new(out: W, live: bool) -> Self {
        Self { out, live, rows: Vec::new(), drawn: 0, begun: Instant::now() }
    }

    /// Writes a line above the table.
    pub(super) fn say(&mut self, line: &str) -> io::Result<()> {
        self.erase()?;
        writeln!(self.out, "{line}")?;
        self.draw()
    }

    /// Shows how the objects stand.
    pub(super) fn show(&mut self, objects: &[Arc<Object>]) -> io::Result<()> {
        let rows: Vec<Row> = objects.iter().map(|object| Row::of(object)).collect();
        let before = std::mem::replace(&mut self.rows, rows);
        if before == self.rows {
            return Ok(());
        }
        if self.live {
            self.erase()?;
            return self.draw();
        }
        let seconds = self.begun.elapsed().as_secs_f64();
        for row in self.rows.iter().filter(|row| !before.contains(row)) {
            let Row([name, ready, revision, message]) = row;
            writeln!(self.out, "{seconds:7.2} s  {name}: Ready={ready} {revision} {message}")?;
        }
        self.out.flush()
    }

    fn erase(&mut self) -> io::Result<()> {
        if self.drawn > 0 {
            write!(self.out, "\x1b[{}A\x1b[J", self.drawn)?;
        }
        self.drawn = 0;
        Ok(())
    }

    fn draw(&mut self) -> io::Result<()> {
        if !self.live || self.rows.is_empty() {
            return self.out.flush();
        }
        let head = Row(HEAD.map(str::to_owned));
        let width =
            |column: usize| self.rows.iter().chain([&head]).map(|row| row.0[column].chars().count()).max();
        let [name, ready, revision] = [0, 1, 2].map(|column| width(column).unwrap_or_default());
        // A line that does not fit is cut, not wrapped: the number of lines must be known.
        write!(self.out, "\x1b[?7l")?;
        for Row([a, b, c, d]) in [&head].into_iter().chain(&self.rows) {
            writeln!(self.out, "{a:name$}  {b:ready$}  {c:revision$}  {d}")?;
        }
        write!(self.out, "\x1b[?7h")?;
        self.drawn = self.rows.len() + 1;
        self.out.flush()
    }
}

impl Row {
    fn of(object: &Object) -> Self {
        let (status, conditions) = object.status();
        let ready = conditions.iter().find(|condition| condition["type"] == "Ready");
        let said = |field: &str| ready.and_then(|ready| ready[field].as_str());
        let revision = status.artifact.map_or_else(|| "-".to_owned(), |artifact| artifact.revision);
        let mut short: String = revision.chars().take(REVISION_LENGTH).collect();
        if short.len() < revision.len() {
            short.push('\u{2026}');
        }
        let message = said("message").unwrap_or_default().replace(char::is_control, " ");
        Self([object.key.name.to_string(), said("status").unwrap_or("-").to_owned(), short, message])
    }
}

#[cfg(test)]
mod tests;
