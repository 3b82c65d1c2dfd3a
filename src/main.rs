//! The command line.

fn main() -> std::process::ExitCode {
    sluice::main()
}
