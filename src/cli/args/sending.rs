//! What the commands that send understand.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  letterpress publish latest --dry-run      then open outbox/index.html
  letterpress publish latest --unsubscribe mailto
                                            feeds and archive, publish.deploy, the mail

An issue with errors stops it before anything is written. Without a relay or a
list it ends after the feeds and says so.")]
pub(crate) struct Publish {
    /// The issue: 12, latest, next, a slug, a date, en/12 or a path
    pub(crate) issue: String,
    /// Put all of it under outbox/ and change nothing else
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) confirm: Confirm,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  letterpress send next --dry-run           every message as a file in outbox/
  letterpress send next --test me@example.org
                                            the real message, to yourself alone
  letterpress send 12 --unsubscribe mailto  the mailing; asks before it starts
  letterpress send 12 --only new            those who joined since

Recipients and content are fixed when a mailing is confirmed; the same command
again goes on with that list.")]
pub(crate) struct Send {
    /// The issue: 12, latest, next, a slug, a date, en/12 or a path
    pub(crate) issue: String,
    /// Write the messages as .eml files; nothing leaves
    #[arg(long, conflicts_with = "test")]
    pub(crate) dry_run: bool,
    /// Where a dry run writes
    #[arg(
        long,
        value_name = "DIR",
        default_value = "outbox",
        requires = "dry_run"
    )]
    pub(crate) outbox: PathBuf,
    /// Let a dry run write every message, however many
    #[arg(long, requires = "dry_run")]
    pub(crate) all: bool,
    /// Send the real message through the real relay, to these addresses alone
    #[arg(long, value_name = "ADDR", num_args = 1..)]
    pub(crate) test: Vec<String>,
    #[command(flatten)]
    pub(crate) confirm: Confirm,
    /// Add or try again those of an earlier mailing: new, rejected, deferred, unknown
    #[arg(
        long,
        value_name = "WHO",
        value_enum,
        value_delimiter = ',',
        hide_possible_values = true,
        conflicts_with_all = ["dry_run", "test"]
    )]
    pub(crate) only: Vec<Only>,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What is said of a mailing before it starts.
#[derive(Debug, Args)]
pub(crate) struct Confirm {
    /// Start without asking
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) yes: bool,
    /// Start then: 2026-03-06T08:00, 08:00 or with a zone, 2026-03-06T08:00+01:00
    #[arg(long, value_name = "TIME", conflicts_with = "dry_run")]
    pub(crate) at: Option<String>,
    /// Only send content of this digest, as the dry run printed it
    #[arg(long, value_name = "DIGEST", conflicts_with = "dry_run")]
    pub(crate) expect: Option<String>,
    /// Only to these: lang:en, tag:x, edition:paid, mailed:665, with and, or, not
    #[arg(long, value_name = "FILTER")]
    pub(crate) to: Option<String>,
    /// How readers leave: mailto, where no server answers links
    #[arg(long, value_name = "HOW", value_enum, hide_possible_values = true)]
    pub(crate) unsubscribe: Option<Unsubscribe>,
    /// Mail an issue although it was mailed before, or is older than the list
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) yes_again: bool,
    /// Stay until everybody has it, however often that must be tried
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) wait: bool,
}

/// How readers leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Unsubscribe {
    /// By a mail alone.
    Mailto,
}

/// Whom a further run of a mailing is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Only {
    /// Who joined since.
    New,
    /// Who was refused.
    Rejected,
    /// Who was put off, before their time.
    Deferred,
    /// Of whom it is not known; they may get it twice.
    Unknown,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  letterpress resume                        all mailings that are not finished
  letterpress resume latest --wait          that of the latest issue, to the end

What was put off is tried at once, unless the server asked to be left alone. What
is scheduled is waited for.")]
pub(crate) struct Resume {
    /// The mailing, named as its issue; all that are unfinished when none is named
    pub(crate) mailing: Option<String>,
    /// Start what was missed without asking
    #[arg(long)]
    pub(crate) yes: bool,
    /// Stay until everybody has it, however often that must be tried
    #[arg(long)]
    pub(crate) wait: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
