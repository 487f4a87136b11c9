//! The `pacscan` program: parse, run, exit.

fn main() {}
