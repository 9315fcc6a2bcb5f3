//! An account for each tier: an action has the rights of its tier and no others, by a token that is short.

use std::time::Duration;

use interlock::domain::action::{Action, Exec, Kind, Tier};
use interlock::playground::cluster::{FaultKind, Output};
use interlock::ports::Ended;

use crate::common::{done, object};
use crate::yard::Yard;

const BOTH: &[(Tier, &str)] = &[(Tier::One, "interlock-tier-1"), (Tier::Two, "interlock-tier-2")];

fn restart() -> Action {
    Action::RolloutRestart {
        target: object(Kind::Deployment, "checkout"),
    }
}

fn renewal() -> Action {
    Action::CreateJob {
        from: object(Kind::CronJob, "cert-renewal"),
        name: "cert-renewal-now".to_owned(),
    }
}

async fn with(yard: &Yard, tier: Tier, action: Action) -> Ended {
    let mut order = yard.order(action, None, 10);
    order.tier = tier;
    yard.perform(order).await
}

/// Who changed something, in order.
fn who(yard: &Yard) -> Vec<String> {
    let effects = yard.cluster.effects();
    let name = |user: &str| user.rsplit(':').next().unwrap_or_default().to_owned();
    effects.iter().map(|effect| name(&effect.user)).collect()
}

/// How many tokens were asked for.
fn tokens(yard: &Yard) -> usize {
    let requests = yard.cluster.requests();
    requests
        .iter()
        .filter(|request| request.resource == "serviceaccounts/token")
        .count()
}

#[track_caller]
fn why(ended: Ended) -> String {
    match ended {
        Ended::Failed { reason, .. } => reason,
        Ended::Done { .. } | Ended::Unknown { .. } => panic!("{ended:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_runs_with_the_account_of_its_tier() {
    let yard = Yard::with_accounts(BOTH).await;
    assert!(matches!(
        with(&yard, Tier::One, restart()).await,
        Ended::Done { .. }
    ));
    assert!(matches!(
        with(&yard, Tier::Two, renewal()).await,
        Ended::Done { .. }
    ));
    assert_eq!(who(&yard), ["interlock-tier-1", "interlock-tier-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_of_a_tier_can_do_what_its_role_says_and_no_more() {
    let yard = Yard::with_accounts(BOTH).await;
    let refused = why(with(&yard, Tier::One, renewal()).await);
    assert!(
        refused.contains("User \"system:serviceaccount:production:interlock-tier-1\" cannot"),
        "{refused}"
    );
    assert_eq!(who(&yard), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_a_tier_is_a_secret_of_ours() {
    let yard = Yard::with_accounts(BOTH).await;
    with(&yard, Tier::One, restart()).await;
    let token = yard.cluster.issued_tokens().pop().expect("a token");
    let prints = format!("it has {token} and {}\n", hex_of_nobody());
    yard.script("redis-primary", &["env"], Output::stdout(prints));
    let env = Action::Exec(Exec {
        target: object(Kind::Deployment, "redis-primary"),
        container: None,
        argv: vec!["env".to_owned()],
    });
    let ended = yard.run(env).await;
    assert_eq!(
        done(&ended),
        format!("it has [redacted: secret of interlock] and {}\n", hex_of_nobody())
    );
}

fn hex_of_nobody() -> String {
    "0f".repeat(20)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_used_until_shortly_before_it_runs_out() {
    let yard = Yard::with_accounts(BOTH).await;
    for _ in 0..2 {
        assert!(matches!(
            with(&yard, Tier::One, restart()).await,
            Ended::Done { .. }
        ));
    }
    assert_eq!(tokens(&yard), 1);
    let minutes = Duration::from_secs(9 * 60);
    yard.later(minutes);
    yard.cluster.advance(minutes);
    assert!(matches!(
        with(&yard, Tier::One, restart()).await,
        Ended::Done { .. }
    ));
    assert_eq!(tokens(&yard), 2, "another one before the first has run out");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_nothing_runs() {
    let missing = Yard::with_accounts(&[(Tier::One, "nobody-made-it")]).await;
    let refused = why(with(&missing, Tier::One, restart()).await);
    assert!(
        refused
            .contains("gives no token for the account `production/nobody-made-it`, which Tier 1 runs with")
            && refused.contains("cannot create resource \"serviceaccounts/token\""),
        "{refused}"
    );
    let refused = why(with(&missing, Tier::Two, renewal()).await);
    assert!(refused.contains("none for Tier 2: add one"), "{refused}");
    assert_eq!(who(&missing), Vec::<String>::new());

    let yard = Yard::with_accounts(BOTH).await;
    yard.fault(
        "create",
        "serviceaccounts/token",
        FaultKind::Refuse {
            code: 503,
            message: "try later".to_owned(),
        },
    );
    let refused = why(with(&yard, Tier::One, restart()).await);
    assert!(refused.contains("nothing was sent"), "{refused}");
    assert_eq!(who(&yard), Vec::<String>::new());
}
