//! Checklists: which controls a set of outcomes satisfies, the score, and GO or NO-GO (SEMANTICS sections 5 to 7).

mod commitments;
mod decide;
mod file;
mod fingerprint;
mod judge;
mod load;
mod model;
mod sentence;

pub use crate::check::Waiver;
pub use commitments::{Attestation, Commitments, Granted, Standing};
pub use decide::{Decision, Gate, GateOptions, GateScope, Situation, Verdict, VerdictWord, decide};
pub use file::ProfileFile;
pub use fingerprint::fingerprint;
pub use judge::{ControlStatus, Counts, Grade, Judged, Judgement, judge};
pub use load::{ProfileError, load};
pub use model::{Control, FailOn, Profile};
pub use sentence::{listed, listed_with, plural};
