//! Any text as an expression: an error, or three-valued truth. Over no facts at all nothing may come out as an error of ours.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pacscan::expr::{Expression, Scope, on_parser_stack};
use pacscan::facts::Record;

fuzz_target!(|source: &str| {
    let facts = Record::new();
    on_parser_stack(|| {
        if let Ok(expression) = Expression::parse(source, "container") {
            let scope = Scope { root: "container", facts: &facts, name: "fuzz" };
            let _ = expression.eval(&scope);
            let _ = expression.paths();
        }
    });
});
