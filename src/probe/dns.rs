//! Questions to the DNS. Where there is no such record the answer is empty; an
//! error means that nobody knows.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RData, RecordType};

/// How long one question may take before it is asked again.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks a name server.
#[derive(Clone)]
pub struct Resolver(TokioResolver);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum DnsError {
    /// It is not known whom to ask.
    #[error("no name server can be asked")]
    Setup(#[source] NetError),
    /// The name is none that the DNS could have.
    #[error("{name} is no name of the DNS")]
    Name {
        /// What was to be asked for.
        name: String,
    },
    /// The name server does not answer, or answers with a failure.
    #[error("the name server does not say what {name} is")]
    Silent {
        /// What it was asked for.
        name: String,
        /// Why.
        #[source]
        source: NetError,
    },
}

impl Resolver {
    /// Asks those that this machine asks.
    ///
    /// # Errors
    ///
    /// The machine names none.
    pub fn system() -> Result<Resolver, DnsError> {
        let mut builder = TokioResolver::builder_tokio().map_err(DnsError::Setup)?;
        let options = builder.options_mut();
        options.timeout = PATIENCE;
        options.use_hosts_file = ResolveHosts::Never;
        builder.build().map(Resolver).map_err(DnsError::Setup)
    }

    /// Asks this one.
    ///
    /// # Errors
    ///
    /// The library cannot be set up.
    pub fn at(server: SocketAddr) -> Result<Resolver, DnsError> {
        // RFC 7766 §5: over TCP what was too long for a datagram.
        let ways = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut way| {
            way.port = server.port();
            way
        });
        let server = NameServerConfig::new(server.ip(), true, ways.to_vec());
        let config = ResolverConfig::from_name_servers(vec![server]);
        let mut builder =
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        let options = builder.options_mut();
        options.timeout = PATIENCE;
        options.use_hosts_file = ResolveHosts::Never;
        builder.build().map(Resolver).map_err(DnsError::Setup)
    }

    /// TXT records, the strings of each put together (RFC 7208 §3.3, RFC 6376
    /// §3.6.2.2).
    ///
    /// # Errors
    ///
    /// See [`DnsError`]; so for the others.
    pub async fn texts(&self, name: &str) -> Result<Vec<String>, DnsError> {
        let found = self.ask(absolute(name)?, RecordType::TXT).await?;
        let texts = found.into_iter().filter_map(|data| match data {
            RData::TXT(text) => {
                let whole = text.txt_data.concat();
                Some(String::from_utf8_lossy(&whole).into_owned())
            }
            _ => None,
        });
        Ok(texts.collect())
    }

    /// MX records: preference and name, the preferred first. A lone `.` says that
    /// no mail is taken (RFC 7505).
    pub async fn mail_servers(&self, name: &str) -> Result<Vec<(u16, String)>, DnsError> {
        let found = self.ask(absolute(name)?, RecordType::MX).await?;
        let mut servers: Vec<(u16, String)> = found
            .into_iter()
            .filter_map(|data| match data {
                RData::MX(mx) => Some((mx.preference, relative(&mx.exchange))),
                _ => None,
            })
            .collect();
        servers.sort();
        Ok(servers)
    }

    /// Addresses of both families.
    pub async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, DnsError> {
        let name = absolute(name)?;
        let mut found = self.ask(name.clone(), RecordType::A).await?;
        found.extend(self.ask(name, RecordType::AAAA).await?);
        let addresses = found.into_iter().filter_map(|data| match data {
            RData::A(address) => Some(IpAddr::V4(address.0)),
            RData::AAAA(address) => Some(IpAddr::V6(address.0)),
            _ => None,
        });
        Ok(addresses.collect())
    }

    /// The names of an address (PTR).
    pub async fn names(&self, address: IpAddr) -> Result<Vec<String>, DnsError> {
        let found = self.ask(Name::from(address), RecordType::PTR).await?;
        let names = found.into_iter().filter_map(|data| match data {
            RData::PTR(name) => Some(relative(&name.0)),
            _ => None,
        });
        Ok(names.collect())
    }

    async fn ask(&self, name: Name, kind: RecordType) -> Result<Vec<RData>, DnsError> {
        match self.0.lookup(name.clone(), kind).await {
            Ok(found) => Ok(found
                .answers()
                .iter()
                .map(|record| record.data.clone())
                .collect()),
            Err(error) if error.is_no_records_found() => Ok(Vec::new()),
            Err(source) => Err(DnsError::Silent {
                name: relative(&name),
                source,
            }),
        }
    }
}

impl std::fmt::Debug for Resolver {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Resolver").finish_non_exhaustive()
    }
}

/// A whole name, so that no search list of the machine is put behind it.
fn absolute(name: &str) -> Result<Name, DnsError> {
    let whole = format!("{}.", name.trim_end_matches('.'));
    Name::from_ascii(whole).map_err(|_| DnsError::Name {
        name: name.to_owned(),
    })
}

/// In lower case, without the last dot.
fn relative(name: &Name) -> String {
    let text = name.to_ascii().to_ascii_lowercase();
    match text.strip_suffix('.') {
        Some("") | None => text,
        Some(rest) => rest.to_owned(),
    }
}
