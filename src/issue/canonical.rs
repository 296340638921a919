//! One form for all ways of writing an address, and the parameters that only
//! follow readers.

use url::Url;

/// The canonical form of an address, by which links of different issues are
/// compared: lower-case host without `www.`, no scheme, no fragment, no
/// tracking parameters, no trailing `/`, parameters sorted. What is no web
/// address keeps its scheme; a mere fragment is empty.
pub fn canonical_url(url: &str) -> String {
    let url = url.trim();
    let absolute = match url.strip_prefix("//") {
        Some(rest) => Url::parse(&format!("https://{rest}")),
        None => Url::parse(url),
    };
    match absolute {
        Ok(absolute) if matches!(absolute.scheme(), "http" | "https") => of_web_address(&absolute),
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

fn of_web_address(url: &Url) -> String {
    // The host of a parsed address is lower case already.
    let host = url.host_str().unwrap_or_default();
    let mut canonical = host.strip_prefix("www.").unwrap_or(host).to_owned();
    if let Some(port) = url.port() {
        canonical.push(':');
        canonical.push_str(&port.to_string());
    }
    canonical.push_str(url.path().trim_end_matches('/'));
    let mut parameters: Vec<&str> = url
        .query()
        .unwrap_or_default()
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
