use serde::Serialize;

use crate::diagnostic::Diagnostic;
use crate::email::message::{Content, Message};
use crate::subscriber::Recipient;

/// What is known of one message of a dry run when it is told of.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// For whom it is.
    pub recipient: &'a Recipient,
    /// What it says.
    pub content: &'a Content,
    /// The line inboxes show beside the subject.
    pub preheader: &'a str,
    /// The finished message.
    pub message: &'a Message,
    /// What the checks found.
    pub findings: &'a [Diagnostic],
    /// Name of the `.eml` file beside the report, where one was written.
    pub file: Option<&'a str>,
    /// Name of the file that holds the HTML part alone.
    pub html_file: Option<&'a str>,
}

/// The whole of a dry run: `report.json`, and the values of `index.html`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Key of the issue.
    pub issue: String,
    /// The newsletter's title.
    pub newsletter: String,
    /// SHA-256 of the content before recipients' own values.
    pub digest: String,
    /// Whether the recipients were invented, for want of a list.
    pub invented: bool,
    /// Whether the links to leave and to choose work.
    pub live_links: bool,
    /// Sums.
    pub totals: Totals,
    /// What the checks found, each thing once, with how often.
    pub findings: Vec<FindingLine>,
    /// Who gets none, and why.
    pub excluded: Vec<Excluded>,
    /// All messages, in order.
    pub messages: Vec<MessageLine>,
}

/// Sums over all messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// How many were built.
    pub messages: usize,
    /// How many lie beside the report.
    pub written: usize,
    /// Octets of all.
    pub bytes: u64,
    /// Octets of the largest.
    pub largest: u64,
}

/// Somebody who gets no message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excluded {
    /// Their address.
    pub address: String,
    /// Why.
    pub reason: String,
}

/// Something the checks found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FindingLine {
    /// Stable name.
    pub code: String,
    /// `error`, `warning` or `note`.
    pub level: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// In how many messages.
    pub messages: usize,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MessageLine {
    /// Address of the recipient.
    pub address: String,
    /// Their name, may be empty.
    pub name: String,
    /// Language of the edition they get.
    pub language: String,
    /// Subject, plain.
    pub subject: String,
    /// The line inboxes show beside it.
    pub preheader: String,
    /// Message-ID.
    pub message_id: String,
    /// MAIL FROM.
    pub envelope_sender: String,
    /// Octets of the message.
    pub bytes: u64,
    /// Octets of its HTML part, before encoding.
    pub html_bytes: u64,
    /// Octets of its text part, before encoding.
    pub text_bytes: u64,
    /// Codes of what the checks found.
    pub findings: Vec<String>,
    /// The `.eml` file, relative to the report.
    pub file: Option<String>,
    /// The HTML part alone, relative to the report.
    pub html_file: Option<String>,
    /// The header as sent; empty where no file was written.
    pub header: String,
    /// The text part; empty where no file was written.
    pub text: String,
}

/// Gathers what a dry run did, message by message: the messages themselves need
/// not be kept.
#[derive(Debug)]
pub struct Reporter {
    report: Report,
    /// Octets of the largest HTML part so far.
    largest_html: usize,
}

impl Reporter {
    /// Nothing yet of the mail of `newsletter` whose issue has the key `issue`.
    pub fn new(newsletter: &str, issue: &str, digest: &str, invented: bool) -> Reporter {
        Reporter {
            report: Report {
                issue: issue.to_owned(),
                newsletter: newsletter.to_owned(),
                digest: digest.to_owned(),
                invented,
                live_links: true,
                totals: Totals::default(),
                findings: Vec::new(),
                excluded: Vec::new(),
                messages: Vec::new(),
            },
            largest_html: 0,
        }
    }

    /// Counts a message, and tells of it in full where a file was written.
    pub fn add(&mut self, facts: &Facts<'_>) {
        let Report {
            totals, findings, ..
        } = &mut self.report;
        let size = facts.message.bytes.len() as u64;
        totals.messages += 1;
        totals.written += usize::from(facts.file.is_some());
        totals.bytes += size;
        totals.largest = totals.largest.max(size);
        let is_largest = facts.content.html.len() > self.largest_html;
        self.largest_html = self.largest_html.max(facts.content.html.len());
        for (index, finding) in facts.findings.iter().enumerate() {
            // What is said of every message differs in its words at most.
            if facts.findings[..index]
                .iter()
                .any(|other| other.code == finding.code)
            {
                continue;
            }
            match findings.iter_mut().find(|line| line.code == finding.code) {
                Some(known) => {
                    known.messages += 1;
                    // Sizes are told of the largest.
                    if is_largest {
                        let messages = known.messages;
                        *known = FindingLine {
                            messages,
                            ..line(finding)
                        };
                    }
                }
                None => findings.push(line(finding)),
            }
        }
        self.report.messages.push(message_line(facts));
    }

    /// The whole, with those who get none.
    pub fn finish(self, excluded: Vec<Excluded>) -> Report {
        let mut report = self.report;
        report.findings.sort_by(|one, other| {
            let rank = |line: &FindingLine| match line.level.as_str() {
                "error" => 0,
                "warning" => 1,
                _ => 2,
            };
            (rank(one), &one.code).cmp(&(rank(other), &other.code))
        });
        let dead = report.findings.iter().any(|line| line.code == "dead-links");
        report.live_links = !dead;
        report.excluded = excluded;
        report
    }
}

fn line(finding: &Diagnostic) -> FindingLine {
    FindingLine {
        code: finding.code.to_owned(),
        level: finding.level.name().to_owned(),
        message: finding.message.clone(),
        help: finding.help.clone(),
        messages: 1,
    }
}

fn message_line(facts: &Facts<'_>) -> MessageLine {
    let written = facts.file.is_some();
    let shown = |text: &str| {
        if written {
            text.to_owned()
        } else {
            String::new()
        }
    };
    MessageLine {
        address: facts.recipient.address.to_string(),
        name: facts.recipient.name.clone(),
        language: facts.content.language.clone(),
        subject: facts.content.subject.clone(),
        preheader: facts.preheader.to_owned(),
        message_id: facts.message.message_id.clone(),
        envelope_sender: facts.message.envelope.sender.to_string(),
        bytes: facts.message.bytes.len() as u64,
        html_bytes: facts.content.html.len() as u64,
        text_bytes: facts.content.text.len() as u64,
        findings: facts
            .findings
            .iter()
            .map(|finding| finding.code.to_owned())
            .collect(),
        file: facts.file.map(str::to_owned),
        html_file: facts.html_file.map(str::to_owned),
        header: shown(facts.message.header()),
        text: shown(&facts.content.text),
    }
}
