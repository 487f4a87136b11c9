//! THE pipeline: targets -> collect -> snapshot -> derive -> check -> profile -> report.

mod plan;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use self::plan::Plan;
use crate::check::{self, FileError, Library, Outcome, Planes};
use crate::cli::{AuditArgs, Cli, CollectArgs, Command, ProfilesCommand, SchemaName, TargetArgs};
use crate::collect::{self, Collected, Context, Selection};
use crate::derive::{self, Derived};
use crate::error::Error;
use crate::facts::{Groups, Kind, Reason, SNAPSHOT_SCHEMA_VERSION, Snapshot, TargetRecord, Tool};
use crate::profile::{self, Commitments, Control, GateOptions, Judgement, Profile, Situation};
use crate::report::{self, AuditFacts, Format, Options, View, print};
use crate::target::{self, EngineAddress, Target, TargetError};
use crate::{author, facts};

/// Largest snapshot or baseline that is read, in bytes.
const MAX_INPUT: u64 = 1 << 30;

/// Runs a command line; the number is the exit code.
pub fn run(cli: Cli) -> Result<u8, Error> {
    let mut out = std::io::stdout().lock();
    match cli.command {
        Command::Audit(args) => audit(&args, &mut out),
        Command::Collect(args) => collect(&args),
        Command::Checks(command) => author::checks(command, &mut out).map(|()| 0),
        Command::Explain { id, library } => author::explain(&Library::load(&library.folders)?, &id, &mut out).map(|()| 0),
        Command::Profiles(command) => profiles(&command, &mut out).map(|()| 0),
        Command::Schema { what } => Ok(print(&mut out, schema(what).as_bytes()).map(|()| 0)?),
    }
}

/// The main job.
fn audit(args: &AuditArgs, out: &mut dyn Write) -> Result<u8, Error> {
    let outputs = Outputs::plan(args)?;
    let library = Library::load(&args.library.folders)?;
    let plan = Plan::of(&args.target)?;
    let recorded = plan.recorded()?.map(read_snapshot).transpose()?;
    let names = profile_names(args, &plan, recorded.as_ref());
    let profiles = names.iter().map(|name| profile::load(name, &library)).collect::<Result<Vec<_>, _>>()?;
    let options = gate_options(args)?;

    let snapshot = obtain(&plan, recorded, &args.target)?;
    let as_of = args.target.as_of.unwrap_or(snapshot.collected_at);
    let mut derived = derive::derive(&snapshot, as_of);
    let mut commitments = Commitments::of(&derived.documents);
    commitments.verify(&library, &profiles).map_err(|error| Error::Description(with_text(error, &plan)))?;
    let outcomes = evaluate(&library, &mut derived, &mut commitments);
    let attestations = commitments.counting();
    let judge = |profile| profile::judge(profile, &outcomes, &attestations);
    let judgements: Vec<Judgement> = profiles.iter().map(judge).collect();
    let judged: Vec<(&Profile, &Judgement)> = profiles.iter().zip(&judgements).collect();
    let decision = profile::decide(&judged, &outcomes, &situation(&snapshot, &derived), &options);

    let sha256 = snapshot_sha256(&snapshot)?;
    let audit = AuditFacts {
        started: args.target.as_of.unwrap_or(snapshot.collected_at),
        as_of,
        targets: snapshot.targets.iter().map(|target| target.given.clone()).collect(),
        probe: snapshot.probe,
        snapshot_sha256: &sha256,
        exposure: &derived.exposure,
        errors: snapshot.errors.clone(),
        commitments: &commitments,
    };
    outputs.write(&View::build(audit, &judged, &outcomes, &decision), out)?;
    Ok(decision.exit_code)
}

/// All checks; those on the stack itself once more, when it is known which waivers are used.
fn evaluate(library: &Library, derived: &mut Derived, commitments: &mut Commitments) -> Vec<Outcome> {
    let mut outcomes = check::evaluate(library, &derived.documents, &planes(derived));
    commitments.waive(&derived.documents, &mut outcomes);
    commitments.note_use(&mut derived.documents);
    check::evaluate_again(library, &derived.documents, Kind::Stack, &mut outcomes);
    commitments.waive(&derived.documents, &mut outcomes);
    outcomes
}

