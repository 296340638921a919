//! How heavy the HTML is as it is sent.

use crate::diagnostic::Diagnostic;
use crate::email::check::markup::{Token, resolved, tokens};
use crate::email::message::{Content, Message};

/// Gmail shows that much of the HTML and hides the rest behind a link.
const CLIPPED: usize = 102_000;
/// Past this, little is left for the values of recipients.
const NEARLY_CLIPPED: usize = 90_000;
/// Sections that are named.
const NAMED: usize = 3;

/// Compares the encoded HTML of a message with what Gmail shows.
pub(crate) fn check(message: &Message, content: &Content, found: &mut Vec<Diagnostic>) {
    let size = encoded(&message.bytes);
    if size <= NEARLY_CLIPPED {
        return;
    }
    let kilobytes = size.div_ceil(1000);
    let diagnostic = if size > CLIPPED {
        Diagnostic::warning(
            "mail-too-large",
            format!("the HTML has {kilobytes} kB as sent: Gmail hides what is past 102 kB"),
        )
    } else {
        Diagnostic::note(
            "mail-nearly-too-large",
            format!("the HTML has {kilobytes} kB as sent of the 102 kB that Gmail shows"),
        )
    };
    let mut help = "the link to unsubscribe stands at the end".to_owned();
    let shares = shares(&content.html);
    if !shares.is_empty() {
        let shares: Vec<String> = shares
            .into_iter()
            .map(|(title, share)| format!("{title} {share} %"))
            .collect();
        help += "; the largest sections: ";
        help += &shares.join(", ");
    }
    found.push(diagnostic.help(help));
}

/// Octets of the HTML part as sent; 0 where there is none.
pub(super) fn encoded(bytes: &[u8]) -> usize {
    let find = |text: &[u8], wanted: &[u8]| text.windows(wanted.len()).position(|at| at == wanted);
    let part = find(bytes, b"Content-Type: text/html").map(|at| &bytes[at..]);
    let body = part.and_then(|part| Some(&part[find(part, b"\r\n\r\n")? + 4..]));
    // A boundary begins with what no encoding writes.
    body.map_or(0, |body| find(body, b"\r\n--=_").unwrap_or(body.len()))
}

/// The largest sections and what share of the HTML each has, in percent.
fn shares(html: &str) -> Vec<(String, usize)> {
    let starts: Vec<usize> = html.match_indices("<h2").map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([html.len()]);
    let mut shares: Vec<(String, usize)> = starts
        .iter()
        .zip(ends)
        .map(|(start, end)| {
            let section = &html[*start..end];
            (title(section), section.len() * 100 / html.len())
        })
        .collect();
    shares.sort_by_key(|(_, share)| std::cmp::Reverse(*share));
    shares.truncate(NAMED);
    shares
}

fn title(section: &str) -> String {
    let mut title = String::new();
    for token in tokens(section) {
        match token {
            Token::Close(name) if name == "h2" => break,
            Token::Text(text) => title += &resolved(text),
            _ => {}
        }
    }
    title.trim().to_owned()
}
