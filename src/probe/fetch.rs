//! Fetching what lies at an address of the web.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::OnceLock;
use std::time::Duration;

use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::{Method, StatusCode};
use url::Url;

use crate::probe::client::{self, Fault, Request};
use crate::transport::{Trust, TrustError};

/// So many redirects are followed.
const REDIRECTS: usize = 5;

/// Which addresses may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All: the address comes from the editor's own settings.
    Anywhere,
    /// Those of the public Internet alone: the address comes from a text, and
    /// must not lead into the network of the machine that asks.
    Public,
}

impl Reach {
    pub(super) fn allows(self, address: IpAddr) -> bool {
        self == Reach::Anywhere || is_public(address)
    }
}

/// Whether an address is one of the public Internet (RFC 6890, and what was
/// registered since).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, third, _] = address.octets();
            !(address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_multicast()
                || address.is_broadcast()
                || address.is_documentation()
                || first == 0
                || first >= 240
                || (first == 100 && (64..128).contains(&second))
                || (first == 192 && second == 0 && third == 0)
                || (first == 198 && (18..20).contains(&second)))
        }
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => is_public(inner),
            // Of all others 2000::/3 is what is given out (RFC 4291 §2.4).
            None => {
                let [first, second, ..] = address.segments();
                first & 0xe000 == 0x2000
                    && !(first == 0x2001 && (second == 0x0db8 || second < 0x0200))
            }
        },
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped (RFC 4291
/// §2.5.5.2), translated (RFC 6052 §2.1) or 6to4 (RFC 3056 §2).
fn embedded(address: Ipv6Addr) -> Option<IpAddr> {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return Some(mapped.into());
    }
    let octets = address.octets();
    let at = match address.segments() {
        [0x0064, 0xff9b, 0, 0, 0, 0, ..] => 12,
        [0x2002, ..] => 2,
        _ => return None,
    };
    let four: [u8; 4] = octets[at..at + 4].try_into().ok()?;
    Some(IpAddr::from(four))
}

/// Asks servers of the web.
pub struct Client {
    reach: Reach,
    patience: Duration,
    trust: OnceLock<Trust>,
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    /// Where it was found, after redirects.
    pub url: Url,
    /// The status code (RFC 9110 §15).
    pub status: u16,
    /// The content, decoded by no content coding.
    pub body: Vec<u8>,
    headers: HeaderMap,
}

