//! What only a running container shows: its processes and the start of its log.

use serde_json::Value as Json;

use super::client::Client;
use super::failure::Failure;
use crate::facts::Reason;

/// Names of the programs that run in a container: the kernel's and the process's own. Of a command line only the first
/// word is looked at: the rest may hold secrets.
pub(super) async fn processes(client: &Client, id: &str, podman: bool) -> Result<Vec<String>, Failure> {
    // Podman would run `ps` inside the container for options that it does not know, so it gets its own words.
    let columns = if podman { "pid%2Ccomm%2Cargs" } else { "-eo%20pid%2Ccomm%2Cargs" };
    let path = format!("/containers/{id}/top?ps_args={columns}");
    let answer = client.json(&path).await?;
    names(&answer).ok_or_else(|| Failure::malformed("GET /containers/…/top", "it holds no table of programs"))
}

fn names(answer: &Json) -> Option<Vec<String>> {
    let titles = answer.get("Titles")?.as_array()?;
    let is_name = |title: &Json| matches!(title.as_str(), Some("COMMAND" | "CMD" | "COMM" | "ARGS"));
    let columns: Vec<usize> = (0..titles.len()).filter(|i| is_name(&titles[*i])).collect();
    let (first, others) = columns.split_first()?;
    // Something runs in a container that runs: an empty table is none.
    let rows = answer.get("Processes")?.as_array().filter(|rows| !rows.is_empty())?;
    let mut names = Vec::new();
    for row in rows {
        let cells = row.as_array()?;
        names.push(program(cells.get(*first)?.as_str()?));
        // A cell that is no program's name adds nothing to the one before it.
        names.extend(others.iter().filter_map(|c| Some(program(cells.get(*c)?.as_str()?))).filter(|name| name != "[redacted]"));
    }
    names.sort();
    names.dedup();
    Some(names)
}

/// `nginx: master process` -> `nginx`; what does not look like a program's name is not shown.
fn program(command: &str) -> String {
    let word = command.split_whitespace().next().unwrap_or_default();
    let name = word.rsplit('/').next().unwrap_or(word).trim_end_matches(':').trim_start_matches('-');
    // A kernel's name of a program has 15 characters, and digits stand at its end (`python3.11`); else it may be anything.
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let plain = !stem.is_empty() && name.len() <= 15 && stem.chars().all(|c| c.is_ascii_alphabetic() || "._+-@".contains(c));
    if plain { name.to_owned() } else { "[redacted]".to_owned() }
}

/// The first lines of a container's log, or of what it wrote since a time (seconds since 1970), for scanning in memory.
pub(super) async fn log(client: &Client, id: &str, inspect: &Json, since: Option<i64>) -> Result<Vec<String>, Failure> {
    if inspect.pointer("/HostConfig/LogConfig/Type").and_then(Json::as_str) == Some("none") {
        return Err(Failure::new(Reason::Unsupported, "its log driver keeps nothing that can be read back"));
    }
    let since = since.map(|seconds| format!("&since={seconds}")).unwrap_or_default();
    let path = format!("/containers/{id}/logs?stdout=1&stderr=1{since}");
    let answer = client.bytes(&path, client.limits.log).await.map_err(|failure| match failure.status {
        Some(501) => Failure::new(Reason::Unsupported, "its log driver keeps nothing that can be read back"),
        _ => failure,
    })?;
    let terminal = inspect.pointer("/Config/Tty").and_then(Json::as_bool).unwrap_or(false);
    let bytes = if terminal { answer.body } else { payload(&answer.body) };
    Ok(String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect())
}

/// Takes the 8-byte frame headers out of a log stream; a stream without frames is taken as it is.
fn payload(stream: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = stream;
    while let [0..=2, 0, 0, 0, a, b, c, d, body @ ..] = rest {
        let length = usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).unwrap_or(usize::MAX).min(body.len());
        out.extend_from_slice(&body[..length]);
        rest = &body[length..];
    }
    if out.is_empty() { stream.to_vec() } else { out }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn programs_come_without_their_arguments() {
        let top = json!({"Titles": ["PID", "CMD"], "Processes": [["1", "/usr/sbin/sshd -D"], ["2", "nginx: worker process"], ["3", "-sh"], ["4", "p=s3cret x"]]});
        assert_eq!(names(&top), Some(vec!["[redacted]".into(), "nginx".into(), "sh".into(), "sshd".into()]));
        assert_eq!(names(&json!({"Titles": ["PID"], "Processes": []})), None);
        assert_eq!(names(&json!({"Titles": ["CMD"], "Processes": null})), None);
        assert_eq!(names(&json!({"Titles": ["CMD"], "Processes": []})), None);
    }

    #[test]
    fn frames_are_taken_out_and_half_frames_survive() {
        let mut stream = vec![1, 0, 0, 0, 0, 0, 0, 3, b'a', b'b', b'\n', 2, 0, 0, 0, 0, 0, 0, 9, b'c'];
        assert_eq!(payload(&stream), b"ab\nc");
        stream.truncate(15);
        assert_eq!(payload(&stream), b"ab\n");
        assert_eq!(payload(b"plain text"), b"plain text");
    }
}
