//! Bugs that are there on purpose, each the absence of one guard, to see that a test notices when the guard is gone.
//!
//! They exist only in builds for tests, which have the feature `planted-bugs`: there `INTERLOCK_PLANTED_BUG` names the one that
//! is on. A release has none whatever its features: without debug assertions, or without the feature, [`is`] is a
//! constant and nothing of this is in the program.
//! `.ci/planted` switches on one after the other and wants the test that `.ci/planted-bugs` names for it to fail.

mod points;

pub use points::{Point, reach, refuses};

/// Whether this build has them.
pub const ARE_IN: bool = cfg!(all(feature = "planted-bugs", debug_assertions));

/// One guard that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "kebab-case")]
pub enum Bug {
    /// A step starts again while it runs or after it ended.
    StartTwice,
    /// A permit that was given long ago still lets a step act.
    PermitNeverAges,
    /// A permit leaves without a start record.
    StartNotRecorded,
    /// A step starts although nobody has verified the journal since the start.
    StartBeforeVerified,
    /// A commit is not waited for until it is on the disk.
    CommitNotSynced,
    /// What was running at a crash counts as failed, so it is tried again.
    RequeueAfterCrash,
    /// An Unknown outcome counts as a failure.
    UnknownIsFailure,
    /// What a failed commit decided leaves all the same.
    EffectsWithoutCommit,
    /// A click that Slack delivers twice counts twice.
    RedeliveryCounts,
    /// A changed plan starts under the old approval.
    DigestNotCompared,
    /// A target that changed after the card is touched.
    TargetNotCompared,
    /// What speaks against the alert keeps nothing from running alone.
    ContradictionIgnored,
    /// A plan whose remedy the evidence has left out is proposed all the same.
    EmptyPlanProposed,
    /// Nobody asks a PodDisruptionBudget.
    DisruptionNotAsked,
    /// A step may take more than its budget has.
    BudgetNotChecked,
    /// Two incidents work on one target at the same time.
    TargetsNotSerialised,
    /// Changes start although the alert has resolved.
    StartAfterResolve,
    /// An alert that resolves leaves its proposal.
    ResolveWithdrawsNothing,
    /// A freeze that is recorded stops nothing.
    FreezeNotChecked,
    /// The freeze file stops nothing.
    FreezeFileIgnored,
    /// Whoever froze lifts it alone.
    SamePersonLifts,
    /// Closed change windows and calendar freezes stop nothing.
    CalendarNotChecked,
    /// Limits stop nothing.
    LimitsNotChecked,
    /// The breaker never trips.
    BreakerNeverTrips,
    /// A step that its runbook's spent budget refuses trips nothing.
    SpentBudgetTripsNothing,
    /// A clock that goes back lets approvals live for longer.
    ClockNotWatched,
    /// An approval that ran out still starts.
    ExpiryNotChecked,
    /// An approval that nobody gives waits for ever.
    ProposalNeverExpires,
    /// Everybody in the workspace may approve.
    AnybodyApproves,
    /// Guests count as members.
    GuestsCount,
    /// People of other workspaces count as members.
    StrangersCount,
    /// Whoever asked for a Tier 2 run approves it alone.
    RequesterApproves,
    /// Who was allowed at the click is allowed at the start, whatever happened since.
    RightsNotReread,
    /// One person's second vote is a second person's.
    SecondVoteCounts,
    /// A Tier 3 vote counts with any code.
    SecondFactorNotChecked,
    /// A code of a second factor counts as often as it is sent.
    CodeCountsTwice,
    /// A bare click counts in a row that asks for a reason.
    ReasonNotAsked,
    /// At Tier 3 anything may stand where the target has to be typed.
    TargetNotTyped,
    /// Whoever broke the glass once has it open for ever.
    BreakGlassOutlivesItsTime,
    /// Whoever changed a plan is not behind it.
    ModifierForgotten,
    /// A runbook's tier replaces the action's floor.
    TierLowered,
    /// A plan without its verification counts as verified.
    VerificationSkipped,
    /// A failed step never stops a plan.
    FailureAlwaysContinues,
    /// A card that another database drew counts here.
    CardsOfOthersCount,
    /// A command cut on the card may be approved there.
    CutIsApproved,
    /// An exec whose stream closes without a status has succeeded.
    ClosedStreamSucceeds,
    /// Output is stored as it came.
    OutputNotRedacted,
    /// Requests to Slack's routes need no signature.
    SlackSignatureIgnored,
    /// Webhooks need no token.
    WebhookProofIgnored,
    /// A webhook is told 200 whether or not its alerts were stored.
    StoredWithoutCommit,
    /// A delivery that was taken from the wire days ago counts when it is sent again.
    OldEventCounts,
    /// An alert that is known opens another incident.
    DuplicatesOpen,
    /// What Interlock opened at a pager opens an incident.
    OwnPageOpens,
    /// Entries and a snapshot that somebody else wrote count as our own.
    SealNotCompared,
    /// An entry without its payload is taken for one that was to be erased.
    ErasedNotExcused,
    /// The hash of an entry is not compared.
    ChainNotVerified,
    /// A page that is due is never sent.
    PageNeverDue,
    /// Who was called hears nothing of what became of it since.
    PageNotRaised,
    /// The pager is not told that somebody has come.
    PageNotAcknowledged,
    /// Who has an alert where it comes from is rung for it all the same.
    SourceAcknowledgementIgnored,
    /// One of a pair is enough to say that an alert is over.
    OneOfPairEnds,
    /// A beginning that is heard after its end opens an incident.
    LateFiringOpens,
    /// What a sender leaves out counts as over.
    CutListIsWhole,
    /// Dry-run runs.
    DryRunRuns,
    /// A fix counts as soon as its alert resolves, however soon it fires again.
    SettleNotWaited,
    /// What a step of unknown outcome may have broken is not frozen.
    UnknownNotContained,
    /// A plan with a value of the advisor's runs without a person.
    AdvisedRunsAlone,
    /// A plan made under another policy starts.
    PolicyNotCompared,
    /// Evidence counts however old it is.
    OldEvidenceCounts,
    /// A click on a plan that was replaced decides the one that counts.
    OldPlanDecided,
    /// A freeze file that can't be read stops nothing.
    UnreadableFreezeFileStarts,
    /// A freeze is lifted without a word.
    LiftNeedsNoReason,
    /// Of whom Slack says nothing counts as a member.
    UnreadableCounts,
    /// Bots count as members.
    BotsCount,
    /// What no row is about needs nobody.
    GapMeansYes,
    /// The first approval is enough, whatever the policy asks for.
    OneIsEnough,
    /// A plan that was rejected still waits.
    RejectionEndsNothing,
    /// Who approves a part lets all of it run.
    PartIsAll,
    /// Tier 2 is approved by a single press.
    TierTwoNotAsked,
    /// Whoever is refused hears nothing.
    RefusalNotAnswered,
    /// The prechecks of a runbook stop nothing.
    PrechecksNotAsked,
    /// Changes in protected namespaces are of their own tier.
    ProtectedNotRaised,
    /// What the policy calls irreversible is of its own tier.
    IrreversibleNotRaised,
    /// An alert that comes back again and again is like any other.
    FlappingNotSeen,
    /// What did not help before runs again without a person.
    FailedFixRunsAlone,
    /// Critical incidents may run without a person.
    CriticalRunsAlone,
    /// Without a person anything is changed, however much it is.
    AloneNotLimited,
    /// What a search found is proposed, however unsure it is.
    ConfidenceNotAsked,
    /// In shadow a plan may be approved.
    ShadowProposes,
    /// A plan that was approved before goes on in shadow.
    ShadowActs,
    /// Rows that limit autonomy limit nothing.
    AutonomyRowsIgnored,
    /// A plan goes on after a person took over.
    TakenOverGoesOn,
    /// A plan may run for ever without anybody looking.
    LongRunNotTold,
    /// The proposal of an incident that was merged still waits.
    MergeLeavesProposal,
    /// Who had taken over an incident that was merged has nothing.
    CommanderForgotten,
    /// An alert is told apart by its key alone, whoever sent it.
    KeysOfOthersMatch,
    /// A plan runs without a person although a refused runbook would have matched as well.
    RefusedForgotten,
}

/// Whether this bug is on.
#[cfg(all(feature = "planted-bugs", debug_assertions))]
#[must_use]
pub fn is(bug: Bug) -> bool {
    use std::sync::OnceLock;
    static ON: OnceLock<Option<Bug>> = OnceLock::new();
    let on = ON.get_or_init(|| {
        let name = std::env::var("INTERLOCK_PLANTED_BUG").ok()?;
        name.parse().ok()
    });
    *on == Some(bug)
}

/// Whether this bug is on: never.
#[cfg(not(all(feature = "planted-bugs", debug_assertions)))]
#[must_use]
pub const fn is(_: Bug) -> bool {
    false
}
