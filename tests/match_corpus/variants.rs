//! The ways in which teams write what the corpus holds: how pages are titled and cut, and what alerts carry. Confidence has to be
//! honest in all of them, whoever wrote the files. Longer than other files, since it is one table and what its words mean.

use std::collections::BTreeMap;

use super::corpus::{AlertRule, PageFile};

/// What a page is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Title {
    /// As its author did, mostly like the rule.
    Own,
    /// The same in words: `Kube Pod Not Ready`.
    InWords,
    /// `Page 17`.
    Numbered,
    /// Among what all have: `RB-0017 | KubePodNotReady | SRE handbook`.
    InHandbook,
    /// `How to fix: Kube Pod Not Ready`.
    HowTo,
    /// All have this one.
    Shared(&'static str),
    /// None: there is only the file's name.
    No,
}

/// How a page's text stands in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// Under `## Meaning` and `## Impact`.
    Sections,
    /// The same, and the headings of the sections whose text the corpus does not have.
    AllSections,
    /// Paragraphs only.
    Plain,
    /// Under `## Meaning` and `## Impact`, after a paragraph that all pages have.
    AfterBoilerplate,
}

/// What an alert is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    Own,
    No,
    /// `[prod-eu] Kube Pod Not Ready (P2)`.
    Tagged,
    /// The heading of a chat message: `[FIRING:1] KubePodNotReady production critical`.
    Heading,
    /// All have this one.
    Shared(&'static str),
    /// A number of its own that says nothing.
    Opaque,
}

/// What an alert says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// Summary and description as the rule has them, templates not filled in.
    AsWritten,
    /// Templates filled in.
    Filled,
    /// The one stands where the other should.
    Swapped,
    /// Both say everything.
    Twice,
    /// The description only.
    Description,
}

/// What stands beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    No,
    Severity,
    /// Severity, and where it fired.
    Places,
}

/// One way to write it all.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    pub title: Title,
    /// The file is called like the page, or `p0017`.
    pub named_file: bool,
    pub body: Body,
    pub name: Name,
    pub says: Says,
    pub labels: Labels,
}

/// Names on both sides.
const NAMED: Variant = Variant {
    title: Title::Own,
    named_file: false,
    body: Body::AllSections,
    name: Name::Own,
    says: Says::AsWritten,
    labels: Labels::No,
};

/// No names, only text.
const MASKED: Variant = Variant {
    title: Title::Numbered,
    named_file: false,
    body: Body::Sections,
    name: Name::No,
    says: Says::AsWritten,
    labels: Labels::No,
};

/// The two that the corpus speaks of come first; they are told by their places.
pub const VARIANTS: [Variant; 33] = [
    NAMED,
    MASKED,
    // Names on both sides.
    Variant {
        labels: Labels::Severity,
        named_file: true,
        ..NAMED
    },
    Variant {
        labels: Labels::Places,
        says: Says::Filled,
        ..NAMED
    },
    Variant {
        title: Title::InWords,
        ..NAMED
    },
    Variant {
        title: Title::No,
        named_file: true,
        ..NAMED
    },
    Variant {
        body: Body::Sections,
        says: Says::Swapped,
        ..NAMED
    },
    Variant {
        body: Body::Plain,
        says: Says::Twice,
        ..NAMED
    },
    Variant {
        body: Body::AfterBoilerplate,
        says: Says::Description,
        ..NAMED
    },
    Variant {
        title: Title::InHandbook,
        ..NAMED
    },
    Variant {
        name: Name::Tagged,
        ..NAMED
    },
    Variant {
        title: Title::HowTo,
        name: Name::Tagged,
        labels: Labels::Severity,
        ..NAMED
    },
    Variant {
        name: Name::Heading,
        labels: Labels::Severity,
        ..NAMED
    },
    // On one side only.
    Variant {
        title: Title::Numbered,
        ..NAMED
    },
    Variant {
        title: Title::Shared("Runbook"),
        body: Body::Sections,
        ..NAMED
    },
    Variant {
        title: Title::No,
        labels: Labels::Places,
        says: Says::Filled,
        ..NAMED
    },
    Variant {
        name: Name::No,
        ..NAMED
    },
    Variant {
        name: Name::Opaque,
        labels: Labels::Severity,
        ..NAMED
    },
    Variant {
        name: Name::Shared("PrometheusAlert"),
        ..NAMED
    },
    Variant {
        name: Name::No,
        title: Title::InWords,
        says: Says::Filled,
        labels: Labels::Places,
        ..NAMED
    },
    // On none.
    Variant {
        labels: Labels::Severity,
        ..MASKED
    },
    Variant {
        labels: Labels::Places,
        says: Says::Filled,
        ..MASKED
    },
    Variant {
        title: Title::Shared("Runbook"),
        ..MASKED
    },
    Variant {
        title: Title::Shared("Incident response"),
        name: Name::Shared("Alert"),
        ..MASKED
    },
    Variant {
        title: Title::Shared("Runbook: service is down"),
        name: Name::Opaque,
        ..MASKED
    },
    Variant {
        title: Title::No,
        ..MASKED
    },
    Variant {
        title: Title::No,
        body: Body::Plain,
        name: Name::Shared("Alert"),
        ..MASKED
    },
    Variant {
        body: Body::Plain,
        name: Name::Opaque,
        ..MASKED
    },
    Variant {
        body: Body::AfterBoilerplate,
        ..MASKED
    },
    Variant {
        says: Says::Swapped,
        ..MASKED
    },
    Variant {
        says: Says::Twice,
        ..MASKED
    },
    Variant {
        says: Says::Description,
        ..MASKED
    },
    Variant {
        name: Name::Shared("PrometheusAlert"),
        labels: Labels::Severity,
        ..MASKED
    },
];

