//! JSON with comments, with the place of every value; what depends on something unseen is unknown, not guessed.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use jsonc_parser::ast::Value as Ast;
use jsonc_parser::errors::{ParseError, ParseErrorKind};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::source::Source;
use super::substitute::{Substituted, Surroundings, Syntax, substitute};
use crate::facts::{Origin, Unknown};

/// A value and where it comes from.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// The value.
    pub json: Json,
    /// Its place.
    pub at: Arc<Origin>,
    /// The file or variable that it stands in.
    pub source: Arc<Source>,
    /// Where a variable inside it is set, if one is: the value does not stand in the file itself.
    pub via: Option<Arc<Source>>,
    /// Whether it holds any `${NAME}`.
    pub reference: bool,
}

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Int(i64),
    /// A number that is no whole one of 64 bits.
    Real,
    Text(Arc<str>),
    List(Vec<Node>),
    Map(Map),
    /// It is set, but nobody knows to what.
    Unknown(Unknown),
}

/// An object.
#[derive(Clone, Debug, Default)]
pub(super) struct Map {
    /// Its keys; the last of a name counts.
    pub entries: BTreeMap<Arc<str>, Node>,
    /// Why it may have more keys.
    pub incomplete: Option<Unknown>,
}

/// A text that was read.
#[derive(Debug)]
pub(super) struct Parsed {
    /// The object.
    pub map: Map,
    /// Keys that stand twice in one object.
    pub duplicates: Vec<(Arc<str>, Arc<Origin>)>,
    /// What only some versions of the reader accept.
    pub doubt: Option<String>,
}

/// Why a text is no configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    /// What is wrong, without any of the text.
    pub what: String,
    /// Where.
    pub at: Arc<Origin>,
}

/// What a reader forgives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// `JsonCpp`, which does not look at what stands behind the object; newer versions also accept a comma too many and a byte
    /// order mark.
    JsonCpp,
    /// `JsonCpp` of 2020 or later (tried with 1.9.5).
    NewJsonCpp,
    /// Python's `json.loads` behind a stripper of comments.
    Python,
}

impl Json {
    /// For people: what stands there.
    pub(super) fn words(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Int(_) | Self::Real => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "an object",
            Self::Unknown(_) => "unknown",
        }
    }
}

impl Node {
    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.json {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The object, if it is one.
    pub(super) fn map(&self) -> Option<&Map> {
        match &self.json {
            Json::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Why its value is not known, if so.
    pub(super) fn unknown(&self) -> Option<&Unknown> {
        match &self.json {
            Json::Unknown(why) => Some(why),
            _ => None,
        }
    }

    /// Where the value stands in clear: the variable that it is taken from, else its own source.
    pub(super) fn clear_in(&self) -> &Arc<Source> {
        self.via.as_ref().unwrap_or(&self.source)
    }
}

/// What a key holds.
pub(super) enum Look<'m> {
    /// This.
    Set(&'m Node),
    /// Surely nothing.
    Absent,
    /// Nobody can say.
    Unknown(Unknown),
}

impl Map {
    /// What a key holds.
    pub(super) fn look(&self, key: &str) -> Look<'_> {
        match (self.entries.get(key), &self.incomplete) {
            (Some(node), _) => match node.unknown() {
                Some(why) => Look::Unknown(why.clone()),
                None => Look::Set(node),
            },
            (None, Some(why)) => Look::Unknown(why.clone()),
            (None, None) => Look::Absent,
        }
    }

    /// What lies at a path of several keys; below something that is no object lies nothing.
    pub(super) fn at(&self, path: &[&str]) -> Look<'_> {
        let (last, above) = path.split_last().map_or(("", &[] as &[&str]), |(last, above)| (*last, above));
        let mut map = self;
        for key in above {
            match map.look(key) {
                Look::Set(node) => match node.map() {
                    Some(inner) => map = inner,
                    None => return Look::Absent,
                },
                other => return other,
            }
        }
        map.look(last)
    }
}

/// Places in a text by line.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    fn place(&self, text: &str, at: usize) -> (u32, u32) {
        let line = self.0.partition_point(|start| *start <= at).max(1);
        let start = self.0[line - 1];
        let column = text.get(start..at.min(text.len())).map_or(0, |before| before.chars().count()) + 1;
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }
}

/// What is needed to turn the parser's tree into ours.
struct Builder<'t> {
    original: &'t str,
    substituted: &'t Substituted,
    source: &'t Arc<Source>,
    lines: Lines,
    duplicates: Vec<(Arc<str>, Arc<Origin>)>,
    /// Where a text holds a control character as it is.
    control: Option<usize>,
}

