//! What the terminal can show: width, colours, lines.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use comfy_table::{Attribute, Cell, Color, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width};

use super::super::format::Options;
use super::text::clean;
use crate::check::Severity;
use crate::profile::VerdictWord;

/// Narrower than this, columns hold no words; wider than that, lines are hard to follow.
const WIDTHS: std::ops::RangeInclusive<usize> = 60..=160;

/// Where the report is written.
pub(super) struct Paper<'a> {
    width: usize,
    color: bool,
    out: &'a mut dyn Write,
}

impl<'a> Paper<'a> {
    pub(super) fn new(options: Options, out: &'a mut dyn Write) -> Self {
        Self { width: options.width.clamp(*WIDTHS.start(), *WIDTHS.end()), color: options.color, out }
    }

    pub(super) fn blank(&mut self) -> io::Result<()> {
        self.out.write_all(b"\n")
    }

    /// A paragraph, wrapped.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        self.wrapped("", "", text)
    }

    /// A paragraph below a bullet, wrapped.
    pub(super) fn indented(&mut self, text: &str) -> io::Result<()> {
        self.wrapped("    ", "    ", text)
    }

    pub(super) fn bullets<S: AsRef<str>>(&mut self, lines: &[S]) -> io::Result<()> {
        lines.iter().try_for_each(|line| self.wrapped("- ", "  ", &clean(line.as_ref())))
    }

    pub(super) fn heading(&mut self, text: &str) -> io::Result<()> {
        self.blank()?;
        let text = clean(text);
        self.styled(Style::new().bold(), &text)?;
        self.blank()
    }

    pub(super) fn verdict(&mut self, verdict: VerdictWord, word: &str, rest: &str) -> io::Result<()> {
        let color = match verdict {
            VerdictWord::Go => AnsiColor::Green,
            VerdictWord::Undetermined => AnsiColor::Yellow,
            VerdictWord::NoGo => AnsiColor::Red,
        };
        let style = Style::new().bold().fg_color(Some(AnsiColor::Black.into())).bg_color(Some(color.into()));
        if self.color {
            self.styled(style, &format!(" {word} "))?;
            writeln!(self.out, "  {rest}")
        } else {
            self.line(&format!("{word}: {rest}"))
        }
    }

    /// A table under a heading; nothing at all when it has no rows.
    pub(super) fn section(&mut self, heading: &str, table: &Table) -> io::Result<()> {
        if table.is_empty() {
            return Ok(());
        }
        self.heading(heading)?;
        table.lines().try_for_each(|line| writeln!(self.out, "{}", line.trim_end()))
    }

    /// An empty table of this paper's look, with or without lines between its rows.
    pub(super) fn table(&self, header: &[&str], lines: bool) -> Table {
        let line = |fill: char| LineStyle::none().fill(fill).junction(fill);
        let (thick, thin) = if self.color { ('\u{2501}', '\u{2500}') } else { ('=', '-') };
        let style = TableStyle::new().header_separator(line(thick));
        let mut table = Table::new();
        table
            .load_style(if lines { style.row_separator(line(thin)) } else { style })
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(u16::try_from(self.width).unwrap_or(u16::MAX))
            .set_header(header.iter().map(|name| Cell::new(name).add_attribute(Attribute::Bold)));
        if self.color {
            table.enforce_styling()
        } else {
            table.force_no_tty()
        };
        table
    }

    /// Whether four columns of words fit side by side.
    pub(super) fn is_wide(&self) -> bool {
        self.width >= 110
    }

    /// Characters beyond those that four columns need.
    pub(super) fn spare(&self) -> usize {
        self.width.saturating_sub(120)
    }

    /// Fixes the widths of columns: the first ones as given, the last takes what is left.
    pub(super) fn set_widths(&self, table: &mut Table, first: &[usize]) {
        let separators = first.len();
        let last = self.width.saturating_sub(first.iter().sum::<usize>() + separators);
        let fixed = |width: usize| ColumnConstraint::Absolute(Width::Fixed(u16::try_from(width).unwrap_or(u16::MAX)));
        table.set_constraints(first.iter().chain([&last]).map(|width| fixed(*width)));
    }

    fn styled(&mut self, style: Style, text: &str) -> io::Result<()> {
        if self.color { write!(self.out, "{style}{text}{style:#}") } else { self.out.write_all(text.as_bytes()) }
    }

    fn wrapped(&mut self, first: &str, next: &str, text: &str) -> io::Result<()> {
        let mut line = first.to_owned();
        let mut used = first.len();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let length = word.chars().count();
            if used + 1 + length > self.width && used > first.len() {
                writeln!(self.out, "{line}")?;
                next.clone_into(&mut line);
                used = next.len();
            } else if used > first.len() {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += length;
        }
        writeln!(self.out, "{line}")
    }
}

/// A cell without style.
pub(super) fn plain(text: impl Into<String>) -> Cell {
    Cell::new_owned(text.into())
}

/// A cell in the colour of a severity.
pub(super) fn severity_cell(severity: Severity, text: &str) -> Cell {
    let cell = Cell::new(text);
    match severity {
        Severity::Critical => cell.fg(Color::Red).add_attribute(Attribute::Bold),
        Severity::High => cell.fg(Color::Red),
        Severity::Medium => cell.fg(Color::Yellow),
        Severity::Low => cell,
    }
}
