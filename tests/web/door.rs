//! Signing up and confirming.

use letterpress::store::{NoticeKind, SignUp, Store};
use letterpress::subscriber::{Purpose, Reason, Status, Tag};

use crate::web::{Reply, Site, URLENCODED, address, field, key, suppression};

const ADA: &str = "ada@example.org";

impl Site {
    /// A stamp that is old enough.
    pub(crate) fn stamp(&self) -> String {
        let shown = self.now().timestamp_millis() - 10_000;
        key(1).ticket(Purpose::Form, Tag::PROBE, shown)
    }

    /// Signs up, as a browser does whose form was shown a while ago.
    pub(crate) async fn sign_up(&self, email: &str, more: &str) -> Reply {
        self.sign_up_from("192.0.2.7", email, more).await
    }

    pub(crate) async fn sign_up_from(&self, client: &str, email: &str, more: &str) -> Reply {
        let email: String = url::form_urlencoded::byte_serialize(email.as_bytes()).collect();
        let body = format!("email={email}&homepage=&stamp={}{more}", self.stamp());
        let headers = format!("Content-Type: {URLENCODED}\r\nX-Forwarded-For: {client}\r\n");
        self.ask("POST", "/subscribe", &headers, &body).await
    }

    /// What waits to be confirmed.
    pub(crate) async fn unconfirmed(&self) -> Vec<SignUp> {
        self.store.unconfirmed(None, 100).await.unwrap()
    }

    /// Kinds and addresses of the messages that are to be sent.
    pub(crate) async fn notices(&self) -> Vec<(NoticeKind, String)> {
        let due = self.store.take_notices(self.now(), self.now(), 100);
        let due = due.await.unwrap().into_iter();
        due.map(|one| (one.kind, one.address.to_string())).collect()
    }

    /// The path of the link that is mailed to an address.
    pub(crate) async fn link(&self, of: &str) -> String {
        let due = self.store.take_notices(self.now(), self.now(), 100);
        let notice = due
            .await
            .unwrap()
            .into_iter()
            .find(|one| one.address.key() == address(of).key())
            .unwrap();
        let tag = key(1).tag(&notice.address);
        let moment = notice.at.timestamp_millis();
        format!("/confirm/{}", key(1).ticket(Purpose::Confirm, tag, moment))
    }

    pub(crate) async fn press(&self, path: &str) -> Reply {
        self.post(path, URLENCODED, "confirm=1").await
    }
}

#[tokio::test]
async fn who_signs_up_and_confirms_is_subscribed_with_proof() {
    let site = Site::start().await;
    let page = site.get("/subscribe?lang=zh").await.expect(200);
    let page = page
        .says("lang=\"zh\"")
        .says("测试周刊")
        .says("type=\"email\"");
    assert!(field(&page.body, "stamp").is_some());
    site.sign_up(" Ada@Example.org ", "&language=zh&name=Ada+L")
        .await
        .expect(200)
        .says("请查看您的邮箱");
    assert!(site.store.find(&address(ADA)).await.unwrap().is_none());
    let link = site.link(ADA).await;
    site.pass(60);
    // Whatever fetches the link confirms nothing.
    let page = site.get(&link).await.expect(200).says("A…@e….org");
    assert!(!page.body.contains("Ada"), "{}", page.body);
    assert!(site.store.find(&address(ADA)).await.unwrap().is_none());
    site.press(&link).await.expect(200).says("订阅成功");
    let entry = site.entry(ADA).await;
    let consent = entry.subscriber.consent;
    assert_eq!(entry.subscriber.status, Status::Confirmed);
    assert_eq!(entry.subscriber.address.as_str(), "Ada@example.org");
    assert_eq!(entry.subscriber.name, "Ada L");
    assert_eq!(entry.subscriber.language.as_deref(), Some("zh"));
    assert_eq!(consent.origin, "https://weekly.test/subscribe");
    assert_eq!(consent.joined_ip.as_deref(), Some("192.0.2.0/24"));
    assert_eq!(consent.confirmed_at, Some(site.now()));
    assert_eq!(site.unconfirmed().await, []);
    let expected = [
        (NoticeKind::Confirm, "Ada@example.org".to_owned()),
        (NoticeKind::Welcome, "Ada@example.org".to_owned()),
    ];
    assert_eq!(site.notices().await, expected);
    // Once more changes nothing, and tells whoever has the link.
    site.press(&link).await.expect(200).says("订阅成功");
    site.get(&link).await.expect(200).says("订阅成功");
    assert!(!site.log().to_lowercase().contains("ada"), "{}", site.log());
}

