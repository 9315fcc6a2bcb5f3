//! Real alerts and real runbook pages that nobody on this project wrote, read from the folder that `INTERLOCK_CORPUS` names.
//! `runbook_url` is never read: it is the answer.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A page as a file.
pub struct PageFile {
    pub id: String,
    pub title: String,
    /// The pages of one component are of one family.
    pub family: String,
    pub meaning: String,
    pub impact: String,
    /// Headings, "Meaning" and "Impact" among them.
    pub sections: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct AlertRule {
    pub id: String,
    pub name: String,
    /// As the rule writes it; empty when it has none.
    pub severity: String,
    pub summary: String,
    pub description: String,
}

/// What is known of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It has a right page.
    Paired,
    /// It has none, and one that tempts.
    Decoy,
    /// Nobody said. Most have none.
    Unsaid,
}

pub struct Case {
    pub alert: AlertRule,
    pub known: Known,
    /// Places of the pages that are right or acceptable.
    pub right: Vec<usize>,
    pub family: String,
}

pub struct Corpus {
    pub pages: Vec<PageFile>,
    pub cases: Vec<Case>,
}

/// The folder, or `None` with a line that says so.
pub fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("INTERLOCK_CORPUS").map(PathBuf::from);
    if folder.is_none() {
        println!(
            "not measured: INTERLOCK_CORPUS names no folder with the corpus of alerts and runbook pages"
        );
    }
    folder
}

impl Corpus {
    pub fn read(folder: &Path) -> Self {
        let lines = |file: &str| -> Vec<Value> {
            let path = folder.join(file);
            let text =
                std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            text.lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect()
        };
        let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let list = |value: &Value, key: &str| -> Vec<String> {
            let items = value[key].as_array().into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let pages: Vec<PageFile> = lines("runbook_pages.jsonl")
            .iter()
            .map(|page| PageFile {
                id: text(page, "id"),
                title: text(page, "title"),
                family: text(page, "component"),
                meaning: text(page, "meaning"),
                impact: text(page, "impact"),
                sections: list(page, "sections"),
            })
            .collect();
        let place: HashMap<&str, usize> = (0..)
            .zip(&pages)
            .map(|(at, page)| (page.id.as_str(), at))
            .collect();
        let mut rules: BTreeMap<String, AlertRule> = lines("alerts.jsonl")
            .iter()
            .map(|alert| AlertRule {
                id: text(alert, "id"),
                name: text(alert, "name"),
                severity: text(alert, "severity"),
                summary: text(alert, "summary"),
                description: text(alert, "description"),
            })
            .map(|rule| (rule.id.clone(), rule))
            .collect();
        let mut cases = Vec::new();
        for pair in lines("pairs.jsonl") {
            let ids = std::iter::once(text(&pair, "right")).chain(list(&pair, "also_acceptable"));
            let right: Vec<usize> = ids.filter_map(|id| place.get(id.as_str()).copied()).collect();
            cases.push(Case {
                alert: rules.remove(&text(&pair, "alert_id")).unwrap(),
                known: Known::Paired,
                family: pages[right[0]].family.clone(),
                right,
            });
        }
        for decoy in lines("decoys.jsonl") {
            cases.push(Case {
                alert: rules.remove(&text(&decoy, "alert_id")).unwrap(),
                known: Known::Decoy,
                right: Vec::new(),
                family: "decoys".to_owned(),
            });
        }
        cases.extend(rules.into_values().map(|alert| Case {
            family: alert.id.split('#').next().unwrap_or_default().to_owned(),
            known: Known::Unsaid,
            right: Vec::new(),
            alert,
        }));
        Self { pages, cases }
    }
}
