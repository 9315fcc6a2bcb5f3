//! Traces that a search found, and what of them becomes a finding: how many there are, the slowest in one line, and the slowest few
//! as the whole of it. Tempo and Jaeger are asked in `tempo` and `jaeger`.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use url::Url;

use crate::domain::evidence::{Found, LINK};
use crate::domain::runbook::{Limit, LimitSide};
use crate::domain::text::shortened;

/// Traces that the whole lists.
const LISTED: usize = 8;
/// Characters of what a service or the root of a trace is called.
const NAME: usize = 50;

/// One trace, told by its root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// As its server writes it, for people to look it up by.
    pub id: String,
    pub service: String,
    pub name: String,
    pub started: Timestamp,
    pub took: Duration,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    pub found: Vec<Trace>,
    /// As many as were asked for, so there may be more.
    pub more: bool,
    /// Why some may be missing all the same.
    pub partial: Option<String>,
}

/// The time that is searched, and that its link shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Window {
    /// The last minutes.
    #[must_use]
    pub fn before(now: Timestamp, back: SignedDuration) -> Self {
        Self {
            from: now.checked_sub(back).unwrap_or(Timestamp::MIN),
            to: now,
        }
    }
}

/// Whether more traces than were seen would change nothing: too many stay too many, and enough stay enough.
fn is_settled(limit: Option<&Limit>, broken: Option<bool>) -> bool {
    match (limit.map(|limit| limit.side), broken) {
        (Some(LimitSide::AtMost), broken) => broken == Some(true),
        (Some(LimitSide::AtLeast), broken) => broken == Some(false),
        (None, _) => true,
    }
}

/// The finding. Of traces that are not there it counts none; but a server that did not look everywhere has not said that there
/// are none, or no more than a limit allows.
#[must_use]
pub fn of_traces(traces: &Traces, limit: Option<&Limit>) -> Found {
    let count = traces.found.len();
    let number = count.to_string();
    let broken = || limit.and_then(|limit| limit.is_broken_by(&number));
    if let Some(why) = &traces.partial
        && (count == 0 || !is_settled(limit, broken()))
    {
        return Found::Missing { why: why.clone() };
    }
    let mut slowest: Vec<&Trace> = traces.found.iter().collect();
    slowest.sort_by(|one, other| {
        let newest = || other.started.cmp(&one.started);
        other.took.cmp(&one.took).then_with(newest)
    });
    let over = if traces.more || traces.partial.is_some() {
        " or more"
    } else {
        ""
    };
    let short = match slowest.as_slice() {
        [] => "no traces".to_owned(),
        [only] if over.is_empty() => format!("1 trace: {}", told(only)),
        [slowest, ..] => format!("{count}{over} traces, the slowest: {}", told(slowest)),
    };
    let mut lines: Vec<String> = slowest
        .iter()
        .take(LISTED)
        .map(|trace| format!("{} {}", trace.started.strftime("%H:%M:%S"), told(trace)))
        .collect();
    let left = count.saturating_sub(LISTED);
    if left > 0 || !over.is_empty() {
        lines.push(match left {
            0 => "and maybe more".to_owned(),
            _ if over.is_empty() => format!("and {left} more, none slower"),
            _ => format!("and at least {left} more"),
        });
    }
    Found::Read {
        short,
        number: Some(number),
        whole: lines.join("\n"),
    }
}

/// `api-gateway GET /checkout 2.1 s, 4bf92f3577b34da6a3ce929d0e0e4736`.
fn told(trace: &Trace) -> String {
    let name = |text: &str| {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        shortened(&text, NAME)
    };
    let (service, root) = (name(&trace.service), name(&trace.name));
    let id = shortened(&trace.id, 32);
    format!("{service} {root} {}, {id}", span(trace.took))
}

fn span(took: Duration) -> String {
    let seconds = took.as_secs_f64();
    if seconds >= 10.0 {
        format!("{seconds:.0} s")
    } else if seconds >= 1.0 {
        format!("{seconds:.1} s")
    } else {
        let milliseconds = seconds * 1000.0;
        let digits = usize::from(milliseconds < 10.0);
        format!("{milliseconds:.digits$} ms")
    }
}

