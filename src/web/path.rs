//! Paths of addresses, and what of them may name a file of a build.

/// The names in a path, decoded once; the last is empty for a folder. `None`
/// where a name is none that a build writes.
pub(super) fn segments(path: &str) -> Option<Vec<String>> {
    let names: Option<Vec<String>> = path.strip_prefix('/')?.split('/').map(decoded).collect();
    let names = names?;
    let (last, folders) = names.split_last()?;
    let sound = |name: &str| {
        let hidden = name.starts_with('.') && name != ".well-known";
        !hidden && !name.contains(['/', '\\', ':']) && !name.chars().any(char::is_control)
    };
    let folders_sound = folders.iter().all(|name| !name.is_empty() && sound(name));
    (folders_sound && sound(last)).then_some(names)
}

/// A segment without its percent signs (RFC 3986 §2.1); `None` where they are
/// wrong or what they hide is no text.
fn decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let (high, low) = (digit()?, digit()?);
        bytes.push(u8::try_from(high << 4 | low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

/// Whether a name holds a hash of the file's bytes.
pub(super) fn is_hashed(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    let last = stem.rsplit('-').next().unwrap_or_default();
    last.len() >= 16 && last.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A path on one line of the log.
pub(super) fn printable(path: &str) -> String {
    path.chars()
        .map(|c| if c.is_whitespace() { '_' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_their_folder() {
        let read = |path: &str| segments(path).map(|names| names.join("|"));
        assert_eq!(read("/"), Some(String::new()));
        assert_eq!(read("/issues/a%20b/"), Some("issues|a b|".to_owned()));
        assert_eq!(read("/%E4%B8%AD.html"), Some("中.html".to_owned()));
        assert_eq!(read("/.well-known/x"), Some(".well-known|x".to_owned()));
        for path in [
            "/..",
            "/../x",
            "/a/../../x",
            "/%2e%2e/x",
            "/%2E./x",
            "/a/%2e%2e",
            "/..%2fx",
            "/a%2f..%2fx",
            "/..%5cx",
            "/..\\x",
            "/%00",
            "/a%0ab",
            "//etc/passwd",
            "/a//b",
            "/.git/config",
            "/.letterpress",
            "/C:/x",
            "/%c0%ae%c0%ae/x",
            "/%",
            "/%2",
            "/%zz",
            "x",
        ] {
            assert_eq!(read(path), None, "{path}");
        }
        // Decoded once, never twice.
        assert_eq!(read("/%252e%252e/x"), Some("%2e%2e|x".to_owned()));
    }

    #[test]
    fn only_a_name_with_a_hash_lasts() {
        assert!(is_hashed("0123456789abcdef.png"));
        assert!(is_hashed("photo-0123456789abcdef0123.jpg"));
        assert!(!is_hashed("feed.json") && !is_hashed("index.html"));
        assert!(!is_hashed("deadbeef.png"));
    }
}
