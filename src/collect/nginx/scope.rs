//! Inheritance: a directive counts from the innermost level that has one, and then that level alone.

use super::parse::Directive;
use crate::facts::Unknown;

/// The blocks around a place, the outermost first: http, server, locations, `if`.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope<'a> {
    levels: Vec<&'a Directive>,
}

/// What stands at the innermost level that has it.
pub(super) struct Found<'a> {
    pub directives: Vec<&'a Directive>,
    /// Why an inner level that was not seen may replace all of them.
    pub replaced: Option<Unknown>,
    /// Why their own level may have more.
    pub more: Option<Unknown>,
}

impl<'a> Scope<'a> {
    pub(super) fn within(&self, block: &'a Directive) -> Self {
        let mut levels = self.levels.clone();
        levels.push(block);
        Self { levels }
    }

    /// The innermost block.
    pub(super) fn block(&self) -> Option<&'a Directive> {
        self.levels.last().copied()
    }

    /// The scope around the innermost block.
    pub(super) fn outer(&self) -> Self {
        Self { levels: self.levels[..self.levels.len().saturating_sub(1)].to_vec() }
    }

    pub(super) fn levels(&self) -> impl Iterator<Item = &'a Directive> {
        self.levels.iter().copied()
    }

    pub(super) fn find(&self, name: &str) -> Found<'a> {
        let mut replaced = None;
        for level in self.levels.iter().rev() {
            let directives: Vec<_> = level.children().iter().filter(|d| d.name == name).collect();
            let hole = level.children().iter().find_map(|d| d.unseen.clone());
            if !directives.is_empty() {
                return Found { directives, replaced, more: hole };
            }
            replaced = replaced.or(hole);
        }
        Found { directives: Vec::new(), replaced, more: None }
    }

    /// A directive that stands once; nothing where no level has it.
    pub(super) fn one(&self, name: &str) -> Result<Option<&'a Directive>, Unknown> {
        let found = self.find(name);
        found.replaced.map_or(Ok(found.directives.first().copied()), Err)
    }

    /// Whether a directive is in force with something other than `off`.
    pub(super) fn is_on(&self, name: &str) -> Result<bool, Unknown> {
        Ok(self.one(name)?.is_some_and(|d| !d.arg().is_empty() && d.arg() != "off"))
    }

    /// Whether one of the directives in force fits.
    pub(super) fn any(&self, name: &str, fits: impl Fn(&Directive) -> Result<bool, Unknown>) -> Result<bool, Unknown> {
        let found = self.find(name);
        if let Some(why) = found.replaced {
            return Err(why);
        }
        any(found.directives.iter().map(|d| fits(d)).chain(found.more.map(Err)))
    }
}

/// True as soon as one is, unknown as soon as none is and one may be.
pub(super) fn any(answers: impl Iterator<Item = Result<bool, Unknown>>) -> Result<bool, Unknown> {
    let mut unknown = None;
    for answer in answers {
        match answer {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(why) => {
                unknown.get_or_insert(why);
            }
        }
    }
    unknown.map_or(Ok(false), Err)
}
