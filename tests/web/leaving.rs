//! Leaving, by a page and by one click, and taking it back.

use letterpress::store::Store;
use letterpress::subscriber::{Purpose, Reason, Status, Tag};

use crate::web::{Site, URLENCODED, address, field, key, suppression, token, token_by};

const ADA: &str = "ada@example.org";
const GONE: (Status, Option<Reason>) = (Status::Unsubscribed, Some(Reason::Unsubscribed));
const MAILED: (Status, Option<Reason>) = (Status::Confirmed, None);

#[tokio::test]
async fn a_page_that_is_fetched_changes_nothing() {
    let site = Site::start().await;
    site.join(ADA, Status::Confirmed).await;
    let path = format!("/unsubscribe/{}", token(ADA));
    for method in ["GET", "HEAD", "GET"] {
        let page = site.ask(method, &path, "", "").await.expect(200);
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.header("set-cookie"), None);
    }
    let page = site.get(&path).await.says("<form method=\"post\"");
    let page = page.says("a…@e….org").says("Test Weekly");
    assert!(!page.body.contains(ADA), "{}", page.body);
    assert_eq!(site.status(ADA).await, MAILED);
}

#[tokio::test]
async fn one_click_acts_at_once_in_both_encodings_and_twice_is_once() {
    let site = Site::start().await;
    let multipart = "--B\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\n\
                     One-Click\r\n--B--\r\n";
    let cases = [
        (ADA, URLENCODED, "List-Unsubscribe=One-Click"),
        (
            "bob@example.org",
            "multipart/form-data; boundary=B",
            multipart,
        ),
    ];
    for (who, kind, body) in cases {
        site.join(who, Status::Confirmed).await;
        let path = format!("/unsubscribe/{}", token(who));
        for _ in 0..2 {
            let reply = site.post(&path, kind, body).await.expect(200);
            assert_eq!(reply.header("location"), None);
            assert_eq!(reply.header("set-cookie"), None);
            assert_eq!(reply.body, "unsubscribed\n");
            assert_eq!(site.status(who).await, GONE);
        }
        let left_at = site.entry(who).await.subscriber.consent.left_at;
        site.pass(5);
        site.post(&path, kind, body).await.expect(200);
        assert_eq!(site.entry(who).await.subscriber.consent.left_at, left_at);
    }
}

#[tokio::test]
async fn the_button_leaves_and_an_hour_long_it_can_be_taken_back() {
    let site = Site::start().await;
    site.join(ADA, Status::Confirmed).await;
    let path = format!("/unsubscribe/{}", token(ADA));
    let left = site.post(&path, URLENCODED, "leave=1").await.expect(200);
    let left = left.says("You have left");
    assert_eq!(site.status(ADA).await, GONE);
    let ticket = field(&left.body, "undo").unwrap();
    site.pass(59);
    let undo = format!("undo={ticket}");
    site.post(&path, URLENCODED, &undo)
        .await
        .expect(200)
        .says("still subscribed");
    assert_eq!(site.status(ADA).await, MAILED);
    assert_eq!(site.entry(ADA).await.subscriber.consent.left_at, None);
    // Used twice it does no more harm than once.
    site.post(&path, URLENCODED, &undo).await.expect(200);

    let left = site.post(&path, URLENCODED, "leave=1").await;
    // The ticket of the first time is none for the second.
    site.post(&path, URLENCODED, &undo).await.expect(410);
    assert_eq!(site.status(ADA).await, GONE);
    let ticket = field(&left.body, "undo").unwrap();
    site.pass(60);
    let late = format!("undo={ticket}");
    site.post(&path, URLENCODED, &late).await.expect(410);
    assert_eq!(site.status(ADA).await, GONE);
}

