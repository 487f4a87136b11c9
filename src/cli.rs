//! The command line: types only, no logic.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::facts::{Kind, Probe};
use crate::profile::FailOn;

/// Audits the deployment of a medical imaging stack before it goes live.
#[derive(Debug, Parser)]
#[command(name = "pacscan", version, max_term_width = 110, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str =
    "Exit codes: 0 the gate is met, 1 it is not met, 3 undetermined, 2 wrong usage or unreadable input, 70 our own fault.";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Collect, check, judge and report (the main job).
    Audit(AuditArgs),
    /// Collect facts into a snapshot, to be audited later or elsewhere.
    Collect(CollectArgs),
    /// List, show, test and write checks.
    #[command(subcommand)]
    Checks(ChecksCommand),
    /// List and show profiles.
    #[command(subcommand)]
    Profiles(ProfilesCommand),
    /// Explain a check: what, why, how to fix, sources.
    Explain {
        /// Id of the check.
        id: String,
        /// Which checks there are.
        #[command(flatten)]
        library: LibraryArgs,
    },
    /// Print the JSON Schema of a file format.
    Schema {
        /// Which format.
        what: SchemaName,
    },
}

/// Formats with a published schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaName {
    /// The JSON report.
    Report,
    /// The snapshot.
    Snapshot,
    /// A check file.
    Check,
    /// A profile file.
    Profile,
    /// A stack description (pacscan.yaml).
    Stack,
}

/// What to look at.
#[derive(Debug, Args)]
pub struct TargetArgs {
    /// Folder or compose file, engine (`docker:`, `docker:///path`, `docker+tcp://`, `docker+ssh://`, `podman:`), stack
    /// description (pacscan.yaml) or snapshot.json; `.` when none is given.
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Compose profile to audit besides the default set; `all` for all.
    #[arg(long, value_name = "NAME")]
    pub compose_profile: Vec<String>,
    /// With a compose target: look at all containers of the engine, not only the project's.
    #[arg(long)]
    pub all_containers: bool,
    /// Only the container of this name.
    #[arg(long, value_name = "NAME")]
    pub container: Vec<String>,
    /// Only containers with this label.
    #[arg(long, value_name = "K=V")]
    pub label: Vec<String>,
    /// How far probing may go; `standard` where neither this nor the stack description says.
    #[arg(long, value_name = "LEVEL", value_parser = probe)]
    pub probe: Option<Probe>,
    /// The clock: a date (end of that day, UTC) or an RFC 3339 time.
    #[arg(long, value_name = "DATE", value_parser = clock)]
    pub as_of: Option<jiff::Timestamp>,
    /// No progress.
    #[arg(long, short)]
    pub quiet: bool,
    /// Say more: errors of collecting as they happen.
    #[arg(long, short)]
    pub verbose: bool,
}

/// Which checks there are.
#[derive(Debug, Args)]
pub struct LibraryArgs {
    /// Folder of a site's own checks.
    #[arg(long = "checks", value_name = "DIR")]
    pub folders: Vec<PathBuf>,
}

/// Options of `audit`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    #[command(flatten)]
    /// What to look at.
    pub target: TargetArgs,
    /// Checklist: a shipped one by name, or a file; that of the stack description, else `go-live`, when not given.
    #[arg(long, value_name = "NAME|FILE")]
    pub profile: Vec<String>,
    #[command(flatten)]
    /// Which checks there are.
    pub library: LibraryArgs,
    /// Format on standard output.
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: String,
    /// Write the report to a file as well; the ending names the format.
    #[arg(long, short, value_name = "FILE")]
    pub output: Vec<PathBuf>,
    /// Least severity of a failure that fails the gate: critical, high, medium, low or never.
    #[arg(long, value_name = "SEVERITY")]
    pub fail_on: Option<FailOn>,
    /// Least score, 0 to 100.
    #[arg(long, value_name = "N", value_parser = percent)]
    pub min_score: Option<f64>,
    /// Least coverage, 0 to 100.
    #[arg(long, value_name = "N", value_parser = percent)]
    pub min_coverage: Option<f64>,
    /// An earlier JSON report: only what is new fails the gate.
    #[arg(long, value_name = "REPORT.json")]
    pub baseline: Option<PathBuf>,
}

/// Options of `collect`.
#[derive(Debug, Args)]
pub struct CollectArgs {
    #[command(flatten)]
    /// What to look at.
    pub target: TargetArgs,
    /// File of the snapshot.
    #[arg(long, short, value_name = "snapshot.json")]
    pub output: PathBuf,
}

/// `pacscan checks …`
#[derive(Debug, Subcommand)]
pub enum ChecksCommand {
    /// All checks with severity and title.
    List {
        /// Which checks there are.
        #[command(flatten)]
        library: LibraryArgs,
    },
    /// The file of a check.
    Show {
        /// Id of the check.
        id: String,
        /// Which checks there are.
        #[command(flatten)]
        library: LibraryArgs,
    },
    /// Run the checks' own cases.
    Test {
        /// Which checks there are.
        #[command(flatten)]
        library: LibraryArgs,
    },
    /// Print the beginning of a new check file.
    New {
        /// Id of the new check.
        id: String,
        /// What it is about: container, image, engine or compose.
        #[arg(long, default_value = "container", value_parser = subject)]
        subject: Kind,
    },
    /// Write a page for every check, and the list of facts.
    Docs {
        /// Folder to write to.
        #[arg(long, short, value_name = "DIR", default_value = "docs")]
        output: PathBuf,
        /// Only say whether the pages are up to date.
        #[arg(long)]
        check: bool,
        /// Which checks there are.
        #[command(flatten)]
        library: LibraryArgs,
    },
}

/// `pacscan profiles …`
#[derive(Debug, Subcommand)]
pub enum ProfilesCommand {
    /// The shipped profiles.
    List,
    /// The controls of a profile.
    Show {
        /// Name or file.
        name: String,
        /// Which checks there are.
        #[command(flatten)]
        library: LibraryArgs,
    },
}

fn probe(text: &str) -> Result<Probe, String> {
    Ok(match text {
        "none" => Probe::None,
        "gentle" => Probe::Gentle,
        "standard" => Probe::Standard,
        "thorough" => Probe::Thorough,
        _ => return Err("one of none, gentle, standard, thorough".into()),
    })
}

fn percent(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "a number from 0 to 100")?;
    if (0.0..=100.0).contains(&number) { Ok(number) } else { Err("a number from 0 to 100".into()) }
}

fn subject(text: &str) -> Result<Kind, String> {
    Kind::ALL.into_iter().find(|kind| kind.word() == text).ok_or_else(|| {
        "one of container, image, engine, compose, orthanc, proxy, dockerfile, file, repository, kubernetes, stack".into()
    })
}

/// A bare date is the end of that day in UTC (SEMANTICS section 8).
fn clock(text: &str) -> Result<jiff::Timestamp, String> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(time);
    }
    let date: jiff::civil::Date = text.parse().map_err(|_| "a date (2026-11-24) or an RFC 3339 time (2026-11-24T08:00:00Z)")?;
    let end = date.at(23, 59, 59, 0).to_zoned(jiff::tz::TimeZone::UTC).map_err(|e| e.to_string())?;
    Ok(end.timestamp())
}
