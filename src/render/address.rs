//! Addresses in the text: which may be written, which are relative, which
//! only mean something on the editor's own machine.

use url::Url;

/// What an address of the text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// Absolute and of a scheme that readers may follow; ready for an
    /// attribute but for HTML escaping.
    Absolute(String),
    /// Relative to the issue: `./issue-2.md`, `#top`, `/about`.
    Relative(String),
    /// A file of the editor's own machine.
    Local,
    /// Of a scheme that is not written (`javascript:`, `data:` …), or nothing
    /// at all.
    Refused,
}

/// Schemes that links may have.
const SCHEMES: [&str; 10] = [
    "https", "http", "mailto", "tel", "sms", "ftp", "irc", "ircs", "xmpp", "magnet",
];

impl Address {
    /// Reads an address as the editor wrote it, escapes resolved.
    pub(crate) fn read(written: &str) -> Address {
        let address = written.trim_matches(|c: char| c.is_whitespace() || c.is_control());
        if address.is_empty() {
            return Address::Refused;
        }
        if address.starts_with("https://") || address.starts_with("http://") {
            return Address::Absolute(href(address));
        }
        if is_local(address) {
            return Address::Local;
        }
        // Browsers drop tabs and line ends inside a scheme, so `java\tscript:`
        // is one: look at the address without them.
        let scheme = scheme(address);
        match scheme.as_deref() {
            None if address.starts_with("//") => {
                Address::Absolute(href(&format!("https:{address}")))
            }
            None => Address::Relative(address.to_owned()),
            Some(scheme) if SCHEMES.contains(&scheme) => Address::Absolute(href(address)),
            // `www.example.org:8080/x` and `localhost:80` have no scheme.
            Some(scheme) if scheme.contains('.') => Address::Relative(address.to_owned()),
            Some(_) => Address::Refused,
        }
    }
}

/// Whether an address names a file of the editor's own machine.
pub(crate) fn is_local(address: &str) -> bool {
    let bytes = address.as_bytes();
    let drive = bytes.len() > 2
        && bytes[0].is_ascii_alphabetic()
        && bytes[1] == b':'
        && matches!(bytes[2], b'\\' | b'/');
    let file = address
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case("file:"));
    let begins = |starts: &[&str]| starts.iter().any(|start| address.starts_with(start));
    // A site may have a page `/home/`, hardly a file `/home/someone/a.png`.
    let names_file = address
        .rsplit('/')
        .next()
        .is_some_and(|name| name.contains('.'));
    drive
        || file
        || begins(&["/Users/", "~/", "\\\\"])
        || names_file && begins(&["/home/", "/private/", "/var/folders/", "/tmp/"])
}

/// The scheme in lower case, as a browser would read it.
fn scheme(address: &str) -> Option<String> {
    let mut scheme = String::new();
    for character in address.chars() {
        match character {
            ':' => return (!scheme.is_empty()).then_some(scheme),
            '\t' | '\n' | '\r' => {}
            'a'..='z' | 'A'..='Z' => scheme.push(character.to_ascii_lowercase()),
            '0'..='9' | '+' | '-' | '.' if !scheme.is_empty() => scheme.push(character),
            // A control inside what could be a scheme is a trick.
            _ if character.is_control() => {}
            _ => return None,
        }
    }
    None
}

/// An absolute address in ASCII: what RFC 3986 §2 does not allow is percent
/// encoded, a host in other letters becomes its A-label.
fn href(address: &str) -> String {
    if address.bytes().all(is_allowed) {
        return address.to_owned();
    }
    let foreign_host = address
        .split_once("://")
        .is_some_and(|(_, rest)| !rest.split(['/', '?', '#']).next().unwrap_or("").is_ascii());
    if foreign_host && let Ok(url) = Url::parse(address) {
        return url.into();
    }
    encode(address)
}

/// Percent encodes what no address may hold.
pub(crate) fn encode(address: &str) -> String {
    if address.bytes().all(is_allowed) {
        return address.to_owned();
    }
    let mut out = String::with_capacity(address.len());
    for character in address.chars() {
        match character {
            _ if u8::try_from(character).is_ok_and(is_allowed) => out.push(character),
            '\t' | '\n' | '\r' => {}
            _ if character.is_control() => {}
            _ => {
                let mut buffer = [0; 4];
                for byte in character.encode_utf8(&mut buffer).bytes() {
                    const HEX: &[u8; 16] = b"0123456789ABCDEF";
                    out.push('%');
                    out.push(HEX[usize::from(byte >> 4)] as char);
                    out.push(HEX[usize::from(byte & 15)] as char);
                }
            }
        }
    }
    out
}

