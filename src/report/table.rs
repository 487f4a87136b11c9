//! stub
use std::io::{self, Write};
use super::format::Options;
use super::view::View;
/// x
pub(super) fn write(_view: &View<'_>, _options: Options, _out: &mut dyn Write) -> io::Result<()> {
    Ok(())
}