/// Shows the place in a stack description that was read in this run; of a snapshot only file and line are known.
fn with_text(error: FileError, plan: &Plan) -> FileError {
    match plan.text(&error.path) {
        None => error,
        Some(text) => {
            let line = text.lines().nth(error.line.saturating_sub(1)).unwrap_or_default();
            let column = line.chars().take_while(|c| c.is_whitespace() || *c == '-').count() + 1;
            FileError::at_line(&error.path, text, (error.line, column), error.message, error.help)
        }
    }
}

/// Collects into a file; an unreachable target leaves its mark there and in the exit code.
fn collect(args: &CollectArgs) -> Result<u8, Error> {
    if args.output.extension().is_none_or(|ending| ending != "json") {
        return Err(Error::Output(format!("`{}`: a snapshot's file ends in .json", args.output.display())));
    }
    has_folder(&args.output)?;
    let plan = Plan::of(&args.target)?;
    let recorded = plan.recorded()?.map(read_snapshot).transpose()?;
    let snapshot = obtain(&plan, recorded, &args.target)?;
    let json = serde_json::to_vec(&snapshot).map_err(|e| Error::Internal(e.to_string()))?;
    write_file(&args.output, &json)?;
    let incomplete = snapshot.interrupted || snapshot.targets.iter().any(|target| target.unreachable.is_some());
    Ok(if incomplete { 3 } else { 0 })
}

/// Facts: from a recorded snapshot, or collected now.
fn obtain(plan: &Plan, recorded: Option<Snapshot>, args: &TargetArgs) -> Result<Snapshot, Error> {
    match recorded {
        Some(snapshot) => Ok(snapshot),
        None => {
            check_selection(plan, args)?;
            collect_all(plan, args)
        }
    }
}

/// Profiles: those of the command line, else those of the stack description, else `go-live`.
fn profile_names(args: &AuditArgs, plan: &Plan, recorded: Option<&Snapshot>) -> Vec<String> {
    let of_snapshot = || -> Vec<String> {
        let stacks = recorded.iter().flat_map(|snapshot| &snapshot.documents).filter(|d| d.kind == Kind::Stack);
        stacks.filter_map(|d| d.facts.list("profiles")).flat_map(facts::List::texts).map(str::to_owned).collect()
    };
    let mut names = [args.profile.clone(), plan.profiles.clone(), of_snapshot()].into_iter().find(|names| !names.is_empty());
    names.take().unwrap_or_else(|| vec!["go-live".into()])
}

fn read_snapshot(path: &Path) -> Result<Snapshot, Error> {
    let text = read_file(path)?;
    Snapshot::from_json(&text).map_err(|cause| Error::Snapshot { path: path.display().to_string(), cause })
}

/// Compose targets first: their projects narrow what is looked at on an engine.
fn collect_all(plan: &Plan, args: &TargetArgs) -> Result<Snapshot, Error> {
    let environment: BTreeMap<String, String> =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect();
    let quiet = args.quiet || !std::io::stderr().is_terminal();
    let progress = move |line: &str| {
        if !quiet {
            anstream::eprint!("\r\x1b[K{line}");
        }
    };
    let mut groups = Groups::default();
    let mut context = Context { environment: &environment, groups: &mut groups, progress: &progress };
    let mut selection = Selection {
        compose_profiles: args.compose_profile.iter().chain(&plan.compose_profiles).cloned().collect(),
        containers: args.container.clone(),
        labels: args.label.clone(),
        projects: Vec::new(),
    };
    let mut snapshot = Snapshot {
        schema_version: SNAPSHOT_SCHEMA_VERSION.into(),
        tool: Tool::this(),
        collected_at: args.as_of.unwrap_or_else(Timestamp::now),
        probe: args.probe.or(plan.probe).unwrap_or_default(),
        interrupted: false,
        targets: Vec::new(),
        documents: Vec::new(),
        errors: Vec::new(),
    };
    let mut order: Vec<&(Target, String)> = plan.targets.iter().collect();
    order.sort_by_key(|(target, _)| matches!(target, Target::Engine(_)));
    for (target, given) in order {
        let found = match target {
            Target::Compose(path) => collect::compose::collect(path, given, &selection, &mut context),
            Target::Folder(path) => collect_folder(path, given, &selection, &mut context),
            Target::File(path) => collect_file(path, given, &mut context)?,
            Target::Engine(address) => match ask_engine(address, given, &selection, &mut context)? {
                Some(found) => found,
                None => {
                    snapshot.interrupted = true;
                    Collected { unreachable: Some(Reason::Timeout), ..Collected::default() }
                }
            },
            Target::Stack(_) | Target::Snapshot(_) => Collected::default(),
        };
        if !args.all_containers && target.kind() == "compose" {
            let projects: BTreeSet<_> =
                found.documents.iter().filter_map(|d| d.project.as_ref().map(ToString::to_string)).collect();
            selection.projects.extend(projects);
        }
        add(&mut snapshot, target, given, found);
    }
    progress("");
    plan.record(&mut snapshot);
    check_profiles(&snapshot, args)?;
    explain_nothing(&mut snapshot);
    if args.verbose {
        snapshot.errors.iter().for_each(|error| anstream::eprintln!("{}: {}", error.target, error.message));
    }
    Ok(snapshot)
}

