//! Checks: one YAML file each, pure functions from recorded facts to outcomes. A check never fetches anything.

mod cases;
mod evaluate;
mod file;
mod library;
mod model;
mod outcome;
mod page;
mod scaffold;

pub use cases::{CaseResult, CaseVerdict, run_cases};
pub use evaluate::{Planes, evaluate, evaluate_again};
pub use file::{FileError, parse_yaml};
pub use library::{Library, LibraryError};
pub use model::{Check, CheckFile, Severity, SeverityChange};
pub use outcome::{Evidence, Outcome, Status, Subject, Waiver};
pub use page::page;
pub use scaffold::scaffold;
