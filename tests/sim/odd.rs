//! What is odd in some worlds: each leads often to what the ordinary ones rarely meet. It has chances of its own, so an ordinary
//! world's story stays the same whatever odd ones there are.

use std::collections::BTreeSet;
use std::sync::Arc;

use interlock::domain::alert::{Alert, AlertStatus, Severity, TRUNCATED};
use interlock::domain::command::Intent;
use interlock::domain::disruption::{Counted, Disruption, DisruptionBudget, Keeps, Portion};
use interlock::domain::event::Mode;
use interlock::domain::glass::GlassRule;
use interlock::domain::ids::{EpisodeKey, Fingerprint, GroupKey, IncidentId, Source};
use interlock::domain::matching::Confidence;
use interlock::domain::policy::Alone;
use interlock::domain::runbook::{Autonomy, Catalog};
use interlock::domain::state::State;
use interlock::engine::Knowledge;
use interlock::store::{Sealer, Signer};
use jiff::SignedDuration;

use super::rng::Rng;
use super::scenery;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    Ordinary,
    /// A PodDisruptionBudget lets no pod of the deployment `api` go.
    Tight,
    /// Runbooks want several signals to agree before anything moves, or their owner known.
    Checked,
    /// Two sources give their alerts the same keys, and people merge a lot.
    Namesakes,
    /// Senders leave alerts out of their deliveries.
    Cut,
    /// Alerts that say what a runbook says, where the policy wants to be surer than that.
    Alike,
    /// A model fills open parameters, and what can runs alone.
    Advised,
    /// What can runs alone, and the same few alerts come back.
    Stubborn,
    /// Somebody writes another target into the journal while no process is alive.
    Rewritten,
    /// One or two changes fill an hour, and whoever may breaks the glass, for a minute.
    Narrow,
    /// A second attempt leaves the next step nothing of its runbook's budget.
    Spent,
    /// The database is sealed, and in the end somebody writes to it.
    Tampered,
}

/// Each in four of a hundred worlds.
const ODD: [World; 11] = [
    World::Tight,
    World::Checked,
    World::Namesakes,
    World::Cut,
    World::Alike,
    World::Advised,
    World::Stubborn,
    World::Rewritten,
    World::Narrow,
    World::Spent,
    World::Tampered,
];
const EACH: usize = 4;

/// How long one of a pair counts as saying that it fires.
const SAID_FOR: SignedDuration = SignedDuration::from_mins(4);

/// Searched for, since no trigger of it holds.
const ALIKE: (&str, &str) = (
    "alike.md",
    "# EtcdNoLeader\n## Meaning\nThe etcd cluster has no leader.\n## Blast Radius\n- max_pod_restarts: 4\n## Steps\n### Step 1: Restart\n```bash\nkubectl rollout restart deploy/api -n production\n```\nFailure action: stop\n",
);

pub struct Odd {
    pub world: World,
    rng: Rng,
}

