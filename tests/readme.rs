//! What the README says is so: its configuration and the deployment's load, and the tests that it names are there. So is what the
//! tables of docs/guarantees.md say: each row is whole, and its mutants are those that are tried with its test.

use std::path::Path;

use interlock::config::{ExecutionMode, Settings, SlackCredentials};

const README: &str = include_str!("../README.md");
const GUARANTEES: &str = include_str!("../docs/guarantees.md");
const PLANTED_BUGS: &str = include_str!("../.ci/planted-bugs");
/// What stands over each table of promises.
const COLUMNS: &str =
    "| Promise | Threat | Trials | Seeds | Mutants | Date | Test |\n|---|---|---|---|---|---|---|\n";
/// In a cell about which there is nothing to say.
const NONE: &str = "–";

/// The first block of this language, without the indentation of the list it stands in.
fn block(language: &str) -> String {
    let fence = format!("   ```{language}\n");
    let (_, rest) = README.split_once(&fence).expect("the block is there");
    let (block, _) = rest.split_once("   ```").expect("the block ends");
    block
        .lines()
        .map(|line| line.strip_prefix("   ").unwrap_or(line))
        .fold(String::new(), |text, line| text + line + "\n")
}

#[test]
fn the_configuration_loads_and_executes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("interlock.toml");
    std::fs::write(&file, block("toml")).expect("written");
    let settings = Settings::load(Some(&file), std::iter::empty()).expect("the README's configuration");
    assert_eq!(settings.execution.mode, ExecutionMode::DryRun);
    assert!(matches!(
        settings.slack.credentials(),
        Ok(SlackCredentials::Socket { .. })
    ));
    assert!(settings.slack.channel.is_some());
    assert_eq!(settings.approvers.len(), 2);
    assert!(settings.server.listen.is_loopback());
}

/// The accounts that the README's configuration names are those that its next step makes.
#[test]
fn the_accounts_of_the_tiers_are_those_that_are_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("interlock.toml");
    let runbooks = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks");
    let text = block("toml").replace(
        "path = \"runbooks\"",
        &format!("path = {:?}", runbooks.display().to_string()),
    );
    std::fs::write(&file, text).expect("written");
    let printed = std::process::Command::new(env!("CARGO_BIN_EXE_interlock"))
        .args(["rbac", "--config"])
        .arg(&file)
        .output()
        .expect("it runs");
    let printed = String::from_utf8(printed.stdout).expect("text");
    let settings = Settings::load(Some(&file), std::iter::empty()).expect("the README's configuration");
    let accounts = &settings.kubernetes.clusters[&"main".into()].tier_service_accounts;
    let lines: Vec<String> = accounts
        .iter()
        .map(|(tier, account)| format!("#   {} = \"{account}\"\n", u8::from(*tier)))
        .collect();
    assert_eq!(lines.len(), 3);
    let said = format!(
        "#   [kubernetes.clusters.main.tier_service_accounts]\n{}---\n",
        lines.concat()
    );
    assert!(printed.contains(&said), "{said}\n{printed}");
    // Its own account is in the namespace that the README makes.
    assert!(printed.contains("runs as interlock/interlock.\n"), "{printed}");
}

/// The receiver's token is the one of the configuration, and its path is one that is served.
#[test]
fn the_receiver_fits_the_configuration() {
    let token = "a long random text";
    assert!(block("toml").contains(&format!("bearer_token = {token:?}")));
    let receiver = block("yaml");
    assert!(receiver.contains(&format!("credentials: {token}\n")));
    assert!(receiver.contains("http://127.0.0.1:8080/webhooks/alertmanager\n"));
}

#[test]
fn every_promise_names_a_test_that_is_there() {
    let promises = promises(README);
    assert!(promises >= 20, "only {promises} promises were read");
    let promises = self::promises(GUARANTEES);
    assert!(promises >= 40, "only {promises} guarantees were read");
}

/// How many rows name a test, each of which is there and is a test.
fn promises(table: &str) -> usize {
    let rows = table.lines().filter_map(|line| line.strip_suffix("` |"));
    let mut promises = 0;
    for row in rows {
        let Some((rest, name)) = row.rsplit_once("` `") else {
            continue;
        };
        let (_, file) = rest.rsplit_once('`').expect("a file");
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file))
            .unwrap_or_else(|error| panic!("{file}: {error}"));
        let (before, _) = text
            .split_once(&format!("fn {name}("))
            .unwrap_or_else(|| panic!("{file} has no test `{name}`"));
        let above = before.rsplit("\n\n").next().unwrap_or_default();
        let is_test = above.contains("#[test]") || above.contains("::test") || above.contains("proptest!");
        assert!(is_test, "`{name}` in {file} is no test");
        promises += 1;
    }
    promises
}