fn add(snapshot: &mut Snapshot, target: &Target, given: &str, found: Collected) {
    let record = TargetRecord { given: given.to_owned(), kind: target.kind().to_owned(), unreachable: found.unreachable };
    snapshot.targets.push(record);
    snapshot.documents.extend(found.documents);
    snapshot.errors.extend(found.errors);
}

/// One configuration file; one that is none is a mistake of the command line.
fn collect_file(path: &Path, given: &str, context: &mut Context<'_>) -> Result<Collected, Error> {
    let found = collect::folder::file(path, given, context);
    if found.documents.is_empty() && found.unreachable != Some(Reason::Permission) {
        return Err(TargetError::Unrecognised(given.to_owned()).into());
    }
    Ok(found)
}

/// A compose project where there is one, and every other file that can be audited.
fn collect_folder(path: &Path, given: &str, selection: &Selection, context: &mut Context<'_>) -> Collected {
    let project = Target::has_compose_file(path);
    let mut found = if project { collect::compose::collect(path, given, selection, context) } else { Collected::default() };
    let files = collect::folder::collect(path, given, &found, context);
    found.documents.extend(files.documents);
    found.errors.extend(files.errors);
    let judged = found.documents.iter().any(|document| document.kind != Kind::Repository);
    if !project && !judged {
        found.errors.push(facts::CollectError::new(given, TargetError::Empty(given.to_owned()).to_string()));
    }
    found
}

/// `None` when the user broke it off.
fn ask_engine(
    address: &EngineAddress,
    given: &str,
    selection: &Selection,
    context: &mut Context<'_>,
) -> Result<Option<Collected>, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|e| Error::Internal(format!("no threads: {e}")))?;
    let found = runtime.block_on(async {
        tokio::select! {
            found = collect::engine::collect(address, given, selection, context) => Some(found),
            _ = tokio::signal::ctrl_c() => None,
        }
    });
    runtime.shutdown_timeout(Duration::from_millis(200));
    Ok(found)
}

fn planes(derived: &Derived) -> Planes {
    Planes { seen: derived.seen.clone(), unreachable: derived.unreachable.clone(), targets: derived.targets.clone() }
}

/// What happened around the audit that its outcomes do not show.
fn situation(snapshot: &Snapshot, derived: &Derived) -> Situation {
    let unreachable: Vec<String> = snapshot.targets.iter().filter(|t| t.unreachable.is_some()).map(|t| t.given.clone()).collect();
    Situation {
        nothing_collected: nothing_collected(snapshot, derived),
        static_only: snapshot.targets.iter().all(|target| matches!(target.kind.as_str(), "compose" | "files" | "stack")),
        interrupted: snapshot.interrupted,
        unreachable,
    }
}

