//! Where foreign text stands in what comes in, so that secrets can be taken out before anything is stored. What a
//! secret looks like is not known here: the cleaning is an argument.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::alert::Alert;
use super::command::Intent;
use super::ids::GroupKey;
use super::silence::SilenceWish;

/// Takes secrets out of a text; borrowed when there was none.
pub type Clean<'c> = &'c dyn for<'t> Fn(&'t str) -> Cow<'t, str>;

fn text(value: &mut String, clean: Clean<'_>) {
    if let Cow::Owned(cleaned) = clean(value) {
        *value = cleaned;
    }
}

fn values(map: &mut BTreeMap<String, String>, clean: Clean<'_>) {
    for value in map.values_mut() {
        text(value, clean);
    }
}

/// Values are cleaned; a name that holds a secret goes with its value, because rules refer to names.
fn pairs(map: &mut BTreeMap<String, String>, clean: Clean<'_>) {
    map.retain(|name, _| matches!(clean(name), Cow::Borrowed(_)));
    values(map, clean);
}

impl Alert {
    /// Cleans everything that people write into an alert. The episode and the fingerprint are hashes or ids of the
    /// sender's and stay, so that the alert is known when it comes again.
    pub fn redact(&mut self, clean: Clean<'_>) {
        for value in [
            &mut self.name,
            &mut self.title,
            &mut self.description,
            &mut self.severity_word,
        ] {
            text(value, clean);
        }
        pairs(&mut self.labels, clean);
        pairs(&mut self.annotations, clean);
        for link in &mut self.links {
            text(&mut link.title, clean);
            text(&mut link.url, clean);
        }
        if let Some(by) = &mut self.told.by {
            text(by, clean);
        }
        self.service
            .take_if(|service| matches!(clean(service.as_str()), Cow::Owned(_)));
        if let Some(Cow::Owned(cleaned)) = self.group.as_ref().map(|group| clean(group.as_str())) {
            self.group = Some(GroupKey::new(cleaned));
        }
    }
}

impl Intent {
    /// Cleans what a person typed.
    pub fn redact(&mut self, clean: Clean<'_>) {
        match self {
            Self::BreakGlass { reason, .. }
            | Self::ReviewGlass { words: reason, .. }
            | Self::Reject { reason, .. }
            | Self::ApproveBecause { reason, .. }
            | Self::Close { reason, .. }
            | Self::Silence(SilenceWish::Propose { reason, .. })
            | Self::Freeze { reason }
            | Self::Unfreeze { reason } => text(reason, clean),
            Self::Modify { parameters, .. } | Self::RunRunbook { parameters, .. } => {
                values(parameters, clean)
            }
            Self::ShowRunbookNamed(name) => text(name, clean),
            Self::Unrecognised { text: typed, problem } => {
                text(typed, clean);
                problem.iter_mut().for_each(|problem| text(problem, clean));
            }
            Self::ApproveWith { said, .. } => {
                text(&mut said.target, clean);
                text(&mut said.reason, clean);
            }
            Self::Approve(_)
            | Self::ApprovePart { .. }
            | Self::Touched(_)
            | Self::Oversight(_)
            | Self::AskReject(_)
            | Self::AskModify(_)
            | Self::ReviewPlan(_)
            | Self::Escalate(_)
            | Self::TakeOver(_)
            | Self::ProposeAgain(_)
            | Self::Silence(SilenceWish::Ask(_) | SilenceWish::Approve(_) | SilenceWish::Reject(_))
            | Self::Split { .. }
            | Self::Merge { .. }
            | Self::ShowRunbook(_)
            | Self::ChooseRunbook { .. }
            | Self::Tick { .. }
            | Self::Judge { .. }
            | Self::TakeBack { .. }
            | Self::Blame { .. }
            | Self::ListRunbooks
            | Self::Status
            | Self::StatusOf(_)
            | Self::WhyOf(_)
            | Self::WhoOf(_)
            | Self::Astray { .. }
            | Self::Help => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_whose_name_holds_a_secret_goes_and_one_whose_value_holds_one_is_cleaned() {
        let mut alert: Alert = serde_json::from_value(serde_json::json!({
            "source": "alertmanager", "episode": "e", "fingerprint": "f", "status": "firing",
            "name": "RedisDown", "title": "Redis is down", "severity": "high",
        }))
        .unwrap();
        alert.labels.insert("hunter2".to_owned(), "x".to_owned());
        alert.labels.insert("note".to_owned(), "it is hunter2".to_owned());
        alert.service = Some(crate::domain::ids::Service::new("hunter2"));
        alert.redact(&|text| match text.contains("hunter2") {
            true => Cow::Owned(text.replace("hunter2", "[redacted]")),
            false => Cow::Borrowed(text),
        });
        assert!(!format!("{alert:?}").contains("hunter2"), "{alert:?}");
        assert_eq!(alert.labels["note"], "it is [redacted]");
    }

    #[test]
    fn what_a_person_types_is_cleaned_before_it_goes_anywhere() {
        let clean = |text: &str| -> Cow<'_, str> { Cow::Owned(text.replace("hunter2", "[redacted]")) };
        let mut intent = Intent::Freeze {
            reason: "the password hunter2 leaked".to_owned(),
        };
        intent.redact(&|text| match text.contains("hunter2") {
            true => Cow::Owned(clean(text).into_owned()),
            false => Cow::Borrowed(text),
        });
        assert_eq!(
            intent,
            Intent::Freeze {
                reason: "the password [redacted] leaked".to_owned()
            }
        );
    }
}
