//! What stands in the frames: the mail exactly, but for what a browser shows in
//! place of a mail program (which scheme is on, where local images lie); the page
//! of the archive; the entry of a feed.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Response, StatusCode};

use crate::desk::app::{App, Asked, encoded};
use crate::desk::issue::Look;
use crate::desk::{FeedEntry, Proof, Trouble, answer};

impl App {
    /// `/frame/PATH`.
    pub(super) async fn frame(self: &Arc<Self>, asked: Asked) -> Response<Body> {
        let look = Look::of(&asked);
        let images = look.images;
        let made = self.work(move |app| app.frame_html(&look)).await;
        match made {
            Ok(html) => answer::frame(html, images),
            Err(trouble) => {
                let body = self.pages.fill("trouble", &self.words(&trouble));
                answer::frame(body, false)
            }
        }
    }

    /// The document of a frame.
    pub(super) fn frame_html(&self, look: &Look) -> Result<String, Trouble> {
        let scheme = look.scheme.as_deref();
        let html = match look.view.as_str() {
            "archive" => {
                let view = self.view(look)?;
                let query = scheme.map_or_else(String::new, |one| format!("?scheme={one}"));
                let sheet = format!("/archive.css{query}");
                let html = restyled(&self.room.page(&look.path)?, &sheet);
                return Ok(with_local_images(&html, &view.proof));
            }
            "feed" => {
                let view = self.view(look)?;
                let html = reader_page(&self.room.entry(&look.path)?, |at| self.room.moment(at));
                with_local_images(&html, &view.proof)
            }
            "difference" => self.difference_sheet(look)?,
            _ => {
                let view = self.view(look)?;
                let proof = &view.proof;
                match proof.html.is_empty() {
                    true => "<!DOCTYPE html><html lang=\"en\"><title>No HTML</title><p>The mail \
                             has no HTML part: see the plain text.</p></html>"
                        .to_owned(),
                    false => with_local_images(&proof.html, proof),
                }
            }
        };
        Ok(in_scheme(&html, scheme))
    }

    /// The archive's style sheet, in one scheme where that is asked for.
    pub(super) async fn archive_style(self: &Arc<Self>, asked: &Asked) -> Response<Body> {
        let scheme = asked.get("scheme").map(str::to_owned);
        let style = self.work(move |app| Ok(in_scheme(&app.room.stylesheet(), scheme.as_deref())));
        answer::file("text/css; charset=utf-8", style.await.unwrap_or_default())
    }

    /// `/image/PATH`: a local image that an issue shows.
    pub(super) async fn image(self: &Arc<Self>, asked: Asked) -> Response<Body> {
        let path = asked.rest.clone();
        let bytes = self.work(move |app| Ok(app.room.image(&path))).await;
        match bytes {
            Ok(Some(bytes)) => answer::file(kind_of(&asked.rest), bytes),
            _ => answer::refusal(StatusCode::NOT_FOUND, "there is no such image\n"),
        }
    }

    /// `/raw/PATH`: the message itself.
    pub(super) async fn raw(self: &Arc<Self>, asked: Asked) -> Response<Body> {
        let look = Look::of(&asked);
        let name = look.path.clone();
        match self.work(move |app| app.view(&look)).await {
            Ok(view) => answer::download(&name, view.proof.message.clone()),
            Err(trouble) => {
                let status = StatusCode::NOT_FOUND;
                self.trouble(status, &asked.session, "issues", &trouble)
            }
        }
    }
}

/// Addresses of local images, which nobody has published yet, lead to the desk.
fn with_local_images(html: &str, proof: &Proof) -> String {
    let mut html = html.to_owned();
    for (address, path) in &proof.images {
        html = html.replace(address.as_str(), &format!("/image/{}", encoded(path)));
    }
    html
}

/// What `prefers-color-scheme` would find, decided here.
fn in_scheme(html: &str, scheme: Option<&str>) -> String {
    let (dark, light) = match scheme {
        Some("dark") => ("@media all", "@media not all"),
        Some(_) => ("@media not all", "@media all"),
        None => return html.to_owned(),
    };
    let mut out = html.to_owned();
    for space in ["", " "] {
        for (name, put) in [("dark", dark), ("light", light)] {
            out = out.replace(&format!("@media (prefers-color-scheme:{space}{name})"), put);
        }
    }
    let only = match scheme {
        Some("dark") => "dark",
        _ => "light",
    };
    out.replace(
        "<meta name=\"color-scheme\" content=\"light dark\">",
        &format!("<meta name=\"color-scheme\" content=\"{only}\">"),
    )
}

/// A page of the archive with the style sheet of the desk's copy.
fn restyled(html: &str, sheet: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find("<link rel=\"stylesheet\"") {
        let end = rest[at..].find('>').map_or(rest.len(), |end| at + end + 1);
        out.push_str(&rest[..at]);
        out.push_str(&format!("<link rel=\"stylesheet\" href=\"{sheet}\">"));
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// An entry as a plain feed reader shows it: its own type, the entry's words.
fn reader_page(
    entry: &FeedEntry,
    moment: impl Fn(chrono::DateTime<chrono::Utc>) -> String,
) -> String {
    let escape = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
    };
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"color-scheme\" content=\"light dark\"><style>\
         body{{margin:0;padding:24px;background:#FFF;color:#1F1D1A;font:16px/1.6 Arial,sans-serif;overflow-wrap:break-word}}\
         img{{max-width:100%;height:auto}}pre{{overflow:auto}}a{{color:#3B5C86}}\
         .m{{color:#68625A;font-size:13px}}table{{border-collapse:collapse}}td,th{{border:1px solid #DCD7CD;padding:4px 8px}}\
         @media (prefers-color-scheme:dark){{body{{background:#171614;color:#E9E4DB}}a{{color:#9DBBE3}}.m{{color:#A69F93}}}}\
         </style></head><body><h1>{title}</h1><p class=\"m\">{date} · {url}<br>id {id}</p>{html}</body></html>",
        title = escape(&entry.title),
        date = escape(&moment(entry.published)),
        url = escape(&entry.url),
        id = escape(&entry.id),
        html = entry.html,
    )
}

fn kind_of(path: &str) -> &'static str {
    let extension = path.rsplit('.').next().unwrap_or_default().to_lowercase();
    match extension.as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "svg" => "image/svg+xml",
        "bmp" => "image/bmp",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_is_decided_before_the_browser_asks() {
        let style =
            "@media (prefers-color-scheme:dark){a{}}@media (prefers-color-scheme: light){b{}}";
        assert_eq!(
            in_scheme(style, Some("dark")),
            "@media all{a{}}@media not all{b{}}"
        );
        assert_eq!(
            in_scheme(style, Some("light")),
            "@media not all{a{}}@media all{b{}}"
        );
        assert_eq!(in_scheme(style, None), style);
    }

    #[test]
    fn a_page_of_the_archive_takes_its_style_from_the_desk() {
        let html = "<head><link rel=\"stylesheet\" href=\"https://x.test/style.css\"></head>";
        let expected = "<head><link rel=\"stylesheet\" href=\"/archive.css\"></head>";
        assert_eq!(restyled(html, "/archive.css"), expected);
    }
}
