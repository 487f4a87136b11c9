//! Wording shared by reasons and reports.

/// `1 control`, `3 controls`.
pub fn plural(n: usize, noun: &str) -> String {
    let ending = match (n, noun) {
        (1, _) => "",
        (_, noun) if noun.ends_with('s') => "es",
        _ => "s",
    };
    format!("{n} {noun}{ending}")
}

/// `a, b, c and 4 more`, naming at most `most`.
pub fn listed<S: AsRef<str>>(names: &[S], most: usize) -> String {
    listed_with(names, most, ", ")
}

/// The same with another separator, for parts that hold commas themselves.
pub fn listed_with<S: AsRef<str>>(names: &[S], most: usize, separator: &str) -> String {
    let shown: Vec<&str> = names.iter().take(most).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(shown.len()) {
        0 => shown.join(separator),
        more => format!("{} and {more} more", shown.join(separator)),
    }
}
