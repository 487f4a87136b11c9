//! The `pacscan` program: parse, run, exit.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use pacscan::cli::Cli;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match pacscan::run::run(cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
            anstream::eprintln!("{}", error.render(colour));
            ExitCode::from(error.exit_code())
        }
    }
}