/// Of each planted bug its name, the test program that notices it, and the test in that.
fn planted() -> Vec<[&'static str; 3]> {
    PLANTED_BUGS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some([words.next()?, words.next()?, words.next()?])
        })
        .collect()
}

/// The table of guards says of each by which test its absence is noticed, as the list that is tried says it.
#[test]
fn every_guard_of_the_table_is_tried_with_the_test_that_stands_beside_it() {
    let tried: Vec<(&str, &str)> = planted()
        .into_iter()
        .filter_map(|[bug, _, test]| Some((bug, test.rsplit("::").next()?)))
        .collect();
    let (_, table) = GUARANTEES
        .split_once("## The gate, guard by guard")
        .expect("the table of guards");
    let (table, _) = table.split_once("\n## ").expect("what comes behind it");
    let rows = table.lines().filter(|line| line.ends_with("` |"));
    let mut guards = 0;
    for row in rows {
        let words: Vec<&str> = row.split('`').collect();
        let [_, guard, _, _, _, test, _] = words.as_slice() else {
            panic!("{row}");
        };
        assert!(
            tried.contains(&(guard, test)),
            "`{guard}` is not tried with `{test}`"
        );
        guards += 1;
    }
    assert!(guards >= 50, "only {guards} guards were read");
}

/// A row of a table of promises.
struct Promised {
    line: &'static str,
    mutants: Vec<&'static str>,
    /// Files, each with the name of a test in it.
    tests: Vec<(&'static str, &'static str)>,
}

impl Promised {
    /// # Panics
    /// When a cell is empty or missing, or says something that can't stand there.
    fn read(line: &'static str) -> Self {
        let row = line.strip_prefix("| ").and_then(|row| row.strip_suffix(" |"));
        let cells: Vec<&str> = row.unwrap_or_default().split(" | ").map(str::trim).collect();
        let [promise, threat, trials, seeds, mutants, date, tests] = cells[..] else {
            panic!("it has not the seven cells: {line}");
        };
        for cell in [promise, threat, trials, seeds, mutants, tests] {
            assert!(!cell.is_empty(), "a cell is empty: {line}");
        }
        let day = date.parse::<jiff::civil::Date>().ok();
        let written = day.map(|day| day.to_string());
        assert_eq!(written.as_deref(), Some(date), "no date like 2026-11-23: {line}");
        let words: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        let (pairs, odd) = words.as_chunks::<2>();
        assert!(
            !pairs.is_empty() && odd.is_empty(),
            "a file without a test: {line}"
        );
        Self {
            line,
            mutants: mutants.split(", ").filter(|mutant| *mutant != NONE).collect(),
            tests: pairs.iter().map(|[file, name]| (*file, *name)).collect(),
        }
    }

    fn names(&self, bug: &str) -> bool {
        self.mutants.contains(&bug)
    }

    /// Whether one of its tests is this one of this program.
    fn is_held_by(&self, program: &str, test: &str) -> bool {
        self.tests
            .iter()
            .any(|(file, name)| stands_in(file, name, program, test))
    }
}

/// Whether a test of this file and name is the one that its program calls like this: `tests/it/seen.rs` is the module `seen` of
/// `it`, and `src/domain/run.rs` is `domain::run` of `lib`, with tests of its own in `domain::run::tests`.
fn stands_in(file: &str, name: &str, program: &str, test: &str) -> bool {
    let mut parts = file.strip_suffix(".rs").unwrap_or(file).split('/');
    let own = match parts.next() {
        Some("src") => "lib",
        _ => parts.next().unwrap_or_default(),
    };
    let modules: Vec<&str> = parts.filter(|part| !matches!(*part, "main" | "mod")).collect();
    let called = [modules.clone(), vec![name]].concat().join("::");
    let within = [modules, vec!["tests", name]].concat().join("::");
    own == program && (called == test || within == test)
}

/// Every row of every table of promises; a line that is none ends its table.
fn promised() -> Vec<Promised> {
    let tables = GUARANTEES.split(COLUMNS).skip(1);
    tables
        .flat_map(|table| table.lines().take_while(|line| line.starts_with('|')))
        .map(Promised::read)
        .collect()
}

