//! What a reader may choose.

use letterpress::store::Store;
use letterpress::subscriber::{Purpose, Status, WITHOUT_SECTIONS};

use crate::web::{Site, URLENCODED, address, field, token, token_by};

const ADA: &str = "ada@example.org";

#[tokio::test]
async fn a_reader_chooses_one_of_the_newsletters_languages() {
    let site = Site::start().await;
    site.join(ADA, Status::Confirmed).await;
    let path = format!("/preferences/{}", token_by(1, Purpose::Preferences, ADA));
    let page = site.get(&path).await.expect(200).says("a…@e….org");
    let page = page
        .says("<option value=\"zh\"")
        .says("action=\"/unsubscribe/");
    assert!(!page.body.contains(ADA), "{}", page.body);
    assert_eq!(site.entry(ADA).await.subscriber.language, None);

    let saved = site.post(&path, URLENCODED, "language=zh").await;
    saved
        .expect(200)
        .says("lang=\"zh\"")
        .says("测试周刊")
        .says("<option value=\"zh\" lang=\"zh\" selected>");
    let language = site.entry(ADA).await.subscriber.language;
    assert_eq!(language.as_deref(), Some("zh"));
    for wrong in [
        "language=fr",
        "language=",
        "",
        "language=%3Cb%3E",
        "pause=tomorrow",
    ] {
        site.post(&path, URLENCODED, wrong).await.expect(400);
    }
    let after = site.entry(ADA).await.subscriber;
    assert_eq!(after.language.as_deref(), Some("zh"));
    assert_eq!(after.status, Status::Confirmed);
}

#[tokio::test]
async fn its_button_leaves_and_its_token_is_no_other() {
    let site = Site::start().await;
    site.join(ADA, Status::Confirmed).await;
    let page = site
        .get(&format!(
            "/preferences/{}",
            token_by(1, Purpose::Preferences, ADA)
        ))
        .await;
    let action = page.body.split("action=\"/unsubscribe/").nth(1).unwrap();
    let action = action.split('"').next().unwrap();
    site.post(&format!("/unsubscribe/{action}"), URLENCODED, "leave=1")
        .await
        .expect(200);
    assert_eq!(
        site.entry(ADA).await.subscriber.status,
        Status::Unsubscribed
    );
    let path = format!("/preferences/{}", token(ADA));
    site.get(&path).await.expect(404);
    site.post(&path, URLENCODED, "language=zh")
        .await
        .expect(404);
    let path = format!("/preferences/{}", token_by(1, Purpose::Preferences, ADA));
    let page = site.get(&path).await.expect(200).says("You have left");
    assert!(!page.body.contains("/unsubscribe/"), "{}", page.body);
}

#[tokio::test]
async fn a_reader_chooses_the_sections_they_get() {
    let site = Site::start().await;
    site.join(ADA, Status::Confirmed).await;
    let path = format!("/preferences/{}", token_by(1, Purpose::Preferences, ADA));
    let page = site.get(&path).await.expect(200);
    let page = page.says("value=\"events\" checked> Events");
    let page = page.says("value=\"job-offers\" checked> Job offers");
    assert!(field(&page.body, "sections").is_some(), "{}", page.body);
    let without = async || {
        let person = site.entry(ADA).await.subscriber;
        let value = person.attributes.get(WITHOUT_SECTIONS);
        value.map(|value| value.as_str().unwrap().to_owned())
    };
    let choose = async |body: &str| site.post(&path, URLENCODED, body).await;
    choose("sections=1&section=events&pause=")
        .await
        .expect(200)
        .says("value=\"job-offers\"> Job offers")
        .says("value=\"events\" checked> Events");
    assert_eq!(without().await.as_deref(), Some("job-offers"));
    // A form that does not speak of sections changes none.
    choose("language=zh").await.expect(200);
    assert_eq!(without().await.as_deref(), Some("job-offers"));
    for wrong in [
        "sections=1&section=ads",
        "sections=1&section=",
        "section=events",
    ] {
        choose(wrong).await.expect(400);
    }
    choose("sections=1").await.expect(200);
    assert_eq!(without().await.as_deref(), Some("events, job-offers"));
    choose("sections=1&section=events&section=job-offers")
        .await
        .expect(200);
    assert_eq!(without().await, None);
    // What a list brought under another name is known, and what is not offered is kept.
    let brought = serde_json::json!(["jobs", "Old Column"]);
    let set = site
        .store
        .set_attribute(&address(ADA), WITHOUT_SECTIONS, Some(brought));
    assert!(set.await.unwrap());
    let page = site.get(&path).await.expect(200);
    page.says("value=\"job-offers\"> Job offers");
    choose("sections=1&section=job-offers").await.expect(200);
    assert_eq!(without().await.as_deref(), Some("events, old-column"));
}
