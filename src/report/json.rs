//! The report as JSON: the view as it is (schema: `pacscan schema report`).

use std::io::{self, Write};

use super::format::Options;
use super::view::View;

/// Writes it indented, with a newline at the end.
pub(super) fn write(view: &View<'_>, _: Options, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, view)?;
    out.write_all(b"\n")
}
