//! Which incident an alert belongs to, whatever is merged, split off, resolved and fired again: random histories on the real
//! core and its journal, without a network. What the sources sent is kept beside it, and must be what the incidents say.
//! Longer than other files, since the world of these histories and what holds in it belong together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use interlock::app;
use interlock::config::{ApproverRow, Settings};
use interlock::domain::alert::{Alert, AlertStatus, Severity, Told};
use interlock::domain::command::{Answer, Command, Intent, Reply};
use interlock::domain::ids::{EpisodeKey, Fingerprint, GroupKey, IncidentId, PersonId, Service, Source};
use interlock::domain::incident::{ClosedAs, Incident, Phase};
use interlock::domain::runbook::Catalog;
use interlock::domain::state::State;
use interlock::engine::{Core, Knowledge};
use interlock::ports::{Person, Standing};
use interlock::store::Store;
use jiff::{SignedDuration, Timestamp};

const TEAM: &str = "T1";
const SOURCES: [&str; 2] = ["alertmanager", "grafana"];
const KEYS: usize = 4;
const HISTORIES: u64 = 150;
const TURNS: usize = 40;

/// Source and key of an alert: both sources use the same keys.
type Name = (usize, usize);

struct History {
    core: Core,
    knowledge: Knowledge,
    now: Timestamp,
    /// By so much the clocks of the sources are ahead of ours.
    ahead: SignedDuration,
    seed: u64,
    /// What fires, as its source sees it, and in which incident.
    firing: BTreeMap<Name, IncidentId>,
    told: Vec<String>,
}

fn alert((source, key): Name, status: AlertStatus, now: Timestamp) -> Alert {
    Alert {
        source: Source::new(SOURCES[source]),
        episode: EpisodeKey::new(format!("key-{key}")),
        fingerprint: Fingerprint::new(format!("key-{key}")),
        // Two of the four come in one group, which both sources call the same.
        group: (key < 2).then(|| GroupKey::new("group")),
        status,
        name: format!("Rule{key}"),
        title: format!("{} {key} is odd", SOURCES[source]),
        description: String::new(),
        severity: Severity::Low,
        severity_word: String::new(),
        service: Some(Service::new(format!("service-{source}-{key}"))),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        links: Vec::new(),
        starts_at: Some(now),
        ends_at: (status == AlertStatus::Resolved).then_some(now),
        source_ref: None,
        dedup_key: None,
        told: Told::default(),
    }
}

/// Nothing joins but by its group, and Ana may do everything.
fn knowledge() -> Knowledge {
    #[derive(serde::Deserialize)]
    struct Rows {
        approvers: Vec<ApproverRow>,
    }
    let rows = "[[approvers]]\ntiers = [0, 1]\nenvironments = [\"production\"]\nusers = [\"U1\"]\n";
    let mut settings = Settings::default();
    settings.grouping.storm_alerts_per_minute = 0;
    settings.approvers = toml::from_str::<Rows>(rows).unwrap().approvers;
    Knowledge {
        rules: Arc::new(app::rules(&settings, TEAM)),
        catalog: Arc::new(Catalog::build(Vec::new(), &|_, _| Vec::new())),
    }
}

impl History {
    fn new(seed: u64) -> Self {
        Self {
            core: Core::open(Store::in_memory().unwrap()).unwrap(),
            knowledge: knowledge(),
            now: "2026-03-02T10:00:00Z".parse().unwrap(),
            ahead: SignedDuration::ZERO,
            seed: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            firing: BTreeMap::new(),
            told: Vec::new(),
        }
    }

    /// xorshift64: enough to be different each time and the same again.
    fn below(&mut self, most: usize) -> usize {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        usize::try_from(self.seed >> 33).unwrap() % most
    }

    fn state(&self) -> &State {
        self.core.state()
    }

    fn run(&mut self, command: Command) -> Option<Reply> {
        let committed = self.core.run(vec![command], &[], &self.knowledge, self.now);
        committed.unwrap().replies.pop()
    }

