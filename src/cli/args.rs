//! The command line: what may be said, and the help that teaches it.

mod doctor;
mod mailings;
mod sending;
mod subscribers;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::cli::report::Format;
use crate::cli::terminal::Color;

pub(crate) use doctor::Doctor;
pub(crate) use mailings::{BackUp, Cancel, Mailings, Pause, Report, Status};
pub(crate) use sending::{Confirm, Only, Publish, Resume, Send, Unsubscribe};
pub(crate) use subscribers::{
    AddSubscribers, AddSuppression, ExportList, ImportList, ListForm, ListSubscribers, Subscribers,
    Suppressions,
};

/// From one Markdown file an issue to feeds, a web archive and mail.
#[derive(Debug, Parser)]
#[command(
    name = "letterpress",
    version,
    about,
    after_help = AFTER_HELP,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    max_term_width = 90
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Start here:
  letterpress init my-weekly           a newsletter that works at once
  cd my-weekly
  letterpress new \"What I read\"        the next issue, as a draft
  letterpress check                    what is wrong, with line and column
  letterpress build                    feeds and web archive
  letterpress publish latest --dry-run all of it, mail included, under outbox/

ISSUE is a number (12), latest, next, a slug, a date (2026-02-27), any of them
after a language (en/12), or a path. `letterpress COMMAND --help` says more.

Exit codes: 0 done, 1 unexpected failure, 2 wrong usage or configuration, 3 the
issue has errors, 4 finished with messages rejected or unknown, or lines of a list
not understood, 75 unfinished: run it again.";

/// What every command understands.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// The newsletter's folder; all other paths are relative to it
    #[arg(
        short = 'C',
        global = true,
        value_name = "DIR",
        default_value = ".",
        hide_default_value = true
    )]
    pub(crate) folder: PathBuf,
    /// Settings to use instead of config/letterpress.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// One setting for this run: --set feeds.entries=50
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Say more
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Say errors only
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Use colors: auto, always or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) color: Color,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a newsletter's folder that works at once
    Init(Init),
    /// Begin the next issue, as a draft
    New(New),
    /// Say what is wrong with issues, settings and templates
    Check(Check),
    /// Print what is understood of a file, as JSON
    Inspect(Inspect),
    /// Print one issue as HTML, text, mail or repaired Markdown
    Render(Render),
    /// Write the feeds and the web archive
    Build(Build),
    /// Open the editor's desk in the browser: see an issue before it leaves
    Preview(Preview),
    /// Check, build, deploy and mail in one go; with --dry-run only show it
    Publish(Publish),
    /// Mail an issue: to the list, to yourself, or as files
    Send(Send),
    /// Go on with mailings that are not finished
    Resume(Resume),
    /// List what was mailed
    Mailings(Mailings),
    /// Say how far a mailing is and who is sending
    Status(Status),
    /// Stop a mailing for a while
    Pause(Pause),
    /// End a mailing before all have it
    Cancel(Cancel),
    /// Say who got a mailing, who did not, and why
    Report(Report),
    /// Move between SQLite and PostgreSQL
    Store(StoreCommand),
    /// Send the mailings of a shared store, as one of several
    Worker(Worker),
    /// Serve the archive, and the links by which readers leave
    Serve(Serve),
    /// Copy the store with its keys, while all goes on
    Backup(BackUp),
    /// Import, export and look after the people who get the mail
    #[command(subcommand, arg_required_else_help = true)]
    Subscribers(Subscribers),
    /// Addresses and domains that are never mailed
    #[command(subcommand, arg_required_else_help = true)]
    Suppressions(Suppressions),
    /// Read what came back: delivery reports, complaints, mails to leave
    Bounces(Bounces),
    /// Say whether mail can leave, arrive and be answered
    Doctor(Doctor),
    /// Take over the ids of a feed that was published before
    #[command(subcommand, arg_required_else_help = true)]
    Ids(Ids),
    /// Make the keys that sign mail, or show what to publish of them
    #[command(subcommand, arg_required_else_help = true)]
    Dkim(Dkim),
    /// Show or check the settings
    #[command(subcommand, arg_required_else_help = true)]
    Config(Config),
    /// Print completions for a shell
    Completions(Completions),
    /// Print the manual page
    Man,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  letterpress init my-weekly && cd my-weekly && letterpress build

