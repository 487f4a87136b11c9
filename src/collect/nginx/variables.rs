//! Variables of a configuration, as far as `set` and `map` say what they hold.

use std::collections::{BTreeMap, BTreeSet};

use super::parse::Directive;
use crate::facts::Unknown;

/// Directives that give a variable a value which the answer of another program decides.
const COMPUTED: [&str; 2] = ["auth_request_set", "auth_jwt_claim_set"];

/// One value that a variable may have.
pub(super) struct Value<'a> {
    pub text: &'a str,
    pub because: Because<'a>,
}

/// When it has it.
pub(super) enum Because<'a> {
    /// Always.
    Set,
    /// Inside this `if`.
    If(&'a Directive),
    /// When this source fits this key of a `map`.
    Map { source: &'a str, key: &'a str },
}

impl Because<'_> {
    /// Whether the variable has a value wherever this one is the only one.
    pub(super) fn is_default(&self) -> bool {
        matches!(self, Self::Set | Self::Map { key: "default", .. })
    }
}

#[derive(Default)]
pub(super) struct Variables<'a> {
    values: BTreeMap<&'a str, Vec<Value<'a>>>,
    computed: BTreeSet<&'a str>,
    unseen: BTreeMap<&'a str, Unknown>,
}

impl<'a> Variables<'a> {
    pub(super) fn of(main: &'a [Directive]) -> Self {
        let mut found = Self::default();
        for directive in main {
            found.walk(directive, None);
        }
        found
    }

    fn walk(&mut self, directive: &'a Directive, around: Option<&'a Directive>) {
        match (directive.name.as_str(), directive.args.as_slice()) {
            ("set", [name, text]) => {
                let because = around.map_or(Because::Set, Because::If);
                self.values.entry(bare(name)).or_default().push(Value { text, because });
            }
            ("map", [source, name]) => {
                let values = self.values.entry(bare(name)).or_default();
                if let Some(why) = directive.children().iter().find_map(|entry| entry.unseen.clone()) {
                    self.unseen.insert(bare(name), why);
                }
                for entry in directive.children().iter().filter(|entry| !entry.args.is_empty() && entry.unseen.is_none()) {
                    values.push(Value { text: entry.arg(), because: Because::Map { source, key: &entry.name } });
                }
            }
            (name, args) if COMPUTED.contains(&name) => self.computed.extend(args.iter().map(|arg| bare(arg))),
            _ => {}
        }
        let around = if directive.name == "if" { Some(directive) } else { around };
        for child in directive.children() {
            self.walk(child, around);
        }
    }

    /// Every value that the configuration gives a variable.
    pub(super) fn values(&self, name: &str) -> &[Value<'a>] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// Why a variable may have more values than those.
    pub(super) fn unseen(&self, name: &str) -> Option<Unknown> {
        self.unseen.get(name).cloned()
    }

    /// Whether a variable comes from the request or the connection, and not from the configuration.
    pub(super) fn is_of_request(&self, name: &str) -> bool {
        const STARTS: [&str; 9] = ["http_", "cookie_", "arg_", "upstream_", "sent_", "ssl_", "jwt_", "request", "proxy_"];
        const OTHERS: [&str; 14] = [
            "host",
            "remote_addr",
            "remote_user",
            "scheme",
            "uri",
            "args",
            "server_name",
            "server_port",
            "binary_remote_addr",
            "connection_upgrade",
            "query_string",
            "is_args",
            "document_uri",
            "realpath_root",
        ];
        let captured = name.bytes().all(|b| b.is_ascii_digit());
        captured || self.computed.contains(name) || STARTS.iter().any(|start| name.starts_with(start)) || OTHERS.contains(&name)
    }
}

fn bare(name: &str) -> &str {
    name.trim_start_matches('$')
}

/// Names of the variables in a text: `$a` and `${a}`.
pub(super) fn names(text: &str) -> Vec<&str> {
    let word = |rest: &'_ str| rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    let after = text.split('$').skip(1).map(|rest| rest.strip_prefix('{').unwrap_or(rest));
    after.map(|rest| &rest[..word(rest)]).filter(|name| !name.is_empty()).collect()
}
