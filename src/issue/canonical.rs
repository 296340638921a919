//! One form for all ways of writing an address, and the parameters that only
//! follow readers.

use url::Url;

/// The canonical form of an address, by which links of different issues are
/// compared: lower-case host without `www.`, no scheme, no fragment, no
/// tracking parameters, no trailing `/`, parameters sorted. What is no web
/// address keeps its scheme; a mere fragment is empty.
pub fn canonical_url(url: &str) -> String {
    let url = url.trim();
    if let Some(plain) = Parts::plain(url) {
        return plain.canonical();
    }
    let absolute = match url.strip_prefix("//") {
        Some(rest) => Url::parse(&format!("https://{rest}")),
        None => Url::parse(url),
    };
    match absolute {
        Ok(absolute) if matches!(absolute.scheme(), "http" | "https") => {
            Parts::of(&absolute).canonical()
        }
        _ => {
            let url = url.split('#').next().unwrap_or_default();
            url.trim_end_matches('/').to_owned()
        }
    }
}

/// The names of the parameters of an address that only follow readers from one
/// place to another, in order; the page is the same without them.
pub fn tracking_parameters(url: &str) -> Vec<&str> {
    let address = url.split('#').next().unwrap_or_default();
    let Some((_, query)) = address.split_once('?') else {
        return Vec::new();
    };
    query
        .split('&')
        .map(name_of)
        .filter(|name| is_tracking(name))
        .collect()
}

/// What a web address is made of, spelled as the URL Standard wants it.
struct Parts<'u> {
    host: &'u str,
    port: Option<u16>,
    path: &'u str,
    query: &'u str,
}