/// What of an alert the match is asked about.
#[derive(Clone, Debug, Default)]
pub struct Alert {
    pub name: String,
    pub summary: String,
    pub description: String,
    pub labels: BTreeMap<String, String>,
}

impl Variant {
    /// A line of the table.
    pub fn words(&self) -> String {
        format!(
            "title {:?}{}, {:?}; alert's name {:?}, says {:?}, labels {:?}",
            self.title,
            if self.named_file { " (file named)" } else { "" },
            self.body,
            self.name,
            self.says,
            self.labels
        )
    }

    /// The page's file: its path and its text. No two pages have the same path.
    pub fn file(&self, place: usize, page: &PageFile) -> (String, String) {
        let path = if self.named_file {
            let own: String = page
                .title
                .chars()
                .map(|c| if c.is_alphanumeric() { c } else { '-' })
                .take(80)
                .collect();
            format!("d{place:04}/{own}.md")
        } else {
            format!("p{place:04}.md")
        };
        let mut text = match self.title {
            Title::Own => format!("# {}\n\n", page.title),
            Title::InWords => format!("# {}\n\n", in_words(&page.title)),
            Title::InHandbook => format!("# RB-{place:04} | {} | SRE handbook\n\n", page.title),
            Title::HowTo => format!("# How to fix: {}\n\n", in_words(&page.title)),
            Title::Numbered => format!("# Page {place}\n\n"),
            Title::Shared(title) => format!("# {title}\n\n"),
            Title::No => String::new(),
        };
        if self.body == Body::AfterBoilerplate {
            text.push_str(
                "This page is kept by the platform team. Page the engineer on call when a node or a service is down.\n\n",
            );
        }
        for (heading, body) in [("Meaning", &page.meaning), ("Impact", &page.impact)] {
            if !body.is_empty() {
                if self.body != Body::Plain {
                    text.push_str(&format!("## {heading}\n\n"));
                }
                text.push_str(&format!("{body}\n\n"));
            }
        }
        if self.body == Body::AllSections {
            let others = page
                .sections
                .iter()
                .filter(|name| !["Meaning", "Impact"].contains(&name.as_str()));
            others.for_each(|name| text.push_str(&format!("## {name}\n\n")));
        }
        (path, text)
    }

    /// The alert, the `place`th of the corpus.
    pub fn alert(&self, place: usize, rule: &AlertRule) -> Alert {
        let (summary, description) = (rule.summary.as_str(), rule.description.as_str());
        let said = |text: &str| match self.says {
            Says::Filled => filled(text),
            _ => text.to_owned(),
        };
        let (summary, description) = match self.says {
            Says::AsWritten | Says::Filled => (said(summary), said(description)),
            Says::Swapped => (said(description), said(summary)),
            Says::Twice => {
                let both = format!("{summary} {description}").trim().to_owned();
                (both.clone(), both)
            }
            // Where a rule has only a summary, that is what it says.
            Says::Description if description.is_empty() => (String::new(), said(summary)),
            Says::Description => (String::new(), said(description)),
        };
        let mut labels = BTreeMap::new();
        if self.labels != Labels::No && !rule.severity.is_empty() {
            labels.insert("severity".to_owned(), rule.severity.clone());
        }
        if self.labels == Labels::Places {
            let places = FILLED.iter().filter(|(label, _)| label != &"value");
            labels.extend(places.map(|(label, value)| ((*label).to_owned(), (*value).to_owned())));
        }
        Alert {
            name: match self.name {
                Name::Own => rule.name.clone(),
                Name::No => String::new(),
                Name::Tagged => format!("[prod-eu] {} (P2)", in_words(&rule.name)),
                Name::Heading => format!("[FIRING:1] {} production critical", rule.name),
                Name::Shared(name) => name.to_owned(),
                Name::Opaque => format!("ALERT-{:05}", place * 7919 % 100_000),
            },
            summary,
            description,
            labels,
        }
    }
}

/// What a template is filled in with; any other label with its own name and a number.
const FILLED: [(&str, &str); 8] = [
    ("value", "12.5"),
    ("namespace", "shop-prod"),
    ("pod", "cart-7d4b9f6c5-x2xkz"),
    ("instance", "10.0.3.17:9100"),
    ("node", "ip-10-0-3-17.eu-west-1.compute.internal"),
    ("cluster", "prod-eu-1"),
    ("job", "monitoring/agents"),
    ("prometheus", "monitoring/k8s"),
];

/// Templates as Prometheus fills them in, roughly.
fn filled(text: &str) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, template)) = rest.split_once("{{") {
        filled.push_str(before);
        let Some((inside, after)) = template.split_once("}}") else {
            return filled + template;
        };
        let name = inside.split("abels.").nth(1).map_or("value", |name| {
            name.split(|c: char| !c.is_alphanumeric() && c != '_')
                .next()
                .unwrap_or_default()
        });
        match FILLED.iter().find(|(label, _)| *label == name) {
            Some((_, value)) => filled.push_str(value),
            None => filled.push_str(&format!("{name}-1")),
        }
        rest = after;
    }
    filled + rest
}

/// `KubePodNotReady` is `Kube Pod Not Ready`.
fn in_words(title: &str) -> String {
    let mut words = String::new();
    let mut before = ' ';
    for c in title.chars() {
        if c.is_uppercase() && before.is_lowercase() {
            words.push(' ');
        }
        words.push(c);
        before = c;
    }
    words
}
