//! Patterns of parameters, and very many commands, as an API server is told of them: the same as the runbook, or not at all.
//! The server of these tests reads patterns as Rust does; so what RE2 would read otherwise must not stand in them.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::place::Place;
use crate::server::{Request, Server};

fn runbook(pattern: &str) -> String {
    format!(
        "# Runbook: Checkout\n## Trigger Conditions\n- Alert contains: \"checkout\"\n## Parameters\n\
         - key: text, matches /{pattern}/, default orders\n## Blast Radius\n- max_commands: 1\n## Steps\n\
         ### Step 1: Flush\n```bash\nkubectl exec -n production queue-0 -c main -- drain {{{{ key }}}}\n```\n"
    )
}

/// With a runbook whose parameter has this pattern and fits `orders`.
fn place(pattern: &str) -> Place {
    let place = Place::new();
    place.write("runbooks/checkout.md", &runbook(pattern));
    place
}

fn printed(place: &Place) -> Value {
    serde_json::from_str(&place.run(&["rbac", "--format", "json"]).fine()).unwrap()
}

fn drain(user: String, argv: &[&str]) -> Request {
    Request {
        user,
        operation: "CONNECT",
        group: "",
        resource: "pods/exec",
        namespace: "production".to_owned(),
        name: "queue-0".to_owned(),
        object: json!({"command": argv, "container": "main"}),
        old: Value::Null,
    }
}

/// The arguments of `matches()` for the one parameter.
fn patterns(printed: &Value) -> Vec<String> {
    let begins = "object.command[1].matches('";
    let all = printed.to_string().replace("\\\\", "\\");
    let parts = all.split(begins).skip(1);
    parts
        .map(|part| part.split("')").next().unwrap().to_owned())
        .collect()
}

#[test]
fn a_pattern_means_to_the_server_what_it_means_in_the_runbook() {
    for (pattern, fits, fits_not) in [
        (
            "[a-z&&[^x]]+",
            &["orders", "mails"][..],
            &["xorders", "a&", "or]"][..],
        ),
        ("[a-s--b]+", &["orders"], &["bad", "orders-"]),
        ("(?i)ORDERS", &["orders", "OrDeRs"], &["orderss", "(?i)ORDERS"]),
        (
            "(?x) [a-z]+ [0-9]?",
            &["orders", "orders1"],
            &["orders 1", "orders12"],
        ),
        ("(?<name>[a-z])+", &["orders"], &["Orders"]),
        ("\\d|[a-z]+", &["orders", "7", "٣"], &["77", "orders7"]),
        (
            "orders|mails",
            &["orders", "mails"],
            &["ordersmails", "xorders", "mails2"],
        ),
        (
            ".{1,9}",
            &["orders", "a b", "größe"],
            &["0123456789", " orders", "orders\n", "", "or\tders"],
        ),
        ("\\p{Greek}+|orders", &["orders", "λόγος"], &["logos", "p{Greek}"]),
        ("(?:orders)+$", &["orders", "ordersorders"], &["order"]),
    ] {
        let printed = printed(&place(pattern));
        for told in patterns(&printed) {
            let foreign = ["\\d", "\\p", "&&", "--", "(?i", "(?x", "(?<", "(?P"];
            assert!(
                !foreign.iter().any(|sign| told.contains(sign)) && told.is_ascii(),
                "{pattern}: {told}"
            );
        }
        let server = Server::of(&printed);
        let user = server.who_runs(1);
        for value in fits {
            server.lets(
                &drain(user.clone(), &["drain", value]),
                &format!("{pattern}: {value}"),
            );
        }
        for value in fits_not {
            server.stops(
                &drain(user.clone(), &["drain", value]),
                &format!("{pattern}: {value}"),
            );
        }
    }
}

#[test]
fn a_pattern_that_no_server_can_be_told_is_refused_with_what_to_write() {
    for (pattern, instead) in [
        ("[a-z]{1,2000}", "bound the parameter with max length"),
        ("(?:[a-z]{40}){0,40}[a-z]+", "bound the parameter with max length"),
        ("\\borders", "leave it out"),
        ("\\w\\w+", "[A-Za-z0-9_]"),
    ] {
        let place = place(pattern);
        for args in [&["rbac"][..], &["rbac", "--format", "json"]] {
            let ran = place.run(args);
            assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{pattern}");
            let told = format!("parameter `key` of checkout: the API server can't check `{pattern}`");
            assert!(
                ran.err.contains(&told) && ran.err.contains(instead),
                "{}",
                ran.err
            );
        }
    }
}

/// So many files of twenty commands each.
fn many(files: usize) -> Place {
    let place = Place::new();
    for file in 0..files {
        let mut text = format!(
            "# Runbook: Many {file}\n## Trigger Conditions\n- Alert contains: \"many\"\n## Blast Radius\n- max_commands: 20\n## Steps\n"
        );
        for step in 1..=20 {
            let word = "x".repeat(120);
            let command = format!("kubectl exec -n production queue-0 -c main -- run f{file}s{step}{word}");
            writeln!(text, "### Step {step}: Do\n```bash\n{command}\n```").unwrap();
        }
        place.write(&format!("runbooks/many-{file}.md"), &text);
    }
    place
}

#[test]
fn very_many_commands_are_told_in_parts_that_a_server_takes() {
    let place = many(40);
    let printed = printed(&place);
    let objects = printed["objects"].as_array().unwrap();
    let policy = objects
        .iter()
        .find(|object| object["metadata"]["name"] == "interlock-exec")
        .unwrap();
    let expressions: Vec<&str> = ["variables", "validations"]
        .iter()
        .flat_map(|list| policy["spec"][list].as_array().unwrap())
        .map(|one| one["expression"].as_str().unwrap())
        .collect();
    let whole: usize = expressions.iter().map(|text| text.len()).sum();
    assert!(whole > 100_000, "{whole}");
    assert!(expressions.iter().all(|text| text.len() <= 100_000), "too long");
    let server = Server::of(&printed);
    let user = printed["needs"]
        .as_array()
        .unwrap()
        .iter()
        .find_map(|need| {
            need["role"]["runs"]
                .as_u64()
                .filter(|_| need["of"] == "step 7 of many-3")
        })
        .map(|tier| format!("system:serviceaccount:interlock:interlock-tier-{tier}"))
        .unwrap();
    let word = "x".repeat(120);
    let run = |what: &str| drain(user.clone(), &["run", &format!("{what}{word}")]);
    for what in ["f0s1", "f3s7", "f39s20"] {
        server.lets(&run(what), what);
    }
    for what in ["f0s21", "f40s1", ""] {
        server.stops(&run(what), what);
    }
}

#[test]
fn more_commands_than_kubectl_applies_are_refused() {
    let ran = many(90).run(&["rbac"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    let told = "the admission policy interlock-exec would have";
    assert!(
        ran.err.contains(told) && ran.err.contains("let parameters stand"),
        "{}",
        ran.err
    );
}