Nothing that is there already is overwritten: run it in a folder that has issues
and only what is missing is added.")]
pub(crate) struct Init {
    /// The folder; made when missing
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  $EDITOR \"$(letterpress new 'What I read this week')\"

Number and date go on from the issues before; the text comes from
templates/issue.md.")]
pub(crate) struct New {
    /// Its title
    #[arg(default_value = "", hide_default_value = true)]
    pub(crate) title: String,
    /// Its date, if not the one worked out: 2026-03-06
    #[arg(long, value_name = "DATE")]
    pub(crate) date: Option<chrono::NaiveDate>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  letterpress check                         everything
  letterpress check next                    the issue you are writing
  letterpress check --since origin/main --format github
                                            a pull request: only what it adds

Exit code 3 when there are errors; with --strict also when there are warnings.")]
pub(crate) struct Check {
    /// Issues to check; all when none is named
    #[arg(value_name = "ISSUE")]
    pub(crate) issues: Vec<String>,
    /// Only what was added since this Git revision
    #[arg(long, value_name = "REV")]
    pub(crate) since: Option<String>,
    /// How to print findings: human, json or github
    #[arg(
        long,
        value_enum,
        default_value_t,
        conflicts_with = "json",
        hide_possible_values = true
    )]
    pub(crate) format: Format,
    /// Fail on warnings too
    #[arg(long)]
    pub(crate) strict: bool,
    /// The same as --format json
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  letterpress inspect issues/*.md | jq '.[] | {number, date, item_count}'

One object for one file, an array for several; docs/json.md describes it.")]
pub(crate) struct Inspect {
    /// Markdown files
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  letterpress render latest --as html > latest.html
  letterpress render next --as eml > next.eml
  letterpress render issues/en/12.md --as markdown > repaired.md")]
pub(crate) struct Render {
    /// The issue: 12, latest, next, a slug, a date, en/12 or a path
    pub(crate) issue: String,
    /// What to print
    #[arg(long = "as", value_enum, value_name = "FORM")]
    pub(crate) form: Form,
}

/// What `render` makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// The full text as feeds hold it
    Html,
    /// The plain text of its mail, without the frame
    Text,
    /// The source, with damaged characters repaired
    Markdown,
    /// The HTML part of its mail
    EmailHtml,
    /// The text part of its mail
    EmailText,
    /// The whole message, for a mail program
    Eml,
}

#[derive(Debug, Args)]
pub(crate) struct StoreCommand {
    #[command(subcommand)]
    pub(crate) about: StoreAbout,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StoreAbout {
    /// Copy a whole store into an empty one
    Copy(Copy),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  letterpress store copy sqlite:data/letterpress.db postgres://me@db.example.org/weekly

Nothing may be sent meanwhile. What was copied is read back and compared. The copy
is the same store, known by the same id: set store.url and go on with it alone.")]
pub(crate) struct Copy {
    /// The store, as store.url names it
    #[arg(value_name = "FROM")]
    pub(crate) from: String,
    /// An empty one, made where it is not there
    #[arg(value_name = "TO")]
    pub(crate) to: String,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  letterpress worker

Any number of them, on any number of machines, send the same mailings out of one
PostgreSQL database, begin what is scheduled at its time and keep to the same
limits. Each needs the settings and the keys. SIGTERM ends it after the messages
under way.")]
pub(crate) struct Worker {}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  letterpress preview                       then open the address that it prints
  letterpress preview --export site next    its views as pages, for a pull request

The desk shows an issue as its readers will see it, anew whenever a file is saved,
with every mistake at its place; test, approval and sending are its last steps. It
listens on this machine alone, and the address holds a key. Ctrl-C ends it.")]
pub(crate) struct Preview {
    /// Issues to export; the next and the latest when none is named
    #[arg(value_name = "ISSUE", requires = "export")]
    pub(crate) issues: Vec<String>,
    /// Where to listen on this machine; 0 for any free port
    #[arg(long, value_name = "N", default_value_t = 4477)]
    pub(crate) port: u16,
    /// Where to listen instead, as ADDRESS:PORT: others may then come in, unencrypted
    #[arg(long, value_name = "ADDR", conflicts_with = "port")]
    pub(crate) listen: Option<SocketAddr>,
    /// Write the views as static pages into this folder, and end
    #[arg(long, value_name = "DIR")]
    pub(crate) export: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  letterpress serve --listen 127.0.0.1:8080

It speaks plain HTTP: a web server with a certificate belongs in front of it, and
server.url names that. docs/serve.md shows both. Ctrl-C ends it.")]
pub(crate) struct Serve {
    /// Where to listen, if not at server.listen
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  letterpress build && rsync -a --delete public/ host:/srv/weekly/

Two builds of the same files are the same to the byte; files that did not change
are not written; only files that an earlier build wrote are deleted.")]
pub(crate) struct Build {
    /// Where to write instead of public/ and feeds/
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Build even if published feeds would lose entries
    #[arg(long)]
    pub(crate) allow_loss: bool,
    /// Print what was written as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  letterpress bounces ~/Maildir/.bounces --dry-run   what would follow
  letterpress bounces ~/Maildir/.bounces             messages of new/ are seen then
  letterpress bounces - < mbox                       a message or an mbox

No such mailbox, or called spam: suppressed at once. Not delivered for now:
counted, and suppressed after bounces.soft_limit messages. Only a report with a
token of ours means anybody. Exit code 4 when something could not be read; that is
kept for you to look at.")]
pub(crate) struct Bounces {
    /// A message, an mbox or a Maildir; - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) source: PathBuf,
    /// Only say what would follow
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Where a copy goes of what cannot be read
    #[arg(long, value_name = "DIR", default_value = "data/unreadable")]
    pub(crate) keep: PathBuf,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Ids {
    /// Pin the ids and dates of a published feed, so that readers see nothing twice
    #[command(after_help = "\
Example:
  curl -s https://weekly.example.org/rss.xml | letterpress ids import - --dry-run

Entries are found by id, then by link, then by title and date. What was found is
pinned in feeds/ids.lock; what was not is listed.")]
    Import(Import),
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// RSS, Atom or JSON Feed: a file, its address on the web, or - for standard
    /// input
    #[arg(value_name = "FILE|URL")]
    pub(crate) feed: PathBuf,
    /// Only say what would be pinned
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Dkim {
    /// Make a key, and say what to publish and what to set
    Generate(DkimGenerate),
    /// Print the DNS records of the keys that are set
    Show {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  letterpress dkim generate                 an RSA key for the sender's domain
  letterpress dkim generate --ed25519       an Ed25519 key beside it
  letterpress dkim generate --selector lp27 another key, to change to it

A key that is there already is never overwritten.")]
pub(crate) struct DkimGenerate {
    /// The domain that signs, if not the sender's
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) domain: Option<String>,
    /// The name under which the key is published
    #[arg(long, value_name = "NAME", default_value = "letterpress")]
    pub(crate) selector: String,
    /// Bits of the RSA key: 2048, 3072 or 4096
    #[arg(long, value_name = "BITS", default_value = "2048", value_parser = ["2048", "3072", "4096"], hide_possible_values = true)]
    pub(crate) rsa: String,
    /// Make an Ed25519 key too, for a second signature
    #[arg(long)]
    pub(crate) ed25519: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print every setting with the layer that set it
    #[command(after_help = "\
Example:
  letterpress config show | grep -v '# default'")]
    Show {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say what is wrong with the settings, and what is still missing
    #[command(after_help = "\
Example:
  letterpress config check && letterpress build")]
    Check {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  letterpress completions bash > ~/.local/share/bash-completion/completions/letterpress")]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}
