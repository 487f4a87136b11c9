//! Reports: one frozen view of an audit, and the formats that write it. A format sees nothing but the view.

mod baseline;
mod build;
mod file;
mod format;
mod json;
mod remedy;
mod table;
mod view;

pub use baseline::{BaselineError, baseline};
pub use build::AuditFacts;
pub use file::{print, write_file};
pub use format::{FORMATS, Format, FormatError, Options};
pub use view::{
    AuditView, ControlView, EvidenceView, GateView, ProfileView, REPORT_SCHEMA_VERSION, ResultView, SubjectView, View, schema,
};
