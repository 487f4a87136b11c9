//! Text that is safe on a terminal and short enough for a cell.

/// Longest name shown, in characters.
const MAX_NAME: usize = 60;
/// Longest sentence shown in a cell, in characters.
const MAX_SENTENCE: usize = 160;
/// Lines of a file that a fix may show.
const MAX_STEPS: usize = 5;

/// One line without anything a terminal would obey: names in a hostile stack may carry escape sequences, carriage
/// returns or marks that turn the direction of text round.
pub(super) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(' '),
            c if c.is_control() || is_invisible(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// Marks of direction, zero-width characters, line and paragraph separators, tags.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A name, cut in the middle where it is too long: beginnings and ends tell names apart.
pub(super) fn short(name: &str) -> String {
    let name = clean(name);
    let length = name.chars().count();
    if length <= MAX_NAME {
        return name;
    }
    let half = (MAX_NAME - 3) / 2;
    let start: String = name.chars().take(half).collect();
    let end: String = name.chars().skip(length - half).collect();
    format!("{start}...{end}")
}

/// A sentence, cut where it is too long for a cell.
pub(super) fn brief(sentence: &str) -> String {
    let sentence = clean(sentence);
    match sentence.char_indices().nth(MAX_SENTENCE) {
        Some((cut, _)) => format!("{}...", sentence[..cut].trim_end()),
        None => sentence,
    }
}

/// The first sentence; where it ends in a colon, the lines it announces as well, as they are to be written.
pub(super) fn first_step(text: &str) -> String {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let mut taken = String::new();
    for line in &mut lines {
        let line = line.trim();
        if !taken.is_empty() {
            taken.push(' ');
        }
        if let Some(end) = sentence_end(line) {
            taken.push_str(&line[..end]);
            return clean(&taken);
        }
        taken.push_str(line);
        if taken.ends_with(':') {
            break;
        }
    }
    let mut taken = clean(&taken);
    // A key of YAML says nothing without its value.
    for line in lines.take(MAX_STEPS) {
        if !taken.ends_with(':') {
            break;
        }
        taken.push('\n');
        let line = line.split_once(" #").map_or(line, |(code, _)| code);
        taken.push_str(&clean(line.trim_end()));
    }
    taken
}

/// Where a sentence ends inside a line: after a full stop that a blank and a capital follow, or at the end of the line.
fn sentence_end(line: &str) -> Option<usize> {
    let inside = line.match_indices(". ").map(|(at, _)| at + 1);
    let capital = |at: usize| line[at..].trim_start().chars().next().is_some_and(|c| c.is_uppercase() || c == '`');
    inside.into_iter().find(|at| capital(*at)).or_else(|| line.ends_with('.').then_some(line.len()))
}
