//! Reading JSON as the two readers do.

use std::sync::Arc;

use super::super::json::*;
use super::super::source::Source;
use super::super::substitute::{Surroundings, Syntax, substitute};
use crate::facts::{Reason, Unknown};

fn read(text: &str, reader: Reader) -> Result<Parsed, Broken> {
    let why = Unknown::from(Reason::NoTarget);
    let substituted = substitute(text, Syntax::Core, &Surroundings { variables: &[], incomplete: Some(&why) });
    parse(text, &substituted, &Arc::new(Source::lone("orthanc.json")), reader)
}

#[test]
fn comments_line_ends_and_variables_are_read() {
    let text = "{ // one\r\n  \"A\": true, /* two\r\n */ \"B\": ${NUM},\r\n  \"C\": \"x // no comment\"\r\n}\r\n";
    let parsed = read(text, Reader::JsonCpp).unwrap();
    assert!(parsed.doubt.is_none() && parsed.duplicates.is_empty());
    let Look::Set(a) = parsed.map.look("A") else { panic!() };
    assert_eq!((a.at.line, a.at.column), (Some(2), Some(8)));
    assert!(matches!(parsed.map.look("B"), Look::Unknown(_)));
    let Look::Set(c) = parsed.map.look("C") else { panic!() };
    assert_eq!((c.text(), c.at.line), (Some("x // no comment"), Some(4)));
    assert!(matches!(parsed.map.look("D"), Look::Absent));
}

#[test]
fn what_readers_disagree_on_is_doubtful() {
    assert!(read("{\"A\": [1,],}", Reader::JsonCpp).unwrap().doubt.is_some());
    assert!(read("{\"A\": 1,}", Reader::Python).is_err());
    assert!(read("{\"A\": [1,],}", Reader::NewJsonCpp).unwrap().doubt.is_none());
    assert!(read("{\"A\": 1} more", Reader::JsonCpp).is_ok());
    assert!(read("{\"A\": 1} more", Reader::Python).is_err());
    assert!(read("{\"A\": \"a\tb\nc\"}", Reader::JsonCpp).is_ok());
    assert!(read("{\"A\": \"a\tb\"}", Reader::Python).is_err());
    assert!(read("{\"A\": \"\\ud83d\\ude00 \\u00e9\"}", Reader::Python).is_ok());
    let marked = read("\u{feff}{\"A\": 1}", Reader::JsonCpp).unwrap();
    assert!(marked.doubt.is_some());
    let Look::Set(a) = marked.map.look("A") else { panic!() };
    assert_eq!(a.at.line, Some(1));
    assert!(read("\u{feff}{\"A\": 1}", Reader::Python).is_err());
}

#[test]
fn errors_say_where_and_nothing_of_the_text() {
    for (text, line, part) in [
        ("{\n\"A\": {{ secret }}\n}", 2, "template"),
        ("{\n\"A\": 1\n\"B\": 2}", 2, "comma"),
        ("{\n\"A\": \"hunter2\n}", 2, "is no JSON"),
        ("", 1, "empty"),
        ("[1]", 1, "no JSON object"),
        ("{\"A\": 1", 1, "brace"),
    ] {
        let broken = read(text, Reader::JsonCpp).unwrap_err();
        assert_eq!(broken.at.line, Some(line), "{text}: {}", broken.what);
        assert!(broken.what.contains(part), "{text}: {}", broken.what);
        assert!(!broken.what.contains("secret") && !broken.what.contains("hunter2"));
    }
    assert!(read(&"[".repeat(100_000), Reader::JsonCpp).is_err());
}

#[test]
fn the_last_of_two_counts_and_is_noticed() {
    let parsed = read("{\"A\": 1, \"A\": 2, \"_comment\": \"x\"}", Reader::JsonCpp).unwrap();
    assert_eq!(parsed.duplicates.len(), 1);
    assert!(matches!(parsed.map.look("A"), Look::Set(Node { json: Json::Int(2), .. })));
}

#[test]
fn a_key_that_nobody_knows_leaves_everything_open() {
    let parsed = read("{\"${USER}\": \"x\"}", Reader::JsonCpp).unwrap();
    assert!(parsed.map.entries.contains_key("${USER}"));
    assert!(matches!(parsed.map.look("A"), Look::Unknown(_)));
}

#[test]
fn variables_hold_json_or_text() {
    let source = Arc::new(Source::lone("x"));
    let kind = |text: &str| loose(text, &source, &Surroundings::default()).json.words();
    assert_eq!(kind("true"), "true or false");
    assert_eq!(kind("False"), "a text");
    assert_eq!(kind("123456"), "a number");
    assert_eq!(kind("{\"demo\": \"demo\"}\n"), "an object");
    assert_eq!(kind("{\"demo\": \"demo\" // x\n}"), "a text");
    assert_eq!(kind("\"x\""), "a text");
    assert_eq!(kind(""), "a text");
}
