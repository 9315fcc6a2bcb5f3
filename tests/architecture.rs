//! The shape of the code, read from its text: who may name whom, how long a file may be, and what product code never does.
//!
//! Arrows point inward: the domain knows nobody, adapters don't know each other, and only `app` names implementations
//! together. Reads `crate::…` paths and the names of libraries; test modules are left out.

#[path = "architecture/source.rs"]
mod source;

use source::Source;

/// Who may name whom, top level module by module. `app` may name everybody.
const MAY_NAME: [(&str, &[&str]); 17] = [
    // These name nothing.
    ("planted", &[]),
    ("files", &[]),
    ("domain", &["ports", "planted"]),
    ("ports", &["domain"]),
    ("store", &["domain", "files", "planted"]),
    ("engine", &["domain", "ports", "store", "planted"]),
    ("render", &["domain"]),
    ("executor", &["domain", "ports", "engine", "planted"]),
    ("actions", &["domain", "ports", "planted", "tls"]),
    ("evidence", &["domain", "ports", "tls"]),
    // Their own sections of the settings come to them as they were parsed.
    (
        "ingress",
        &[
            "domain",
            "ports",
            "engine",
            "config",
            "telemetry",
            "planted",
            "tls",
        ],
    ),
    ("paging", &["domain", "ports", "config", "tls"]),
    (
        "slack",
        &["domain", "ports", "engine", "render", "planted", "tls"],
    ),
    // Leaves: they name the domain's words, and telemetry its own section of the settings.
    ("config", &["domain", "files"]),
    ("telemetry", &["config"]),
    ("tls", &[]),
    // Commands look at a freeze file and at an alert with the very readers that the bot has.
    (
        "cli",
        &[
            "app",
            "config",
            "domain",
            "executor",
            "ingress",
            "playground",
            "ports",
            "render",
            "store",
            "telemetry",
            "tls",
        ],
    ),
];

/// The plain data of the ports; the traits are for the outside.
const PORT_DATA: [&str; 8] = [
    "Ended",
    "Order",
    "Output",
    "Person",
    "Standing",
    "Survey",
    "SurveyError",
    "TargetState",
];

/// Libraries and the only modules that may name them.
const LIBRARIES: [(&str, &[&str]); 8] = [
    ("slack_morphism::", &["slack"]),
    ("rusqlite", &["store"]),
    ("kube::", &["actions", "evidence"]),
    ("k8s_openapi", &["actions", "evidence"]),
    ("tera::", &["render"]),
    ("clap::", &["cli"]),
    ("config::Config", &["config"]),
    ("metrics_exporter_prometheus", &["telemetry"]),
];

/// What a pure and synchronous core does not touch.
const IMPURE: [&str; 17] = [
    "async fn",
    "Instant::now",
    "SystemTime",
    "Timestamp::now",
    "Zoned::now",
    "rand::",
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "tokio",
    "tracing::",
    "reqwest",
    "parking_lot",
];

/// Where the core touches one of them all the same.
const IMPURE_ALLOWED: [(&str, &str); 2] = [
    // A thread for its deep stack alone: the caller waits, and nothing but the arguments counts.
    ("src/domain/jq/stack.rs", "std::thread"),
    // The `Write` trait, over a buffer in memory.
    ("src/domain/jq/run.rs", "std::io"),
];

/// What can end the process or writes past the log, wherever it stands.
const NEVER: [&str; 11] = [
    ".unwrap()",
    ".expect(\"",
    "panic!(",
    "todo!(",
    "unimplemented!(",
    "unreachable!(",
    "dbg!(",
    " print!(",
    "println!(",
    "process::exit",
    "allow(clippy::unwrap_used",
];

const LONG: usize = 400;
const TOO_LONG: usize = 600;

