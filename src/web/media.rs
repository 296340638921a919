//! What kind of thing a file is.

/// The media type of a file of the archive, by its name and, where names do not
/// tell feeds apart, by its beginning.
pub(super) fn media_type(name: &str, bytes: &[u8]) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending.to_ascii_lowercase().as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "txt" | "md" => "text/plain; charset=utf-8",
        "xml" | "rss" | "atom" | "opml" => xml(bytes),
        "json" if starts_like_a_feed(bytes) => "application/feed+json; charset=utf-8",
        "json" => "application/json",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "svg" => "image/svg+xml",
        "ico" => "image/x-icon",
        "pdf" => "application/pdf",
        "woff2" => "font/woff2",
        "mp3" => "audio/mpeg",
        "mp4" => "video/mp4",
        _ => "application/octet-stream",
    }
}

fn xml(bytes: &[u8]) -> &'static str {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]).into_owned();
    let root = ["<rss", "<feed", "<opml"]
        .into_iter()
        .filter_map(|root| Some((head.find(root)?, root)))
        .min();
    match root {
        Some((_, "<rss")) => "application/rss+xml; charset=utf-8",
        Some((_, "<feed")) => "application/atom+xml; charset=utf-8",
        Some((_, "<opml")) => "text/x-opml; charset=utf-8",
        _ => "application/xml; charset=utf-8",
    }
}

fn starts_like_a_feed(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(256)];
    String::from_utf8_lossy(head).contains("https://jsonfeed.org/version/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_are_told_by_what_they_are() {
        let kind = |name, text: &str| media_type(name, text.as_bytes());
        assert_eq!(
            kind(
                "index.xml",
                "<?xml version=\"1.0\"?>\n<rss version=\"2.0\"><feed>"
            ),
            "application/rss+xml; charset=utf-8"
        );
        assert_eq!(
            kind("rss.xml", "<feed xmlns="),
            "application/atom+xml; charset=utf-8"
        );
        assert_eq!(kind("a.OPML", "<opml>"), "text/x-opml; charset=utf-8");
        assert_eq!(
            kind("sitemap.xml", "<urlset>"),
            "application/xml; charset=utf-8"
        );
        assert_eq!(
            kind(
                "feed.json",
                "{\"version\":\"https://jsonfeed.org/version/1.1\""
            ),
            "application/feed+json; charset=utf-8"
        );
        assert_eq!(kind("data.json", "{}"), "application/json");
        assert_eq!(kind("page.html", ""), "text/html; charset=utf-8");
        assert_eq!(kind("unknown", ""), "application/octet-stream");
    }
}
