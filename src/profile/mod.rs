//! Checklists: which controls a set of outcomes satisfies, the score, and GO or NO-GO (SEMANTICS sections 5 to 7).

mod decide;
mod file;
mod fingerprint;
mod judge;
mod load;
mod model;
mod sentence;

pub use decide::{Decision, Gate, GateOptions, GateScope, Situation, Verdict, VerdictWord, decide};
pub use file::ProfileFile;
pub use fingerprint::fingerprint;
pub use judge::{ControlStatus, Counts, Grade, Judged, Judgement, Waiver, judge};
pub use load::{ProfileError, load};
pub use model::{Control, FailOn, Profile};
pub use sentence::{listed, listed_with, plural};