/// What RFC 3986 §2 allows in an address.
fn is_allowed(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9'
        | b'-' | b'.' | b'_' | b'~' | b'%'
        | b':' | b'/' | b'?' | b'#' | b'[' | b']' | b'@'
        | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=')
}

/// Where an address leads, for people: the host without `www.`, on code hosts
/// with the owner (`github.com/example`). Empty for anything but http.
pub(crate) fn destination(address: &str) -> String {
    let Some(rest) = address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"))
    else {
        return String::new();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority
        .rsplit('@')
        .next()
        .unwrap_or(authority)
        .to_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    const CODE_HOSTS: [&str; 7] = [
        "github.com",
        "gitlab.com",
        "codeberg.org",
        "bitbucket.org",
        "gitee.com",
        "git.sr.ht",
        "huggingface.co",
    ];
    let owner = path[path.len().min(1)..]
        .split(['/', '?', '#'])
        .next()
        .unwrap_or("");
    if CODE_HOSTS.contains(&host) && !owner.is_empty() && path.starts_with('/') {
        return format!("{host}/{owner}");
    }
    host.to_owned()
}

/// A bare address as it is shown: host and shortened path, at most 40
/// characters.
pub(crate) fn shortened(address: &str) -> String {
    const LONGEST: usize = 40;
    let shown = address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"))
        .unwrap_or(address);
    let shown = shown.strip_prefix("www.").unwrap_or(shown);
    let shown = shown.strip_suffix('/').unwrap_or(shown);
    if shown.chars().count() <= LONGEST {
        return shown.to_owned();
    }
    let mut short: String = shown.chars().take(LONGEST - 1).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart() {
        let absolute = |address: &str| Address::Absolute(address.to_owned());
        let relative = |address: &str| Address::Relative(address.to_owned());
        let cases = [
            (
                "https://example.org/a b?c=\"d\"",
                absolute("https://example.org/a%20b?c=%22d%22"),
            ),
            ("HTTP://example.org", absolute("HTTP://example.org")),
            ("//example.org/x", absolute("https://example.org/x")),
            (
                "https://example.org/周刊",
                absolute("https://example.org/%E5%91%A8%E5%88%8A"),
            ),
            (
                "https://münchen.example/ö",
                absolute("https://xn--mnchen-3ya.example/%C3%B6"),
            ),
            ("mailto:a@example.org", absolute("mailto:a@example.org")),
            ("./issue-2.md", relative("./issue-2.md")),
            ("#top", relative("#top")),
            ("/home/", relative("/home/")),
            ("/home/someone/a.png", Address::Local),
            ("www.example.org:80/x", relative("www.example.org:80/x")),
            ("a/b:c", relative("a/b:c")),
            ("javascript:alert(1)", Address::Refused),
            (" java\tscript:alert(1)", Address::Refused),
            ("\u{1}javascript:alert(1)", Address::Refused),
            ("java\u{1}script:alert(1)", Address::Refused),
            ("data:text/html,x", Address::Refused),
            ("vbscript:x", Address::Refused),
            ("", Address::Refused),
            ("/Users/someone/a.png", Address::Local),
            ("file:///etc/x", Address::Local),
            ("C:\\a.png", Address::Local),
            ("c:/a.png", Address::Local),
        ];
        for (written, expected) in cases {
            assert_eq!(Address::read(written), expected, "{written:?}");
        }
    }

    #[test]
    fn destination_is_the_host_and_on_code_hosts_the_owner() {
        let cases = [
            ("https://www.example.org/a", "example.org"),
            ("https://github.com/example/tool", "github.com/example"),
            ("https://github.com", "github.com"),
            ("https://github.com/?tab=x", "github.com"),
            ("http://user@Example.org:8080", "example.org:8080"),
            ("mailto:a@example.org", ""),
        ];
        for (address, expected) in cases {
            assert_eq!(destination(address), expected, "{address}");
        }
    }

    #[test]
    fn bare_addresses_are_shown_short() {
        assert_eq!(shortened("https://www.example.org/"), "example.org");
        let long = shortened("https://example.org/a/very/long/path/that/goes/on/and/on");
        assert_eq!(long.chars().count(), 40);
        assert!(long.ends_with('…'));
    }
}
