//! What hangs on evidence: the clauses behind a query (`, limit 5 %, required`), and steps that are part of a plan only
//! when a piece of evidence is beyond or within its limit.

use super::diagnostics::{Code, Span};
use super::markdown::Piece;
use super::parse::Reader;
use super::types::{Limit, LimitSide, OnEvidence, OnEvidenceIs, Runbook};
use super::words::{did_you_mean, normalise};

/// Ways to end a `When:` that asks for evidence.
const ENDINGS: [(&str, OnEvidenceIs); 7] = [
    (" beyond limit", OnEvidenceIs::Beyond),
    (" beyond its limit", OnEvidenceIs::Beyond),
    (" over limit", OnEvidenceIs::Beyond),
    (" over its limit", OnEvidenceIs::Beyond),
    (" above limit", OnEvidenceIs::Beyond),
    (" within limit", OnEvidenceIs::Within),
    (" within its limit", OnEvidenceIs::Within),
];

/// What may stand behind a query.
#[derive(Default)]
pub(super) struct Clauses {
    pub required: bool,
    pub limit: Option<Limit>,
}

/// Splits `` `query`, limit 5 %, required `` into the query and what stands behind it.
pub(super) fn split(value: Piece<'_>) -> (Piece<'_>, Option<Piece<'_>>) {
    let Some(end) = value.text.rfind('`') else {
        return (value, None);
    };
    let rest = value.from(end.saturating_add(1)).trim();
    let behind = rest.trim_matches(|c| matches!(c, ',' | '.' | ' '));
    if behind.is_empty() || !rest.text.starts_with(',') {
        return (value, None);
    }
    (value.slice(0, end.saturating_add(1)), Some(behind))
}

/// Reads what stands behind a query.
pub(super) fn clauses(behind: Piece<'_>, reader: &mut Reader<'_, '_>) -> Clauses {
    let mut clauses = Clauses::default();
    for part in behind.text.split(',') {
        let words = part.trim().to_ascii_lowercase();
        if words == "required" {
            clauses.required = true;
        } else if let Some(limit) = limit(&words) {
            clauses.limit = Some(limit);
        } else {
            let message = format!("`{}` says nothing about evidence", part.trim());
            let help = "write `limit 5 %`, `at least 3` or `required`, parted by commas";
            reader
                .findings
                .error(Code::BadValue, behind.span(), message, help);
        }
    }
    clauses
}

fn limit(words: &str) -> Option<Limit> {
    let forms = [
        ("limit ", LimitSide::AtMost),
        ("at most ", LimitSide::AtMost),
        ("at least ", LimitSide::AtLeast),
    ];
    let (side, rest) = forms
        .into_iter()
        .find_map(|(word, side)| Some((side, words.strip_prefix(word)?.trim())))?;
    let than = rest.trim_end_matches('%').trim();
    let plain = than
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b".-".contains(&byte));
    let is_number = plain && than.parse::<f64>().is_ok_and(f64::is_finite);
    is_number.then(|| Limit {
        side,
        than: than.to_owned(),
        percent: rest.ends_with('%'),
    })
}

/// Reads `When: Error ratio beyond limit`; `None` when it speaks of something else.
pub(super) fn when(words: &str) -> Option<OnEvidence> {
    let words = words.trim_start_matches("evidence ");
    ENDINGS.into_iter().find_map(|(ending, is)| {
        let evidence = words.strip_suffix(ending)?;
        (!evidence.is_empty()).then(|| OnEvidence {
            evidence: evidence.to_owned(),
            is,
        })
    })
}

