//! The security policy: whom it names, and which scanners.

use std::sync::LazyLock;

use regex::Regex;

use super::{labelled, place, whole_list};
use crate::collect::folder::walk::{Found, Walked};
use crate::facts::{Fact, Record, Unknown};

/// Where GitHub and GitLab look for it, in that order.
const PLACES: [&str; 3] = [".github/security.md", "security.md", "docs/security.md"];

/// Stand-ins that nobody has replaced.
static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r"(?i)\[(insert|your|maintainer|secondary|primary|backup|security|contact|team|project|company|organi[sz]ation)[^\]]*\b(e-?mail|contact|address|phone|name|here|team|url)\b[^\]]*\](?:[^(]|$)|\[(insert|your)[ -][^\]]*\](?:[^(]|$)|\[(username|user|org|owner|your-?org|your-?username)\]|<(your|insert)[^>]*>|your[-_.]?(e-?mail|org|username|company)\b|@(example|domain|yourdomain|yourcompany|company|your-domain)\.(com|org|net)",
    )
});
static CONTACT: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r"(?i)[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,}|https://[^\s)]*/security(/advisories[^\s)]*|/policy)?(?:[\s)]|$)|https://(hackerone|bugcrowd|huntr)\.[^\s)]+|private(ly)? (security )?(vulnerability )?(report|advisor)|report a vulnerability",
    )
});
const SUBJECT: [&str; 8] = ["email", "e-mail", "contact", "report", "advisory", "advisories", "maintainer", "pgp"];

fn constant(pattern: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant patterns")]
    Regex::new(pattern).unwrap()
}

/// The policies of a repository.
#[derive(Default)]
pub(super) struct Policy<'w> {
    files: Vec<(&'w Found, String)>,
    unread: Option<Unknown>,
}

impl<'w> Policy<'w> {
    /// Reads all policies: a repository may have more than one.
    pub(super) fn read(walked: &'w Walked) -> Self {
        let mut policy = Self::default();
        for found in walked.files.iter().filter(|found| PLACES.contains(&found.shown.to_lowercase().as_str())) {
            match found.text() {
                Ok(text) => policy.files.push((found, text.unwrap_or_default())),
                Err(why) => policy.unread = Some(why),
            }
        }
        policy
    }

    /// All text of it.
    pub(super) fn text(&self) -> String {
        self.files.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// Why it may say more.
    pub(super) fn unread(&self) -> Option<&Unknown> {
        self.unread.as_ref()
    }

    pub(super) fn write(&self, facts: &mut Record, walked: &Walked, part: Option<&Unknown>) {
        let unseen = self.unread.as_ref().or(walked.incomplete.as_ref()).or(part);
        match (self.files.first(), unseen) {
            (Some((found, _)), _) => facts.set("policy.path", found.shown.as_str(), &place(found, 1)),
            (None, Some(why)) => facts.unknown("policy.path", why.clone()),
            (None, None) => facts.absent("policy.path"),
        }
        let placeholders: Vec<Fact> = self.files.iter().flat_map(|(found, text)| placeholders(found, text)).collect();
        let mut placeholders = whole_list(placeholders, walked, part.filter(|_| self.files.is_empty()));
        if let Some(why) = &self.unread {
            placeholders.incomplete.get_or_insert_with(|| why.clone());
        }
        facts.set_here("policy.placeholders", placeholders);
        let named = self.files.iter().any(|(_, text)| names_a_contact(text));
        let contact = match (named, unseen.filter(|_| self.files.is_empty() || self.unread.is_some())) {
            (false, Some(why)) => Fact::unknown(why.clone()),
            (named, _) => Fact::known(named),
        };
        facts.put("policy.contact", contact);
    }
}

/// Lines about contacts whose stand-in nobody has replaced; the template of a report may hold as many as it likes.
fn placeholders(found: &Found, text: &str) -> Vec<Fact> {
    let lines = outside_fences(text).filter(|(_, line)| {
        let about = line.to_lowercase();
        PLACEHOLDER.is_match(line) && (SUBJECT.iter().any(|word| about.contains(word)) || line.contains('@'))
    });
    lines.map(|(n, _)| labelled(&format!("{} line {n}", found.shown), Some(place(found, n)))).collect()
}

/// A contact on a line without a stand-in.
fn names_a_contact(text: &str) -> bool {
    outside_fences(text).any(|(_, line)| !PLACEHOLDER.is_match(line) && CONTACT.is_match(line))
}

/// Lines that are no example code, with their numbers.
fn outside_fences(text: &str) -> impl Iterator<Item = (u32, &str)> {
    let mut fenced = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stand_ins_and_contacts() {
        for line in [
            "**Contact**: [Your email or security contact]",
            "1. **Email**: [Insert security contact email]",
            "- **Primary Contact**: [Maintainer Email]",
            "Use [private vulnerability reporting](https://github.com/[username]/x/security/advisories/new)",
            "mail security@example.com",
        ] {
            assert!(PLACEHOLDER.is_match(line), "{line}");
            assert!(!names_a_contact(line), "{line}");
        }
        for line in [
            "mail security@hospital.org",
            "Go to the [Security tab](https://github.com/a/b/security) of this repository",
            "use https://github.com/a/b/security/advisories/new",
        ] {
            assert!(!PLACEHOLDER.is_match(line) && names_a_contact(line), "{line}");
        }
        for line in
            ["[Security Configuration Guide](docs/x.md)", "- [ ] Security contact named", "see [our contact page](https://x.org)"]
        {
            assert!(!PLACEHOLDER.is_match(line), "{line}");
        }
    }
}
