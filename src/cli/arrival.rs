//! Whether the web already shows what was built: asked after `publish.deploy`,
//! before anybody is led there.

use std::time::{Duration, Instant};

use url::Url;

use crate::probe::{Client, Reach};

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// The largest page that is compared, in bytes.
const LARGEST: usize = 64 << 20;
/// Before the second question; later ones wait longer.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Asks until the address shows this page, at most so long.
///
/// # Errors
///
/// What was seen there last.
pub(crate) async fn await_page(url: &Url, page: &[u8], most: Duration) -> Result<(), String> {
    // The address is the newsletter's own: a test site may be anywhere.
    let client = Client::new(Reach::Anywhere, PATIENCE);
    let begun = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let seen = match client.get(url, LARGEST).await {
            Ok(answer) if !answer.is_success() => format!("it answers with {}", answer.status),
            Ok(answer) if is_same(&answer.body, page) => return Ok(()),
            Ok(_) => "it shows another page".to_owned(),
            Err(cause) => cause.to_string(),
        };
        if begun.elapsed() + pause > most {
            return Err(seen);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Whether two pages say the same. Hosts put things of their own around it.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one == other || main(one).is_some_and(|one| Some(one) == main(other))
}

/// What is between the begin and the end of `main`.
fn main(page: &[u8]) -> Option<&[u8]> {
    let find = |words: &[u8]| page.windows(words.len()).position(|found| found == words);
    page.get(find(b"<main")?..find(b"</main>")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_host_puts_around_a_page_does_not_matter() {
        let built = b"<html><main class=\"x\">Words</main></html>";
        let shown = b"<html><script></script><main class=\"x\">Words</main><!-- 3 ms --></html>";
        let older = b"<html><main class=\"x\">Other words</main></html>";
        assert!(is_same(built, built) && is_same(shown, built));
        assert!(!is_same(older, built) && !is_same(b"", built));
        assert!(is_same(b"plain", b"plain") && !is_same(b"plain", b"plane"));
    }
}