    fn sends(&mut self, name: Name, status: AlertStatus) {
        self.told
            .push(format!("{} key-{} {status:?}", SOURCES[name.0], name.1));
        let alert = alert(name, status, self.now + self.ahead);
        let source = alert.source.clone();
        self.run(Command::Alerts {
            source,
            key: None,
            alerts: vec![alert],
        });
    }

    fn ana(&mut self, intent: Intent) -> Option<Reply> {
        let person = Person {
            id: PersonId {
                team: TEAM.to_owned(),
                user: "U1".to_owned(),
            },
            name: "ana".to_owned(),
            standing: Standing::Member,
            groups: Vec::new(),
        };
        self.run(Command::Act {
            key: None,
            person,
            channel: None,
            intent,
        })
    }

    fn fires(&mut self, name: Name) {
        self.sends(name, AlertStatus::Firing);
        if !self.firing.contains_key(&name) {
            let mut holds = self.holders(name);
            assert_eq!(holds.len(), 1, "who has it: {}", self.story());
            self.firing.extend(holds.pop_first().map(|id| (name, id)));
        }
    }

    fn resolves(&mut self, name: Name) {
        self.sends(name, AlertStatus::Resolved);
        self.firing.remove(&name);
    }

    fn merges(&mut self, from: IncidentId, into: IncidentId) {
        self.told.push(format!("merge {from} into {into}"));
        if let Some(Reply::Answer(Answer::Merged { .. })) = self.ana(Intent::Merge { from, into }) {
            for holder in self.firing.values_mut().filter(|holder| **holder == from) {
                *holder = into;
            }
        }
    }

    /// The newest of those that joined, as the card offers it.
    fn splits(&mut self, incident: IncidentId) {
        let joined = self.state().incident(incident).and_then(|incident| {
            let mut joined = incident.episodes.iter().rev();
            let joined = joined.find(|it| it.because.is_some() && it.resolved_at.is_none())?;
            Some((joined.mark(), joined.alert.clone()))
        });
        let Some((episode, alert)) = joined else { return };
        self.told.push(format!("split {} off {incident}", alert.title));
        let answer = self.ana(Intent::Split { incident, episode });
        if let Some(Reply::Answer(Answer::SplitOff { incident })) = answer {
            let source = SOURCES.iter().position(|it| *it == alert.source.as_str());
            let key = (0..KEYS).find(|key| alert.episode.as_str() == format!("key-{key}"));
            self.firing.insert((source.unwrap(), key.unwrap()), incident);
        }
    }

    /// The open incidents in which it fires.
    fn holders(&self, name: Name) -> BTreeSet<IncidentId> {
        let wanted = alert(name, AlertStatus::Firing, self.now);
        let has = |incident: &&Incident| {
            let mut firing = incident.firing();
            firing.any(|it| it.episode == wanted.episode && it.source == wanted.source)
        };
        self.state()
            .open()
            .filter(has)
            .map(|incident| incident.id)
            .collect()
    }

    fn one_turn(&mut self) {
        let seconds = i64::try_from(1 + self.below(400)).unwrap();
        let span = SignedDuration::from_secs(seconds);
        // Now and then our clock is set back, and those of the sources go on.
        if self.below(10) == 0 {
            self.now -= span;
            self.ahead += span + span;
        } else {
            self.now += span;
        }
        let name = (self.below(SOURCES.len()), self.below(KEYS));
        let last = usize::try_from(self.state().last_incident).unwrap().max(1);
        let any = |place: usize| IncidentId(u64::try_from(place + 1).unwrap());
        match self.below(8) {
            0..=3 => self.fires(name),
            4 => self.resolves(name),
            5 | 6 => {
                // Of the newest, so that they are open more often than not.
                let (one, other) = (self.below(last.min(4)), self.below(last.min(4)));
                self.merges(any(last - 1 - one), any(last - 1 - other));
            }
            _ => {
                let place = self.below(last.min(4));
                self.splits(any(last - 1 - place));
            }
        }
        self.is_as_told();
    }

