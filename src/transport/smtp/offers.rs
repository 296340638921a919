/// What a server says that it can do, in its answer to EHLO (RFC 5321
/// §4.1.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    /// Takes several commands at once (RFC 2920).
    pub pipelining: bool,
    /// Takes addresses and header fields in UTF-8 (RFC 6531 §3.1).
    pub smtputf8: bool,
    /// Takes octets beyond ASCII in the content (RFC 6152).
    pub eight_bit: bool,
    /// The largest message that it takes, in octets (RFC 1870 §4); 0 and nothing
    /// mean that no limit is named.
    pub size: Option<u64>,
    /// Ways to log in, in upper case (RFC 4954 §3).
    pub auth: Vec<String>,
    /// All its keywords, in upper case and in its order.
    pub keywords: Vec<String>,
}

/// A server has a dozen.
const MOST: usize = 100;

impl Offers {
    /// Reads one keyword a line behind code and hyphen or blank, the first line
    /// being a greeting.
    pub(crate) fn read(answer: &[u8]) -> Offers {
        let mut offers = Offers::default();
        let lines = answer.split(|octet| *octet == b'\n').skip(1);
        for line in lines.filter_map(|line| line.get(4..)).take(MOST) {
            let line = String::from_utf8_lossy(line).to_ascii_uppercase();
            // Older servers have `AUTH=PLAIN LOGIN` too.
            let mut words = line.split([' ', '=', '\r', '\t']);
            let keyword = words.next().unwrap_or_default();
            if keyword.is_empty() || !keyword.bytes().all(|octet| octet.is_ascii_graphic()) {
                continue;
            }
            let mut words = words.filter(|word| !word.is_empty());
            match keyword {
                "PIPELINING" => offers.pipelining = true,
                "SMTPUTF8" => offers.smtputf8 = true,
                "8BITMIME" => offers.eight_bit = true,
                "SIZE" => offers.size = words.next().and_then(|word| word.parse().ok()),
                "AUTH" => offers.auth.extend(words.map(str::to_owned)),
                _ => {}
            }
            offers.keywords.push(keyword.to_owned());
        }
        offers.auth.dedup();
        offers.keywords.dedup();
        offers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_read_whatever_their_case_and_the_greeting_is_none() {
        let offers = Offers::read(
            b"250-PIPELINING at your service\r\n250-size 10240000\r\n250-Auth PLAIN login\r\n\
              250-AUTH=PLAIN\r\n250-SMTPUTF8\r\n250-\xff\xff\r\n250 8bitmime\r\n",
        );
        assert!(!offers.pipelining);
        assert!(offers.smtputf8 && offers.eight_bit);
        assert_eq!(offers.size, Some(10_240_000));
        assert_eq!(offers.auth[..2], ["PLAIN", "LOGIN"]);
        assert_eq!(offers.keywords, ["SIZE", "AUTH", "SMTPUTF8", "8BITMIME"]);
        assert_eq!(Offers::read(b"250 mail.test\r\n"), Offers::default());
        let long = format!("250-x\r\n{}", "250-Y\r\n250-Z\r\n".repeat(900));
        assert_eq!(Offers::read(long.as_bytes()).keywords.len(), MOST);
    }
}
