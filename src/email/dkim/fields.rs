//! The fields of a message's header, and their relaxed form (RFC 6376 §3.4.2).

/// One field, as it stands in the message.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) name: &'a [u8],
    /// What follows the colon, folded, without the last line end.
    pub(super) value: &'a [u8],
}

/// The fields from the first to the last, and the body.
pub(super) fn split(message: &[u8]) -> (Vec<Field<'_>>, &[u8]) {
    let mut fields = Vec::with_capacity(24);
    let mut rest = message;
    while !rest.is_empty() {
        if let Some(body) = rest.strip_prefix(b"\r\n") {
            return (fields, body);
        }
        let mut end = line_end(rest, 0);
        // RFC 5322 §2.2.3: a line that begins with a blank goes on.
        while matches!(rest.get(end + 2), Some(b' ' | b'\t')) {
            end = line_end(rest, end + 2);
        }
        let field = &rest[..end];
        rest = rest.get(end + 2..).unwrap_or_default();
        if let Some(colon) = field.iter().position(|byte| *byte == b':') {
            fields.push(Field {
                name: field[..colon].trim_ascii_end(),
                value: &field[colon + 1..],
            });
        }
    }
    (fields, rest)
}

/// Where the line ends that goes on at `from`: at its CR LF or with the text.
fn line_end(text: &[u8], from: usize) -> usize {
    let found = text[from..].windows(2).position(|two| two == b"\r\n");
    found.map_or(text.len(), |at| from + at)
}

/// Appends the relaxed form without a line end: the name in lower case, the value
/// unfolded, runs of blanks as one, none at its ends.
pub(super) fn relax(field: Field<'_>, out: &mut Vec<u8>) {
    out.extend(field.name.iter().map(u8::to_ascii_lowercase));
    out.push(b':');
    let start = out.len();
    for (index, &byte) in field.value.iter().enumerate() {
        match byte {
            b' ' | b'\t' if out.len() == start || out.last() == Some(&b' ') => {}
            b' ' | b'\t' => out.push(b' '),
            b'\r' if field.value.get(index + 1) == Some(&b'\n') => {}
            b'\n' if index > 0 && field.value[index - 1] == b'\r' => {}
            other => out.push(other),
        }
    }
    while out.len() > start && out.last() == Some(&b' ') {
        out.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard_comes_out() {
        let message = b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\n";
        let (fields, body) = split(message);
        let mut out = Vec::new();
        for field in &fields {
            relax(*field, &mut out);
            out.push(b'\n');
        }
        assert_eq!(String::from_utf8(out).unwrap(), "a:X\nb:Y Z\n");
        assert_eq!(body, b" C \r\n");
    }

    #[test]
    fn broken_messages_are_split_without_a_panic() {
        for (message, count) in [
            (&b""[..], 0),
            (b"\r\n", 0),
            (b"A", 0),
            (b"A:\r\n", 1),
            (b"A: b\r\n ", 1),
            (b"A: b\r\n \r\n\r\n", 1),
            (b" x\r\nA: b\r", 1),
        ] {
            assert_eq!(split(message).0.len(), count, "{message:?}");
        }
    }
}
