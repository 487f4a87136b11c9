//! A Dockerfile as stages of instructions with their places. The crate `parse-dockerfile` finds the instructions
//! (continuations, comments, heredocs, JSON forms); what is in them is taken apart here.

use parse_dockerfile::{Command as RawCommand, Flag, HealthcheckArguments, Instruction, Source as RawSource};

/// Most stages that are followed.
const MAX_STAGES: usize = 100;
/// Most instructions that are followed.
const MAX_STEPS: usize = 2000;
const KEYWORDS: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

/// A place in a Dockerfile; both count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::collect) struct Spot {
    pub line: u32,
    pub column: u32,
}

/// A Dockerfile taken apart.
#[derive(Debug)]
pub(super) struct Parsed {
    /// `ARG` before the first `FROM`.
    pub globals: Vec<(String, Option<String>, Spot)>,
    /// At least one.
    pub stages: Vec<Stage>,
    /// The escape character of the file.
    pub escape: char,
}

/// `FROM` and what follows it.
#[derive(Debug)]
pub(super) struct Stage {
    /// As written.
    pub base: String,
    pub name: Option<String>,
    pub at: Spot,
    pub steps: Vec<Step>,
}

/// One instruction.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub at: Spot,
    pub what: What,
}

/// What an instruction says, variables not yet replaced.
#[derive(Clone, Debug)]
pub(super) enum What {
    Arg(Vec<(String, Option<String>)>),
    Env(Vec<(String, String)>),
    Label(Vec<(String, String)>),
    User(String),
    Workdir(String),
    Transfer(Transfer),
    /// `None`: `HEALTHCHECK NONE`.
    Health(Option<Command>),
    Entrypoint(Command),
    Cmd(Command),
    /// The shell text, or the words joined; and the values of `--mount`.
    Run(String, Vec<String>),
    Expose(Vec<String>),
    OnBuild(Box<Step>),
    Other,
}

/// A command in one of its two forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::collect) enum Command {
    Exec(Vec<String>),
    Shell(String),
}

/// `COPY` or `ADD`.
#[derive(Clone, Debug)]
pub(super) struct Transfer {
    pub add: bool,
    pub flags: Vec<(String, Option<String>)>,
    pub sources: Vec<Source>,
    pub target: String,
}

/// One source of `COPY` or `ADD`.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Path(String),
    /// A heredoc: the name it gets, its text, and whether variables in it are replaced.
    Here {
        text: String,
        expand: bool,
    },
}

impl Transfer {
    /// The value of an option; empty where it has none.
    pub(super) fn flag(&self, name: &str) -> Option<&str> {
        self.flags.iter().find(|(flag, _)| flag == name).map(|(_, value)| value.as_deref().unwrap_or(""))
    }
}

/// Why a text is no Dockerfile; holds no text of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub message: String,
    pub at: Spot,
}

/// Takes a Dockerfile apart. Line ends of Windows and a byte order mark are no part of it.
pub(super) fn parse(text: &str) -> Result<Parsed, Wrong> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', " ");
    let lines = Lines::of(&text);
    let mut parsed = Parsed { globals: Vec::new(), stages: Vec::new(), escape: escape_of(&text) };
    let mut steps = 0;
    let wrong = |error: &parse_dockerfile::Error| explain(&text, error.line(), error.column());
    for instruction in parse_dockerfile::parse_iter(&text).map_err(|error| wrong(&error))? {
        let instruction = instruction.map_err(|error| wrong(&error))?;
        let at = lines.spot(start(&instruction));
        if let Instruction::From(from) = &instruction {
            if parsed.stages.len() >= MAX_STAGES {
                return Err(Wrong { message: format!("more than {MAX_STAGES} stages are not followed"), at });
            }
            let name = from.as_.as_ref().map(|(_, name)| name.value.to_ascii_lowercase());
            parsed.stages.push(Stage { base: from.image.value.to_string(), name, at, steps: Vec::new() });
            continue;
        }
        steps += 1;
        if steps > MAX_STEPS {
            return Err(Wrong { message: format!("more than {MAX_STEPS} instructions are not followed"), at });
        }
        let what = what(&instruction, parsed.escape, &lines);
        match (parsed.stages.last_mut(), what) {
            (Some(stage), what) => stage.steps.push(Step { at, what }),
            (None, What::Arg(names)) => parsed.globals.extend(names.into_iter().map(|(name, value)| (name, value, at))),
            (None, _) => {}
        }
    }
    Ok(parsed)
}

