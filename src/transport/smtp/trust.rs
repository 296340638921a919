use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, RootCertStore};

/// Which certificate authorities are believed: those of this machine, and those
/// of a file. The same for STARTTLS and for TLS from the start.
#[derive(Clone)]
pub struct Trust {
    pub(crate) config: Arc<ClientConfig>,
    verifier: Arc<WebPkiServerVerifier>,
}

/// Why it is not known whom to trust.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file of certificates cannot be read, or is none.
    #[error("cannot read the certificates of {}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// The file of certificates holds none that can be used.
    #[error("{} holds no usable certificate", .path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// Neither the machine nor a file names an authority.
    #[error(
        "this machine has no certificate authorities to check mail servers by: \
         install its package ca-certificates, or name a PEM file in smtp.ca_file"
    )]
    NoRoots,
    /// The TLS library cannot be set up.
    #[error("cannot set up TLS")]
    Setup(#[source] rustls::Error),
}

impl Trust {
    /// Reads the machine's authorities, and those of `ca_file` in addition.
    pub fn load(ca_file: Option<&Path>) -> Result<Trust, TrustError> {
        // Single broken certificates are common in the wild and harm nobody.
        let native = rustls_native_certs::load_native_certs().certs;
        let own = match ca_file {
            Some(path) => read(path)?,
            None => Vec::new(),
        };
        Trust::of(own.into_iter().chain(native))
    }

    fn of(
        certificates: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Result<Trust, TrustError> {
        let mut store = RootCertStore::empty();
        for certificate in certificates {
            // One that cannot be used is believed by nobody.
            let _ = store.add(certificate);
        }
        if store.is_empty() {
            return Err(TrustError::NoRoots);
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(&provider))
                .build()
                .map_err(|cause| TrustError::Setup(rustls::Error::General(cause.to_string())))?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TrustError::Setup)?
            .with_webpki_verifier(Arc::clone(&verifier))
            .with_no_client_auth();
        Ok(Trust {
            config: Arc::new(config),
            verifier,
        })
    }

    /// Whether a server of this name is believed by this chain of certificates
    /// at this moment.
    pub(crate) fn believes(
        &self,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        at: UnixTime,
    ) -> bool {
        chain.split_first().is_some_and(|(own, above)| {
            let verdict = self.verifier.verify_server_cert(own, above, name, &[], at);
            verdict.is_ok()
        })
    }
}

fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let failed = |source| TrustError::File {
        path: path.to_owned(),
        source,
    };
    let certificates: Vec<_> = CertificateDer::pem_file_iter(path)
        .map_err(failed)?
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    let mut store = RootCertStore::empty();
    let usable = certificates
        .iter()
        .any(|certificate| store.add(certificate.clone()).is_ok());
    if !usable {
        return Err(TrustError::Empty {
            path: path.to_owned(),
        });
    }
    Ok(certificates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_to_trust_is_an_error_that_says_what_to_do() {
        let error = Trust::of([]).err().unwrap();
        assert!(error.to_string().contains("ca-certificates"));
        assert!(error.to_string().contains("smtp.ca_file"));
    }

    #[test]
    fn a_file_without_certificates_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Trust::load(Some(file.path())).err().unwrap();
        let name = file.path().display().to_string();
        assert!(error.to_string().contains(&name), "{error}");
        let missing = Trust::load(Some(Path::new("no/such/file.pem")))
            .err()
            .unwrap();
        assert!(missing.to_string().contains("no/such/file.pem"));
    }
}
