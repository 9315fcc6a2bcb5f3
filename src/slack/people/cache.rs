//! The directory: people and groups as Slack knows them, kept for at most a minute, dropped when Slack says that they changed.
//!
//! Invariants: what could not be read is `Standing::Unreadable`, never an older answer; an answer that was asked for before
//! a change was announced is not kept after it. Reading what is kept takes one short shared lock.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use parking_lot::{Mutex, RwLock};
use tokio::time::Instant;
use tracing::warn;

use super::groups::{self, Members};
use super::standing::{name, standing, unreadable};
use super::wire::{AuthReply, UserReply};
use crate::domain::ids::{GroupId, PersonId};
use crate::domain::policy::ON_CALL_NOW;
use crate::ports::{Directory, OnDuty, Pending, Person, Standing};
use crate::slack::api::{Api, ApiError, CALL_TIMEOUT};

/// How old an answer may be.
const KEPT: Duration = Duration::from_secs(60);
/// How long it counts that somebody could not be read. It allows nothing; it only keeps a flood of clicks from asking a
/// Slack that does not answer for each of them.
const UNREADABLE_KEPT: Duration = Duration::from_secs(1);
/// From this age on a used answer is renewed behind the scenes, so that a click seldom waits.
const RENEWED: Duration = Duration::from_secs(40);
const TIMEOUT: Duration = Duration::from_millis(1500);
/// How long the pager may take to say who is on call; less than a look-up may.
const ON_DUTY_WITHIN: Duration = Duration::from_secs(1);
/// More people than this are not kept; a whole workspace clicking within a minute would only be slower.
const MOST: usize = 20_000;

struct Kept {
    person: Arc<Person>,
    /// When it was asked for.
    at: Instant,
    renewing: bool,
}

struct Snapshot {
    members: Arc<Members>,
    at: Instant,
    wanted: Arc<Vec<GroupId>>,
}

/// The workspace and ourselves in it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Identity {
    team: String,
    bot_user: String,
}

type Looking = Shared<BoxFuture<'static, Arc<Person>>>;
type Reading = Shared<BoxFuture<'static, Result<(Arc<Members>, Instant), ApiError>>>;

/// People of one workspace. Made once, shared.
pub struct People {
    this: Weak<Self>,
    api: Api,
    /// The groups that the policy names; replaced when the policy is.
    wanted: Arc<ArcSwap<Vec<GroupId>>>,
    identity: RwLock<Option<Identity>>,
    people: RwLock<HashMap<PersonId, Kept>>,
    groups: RwLock<Option<Snapshot>>,
    looking: Mutex<HashMap<PersonId, Looking>>,
    reading: Mutex<Option<Reading>>,
    /// Who says who is on call now.
    on_duty: OnceLock<Arc<dyn OnDuty>>,
    /// Counts announced changes: what was asked for under an older number is not kept.
    changes: AtomicU64,
}