/// # Panics
/// With all of them, when there are any.
fn none(found: Vec<String>) {
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn arrows_point_inward() {
    let mut found = Vec::new();
    for source in Source::product() {
        let module = source.module();
        if ["lib", "main", "app", "playground"].contains(&module) {
            continue;
        }
        let Some((_, may)) = MAY_NAME.iter().find(|(name, _)| *name == module) else {
            found.push(format!("{}: `{module}` is not in the table", source.path));
            continue;
        };
        for named in source.named("crate::") {
            if named != module && !may.contains(&named.as_str()) {
                found.push(format!("{}: `{module}` names `{named}`", source.path));
            }
        }
    }
    none(found);
}

#[test]
fn the_domain_takes_only_plain_data_from_the_ports() {
    let domain = Source::product()
        .into_iter()
        .filter(|source| source.module() == "domain");
    none(
        domain
            .flat_map(|source| {
                let named = source.named("crate::ports::");
                let foreign = named
                    .into_iter()
                    .filter(|name| !PORT_DATA.contains(&name.as_str()));
                foreign
                    .map(move |name| format!("{}: names `ports::{name}`", source.path))
                    .collect::<Vec<_>>()
            })
            .collect(),
    );
}

#[test]
fn the_domain_is_pure() {
    let mut found = Vec::new();
    for source in Source::product()
        .iter()
        .filter(|source| source.module() == "domain")
    {
        for what in IMPURE.iter().filter(|what| source.text.contains(**what)) {
            if !IMPURE_ALLOWED.contains(&(source.path.as_str(), *what)) {
                found.push(format!("{}: `{what}`", source.path));
            }
        }
    }
    none(found);
}

#[test]
fn only_app_and_cli_name_the_playground() {
    let sources = Source::product();
    let others = sources
        .iter()
        .filter(|source| !["app", "cli", "playground", "lib"].contains(&source.module()));
    none(
        others
            .filter(|source| source.text.contains("playground"))
            .map(|source| format!("{}: speaks of the playground", source.path))
            .collect(),
    );
}

/// Each of them is a service of its own.
const DOUBLES: [&str; 7] = [
    "slack",
    "cluster",
    "pager",
    "prometheus",
    "loki",
    "alertmanager",
    "oncall",
];
/// What is of no service.
const SHARED_BY_DOUBLES: [&str; 2] = ["listening", "words"];

#[test]
fn each_double_stands_alone() {
    let mut found = Vec::new();
    for source in Source::product()
        .iter()
        .filter(|source| source.module() == "playground")
    {
        for named in source
            .named("crate::")
            .iter()
            .filter(|named| *named != "playground")
        {
            found.push(format!("{}: a double names `{named}`", source.path));
        }
        let Some(part) = DOUBLES
            .into_iter()
            .find(|part| source.path.starts_with(&format!("src/playground/{part}/")))
        else {
            continue;
        };
        for named in source
            .named("crate::playground::")
            .iter()
            .filter(|named| *named != part && !SHARED_BY_DOUBLES.contains(&named.as_str()))
        {
            found.push(format!("{}: `{part}` names `{named}`", source.path));
        }
    }
    none(found);
}

#[test]
fn each_library_has_its_place() {
    let mut found = Vec::new();
    for source in Source::product() {
        for (library, places) in LIBRARIES {
            let module = source.module();
            if module != "playground" && !places.contains(&module) && source.names_library(library) {
                found.push(format!(
                    "{}: names `{library}`, which is for {}",
                    source.path,
                    places.join(" and ")
                ));
            }
        }
    }
    none(found);
}

#[test]
fn product_code_neither_panics_nor_prints() {
    let mut found = Vec::new();
    for source in Source::product() {
        for what in NEVER.iter().filter(|what| source.text.contains(**what)) {
            found.push(format!("{}: `{}`", source.path, what.trim()));
        }
    }
    none(found);
}

#[test]
fn files_are_short_or_say_why_not() {
    let mut found = Vec::new();
    for source in Source::all() {
        let reason = source.header().contains("Longer than");
        if source.lines > TOO_LONG {
            found.push(format!(
                "{}: {} lines, at most {TOO_LONG}",
                source.path, source.lines
            ));
        } else if source.lines > LONG && !reason {
            found.push(format!(
                "{}: {} lines; over {LONG} its header says why (\"Longer than other files, since …\")",
                source.path, source.lines
            ));
        }
    }
    none(found);
}

#[test]
fn every_file_says_what_it_is() {
    let silent = Source::all()
        .into_iter()
        .filter(|source| source.header().is_empty());
    none(
        silent
            .map(|source| format!("{}: has no header", source.path))
            .collect(),
    );
}

/// The crate's header leads a newcomer from name to name; each is still where it says.
#[test]
fn the_way_that_the_header_shows_is_there() {
    let sources = Source::product();
    let lib = sources
        .iter()
        .find(|source| source.path == "src/lib.rs")
        .expect("lib.rs");
    let header = lib.header_lines();
    assert!(
        header.len() <= 150,
        "{} lines: too long for a first look",
        header.len()
    );
    let text = header.join("\n");
    let mut paths = 0;
    let mut lost = Vec::new();
    for path in text
        .split('`')
        .filter(|path| path.contains("::") && !path.contains(char::is_whitespace))
    {
        let mut parts: Vec<&str> = path.split("::").collect();
        // A type and its function or variant stand in the file of the type.
        let tail = parts.iter().position(|part| part.starts_with(char::is_uppercase));
        let names = parts.split_off(tail.unwrap_or(parts.len() - 1));
        let folder = format!("src/{}", parts.join("/"));
        let here = |source: &&Source| source.path.trim_end_matches(".rs").starts_with(&folder);
        let whole = format!("{folder}/{}", names.join("/"));
        let is_module = sources
            .iter()
            .any(|source| source.path.trim_end_matches(".rs").starts_with(&whole));
        let all_named = sources
            .iter()
            .filter(here)
            .any(|source| names.iter().all(|name| source.text.contains(name)));
        if !is_module && !all_named {
            lost.push(format!("src/lib.rs: `{path}` is not there"));
        }
        paths += 1;
    }
    assert!(paths > 30, "only {paths} paths were read");
    none(lost);
}