    /// The incidents say what the sources said, now and after a restart.
    fn is_as_told(&self) {
        let mut again = self.state().clone();
        again.reindex();
        assert!(
            &again == self.state(),
            "an index is another after a restart: {}",
            self.story()
        );
        for (source, called) in SOURCES.into_iter().enumerate() {
            for key in 0..KEYS {
                let name = (source, key);
                let expected = self.firing.get(&name).copied();
                let wanted = alert(name, AlertStatus::Firing, self.now);
                assert_eq!(
                    self.holders(name),
                    expected.into_iter().collect(),
                    "who has {name:?}: {}",
                    self.story()
                );
                let found = self.state().by_episode(&wanted.source, &wanted.episode);
                if expected.is_some() {
                    assert_eq!(found, expected, "where {name:?} is looked for: {}", self.story());
                }
                let restarted = again.by_episode(&wanted.source, &wanted.episode);
                assert_eq!(
                    restarted,
                    found,
                    "the same after a restart, {name:?}: {}",
                    self.story()
                );
            }
            let (source, group) = (Source::new(called), GroupKey::new("group"));
            assert_eq!(
                again.by_group(&source, &group),
                self.state().by_group(&source, &group),
                "the group after a restart: {}",
                self.story()
            );
        }
        for incident in self.state().incidents.values() {
            let merged = matches!(
                &incident.phase,
                Phase::Closed {
                    result: ClosedAs::Merged { .. },
                    ..
                }
            );
            assert!(
                merged || !incident.all_resolved() || !incident.is_open(),
                "{} is open and nothing fires in it: {}",
                incident.id,
                self.story()
            );
        }
    }

    fn story(&self) -> String {
        self.told.join("\n")
    }
}

#[test]
fn an_alert_fires_in_one_incident_whatever_is_merged_and_split_off() {
    let (mut merged, mut split) = (0, 0);
    for seed in 1..=HISTORIES {
        let mut history = History::new(seed);
        for _turn in 0..TURNS {
            history.one_turn();
        }
        let told = |what: &str| history.told.iter().filter(|line| line.starts_with(what)).count();
        merged += told("merge");
        split += told("split");
    }
    assert!(merged > 1_000 && split > 100, "{merged} merges, {split} splits");
}

#[test]
fn one_key_of_two_sources_is_two_alerts_in_one_incident() {
    let mut history = History::new(1);
    let (one, other) = ((0, 3), (1, 3));
    history.fires(one);
    history.fires(other);
    history.merges(IncidentId(2), IncidentId(1));
    history.is_as_told();
    // Its source is told of its own, and hears nothing of the other.
    let incident = history.state().incident(IncidentId(1)).unwrap();
    let (key, told) = (EpisodeKey::new("key-3"), |name, keys: &[EpisodeKey]| {
        incident.was_told(&alert(name, AlertStatus::Firing, history.now), keys)
    });
    for keys in [&[key][..], &[]] {
        assert!(told(one, keys) && !told(other, keys), "{keys:?}");
    }
    // What the one says is over is over for the one.
    history.resolves(one);
    history.is_as_told();
    assert_eq!(history.holders(other), BTreeSet::from([IncidentId(1)]));
    // And what is split off is the one that was named.
    history.now += SignedDuration::from_mins(10);
    history.fires(one);
    history.is_as_told();
    history.splits(IncidentId(1));
    history.is_as_told();
    assert_eq!(history.holders(other), BTreeSet::from([IncidentId(3)]));
    assert_eq!(history.holders(one), BTreeSet::from([IncidentId(1)]));
    history.resolves(other);
    history.is_as_told();
    assert!(!history.state().incident(IncidentId(3)).unwrap().is_open());
}

#[test]
fn what_was_split_off_takes_its_group_along() {
    let mut history = History::new(1);
    history.fires((0, 3));
    history.fires((1, 0));
    history.merges(IncidentId(2), IncidentId(1));
    history.splits(IncidentId(1));
    history.is_as_told();
    // The other of its group comes to it, and not to where it was.
    history.fires((1, 1));
    history.is_as_told();
    assert_eq!(history.holders((1, 1)), BTreeSet::from([IncidentId(3)]));
}

