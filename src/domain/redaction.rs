//! Where foreign text stands in what comes in, so that secrets can be taken out before anything is stored. What a
//! secret looks like is not known here: the cleaning is an argument.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::alert::Alert;
use super::command::Intent;
use super::ids::GroupKey;

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
        values(&mut self.labels, clean);
        values(&mut self.annotations, clean);
        for link in &mut self.links {
            text(&mut link.title, clean);
            text(&mut link.url, clean);
        }
        if let Some(Cow::Owned(cleaned)) = self.group.as_ref().map(|group| clean(group.as_str())) {
            self.group = Some(GroupKey::new(cleaned));
        }
    }
}

impl Intent {
    /// Cleans what a person typed.
    pub fn redact(&mut self, clean: Clean<'_>) {
        match self {
            Self::Reject { reason, .. } | Self::Freeze { reason } | Self::Unfreeze { reason } => {
                text(reason, clean)
            }
            Self::Modify { parameters, .. } | Self::RunRunbook { parameters, .. } => {
                values(parameters, clean)
            }
            Self::ShowRunbookNamed(name) => text(name, clean),
            Self::Unrecognised { text: typed } => text(typed, clean),
            Self::Approve(_)
            | Self::AskReject(_)
            | Self::AskModify(_)
            | Self::ReviewPlan(_)
            | Self::Escalate(_)
            | Self::TakeOver(_)
            | Self::ShowRunbook(_)
            | Self::ChooseRunbook { .. }
            | Self::Tick { .. }
            | Self::Judge { .. }
            | Self::ListRunbooks
            | Self::Status
            | Self::StatusOf(_)
            | Self::WhyOf(_)
            | Self::Help => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