/// `# escape=` among the comments at the top.
fn escape_of(text: &str) -> char {
    let comments = text.lines().map_while(|line| line.trim().strip_prefix('#'));
    let mut settings = comments.map_while(|comment| comment.split_once('=')).map(|(name, value)| (name.trim(), value.trim()));
    if settings.any(|(name, value)| name.eq_ignore_ascii_case("escape") && value == "`") { '`' } else { '\\' }
}

fn explain(text: &str, line: usize, column: usize) -> Wrong {
    let spot = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).max(1);
    let at = Spot { line: spot(line), column: spot(column) };
    let first = text.lines().nth(line.saturating_sub(1)).and_then(|line| line.split_whitespace().next()).unwrap_or("");
    let keyword = KEYWORDS.iter().find(|keyword| keyword.eq_ignore_ascii_case(first));
    let message = match keyword {
        Some(keyword) => format!("what stands here does not fit {keyword}, or stands before the first FROM"),
        None if line == 0 || first.is_empty() => "there is no FROM: this is no Dockerfile".to_owned(),
        None => "no instruction of a Dockerfile begins like this".to_owned(),
    };
    Wrong { message, at }
}

/// Where each line begins.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    fn spot(&self, offset: usize) -> Spot {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts[line - 1];
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count()) + 1;
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Spot { line: number(line), column: number(column) }
    }
}

fn start(instruction: &Instruction<'_>) -> usize {
    match instruction {
        Instruction::Add(i) => i.add.span.start,
        Instruction::Arg(i) => i.arg.span.start,
        Instruction::Cmd(i) => i.cmd.span.start,
        Instruction::Copy(i) => i.copy.span.start,
        Instruction::Entrypoint(i) => i.entrypoint.span.start,
        Instruction::Env(i) => i.env.span.start,
        Instruction::Expose(i) => i.expose.span.start,
        Instruction::From(i) => i.from.span.start,
        Instruction::Healthcheck(i) => i.healthcheck.span.start,
        Instruction::Label(i) => i.label.span.start,
        Instruction::Onbuild(i) => i.onbuild.span.start,
        Instruction::Run(i) => i.run.span.start,
        Instruction::User(i) => i.user.span.start,
        Instruction::Workdir(i) => i.workdir.span.start,
        _ => 0,
    }
}

