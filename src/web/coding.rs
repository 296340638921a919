//! Content codings: which one an answer has, and how it is made.

use std::io::Write;

use axum::http::{HeaderMap, header};
use flate2::Compression;
use flate2::write::GzEncoder;

/// How the bytes of an answer are coded (RFC 9110 §8.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// Brotli (RFC 7932).
    Brotli,
    /// gzip (RFC 1952).
    Gzip,
}

/// What is smaller is sent as it is.
const LEAST: usize = 512;
/// Of 0 to 11; above this it is much slower and little smaller.
const BROTLI_QUALITY: i32 = 9;

impl Coding {
    /// Both, the better first.
    pub(super) const ALL: [Coding; 2] = [Coding::Brotli, Coding::Gzip];

    /// Its name in `Content-Encoding`, which is also how the tag of a coded
    /// version differs.
    pub(super) fn name(self) -> &'static str {
        match self {
            Coding::Brotli => "br",
            Coding::Gzip => "gzip",
        }
    }

    /// These bytes coded; `None` where that does not make them smaller.
    pub(super) fn code(self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut coded = Vec::with_capacity(bytes.len() / 3);
        match self {
            Coding::Brotli => {
                // The window need not be larger than what is coded.
                let window = bytes.len().max(1 << 16).ilog2() as i32 + 1;
                let parameters = brotli::enc::BrotliEncoderParams {
                    quality: BROTLI_QUALITY,
                    lgwin: window.min(22),
                    size_hint: bytes.len(),
                    ..brotli::enc::BrotliEncoderParams::default()
                };
                brotli::BrotliCompress(&mut &bytes[..], &mut coded, &parameters).ok()?;
            }
            Coding::Gzip => {
                // No time in its head: the same bytes give the same bytes.
                let mut encoder = GzEncoder::new(&mut coded, Compression::best());
                encoder.write_all(bytes).ok()?;
                encoder.finish().ok()?;
            }
        }
        (coded.len() < bytes.len()).then_some(coded)
    }
}

/// Whether coding is worth it for content of this media type and size.
pub(super) fn is_worth(kind: &str, size: usize) -> bool {
    let essence = kind.split(';').next().unwrap_or_default();
    let textual = essence.starts_with("text/")
        || essence.ends_with("+xml")
        || essence.ends_with("+json")
        || matches!(essence, "application/xml" | "application/json");
    textual && size >= LEAST
}

/// The codings that a client takes, the one it likes best first; among equals the
/// better one (RFC 9110 §12.5.3).
pub(super) fn accepted(headers: &HeaderMap) -> Vec<Coding> {
    let mut weights: [Option<u16>; 2] = [None; 2];
    let mut any = None;
    for line in headers.get_all(header::ACCEPT_ENCODING) {
        let Ok(line) = line.to_str() else { continue };
        for element in line.split(',') {
            let mut parameters = element.split(';');
            let name = parameters.next().unwrap_or_default().trim();
            let weight = parameters.find_map(weight).unwrap_or(1000);
            let gzip = name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip");
            if name == "*" {
                any = Some(weight);
            } else if name.eq_ignore_ascii_case("br") {
                weights[0] = Some(weight);
            } else if gzip {
                weights[1] = Some(weight);
            }
        }
    }
    let weighted = Coding::ALL.into_iter().zip(weights);
    let mut taken: Vec<(Coding, u16)> = weighted
        .filter_map(|(coding, weight)| Some((coding, weight.or(any)?)))
        .filter(|(_, weight)| *weight > 0)
        .collect();
    taken.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    taken.into_iter().map(|(coding, _)| coding).collect()
}

/// The thousandths of a parameter such as `q=0.8` (RFC 9110 §12.4.2); what is no
/// weight counts as none at all.
fn weight(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let value: f32 = value.trim().parse().unwrap_or(0.0);
    Some((value.clamp(0.0, 1.0) * 1000.0) as u16)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_client_gets_what_it_likes_best() {
        let names = |line: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(line));
            let taken = accepted(&headers);
            let names: Vec<&str> = taken.into_iter().map(Coding::name).collect();
            names.join(" ")
        };
        for (line, expected) in [
            ("gzip, deflate, br, zstd", "br gzip"),
            ("gzip", "gzip"),
            ("GZIP;q=1, br;q=0.5", "gzip br"),
            ("br;q=0, gzip", "gzip"),
            ("*", "br gzip"),
            ("*;q=0.1, br;q=0", "gzip"),
            ("br; q=0.001", "br"),
            ("identity", ""),
            ("", ""),
            ("gzip;q=zero", ""),
            ("gzip;q=NaN", ""),
            ("x-gzip", "gzip"),
            ("*;q=0", ""),
        ] {
            assert_eq!(names(line), expected, "{line}");
        }
        assert_eq!(accepted(&HeaderMap::new()), []);
    }

    #[test]
    fn what_is_coded_can_be_read_again_and_is_the_same_each_time() {
        let text = "A page about a page about a page. ".repeat(300);
        let gzip = Coding::Gzip.code(text.as_bytes()).unwrap();
        let mut read = String::new();
        let mut decoder = flate2::read::GzDecoder::new(&gzip[..]);
        decoder.read_to_string(&mut read).unwrap();
        assert_eq!(read, text);
        assert_eq!(Coding::Gzip.code(text.as_bytes()).unwrap(), gzip);
        let coded = Coding::Brotli.code(text.as_bytes()).unwrap();
        let mut read = Vec::new();
        brotli::BrotliDecompress(&mut &coded[..], &mut read).unwrap();
        assert_eq!(read, text.as_bytes());
        assert!(coded.len() < 200);
        assert_eq!(Coding::Gzip.code(b"x"), None);
        assert_eq!(Coding::Brotli.code(b""), None);
    }

    #[test]
    fn images_are_small_already() {
        assert!(is_worth("text/html; charset=utf-8", 1000));
        assert!(is_worth("application/atom+xml; charset=utf-8", 1000));
        assert!(is_worth("image/svg+xml", 1000));
        assert!(!is_worth("text/html; charset=utf-8", 100));
        assert!(!is_worth("image/png", 1 << 20));
        assert!(!is_worth("application/octet-stream", 1 << 20));
    }
}
