//! A runner on one cluster, and short words for orders and their ends.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

use interlock::actions::http::{HttpActions, HttpSettings};
use interlock::actions::kubernetes::clusters::{ClusterSettings, Clusters};
use interlock::actions::redact::Redactor;
use interlock::actions::runner::Runner;
use interlock::domain::action::{Action, Columns, Get, Kind, ObjectRef, Tier};
use interlock::domain::event::Mode;
use interlock::domain::ids::{AttemptId, IncidentId, PlanNo, StepNo};
use interlock::domain::leave::Leave;
use interlock::domain::runbook::Autonomy;
use interlock::ports::{
    ActionRunner as _, Clock, Ended, Order, Reader as _, Survey, SurveyError, TargetState,
};

/// Real time, and as much later as the test says.
#[derive(Default)]
struct Now {
    ahead_seconds: AtomicI64,
}

impl Clock for Now {
    fn now(&self) -> jiff::Timestamp {
        let ahead = jiff::SignedDuration::from_secs(self.ahead_seconds.load(Ordering::Acquire));
        jiff::Timestamp::now().checked_add(ahead).expect("a time")
    }
}

/// A runner whose only cluster is called `main`.
pub struct Bench {
    pub runner: Runner,
    clock: Arc<Now>,
    attempts: AtomicU8,
}

impl Bench {
    pub fn new(kubeconfig: PathBuf) -> Self {
        Self::with(kubeconfig, HttpSettings::default())
    }

    pub fn with(kubeconfig: PathBuf, http: HttpSettings) -> Self {
        let settings = ClusterSettings {
            kubeconfig: Some(kubeconfig),
            ..ClusterSettings::default()
        };
        Self::of(settings, http)
    }

    pub fn of(settings: ClusterSettings, http: HttpSettings) -> Self {
        // Another test of this process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clusters = Clusters::new(BTreeMap::from([("main".into(), settings)]));
        let redactor = Redactor::new(["our-own-secret"]).expect("a redactor");
        let http = HttpActions::new(http).expect("an HTTP client");
        let clock = Arc::new(Now::default());
        Self {
            runner: Runner::new(
                clusters,
                http,
                Arc::new(redactor),
                clock.clone(),
                "0123456789abcdef",
            ),
            clock,
            attempts: AtomicU8::new(0),
        }
    }

    /// Moves our own clock.
    pub fn later(&self, by: std::time::Duration) {
        let by = i64::try_from(by.as_secs()).expect("a short time");
        self.clock.ahead_seconds.fetch_add(by, Ordering::AcqRel);
    }

    pub async fn survey(&self, action: &Action) -> Result<Survey, SurveyError> {
        self.runner.survey(IncidentId(1), action).await
    }

    pub async fn run(&self, action: Action) -> Ended {
        self.run_for(action, 30).await
    }

    pub async fn run_for(&self, action: Action, timeout_seconds: u32) -> Ended {
        self.perform(self.order(action, None, timeout_seconds)).await
    }

    pub async fn run_on(&self, action: Action, approved: &TargetState, timeout_seconds: u32) -> Ended {
        self.perform(self.order(action, Some(approved.clone()), timeout_seconds))
            .await
    }

    pub async fn perform(&self, order: Order) -> Ended {
        self.runner.perform(order).await
    }

    /// An order with a new attempt, nothing filtered and nothing expected.
    pub fn order(&self, action: Action, target: Option<TargetState>, timeout_seconds: u32) -> Order {
        Order {
            leave: Leave::of(Mode::Live, Autonomy::Suggest).expect("leave"),
            attempt: self.attempt(),
            permitted_at: self.clock.now(),
            action,
            filters: Vec::new(),
            expected: None,
            tier: Tier::One,
            target,
            timeout_seconds,
        }
    }

    /// A new attempt each time.
    pub fn attempt(&self) -> AttemptId {
        let attempt = self.attempts.fetch_add(1, Ordering::Relaxed) + 1;
        AttemptId {
            incident: IncidentId(7),
            plan: PlanNo(1),
            step: StepNo(1),
            attempt,
        }
    }
}

pub fn object(kind: Kind, name: &str) -> ObjectRef {
    ObjectRef {
        cluster: "main".into(),
        namespace: "production".into(),
        kind,
        name: name.to_owned(),
    }
}

pub fn get(kind: Kind, name: Option<&str>, json: bool) -> Action {
    Action::Get(Get {
        cluster: "main".into(),
        namespace: Some("production".into()),
        kind,
        name: name.map(str::to_owned),
        selector: None,
        field_selector: None,
        json,
        columns: Columns::default(),
    })
}

/// The whole text of an action that was done.
pub fn done(ended: &Ended) -> &str {
    match ended {
        Ended::Done { output } => &output.whole,
        Ended::Failed { .. } | Ended::Unknown { .. } => panic!("not done: {ended:?}"),
    }
}

/// The reason of an action that failed.
pub fn failed(ended: &Ended) -> &str {
    match ended {
        Ended::Failed { reason, .. } => reason,
        Ended::Done { .. } | Ended::Unknown { .. } => panic!("not failed: {ended:?}"),
    }
}

/// The reason of an action whose end nobody knows.
pub fn unknown(ended: &Ended) -> &str {
    match ended {
        Ended::Unknown { reason, .. } => reason,
        Ended::Done { .. } | Ended::Failed { .. } => panic!("not unknown: {ended:?}"),
    }
}
