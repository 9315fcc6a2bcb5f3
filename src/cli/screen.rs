//! Where answers go: standard output, with colours only on a terminal whose owner wants them. Foreign text never
//! reaches the terminal as it came: an alert's title may hold sequences that move the cursor or hide what stands there.

use std::io::{self, BufWriter, IsTerminal, Write};

use serde::Serialize;

use super::outcome::Failure;
use crate::domain::action::reveal_lines;
use crate::domain::runbook::Style;

/// A word's meaning, shown by colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    Good,
    Bad,
    Strong,
    Faint,
}

/// Standard output.
pub(super) struct Screen {
    out: BufWriter<io::StdoutLock<'static>>,
    style: Style,
}

impl Screen {
    pub fn standard() -> Self {
        let stdout = io::stdout();
        // https://no-color.org: set and not empty, whatever the value.
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        let style = if stdout.is_terminal() && !unwanted && !dumb {
            Style::Colour
        } else {
            Style::Plain
        };
        Self {
            out: BufWriter::new(stdout.lock()),
            style,
        }
    }

    pub fn style(&self) -> Style {
        self.style
    }

    /// A line, or several, of text for people.
    pub fn say(&mut self, text: &str) -> Result<(), Failure> {
        writeln!(self.out, "{}", harmless(text)).map_err(Failure::Output)
    }

    /// A line with its first words in a colour.
    pub fn say_painted(&mut self, paint: Paint, words: &str, rest: &str) -> Result<(), Failure> {
        let (words, rest) = (harmless(words), harmless(rest));
        match self.style {
            Style::Plain => writeln!(self.out, "{words}{rest}"),
            Style::Colour => writeln!(self.out, "\u{1b}[{}m{words}\u{1b}[0m{rest}", code(paint)),
        }
        .map_err(Failure::Output)
    }

    /// Text that is fit for a terminal already.
    pub fn put(&mut self, text: &str) -> Result<(), Failure> {
        self.out.write_all(text.as_bytes()).map_err(Failure::Output)
    }

    /// A value as JSON over several lines.
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value)?;
        writeln!(self.out, "{text}").map_err(Failure::Output)
    }

    /// A value as JSON on one line.
    pub fn json_line(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value)?;
        writeln!(self.out, "{text}").map_err(Failure::Output)
    }

    /// A line on standard error, beside an answer that a program reads. When that is gone too, the exit code is left to tell.
    pub fn warn(&mut self, text: &str) {
        let _ = writeln!(io::stderr(), "interlock: {}", harmless(text));
    }

    pub fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(Failure::Output)
    }
}

/// SGR parameters of ECMA-48.
fn code(paint: Paint) -> &'static str {
    match paint {
        Paint::Good => "32",
        Paint::Bad => "31",
        Paint::Strong => "1",
        Paint::Faint => "2",
    }
}

/// Text with control, bidirectional and invisible characters written out; line ends stay.
pub(super) fn harmless(text: &str) -> String {
    reveal_lines(text).replace('\t', "    ")
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn an_alert_can_not_move_the_cursor() {
        assert_eq!(
            harmless("disk\u{1b}[2J full\r\nnext\u{202e}"),
            "disk\\u{1b}[2J full\nnext\\u{202e}"
        );
    }
}
