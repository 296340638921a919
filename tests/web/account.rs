//! What a reader may see, move and erase, and what it takes.

use letterpress::store::{NoticeKind, Store};
use letterpress::subscriber::{Purpose, Reason, Status};

use crate::web::{Site, URLENCODED, address, key, token_by};

const ADA: &str = "ada@example.org";
const NEW: &str = "ada@example.net";

/// The path of the link in the mail to an address: of its own data.
fn link(site: &Site, of: &str) -> String {
    let tag = key(1).tag(&address(of));
    let now = site.now().timestamp_millis();
    format!("/account/{}", key(1).ticket(Purpose::Account, tag, now))
}

#[tokio::test]
async fn the_link_is_mailed_to_the_address_on_record_alone() {
    let site = Site::start().await;
    site.join(ADA, Status::Confirmed).await;
    let path = format!("/preferences/{}", token_by(1, Purpose::Preferences, ADA));
    let page = site.get(&path).await.expect(200).says("name=\"account\"");
    assert!(!page.body.contains("/account/"), "{}", page.body);
    let sent = site.post(&path, URLENCODED, "account=1").await.expect(200);
    assert!(!sent.body.contains("/account/") && !sent.body.contains(ADA));
    assert_eq!(
        site.notices().await,
        [(NoticeKind::Account, ADA.to_owned())]
    );
    // No other token opens it.
    for purpose in [Purpose::Preferences, Purpose::Unsubscribe] {
        let path = format!("/account/{}", token_by(1, purpose, ADA));
        site.get(&path).await.expect(404);
    }
    let mine = link(&site, ADA);
    site.get(&mine).await.expect(200).says("type=\"email\"");
    site.pass(24 * 60 + 1);
    site.get(&mine).await.expect(410);
    site.post(&mine, URLENCODED, "sure=1").await.expect(410);
    assert_eq!(site.entry(ADA).await.subscriber.status, Status::Confirmed);
}

#[tokio::test]
async fn all_that_is_kept_can_be_saved() {
    let site = Site::start().await;
    site.join("bob@example.org", Status::Confirmed).await;
    site.sign_up(ADA, "&name=Ada").await.expect(200);
    let confirm = site.link(ADA).await;
    site.press(&confirm).await.expect(200);
    let saved = site
        .post(&link(&site, ADA), URLENCODED, "save=1")
        .await
        .expect(200);
    assert!(
        saved
            .header("content-disposition")
            .unwrap()
            .starts_with("attachment")
    );
    assert_eq!(saved.header("cache-control"), Some("no-store"));
    let all: serde_json::Value = serde_json::from_str(&saved.body).unwrap();
    assert_eq!(all["address"], ADA);
    assert_eq!(all["name"], "Ada");
    assert_eq!(all["status"], "confirmed");
    assert_eq!(all["consent"]["joined_from"], "192.0.2.0/24");
    assert_eq!(all["mailed"], serde_json::json!([]));
    assert!(!saved.body.contains("bob"), "{}", saved.body);
}

#[tokio::test]
async fn erasing_asks_once_more_and_keeps_nothing() {
    let site = Site::start().await;
    site.join(ADA, Status::Confirmed).await;
    let mine = link(&site, ADA);
    let asked = site.post(&mine, URLENCODED, "erase=1").await.expect(200);
    asked.says("name=\"sure\"");
    assert_eq!(site.entry(ADA).await.subscriber.status, Status::Confirmed);
    site.post(&mine, URLENCODED, "sure=1")
        .await
        .expect(200)
        .says("You are erased");
    assert!(site.store.find(&address(ADA)).await.unwrap().is_none());
    assert_eq!(site.store.erased().await.unwrap().len(), 1);
    site.post(&mine, URLENCODED, "save=1").await.expect(404);
}

#[tokio::test]
async fn a_change_of_address_needs_both_mailboxes() {
    let site = Site::start().await;
    site.join(ADA, Status::Confirmed).await;
    site.join("taken@example.org", Status::Confirmed).await;
    let mine = link(&site, ADA);
    let mut answers = Vec::new();
    for new in [NEW, "taken@example.org"] {
        let body = format!("email={new}");
        let reply = site.post(&mine, URLENCODED, &body).await.expect(200);
        answers.push(reply.body);
    }
    // Nobody learns who subscribes.
    assert_eq!(answers[0], answers[1]);
    assert_eq!(site.entry(ADA).await.subscriber.address, address(ADA));
    site.post(&mine, URLENCODED, "email=nonsense")
        .await
        .expect(422);
    let confirm = site.link(NEW).await;
    site.get(&confirm).await.expect(200).says("a…@e….net");
    assert_eq!(site.entry(ADA).await.subscriber.address, address(ADA));
    site.press(&confirm)
        .await
        .expect(200)
        .says("Your address is changed");
    assert_eq!(site.entry(NEW).await.subscriber.status, Status::Confirmed);
    // The old mailbox is not on record any more; the links in its mail are good.
    site.get(&mine).await.expect(404);
    site.post(&mine, URLENCODED, "sure=1").await.expect(404);
    let old = format!("/unsubscribe/{}", token_by(1, Purpose::Unsubscribe, ADA));
    site.one_click(&old).await.expect(200);
    let left = (Status::Unsubscribed, Some(Reason::Unsubscribed));
    assert_eq!(site.status(NEW).await, left);
}

#[tokio::test]
async fn a_reader_pauses_and_comes_back() {
    let site = Site::start().await;
    site.join(ADA, Status::Confirmed).await;
    let path = format!("/preferences/{}", token_by(1, Purpose::Preferences, ADA));
    let page = site
        .get(&path)
        .await
        .expect(200)
        .says("<option value=\"2026-04-01\"");
    assert!(page.body.contains("1 April 2026"), "{}", page.body);
    let saved = site
        .post(&path, URLENCODED, "language=en&pause=2026-04-01")
        .await;
    saved
        .expect(200)
        .says("No issue comes before 1 April 2026.");
    let attributes = site.entry(ADA).await.subscriber.attributes;
    assert_eq!(attributes["paused_until"], "2026-04-01");
    for wrong in ["pause=2036-04-01", "pause=x", "pause=2026-04-02"] {
        site.post(&path, URLENCODED, wrong).await.expect(400);
    }
    let saved = site.post(&path, URLENCODED, "pause=").await.expect(200);
    assert!(!saved.body.contains("No issue comes"), "{}", saved.body);
    assert!(site.entry(ADA).await.subscriber.attributes.is_empty());
    let after = site.entry(ADA).await;
    assert_eq!(after.subscriber.status, Status::Confirmed);
}
