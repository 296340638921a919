//! What a request's body says. Forms are small; what is larger or slower than
//! any of ours is refused.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, Limited};

/// The largest body, in octets.
const LIMIT: usize = 4 << 10;
/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// The fields of a form.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a body: `application/x-www-form-urlencoded` or
    /// `multipart/form-data` (RFC 7578), or an object of texts in JSON. What is none
    /// of them has no fields.
    ///
    /// # Errors
    ///
    /// The status to answer with.
    pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Form, StatusCode> {
        let whole = Limited::new(body, LIMIT).collect();
        let bytes = match tokio::time::timeout(PATIENCE, whole).await {
            Ok(Ok(whole)) => whole.to_bytes(),
            Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
                return Err(StatusCode::PAYLOAD_TOO_LARGE);
            }
            Ok(Err(_)) => return Err(StatusCode::BAD_REQUEST),
            Err(_) => return Err(StatusCode::REQUEST_TIMEOUT),
        };
        let kind = headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        Ok(Form::parse(kind, &bytes))
    }

    fn parse(kind: &str, bytes: &[u8]) -> Form {
        let (essence, parameters) = kind.split_once(';').unwrap_or((kind, ""));
        if essence.trim().eq_ignore_ascii_case("multipart/form-data") {
            return Form(multipart(parameters, bytes).unwrap_or_default());
        }
        if essence
            .trim()
            .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        {
            let pairs = url::form_urlencoded::parse(bytes);
            return Form(pairs.into_owned().collect());
        }
        if essence.trim().eq_ignore_ascii_case("application/json") {
            let read: BTreeMap<String, String> = serde_json::from_slice(bytes).unwrap_or_default();
            return Form(read.into_iter().collect());
        }
        Form::default()
    }

    /// All values.
    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, value)| value.as_str())
    }

    /// The values of all fields of this name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let fields = self.0.iter();
        fields
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The value of the first field of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut fields = self.0.iter();
        fields
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether a mail program asks to leave (RFC 8058 §3.1).
    pub(super) fn is_one_click(&self) -> bool {
        self.get("List-Unsubscribe")
            .is_some_and(|value| value.trim().eq_ignore_ascii_case("One-Click"))
    }
}

/// The fields of a `multipart/form-data` body that are text.
fn multipart(parameters: &str, bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let boundary = parameter(parameters, "boundary")?;
    let text = String::from_utf8_lossy(bytes);
    // The first delimiter may stand at the very beginning (RFC 2046 §5.1.1).
    let text = format!("\r\n{text}");
    let mut fields = Vec::new();
    for part in text.split(&format!("\r\n--{boundary}")).skip(1) {
        if part.starts_with("--") {
            break;
        }
        let Some((head, value)) = part.split_once("\r\n\r\n") else {
            continue;
        };
        let name = head.lines().find_map(|line| {
            let (field, value) = line.split_once(':')?;
            let disposition = field.trim().eq_ignore_ascii_case("content-disposition");
            disposition.then(|| parameter(value, "name")).flatten()
        });
        fields.extend(name.map(|name| (name, value.to_owned())));
    }
    Some(fields)
}

/// The value of a parameter such as `name="x"` (RFC 2045 §5.1).
fn parameter(text: &str, wanted: &str) -> Option<String> {
    text.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"');
        (name.trim().eq_ignore_ascii_case(wanted) && !value.is_empty()).then(|| value.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use hyper::body::Frame;

    use super::*;

    /// A body of which nothing comes any more.
    struct Stuck;

    impl hyper::body::Body for Stuck {
        type Data = axum::body::Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
            Poll::Pending
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_coming_is_waited_for_ten_seconds() {
        let since = tokio::time::Instant::now();
        let read = Form::read(&HeaderMap::new(), Body::new(Stuck)).await;
        assert_eq!(read, Err(StatusCode::REQUEST_TIMEOUT));
        assert_eq!(since.elapsed().as_secs(), 10);
    }

    #[test]
    fn one_click_is_read_from_both_kinds_of_body() {
        let click = |kind: &str, body: &str| Form::parse(kind, body.as_bytes()).is_one_click();
        let urlencoded = "application/x-www-form-urlencoded";
        assert!(click(urlencoded, "List-Unsubscribe=One-Click"));
        assert!(click(
            "Application/X-WWW-Form-Urlencoded; charset=utf-8",
            "a=b&List-Unsubscribe=One-Click"
        ));
        assert!(!click(urlencoded, "List-Unsubscribe=No"));
        assert!(!click(urlencoded, ""));
        assert!(!click("text/plain", "List-Unsubscribe=One-Click"));
        let multipart = "--x y\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\
                         \r\n\r\nOne-Click\r\n--x y--\r\n";
        assert!(click("multipart/form-data; boundary=\"x y\"", multipart));
        assert!(!click("multipart/form-data; boundary=z", multipart));
        assert!(!click("multipart/form-data", multipart));
    }

    #[test]
    fn a_part_of_another_name_says_nothing() {
        let body = "preamble\r\n--b\r\ncontent-disposition: form-data; name=other\r\n\r\n\
                    One-Click\r\n--b\r\nbroken\r\n--b--\r\n--b\r\nContent-Disposition: \
                    form-data; name=List-Unsubscribe\r\n\r\nOne-Click\r\n--b--";
        let form = Form::parse("multipart/form-data; boundary=b", body.as_bytes());
        assert_eq!(form.get("other"), Some("One-Click"));
        assert!(!form.is_one_click());
    }
}
