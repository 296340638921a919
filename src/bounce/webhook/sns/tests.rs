use super::*;

/// A certificate of nobody, and what its key signed once: the key is gone.
const CERTIFICATE: &[u8] = include_bytes!("sns.pem");
const VERSION_1: &str = "sL2LKnjjxXgIIg0E3WmanszlM+bE+osWQywAfMdLXU6+UFW1YrdMIP5jrhb/sFUgXLJJfMNUK53z+ddLBy5i\
     MsJUUxHwW/9p9DcScEqT5a8oRWVayYYrIKK5KuTqk4LMngDuflOOTYjYx/MkYp7qCFz9xw0UrkWBCu+nxTvN\
     aQm/9qDv3YmQZrSEffE+kAdSj0WLBq+VdanR6/Mox3LOmb+8wgbZLngr6IbL4eELRnD8zVJj2U4G5WIkvchI\
     +2l0vCo9vtYUAlxDx+EzRywflj7v8jlBw5pjI0WZgCvyRhxd6Wk4eRaze4UGTxHbIcO+hPRKWSU15UTGlcyQ\
     t2cfZA==";
const VERSION_2: &str = "GdTGRlBVhO764iBEbUqWkd7Ms8aAsDRZ8X3pMLUHJexrmum7Fb4sTbGSfGii6xxYanIDnUtYxjHqUIu6j+Jg\
     RzXO4kJa5lkzUAFLfe4mQyRux9mFsaRjoe6N7PNTXNwsmMNdkWvNHqqZapkhsP7qZD1h4NXfvxC4wDfsPhpm\
     xJW9c+bgxLArF44mQMrrvfV1QoXnvjXLm8aZ/wCCfZTjH+MVUpOqYvtEO9qrlr2QW5BZFq5emPJhJ+wZyKVh\
     4HYtaS5K04545ToAATIaF503UyRE2yfT/OyzXG2gOhdwyFK8uV7Cond2Fus38QkFpRSBE9qz+TsCcYXZJCfT\
     Vuq1fQ==";

fn message(version: &str, signature: &str) -> Value {
    serde_json::json!({
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": "arn:aws:sns:eu-central-1:123456789012:weekly",
        "Message": "{\"notificationType\":\"Delivery\"}",
        "Timestamp": "2026-02-27T21:41:19.978Z",
        "SignatureVersion": version,
        "Signature": signature,
        "SigningCertURL": "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem",
        "UnsubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=Unsubscribe",
    })
}

fn verified(message: &Value) -> Result<(), Error> {
    let now = "2026-12-01T00:00:00Z".parse().unwrap();
    Envelope::read(message.to_string().as_bytes())?.verify(CERTIFICATE, now)
}

#[test]
fn both_versions_of_signatures_are_verified() {
    assert_eq!(verified(&message("1", VERSION_1)), Ok(()));
    assert_eq!(verified(&message("2", VERSION_2)), Ok(()));
    assert_eq!(verified(&message("2", VERSION_1)), Err(Error::Signature));
    assert_eq!(verified(&message("3", VERSION_2)), Err(Error::Version));
    let read = Envelope::read(message("1", VERSION_1).to_string().as_bytes()).unwrap();
    let kind = Kind::Notification("{\"notificationType\":\"Delivery\"}".to_owned());
    assert_eq!(read.kind, kind);
}

#[test]
fn whatever_is_changed_no_longer_fits() {
    for key in ["MessageId", "TopicArn", "Message", "Timestamp"] {
        let mut message = message("2", VERSION_2);
        message[key] = Value::from("other");
        assert_eq!(verified(&message), Err(Error::Signature), "{key}");
        message.as_object_mut().unwrap().remove(key);
        assert_eq!(verified(&message), Err(Error::Form), "{key}");
    }
    let mut with_subject = message("2", VERSION_2);
    with_subject["Subject"] = Value::from("added");
    assert_eq!(verified(&with_subject), Err(Error::Signature));
    let read = Envelope::read(message("2", VERSION_2).to_string().as_bytes()).unwrap();
    let late = "2200-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(read.verify(CERTIFICATE, late), Err(Error::Expired));
    let now = "2026-12-01T00:00:00Z".parse().unwrap();
    assert_eq!(read.verify(b"nothing", now), Err(Error::Certificate));
    for cut in 0..CERTIFICATE.len() - 30 {
        assert!(read.verify(&CERTIFICATE[..cut], now).is_err(), "{cut}");
    }
}

#[test]
fn only_addresses_of_sns_are_asked() {
    let cases = [
        ("https://sns.eu-central-1.amazonaws.com/a.pem", true),
        ("https://sns.us-gov-west-1.amazonaws.com/a.pem", true),
        ("http://sns.eu-central-1.amazonaws.com/a.pem", false),
        ("https://sns.eu-central-1.amazonaws.com:8443/a.pem", false),
        ("https://me@sns.eu-central-1.amazonaws.com/a.pem", false),
        (
            "https://sns.eu-central-1.amazonaws.com.example.org/a.pem",
            false,
        ),
        ("https://sns.evil.example.org/a.pem", false),
        ("https://sns..amazonaws.com/a.pem", false),
        ("https://sns.a.b.amazonaws.com/a.pem", false),
        ("https://s3.amazonaws.com/a.pem", false),
        ("https://sns.eu-central-1.amazonaws.com/a.txt", false),
        ("file:///etc/passwd.pem", false),
    ];
    for (address, asked) in cases {
        let mut message = message("2", VERSION_2);
        message["SigningCertURL"] = Value::from(address);
        let read = Envelope::read(message.to_string().as_bytes());
        assert_eq!(read.is_ok(), asked, "{address}");
        let mut wish = message.clone();
        wish["SigningCertURL"] = Value::from(cases[0].0);
        wish["Type"] = Value::from("SubscriptionConfirmation");
        wish["Token"] = Value::from("t");
        wish["SubscribeURL"] = Value::from(address.replace(".txt", ".pem"));
        let read = Envelope::read(wish.to_string().as_bytes());
        assert_eq!(
            read.is_ok(),
            asked || address.ends_with(".txt"),
            "{address}"
        );
    }
    for garbage in [&b""[..], b"[]", b"{}", b"{\"Type\":\"Other\"}", b"\xff"] {
        assert_eq!(Envelope::read(garbage).err(), Some(Error::Form));
    }
}