#[test]
fn what_is_merged_and_split_off_has_not_fired_again_by_that() {
    let mut history = History::new(1);
    history.fires((0, 3));
    history.fires((1, 2));
    let times = |history: &History| history.state().past.times(&Fingerprint::new("key-2"));
    assert_eq!(times(&history), 1);
    history.merges(IncidentId(2), IncidentId(1));
    history.splits(IncidentId(1));
    assert_eq!(history.holders((1, 2)), BTreeSet::from([IncidentId(3)]));
    assert_eq!(times(&history), 1, "three times in an hour would be a human's");
}

/// As one of two Prometheus servers posts it, which renews its word by the minute.
fn renewed(history: &History, voice: &str, over: bool) -> Alert {
    let status = if over {
        AlertStatus::Resolved
    } else {
        AlertStatus::Firing
    };
    let mut alert = alert((0, 3), status, history.now);
    alert.starts_at = Some("2026-03-02T10:00:00Z".parse().unwrap());
    alert.told.voice = Some(voice.to_owned());
    alert.told.at = (!over).then(|| history.now + SignedDuration::from_mins(4));
    alert
}

#[test]
fn a_pair_that_says_the_same_by_the_minute_fills_no_journal() {
    let mut history = History::new(1);
    let says = |history: &mut History, voice: &str, over: bool| {
        let alert = renewed(history, voice, over);
        let source = alert.source.clone();
        history.run(Command::Alerts {
            source,
            key: None,
            alerts: vec![alert],
        });
    };
    says(&mut history, "a", false);
    says(&mut history, "b", false);
    let before = history.state().seq;
    for _ in 0..60 {
        history.now += SignedDuration::from_mins(1);
        says(&mut history, "a", false);
        says(&mut history, "b", false);
    }
    // That it came is counted, and that is all.
    assert_eq!(history.state().seq - before, 120);
    says(&mut history, "a", true);
    let open = |history: &History| history.state().incident(IncidentId(1)).unwrap().is_open();
    for _ in 0..10 {
        history.now += SignedDuration::from_mins(1);
        says(&mut history, "b", false);
        says(&mut history, "a", true);
        assert!(open(&history), "the other goes on saying so");
    }
    history.now += SignedDuration::from_mins(5);
    says(&mut history, "a", true);
    assert!(!open(&history), "the other is silent");
}

#[test]
fn what_is_split_off_or_let_go_of_is_in_no_index_any_more() {
    let mut history = History::new(1);
    history.fires((0, 3));
    // Each is an alert of its own, known by its labels.
    let says = |history: &mut History, status: AlertStatus, start: Timestamp| {
        let mut alert = alert((1, 0), status, history.now);
        alert.told.voice = Some(String::new());
        alert.starts_at = Some(start);
        alert.episode = EpisodeKey::new(format!("labels@{start}"));
        alert.fingerprint = Fingerprint::new(alert.episode.as_str());
        let source = alert.source.clone();
        let alerts = vec![alert];
        history.run(Command::Alerts {
            source,
            key: None,
            alerts,
        });
    };
    let is_indexed = |history: &History| {
        let mut anew = history.state().clone();
        anew.reindex();
        assert!(&anew == history.state(), "an index has what is in no incident");
    };
    let start = history.now;
    says(&mut history, AlertStatus::Firing, start);
    history.merges(IncidentId(2), IncidentId(1));
    let joined = history.state().incident(IncidentId(1)).unwrap().episodes[1].mark();
    let split = Intent::Split {
        incident: IncidentId(1),
        episode: joined,
    };
    assert!(matches!(
        history.ana(split),
        Some(Reply::Answer(Answer::SplitOff { .. }))
    ));
    is_indexed(&history);
    for _ in 0..260 {
        history.now += SignedDuration::from_mins(1);
        let start = history.now;
        says(&mut history, AlertStatus::Firing, start);
        says(&mut history, AlertStatus::Resolved, start);
    }
    is_indexed(&history);
}