impl<'u> Parts<'u> {
    fn of(url: &'u Url) -> Parts<'u> {
        Parts {
            host: url.host_str().unwrap_or_default(),
            port: url.port(),
            path: url.path(),
            query: url.query().unwrap_or_default(),
        }
    }

    /// The parts of an address in which the URL Standard would change nothing, as
    /// is nearly every one: found many times faster than by parsing. `None` for
    /// every other.
    fn plain(url: &'u str) -> Option<Parts<'u>> {
        let rest = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"))?;
        let rest = rest.split('#').next().unwrap_or(rest);
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, path) = address.split_at(address.find('/').unwrap_or(address.len()));
        let is_label = |label: &str| {
            // Labels of other scripts are judged by IDNA.
            !label.is_empty() && !label.starts_with("xn--")
        };
        let in_host = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
        // A last label that begins with a digit may be that of an IPv4 address.
        let top = host.rsplit('.').next().unwrap_or(host);
        let sound_host = host.bytes().all(in_host)
            && host.split('.').all(is_label)
            && top.starts_with(|first: char| first.is_ascii_lowercase());
        // None that is escaped, and no dots that step up or down.
        let in_path =
            |byte: u8| byte.is_ascii_alphanumeric() || b"/_~.+,:;=@!$&()*-".contains(&byte);
        let sound_path = path.bytes().all(in_path) && !path.contains("/.");
        let in_query =
            |byte: u8| byte.is_ascii_alphanumeric() || b"&=_.~+,:;/@!$()*?%-".contains(&byte);
        (sound_host && sound_path && query.bytes().all(in_query)).then_some(Parts {
            host,
            port: None,
            path,
            query,
        })
    }

    fn canonical(&self) -> String {
        // The host is lower case already.
        let host = self.host.strip_prefix("www.").unwrap_or(self.host);
        let path = self.path.trim_end_matches('/');
        let mut canonical = String::with_capacity(host.len() + path.len() + self.query.len() + 1);
        canonical.push_str(host);
        if let Some(port) = self.port {
            canonical.push(':');
            canonical.push_str(&port.to_string());
        }
        canonical.push_str(path);
        let mut parameters: Vec<&str> = self
            .query
            .split('&')
            .filter(|parameter| !parameter.is_empty() && !is_tracking(name_of(parameter)))
            .collect();
        parameters.sort_unstable();
        for (index, parameter) in parameters.iter().enumerate() {
            canonical.push(if index == 0 { '?' } else { '&' });
            canonical.push_str(parameter);
        }
        canonical
    }
}

fn name_of(parameter: &str) -> &str {
    // In HTML pasted into Markdown, `&` is written `&amp;`.
    let parameter = parameter.strip_prefix("amp;").unwrap_or(parameter);
    parameter.split('=').next().unwrap_or(parameter)
}

fn is_tracking(name: &str) -> bool {
    const NAMES: [&str; 38] = [
        "_hsenc",
        "_hsmi",
        "_openstat",
        "bd_vid",
        "dclid",
        "fb_action_ids",
        "fb_action_types",
        "fb_source",
        "fbclid",
        "gbraid",
        "gclid",
        "gclsrc",
        "hsctatracking",
        "igsh",
        "igshid",
        "li_fat_id",
        "mc_cid",
        "mc_eid",
        "mibextid",
        "mkt_tok",
        "ml_subscriber",
        "ml_subscriber_hash",
        "msclkid",
        "oly_anon_id",
        "oly_enc_id",
        "rb_clickid",
        "ref_src",
        "ref_url",
        "share_source",
        "spm",
        "spm_id_from",
        "ttclid",
        "twclid",
        "vd_source",
        "vero_id",
        "wbraid",
        "wickedid",
        "yclid",
    ];
    let name = name.to_ascii_lowercase();
    name.starts_with("utm_") || name.starts_with("pk_") || NAMES.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_of_writing_one_address_are_one() {
        let cases = [
            ("https://www.Example.com/a/", "example.com/a"),
            ("http://example.com", "example.com"),
            ("https://example.com/#top", "example.com"),
            ("//example.com/a", "example.com/a"),
            ("https://example.com/a?b=2&a=1", "example.com/a?a=1&b=2"),
            (
                "https://example.com/a?utm_source=x&q=1&FBCLID=2",
                "example.com/a?q=1",
            ),
            ("https://example.com/a?utm_source=x", "example.com/a"),
            ("https://example.com:8080/A", "example.com:8080/A"),
            ("https://example.com:443/", "example.com"),
            (" https://example.com/a ", "example.com/a"),
            ("mailto:pond@example.com", "mailto:pond@example.com"),
            ("./issue-2.md#x", "./issue-2.md"),
            ("#x", ""),
            ("http://[broken", "http://[broken"),
        ];
        for (url, canonical) in cases {
            assert_eq!(canonical_url(url), canonical, "{url}");
        }
    }

    #[test]
    fn a_plain_address_has_the_parts_that_a_parser_finds() {
        let mut plain = 0;
        let hosts = [
            "example.com",
            "www.a-b.example.org",
            "a.1",
            "1.2.3.4",
            "A.com",
            "xn--a.com",
        ];
        let paths = [
            "",
            "/",
            "/a/b.html",
            "/a/../b",
            "/./a",
            "/%2e%2e/a",
            "/a b",
            "/é",
            "//a",
            "/@a/:b;c,d",
        ];
        let ends = [
            "",
            "?",
            "?a=1&b=%20",
            "?a='",
            "#x",
            "?a#b?c",
            "?a=é",
            ":80/",
            "/?q=a/b?c",
        ];
        for (host, path, end) in hosts
            .iter()
            .flat_map(|host| paths.iter().map(move |path| (host, path)))
            .flat_map(|(host, path)| ends.iter().map(move |end| (host, path, end)))
        {
            for scheme in ["https://", "http://"] {
                let address = format!("{scheme}{host}{path}{end}");
                let Some(parts) = Parts::plain(&address) else {
                    continue;
                };
                plain += 1;
                let url = Url::parse(&address).unwrap();
                assert_eq!(parts.canonical(), Parts::of(&url).canonical(), "{address}");
            }
        }
        assert!(plain > 100, "{plain}");
    }

    #[test]
    fn different_pages_stay_different() {
        for (first, second) in [
            ("https://example.com/a", "https://example.com/A"),
            ("https://example.com/?id=1", "https://example.com/?id=2"),
            ("https://example.com/a", "https://blog.example.com/a"),
        ] {
            assert_ne!(canonical_url(first), canonical_url(second));
        }
    }

    #[test]
    fn parameters_that_follow_readers_are_named() {
        let url = "https://example.com/?a=1&utm_source=x&mc_cid=2&spm=3#utm_medium=4";
        assert_eq!(tracking_parameters(url), ["utm_source", "mc_cid", "spm"]);
        assert_eq!(
            tracking_parameters("https://example.com/?a=1&amp;gclid=2"),
            ["gclid"]
        );
        assert!(tracking_parameters("https://example.com/utm_source").is_empty());
        assert!(tracking_parameters("https://example.com/?").is_empty());
    }
}
