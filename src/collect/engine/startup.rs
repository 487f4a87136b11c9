//! What Orthanc's log says about its last start: the posture in force, whatever its files say now.

use super::failure::Failure;
use crate::facts::{Fact, Origin, Reason, Record, Unknown};

/// Facts that a line tells, each with the words that say yes and no. Words of Orthanc 1.10.1, seen at run time; newer
/// versions write them in other capitals.
const SAYINGS: [(&str, &[&str], &[&str]); 6] = [
    (
        "said.authentication",
        &["automatically enabling http authentication", "http authentication is enabled, but no user is declared"],
        &["user authentication is explicitly disabled"],
    ),
    ("said.https", &["(https encryption is enabled,"], &["(https encryption is disabled,"]),
    ("said.remote_access", &["remote access is allowed)"], &["remote access is not allowed)"]),
    ("said.lua", &["remote lua script execution is enabled"], &["remote lua script execution is disabled"]),
    (
        "said.rest_write",
        &["rest api can write to the file"],
        &["rest api can not write to the file", "rest api cannot write to the file"],
    ),
    ("said.dicom_tls", &["orthanc scp will use dicom tls"], &["orthanc scp will *not* use dicom tls"]),
];
/// Words with which it calls itself insecure.
const INSECURE: [&str; 2] = ["insecure <====", "security risk in dicom scp"];

/// Writes `said.*`, and `version` and `authorization.loaded` where the log tells them: the program itself knows best. What
/// it said before it stopped is nothing about how it will start again, so only the version is taken from that.
pub(super) fn evidence(log: &Result<Vec<String>, Failure>, runs: bool, record: &mut Record) {
    let origin = Origin::field("logs");
    let said = match log {
        Err(failure) => Err(failure.unknown()),
        Ok(lines) => last_start(lines)
            .ok_or_else(|| Unknown::new(Reason::UnknownFact, "the start of Orthanc is not in the part of the log that was read")),
    };
    let Ok(start) = said.map_err(|why| unknown(record, &why)) else { return };
    if let Some(version) = &start.version {
        record.set("version", version.as_str(), &origin);
    }
    if !runs {
        return unknown(record, &Unknown::new(Reason::UnknownFact, "it does not run"));
    }
    let says = |words: &[&str]| start.messages.iter().any(|message| words.iter().any(|word| message.contains(word)));
    for (path, yes, no) in SAYINGS {
        let fact = match (says(yes), says(no)) {
            (true, true) => Fact::unknown(Unknown::new(Reason::Unsupported, "the log says both")),
            (true, false) => Fact::known(true),
            (false, true) => Fact::known(false),
            (false, false) => start.nothing(),
        };
        record.put(path, fact.at(&origin));
    }
    let insecure = if says(&INSECURE) { Fact::known(true) } else { start.nothing() };
    record.put("said.insecure", insecure.at(&origin));
    if start.done {
        // A plugin that is not registered when the start is done protects nothing, whatever is configured.
        let loaded = start.messages.iter().any(|message| message.starts_with("registering plugin 'authorization' "));
        record.set("authorization.loaded", loaded, &origin);
    }
}

fn unknown(record: &mut Record, why: &Unknown) {
    for (path, ..) in SAYINGS {
        record.unknown(path, why.clone());
    }
    record.unknown("said.insecure", why.clone());
}

/// The messages of a start, in lower case, up to the line that says that it is done.
struct Start {
    version: Option<String>,
    messages: Vec<String>,
    done: bool,
}

impl Start {
    /// No line says so; before the start is done, one still may.
    fn nothing(&self) -> Fact {
        let why = "the log does not show the end of the start";
        if self.done { Fact::absent() } else { Fact::unknown(Unknown::new(Reason::UnknownFact, why)) }
    }
}

fn last_start(lines: &[String]) -> Option<Start> {
    let is_start =
        |line: &String| line.contains("main.cpp:") && message(line).is_some_and(|m| m.starts_with("Orthanc version: "));
    let first = lines.iter().rposition(is_start)?;
    let mut start = Start { version: None, messages: Vec::new(), done: false };
    for message in lines[first..].iter().filter_map(|line| message(line)) {
        if let Some(version) = message.strip_prefix("Orthanc version: ") {
            start.version = Some(version.trim()).filter(|version| is_version(version)).map(str::to_owned);
        }
        start.messages.push(message.to_ascii_lowercase());
        // What comes later may be anybody's words.
        if matches!(message, "Orthanc has started" | "Orthanc has stopped") {
            start.done = message == "Orthanc has started";
            break;
        }
    }
    Some(start)
}

/// `W1124 10:32:01.227382 main.cpp:2017] text`, since 1.12 with the name of a thread: the text.
fn message(line: &str) -> Option<&str> {
    let (head, text) = line.split_once("] ")?;
    let (time, place) = (head.get(..21)?, head.get(21..)?);
    let digits = |range: std::ops::Range<usize>| time.get(range).is_some_and(|part| part.bytes().all(|b| b.is_ascii_digit()));
    let stamp = time.starts_with(['W', 'I', 'E', 'T'])
        && digits(1..5)
        && digits(6..8)
        && digits(9..11)
        && digits(12..14)
        && digits(15..21);
    let text = text.trim_end();
    let text = match text.strip_prefix('(').and_then(|rest| rest.split_once(") ")) {
        Some((category, rest)) if category.bytes().all(|b| b.is_ascii_lowercase()) => rest,
        _ => text,
    };
    (stamp && place.contains(".cpp:")).then_some(text)
}

