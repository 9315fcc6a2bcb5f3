//! The end of a story: what is left over is a failure.

use std::sync::atomic::Ordering;
use std::time::Duration;

use interlock::domain::run::StepState;
use interlock::playground::cluster::ClusterUser;
use interlock::store::Store;
use tokio::time::Instant;

use super::people::only_mine;
use super::{PATIENCE, TestWorld};

/// Between looks at the outbox. The database has nobody to tell about a change.
const LOOK: Duration = Duration::from_millis(20);
const PEOPLE: [&str; 5] = ["ana", "ben", "cleo", "gus", "fay"];

impl TestWorld {
    /// Ends the story.
    pub async fn ends(self) {
        self.outbox_is_empty().await;
        self.bot_stops().await;
        self.ended.store(true, Ordering::Release);
        self.journal_is_whole();
        self.slack_has_no_complaint();
        self.everything_was_read();
        self.every_request_is_marked();
    }

    /// Whatever was asked of the cluster can be found again in its own audit log. The server makes up an id without a dot for
    /// what has none.
    fn every_request_is_marked(&self) {
        let asked = self.doubles.cluster.requests();
        let mut unmarked = asked
            .iter()
            .filter(|one| one.user != ClusterUser::Admin.name() && !one.audit_id.contains('.'));
        assert_eq!(unmarked.next(), None, "a request without an Audit-ID");
    }

    /// Ends a story whose journal somebody else has made what it is: it is no longer whole, and left as evidence.
    pub async fn ends_with_what_is_left(self) {
        let bot = self.bot.lock().await.take();
        if let Some(bot) = bot {
            bot.crash().await;
        }
        self.ended.store(true, Ordering::Release);
    }

    /// Ends a story in which nothing was run; whatever else its thread said is not what it is about.
    pub async fn ends_and_nothing_ran(self) {
        self.nothing_ran();
        self.thread().is_uninteresting();
        self.ends().await;
    }

    /// Waits until nothing is left to be delivered.
    pub async fn outbox_is_empty(&self) {
        let patience = Instant::now() + PATIENCE;
        loop {
            let waiting = Store::open_to_read(&self.database()).unwrap().outbox().unwrap();
            if waiting.is_empty() {
                return;
            }
            assert!(
                Instant::now() < patience,
                "left in the outbox: {waiting:#?}\n{}",
                self.log()
            );
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Slack was asked to post and edit no faster here than once a second after a short burst, and refused nothing anywhere.
    pub fn slack_kept_pace(&self, channel: &str) {
        let channel = self.doubles.slack.channel_id(channel).unwrap();
        let posts = self.doubles.slack.calls_of("chat.postMessage");
        for call in &posts {
            assert!(call.reply["ok"] == true, "{} {}", call.reply, call.args);
        }
        let edits = self.doubles.slack.calls_of("chat.update");
        for (calls, burst, what) in [
            (posts.clone(), 4, "posts"),
            ([posts, edits].concat(), 6, "posts and edits"),
        ] {
            let mut calls: Vec<_> = calls
                .iter()
                .filter(|call| call.args["channel"] == channel.as_str())
                .collect();
            calls.sort_by_key(|call| call.at);
            for (first, from) in calls.iter().enumerate() {
                for (last, to) in calls.iter().enumerate().skip(first) {
                    let (count, seconds) = (last - first + 1, to.at.since(from.at).as_secs());
                    assert!(
                        count as u64 <= seconds + burst,
                        "{count} {what} within {seconds} s"
                    );
                }
            }
        }
    }

    fn journal_is_whole(&self) {
        let store = Store::open_to_read(&self.database()).unwrap();
        let verified = store.verify().expect("the chain holds");
        assert!(verified.entries > 0);
        let state = store.load().unwrap();
        for incident in state.incidents.values() {
            for track in &incident.plans {
                for (step, state) in &track.run.steps {
                    let hangs = matches!(state, StepState::Started { .. });
                    assert!(!hangs, "step {step} of {} has no end", incident.id);
                }
            }
        }
    }

    fn slack_has_no_complaint(&self) {
        let expected = {
            let read = self.read.lock();
            (read.slack_rules_broken, read.notices)
        };
        let violations = self.doubles.slack.violations();
        assert!(violations.is_empty() || expected.0, "{violations:#?}");
        let notices: Vec<_> = PEOPLE
            .iter()
            .flat_map(|name| self.someone(name).view().notices)
            .collect();
        assert_eq!(notices.len(), expected.1, "{notices:#?}");
    }

    fn everything_was_read(&self) {
        let read = self.read.lock();
        let log = self.log();
        for (channel, _, card) in self.cards() {
            assert!(
                read.cards.contains(&card.ts),
                "nobody read a card in #{channel}:\n{log}"
            );
            if read.ignored_threads.contains(&card.ts) {
                continue;
            }
            let incident = card.text.split(' ').next().unwrap_or_default();
            let said = self.thread_of(incident).said();
            let from = read.threads.get(&card.ts).copied().unwrap_or(0).min(said.len());
            assert!(
                said[from..].is_empty(),
                "nobody read {:#?} in the thread of {incident}:\n{log}",
                &said[from..]
            );
        }
        for name in PEOPLE {
            for message in only_mine(&self.someone(name).view()) {
                let heard = read.told.contains(&(name, message.ts.clone()));
                assert!(heard, "{name} did not read `{}`:\n{log}", message.text);
            }
        }
        for page in self.doubles.pager.incidents() {
            assert!(
                read.pages.contains(&page.id),
                "a page that the story does not tell: {}\n{log}",
                page.title
            );
        }
        assert_eq!(
            self.effects().len(),
            read.effects,
            "effects that the story does not tell:\n{log}"
        );
    }

    /// The story breaks a rule of Slack on purpose, or lets it fail; people see so many error marks for it.
    pub fn slack_complains(&self, notices: usize) {
        let mut read = self.read.lock();
        read.slack_rules_broken = true;
        read.notices = notices;
    }
}

impl Drop for TestWorld {
    fn drop(&mut self) {
        if !std::thread::panicking() && !self.ended.load(Ordering::Acquire) {
            panic!("a story has to end with `world.ends()`");
        }
    }
}