impl Answer {
    /// Whether it is what was asked for.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first field of this name, where it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Why nothing was fetched. The address is named without its query, which may
/// hold secrets.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address is none of the web.
    #[error("{url} is no address of the web: it wants http or https")]
    Scheme {
        /// The address.
        url: String,
    },
    /// It leads into a network that is not to be asked.
    #[error("{url} leads to {address}, which is no public address")]
    Private {
        /// The address.
        url: String,
        /// What its name stands for.
        address: IpAddr,
    },
    /// Nobody can be asked.
    #[error("nothing answers at {url}")]
    Connect {
        /// The address.
        url: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There is no secure connection.
    #[error("there is no secure connection with {url}")]
    Tls {
        /// The address.
        url: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is not known whom to trust.
    #[error("no certificate can be checked")]
    Trust(#[source] TrustError),
    /// No answer came in time.
    #[error("{url} did not answer within {} seconds", .patience.as_secs())]
    Silent {
        /// The address.
        url: String,
        /// How long it was waited for.
        patience: Duration,
    },
    /// What came is no answer.
    #[error("{url} broke off")]
    Broken {
        /// The address.
        url: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is more than was wanted.
    #[error("{url} holds more than {limit} bytes")]
    TooLarge {
        /// The address.
        url: String,
        /// What was wanted at most, in bytes.
        limit: usize,
    },
    /// It leads elsewhere, again and again, or nowhere.
    #[error("{url} leads elsewhere without an end")]
    Redirects {
        /// The address.
        url: String,
    },
}

impl Client {
    /// Asks within `reach`, and waits for one answer so long in all.
    pub fn new(reach: Reach, patience: Duration) -> Client {
        Client {
            reach,
            patience,
            trust: OnceLock::new(),
        }
    }

    /// Fetches at most `limit` bytes, from where redirects lead to.
    ///
    /// # Errors
    ///
    /// Where no answer came; an answer that says no is none.
    pub async fn get(&self, url: &Url, limit: usize) -> Result<Answer, FetchError> {
        self.follow(Method::GET, url, limit).await
    }

    /// Asks whether something is there, without fetching it.
    ///
    /// # Errors
    ///
    /// As [`Client::get`].
    pub async fn head(&self, url: &Url) -> Result<Answer, FetchError> {
        self.follow(Method::HEAD, url, 0).await
    }

    /// Hands over a body of this media type; the answer is of `limit` bytes at
    /// most. Redirects are not followed: what acts, acts where it was sent to.
    ///
    /// # Errors
    ///
    /// As [`Client::get`].
    pub async fn post(
        &self,
        url: &Url,
        kind: &str,
        body: Vec<u8>,
        limit: usize,
    ) -> Result<Answer, FetchError> {
        let body = Some((kind, body.into()));
        self.within(url, self.once(Method::POST, url, body, limit))
            .await
    }

    async fn follow(&self, method: Method, url: &Url, limit: usize) -> Result<Answer, FetchError> {
        let following = async {
            let mut at = url.clone();
            for _ in 0..=REDIRECTS {
                let answer = self.once(method.clone(), &at, None, limit).await?;
                let leads = is_redirect(answer.status)
                    .then(|| answer.header(header::LOCATION.as_str()))
                    .flatten();
                match leads.map(|location| at.join(location)) {
                    None => return Ok(answer),
                    Some(Ok(next)) => at = next,
                    Some(Err(_)) => break,
                }
            }
            Err(FetchError::Redirects { url: shown(url) })
        };
        self.within(url, following).await
    }

    async fn within(
        &self,
        url: &Url,
        asking: impl Future<Output = Result<Answer, FetchError>>,
    ) -> Result<Answer, FetchError> {
        let patience = self.patience;
        tokio::time::timeout(patience, asking)
            .await
            .unwrap_or_else(|_| {
                let url = shown(url);
                Err(FetchError::Silent { url, patience })
            })
    }

    async fn once(
        &self,
        method: Method,
        url: &Url,
        body: Option<(&str, hyper::body::Bytes)>,
        limit: usize,
    ) -> Result<Answer, FetchError> {
        let trust = match url.scheme() {
            "https" => Some(self.trust()?),
            "http" => None,
            _ => return Err(FetchError::Scheme { url: shown(url) }),
        };
        let accept: [(HeaderName, &str); 1] = [(header::ACCEPT, "*/*")];
        let request = Request {
            method,
            url,
            headers: &accept,
            body,
        };
        let answer = client::ask(&request, trust, self.reach)
            .await
            .map_err(|fault| failed(url, fault))?;
        let (head, body) = answer.into_parts();
        // What a redirect or a refusal says beside its head interests nobody.
        let body = match head.status {
            status if is_redirect(status.as_u16()) => Vec::new(),
            _ => Limited::new(body, limit)
                .collect()
                .await
                .map_err(|source| match source.downcast::<LengthLimitError>() {
                    Ok(_) => FetchError::TooLarge {
                        url: shown(url),
                        limit,
                    },
                    Err(source) => FetchError::Broken {
                        url: shown(url),
                        source,
                    },
                })?
                .to_bytes()
                .into(),
        };
        Ok(Answer {
            url: url.clone(),
            status: head.status.as_u16(),
            body,
            headers: head.headers,
        })
    }

    fn trust(&self) -> Result<&Trust, FetchError> {
        if let Some(trust) = self.trust.get() {
            return Ok(trust);
        }
        let trust = Trust::load(None).map_err(FetchError::Trust)?;
        Ok(self.trust.get_or_init(|| trust))
    }
}

fn is_redirect(status: u16) -> bool {
    // RFC 9110 §15.4: those that have a Location to go to.
    [
        StatusCode::MOVED_PERMANENTLY,
        StatusCode::FOUND,
        StatusCode::SEE_OTHER,
        StatusCode::TEMPORARY_REDIRECT,
        StatusCode::PERMANENT_REDIRECT,
    ]
    .iter()
    .any(|one| one.as_u16() == status)
}

fn failed(url: &Url, fault: Fault) -> FetchError {
    let url = shown(url);
    match fault {
        Fault::Connect(source) => FetchError::Connect { url, source },
        Fault::Private(address) => FetchError::Private { url, address },
        Fault::Tls(source) => FetchError::Tls { url, source },
        Fault::Broken(source) => FetchError::Broken { url, source },
    }
}

/// An address as people are shown it: without query, name and password.
fn shown(url: &Url) -> String {
    format!(
        "{}://{}{}",
        url.scheme(),
        client::authority(url),
        url.path()
    )
}

#[cfg(test)]
mod tests;
