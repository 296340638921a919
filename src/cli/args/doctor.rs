//! What `doctor` understands.

use std::net::{IpAddr, SocketAddr};

use clap::Args;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  letterpress doctor                        all of it
  letterpress doctor --resolver 9.9.9.9     as that name server sees your domain

Nothing is sent and nothing is changed. Exit code 0 when mail can leave and be
trusted, 2 when something in this folder must be changed first, 4 when it is
something outside: the relay, the DNS, the server, this machine.")]
pub(crate) struct Doctor {
    /// The name server to ask, in place of this machine's
    #[arg(long, value_name = "ADDR", value_parser = server)]
    pub(crate) resolver: Option<SocketAddr>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// An address, with a port where it is not the usual one.
fn server(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(SocketAddr::new(address, 53));
    }
    let how = "write an address such as 9.9.9.9, 127.0.0.1:5353 or [::1]:53";
    text.parse().map_err(|_| how.to_owned())
}