/// Nothing that can be judged was seen: no container, no configuration. A compose file that does not parse is a finding,
/// not nothing; a compose file or an engine without containers is nothing.
fn nothing_collected(snapshot: &Snapshot, derived: &Derived) -> bool {
    let judged = [Kind::Container, Kind::Orthanc, Kind::Proxy, Kind::Dockerfile, Kind::File, Kind::Kubernetes];
    let found = derived.documents.iter().any(|document| judged.contains(&document.kind));
    let broken = snapshot.documents.iter().any(|d| d.kind == Kind::Compose && d.facts.bool("parses") == Some(false));
    let hollow = snapshot.documents.iter().any(|d| matches!(d.kind, Kind::Compose | Kind::Engine))
        && !derived.documents.iter().any(|document| document.kind == Kind::Container);
    (!found || hollow) && !broken
}

/// Options that select nothing are mistakes, and mistakes must not look like a clean audit.
fn check_selection(plan: &Plan, args: &TargetArgs) -> Result<(), Error> {
    let has = |kind: &str| plan.targets.iter().any(|(target, _)| target.kind() == kind);
    let selects = !args.container.is_empty() || !args.label.is_empty();
    if selects && !has("engine") {
        return Err(Error::Usage(
            "--container and --label select containers of an engine, and no engine is among the targets".into(),
        ));
    }
    if args.compose_profile.iter().any(|name| name != "all") && !has("compose") {
        return Err(Error::Usage("--compose-profile selects services of a compose file, and none is among the targets".into()));
    }
    Ok(())
}

/// A profile that no service has is a misspelt one.
fn check_profiles(snapshot: &Snapshot, args: &TargetArgs) -> Result<(), Error> {
    let known: BTreeSet<&str> =
        snapshot.documents.iter().filter_map(|d| d.facts.list("profiles")).flat_map(facts::List::texts).collect();
    match args.compose_profile.iter().find(|name| *name != "all" && !known.contains(name.as_str())) {
        Some(name) => Err(Error::Usage(format!("no service has the compose profile `{name}`"))),
        None => Ok(()),
    }
}

/// What a run that saw no container tells people.
fn explain_nothing(snapshot: &mut Snapshot) {
    if snapshot.documents.iter().any(|d| d.kind == Kind::Container) {
        return;
    }
    let mut said = Vec::new();
    for document in snapshot.documents.iter().filter(|d| d.kind == Kind::Compose) {
        let hidden: Vec<&str> = document.facts.list("hidden_services").into_iter().flat_map(facts::List::texts).collect();
        if !hidden.is_empty() {
            let message = format!("every service is behind a profile ({}): add --compose-profile NAME or all", hidden.join(", "));
            said.push(facts::CollectError::new(&*document.target, message));
        } else if document.facts.bool("parses") == Some(true) {
            said.push(facts::CollectError::new(&*document.target, "the file has no services"));
        }
    }
    for document in snapshot.documents.iter().filter(|d| d.kind == Kind::Engine) {
        said.push(facts::CollectError::new(&*document.target, "the engine has no container that was asked for"));
    }
    snapshot.errors.extend(said);
}

fn gate_options(args: &AuditArgs) -> Result<GateOptions, Error> {
    let baseline = match &args.baseline {
        None => None,
        Some(path) => {
            let wrong = |e: report::BaselineError| Error::Baseline { path: path.display().to_string(), cause: e.to_string() };
            Some(report::baseline(&read_file(path)?).map_err(wrong)?)
        }
    };
    Ok(GateOptions { fail_on: args.fail_on, min_score: args.min_score, min_coverage: args.min_coverage, baseline })
}

/// SHA-256 of the snapshot's JSON without `collected_at`, compact and with sorted keys:
/// `jq -cSj 'del(.collected_at)' snapshot.json | sha256sum`.
fn snapshot_sha256(snapshot: &Snapshot) -> Result<String, Error> {
    let mut json = serde_json::to_value(snapshot).map_err(|e| Error::Internal(e.to_string()))?;
    if let Some(map) = json.as_object_mut() {
        map.remove("collected_at");
    }
    let digest = Sha256::digest(json.to_string().as_bytes());
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Where reports go, decided before anything is collected.
struct Outputs<'a> {
    standard: &'static Format,
    files: Vec<(&'a Path, &'static Format)>,
    options: Options,
}