/// Reads an object. `original` is the text before variables were put in.
pub(super) fn parse(original: &str, substituted: &Substituted, source: &Arc<Source>, reader: Reader) -> Result<Parsed, Broken> {
    let mut builder =
        Builder { original, substituted, source, lines: Lines::of(original), duplicates: Vec::new(), control: None };
    let text = substituted.text.as_str();
    let marked = text.starts_with('\u{feff}');
    // The parser counts from behind the mark; a space of the same length keeps places true.
    let text = if marked { format!("   {}", &text['\u{feff}'.len_utf8()..]) } else { text.to_owned() };
    let (map, mut doubt) = builder.root(&text, reader)?;
    if marked {
        if reader == Reader::Python {
            return Err(Broken {
                what: "begins with a byte order mark, which Python's JSON reader refuses".into(),
                at: builder.origin(0),
            });
        }
        if reader == Reader::JsonCpp {
            doubt.get_or_insert_with(|| "begins with a byte order mark, which older versions refuse".into());
        }
    }
    if let Some(at) = builder.control.filter(|_| reader == Reader::Python) {
        let what = "holds a line break or tab inside a text, which Python's JSON reader refuses".into();
        return Err(Broken { what, at: builder.origin(at) });
    }
    Ok(Parsed { map, duplicates: builder.duplicates, doubt })
}

impl Builder<'_> {
    fn root(&mut self, text: &str, reader: Reader) -> Result<(Map, Option<String>), Broken> {
        let mut options = strict(true);
        let mut doubt = None;
        let collect = CollectOptions::default();
        let parsed = match parse_to_ast(text, &collect, &options) {
            Err(error) if reader == Reader::Python => Err(error),
            Err(error) if matches!(error.kind(), ParseErrorKind::TrailingCommasNotAllowed) => {
                options.allow_trailing_commas = true;
                let place = self.line(error.range().start);
                doubt = Some(format!("has a comma too many at line {place}, which only newer versions of the reader accept"));
                parse_to_ast(text, &collect, &options)
            }
            // It stops reading where the object ends.
            Err(error) if matches!(error.kind(), ParseErrorKind::MultipleRootJsonValues) && reader == Reader::JsonCpp => {
                parse_to_ast(text.get(..error.range().start).unwrap_or(text), &collect, &options)
            }
            other => other,
        };
        let parsed = match parsed {
            // What stands behind the object is not looked at.
            Err(error) if matches!(error.kind(), ParseErrorKind::MultipleRootJsonValues) && reader != Reader::Python => {
                parse_to_ast(&text[..error.range().start], &collect, &options)
            }
            other => other,
        };
        let doubt = doubt.filter(|_| reader == Reader::JsonCpp);
        match parsed.map_err(|error| self.broken(&error))?.value {
            Some(Ast::Object(object)) => Ok((self.map(&object), doubt)),
            Some(_) => Err(Broken { what: "holds no JSON object".into(), at: self.origin(0) }),
            None => Err(Broken { what: "is empty: no JSON object stands in it".into(), at: self.origin(0) }),
        }
    }

    fn broken(&self, error: &ParseError) -> Broken {
        let at = self.substituted.place(error.range().start);
        let (line, _) = self.lines.place(self.original, at);
        let written = self.original.lines().nth(usize::try_from(line).map_or(0, |l| l.saturating_sub(1))).unwrap_or("");
        let what = if written.contains("{{") || written.contains("{%") {
            "is a template that was not filled in (`{{ }}` or `{% %}` stands there)".to_owned()
        } else {
            format!("is no JSON: {}", reason(error.kind()))
        };
        Broken { what, at: self.origin(error.range().start) }
    }

    fn line(&self, at: usize) -> u32 {
        self.lines.place(self.original, self.substituted.place(at)).0
    }

    /// The place in the file; a variable's value has the variable's place.
    fn origin(&self, at: usize) -> Arc<Origin> {
        let (line, column) = self.lines.place(self.original, self.substituted.place(at));
        self.source.origin(line, column)
    }

    fn map(&mut self, object: &jsonc_parser::ast::Object<'_>) -> Map {
        let mut map = Map::default();
        for property in &object.properties {
            let range = property.range.start..property.range.start + 1;
            let name: Arc<str> = property.name.as_str().into();
            let key_range = match &property.name {
                jsonc_parser::ast::ObjectPropName::String(text) => text.range.start..text.range.end,
                jsonc_parser::ast::ObjectPropName::Word(word) => word.range.start..word.range.end,
            };
            if let Some(why) = self.unknown(key_range.clone()) {
                // A key that nobody knows may be any key, so nothing is surely absent; it is shown as written.
                let written = self.written(key_range);
                let node = self.node(&property.value);
                map.entries.insert(written.into(), node);
                map.incomplete.get_or_insert(why);
                continue;
            }
            let node = self.node(&property.value);
            if map.entries.insert(Arc::clone(&name), node).is_some() {
                let at = self.origin(range.start);
                self.duplicates.push((name, at));
            }
        }
        map
    }

    fn node(&mut self, value: &Ast<'_>) -> Node {
        let (json, range) = match value {
            Ast::NullKeyword(null) => (Json::Null, null.range),
            Ast::BooleanLit(bool) => (Json::Bool(bool.value), bool.range),
            Ast::NumberLit(number) => (number.value.parse().map_or(Json::Real, Json::Int), number.range),
            Ast::StringLit(text) => {
                let raw = self.substituted.text.get(text.range.start..text.range.end).unwrap_or("");
                if raw.chars().any(|c| c < ' ') {
                    self.control.get_or_insert(text.range.start);
                }
                (Json::Text(text.value.as_ref().into()), text.range)
            }
            Ast::Array(array) => (Json::List(array.elements.iter().map(|e| self.node(e)).collect()), array.range),
            Ast::Object(object) => (Json::Map(self.map(object)), object.range),
        };
        let range = range.start..range.end;
        let at = self.origin(range.start);
        if matches!(json, Json::List(_) | Json::Map(_)) {
            return Node { json, at, source: Arc::clone(self.source), via: None, reference: false };
        }
        let json = self.unknown(range.clone()).map_or(json, Json::Unknown);
        let reference = self.substituted.used(range.clone()).next().is_some();
        Node { json, at, source: Arc::clone(self.source), via: self.via(range), reference }
    }

    fn unknown(&self, range: Range<usize>) -> Option<Unknown> {
        self.substituted.used(range).find_map(|used| used.unknown.clone())
    }

    fn via(&self, range: Range<usize>) -> Option<Arc<Source>> {
        self.substituted.used(range).find_map(|used| used.set.clone())
    }

    fn written(&self, range: Range<usize>) -> String {
        let (start, end) = (self.substituted.place(range.start), self.substituted.place(range.end.saturating_sub(1)));
        self.original.get(start..end).unwrap_or("").trim_matches('"').to_owned()
    }
}