/// Gives each condition the name that its evidence has, and says which have none, or no limit.
pub(super) fn resolve(runbook: &mut Runbook, place: impl Fn(&str) -> Span, reader: &mut Reader<'_, '_>) {
    for step in &mut runbook.steps {
        let Some(on) = &mut step.on_evidence else { continue };
        let wanted = normalise(&on.evidence);
        let known = |name: &str| normalise(name) == wanted;
        let (message, help) = match runbook.evidence.iter().find(|one| known(&one.name)) {
            Some(found) if found.limit.is_some() => {
                on.evidence = found.name.clone();
                continue;
            }
            Some(found) => (
                format!("the evidence `{}` has no limit", found.name),
                "write one behind its query, such as `, limit 5 %`".to_owned(),
            ),
            None => {
                let names: Vec<String> = runbook.evidence.iter().map(|one| normalise(&one.name)).collect();
                let near = did_you_mean(&wanted, names.iter().map(String::as_str));
                let help = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "name one of the Evidence section that has a limit".to_owned(),
                };
                (format!("there is no evidence called `{}`", on.evidence), help)
            }
        };
        reader
            .findings
            .error(Code::BadValue, place(&step.title), message, help);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::runbook::{CommandLine, ParamSpec};

    fn parse(evidence: &str, when: &str) -> Result<Runbook, Vec<String>> {
        let text = format!(
            "# Runbook: Errors\n## Owner\nus\n## Trigger Conditions\n- Alert contains: \"x\"\n## Evidence\n{evidence}\n## Steps\n### Step 1: Look\n```bash\nkubectl get pods -n production\n```\nExpected output: contains \"x\"\nWhen: {when}\n"
        );
        let check = |_: &CommandLine, _: &[ParamSpec]| Vec::new();
        let parsed = Runbook::parse("errors.md", &text, &check);
        let said = |one: &crate::domain::runbook::Diagnostic| format!("{}; {}", one.message, one.help);
        parsed
            .runbook
            .ok_or_else(|| parsed.diagnostics.iter().map(said).collect())
    }

    #[test]
    fn clauses_and_conditions_are_read() {
        let evidence = "- Error ratio: promql `a / b`, limit 5 %, required\n- Workers: `kubectl get pods -n production`, at least 2";
        let runbook = parse(evidence, "the error ratio beyond its limit").expect("a runbook");
        let [ratio, workers] = runbook.evidence.as_slice() else {
            panic!("two pieces of evidence");
        };
        assert!(ratio.required && !workers.required);
        assert_eq!(
            ratio.limit.as_ref().map(ToString::to_string).as_deref(),
            Some("limit 5 %")
        );
        assert_eq!(
            workers.limit.as_ref().map(ToString::to_string).as_deref(),
            Some("at least 2")
        );
        let on = runbook.steps[0].on_evidence.as_ref().expect("a condition");
        assert_eq!(
            (on.evidence.as_str(), on.is),
            ("Error ratio", OnEvidenceIs::Beyond)
        );
    }

    #[test]
    fn what_hangs_in_the_air_is_an_error() {
        let plain = "- Error ratio: promql `a / b`";
        for (evidence, when, says) in [
            (
                plain,
                "error ratio beyond limit",
                "the evidence `Error ratio` has no limit",
            ),
            (plain, "error rato beyond limit", "did you mean `error ratio`?"),
            (
                "- Errors: promql `a`, limit five",
                "always",
                "`limit five` says nothing",
            ),
            (
                "- Errors: promql `a`, limit 5 %",
                "errors are high",
                "is not a condition",
            ),
            (
                "- Errors: logql `{a=\"b\"}`, limit 5",
                "Errors beyond limit",
                "a limit wants a number",
            ),
            (
                "- Errors: traceql `{ }`, limit 100",
                "Errors beyond limit",
                "write a limit below 100",
            ),
            (
                "- Errors: jaeger `service=a`, limit 5 %",
                "Errors beyond limit",
                "wants a ratio",
            ),
            (
                "- Errors: jaeger `service=a`, at least 21",
                "Errors within limit",
                "at most 20 traces are counted",
            ),
            (
                "- Errors: promql `a{b=\"{{ c }}\"}`",
                "always",
                "only in commands",
            ),
        ] {
            let said = parse(evidence, when).expect_err(says);
            assert!(said.iter().any(|line| line.contains(says)), "{says}: {said:?}");
        }
    }
}
