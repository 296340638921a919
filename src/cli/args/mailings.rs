//! What the commands about mailings understand.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  letterpress mailings --json | jq '.[] | {issue, state, counts}'")]
pub(crate) struct Mailings {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  letterpress status                        what is unfinished
  letterpress status latest --watch         until it is done

It only looks: nothing is sent by it and no state changes.")]
pub(crate) struct Status {
    /// The mailing, named as its issue: 12, latest, a slug, a key
    pub(crate) mailing: Option<String>,
    /// Look again every second, until nobody is sending
    #[arg(long)]
    pub(crate) watch: bool,
    /// Print JSON; with --watch an object on each line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  letterpress pause && letterpress status

Whoever is sending it stops after the messages under way. `letterpress resume`
goes on.")]
pub(crate) struct Pause {
    /// The mailing, named as its issue; the unfinished one when none is named
    pub(crate) mailing: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  letterpress cancel 12

Who has the mail keeps it; the others do not get it. A cancelled mailing cannot be
resumed.")]
pub(crate) struct Cancel {
    /// The mailing, named as its issue; the unfinished one when none is named
    pub(crate) mailing: Option<String>,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  letterpress report latest --state rejected,unknown
  letterpress report 12 --json | jq '.deliveries[] | select(.attempts > 1)'

States: pending, sending, accepted, rejected, deferred, unknown, skipped, cancelled.
Accepted means that the relay has taken it over; it may still come back.")]
pub(crate) struct Report {
    /// The mailing, named as its issue; the last one when none is named
    pub(crate) mailing: Option<String>,
    /// Only deliveries in these states
    #[arg(long, value_name = "STATE", value_delimiter = ',')]
    pub(crate) state: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  letterpress backup \"/backup/weekly-$(date +%F).db\"

FILE is a whole copy of the store, taken while all goes on; FILE.key beside it holds
the keys that sign links in mail already sent. Both are for your eyes alone. To bring
them back, copy FILE to data/letterpress.db and FILE.key to data/server.key.")]
pub(crate) struct BackUp {
    /// Where the copy goes; an older copy there is replaced
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}
