//! Bounces from before RFC 3464, written for people: qmail's, older ones of
//! Exim, and others that quote a reply.

use crate::bounce::class::{Said, class};
use crate::bounce::head::Head;
use crate::bounce::report::Class;
use crate::bounce::status::{Failed, shortened};

/// What is longer is not a bounce that a person was to read.
const LONGEST: usize = 64 << 10;

/// Lines after which the returned message follows, in lower case.
const COPIES: &[&str] = &[
    "--- below this line is a copy of the message",
    "------ this is a copy of the message",
    "------ the body of the message",
    "--- the header of the original message",
    "--- original message",
    "-----original message",
];

/// A text bounce: how it failed, and the returned message's header where it
/// follows.
#[derive(Debug)]
pub(crate) struct TextBounce {
    pub(crate) failed: Failed,
    pub(crate) returned: Option<Head>,
}

/// Reads a message for people as a bounce, where it is one.
pub(crate) fn read(head: &Head, body: &[u8]) -> Option<TextBounce> {
    let body = String::from_utf8_lossy(&body[..body.len().min(LONGEST)]);
    let (words, copy) = parted(&body);
    let exim = head.first("x-failed-recipients");
    let qmail = words.trim_start().starts_with("Hi. This is the");
    let from = head.first("from").unwrap_or_default().to_ascii_lowercase();
    if exim.is_none() && !qmail && !from.contains("mailer-daemon") {
        return None;
    }
    let said = quoted(words);
    // Exim and qmail write so only of what has failed for good; of any other
    // program only a permanent reply says so.
    let permanent = |said: &Said| {
        said.code.is_some_and(|code| code >= 500) || said.enhanced.is_some_and(|e| e.0 == 5)
    };
    if exim.is_none() && !qmail && !said.as_ref().is_some_and(permanent) {
        return None;
    }
    let (class, status) = match &said {
        Some(said) => class(None, said),
        None => (Class::Soft, None),
    };
    let unexplained = exim.is_some() && said.is_none();
    let failed = Failed {
        class: Some(class),
        status,
        diagnostic: shortened(&said.map(|said| said.text).unwrap_or_default()),
        final_recipient: exim.map(shortened),
    };
    Some(TextBounce {
        failed: match unexplained {
            true => explained(failed, words.as_bytes()),
            false => failed,
        },
        returned: copy
            .and_then(|copy| Head::read(copy.trim_start().as_bytes()))
            .map(|(head, _)| head),
    })
}

/// A failure of which Exim's report says no more than `5.0.0`: why it could not
/// route the address stands in its text alone, which is `words`.
pub(crate) fn explained(failed: Failed, words: &[u8]) -> Failed {
    let words = String::from_utf8_lossy(&words[..words.len().min(LONGEST)]);
    let Some(reason) = reason(&words) else {
        return failed;
    };
    let said = Said::parse(&reason);
    let said = Said {
        // It is the address that failed, as at RCPT.
        code: said.code.or(Some(550)),
        ..said
    };
    let (class, status) = class(failed.status, &said);
    Failed {
        class: Some(class),
        status,
        diagnostic: shortened(&reason),
        ..failed
    }
}

/// What Exim says below the first address that failed.
fn reason(words: &str) -> Option<String> {
    let mut lines = words.lines().skip_while(|line| !line.contains("failed:"));
    lines.next()?;
    let mut lines = lines.skip_while(|line| line.trim().is_empty());
    lines.next().filter(|address| address.contains('@'))?;
    let reason: Vec<&str> = lines
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    (!reason.is_empty()).then(|| reason.join(" "))
}

/// The words of the report, and the returned message behind them.
fn parted(body: &str) -> (&str, Option<&str>) {
    let mut at = 0;
    for line in body.split_inclusive('\n') {
        let begins = line.trim_start().to_ascii_lowercase();
        if COPIES.iter().any(|copy| begins.starts_with(copy)) {
            return (&body[..at], Some(&body[at + line.len()..]));
        }
        at += line.len();
    }
    (body, None)
}

/// The first reply that is quoted: `550 5.1.1 …` at the beginning of a line or
/// after a colon, or qmail's `(#5.1.1)`.
fn quoted(words: &str) -> Option<Said> {
    let from_code = |line: &str| {
        let starts = std::iter::once(0).chain(line.match_indices(": ").map(|(at, _)| at + 2));
        starts
            .map(|start| Said::parse(&line[start..]))
            .find(|said| said.code.is_some())
    };
    let from_mark = |line: &str| {
        let (_, mark) = line.split_once("(#")?;
        let (mark, _) = mark.split_once(')')?;
        let said = Said {
            text: line.trim().to_owned(),
            ..Said::parse(mark)
        };
        said.enhanced.is_some().then_some(said)
    };
    words
        .lines()
        .find_map(|line| from_code(line).or_else(|| from_mark(line)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_replies_are_found_and_numbers_in_prose_are_not() {
        let cases = [
            ("  550 5.1.1 gone\n", Some(550)),
            ("mx said: 552 full\n", Some(552)),
            ("RCPT TO:<a@example.org>: 550-5.1.1 no\n", Some(550)),
            ("we have 550 offers\n5000 more\n", None),
        ];
        for (text, expected) in cases {
            assert_eq!(quoted(text).and_then(|said| said.code), expected, "{text}");
        }
        let qmail = quoted("Sorry, no mailbox here by that name. (#5.1.1)\n").unwrap();
        assert_eq!(class(None, &qmail).0, Class::Hard);
    }
}
