//! Telling a hub that a feed has changed (W3C WebSub, Publishing). The hub then
//! fetches the feed and hands it on to those who asked it to.

use std::time::Duration;

use url::{Host, Url};

use crate::probe::fetch::{Client, FetchError, Reach};

/// How long a hub may take to say that it has understood.
const PATIENCE: Duration = Duration::from_secs(15);
/// What it says beside its status is of no use.
const ANSWER: usize = 64 << 10;
const URLENCODED: &str = "application/x-www-form-urlencoded";

/// Why a hub was not told.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// It was not reached.
    #[error(transparent)]
    Fetch(FetchError),
    /// It does not want it.
    #[error("it answers with {status}")]
    Refused {
        /// What it answered.
        status: u16,
    },
}

/// Tells a hub of feeds that have changed, one after the other.
///
/// # Errors
///
/// For the first of which it was not told, how many it was told of before.
pub async fn tell_hub(hub: &Url, topics: &[String]) -> Result<(), (usize, HubError)> {
    let client = Client::new(reach(hub), PATIENCE);
    for (told, topic) in topics.iter().enumerate() {
        // Hubs differ in the name under which they look for the feed.
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("hub.mode", "publish")
            .append_pair("hub.url", topic)
            .append_pair("hub.topic", topic)
            .finish();
        let answer = client
            .post(hub, URLENCODED, body.into_bytes(), ANSWER)
            .await
            .map_err(|cause| (told, HubError::Fetch(cause)))?;
        if !answer.is_success() {
            let status = answer.status;
            return Err((told, HubError::Refused { status }));
        }
    }
    Ok(())
}

/// A hub with a name is one of the Internet, whatever that name stands for today;
/// one in a network of the editor's own is named by its address.
fn reach(hub: &Url) -> Reach {
    match hub.host() {
        Some(Host::Domain(name)) if !name.eq_ignore_ascii_case("localhost") => Reach::Public,
        _ => Reach::Anywhere,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_hub_named_by_its_address_may_be_in_a_private_network() {
        let reach = |url: &str| reach(&Url::parse(url).unwrap());
        assert_eq!(reach("https://hub.example.org/"), Reach::Public);
        assert_eq!(reach("http://127.0.0.1:9000/"), Reach::Anywhere);
        assert_eq!(reach("http://[::1]/hub"), Reach::Anywhere);
        assert_eq!(reach("http://localhost:9000/"), Reach::Anywhere);
        assert_eq!(reach("http://10.0.0.7/"), Reach::Anywhere);
    }
}
