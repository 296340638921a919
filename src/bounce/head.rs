use chrono::{DateTime, Utc};
use mail_parser::parsers::MessageStream;

/// Nobody's header is longer; the rest of a longer one is not looked at.
const LONGEST: usize = 256 << 10;
/// No field that matters here is longer.
const LONGEST_FIELD: usize = 16 << 10;
/// Nobody's header has more fields.
const MOST: usize = 1_000;

/// The fields of a header: names in lower case, values unfolded (RFC 5322
/// §2.2.3), octets that are no UTF-8 replaced. Delivery status and feedback
/// reports have groups of fields in the same form.
#[derive(Debug, Default)]
pub(crate) struct Head {
    fields: Vec<(String, String)>,
}

/// A Content-Type (RFC 2045 §5.1): type and subtype in lower case.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ContentType {
    pub(crate) main: String,
    pub(crate) sub: String,
    pub(crate) boundary: Option<String>,
    pub(crate) report_type: Option<String>,
}

impl Head {
    /// Reads fields up to the first empty line, and says what follows it.
    /// Lines that are no fields are passed over; `None` where there is no field
    /// at all.
    pub(crate) fn read(bytes: &[u8]) -> Option<(Head, &[u8])> {
        let mut head = Head::default();
        let mut rest = bytes;
        let mut current: Vec<u8> = Vec::new();
        while !rest.is_empty() {
            let end = rest.iter().position(|&byte| byte == b'\n');
            let (line, after) = match end {
                Some(end) => (&rest[..end], &rest[end + 1..]),
                None => (rest, &rest[rest.len()..]),
            };
            rest = after;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() {
                break;
            }
            if line.starts_with(b" ") || line.starts_with(b"\t") {
                let room = LONGEST_FIELD.saturating_sub(current.len());
                current.extend_from_slice(&line[..line.len().min(room)]);
            } else {
                head.add(&current);
                current.clear();
                current.extend_from_slice(&line[..line.len().min(LONGEST_FIELD)]);
            }
            if bytes.len() - rest.len() > LONGEST {
                break;
            }
        }
        head.add(&current);
        (!head.fields.is_empty()).then_some((head, rest))
    }

    fn add(&mut self, line: &[u8]) {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else {
            return;
        };
        let name = line[..colon].trim_ascii_end();
        // RFC 5322 §2.2: printable, no blank. `>From x` of a mailbox is none.
        if name.is_empty()
            || !name.iter().all(u8::is_ascii_graphic)
            || name.starts_with(b">")
            || self.fields.len() >= MOST
        {
            return;
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes.trim_ascii()).into_owned();
        let name = text(name).to_ascii_lowercase();
        self.fields.push((name, text(&line[colon + 1..])));
    }

    /// The value of the first field of this name, which is in lower case.
    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        let (_, value) = fields.find(|(known, _)| known == name)?;
        Some(value)
    }

    /// The values of all fields of this name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields
            .iter()
            .filter(move |(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether there is a field of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }

    /// What the body is; `text/plain` where nothing is said (RFC 2045 §5.2).
    pub(crate) fn content_type(&self) -> ContentType {
        let plain = || ContentType {
            main: "text".to_owned(),
            sub: "plain".to_owned(),
            ..ContentType::default()
        };
        let Some(value) = self.first("content-type") else {
            return plain();
        };
        let line = format!("{value}\n");
        let parsed = MessageStream::new(line.as_bytes()).parse_content_type();
        let Some(parsed) = parsed.as_content_type() else {
            return plain();
        };
        ContentType {
            main: parsed.ctype().to_ascii_lowercase(),
            sub: parsed.subtype().unwrap_or_default().to_ascii_lowercase(),
            boundary: parsed
                .attribute("boundary")
                .filter(|boundary| !boundary.is_empty())
                .map(str::to_owned),
            report_type: parsed.attribute("report-type").map(str::to_ascii_lowercase),
        }
    }

    /// The subject, decoded (RFC 2047).
    pub(crate) fn subject(&self) -> String {
        let line = format!("{}\n", self.first("subject").unwrap_or_default());
        let parsed = MessageStream::new(line.as_bytes()).parse_unstructured();
        parsed.as_text().unwrap_or_default().to_owned()
    }

    /// When the last server took the message in: each puts its Received field
    /// before those that are there (RFC 5321 §4.4), its date behind the `;`.
    pub(crate) fn arrived(&self) -> Option<DateTime<Utc>> {
        let (_, date) = self.first("received")?.rsplit_once(';')?;
        let line = format!("{date}\n");
        let parsed = MessageStream::new(line.as_bytes()).parse_date();
        let date = parsed.as_datetime().filter(|date| date.is_valid())?;
        DateTime::from_timestamp(date.to_timestamp(), 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Head, String) {
        let (head, body) = Head::read(text.as_bytes()).unwrap();
        (head, String::from_utf8_lossy(body).into_owned())
    }

    #[test]
    fn fields_are_unfolded_and_found_whatever_their_case() {
        let (head, body) = read("SUBJECT: a\r\n b\r\nTo : x\nno field\nto: y\n\nbody\n");
        assert_eq!(head.subject(), "a b");
        assert_eq!(head.all("to").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(body, "body\n");
        assert!(Head::read(b"no field at all\n").is_none());
        assert!(Head::read(b"").is_none());
    }

    #[test]
    fn types_dates_and_subjects_are_decoded() {
        let (head, _) = read(concat!(
            "Received: by mx.example.org; Fri, 21 Nov 2025 10:00:00 +0100 (CET)\n",
            "Received: from a; Thu, 20 Nov 2025 10:00:00 +0000\n",
            "Content-Type: Multipart/Report; report-type=Delivery-Status;\n",
            "\tboundary=\"a b=c\"\n",
            "Subject: =?utf-8?Q?R=C3=A9ponse_automatique?=\n",
        ));
        let content = head.content_type();
        assert_eq!((&*content.main, &*content.sub), ("multipart", "report"));
        assert_eq!(content.boundary.as_deref(), Some("a b=c"));
        assert_eq!(content.report_type.as_deref(), Some("delivery-status"));
        assert_eq!(head.subject(), "Réponse automatique");
        let arrived = head.arrived().unwrap();
        assert_eq!(arrived.to_rfc3339(), "2025-11-21T09:00:00+00:00");
    }

    #[test]
    fn a_header_of_any_size_is_read_in_part() {
        let many = "a: b\n".repeat(500_000) + "z: y\n";
        let (head, _) = read(&many);
        assert_eq!(head.all("a").count(), MOST);
        let long = format!("a: {}\n {}\n", "x".repeat(1 << 20), "y".repeat(1 << 20));
        let (head, _) = read(&long);
        assert!(head.first("a").unwrap().len() <= LONGEST_FIELD);
    }
}
