use std::fmt;

/// How far a message had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Finding the server and connecting to it.
    Connect,
    /// Agreeing on TLS.
    Tls,
    /// Greeting and EHLO.
    Hello,
    /// Logging in.
    Login,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// DATA, before any content has left.
    Data,
    /// The content is under way or was received; the reply is not there yet.
    Content,
}

impl Phase {
    /// What was being done, for people.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Connect => "connecting",
            Phase::Tls => "agreeing on TLS",
            Phase::Hello => "greeting",
            Phase::Login => "logging in",
            Phase::Sender => "naming the sender",
            Phase::Recipient => "naming the recipient",
            Phase::Data => "announcing the message",
            Phase::Content => "sending the message",
        }
    }
}

/// An enhanced status code (RFC 3463 §2): class, subject, detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Enhanced(pub u8, pub u16, pub u16);

impl Enhanced {
    /// Reads the code at the beginning of a reply's text, where RFC 2034 §4
    /// puts it.
    pub fn parse(text: &str) -> Option<Enhanced> {
        let word = text.split_whitespace().next()?;
        let mut parts = word.split('.');
        let mut number = |longest: usize| {
            let part = parts.next()?;
            let sound = (1..=longest).contains(&part.len())
                && part.bytes().all(|byte| byte.is_ascii_digit());
            sound.then(|| part.parse::<u16>().ok()).flatten()
        };
        let (class, subject, detail) = (number(1)?, number(3)?, number(3)?);
        let class = u8::try_from(class).ok()?;
        (matches!(class, 2 | 4 | 5) && parts.next().is_none())
            .then_some(Enhanced(class, subject, detail))
    }
}

impl fmt::Display for Enhanced {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// A reply of a server (RFC 5321 §4.2). `Debug` and `Display` leave the text
/// out of what might be logged: servers like to repeat the address in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// Three digits.
    pub code: u16,
    /// The enhanced code, where the server gives one.
    pub enhanced: Option<Enhanced>,
    /// All lines, joined by blanks, with the enhanced code.
    pub text: String,
}

impl Reply {
    /// A reply of this code and text.
    pub fn new(code: u16, text: impl Into<String>) -> Reply {
        let text = text.into();
        Reply {
            code,
            enhanced: Enhanced::parse(&text),
            text,
        }
    }

    /// The name the server gave to the message, where it says so in one of the
    /// usual ways: `queued as 4F1A2B`, `id=1abc-000`.
    pub fn queue_id(&self) -> Option<&str> {
        let (_, after) = self
            .text
            .split_once("queued as ")
            .or_else(|| self.text.split_once("id="))?;
        after
            .split(|character: char| character.is_whitespace() || ",;)>".contains(character))
            .next()
            .filter(|id| !id.is_empty())
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.code)?;
        if let Some(enhanced) = self.enhanced {
            write!(formatter, " {enhanced}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Reply({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enhanced_codes_are_read_at_the_beginning_only() {
        let cases = [
            ("5.1.1 no such user", Some(Enhanced(5, 1, 1))),
            ("4.7.28 slow down", Some(Enhanced(4, 7, 28))),
            ("2.0.0", Some(Enhanced(2, 0, 0))),
            ("no 5.1.1", None),
            ("5.1", None),
            ("5.1.1.1", None),
            ("3.1.1", None),
            ("5.1234.1", None),
            ("5.-1.1", None),
            ("127.0.0.1 refused", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(Enhanced::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn the_servers_own_name_for_a_message_is_found() {
        let cases = [
            ("2.0.0 Ok: queued as 4F1A2B", Some("4F1A2B")),
            ("OK id=1abc-0002-Xy", Some("1abc-0002-Xy")),
            ("2.0.0 Ok", None),
            ("queued as ", None),
        ];
        for (text, expected) in cases {
            assert_eq!(Reply::new(250, text).queue_id(), expected);
        }
    }
}
