//! What SpamAssassin says of a message, where it is installed.
//!
//! The program `spamassassin` itself is asked, by its local rules alone: its
//! server would decide by itself whether to ask the network, and nothing of a dry
//! run leaves this machine.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::diagnostic::Diagnostic;

/// From here on receivers take a message for spam.
const SPAM: f64 = 5.0;
/// How long one message may take; loading the rules is most of it.
const PATIENCE: Duration = Duration::from_secs(20);
/// An answer holds the message; no answer is near this size.
const MOST: u64 = 64 << 20;
/// Rules that are named.
const NAMED: usize = 12;

/// Asks as long as there are answers.
#[derive(Debug)]
pub(crate) struct Assassin {
    program: String,
    left: usize,
    patience: Duration,
}

impl Assassin {
    /// Asks for so many messages at most.
    pub(crate) fn new(most: usize) -> Assassin {
        Assassin {
            program: "spamassassin".to_owned(),
            left: most,
            patience: PATIENCE,
        }
    }

    /// What it says; nothing where it is not there, or takes too long: then it is
    /// not asked again.
    pub(crate) fn judge(&mut self, message: &[u8]) -> Option<Diagnostic> {
        self.left = self.left.checked_sub(1)?;
        let verdict = self.ask(message).as_deref().and_then(verdict);
        if verdict.is_none() {
            self.left = 0;
        }
        let (score, rules) = verdict?;
        let mut words = format!("SpamAssassin gives {score} points by its local rules");
        if !rules.is_empty() {
            words += ": ";
            words += &rules[..rules.len().min(NAMED)].join(", ");
        }
        let diagnostic = if score > SPAM {
            Diagnostic::warning("high-spam-score", words)
        } else {
            Diagnostic::note("spam-score", words)
        };
        Some(diagnostic.help("most receivers take mail for spam from 5 points"))
    }

    fn ask(&self, message: &[u8]) -> Option<String> {
        let mut child = command(self.program.as_ref()).spawn().ok()?;
        let answer = answer(&mut child, message, self.patience);
        // Where it has ended already there is nothing to kill.
        let _ = child.kill();
        let _ = child.wait();
        answer
    }
}

fn command(program: &OsStr) -> Command {
    let mut command = Command::new(program);
    command
        .args(["-L", "-t"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// Writes and reads at once, for the program may do so too.
fn answer(child: &mut Child, message: &[u8], patience: Duration) -> Option<String> {
    let (mut input, output) = (child.stdin.take()?, child.stdout.take()?);
    let message = message.to_vec();
    thread::spawn(move || input.write_all(&message));
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut text = Vec::new();
        let read = output.take(MOST).read_to_end(&mut text);
        // Nobody waits any more where the time was up.
        let _ = sender.send(read.map(|_| text));
    });
    let text = receiver.recv_timeout(patience).ok()?.ok()?;
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// Score and rules from the field X-Spam-Status.
fn verdict(answer: &str) -> Option<(f64, Vec<String>)> {
    let answer = answer.replace("\r\n", "\n");
    let header = answer.split("\n\n").next()?;
    let unfolded = header.replace("\n\t", " ").replace("\n ", " ");
    let mut fields = unfolded.lines();
    let status = fields.find_map(|line| line.strip_prefix("X-Spam-Status:"))?;
    let after = |name: &str| status.split_once(name).map(|(_, after)| after);
    let score: f64 = after("score=")?.split_whitespace().next()?.parse().ok()?;
    let rules = after("tests=").unwrap_or_default();
    let rules = rules.split_once('=').map_or(rules, |(rules, _)| {
        // The next field of the status begins with its name.
        rules.rsplit_once(' ').map_or("", |(rules, _)| rules)
    });
    let rules = rules.split([',', ' ']).filter(|rule| !rule.is_empty());
    let rules = rules.filter(|rule| !rule.eq_ignore_ascii_case("none"));
    // It writes -0.0 where rules of little weight cancel out.
    Some((score + 0.0, rules.map(str::to_owned).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_read_from_a_folded_field() {
        let answer = "Received: x\nX-Spam-Status: Yes, score=6.2 required=5.0 tests=HTML_MESSAGE,\n\
                      \tURI_HEX,MISSING_MID autolearn=no autolearn_force=no\n\tversion=4.0.1\n\n\
                      X-Spam-Status: No, score=0\n";
        let rules = ["HTML_MESSAGE", "URI_HEX", "MISSING_MID"].map(str::to_owned);
        assert_eq!(verdict(answer), Some((6.2, rules.to_vec())));
        let none = "X-Spam-Status: No, score=-0.1 required=5.0 tests=none\n\n";
        assert_eq!(verdict(none), Some((-0.1, Vec::new())));
        let nothing = verdict("X-Spam-Status: No, score=-0.0 required=5.0 tests=none\n\n");
        assert_eq!(nothing.unwrap().0.to_string(), "0");
        assert_eq!(verdict("Subject: x\n\nX-Spam-Status: No, score=1\n"), None);
    }

    #[test]
    fn a_program_that_is_not_there_is_not_missed() {
        let mut assassin = Assassin::new(3);
        assassin.program = "/nonexistent/spamassassin".to_owned();
        assert_eq!(assassin.judge(b"Subject: x\r\n\r\n"), None);
        assert_eq!(assassin.left, 0);
    }
}