impl Odd {
    pub fn of(seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0x0dd);
        let drawn = rng.below(100) / EACH;
        let world = ODD.get(drawn).copied().unwrap_or(World::Ordinary);
        Self { world, rng }
    }

    /// For stories, which bring what is odd themselves.
    pub fn ordinary() -> Self {
        Self {
            world: World::Ordinary,
            rng: Rng::new(0),
        }
    }

    pub fn is(&self, world: World) -> bool {
        self.world == world
    }

    /// Whether it happens here and now.
    pub fn comes(&mut self, world: World, percent: usize) -> bool {
        self.world == world && self.rng.chance(percent)
    }

    /// The same in every world but the ordinary ones.
    pub fn hurries(&mut self, percent: usize) -> bool {
        !self.is(World::Ordinary) && self.rng.chance(percent)
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        self.rng.pick(of)
    }

    /// What seals the database, where there is a key. Nothing that happens depends on which.
    pub fn sealer(&self) -> Option<Sealer> {
        self.is(World::Tampered).then(|| {
            let key = Signer::generate("interlock.test/sim").expect("a key");
            Signer::parse(&key).expect("the same key").sealer()
        })
    }

    /// The runbooks and the rules of this world.
    pub fn knowledge(&mut self, ordinary: Knowledge) -> Knowledge {
        let mut rules = (*ordinary.rules).clone();
        let mut refused = !ordinary.catalog.refused().is_empty();
        match self.world {
            World::Alike => rules.policy.alone.sure = [Confidence::per_cent(100); 4],
            World::Advised | World::Stubborn => {
                (rules.mode, rules.autonomy) = (Mode::Live, Autonomy::Auto);
                rules.policy.alone = Alone::default();
                rules.asks_advisor = self.is(World::Advised);
                refused = self.is(World::Stubborn) && self.rng.chance(30);
            }
            World::Narrow => {
                rules.mode = Mode::Live;
                rules.policy.guards.limits.per_hour = Some(if self.rng.chance(50) { 1 } else { 2 });
                let minutes = 1;
                rules.policy.guards.glass = Some(GlassRule {
                    minutes,
                    ..scenery::glass()
                });
            }
            World::Ordinary
            | World::Tight
            | World::Checked
            | World::Namesakes
            | World::Cut
            | World::Rewritten
            | World::Spent
            | World::Tampered => {}
        }
        let mut files = scenery::files(refused);
        for (name, text) in &mut files {
            *text = self.text_of(name, std::mem::take(text));
        }
        if self.is(World::Alike) {
            files.push((ALIKE.0.to_owned(), ALIKE.1.to_owned()));
        }
        let count = files.len() - usize::from(refused);
        let files = files.into_iter().map(|(name, text)| (name, text.into_bytes()));
        let catalog = Catalog::build(files.collect(), &|_, _| Vec::new());
        assert_eq!(catalog.len(), count, "{:?}", catalog.refused());
        Knowledge {
            rules: Arc::new(rules),
            catalog: Arc::new(catalog),
        }
    }

    fn text_of(&self, name: &str, text: String) -> String {
        let before_steps = |sections: &str| text.replacen("## Steps", &format!("{sections}## Steps"), 1);
        match (self.world, name) {
            (World::Checked, "restart.md" | "quick.md" | "odd.md") => {
                before_steps("## Prechecks\n- Several signals agree\n")
            }
            (World::Checked, "both.md") => before_steps("## Prechecks\n- The owner is known\n"),
            (World::Advised, "quick.md") => {
                before_steps("## Parameters\n- count: integer, 1 to 4, default 2\n")
                    .replace(
                        "max_pod_restarts: 8",
                        "max_pod_restarts: 8\n- max_replica_changes: 4",
                    )
                    .replace(
                        "kubectl rollout restart deploy/redis -n production",
                        "kubectl scale deploy/redis -n production --replicas {{ count }}",
                    )
            }
            (World::Spent, "quick.md") => text
                .replace("max_pod_restarts: 8", "max_pod_restarts: 4")
                .replacen(
                    "Failure action: continue",
                    "Failure action: continue\nAttempts: 2",
                    1,
                ),
            _ => text,
        }
    }

    /// An alert as this world's sources send it.
    pub fn sent(&mut self, alert: &mut Alert, number: u64) {
        match self.world {
            World::Namesakes if number % 2 == 1 => {
                alert.source = Source::new("grafana");
                alert.episode = EpisodeKey::new(format!("e{}", number - 1));
                (alert.group, alert.dedup_key) = (None, None);
            }
            World::Cut if alert.source.as_str() == "alertmanager" => {
                if alert.told.voice.is_none() {
                    alert.told.voice = Some("a".to_owned());
                    alert.told.at = alert.starts_at.and_then(|at| at.checked_add(SAID_FOR).ok());
                }
                alert.group = Some(GroupKey::new(format!("{}-group", alert.name)));
            }
            World::Alike if alert.name == "nothing" || self.rng.chance(30) => {
                "EtcdLeaderLost".clone_into(&mut alert.name);
                "etcd cluster has no leader".clone_into(&mut alert.title);
            }
            World::Advised | World::Spent | World::Narrow if self.rng.chance(70) => {
                is_about(alert, "quick", number)
            }
            World::Stubborn if self.rng.chance(70) => {
                is_about(alert, "redis", number);
                alert.severity = Severity::Low;
                // Another episode of the same alert.
                alert.fingerprint = Fingerprint::new("f-redis");
            }
            _ => {}
        }
    }

    /// A delivery as this world's senders make it; whether something of it was left out, or all is told again, is told by the
    /// alerts themselves.
    pub fn delivered(&mut self, alerts: &mut Vec<Alert>) {
        if !self.is(World::Cut) {
            return;
        }
        // Such a sender tells of each alert once.
        let mut told = BTreeSet::new();
        alerts.retain(|alert| told.insert(alert.fingerprint.clone()));
        if !self.rng.chance(60) {
            return;
        }
        for alert in alerts {
            // One sender and not a pair, so that its word is enough.
            alert.told.voice = alert.told.voice.take().map(|_| "a".to_owned());
            let left_out = 1 + self.rng.below(3);
            alert
                .annotations
                .insert(TRUNCATED.to_owned(), left_out.to_string());
            if self.rng.chance(40) {
                alert.status = AlertStatus::Resolved;
            }
        }
    }

    /// What people of this world do more often than others.
    pub fn wants(&mut self, state: &State) -> Option<Intent> {
        let open: Vec<IncidentId> = state.open().map(|incident| incident.id).collect();
        if self.comes(World::Namesakes, 25) {
            let (from, into) = (*self.rng.pick(&open)?, *self.rng.pick(&open)?);
            return Some(match self.rng.chance(25) {
                true => Intent::TakeOver(from),
                false => Intent::Merge { from, into },
            });
        }
        if self.comes(World::Narrow, 15) {
            let incident = *self.rng.pick(&open)?;
            let reason = "it burns".to_owned();
            return Some(Intent::BreakGlass { incident, reason });
        }
        None
    }

    /// What a model answers about an open number.
    pub fn fills(&mut self) -> Option<String> {
        let number = 1 + self.rng.below(5);
        self.rng.chance(80).then(|| number.to_string())
    }

    /// What is known of disruption at this object.
    pub fn disruption(&self, name: &str) -> Option<Box<Disruption>> {
        let tight = self.is(World::Tight) && name == "api";
        tight.then(|| {
            Box::new(Disruption {
                at_once: Some(1),
                budgets: vec![DisruptionBudget {
                    name: "api".to_owned(),
                    keeps: Keeps::AtLeast(Portion::Count(2)),
                    counted: Some(Counted {
                        healthy: 2,
                        desired: 2,
                        allowed: 0,
                        expected: 2,
                    }),
                }],
            })
        })
    }
}

fn is_about(alert: &mut Alert, topic: &str, number: u64) {
    topic.clone_into(&mut alert.name);
    alert.title = format!("{topic} is in trouble ({number})");
    alert.group = None;
}
