//! How nginx is started: the words of the command decide which file it reads, and scripts may write that file.

use crate::collect::program::{Look, Program, is_only_the_image};
use crate::facts::{Assurance, Reason, Unknown};

/// Where nginx looks for relative names: the folder of the packages' configuration, and their prefix.
const HOME: &str = "/etc/nginx";
/// Programs that only start another.
const STARTERS: [&str; 7] =
    ["/docker-entrypoint.sh", "tini", "/sbin/tini", "/usr/bin/tini", "dumb-init", "/usr/bin/dumb-init", "--"];
const SHELLS: [&str; 4] = ["sh", "bash", "ash", "dash"];
/// Commands of a shell line that write no file.
const HARMLESS: [&str; 6] = ["done", "sleep", "wait", "true", ":", "echo"];

/// What the start of a program says.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Start {
    /// `nginx -c FILE`, absolute.
    pub file: Option<String>,
    /// The official image's scripts run before nginx, so templates are written.
    pub scripts: bool,
}

/// Which file the command names; the error says why the configuration is unknown.
pub(super) fn of(program: &Program) -> Result<Start, Unknown> {
    // What runs was read as its start script left it.
    let declared = program.assurance == Assurance::Declared;
    if declared {
        no_scripts(program)?;
    }
    let Some(words) = &program.words else { return Ok(Start { file: None, scripts: true }) };
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    while words.first().is_some_and(|word| STARTERS.contains(word)) {
        if declared && matches!(program.inside.look(words[0]), Look::File(_)) {
            return Err(unsupported("a start script of its own may write the configuration"));
        }
        words.remove(0);
    }
    match words.as_slice() {
        [] => Ok(Start { file: None, scripts: true }),
        [first, options @ ..] if is_server(first) => Ok(Start { file: file(options)?, scripts: true }),
        [shell, option, line] if SHELLS.contains(&base(shell)) && option.ends_with('c') => {
            Ok(Start { file: by_shell(line, declared)?, scripts: false })
        }
        _ if declared => Err(unsupported("another program starts nginx and may write the configuration")),
        _ => Ok(Start { file: None, scripts: false }),
    }
}

/// Scripts that the official image runs before nginx starts.
fn no_scripts(program: &Program) -> Result<(), Unknown> {
    let (files, more) = program.inside.folder("/docker-entrypoint.d");
    if matches!(program.inside.look("/docker-entrypoint.sh"), Look::File(_)) {
        return Err(unsupported("a start script of its own may write the configuration"));
    }
    if files.iter().any(|(path, _)| path.ends_with(".sh") || path.ends_with(".envsh")) {
        return Err(unsupported("a script in /docker-entrypoint.d may write the configuration"));
    }
    more.filter(|why| !is_only_the_image(why)).map_or(Ok(()), Err)
}

/// A shell line whose commands all are known not to write the configuration, but for `envsubst < FROM > TO`.
fn by_shell(line: &str, declared: bool) -> Result<Option<String>, Unknown> {
    let Some(commands) = commands(line) else { return Err(unsupported("its shell command line is not understood")) };
    let mut found = Vec::new();
    for words in &commands {
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        while matches!(words.first(), Some(&("exec" | "do" | "while"))) {
            words.remove(0);
        }
        match words.as_slice() {
            // The file that this writes is put in place with the templates.
            [] | ["envsubst", "<", _, ">", _] | ["envsubst", _, "<", _, ">", _] => {}
            [first, "-s", _] if is_server(first) => {}
            [first, options @ ..] if is_server(first) => found.push(file(options)?),
            [first, rest @ ..] => {
                if declared && (!HARMLESS.contains(first) || rest.iter().any(|word| word.contains('>'))) {
                    return Err(unsupported("its shell command line may write the configuration"));
                }
            }
        }
    }
    match found.as_slice() {
        [one] => Ok(one.clone()),
        _ => Err(unsupported("its shell command line is not understood")),
    }
}

