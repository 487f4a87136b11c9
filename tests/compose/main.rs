//! The compose collector: every construct that real stacks use, and files that mean harm.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod hostile;
mod interpolation;
mod lint;
mod mounts;
mod project;
mod property;
mod real_stacks;
mod several_files;
mod support;
mod syntax;