#[tokio::test]
async fn what_was_not_done_here_cannot_be_taken_back() {
    let site = Site::start().await;
    let leave = async |who: &str| {
        let path = format!("/unsubscribe/{}", token(who));
        site.post(&path, URLENCODED, "leave=1").await.expect(200)
    };
    // Somebody who never confirmed does not become confirmed by leaving.
    site.join(ADA, Status::Pending).await;
    assert_eq!(field(&leave(ADA).await.body, "undo"), None);
    // Who is suppressed stays so.
    site.join("bob@example.org", Status::Confirmed).await;
    let reason = suppression(Reason::Complaint, site.now());
    let bob = address("bob@example.org");
    site.store.suppress(&bob, reason).await.unwrap();
    assert_eq!(field(&leave("bob@example.org").await.body, "undo"), None);
    // A complaint that comes in between outweighs the wish to come back.
    site.join("cy@example.org", Status::Confirmed).await;
    let page = leave("cy@example.org").await;
    let ticket = field(&page.body, "undo").unwrap();
    let reason = suppression(Reason::Complaint, site.now());
    let cy = address("cy@example.org");
    site.store.suppress(&cy, reason).await.unwrap();
    let path = format!("/unsubscribe/{}", token("cy@example.org"));
    let undo = format!("undo={ticket}");
    site.post(&path, URLENCODED, &undo).await.expect(410);
    let complained = (Status::Unsubscribed, Some(Reason::Complaint));
    assert_eq!(site.status("cy@example.org").await, complained);
    // A ticket is good for its own person alone, and cannot be made up.
    site.join("di@example.org", Status::Confirmed).await;
    let page = leave("di@example.org").await;
    let of_di = field(&page.body, "undo").unwrap();
    let path = format!("/unsubscribe/{}", token(ADA));
    for ticket in [of_di.as_str(), "x", "", &of_di[..of_di.len() - 1]] {
        let undo = format!("undo={ticket}");
        site.post(&path, URLENCODED, &undo).await.expect(404);
    }
    assert_eq!(site.status(ADA).await, GONE);
}

#[tokio::test]
async fn what_is_no_token_of_ours_for_leaving_does_nothing() {
    let site = Site::start().await;
    site.join(ADA, Status::Confirmed).await;
    let good = token(ADA);
    let mut flipped = good.clone().into_bytes();
    flipped[5] = if flipped[5] == b'A' { b'B' } else { b'A' };
    let wrong = [
        String::from_utf8(flipped).unwrap(),
        good[..good.len() - 1].to_owned(),
        format!("{good}A"),
        token_by(2, Purpose::Unsubscribe, ADA),
        token_by(1, Purpose::Preferences, ADA),
        token_by(1, Purpose::Confirm, ADA),
        "no-key".to_owned(),
        "%F0%9F%93%AC".to_owned(),
        "A".repeat(5000),
    ];
    for token in &wrong {
        let path = format!("/unsubscribe/{token}");
        site.get(&path).await.expect(404);
        site.one_click(&path).await.expect(404);
        assert_eq!(site.status(ADA).await, MAILED);
    }
    for path in ["/unsubscribe/", "/unsubscribe", "/unsubscribe/a/b"] {
        site.get(path).await.expect(404);
        let reply = site.one_click(path).await;
        assert!([404, 405].contains(&reply.status), "{reply:?}");
    }
    // A token of ours for an address that is on no list.
    let path = format!("/unsubscribe/{}", token("nobody@example.org"));
    site.get(&path).await.expect(404);
    site.one_click(&path).await.expect(404);
    let nobody = site.store.suppressions(None, 10).await.unwrap();
    assert_eq!(nobody, []);
    // The log knows neither tokens nor addresses.
    let log = site.log();
    assert!(
        !log.contains(&good[..good.len() - 1]) && !log.contains('@'),
        "{log}"
    );
    assert!(
        log.contains("method=POST path=/unsubscribe/… status=404"),
        "{log}"
    );
}