impl People {
    /// `wanted` are the groups that the policy names, see `Policy::groups`.
    #[must_use]
    pub fn new(api: Api, wanted: Arc<ArcSwap<Vec<GroupId>>>) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            this: this.clone(),
            api,
            wanted,
            identity: RwLock::new(None),
            people: RwLock::default(),
            groups: RwLock::new(None),
            looking: Mutex::default(),
            reading: Mutex::new(None),
            on_duty: OnceLock::new(),
            changes: AtomicU64::new(0),
        })
    }

    /// From now on the group of those on call is asked for here. The first one counts.
    pub fn ask_who_is_on_duty(&self, on_duty: Arc<dyn OnDuty>) {
        let _ = self.on_duty.set(on_duty);
    }

    /// Adds the group of those on call now, when the policy names it. What can't be read is nobody: other groups count
    /// all the same.
    async fn add_on_duty(&self, wanted: &[GroupId], members: &mut Members) {
        if !wanted.iter().any(|group| group.as_str() == ON_CALL_NOW) {
            return;
        }
        let Some(on_duty) = self.on_duty.get() else {
            warn!("the policy names {ON_CALL_NOW}, but no pager says who that is: nobody");
            return;
        };
        match on_duty.on_duty().await {
            Ok(users) => {
                for user in users {
                    members.entry(user).or_default().push(ON_CALL_NOW.to_owned());
                }
            }
            Err(error) => warn!(
                error,
                "the pager did not say who is on call; nobody counts as on call"
            ),
        }
    }

    /// Asks Slack who we are. Until it has answered once, nobody counts.
    ///
    /// # Errors
    /// What Slack said: a token that is not valid, or that it could not be asked.
    pub async fn identify(&self) -> Result<String, ApiError> {
        let auth: AuthReply = self
            .api
            .post("auth.test", &serde_json::json!({}), CALL_TIMEOUT)
            .await?;
        let team = auth.team_id.clone();
        *self.identity.write() = Some(Identity {
            team: auth.team_id,
            bot_user: auth.user_id,
        });
        Ok(team)
    }

    /// The workspace that the app is installed in, once known.
    #[must_use]
    pub fn team(&self) -> Option<String> {
        self.identity
            .read()
            .as_ref()
            .map(|identity| identity.team.clone())
    }

    pub(super) fn api(&self) -> &Api {
        &self.api
    }

    /// Our own user id, once known.
    #[must_use]
    pub fn bot_user(&self) -> Option<String> {
        self.identity
            .read()
            .as_ref()
            .map(|identity| identity.bot_user.clone())
    }

    /// What is kept and fresh.
    #[must_use]
    pub fn cached(&self, id: &PersonId) -> Option<Person> {
        let (person, age) = {
            let people = self.people.read();
            let kept = people.get(id)?;
            let age = kept.at.elapsed();
            if age > RENEWED && !kept.renewing {
                drop(people);
                return self.renew(id);
            }
            (kept.person.clone(), age)
        };
        (age <= kept_for(&person)).then(|| Person::clone(&person))
    }

    fn renew(&self, id: &PersonId) -> Option<Person> {
        let (person, age) = {
            let mut people = self.people.write();
            let kept = people.get_mut(id)?;
            kept.renewing = true;
            (kept.person.clone(), kept.at.elapsed())
        };
        if age > KEPT {
            return None;
        }
        if let Some(this) = self.this.upgrade() {
            let id = id.clone();
            tokio::spawn(async move { this.look_up(&id).await });
        }
        Some(Person::clone(&person))
    }

    /// Asks Slack, once however many wait for the same person.
    pub async fn look_up(&self, id: &PersonId) -> Person {
        let looking = {
            let mut all = self.looking.lock();
            match all.get(id) {
                Some(looking) => looking.clone(),
                None => {
                    let Some(this) = self.this.upgrade() else {
                        return unreadable(id);
                    };
                    let wanted = id.clone();
                    let looking = async move { this.ask(&wanted).await }.boxed().shared();
                    all.insert(id.clone(), looking.clone());
                    looking
                }
            }
        };
        let person = looking.await;
        Person::clone(&person)
    }

    async fn ask(&self, id: &PersonId) -> Arc<Person> {
        let mut at = Instant::now();
        let change = self.changes.load(Ordering::Acquire);
        let read = tokio::time::timeout(TIMEOUT, self.read(id)).await;
        // Whoever was known keeps the name: what is refused or frozen is told by it.
        let known = self.people.read().get(id).map(|kept| kept.person.name.clone());
        let mut person = match read {
            Ok(Ok((person, groups_at))) => {
                at = at.min(groups_at);
                person
            }
            Ok(Err(error)) => {
                warn!(user = id.user, %error, "a person can't be read and counts as nobody");
                unreadable(id)
            }
            Err(_) => {
                warn!(
                    user = id.user,
                    "Slack did not say in time who this is; counts as nobody"
                );
                unreadable(id)
            }
        };
        if let Some(name) = known.filter(|_| person.standing == Standing::Unreadable) {
            person.name = name;
        }
        let person = Arc::new(person);
        self.looking.lock().remove(id);
        let mut people = self.people.write();
        if person.standing == Standing::Unreadable {
            // The time-out itself may have taken longer than this is kept.
            at = Instant::now();
        }
        if self.changes.load(Ordering::Acquire) != change {
            people.remove(id);
        } else {
            if people.len() >= MOST {
                people.retain(|_, kept| kept.at.elapsed() <= KEPT);
            }
            if people.len() < MOST {
                people.insert(
                    id.clone(),
                    Kept {
                        person: person.clone(),
                        at,
                        renewing: false,
                    },
                );
            }
        }
        person
    }

    /// The person, and when the groups were asked for.
    async fn read(&self, id: &PersonId) -> Result<(Person, Instant), ApiError> {
        let team = match self.team() {
            Some(team) => team,
            None => self.identify().await?,
        };
        let params = [("user", id.user.clone())];
        let (reply, members) = tokio::join!(
            self.api.get::<UserReply>("users.info", &params, TIMEOUT),
            self.members()
        );
        let (user, (members, at)) = (reply?.user, members?);
        let person = Person {
            id: id.clone(),
            name: name(&user),
            standing: if user.id == id.user {
                standing(&user, id, &team)
            } else {
                Standing::Unreadable
            },
            groups: members.get(&id.user).cloned().unwrap_or_default(),
        };
        Ok((person, at))
    }

    async fn members(&self) -> Result<(Arc<Members>, Instant), ApiError> {
        let wanted = self.wanted.load_full();
        if let Some(snapshot) = self.groups.read().as_ref()
            && snapshot.at.elapsed() <= RENEWED
            && snapshot.wanted == wanted
        {
            return Ok((snapshot.members.clone(), snapshot.at));
        }
        let reading = {
            let mut reading = self.reading.lock();
            match reading.as_ref() {
                Some(running) => running.clone(),
                None => {
                    let Some(this) = self.this.upgrade() else {
                        return Ok((Arc::default(), Instant::now()));
                    };
                    let new = async move { this.read_groups(wanted).await }.boxed().shared();
                    *reading = Some(new.clone());
                    new
                }
            }
        };
        reading.await
    }

    async fn read_groups(&self, wanted: Arc<Vec<GroupId>>) -> Result<(Arc<Members>, Instant), ApiError> {
        let at = Instant::now();
        let change = self.changes.load(Ordering::Acquire);
        let (read, duty) = tokio::join!(groups::read(&self.api, &wanted, TIMEOUT), async {
            let mut duty = Members::new();
            // The other groups count all the same when the pager is slow: nobody is on call then.
            match tokio::time::timeout(ON_DUTY_WITHIN, self.add_on_duty(&wanted, &mut duty)).await {
                Ok(()) => duty,
                Err(_) => Members::new(),
            }
        });
        let read = read.map(|mut members| {
            for (user, groups) in duty {
                members.entry(user).or_default().extend(groups);
            }
            Arc::new(members)
        });
        *self.reading.lock() = None;
        if let Ok(members) = &read
            && self.changes.load(Ordering::Acquire) == change
        {
            *self.groups.write() = Some(Snapshot {
                members: members.clone(),
                at,
                wanted,
            });
        }
        read.map(|members| (members, at))
    }

    /// Slack says that this person changed.
    pub fn forget(&self, user: &str) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.people.write().retain(|id, _| id.user != user);
        self.looking.lock().retain(|id, _| id.user != user);
    }

    /// Slack says that the members of a group changed: everybody is asked for anew.
    pub fn forget_groups(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        *self.groups.write() = None;
        *self.reading.lock() = None;
        self.looking.lock().clear();
        self.people.write().clear();
    }
}

impl Directory for People {
    fn person<'a>(&'a self, id: &'a PersonId) -> Pending<'a, Person> {
        match self.cached(id) {
            Some(person) => Box::pin(std::future::ready(person)),
            None => Box::pin(self.look_up(id)),
        }
    }
}

fn kept_for(person: &Person) -> Duration {
    match person.standing {
        Standing::Unreadable => UNREADABLE_KEPT,
        Standing::Member | Standing::Guest | Standing::Bot | Standing::Stranger | Standing::Deactivated => {
            KEPT
        }
    }
}
