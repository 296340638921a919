use crate::diagnostic::Diagnostic;
use crate::email::links::{Links, WayOut};
use crate::email::message::{Content, Message};

/// Gmail shows that much of the HTML and hides the rest behind a link.
const CLIPPED: usize = 102_000;
/// Past this, little is left for the values of recipients.
const NEARLY_CLIPPED: usize = 90_000;
/// Phones cut subjects earlier; past this every program does.
const LONG_SUBJECT: usize = 100;

/// What can be said of a finished message: that which receivers refuse, hide or
/// mistrust, and which shows in no single line of the text.
pub fn check(message: &Message, content: &Content, links: &Links) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    subject(content, &mut found);
    headers(message, links, &mut found);
    parts(content, links, &mut found);
    references(&content.html, &mut found);
    if !links.live {
        found.push(
            Diagnostic::note("dead-links", "the links to leave and to choose are dead")
                .help("they work once a signing key is set: server.key_file"),
        );
    }
    found
}

fn subject(content: &Content, found: &mut Vec<Diagnostic>) {
    let subject = content.subject.trim();
    let characters = subject.chars().count();
    if subject.is_empty() {
        found.push(Diagnostic::error("empty-subject", "the subject is empty"));
    }
    if characters > LONG_SUBJECT {
        found.push(
            Diagnostic::warning(
                "long-subject",
                format!("the subject has {characters} characters"),
            )
            .help("inboxes show the first 40 to 70"),
        );
    }
    let lower = subject.to_lowercase();
    if ["re:", "fwd:", "fw:", "aw:"]
        .iter()
        .any(|prefix| lower.starts_with(prefix))
    {
        found.push(Diagnostic::warning(
            "reply-subject",
            "the subject pretends to be an answer or a forwarded mail",
        ));
    }
}

fn headers(message: &Message, links: &Links, found: &mut Vec<Diagnostic>) {
    let header = message.header();
    let unfolded = header.replace("\r\n ", " ");
    let value = |name: &str| {
        unfolded.split("\r\n").find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    };
    // RFC 8058 §3.1.
    let https =
        value("List-Unsubscribe").is_some_and(|list| list.matches("<https://").count() == 1);
    let post = value("List-Unsubscribe-Post") == Some("List-Unsubscribe=One-Click");
    if links.way_out == WayOut::Mailto {
        found.push(
            Diagnostic::note(
                "unsubscribe-by-mail",
                "readers leave by a mail alone, there is no one click",
            )
            .help("somebody must read the mail to the address in List-Unsubscribe"),
        );
    } else if !https || !post {
        found.push(
            Diagnostic::warning(
                "missing-one-click",
                "there is no way to unsubscribe by one click, which large providers demand",
            )
            .help("server.url must begin with https://"),
        );
    }
    let from = value("From").unwrap_or_default();
    if from
        .rsplit_once('<')
        .is_some_and(|(name, _)| name.contains('@'))
    {
        found.push(Diagnostic::warning(
            "address-as-name",
            "the name of the sender looks like a mail address",
        ));
    }
    let reply = value("Reply-To").unwrap_or(from).to_lowercase();
    let reply = reply.replace(['-', '_', '.'], "");
    if reply.contains("noreply@") || reply.contains("donotreply@") {
        found.push(
            Diagnostic::warning("no-reply", "answers of readers reach nobody")
                .help("set newsletter.reply_to to an address that is read"),
        );
    }
    for line in header.split("\r\n").filter(|line| line.len() > 78) {
        // An address cannot be folded, so a line of one word is as short as
        // it can be.
        let words = line.split_whitespace().filter(|word| !word.ends_with(':'));
        if words.count() > 1 {
            let name = line.split(':').next().unwrap_or_default().trim();
            found.push(Diagnostic::note(
                "long-header-line",
                format!("a header line ({name}) has {} characters", line.len()),
            ));
        }
    }
}

fn parts(content: &Content, links: &Links, found: &mut Vec<Diagnostic>) {
    let size = content.html.len();
    if size > NEARLY_CLIPPED {
        let kilobytes = size.div_ceil(1000);
        let diagnostic = if size > CLIPPED {
            Diagnostic::warning(
                "mail-too-large",
                format!("the HTML has {kilobytes} kB: Gmail hides what is past 102 kB"),
            )
        } else {
            Diagnostic::note(
                "mail-nearly-too-large",
                format!("the HTML has {kilobytes} kB of the 102 kB that Gmail shows"),
            )
        };
        found.push(diagnostic.help("the link to unsubscribe stands at the end"));
    }
    for (name, part) in [
        ("subject", &content.subject),
        ("HTML", &content.html),
        ("text", &content.text),
    ] {
        if name != "subject" && part.trim().is_empty() {
            found.push(Diagnostic::error(
                "empty-part",
                format!("the {name} part is empty"),
            ));
        } else if name != "subject" && !part.contains(links.unsubscribe.as_str()) {
            found.push(Diagnostic::warning(
                "no-visible-unsubscribe",
                format!("the {name} part shows no link to unsubscribe"),
            ));
        }
        if part.contains("{{") {
            found.push(Diagnostic::warning(
                "leftover-template",
                format!("the {name} holds {{{{, as if a template was not filled in"),
            ));
        }
    }
}

fn references(html: &str, found: &mut Vec<Diagnostic>) {
    let (mut bare, mut local, mut insecure) = (Vec::new(), Vec::new(), Vec::new());
    for (tag, reference) in attributes(html) {
        let lower = reference.to_ascii_lowercase();
        let image = tag == "img";
        let has_scheme = ["http://", "https://", "mailto:", "tel:"]
            .iter()
            .any(|scheme| lower.starts_with(scheme));
        if image && lower.starts_with("http://") {
            insecure.push(reference);
        } else if image && !lower.starts_with("https://") {
            local.push(reference);
        } else if !image && !has_scheme && !reference.starts_with('#') {
            bare.push(reference);
        }
    }
    let mut tell = |code, references: Vec<&str>, words: &str, help: &str| {
        if let Some(first) = references.first() {
            let shown: String = first.chars().take(80).collect();
            let more = match references.len() {
                1 => String::new(),
                count => format!(" and {} more", count - 1),
            };
            found.push(Diagnostic::warning(code, format!("{words}: {shown}{more}")).help(help));
        }
    };
    tell(
        "mail-link-without-scheme",
        bare,
        "a link leads nowhere from within mail",
        "write it with https://",
    );
    tell(
        "mail-local-image",
        local,
        "an image has no address on the web",
        "images need an absolute https address",
    );
    tell(
        "mail-http-image",
        insecure,
        "an image is not fetched by https, so many programs will not show it",
        "write its address with https://",
    );
}

/// `href` of each `a` and `src` of each `img`, in one pass. It reads HTML that
/// we wrote ourselves: attributes are quoted.
fn attributes(html: &str) -> impl Iterator<Item = (&'static str, &str)> {
    html.split('<').skip(1).filter_map(|rest| {
        let (tag, name) = [("a", "href"), ("img", "src")]
            .into_iter()
            .find(|(tag, _)| {
                rest.get(..tag.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(tag))
                    && rest[tag.len()..].starts_with(char::is_whitespace)
            })?;
        let rest = rest.split('>').next()?;
        let mut pieces = rest.split('"');
        while let Some(before) = pieces.next() {
            let value = pieces.next()?;
            let key = before.trim().trim_end_matches('=');
            if key
                .rsplit(char::is_whitespace)
                .next()?
                .eq_ignore_ascii_case(name)
            {
                return Some((tag, value));
            }
        }
        None
    })
}
