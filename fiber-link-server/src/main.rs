//! The program `fiber-link`.

use clap::Parser;
use fiber_link_server::cli::{Cli, run};
use std::process::ExitCode;

fn main() -> ExitCode {
    run(Cli::parse())
}
