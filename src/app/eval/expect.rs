//! What must come out of a scenario. A key that is left out is not asked about.

use serde::Deserialize;

/// The expectations of one file, over its first incident unless said otherwise.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expect {
    /// The runbook that is proposed or shown first; `none` when none may be.
    pub runbook: Option<String>,
    /// `match`, `ask` or `none`.
    pub decision: Option<String>,
    /// `trigger` or `search`.
    pub by: Option<String>,
    /// The runbooks whose trigger conditions all hold, best first; none is an empty list.
    pub triggered: Option<Vec<String>>,
    /// The candidates in the order that the advisor gave them; none when it was not followed.
    pub advised: Option<Vec<String>>,
    /// What is shown of the runbook and the last plan of it, line by line, as `sheet` words it.
    pub plan: Option<Vec<String>>,
    /// Those that a human may choose from, best first.
    pub offered: Option<Vec<String>>,
    pub confidence_at_least: Option<f64>,
    pub confidence_at_most: Option<f64>,
    /// How many people it takes.
    pub approvals: Option<u8>,
    /// Whether the policy lets nobody approve it.
    pub denied: Option<bool>,
    /// Whether it ran without a person.
    pub alone: Option<bool>,
    /// Steps that the evidence or a person left out of the last plan.
    pub left_out: Option<Vec<u16>>,
    /// Every attempt and what came of it, in order: `1 succeeded`.
    pub steps: Option<Vec<String>>,
    /// Words of the commands that were run, in order, and no other command.
    pub runs: Option<Vec<String>>,
    /// Words that no command that was run holds.
    pub never: Option<Vec<String>>,
    /// Where the incident stands at the end.
    pub ends: Option<String>,
    /// Why a human got it, every time.
    pub escalation: Option<Vec<String>>,
    /// How often somebody was paged.
    pub pages: Option<usize>,
    /// `ana approve not_allowed quorum`, in order, and no other.
    pub refusals: Option<Vec<String>>,
    /// How many incidents there are.
    pub cards: Option<usize>,
    /// How many deliveries were told to be known already.
    pub repeats: Option<u64>,
    /// Words that the thread holds.
    pub says: Option<Vec<String>>,
    /// Words that it does not hold.
    pub never_says: Option<Vec<String>>,
}
