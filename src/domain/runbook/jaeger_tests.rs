//! Searches of Jaeger as runbooks write them.

use proptest::prelude::*;

use super::*;

fn wrong(text: &str) -> (String, String) {
    let mistake = JaegerSearch::parse(text).expect_err(text);
    let at = text.get(mistake.at.clone()).expect("a place in the text");
    (at.to_owned(), format!("{}; {}", mistake.message, mistake.help))
}

#[test]
fn keys_are_read_as_jaeger_takes_them() {
    let text = "service=checkout operation=\"POST /pay\" tag=error:true tags={\"http.status_code\": \"500\"} minDuration=1m0.5s";
    let search = JaegerSearch::parse(text).expect("a search");
    assert_eq!(
        search.parameters(),
        [
            ("service", "checkout".to_owned()),
            ("operation", "POST /pay".to_owned()),
            (
                "tags",
                "{\"error\":\"true\",\"http.status_code\":\"500\"}".to_owned()
            ),
            ("minDuration", "1m0.5s".to_owned()),
        ]
    );
    assert_eq!(
        search.to_string(),
        "service=checkout operation=\"POST /pay\" tag=error:true tag=http.status_code:500 minDuration=1m0.5s"
    );
}

#[test]
fn what_is_wrong_is_named_where_it_stands() {
    for (text, at, says) in [
        ("operation=x", "operation=x", "begin with `service=NAME`"),
        ("servise=x", "servise", "did you mean `service`?"),
        ("service=x limit=5", "limit", "leave it out"),
        ("service=x start=5", "start", "`jaeger.minutes`"),
        ("service=x tag=error", "tag=error", "`error` is no tag"),
        ("service=x tags={error:true}", "{error:true}", "these are no tags"),
        ("service=x operation=\"POST", "\"POST", "is not closed"),
        (
            "service=x operation=POST /pay",
            "/pay",
            "`/pay` is no `key=value`",
        ),
        ("service=x minDuration=5", "minDuration=5", "`5` is no duration"),
        ("service=x minDuration=5 ms", "ms", "`ms` is no `key=value`"),
        ("service=x service=y", "service=y", "`service` stands there twice"),
        ("service=", "service=", "`service` has no value"),
        ("", "", "names none"),
        (
            "service=x minDuration=2s maxDuration=1s",
            "maxDuration=1s",
            "nothing is found",
        ),
    ] {
        let (place, words) = wrong(text);
        assert_eq!(place, at, "{text}: {words}");
        assert!(words.contains(says), "{text}: {words}");
    }
}

proptest! {
    #[test]
    fn what_is_shown_is_the_search(
        service in "[a-z\"{ é]{1,9}", operation in "\\PC{1,12}", value in "[ a:\"]{0,5}"
    ) {
        let text = format!("service={} operation={} tag={}", quoted(&service), quoted(&operation), quoted(&format!("k:{value}")));
        let search = JaegerSearch::parse(&text).expect("a search");
        prop_assert_eq!(search.service(), service);
        prop_assert_eq!(search.parameters()[1].1.clone(), operation);
        prop_assert_eq!(JaegerSearch::parse(&search.to_string()), Ok(search));
    }

    #[test]
    fn no_text_is_too_strange(text in "\\PC{0,60}") {
        if let Err(mistake) = JaegerSearch::parse(&text) {
            prop_assert!(text.get(mistake.at).is_some());
        }
    }
}