#[tokio::test]
async fn a_link_that_was_used_brings_nobody_back() {
    let site = Site::start().await;
    site.sign_up(ADA, "").await.expect(200);
    let link = site.link(ADA).await;
    site.press(&link).await.expect(200);
    site.pass(1);
    site.one_click(&format!("/unsubscribe/{}", crate::web::token(ADA)))
        .await
        .expect(200);
    site.press(&link).await.expect(410);
    site.get(&link).await.expect(410);
    let left = (Status::Unsubscribed, Some(Reason::Unsubscribed));
    assert_eq!(site.status(ADA).await, left);
    // Their own new opt-in does.
    site.sign_up(ADA, "").await.expect(200);
    let link = site.link(ADA).await;
    assert_eq!(site.status(ADA).await, left);
    site.press(&link).await.expect(200);
    assert_eq!(site.status(ADA).await, (Status::Confirmed, None));
}

#[tokio::test]
async fn every_address_is_answered_alike() {
    let site = Site::start().await;
    site.join("known@example.org", Status::Confirmed).await;
    site.join("left@example.org", Status::Unsubscribed).await;
    for (of, reason) in [
        ("spam@example.org", Reason::Complaint),
        ("no@example.org", Reason::Manual),
    ] {
        let held = suppression(reason, site.now());
        site.store.suppress(&address(of), held).await.unwrap();
    }
    let held = suppression(Reason::Manual, site.now());
    let barred = site.store.suppress_domain("barred.example.org", held);
    barred.await.unwrap();
    site.store
        .erase(&address("erased@example.org"), site.now())
        .await
        .unwrap();
    let mut answers = Vec::new();
    for of in [
        "new@example.org",
        "known@example.org",
        "left@example.org",
        "spam@example.org",
        "no@example.org",
        "x@barred.example.org",
        "x@no-such-domain.invalid",
        "erased@example.org",
    ] {
        let reply = site.sign_up(of, "").await.expect(200);
        let head: Vec<&str> = reply.head.lines().collect();
        let head = head.into_iter().filter(|line| !line.starts_with("date:"));
        answers.push((head.collect::<Vec<_>>().join("\n"), reply.body));
    }
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
    // The same was kept of all of them.
    assert_eq!(site.unconfirmed().await.len(), 8);
    assert_eq!(site.notices().await.len(), 8);
}

#[tokio::test]
async fn a_confirmation_lifts_what_its_owner_may_lift() {
    let site = Site::start().await;
    let cases = [
        ("unsubscribed@example.org", Reason::Unsubscribed, 200),
        ("bounced@example.org", Reason::HardBounce, 200),
        ("complained@example.org", Reason::Complaint, 409),
        ("manual@example.org", Reason::Manual, 409),
    ];
    for (of, reason, _) in cases {
        site.join(of, Status::Confirmed).await;
        let held = suppression(reason, site.now());
        site.store.suppress(&address(of), held).await.unwrap();
        site.sign_up(of, "").await.expect(200);
    }
    site.store
        .erase(&address("erased@example.org"), site.now())
        .await
        .unwrap();
    site.sign_up("erased@example.org", "").await.expect(200);
    for (of, reason, status) in cases {
        let link = site.link(of).await;
        site.press(&link).await.expect(status);
        let held = (status != 200).then_some(reason);
        assert_eq!(site.status(of).await, (Status::Confirmed, held), "{of}");
    }
    let link = site.link("erased@example.org").await;
    site.press(&link).await.expect(200);
    assert_eq!(
        site.status("erased@example.org").await,
        (Status::Confirmed, None)
    );
}

#[tokio::test]
async fn a_link_to_confirm_is_good_for_a_while() {
    let site = Site::start().await;
    site.sign_up(ADA, "").await.expect(200);
    let link = site.link(ADA).await;
    site.pass(7 * 24 * 60 + 1);
    site.get(&link).await.expect(410).says("/subscribe");
    site.press(&link).await.expect(410);
    assert!(site.store.find(&address(ADA)).await.unwrap().is_none());
    let forged = key(2).ticket(Purpose::Confirm, key(2).tag(&address(ADA)), 0);
    site.press(&format!("/confirm/{forged}")).await.expect(404);
    let cut = &link[..link.len() - 1];
    site.press(cut).await.expect(404);
    // One that was signed before the key was changed.
    site.sign_up(ADA, "").await.expect(200);
    let asked = site.unconfirmed().await.remove(0);
    let older = SignUp {
        tag: key(9).tag(&asked.address),
        ..asked
    };
    let ticket = key(9).ticket(Purpose::Confirm, older.tag, older.at.timestamp_millis());
    site.store.ask(older, 100).await.unwrap();
    site.press(&format!("/confirm/{ticket}")).await.expect(200);
}

#[tokio::test]
async fn without_a_way_in_there_is_no_such_page() {
    let site = Site::start_closed().await;
    site.get("/subscribe").await.expect(404);
    site.sign_up(ADA, "").await.expect(404);
    site.press("/confirm/x").await.expect(404);
    assert_eq!(site.unconfirmed().await, []);
}
