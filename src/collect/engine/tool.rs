//! The program that a health check calls, and whether the container has it.

use serde_json::Value as Json;

use super::archive::{MULTIPLIES, covered, exists, multiplies};
use super::client::Client;
use crate::facts::{Reason, Unknown};

/// Programs whose existence decides whether the check can run at all; each with the paths where it may lie.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wanted {
    /// One entry a program: candidate paths, and whether a mount hides some.
    programs: Vec<(Vec<String>, bool)>,
}

const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What a shell does by itself.
const BUILTINS: [&str; 18] = [
    "exit", "true", "false", "test", "[", "[[", ":", "echo", "cd", "export", "set", "read", "return", "printf", "kill", "eval",
    "wait", ".",
];

/// Words in front of the program.
const PREFIXES: [&str; 8] = ["exec", "if", "!", "time", "command", "{", "(", "while"];

impl Wanted {
    /// The programs of a container's health check; `Ok(None)` when it has none.
    pub fn of(inspect: &Json) -> Result<Option<Self>, Unknown> {
        let words = |pointer: &str| -> Vec<&str> {
            inspect
                .pointer(pointer)
                .and_then(Json::as_array)
                .map(|list| list.iter().filter_map(Json::as_str).collect())
                .unwrap_or_default()
        };
        let test = words("/Config/Healthcheck/Test");
        let shell = words("/Config/Shell").first().copied().unwrap_or("/bin/sh");
        let names = match test.as_slice() {
            [] | ["NONE", ..] => return Ok(None),
            ["CMD", program, ..] => vec![*program],
            ["CMD-SHELL", script, ..] => {
                let program =
                    first_program(script).ok_or_else(|| unclear("its shell text does not tell which program it calls"))?;
                if BUILTINS.contains(&program) { vec![shell] } else { vec![shell, program] }
            }
            _ => return Err(unclear("its form is neither CMD nor CMD-SHELL")),
        };
        if multiplies(inspect) {
            return Err(unclear(MULTIPLIES));
        }
        Ok(Some(Self { programs: names.into_iter().map(|name| candidates(inspect, name)).collect() }))
    }

    /// How many requests the look-up costs at most.
    pub fn most_requests(&self) -> usize {
        self.programs.iter().map(|(paths, _)| paths.len()).sum()
    }

    /// Looks the programs up in the container; every one has to be there.
    pub async fn look_up(&self, client: &Client, id: &str) -> Result<bool, Unknown> {
        for (paths, hidden) in &self.programs {
            let mut found = false;
            for path in paths {
                found = exists(client, id, path).await.map_err(|failure| failure.unknown())?;
                if found {
                    break;
                }
            }
            if !found && *hidden {
                return Err(unclear("it may lie under a mount, and the engine shows only what is beneath"));
            }
            if !found {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn unclear(why: &str) -> Unknown {
    Unknown::new(Reason::Unsupported, format!("the health check's program cannot be told: {why}"))
}

/// Where a program may lie, most likely place first.
fn candidates(inspect: &Json, program: &str) -> (Vec<String>, bool) {
    let env = inspect.pointer("/Config/Env").and_then(Json::as_array);
    let path =
        env.and_then(|env| env.iter().filter_map(Json::as_str).find_map(|pair| pair.strip_prefix("PATH="))).unwrap_or(USUAL_PATH);
    let mut paths: Vec<String> = if program.starts_with('/') {
        vec![program.to_owned()]
    } else if program.contains('/') {
        let folder = inspect.pointer("/Config/WorkingDir").and_then(Json::as_str).unwrap_or("/");
        vec![format!("{}/{}", folder.trim_end_matches('/'), program.trim_start_matches("./"))]
    } else {
        path.split(':').filter(|folder| folder.starts_with('/')).take(12).map(|folder| format!("{folder}/{program}")).collect()
    };
    paths.sort_by_key(|path| !(path.starts_with("/usr/bin/") || path.starts_with("/bin/")));
    let all = paths.len();
    paths.retain(|path| !covered(inspect, path));
    let hidden = paths.len() < all;
    (paths, hidden)
}

/// The first program of a shell text; `None` when it is not a plain word.
fn first_program(text: &str) -> Option<&str> {
    let word = text
        .split([' ', '\t', '\n', ';', '|', '&'])
        .filter(|word| !word.is_empty() && !PREFIXES.contains(word))
        .find(|word| !is_assignment(word))?
        .trim_start_matches('(');
    let plain =
        !word.is_empty() && (BUILTINS.contains(&word) || word.chars().all(|c| c.is_ascii_alphanumeric() || "/._+-".contains(c)));
    plain.then_some(word)
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wanted(test: &Json) -> Result<Option<Vec<Vec<String>>>, Unknown> {
        let inspect = json!({"Config": {"Healthcheck": {"Test": test}, "Env": ["PATH=/usr/local/bin:/usr/bin"], "WorkingDir": "/app"},
                             "Mounts": [{"Destination": "/health"}]});
        Ok(Wanted::of(&inspect)?.map(|wanted| wanted.programs.into_iter().map(|(paths, _)| paths).collect()))
    }

    #[test]
    fn programs_are_found_in_their_forms() {
        assert_eq!(wanted(&json!(null)), Ok(None));
        assert_eq!(wanted(&json!(["NONE"])), Ok(None));
        assert_eq!(
            wanted(&json!(["CMD", "curl", "-f"])),
            Ok(Some(vec![vec!["/usr/bin/curl".into(), "/usr/local/bin/curl".into()]]))
        );
        assert_eq!(wanted(&json!(["CMD", "./check.sh"])), Ok(Some(vec![vec!["/app/check.sh".into()]])));
        let shell = vec!["/bin/sh".to_owned()];
        assert_eq!(wanted(&json!(["CMD-SHELL", "exit 0"])), Ok(Some(vec![shell.clone()])));
        assert_eq!(wanted(&json!(["CMD-SHELL", "A=1 exec /bin/x || exit 1"])), Ok(Some(vec![shell, vec!["/bin/x".into()]])));
        assert!(wanted(&json!(["CMD-SHELL", "$TOOL --check"])).is_err());
        assert!(wanted(&json!(["CMD-SHELL", "\"my tool\""])).is_err());
        assert_eq!(wanted(&json!(["CMD", "/health/check"])), Ok(Some(vec![vec![]])), "hidden under a mount");
    }
}