fn what(instruction: &Instruction<'_>, escape: char, lines: &Lines<'_>) -> What {
    match instruction {
        Instruction::Arg(arg) => What::Arg(words(&arg.arguments.value, escape).iter().map(|word| optional(word)).collect()),
        Instruction::Env(env) => What::Env(pairs(&env.arguments.value, escape)),
        Instruction::Label(label) => What::Label(pairs(&label.arguments.value, escape)),
        Instruction::User(user) => What::User(user.arguments.value.to_string()),
        Instruction::Workdir(workdir) => What::Workdir(workdir.arguments.value.to_string()),
        Instruction::Add(add) => What::Transfer(transfer(true, &add.options, &add.src, &add.dest.value)),
        Instruction::Copy(copy) => What::Transfer(transfer(false, &copy.options, &copy.src, &copy.dest.value)),
        Instruction::Healthcheck(health) => What::Health(match &health.arguments {
            HealthcheckArguments::Cmd { arguments, .. } => Some(command(arguments, escape)),
            _ => None,
        }),
        Instruction::Entrypoint(entrypoint) => What::Entrypoint(command(&entrypoint.arguments, escape)),
        Instruction::Cmd(cmd) => What::Cmd(command(&cmd.arguments, escape)),
        Instruction::Run(run) => {
            let mut text = match command(&run.arguments, escape) {
                Command::Exec(words) => words.join(" "),
                Command::Shell(text) => text,
            };
            for heredoc in &run.here_docs {
                text.push('\n');
                text.push_str(&heredoc.value);
            }
            let mounts = run.options.iter().filter(|flag| flag.name.value == "mount");
            What::Run(text, mounts.filter_map(|flag| Some(flag.value.as_ref()?.value.to_string())).collect())
        }
        Instruction::Expose(expose) => What::Expose(expose.arguments.iter().map(|port| port.value.to_string()).collect()),
        Instruction::Onbuild(onbuild) => {
            let inner = &onbuild.instruction;
            let step = Step { at: lines.spot(start(inner)), what: what(inner, escape, lines) };
            What::OnBuild(Box::new(step))
        }
        _ => What::Other,
    }
}

fn transfer(add: bool, flags: &[Flag<'_>], sources: &[RawSource<'_>], target: &str) -> Transfer {
    let flag = |flag: &Flag<'_>| (flag.name.value.to_string(), flag.value.as_ref().map(|value| value.value.to_string()));
    let source = |source: &RawSource<'_>| match source {
        RawSource::HereDoc(here) => Source::Here { text: here.value.to_string(), expand: here.expand },
        RawSource::Path(path) => Source::Path(path.value.to_string()),
        _ => Source::Path(String::new()),
    };
    Transfer {
        add,
        flags: flags.iter().map(flag).collect(),
        sources: sources.iter().map(source).collect(),
        target: target.to_owned(),
    }
}

fn command(command: &RawCommand<'_>, escape: char) -> Command {
    match command {
        RawCommand::Exec(words) => Command::Exec(words.value.iter().map(|word| word.value.to_string()).collect()),
        RawCommand::Shell(text) => Command::Shell(joined(text.value, escape)),
        _ => Command::Shell(String::new()),
    }
}

/// A shell text without its continuations and the comments between them.
fn joined(text: &str, escape: char) -> String {
    let mut out = String::with_capacity(text.len());
    let mut continued = false;
    for line in text.lines() {
        if continued && (line.trim().is_empty() || line.trim_start().starts_with('#')) {
            continue;
        }
        match line.trim_end().strip_suffix(escape) {
            Some(rest) => {
                out.push_str(rest);
                continued = true;
            }
            None => {
                out.push_str(line);
                out.push('\n');
                continued = false;
            }
        }
    }
    out.trim_end().to_owned()
}

/// `NAME=value NAME=value`, or the old `NAME value`.
fn pairs(text: &str, escape: char) -> Vec<(String, String)> {
    let words = words(text, escape);
    match words.first() {
        Some(first) if !first.contains('=') => {
            let (name, value) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
            vec![(name.to_owned(), value.trim().to_owned())]
        }
        _ => words.iter().filter_map(|word| word.split_once('=')).map(|(name, value)| (bare(name), value.to_owned())).collect(),
    }
}

fn optional(word: &str) -> (String, Option<String>) {
    match word.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
        None => (word.to_owned(), None),
    }
}

fn bare(name: &str) -> String {
    name.trim_matches(['"', '\'']).to_owned()
}

/// Splits at spaces outside quotes; quotes and escapes stay, since replacing variables needs them.
pub(super) fn words(text: &str, escape: char) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match quote {
            None if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                continue;
            }
            None if c == '"' || c == '\'' => quote = Some(c),
            Some(open) if c == open => quote = None,
            _ => {}
        }
        word.push(c);
        if c == escape && quote != Some('\'') {
            word.extend(chars.next());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}
