//! Answers of the desk: pages, frames, parts of messages, and what each tells the
//! browser that it may do.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};

/// What a page of the desk may do: run our script, show our frames, fetch nothing
/// from elsewhere.
const PAGE: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
    connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";
/// What a shown mail may do: be looked at. The desk may read it to place its marks.
const FRAME: &str = "default-src 'none'; style-src 'unsafe-inline' 'self'; img-src 'self'; \
    form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox allow-same-origin";
/// The same without images.
const BARE: &str = "default-src 'none'; style-src 'unsafe-inline' 'self'; form-action 'none'; \
    base-uri 'none'; frame-ancestors 'self'; sandbox allow-same-origin";

fn answer(
    status: StatusCode,
    kind: &'static str,
    policy: &'static str,
    body: impl Into<Body>,
) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Without one a browser says of no form which page it comes from.
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A page.
pub(super) fn page(status: StatusCode, html: String) -> Response<Body> {
    answer(status, "text/html; charset=utf-8", PAGE, html)
}

/// A mail or page that is shown in a frame.
pub(super) fn frame(html: String, images: bool) -> Response<Body> {
    let policy = if images { FRAME } else { BARE };
    answer(StatusCode::OK, "text/html; charset=utf-8", policy, html)
}

/// A file of the desk's own.
pub(super) fn file(kind: &'static str, text: impl Into<Body>) -> Response<Body> {
    answer(StatusCode::OK, kind, PAGE, text)
}

/// A message to be kept.
pub(super) fn download(name: &str, bytes: Vec<u8>) -> Response<Body> {
    let mut response = answer(StatusCode::OK, "message/rfc822", PAGE, bytes);
    let safe: String = name
        .chars()
        .map(|one| {
            if one.is_ascii_alphanumeric() {
                one
            } else {
                '-'
            }
        })
        .collect();
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{safe}.eml\"")) {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// Facts for the script.
pub(super) fn json(value: &serde_json::Value) -> Response<Body> {
    let text = value.to_string();
    answer(StatusCode::OK, "application/json", PAGE, text)
}

/// Leads on after something was done (RFC 9110 §15.4.4).
pub(super) fn go(to: &str) -> Response<Body> {
    let mut response = answer(StatusCode::SEE_OTHER, "text/plain", PAGE, "");
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, to);
    response
}

/// A few words and nothing else, for who is not let in.
pub(super) fn refusal(status: StatusCode, words: &'static str) -> Response<Body> {
    answer(status, "text/plain; charset=utf-8", PAGE, words)
}
