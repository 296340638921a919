//! The program: hands its arguments to the library and its answer to the shell.

use std::process::ExitCode;

/// A build makes millions of small texts on all cores at once, and a server must
/// not keep what it let go: the system's allocator does neither well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    letterpress::cli::run(std::env::args_os())
}
