/// No line that parts two messages is longer.
const LONGEST_LINE: usize = 1_024;

/// A message of a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw {
    /// Its first octets, as many as were asked for at most.
    pub bytes: Vec<u8>,
    /// How many octets it has.
    pub length: u64,
}

/// Parts a mailbox into messages, from chunks of any size. What begins with
/// `From ` is an mbox, and a line that was quoted in it (`>From `, the form
/// mboxrd) loses one `>`; all else is one message.
///
/// It holds no more than one message, and of that no more than its limit.
#[derive(Debug)]
pub struct Splitter {
    limit: usize,
    form: Form,
    message: Option<Raw>,
    line: Vec<u8>,
    /// The line is longer than the separator can be: it is being passed on.
    passing: bool,
    after_empty: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Unknown,
    Mbox,
    Message,
}

impl Splitter {
    /// Keeps `limit` octets of each message.
    pub fn new(limit: usize) -> Splitter {
        Splitter {
            limit,
            form: Form::Unknown,
            message: None,
            line: Vec::new(),
            passing: false,
            after_empty: true,
        }
    }

    /// Takes the next octets; hands over each message that they complete.
    pub fn push(&mut self, chunk: &[u8], mut each: impl FnMut(Raw)) {
        let mut rest = chunk;
        while !rest.is_empty() {
            let end = rest.iter().position(|&byte| byte == b'\n');
            let (piece, after) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
            rest = after;
            if self.passing {
                self.keep(piece);
                if end.is_some() {
                    self.passing = false;
                    self.after_empty = false;
                }
                continue;
            }
            self.line.extend_from_slice(piece);
            if end.is_some() {
                self.take_line(&mut each);
            } else if self.line.len() > LONGEST_LINE {
                self.take_line(&mut each);
                self.passing = true;
            }
        }
    }

    /// The end: hands over the last message.
    pub fn finish(mut self, mut each: impl FnMut(Raw)) {
        if !self.line.is_empty() {
            self.take_line(&mut each);
        }
        if let Some(message) = self.message.take() {
            each(message);
        }
    }

    fn take_line(&mut self, each: &mut impl FnMut(Raw)) {
        let line = std::mem::take(&mut self.line);
        if self.form == Form::Unknown {
            self.form = if line.starts_with(b"From ") {
                Form::Mbox
            } else {
                Form::Message
            };
        }
        if self.form == Form::Mbox {
            if self.after_empty && parts(&line, self.message.is_none()) {
                self.after_empty = false;
                let done = self.message.replace(Raw {
                    bytes: Vec::new(),
                    length: 0,
                });
                if let Some(done) = done {
                    each(done);
                }
                return;
            }
            self.after_empty = line.trim_ascii().is_empty();
            let quoted = line.iter().take_while(|&&byte| byte == b'>').count();
            if quoted > 0 && line[quoted..].starts_with(b"From ") {
                self.keep(&line[1..]);
                return;
            }
        }
        self.keep(&line);
    }

    fn keep(&mut self, bytes: &[u8]) {
        let message = self.message.get_or_insert(Raw {
            bytes: Vec::new(),
            length: 0,
        });
        let room = self.limit.saturating_sub(message.bytes.len());
        message
            .bytes
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
        message.length += bytes.len() as u64;
    }
}

/// Whether a line after an empty one parts two messages: `From SENDER DATE`. A
/// sentence that begins so has no time of day in it; the first line of all need
/// not either.
fn parts(line: &[u8], first: bool) -> bool {
    let clock = |four: &[u8]| {
        four[0] == b':'
            && four[1].is_ascii_digit()
            && four[2].is_ascii_digit()
            && !four[3].is_ascii_digit()
    };
    line.starts_with(b"From ") && (first || line.windows(4).any(clock))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(bytes: &[u8], step: usize, limit: usize) -> Vec<Raw> {
        let mut found = Vec::new();
        let mut splitter = Splitter::new(limit);
        for chunk in bytes.chunks(step) {
            splitter.push(chunk, |raw| found.push(raw));
        }
        splitter.finish(|raw| found.push(raw));
        found
    }

    fn texts(bytes: &str, step: usize) -> Vec<String> {
        let found = split(bytes.as_bytes(), step, usize::MAX);
        let text = |raw: Raw| String::from_utf8(raw.bytes).unwrap();
        found.into_iter().map(text).collect()
    }

    #[test]
    fn a_mailbox_is_parted_whatever_the_chunks() {
        let mbox = concat!(
            "From MAILER-DAEMON Fri Nov 21 10:00:00 2025\nSubject: 1\n\nFrom here on.\n\n",
            "From now on I write.\n>From me\n>>From you\n>no\n\n",
            "From a@example.org Fri Nov 21 10:00:00 2025\r\nSubject: 2\r\n\r\nx\r\n\r\n",
            "From - Fri Nov 21 10:00:00 2025\nSubject: 3",
        );
        let expected = [
            "Subject: 1\n\nFrom here on.\n\nFrom now on I write.\nFrom me\n>From you\n>no\n\n",
            "Subject: 2\r\n\r\nx\r\n\r\n",
            "Subject: 3",
        ];
        for step in [1, 2, 3, 7, 64, 10_000] {
            assert_eq!(texts(mbox, step), expected, "{step}");
        }
    }

    #[test]
    fn a_single_message_stays_as_it_is() {
        let message = "To: a\n\n\nFrom a Fri Nov 21 10:00:00 2025\n>From b\n";
        assert_eq!(texts(message, 5), [message]);
        assert!(texts("", 5).is_empty());
    }

    #[test]
    fn of_a_long_message_the_beginning_is_kept() {
        let long = "x".repeat(100_000);
        let mbox = format!("From a 1:00:0\nA: {long}\n\nFrom b 10:00:00 2025\nB: c\n");
        let found = split(mbox.as_bytes(), 4_096, 50);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].bytes.len(), found[0].length), (50, 100_005));
        assert_eq!(found[1].bytes, b"B: c\n");
    }
}
