//! What a domain publishes about its mail, read: keys (RFC 6376) and policies
//! (RFC 7489). Nothing is asked here.

/// What a published key is to ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyVerdict {
    /// The same. `testing` says that receivers are asked not to hold failures
    /// against the domain (`t=y`).
    Same {
        /// Whether it is only a test.
        testing: bool,
    },
    /// Another key.
    Other,
    /// It was taken back: `p=` is empty (RFC 6376 §3.6.1).
    Revoked,
    /// It is not to be used with SHA-256, or not for mail.
    Restricted,
    /// It is no list of tags with a key in it.
    Broken,
}

/// Holds a TXT record against the one that `dkim show` prints.
pub fn compare_key(published: &str, ours: &str) -> KeyVerdict {
    let (Some(theirs), Some(own)) = (tags(published), tags(ours)) else {
        return KeyVerdict::Broken;
    };
    let tag = |tags: &[(String, String)], name: &str| {
        let found = tags.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    };
    // RFC 6376 §3.6.1: where it is there it is the first, and says this.
    let version = theirs.iter().position(|(name, _)| name == "v");
    if version.is_some_and(|place| place != 0 || theirs[place].1 != "DKIM1") {
        return KeyVerdict::Broken;
    }
    let squeezed = |text: String| text.split_whitespace().collect::<String>();
    let key = match tag(&theirs, "p").map(squeezed) {
        None => return KeyVerdict::Broken,
        Some(key) if key.is_empty() => return KeyVerdict::Revoked,
        Some(key) => key,
    };
    let kind = |tags: &[(String, String)]| tag(tags, "k").unwrap_or_else(|| "rsa".to_owned());
    if kind(&theirs) != kind(&own) || Some(key) != tag(&own, "p").map(squeezed) {
        return KeyVerdict::Other;
    }
    let among = |name: &str, words: &[&str]| {
        tag(&theirs, name).is_none_or(|list| list.split(':').any(|one| words.contains(&one.trim())))
    };
    if !among("h", &["sha256"]) || !among("s", &["*", "email"]) {
        return KeyVerdict::Restricted;
    }
    let testing = tag(&theirs, "t").is_some_and(|list| list.split(':').any(|one| one == "y"));
    KeyVerdict::Same { testing }
}

/// What a domain asks receivers to do with mail that is not shown to be its own
/// (RFC 7489 §6.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dmarc {
    /// `none`, `quarantine` or `reject`.
    pub policy: String,
    /// Whether the domain of the signature must be that of From (`adkim=s`).
    pub strict_dkim: bool,
    /// Whether the domain of the envelope must be that of From (`aspf=s`).
    pub strict_spf: bool,
    /// Whether reports are asked for (`rua`).
    pub reports: bool,
}

/// Whether a TXT record means to be one of DMARC.
pub fn is_dmarc(text: &str) -> bool {
    let version = text.split(';').next().unwrap_or_default();
    let version: String = version.split_whitespace().collect();
    version.eq_ignore_ascii_case("v=DMARC1")
}

/// Reads one; what is wrong with it otherwise.
///
/// # Errors
///
/// A sentence's beginning, for people.
pub fn read_dmarc(text: &str) -> Result<Dmarc, &'static str> {
    let tags = tags(text).ok_or("is no list of tags")?;
    let tag = |name: &str| {
        let found = tags.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.to_ascii_lowercase())
    };
    let policy = tag("p").ok_or("has no policy (p=)")?;
    if !["none", "quarantine", "reject"].contains(&policy.as_str()) {
        return Err("has a policy (p=) that is none of none, quarantine and reject");
    }
    let strict = |name: &str| tag(name).as_deref() == Some("s");
    Ok(Dmarc {
        policy,
        strict_dkim: strict("adkim"),
        strict_spf: strict("aspf"),
        reports: tag("rua").is_some(),
    })
}

/// RFC 6376 §3.2: names in lower case with their values; nothing where one of
/// them has no `=` or comes twice.
fn tags(text: &str) -> Option<Vec<(String, String)>> {
    let mut tags: Vec<(String, String)> = Vec::new();
    for part in text
        .split(';')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let (name, value) = part.split_once('=')?;
        let name = name.trim().to_ascii_lowercase();
        if name.is_empty() || tags.iter().any(|(known, _)| *known == name) {
            return None;
        }
        tags.push((name, value.trim().to_owned()));
    }
    (!tags.is_empty()).then_some(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_keys_are_held_against_the_one_in_use() {
        let ours = "v=DKIM1; k=rsa; p=AAAABBBB";
        let cases = [
            (
                "v=DKIM1; k=rsa; p=AAAABBBB",
                KeyVerdict::Same { testing: false },
            ),
            ("p=AAAA BBBB", KeyVerdict::Same { testing: false }),
            (
                "v=DKIM1;t=y:s;p=AAAABBBB;",
                KeyVerdict::Same { testing: true },
            ),
            ("v=DKIM1; k=rsa; p=AAAABBBC", KeyVerdict::Other),
            ("v=DKIM1; k=ed25519; p=AAAABBBB", KeyVerdict::Other),
            ("v=DKIM1; k=rsa; p=", KeyVerdict::Revoked),
            ("v=DKIM1; h=sha1; p=AAAABBBB", KeyVerdict::Restricted),
            (
                "v=DKIM1; h=sha1:sha256; s=email; p=AAAABBBB",
                KeyVerdict::Same { testing: false },
            ),
            ("v=DKIM1; s=other; p=AAAABBBB", KeyVerdict::Restricted),
            ("k=rsa; v=DKIM1; p=AAAABBBB", KeyVerdict::Broken),
            ("v=DKIM2; p=AAAABBBB", KeyVerdict::Broken),
            ("v=DKIM1; k=rsa", KeyVerdict::Broken),
            ("hello", KeyVerdict::Broken),
            ("", KeyVerdict::Broken),
        ];
        for (published, verdict) in cases {
            assert_eq!(compare_key(published, ours), verdict, "{published}");
        }
    }

    #[test]
    fn policies_are_read_or_said_to_be_wrong() {
        let read = read_dmarc("v=DMARC1; p=Reject; adkim=s; rua=mailto:a@example.org").unwrap();
        assert_eq!(read.policy, "reject");
        assert!(read.strict_dkim && !read.strict_spf && read.reports);
        assert!(read_dmarc("v=DMARC1; p=none; aspf=s").unwrap().strict_spf);
        assert!(read_dmarc("v=DMARC1; rua=mailto:a@example.org").is_err());
        assert!(read_dmarc("v=DMARC1; p=later").is_err());
        assert!(read_dmarc("v=DMARC1; p=none; p=reject").is_err());
        assert!(is_dmarc("v = DMARC1 ; p=none") && !is_dmarc("v=spf1 -all"));
    }
}
