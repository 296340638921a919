//! Whose request it is: the address of the client, also behind web servers that
//! pass requests on.
//!
//! What a header says is believed only as far as a trusted server wrote it. The
//! list of addresses is read from its end: each server adds the one that it
//! heard from. The first that is not trusted is the client; what stands left of
//! it anybody may have written.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use axum::http::{HeaderMap, HeaderName, header};

/// The address of the client, put beside each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Client(pub(super) IpAddr);

/// A range of addresses, such as `10.0.0.0/8`, or a single one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

/// The header in which servers in front name whom they heard from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`: addresses between commas.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// The servers in front that are believed.
#[derive(Clone, Debug, Default)]
pub struct Forwarders {
    /// Where they are; empty: no header is believed.
    pub networks: Vec<Network>,
    /// The one header that they write. The other is anybody's.
    pub header: ForwardedHeader,
}

/// A text that is no range of addresses.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no address and no network such as 10.0.0.0/8")]
pub struct NoNetwork;

impl Forwarders {
    /// The client of a request that came from `peer`.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Client {
        let mut client = peer.to_canonical();
        if !self.trusts(client) {
            return Client(client);
        }
        let name = match self.header {
            ForwardedHeader::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
            ForwardedHeader::Forwarded => header::FORWARDED,
        };
        // Several lines are one list (RFC 9110 §5.3).
        for line in headers.get_all(name).iter().rev() {
            let Ok(line) = line.to_str() else { break };
            for hop in line.rsplit(',') {
                let address = match self.header {
                    ForwardedHeader::XForwardedFor => node(hop),
                    ForwardedHeader::Forwarded => element(hop),
                };
                // Who wrote nonsense, or hides whom it heard from, is as far as
                // can be known.
                let Some(address) = address else {
                    return Client(client);
                };
                client = address;
                if !self.trusts(client) {
                    return Client(client);
                }
            }
        }
        Client(client)
    }

    /// The address of a client, unless it is one of the servers in front: one that
    /// did not say whom it heard from.
    pub(super) fn beyond(&self, client: Client) -> Option<IpAddr> {
        let Client(address) = client;
        (!self.trusts(address)).then_some(address)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|one| one.holds(address))
    }
}

impl Network {
    /// The network that one household or company has: a /24, or a /64 of IPv6.
    pub(super) fn of(address: IpAddr) -> Network {
        match address.to_canonical() {
            IpAddr::V4(four) => Network {
                base: Ipv4Addr::from_bits(four.to_bits() & !0xff).into(),
                bits: 24,
            },
            IpAddr::V6(six) => Network {
                base: Ipv6Addr::from_bits(six.to_bits() & !u128::from(u64::MAX)).into(),
                bits: 64,
            },
        }
    }

    /// Whether an address lies in it.
    pub fn holds(self, address: IpAddr) -> bool {
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                let differing = base.to_bits() ^ address.to_bits();
                differing.leading_zeros() >= u32::from(self.bits)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                let differing = base.to_bits() ^ address.to_bits();
                differing.leading_zeros() >= u32::from(self.bits)
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Network, NoNetwork> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let base: IpAddr = address.trim().parse().map_err(|_| NoNetwork)?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits.trim().parse().map_err(|_| NoNetwork)?,
            None => most,
        };
        if bits > most {
            return Err(NoNetwork);
        }
        Ok(Network { base, bits })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.bits)
    }
}

/// The address in the `for` of an element of `Forwarded` (RFC 7239 §4, §6).
fn element(text: &str) -> Option<IpAddr> {
    text.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let own = name.trim().eq_ignore_ascii_case("for");
        own.then(|| node(value)).flatten()
    })
}

