//! Single cases of the table, each with the sentence that it stands for.

use super::*;

/// Somebody of `@sre` clicks on a Tier 1 step in production; nothing is in the way.
fn calm_click() -> Case {
    Case {
        standing: STANDINGS[0],
        groups: &["sre"],
        tier: 1,
        place: Some("production"),
        asked_for_it: false,
        a_lead_voted: LeadVoted::No,
        ice: Ice::None,
        calm: Calm::Nothing,
        too_late: false,
        glass: false,
    }
}

#[test]
fn each_of_these_sentences_is_true() {
    let no = |kinds: &[&'static str]| Verdict::No(kinds.iter().copied().collect());
    let usual = calm_click();
    let two = Case { tier: 2, ..usual };
    let lead = Case {
        groups: &["leads"],
        tier: 3,
        ..usual
    };
    let cases = [
        ("one of @sre is enough for Tier 1", usual, Verdict::Enough),
        (
            "who asked for it may approve Tier 1 where the row says so",
            Case {
                asked_for_it: true,
                ..usual
            },
            Verdict::Enough,
        ),
        (
            "who asked for Tier 2 may not approve it",
            Case {
                asked_for_it: true,
                ..two
            },
            no(&["own_request"]),
        ),
        (
            "one of two of @sre leaves one missing at Tier 2",
            two,
            Verdict::More(1),
        ),
        (
            "a lead alone is enough for Tier 2",
            Case {
                groups: &["leads"],
                ..two
            },
            Verdict::Enough,
        ),
        (
            "a lead's earlier vote makes Tier 2 complete whoever comes next",
            Case {
                a_lead_voted: LeadVoted::Whole,
                ..two
            },
            Verdict::Enough,
        ),
        (
            "two leads make Tier 3",
            Case {
                a_lead_voted: LeadVoted::Whole,
                ..lead
            },
            Verdict::Enough,
        ),
        (
            "a lead's vote without a second factor leaves one missing at Tier 3",
            Case {
                a_lead_voted: LeadVoted::Bare,
                ..lead
            },
            Verdict::More(1),
        ),
        (
            "who broke the glass approves Tier 2 alone, their own request too, while the calendar freezes it",
            Case {
                glass: true,
                asked_for_it: true,
                calm: Calm::CalendarFreeze,
                ..two
            },
            Verdict::Enough,
        ),
        (
            "who broke the glass still needs another lead at Tier 3",
            Case { glass: true, ..lead },
            Verdict::More(1),
        ),
        (
            "who broke the glass waits for a freeze by people all the same",
            Case {
                glass: true,
                ice: Ice::Everything,
                ..usual
            },
            no(&["frozen"]),
        ),
        (
            "who broke the glass and is in no row approves nothing",
            Case {
                glass: true,
                groups: &[],
                ..usual
            },
            no(&["not_approver"]),
        ),
        (
            "a cell without a row is a no, for leads as well",
            Case {
                place: Some("staging"),
                ..lead
            },
            no(&["no_row"]),
        ),
        (
            "a place without an environment is a no",
            Case { place: None, ..usual },
            no(&["no_environment"]),
        ),
        (
            "a guest counts for nothing, whatever group",
            Case {
                standing: STANDINGS[1],
                ..usual
            },
            no(&["guest"]),
        ),
        (
            "whom Slack can't tell us about is nobody",
            Case {
                standing: STANDINGS[5],
                ..usual
            },
            no(&["directory_unreadable"]),
        ),
        (
            "a freeze of another cluster is not about this step",
            Case {
                ice: Ice::OtherCluster,
                ..usual
            },
            Verdict::Enough,
        ),
        (
            "a freeze of its namespace is",
            Case {
                ice: Ice::OurNamespace,
                ..usual
            },
            no(&["frozen"]),
        ),
        (
            "a freeze file that can't be read freezes",
            Case {
                ice: Ice::FileUnreadable,
                ..usual
            },
            no(&["freeze_file_unreadable"]),
        ),
        (
            "a closed window stops changes",
            Case {
                calm: Calm::WindowClosed,
                ..usual
            },
            no(&["window_closed"]),
        ),
        (
            "a closed window does not stop looking",
            Case {
                calm: Calm::WindowClosed,
                tier: 0,
                ..usual
            },
            Verdict::Enough,
        ),
        (
            "a freeze of the calendar stops looking, too",
            Case {
                calm: Calm::CalendarFreeze,
                tier: 0,
                ..usual
            },
            no(&["calendar_freeze"]),
        ),
        (
            "every reason is told, not the first",
            Case {
                groups: &[],
                ice: Ice::File,
                calm: Calm::HourSpent,
                too_late: true,
                ..usual
            },
            no(&["not_approver", "frozen", "limit_reached", "expired"]),
        ),
    ];
    for (sentence, case, wanted) in cases {
        assert_eq!(
            decided(&policy(case.calm), &plan(case), case),
            wanted,
            "{sentence}"
        );
        assert_eq!(specified(case), wanted, "the specification: {sentence}");
    }
}