/// The commands of a shell line as words; nothing where it is more than a list of simple ones.
fn commands(line: &str) -> Option<Vec<Vec<String>>> {
    if line.contains("$(") || line.contains(['`', '\\', '#']) {
        return None;
    }
    let (mut commands, mut words, mut word): (Vec<Vec<String>>, Vec<String>, Option<String>) = Default::default();
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ' | '\t' | '\n' | ';' | '&' | '|') => {
                words.extend(word.take());
                if !matches!(c, ' ' | '\t') {
                    commands.push(std::mem::take(&mut words));
                }
            }
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    commands.push(words);
    quote.is_none().then_some(commands)
}

/// The file that nginx's own options name.
fn file(options: &[&str]) -> Result<Option<String>, Unknown> {
    let (mut file, mut prefix) = (None, None);
    let mut rest = options.iter();
    while let Some(option) = rest.next() {
        let Some(letter) = option.strip_prefix('-').and_then(|option| option.chars().next()) else {
            return Err(unsupported("an option of nginx is not understood"));
        };
        if letter == 'q' && *option == "-q" {
            continue;
        }
        if !"cpge".contains(letter) {
            return Err(unsupported("an option of nginx is not understood"));
        }
        let attached = &option[2..];
        let value = if attached.is_empty() { rest.next().copied().unwrap_or_default() } else { attached };
        match letter {
            _ if value.is_empty() || value.contains('$') => {
                return Err(unsupported("an option of nginx has no value that is known"));
            }
            'c' => file = Some(value.to_owned()),
            'p' => prefix = Some(value.to_owned()),
            // `-g "include FILE;"` is more configuration.
            'g' if value.contains("include") || value.contains('{') => {
                return Err(unsupported("the command line holds configuration of its own"));
            }
            _ => {}
        }
    }
    match (file, prefix) {
        (Some(file), _) if file.starts_with('/') => Ok(Some(file)),
        // Relative names of `-c` start from the prefix, which builds choose; packages have it at their configuration.
        (Some(file), Some(prefix)) if prefix.starts_with('/') => {
            Ok(Some(format!("{}/{}", prefix.trim_end_matches('/'), file.trim_start_matches("./"))))
        }
        (Some(file), None) => Ok(Some(format!("{HOME}/{}", file.trim_start_matches("./")))),
        (None, None) => Ok(None),
        _ => Err(unsupported("nginx -p changes where its configuration lies")),
    }
}

fn is_server(word: &str) -> bool {
    matches!(base(word), "nginx" | "nginx-debug" | "openresty")
}

fn base(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

fn unsupported(what: &str) -> Unknown {
    Unknown::new(Reason::Unsupported, what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_name_the_file() {
        let named = |options: &[&str]| file(options).ok().flatten();
        assert_eq!(named(&["-c", "plain.conf", "-g", "daemon off;"]).as_deref(), Some("/etc/nginx/plain.conf"));
        assert_eq!(named(&["-c/cfg/plain.conf"]).as_deref(), Some("/cfg/plain.conf"));
        assert_eq!(named(&["-p", "/cfg", "-c", "conf/nginx.conf"]).as_deref(), Some("/cfg/conf/nginx.conf"));
        assert_eq!(file(&["-g", "daemon off;"]), Ok(None));
        for odd in [&["-p", "/cfg"][..], &["-c"], &["-x"], &["-g", "include /x.conf;"], &["-c", "$FILE"], &["x"]] {
            assert!(file(odd).is_err(), "{odd:?}");
        }
    }

    #[test]
    fn shell_lines_that_may_write_are_unknown() {
        let read = |line: &str| by_shell(line, true);
        for odd in [
            "cp /plain.conf /etc/nginx/nginx.conf && nginx",
            "echo x > /etc/nginx/conf.d/x.conf; nginx",
            "nginx -c $(pick)",
            "/start.sh",
            "nginx && nginx -c /b",
            "while cp /a /b; do sleep 1; done & nginx",
            "envsubst > /etc/nginx/nginx.conf < /t && nginx",
        ] {
            assert!(read(odd).is_err(), "{odd}");
        }
        let reload = "while :; do sleep 6h & wait ${!}; nginx -s reload; done & nginx -g \"daemon off;\"";
        assert_eq!(read(reload), Ok(None));
        assert_eq!(read("envsubst '$A' < /t > /etc/nginx/nginx.conf && exec nginx -c /a.conf"), Ok(Some("/a.conf".to_owned())));
    }
}