/// Where a test holds several promises, each bug that is planted for it stands beside one of them at least.
#[test]
fn every_row_is_whole_and_names_the_mutants_that_are_tried_with_its_test() {
    assert_eq!(
        GUARANTEES.matches("\n| Promise | Threat |").count(),
        GUARANTEES.matches(COLUMNS).count(),
        "a table of promises has other columns"
    );
    let (planted, promised) = (planted(), promised());
    assert!(promised.len() >= 200, "only {} rows were read", promised.len());
    for row in &promised {
        for mutant in &row.mutants {
            let is_tried = planted
                .iter()
                .any(|[bug, program, test]| bug == mutant && row.is_held_by(program, test));
            assert!(is_tried, "`{mutant}` is not tried with the test of: {}", row.line);
        }
    }
    for [bug, program, test] in &planted {
        let stands = promised
            .iter()
            .any(|row| row.names(bug) && row.is_held_by(program, test));
        assert!(stands, "no row of `{test}` ({program}) names `{bug}`");
    }
}

#[test]
fn every_file_that_is_linked_is_there() {
    for link in README.split("](").skip(1) {
        let target = link.split(')').next().unwrap_or_default();
        if !target.starts_with("http") {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(target);
            assert!(path.exists(), "{target} is linked and is not there");
        }
    }
}

/// The configuration that `deploy/kubernetes.yaml` carries, with its secrets in a folder that is there.
#[test]
fn the_configuration_of_the_deployment_loads() {
    let manifest = include_str!("../deploy/kubernetes.yaml");
    let (_, rest) = manifest
        .split_once("  interlock.toml: |\n")
        .expect("the configuration is there");
    let (block, _) = rest.split_once("\n---\n").expect("it ends");
    let folder = tempfile::tempdir().expect("a folder");
    for secret in [
        "bot_token",
        "app_token",
        "alertmanager",
        "pagerduty",
        "checkpoints",
    ] {
        assert!(
            manifest.contains(&format!("--from-literal={secret}="))
                || manifest.contains(&format!("--from-file={secret}")),
            "how `{secret}` is made is not said"
        );
        std::fs::write(folder.path().join(secret), "a secret\n").expect("written");
    }
    let secrets = folder.path().display().to_string();
    let text = block
        .lines()
        .map(|line| line.strip_prefix("    ").unwrap_or(line))
        .fold(String::new(), |text, line| text + line + "\n")
        .replace("/run/secrets/interlock", &secrets);
    let file = folder.path().join("interlock.toml");
    std::fs::write(&file, text).expect("written");
    let settings = Settings::load(Some(&file), std::iter::empty()).expect("the deployment's configuration");
    assert_eq!(settings.execution.mode, ExecutionMode::DryRun);
    assert!(settings.slack.credentials().is_ok());
    assert!(settings.pagerduty.routing_key.is_some());
}

/// The table of commands is the program's own list.
#[test]
fn every_command_is_in_the_table() {
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_interlock"))
        .arg("--help")
        .output()
        .expect("it runs");
    let help = String::from_utf8(help.stdout).expect("text");
    let (_, commands) = help.split_once("Commands:\n").expect("commands");
    let (commands, _) = commands.split_once("\n\n").expect("the list ends");
    let names = commands.lines().filter_map(|line| line.split_whitespace().next());
    for name in names.filter(|name| *name != "help") {
        let listed = README
            .lines()
            .filter(|line| line.starts_with("| `interlock "))
            .any(|line| {
                line.split('`')
                    .any(|word| word == name || word == format!("interlock {name}"))
            });
        assert!(listed, "`interlock {name}` is not in the README's table");
    }
}

/// Every source is in the documents, with its address; and the settings that they show load.
#[test]
fn every_source_is_documented() {
    let documents = include_str!("../docs/sources.md");
    for kind in interlock::config::SourceKind::ALL {
        let address = format!("`/webhooks/{}`", kind.name());
        assert!(
            documents.contains(&address),
            "{address} is not in docs/sources.md"
        );
    }
    assert_eq!(
        interlock::config::SourceKind::ALL.len(),
        17,
        "README says how many there are"
    );
    let mut text = String::new();
    for block in documents.split("```toml\n").skip(1) {
        text += block.split("```").next().unwrap_or_default();
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("interlock.toml");
    std::fs::write(&file, text).expect("written");
    let settings = Settings::load(Some(&file), std::iter::empty()).expect("the documents' configuration");
    assert_eq!(settings.webhooks.custom.len(), 2);
}