#[tokio::test]
async fn links_work_for_who_joins_moves_or_comes_back_while_it_runs() {
    let site = Site::start().await;
    site.join("first@example.org", Status::Confirmed).await;
    site.get(&format!("/unsubscribe/{}", token("first@example.org")))
        .await
        .expect(200);
    site.join(ADA, Status::Confirmed).await;
    site.get(&format!("/unsubscribe/{}", token(ADA)))
        .await
        .expect(200)
        .says("a…@e….org");

    // Mail to the old address and to the new one leads to the same person.
    let (old, new) = (address(ADA), address("new@example.net"));
    let moved = site.store.change_address(&old, &new, site.now());
    assert!(moved.await.unwrap());
    for token in [token("new@example.net"), token(ADA)] {
        site.get(&format!("/unsubscribe/{token}"))
            .await
            .expect(200)
            .says("n…@e….net");
    }
    // Somebody else has the old address now: it is theirs.
    site.join(ADA, Status::Confirmed).await;
    site.one_click(&format!("/unsubscribe/{}", token(ADA)))
        .await
        .expect(200);
    assert_eq!(site.status(ADA).await, GONE);
    assert_eq!(site.status("new@example.net").await, MAILED);

    // Who is erased is nobody's, by neither of their addresses.
    assert!(site.store.erase(&new, site.now()).await.unwrap());
    site.get(&format!("/unsubscribe/{}", token("new@example.net")))
        .await
        .expect(404);
    assert_eq!(site.store.former(0, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_server_that_starts_later_knows_former_addresses() {
    let site = Site::start().await;
    site.join(ADA, Status::Confirmed).await;
    let moved = site
        .store
        .change_address(&address(ADA), &address("b@example.net"), site.now());
    moved.await.unwrap();
    // Nobody has asked yet: all of this is read at the first question.
    site.one_click(&format!("/unsubscribe/{}", token(ADA)))
        .await
        .expect(200);
    assert_eq!(site.status("b@example.net").await, GONE);
}

#[tokio::test]
async fn tokens_of_an_older_key_still_work() {
    let site = Site::start().await;
    site.join(ADA, Status::Confirmed).await;
    let old = token_by(9, Purpose::Unsubscribe, ADA);
    site.one_click(&format!("/unsubscribe/{old}"))
        .await
        .expect(200);
    assert_eq!(site.status(ADA).await, GONE);
}

#[tokio::test]
async fn the_test_token_is_answered_with_a_proof_and_changes_nothing() {
    let site = Site::start().await;
    let token = key(1).token(Purpose::Unsubscribe, Tag::PROBE);
    let path = format!("/unsubscribe/{token}");
    let nonce = "letterpress-nonce: n1\r\n";
    let page = site.ask("GET", &path, nonce, "").await.expect(200);
    let proof = page.header("letterpress-proof").unwrap().to_owned();
    // One for each key that reads.
    assert_eq!(proof.split(' ').count(), 2, "{proof}");
    let click = site.one_click(&path).await.expect(200);
    assert_eq!(click.header("letterpress-proof"), None);
    let preferences = format!("/preferences/{token}");
    site.get(&preferences).await.expect(404);
    site.post(&path, URLENCODED, "leave=1").await.expect(400);
    let nobody = site.store.suppressions(None, 10).await.unwrap();
    assert_eq!(nobody, []);
}

#[tokio::test]
async fn it_works_below_a_path_whether_or_not_that_is_taken_away() {
    let site = Site::start_at("https://example.test/weekly/").await;
    site.join(ADA, Status::Confirmed).await;
    let token = token(ADA);
    for base in ["", "/weekly"] {
        let path = format!("{base}/unsubscribe/{token}");
        let page = site.get(&path).await.expect(200);
        page.says(&format!("action=\"/weekly/unsubscribe/{token}\""))
            .says("href=\"/weekly/style.css\"");
        site.get(&format!("{base}/style.css")).await.expect(200);
    }
    site.get(&format!("/weeklyx/unsubscribe/{token}"))
        .await
        .expect(404);
}