/// Words for the parser's error that hold nothing of the text.
fn reason(kind: &ParseErrorKind) -> &'static str {
    match kind {
        ParseErrorKind::ExpectedComma => "a comma is missing behind this",
        ParseErrorKind::TrailingCommasNotAllowed => "a comma too many",
        ParseErrorKind::ExpectedColonAfterObjectKey => "a colon is missing behind a key",
        ParseErrorKind::ExpectedObjectValue => "a key has no value",
        ParseErrorKind::UnterminatedObject => "a closing brace is missing",
        ParseErrorKind::UnterminatedArray => "a closing bracket is missing",
        ParseErrorKind::UnterminatedCommentBlock => "a comment is not closed",
        ParseErrorKind::MultipleRootJsonValues => "something stands behind the object",
        ParseErrorKind::SingleQuotedStringsNotAllowed => "a text stands in single quotes",
        ParseErrorKind::UnexpectedWord | ParseErrorKind::ExpectedStringObjectProperty => "a word without quotes",
        ParseErrorKind::String(_) => "a text is not closed, or holds a wrong escape",
        ParseErrorKind::NestingDepthExceeded => "it is nested too deeply",
        _ => "something is there that JSON does not have",
    }
}

/// Nothing is forgiven but comments, where they are allowed.
fn strict(allow_comments: bool) -> ParseOptions {
    ParseOptions {
        allow_comments,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

/// The value of a variable, as the start script reads it: JSON if it parses, else the text itself. Orthanc puts variables in
/// when it reads the result.
pub(super) fn loose(text: &str, source: &Arc<Source>, surroundings: &Surroundings<'_>) -> Node {
    let substituted = substitute(text, Syntax::Core, surroundings);
    let mut builder = Builder {
        original: text,
        substituted: &substituted,
        source,
        lines: Lines::of(text),
        duplicates: Vec::new(),
        control: None,
    };
    match parse_to_ast(&substituted.text, &CollectOptions::default(), &strict(false)).ok().and_then(|parsed| parsed.value) {
        Some(value) => builder.node(&value),
        None => match substituted.unknown() {
            Some(why) => Node { reference: true, ..leaf(Json::Unknown(why.clone()), source) },
            None => {
                let via = builder.via(0..substituted.text.len());
                let reference = substituted.used(0..substituted.text.len()).next().is_some();
                Node { via, reference, ..leaf(Json::Text(substituted.text.as_str().into()), source) }
            }
        },
    }
}

/// A value that stands in a source as a whole.
pub(super) fn leaf(json: Json, source: &Arc<Source>) -> Node {
    Node { json, at: source.origin(1, 1), source: Arc::clone(source), via: None, reference: false }
}

/// A value of our own data.
pub(super) fn shipped(value: &serde_json::Value, source: &Arc<Source>) -> Node {
    let json = match value {
        serde_json::Value::Null => Json::Null,
        serde_json::Value::Bool(b) => Json::Bool(*b),
        serde_json::Value::Number(number) => number.as_i64().map_or(Json::Real, Json::Int),
        serde_json::Value::String(text) => Json::Text(text.as_str().into()),
        serde_json::Value::Array(items) => Json::List(items.iter().map(|item| shipped(item, source)).collect()),
        serde_json::Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| (key.as_str().into(), shipped(value, source))).collect();
            Json::Map(Map { entries, incomplete: None })
        }
    };
    leaf(json, source)
}
