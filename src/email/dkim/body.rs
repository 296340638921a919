//! The hash of a body in its relaxed form (RFC 6376 §3.4.4).

use aws_lc_rs::digest::{Context, Digest, SHA256};

/// Octets that are looked at together; most have nothing to relax.
const BLOCK: usize = 64;

/// SHA-256 of the relaxed form of `body`: blanks at the end of lines and empty
/// lines at the end are left out, other runs of blanks are one, and there is a
/// line end after the last line. A body with nothing in it stays empty.
pub(super) fn hash(body: &[u8]) -> Digest {
    let mut context = Context::new(&SHA256);
    let body = without_end(body);
    if !body.is_empty() {
        relax(body, |piece| context.update(piece));
        context.update(b"\r\n");
    }
    context.finish()
}

/// The body without the blanks and line ends that it ends with.
fn without_end(mut body: &[u8]) -> &[u8] {
    loop {
        body = match body {
            [rest @ .., b'\r', b'\n'] | [rest @ .., b' ' | b'\t'] => rest,
            _ => return body,
        };
    }
}

/// Hands out `body`, which ends with neither blank nor line end, in pieces.
fn relax<'a>(body: &'a [u8], mut piece: impl FnMut(&'a [u8])) {
    let mut start = 0;
    let mut at = 0;
    while let Some(run) = next_run(body, at) {
        let blanks = body[run..].iter().take_while(|byte| is_blank(**byte));
        at = run + blanks.count();
        piece(&body[start..run]);
        if !body[at..].starts_with(b"\r\n") {
            piece(b" ");
        }
        start = at;
    }
    piece(&body[start..]);
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Where the next run of blanks begins, from `from` on, that is not a single
/// space within a line.
fn next_run(body: &[u8], from: usize) -> Option<usize> {
    let changes = |first: u8, second: u8| {
        (first == b'\t') | ((first == b' ') & ((second <= b' ') & (second != b'\n')))
    };
    let mut at = from;
    while at + BLOCK < body.len() {
        let firsts = &body[at..at + BLOCK];
        let seconds = &body[at + 1..at + 1 + BLOCK];
        let pairs = firsts.iter().zip(seconds);
        // No branch inside, so that the machine compares many at once.
        if pairs.fold(false, |any, (first, second)| any | changes(*first, *second)) {
            break;
        }
        at += BLOCK;
    }
    (at..body.len()).find(|&place| {
        let second = body.get(place + 1).copied().unwrap_or(b'.');
        changes(body[place], second)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relaxed(body: &str) -> String {
        let mut out = Vec::new();
        let body = without_end(body.as_bytes());
        if !body.is_empty() {
            relax(body, |piece| out.extend_from_slice(piece));
            out.extend_from_slice(b"\r\n");
        }
        String::from_utf8(out).unwrap()
    }

    /// The words of RFC 6376 §3.4.4, line by line.
    fn by_the_book(body: &str) -> String {
        let mut lines: Vec<String> = body
            .split("\r\n")
            .map(|line| {
                let mut relaxed = String::new();
                for character in line.chars() {
                    match character {
                        ' ' | '\t' if relaxed.ends_with(' ') => {}
                        ' ' | '\t' => relaxed.push(' '),
                        other => relaxed.push(other),
                    }
                }
                relaxed.trim_end_matches(' ').to_owned()
            })
            .collect();
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines.iter().map(|line| format!("{line}\r\n")).collect()
    }

    #[test]
    fn the_example_of_the_standard_comes_out() {
        assert_eq!(relaxed(" C \r\nD \t E\r\n\r\n\r\n"), " C\r\nD E\r\n");
        assert_eq!(relaxed(""), "");
        assert_eq!(relaxed("\r\n \t\r\n"), "");
        assert_eq!(relaxed("no line end"), "no line end\r\n");
    }

    #[test]
    fn blocks_give_what_single_lines_give() {
        // Every combination of what matters, at every place in a block.
        let pieces = ["x", " ", "\t", "\r\n", "\r", "\n"];
        for shift in [0, 1, 61, 62, 63, 64, 65, 127] {
            for code in 0..6_usize.pow(4) {
                let mut body = "y".repeat(shift);
                let mut rest = code;
                for _ in 0..4 {
                    body.push_str(pieces[rest % 6]);
                    rest /= 6;
                }
                body.push_str(&"z".repeat(code % 70));
                assert_eq!(relaxed(&body), by_the_book(&body), "{body:?}");
            }
        }
    }
}
