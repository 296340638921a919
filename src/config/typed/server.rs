//! The table `[server]`.

use std::net::SocketAddr;

use url::Url;

use crate::config::key::Key;
use crate::config::settings::Server;
use crate::config::typed::Read;
use crate::web::{ForwardedHeader, Forwarders, Network};

impl Read<'_> {
    pub(crate) fn server(&mut self, newsletter: &Url) -> Server {
        Server {
            url: self.url("server.url").unwrap_or_else(|| newsletter.clone()),
            listen: self.listen(),
            key_file: self.text("server.key_file"),
            forwarders: self.forwarders(),
            metrics: self.networks("server.metrics"),
        }
    }

    fn listen(&mut self) -> SocketAddr {
        let key = Key::new("server.listen");
        let text = self.text_of(&key);
        text.parse().unwrap_or_else(|_| {
            let message = format!("{key}: \"{text}\" is no place to listen");
            let help = "write an address and a port: \"127.0.0.1:8080\", \"[::1]:8080\"";
            self.bad(&key, message, help);
            SocketAddr::from(([127, 0, 0, 1], 8080))
        })
    }

    fn forwarders(&mut self) -> Forwarders {
        let headers = [
            ("X-Forwarded-For", ForwardedHeader::XForwardedFor),
            ("Forwarded", ForwardedHeader::Forwarded),
        ];
        Forwarders {
            networks: self.networks("server.forwarders"),
            header: self.choice("server.forwarded_header", &headers),
        }
    }

    fn networks(&mut self, name: &str) -> Vec<Network> {
        let key = Key::new(name);
        let mut networks = Vec::new();
        for text in self.texts(name) {
            match text.trim().parse() {
                Ok(network) => networks.push(network),
                Err(cause) => {
                    let message = format!("{key}: \"{text}\" {cause}");
                    let help = "write \"127.0.0.1\", \"10.0.0.0/8\" or \"2001:db8::/32\"";
                    self.bad(&key, message, help);
                }
            }
        }
        networks
    }
}