/// An address on a page that the configuration names. `None` where it would be too long.
pub(super) fn link(base: &Url, page: &str, parameters: &[(&str, String)]) -> Option<String> {
    let mut url = base.clone();
    url.path_segments_mut().ok()?.pop_if_empty().push(page);
    url.query_pairs_mut().extend_pairs(parameters);
    // A space as everybody reads it; a plus sign is written otherwise.
    let query = url.query().map(|query| query.replace('+', "%20"));
    url.set_query(query.as_deref());
    Some(url.to_string()).filter(|link| link.len() <= LINK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::runbook::LimitSide;

    fn trace(id: &str, started: i64, milliseconds: u64) -> Trace {
        Trace {
            id: id.to_owned(),
            service: "api-gateway".to_owned(),
            name: "GET\n/cart".to_owned(),
            started: Timestamp::from_second(started).expect("a time"),
            took: Duration::from_millis(milliseconds),
        }
    }

    fn traces(found: Vec<Trace>) -> Traces {
        Traces {
            found,
            ..Traces::default()
        }
    }

    fn at_most(than: &str) -> Limit {
        Limit {
            side: LimitSide::AtMost,
            than: than.to_owned(),
            percent: false,
        }
    }

    fn read(found: Found) -> (String, String, String) {
        match found {
            Found::Read { short, number, whole } => (short, number.expect("a number"), whole),
            Found::Missing { why } => panic!("{why}"),
        }
    }

    #[test]
    fn the_slowest_is_told_and_the_number_counts() {
        let all = vec![trace("aa", 30, 120), trace("bb", 10, 2_140), trace("cc", 20, 9)];
        let (short, number, whole) = read(of_traces(&traces(all), None));
        assert_eq!(short, "3 traces, the slowest: api-gateway GET /cart 2.1 s, bb");
        assert_eq!(number, "3");
        let lines: Vec<&str> = whole.lines().collect();
        assert_eq!(
            lines,
            [
                "00:00:10 api-gateway GET /cart 2.1 s, bb",
                "00:00:30 api-gateway GET /cart 120 ms, aa",
                "00:00:20 api-gateway GET /cart 9.0 ms, cc",
            ]
        );
        let (short, ..) = read(of_traces(&traces(vec![trace("aa", 0, 12_345)]), None));
        assert_eq!(short, "1 trace: api-gateway GET /cart 12 s, aa");
        let (short, number, _) = read(of_traces(&traces(Vec::new()), Some(&at_most("1"))));
        assert_eq!((short.as_str(), number.as_str()), ("no traces", "0"));
    }

    #[test]
    fn what_may_not_be_all_is_never_few() {
        let partial = |count: usize| Traces {
            found: (0..count).map(|_| trace("aa", 0, 1)).collect(),
            more: false,
            partial: Some("1 of 4 parts answered".to_owned()),
        };
        let missing = |found| matches!(found, Found::Missing { .. });
        assert!(missing(of_traces(&partial(0), None)));
        assert!(
            missing(of_traces(&partial(2), Some(&at_most("5")))),
            "there may be six"
        );
        let (short, ..) = read(of_traces(&partial(6), Some(&at_most("5"))));
        assert!(short.starts_with("6 or more traces"), "{short}");
        let at_least = Limit {
            side: LimitSide::AtLeast,
            ..at_most("5")
        };
        assert!(
            missing(of_traces(&partial(2), Some(&at_least))),
            "there may be five"
        );
        let (short, ..) = read(of_traces(&partial(5), Some(&at_least)));
        assert!(short.starts_with("5 or more traces"), "{short}");
        let capped = Traces {
            more: true,
            ..traces((0..20).map(|_| trace("aa", 0, 1)).collect())
        };
        let (short, _, whole) = read(of_traces(&capped, None));
        assert!(short.starts_with("20 or more traces"), "{short}");
        assert!(whole.ends_with("and at least 12 more"), "{whole}");
    }

    #[test]
    fn a_link_leads_to_its_page_and_nowhere_else() {
        let base = Url::parse("https://grafana.example.com/sub/").expect("an address");
        let hostile = "x\"}}&a=b#c\n>|<https://evil.example|y> + z";
        let link = link(&base, "explore", &[("panes", hostile.to_owned())]).expect("a link");
        assert!(
            link.starts_with("https://grafana.example.com/sub/explore?panes=x%22"),
            "{link}"
        );
        assert!(!link.contains(['<', '>', '|', ' ', '+', '#', '\n']), "{link}");
        let read = Url::parse(&link).expect("an address");
        let pairs: Vec<_> = read.query_pairs().collect();
        assert_eq!(pairs, [("panes".into(), hostile.into())]);
        let long = super::link(&base, "explore", &[("panes", "é".repeat(400))]);
        assert_eq!(long, None, "percent signs count as well");
    }
}