/// An address, perhaps quoted, in brackets and with a port.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let address = match bracketed {
        Some((address, _)) => address,
        None if text.matches(':').count() == 1 => text.split(':').next().unwrap_or_default(),
        None => text,
    };
    Some(address.parse::<IpAddr>().ok()?.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn client(trusted: &[&str], peer: &str, lines: &[(&'static str, &str)]) -> String {
        let header = match lines.first() {
            Some(("forwarded", _)) => ForwardedHeader::Forwarded,
            _ => ForwardedHeader::XForwardedFor,
        };
        let forwarders = Forwarders {
            networks: trusted.iter().map(|one| one.parse().unwrap()).collect(),
            header,
        };
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let Client(client) = forwarders.client(peer.parse().unwrap(), &headers);
        client.to_string()
    }

    const XFF: &str = "x-forwarded-for";

    #[test]
    fn a_header_is_believed_as_far_as_trusted_servers_wrote_it() {
        let local = ["127.0.0.0/8", "::1"];
        let both = ["127.0.0.1", "10.0.0.0/8"];
        for (trusted, peer, line, expected) in [
            // Nobody is trusted, or not this one.
            (&[][..], "127.0.0.1", "192.0.2.1", "127.0.0.1"),
            (&local[..], "198.51.100.7", "192.0.2.1", "198.51.100.7"),
            // One server in front; what its client wrote is left of the end.
            (&local[..], "127.0.0.1", "192.0.2.1", "192.0.2.1"),
            (&local[..], "::ffff:127.0.0.1", "192.0.2.1", "192.0.2.1"),
            (&local[..], "::1", "2001:db8::1", "2001:db8::1"),
            (
                &local[..],
                "127.0.0.1",
                "203.0.113.9, 192.0.2.1",
                "192.0.2.1",
            ),
            (&local[..], "127.0.0.1", "127.0.0.1, 192.0.2.1", "192.0.2.1"),
            // Two in front.
            (
                &both[..],
                "127.0.0.1",
                "203.0.113.9, 192.0.2.1, 10.1.2.3",
                "192.0.2.1",
            ),
            // All are trusted: the farthest.
            (&both[..], "127.0.0.1", "10.9.9.9, 10.1.2.3", "10.9.9.9"),
            // With ports, as some write.
            (&local[..], "127.0.0.1", "192.0.2.1:4711", "192.0.2.1"),
            (&local[..], "127.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
            // Nonsense ends the way.
            (&local[..], "127.0.0.1", "192.0.2.1, unknown", "127.0.0.1"),
            (&local[..], "127.0.0.1", "", "127.0.0.1"),
        ] {
            assert_eq!(client(trusted, peer, &[(XFF, line)]), expected, "{line}");
        }
        assert_eq!(client(&local, "127.0.0.1", &[]), "127.0.0.1");
        let lines = [(XFF, "203.0.113.9"), (XFF, "192.0.2.1")];
        assert_eq!(client(&local, "127.0.0.1", &lines), "192.0.2.1");
    }

    #[test]
    fn only_the_header_that_was_named_counts() {
        let local = ["127.0.0.1"];
        let ask = |line: &str| {
            let lines = [("forwarded", line), (XFF, "203.0.113.9")];
            client(&local, "127.0.0.1", &lines)
        };
        assert_eq!(ask("for=192.0.2.1;proto=https"), "192.0.2.1");
        assert_eq!(
            ask("for=203.0.113.4, For=\"[2001:db8::7]:80\""),
            "2001:db8::7"
        );
        assert_eq!(ask("for=_hidden"), "127.0.0.1");
        assert_eq!(ask("proto=https"), "127.0.0.1");
    }

    #[test]
    fn neighbors_are_one_network() {
        let shown = |text: &str| Network::of(text.parse().unwrap()).to_string();
        assert_eq!(shown("192.0.2.77"), "192.0.2.0/24");
        assert_eq!(shown("::ffff:192.0.2.77"), "192.0.2.0/24");
        assert_eq!(shown("2001:db8:1:2:3::9"), "2001:db8:1:2::/64");
    }

    #[test]
    fn networks_are_read_as_they_are_written() {
        for text in ["10.0.0.0/33", "10.0.0/8", "x", "", "::/129", "10.0.0.0/-1"] {
            assert_eq!(text.parse::<Network>(), Err(NoNetwork), "{text}");
        }
        let any: Network = "0.0.0.0/0".parse().unwrap();
        assert!(any.holds("203.0.113.1".parse().unwrap()));
        assert!(!any.holds("2001:db8::1".parse().unwrap()));
        let six: Network = "2001:db8::/32".parse().unwrap();
        assert!(six.holds("2001:db8:ffff::1".parse().unwrap()));
        assert!(!six.holds("2001:db9::1".parse().unwrap()));
        assert_eq!(six.to_string(), "2001:db8::/32");
    }
}