fn is_version(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::State;

    /// As the real program wrote it, without the lines that say nothing.
    const OPEN: &str = r#"W1124 10:32:01.227382 main.cpp:2017] Orthanc version: 1.10.1
W1124 10:32:01.242715 OrthancConfiguration.cpp:55] Reading the configuration from: "/etc/orthanc/orthanc.json"
W1124 10:32:01.346014 main.cpp:294] Security risk in DICOM SCP: C-FIND requests are always allowed, even from unknown modalities
W1124 10:32:01.346014 main.cpp:1045] ====> Remote access is enabled while user authentication is explicitly disabled, your setup is POSSIBLY INSECURE <====
W1124 10:32:01.346014 main.cpp:1163] ====> Remote LUA script execution is enabled.  Review your configuration option "ExecuteLuaEnabled". Your setup is POSSIBLY INSECURE <====
W1124 10:32:01.346014 main.cpp:1175] ====> Your Rest API can write to the FileSystem.  Review your configuration option "RestApiWriteToFileSystemEnabled". Your setup is POSSIBLY INSECURE <====
I1124 10:32:01.346014 DicomServer.cpp:406] (dicom) Orthanc SCP will use DICOM TLS
W1124 10:32:01.346014 HttpServer.cpp:1775] HTTP server listening on port: 8042 (HTTPS encryption is disabled, remote access is allowed)
W1124 10:32:01.346056 main.cpp:921] Orthanc has started
"#;
    const SHUT: &str = r"W1124 10:33:01.227382             MAIN main.cpp:2017] Orthanc version: 1.12.11
I1124 10:33:01.346014             MAIN DicomServer.cpp:422] (dicom) Orthanc SCP will *not* use DICOM TLS
W1124 10:33:01.346014             MAIN main.cpp:1169] Remote LUA script execution is disabled
W1124 10:33:01.346014             MAIN main.cpp:1181] Rest API can not write to the file system.
W1124 10:33:01.346014             MAIN HttpServer.cpp:1775] HTTP server listening on port: 8042 (HTTPS encryption is enabled, remote access is not allowed)
W1124 10:33:01.346056             MAIN main.cpp:921] Orthanc has started
";

    fn facts(log: &str) -> Record {
        let mut record = Record::new();
        evidence(&Ok(log.lines().map(str::to_owned).collect()), true, &mut record);
        record
    }

    fn said(log: &str) -> Vec<Option<bool>> {
        let record = facts(log);
        let paths = SAYINGS.iter().map(|(path, ..)| *path).chain(["said.insecure"]);
        paths.map(|path| record.bool(path)).collect()
    }

    #[test]
    fn a_start_says_what_is_in_force() {
        assert_eq!(said(OPEN), [Some(false), Some(false), Some(true), Some(true), Some(true), Some(true), Some(true)]);
        assert_eq!(facts(OPEN).text("version"), Some("1.10.1"));
        assert_eq!(facts(OPEN).bool("authorization.loaded"), Some(false));
        let with = OPEN.replacen(
            "OrthancConfiguration.cpp:55] Reading",
            "PluginsManager.cpp:258] Registering plugin 'authorization' (version 0.5)\nx",
            1,
        );
        assert_eq!(facts(&with).bool("authorization.loaded"), Some(true));
        assert_eq!(said(SHUT), [None, Some(true), Some(false), Some(false), Some(false), Some(false), None]);
        assert!(facts(SHUT).get("said.authentication").is_absent() && facts(SHUT).get("said.insecure").is_absent());
    }

    #[test]
    fn the_last_start_counts_and_later_lines_are_nobodys() {
        assert_eq!(said(&format!("{OPEN}{SHUT}")), said(SHUT));
        assert_eq!(facts(&format!("{OPEN}{SHUT}")).text("version"), Some("1.12.11"));
        let forged =
            "W1124 10:34:01.346014 main.cpp:1163] ====> Remote LUA script execution is enabled\nremote access is allowed)\n";
        assert_eq!(said(&format!("{SHUT}{forged}")), said(SHUT));
        assert_eq!(said(&format!("remote access is allowed)\n{SHUT}")), said(SHUT));
    }

    #[test]
    fn a_stopped_one_tells_its_version_only() {
        let mut record = Record::new();
        evidence(&Ok(SHUT.lines().map(str::to_owned).collect()), false, &mut record);
        assert_eq!(record.text("version"), Some("1.12.11"));
        assert!(matches!(record.get("said.lua").state, State::Unknown(_)) && !record.has("authorization.loaded"));
    }

    #[test]
    fn a_log_without_a_start_or_with_half_a_one_leaves_unknowns() {
        for log in ["", "hello\n", "Orthanc version: 1.10.1\n", "W1124 10:32:01.227382 x.lua:1] Orthanc version: 9.9.9\n"] {
            assert!(matches!(facts(log).get("said.insecure").state, State::Unknown(_)), "{log}");
            assert_eq!(facts(log).text("version"), None);
        }
        let half: String = SHUT.lines().take(3).collect::<Vec<_>>().join("\n");
        assert_eq!(facts(&half).bool("said.lua"), Some(false));
        assert!(matches!(facts(&half).get("said.remote_access").state, State::Unknown(_)));
        assert!(!facts(&half).has("authorization.loaded"));
        let mut record = Record::new();
        evidence(&Err(Failure::new(Reason::Refused, "no")), true, &mut record);
        assert!(matches!(&record.get("said.lua").state, State::Unknown(why) if why.reason == Reason::Refused));
    }
}