impl<'a> Outputs<'a> {
    fn plan(args: &'a AuditArgs) -> Result<Self, Error> {
        let wrong = |e: report::FormatError| Error::Output(e.to_string());
        let file = |path: &'a std::path::PathBuf| {
            has_folder(path)?;
            Format::of_file(path).map(|format| (path.as_path(), format)).map_err(wrong)
        };
        let terminal = std::io::stdout().is_terminal();
        let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Ok(Self {
            standard: Format::named(&args.format).map_err(wrong)?,
            files: args.output.iter().map(file).collect::<Result<_, _>>()?,
            options: Options { width: width(terminal), color: colour },
        })
    }

    fn write(&self, view: &View<'_>, out: &mut dyn Write) -> Result<(), Error> {
        for (path, format) in &self.files {
            let mut bytes = Vec::new();
            (format.write)(view, self.options, &mut bytes).map_err(|e| Error::Internal(e.to_string()))?;
            write_file(path, &bytes)?;
        }
        let mut bytes = Vec::new();
        (self.standard.write)(view, self.options, &mut bytes).map_err(|e| Error::Internal(e.to_string()))?;
        Ok(print(out, &bytes)?)
    }
}

/// A report that cannot be written is told before anything is collected.
fn has_folder(path: &Path) -> Result<(), Error> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        Some(folder) => Err(Error::Output(format!("`{}`: there is no folder `{}`", path.display(), folder.display()))),
        None => Ok(()),
    }
}

/// Columns of the terminal; 120 where there is none, so that logs stay readable.
fn width(terminal: bool) -> usize {
    let asked = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let real = if terminal { terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)) } else { None };
    asked.or(real).unwrap_or(120).clamp(40, 400)
}

fn profiles(command: &ProfilesCommand, out: &mut dyn Write) -> Result<(), Error> {
    match command {
        ProfilesCommand::List => {
            let library = Library::load(&[])?;
            for name in Profile::names() {
                let profile = profile::load(name, &library)?;
                print(out, format!("{name:<20} {:>3} controls  {}\n", profile.controls.len(), profile.title).as_bytes())?;
            }
        }
        ProfilesCommand::Show { name, library } => {
            let profile = profile::load(name, &Library::load(&library.folders)?)?;
            print(out, format!("{} {}: {}\n", profile.name, profile.version, profile.title).as_bytes())?;
            for control in &profile.controls {
                let group = control.group.as_ref().map_or_else(String::new, |group| format!("({group}) "));
                let checks = deciders(control);
                let line = format!("{:<44} {:<9} {group}{}  [{checks}]\n", control.id, control.severity.word(), control.title);
                print(out, line.as_bytes())?;
            }
        }
    }
    Ok(())
}

/// What decides a control: its checks, those that a person attests and those still to come marked as such.
fn deciders(control: &Control) -> String {
    if control.checks.is_empty() {
        return "manual".to_owned();
    }
    let one = |id: &std::sync::Arc<str>| match (control.manual.contains(id), control.planned.contains(id)) {
        (true, _) => format!("{id} (manual)"),
        (_, true) => format!("{id} (not in this version)"),
        _ => id.to_string(),
    };
    control.checks.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn schema(what: SchemaName) -> String {
    let schema = match what {
        SchemaName::Report => return report::schema(),
        SchemaName::Snapshot => schemars::schema_for!(facts::Snapshot),
        SchemaName::Check => schemars::schema_for!(check::CheckFile),
        SchemaName::Profile => schemars::schema_for!(profile::ProfileFile),
        SchemaName::Stack => schemars::schema_for!(target::StackFile),
    };
    format!("{}\n", serde_json::to_string_pretty(&schema).unwrap_or_default())
}

fn read_file(path: &Path) -> Result<String, Error> {
    let failed = |cause: String| Error::File { doing: "reading", path: path.display().to_string(), cause };
    let about = std::fs::metadata(path).map_err(|e| failed(e.to_string()))?;
    if !about.is_file() {
        return Err(failed("it is no regular file".into()));
    }
    if about.len() > MAX_INPUT {
        return Err(failed(format!("{} bytes are more than the {MAX_INPUT} allowed", about.len())));
    }
    std::fs::read_to_string(path).map_err(|e| failed(e.to_string()))
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    report::write_file(path, bytes).map_err(|e| Error::File {
        doing: "writing",
        path: path.display().to_string(),
        cause: e.to_string(),
    })
}
