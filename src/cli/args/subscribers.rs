//! What `subscribers` and `suppressions` understand.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum Subscribers {
    /// Take in a list: an export of another platform, a plain list, or our own
    Import(ImportList),
    /// Write everybody as a list, suppressions included
    Export(ExportList),
    /// List who is there
    List(ListSubscribers),
    /// Show one person: how they came, where they stand, what they got
    #[command(after_help = "\
Example:
  letterpress subscribers show ada@example.org")]
    Show {
        /// The address
        #[arg(value_name = "ADDR")]
        address: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Add people who asked you to
    Add(AddSubscribers),
    /// Unsubscribe somebody who asked you to
    #[command(after_help = "\
Example:
  letterpress subscribers remove ada@example.org

They stay known as somebody who left and are not mailed; `erase` forgets them.")]
    Remove {
        /// The address
        #[arg(value_name = "ADDR")]
        address: String,
    },
    /// Move somebody to another address
    #[command(after_help = "\
Example:
  letterpress subscribers change ada@example.org ada@example.net")]
    Change {
        /// The address on record
        old: String,
        /// The new one
        new: String,
    },
    /// Forget somebody for ever; a hash keeps later lists from bringing them back
    #[command(after_help = "\
Example:
  letterpress subscribers erase ada@example.org")]
    Erase {
        /// The address
        #[arg(value_name = "ADDR")]
        address: String,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  letterpress subscribers import email_list.weekly.csv --dry-run
  letterpress subscribers import subscribed_members_export_1a2b.csv
  letterpress subscribers import unsubscribed_members_export_1a2b.csv
  letterpress subscribers import addresses.txt --confirmed
  letterpress subscribers export --format ndjson | letterpress -C other subscribers import -

The columns tell which platform it is from: substack, mailchimp, ghost, listmonk,
beehiiv, buttondown, keila, curated, letterpress or plain. Keep the names of
Mailchimp's files: they say who left. Nobody is mailed whom the list does not call
a subscriber, and nothing is lifted: who left stays out. docs/subscribers.md has
the rules of each platform.

Exit code 4 when some lines were not understood.")]
pub(crate) struct ImportList {
    /// CSV or NDJSON; - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Whose list it is, if its columns do not tell
    #[arg(long, value_name = "FORMAT")]
    pub(crate) from: Option<String>,
    /// Where people stand of whom the list does not say it: pending (the usual),
    /// confirmed or unsubscribed
    #[arg(long, value_name = "STATUS")]
    pub(crate) status: Option<String>,
    /// The same as --status confirmed: you can show that they asked for it
    #[arg(long, conflicts_with = "status")]
    pub(crate) confirmed: bool,
    /// Say line by line what would happen; change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  letterpress subscribers export --out subscribers.csv

`import` reads it back as the same, here or elsewhere. It holds addresses: keep it
out of Git.")]
pub(crate) struct ExportList {
    /// csv or ndjson
    #[arg(long, value_enum, default_value_t, hide_possible_values = true)]
    pub(crate) format: ListForm,
    /// Write there instead of to standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// How a list is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListForm {
    /// For spreadsheets
    #[default]
    Csv,
    /// One JSON object a line
    Ndjson,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  letterpress subscribers list --status pending
  letterpress subscribers list @example.org
  letterpress subscribers list --tag berlin --json | jq -r '.[].email'")]
pub(crate) struct ListSubscribers {
    /// A part of the address or name
    #[arg(default_value = "", hide_default_value = true)]
    pub(crate) search: String,
    /// Only pending (sign-ups that nobody confirmed too), confirmed or unsubscribed
    #[arg(long)]
    pub(crate) status: Option<String>,
    /// Only with this tag
    #[arg(long)]
    pub(crate) tag: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  letterpress subscribers add ada@example.org --name 'Ada Lovelace'
  letterpress subscribers add 'Ada <ada@example.org>' bob@example.org --tag friends

They count as confirmed, with you as the one who says so. Who left, bounced or
complained is not brought back by it.")]
pub(crate) struct AddSubscribers {
    /// Addresses, with names or without
    #[arg(required = true, value_name = "ADDR")]
    pub(crate) addresses: Vec<String>,
    /// Their name
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The language they read: en, zh-Hans
    #[arg(long, value_name = "LANG")]
    pub(crate) language: Option<String>,
    /// A word that FILTER can choose by; may be said several times
    #[arg(long)]
    pub(crate) tag: Vec<String>,
    /// The edition they get, such as paid
    #[arg(long)]
    pub(crate) edition: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Suppressions {
    /// List all of them
    #[command(after_help = "\
Example:
  letterpress suppressions list --json | jq -r '.[].address'")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Never mail an address, or a whole domain
    Add(AddSuppression),
    /// Lift what you decided, or a complaint
    #[command(after_help = "\
Example:
  letterpress suppressions remove @example.org

Who left, was erased or bounced comes back by their own confirmed subscription
alone.")]
    Remove {
        /// The address, or @domain
        #[arg(value_name = "ADDR")]
        address: String,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  letterpress suppressions add ada@example.org --note 'asked by telephone'
  letterpress suppressions add @example.org")]
pub(crate) struct AddSuppression {
    /// The address, or @domain
    #[arg(value_name = "ADDR")]
    pub(crate) address: String,
    /// Why: manual, complaint, hard-bounce or unsubscribed
    #[arg(long, default_value = "manual")]
    pub(crate) reason: String,
    /// What else should be known of it
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) note: String,
}
