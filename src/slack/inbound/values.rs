//! The opaque texts that buttons and views carry: `INCIDENT.PLAN.DIGEST12`, with a step where one is meant, and behind them
//! the database ([`super::origin`]). They point, they allow nothing: the engine looks everything up and checks it again.
//! What does not parse is not ours.

use crate::domain::command::PlanRef;
use crate::domain::ids::{IncidentId, PlanNo, RunbookName, SilenceNo, StepNo};
use crate::domain::silence::SilenceRef;

/// `42.1.0123456789ab`
#[must_use]
pub fn plan(at: &PlanRef) -> String {
    format!("{}.{}.{}", at.incident.0, at.plan, at.digest)
}

/// `42.1.0123456789ab.2`
#[must_use]
pub fn step(at: &PlanRef, step: StepNo) -> String {
    format!("{}.{}", plan(at), step.0)
}

/// `42`
#[must_use]
pub fn incident(incident: IncidentId) -> String {
    incident.0.to_string()
}

/// `42.redis-connection-timeout`
#[must_use]
pub fn runbook(incident: IncidentId, runbook: &RunbookName) -> String {
    format!("{}.{runbook}", incident.0)
}

/// `42.3.1`: item 3 is to be ticked (1) or not (0).
#[must_use]
pub fn tick(incident: IncidentId, item: u16, done: bool) -> String {
    format!("{}.{item}.{}", incident.0, u8::from(done))
}

/// `42.0123456789ab`: one alert of an incident.
#[must_use]
pub fn episode(incident: IncidentId, mark: &str) -> String {
    format!("{}.{mark}", incident.0)
}

#[must_use]
pub fn parse_episode(text: &str) -> Option<(IncidentId, String)> {
    let (incident, mark) = text.split_once('.')?;
    is_mark(mark).then_some((parse_incident(incident)?, mark.to_owned()))
}

/// `42.1.0123456789ab`: a silence as the card showed it.
#[must_use]
pub fn silence(at: &SilenceRef) -> String {
    format!("{}.{}.{}", at.incident.0, at.no, at.mark)
}

#[must_use]
pub fn parse_silence(text: &str) -> Option<SilenceRef> {
    let mut parts = text.split('.');
    let incident = parse_incident(parts.next()?)?;
    let no = SilenceNo(number(parts.next()?)?);
    let mark = parts.next()?.to_owned();
    (is_mark(&mark) && parts.next().is_none()).then_some(SilenceRef { incident, no, mark })
}

#[must_use]
pub fn parse_plan(text: &str) -> Option<PlanRef> {
    let (at, rest) = plan_and_rest(text)?;
    rest.is_none().then_some(at)
}

#[must_use]
pub fn parse_step(text: &str) -> Option<(PlanRef, StepNo)> {
    let (at, rest) = plan_and_rest(text)?;
    Some((at, StepNo(number(rest?)?)))
}

#[must_use]
pub fn parse_incident(text: &str) -> Option<IncidentId> {
    number(text).map(IncidentId)
}

#[must_use]
pub fn parse_runbook(text: &str) -> Option<(IncidentId, RunbookName)> {
    let (incident, name) = text.split_once('.')?;
    let fits = (1..=200).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/'))
        // Runbooks of one name in several folders go by their path.
        && !name.split('/').any(|part| part.is_empty() || part == "..");
    fits.then_some((parse_incident(incident)?, RunbookName::from(name)))
}

#[must_use]
pub fn parse_tick(text: &str) -> Option<(IncidentId, u16, bool)> {
    let mut parts = text.split('.');
    let incident = parse_incident(parts.next()?)?;
    let item = number(parts.next()?)?;
    let done = match parts.next()? {
        "1" => true,
        "0" => false,
        _ => return None,
    };
    parts.next().is_none().then_some((incident, item, done))
}

fn plan_and_rest(text: &str) -> Option<(PlanRef, Option<&str>)> {
    let mut parts = text.splitn(4, '.');
    let incident = parse_incident(parts.next()?)?;
    let plan = PlanNo(number(parts.next()?)?);
    let digest = parts.next()?;
    let at = PlanRef {
        incident,
        plan,
        digest: digest.to_owned(),
    };
    is_mark(digest).then_some((at, parts.next()))
}

fn is_mark(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Decimal digits as we write them: no sign, no leading zero.
fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    let plain = text == "0" || (!text.starts_with('0') && !text.is_empty());
    (plain && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_reads_back_as_it_was_written() {
        let at = PlanRef {
            incident: IncidentId(42),
            plan: PlanNo(3),
            digest: "0123456789ab".to_owned(),
        };
        assert_eq!(parse_plan(&plan(&at)), Some(at.clone()));
        for no in [StepNo(2), StepNo::precheck(0)] {
            assert_eq!(parse_step(&step(&at, no)), Some((at.clone(), no)));
        }
        assert_eq!(
            parse_tick(&tick(IncidentId(7), 3, true)),
            Some((IncidentId(7), 3, true))
        );
        let mark = "0123456789ab";
        assert_eq!(
            parse_episode(&episode(IncidentId(7), mark)),
            Some((IncidentId(7), mark.to_owned()))
        );
        let at = SilenceRef {
            incident: IncidentId(7),
            no: SilenceNo(2),
            mark: mark.to_owned(),
        };
        assert_eq!(parse_silence(&silence(&at)), Some(at));
        let name = RunbookName::from("redis-connection-timeout");
        assert_eq!(
            parse_runbook(&runbook(IncidentId(7), &name)),
            Some((IncidentId(7), name))
        );
    }

    #[test]
    fn what_we_did_not_write_is_not_read() {
        for text in [
            "",
            "42",
            "42.1",
            "42.1.0123456789a",
            "42.1.0123456789aB",
            "+42.1.0123456789ab",
            "042.1.0123456789ab",
            "42.1.0123456789ab.",
            "42.1.0123456789ab.2",
            "42.-1.0123456789ab",
            "99999999999999999999.1.0123456789ab",
            "42 .1.0123456789ab",
            "42.1.0123456789ab\n",
        ] {
            assert_eq!(parse_plan(text), None, "{text}");
        }
        assert_eq!(parse_step("42.1.0123456789ab.2.3"), None);
        assert_eq!(parse_runbook("42.../../etc/passwd"), None);
        assert_eq!(parse_tick("42.1.2"), None);
        assert_eq!(parse_silence("42.1.0123456789ab.2"), None);
        assert_eq!(parse_silence("42.1.0123456789"), None);
        assert_eq!(parse_episode("42.1"), None);
    }
}
