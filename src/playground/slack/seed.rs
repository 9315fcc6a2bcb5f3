//! The standard cast, and the workspace made from a seed.

use std::collections::{HashMap, VecDeque};

use indexmap::IndexMap;

use super::clock::Moment;
use super::faults::FaultPlan;
use super::ids;
use super::model::app::{App, TokenState};
use super::model::channel::{Channel, ChannelKind};
use super::model::user::{Standing, User, UserGroup};
use super::model::views::Views;
use super::model::workspace::{Team, Workspace};
use super::options::{Seed, SeedChannel, SeedGroup, SlackOptions, Tokens};
use super::ratelimit::Levels;

const BOT_USER: &str = "U0INTERLCK";

fn person(id: &str, name: &str, real_name: &str, title: &str, standing: Standing) -> User {
    User {
        id: id.to_owned(),
        name: name.to_owned(),
        real_name: real_name.to_owned(),
        title: title.to_owned(),
        email: format!("{name}@acme.example"),
        email_confirmed: true,
        standing,
        is_admin: false,
    }
}

const ANA: &str = "U0ANA00001";
const BEN: &str = "U0BEN00001";
const CLEO: &str = "U0CLEO0001";
const GUS: &str = "U0GUS00001";
const FAY: &str = "U0FAY00001";

/// The default of [`Seed`].
pub(super) fn standard() -> Seed {
    Seed {
        team_id: "T0ACME0001".to_owned(),
        team_domain: "acme".to_owned(),
        team_name: "Acme".to_owned(),
        users: standard_users(),
        groups: vec![
            group("S0SRE00001", "sre", "Site reliability", &[ANA, BEN]),
            group("S0LEADS001", "sre-leads", "SRE leads", &[BEN]),
            group("S0ONCALL01", "oncall", "On call", &[ANA]),
        ],
        channels: standard_channels(),
    }
}

fn standard_users() -> Vec<User> {
    let foreign = Standing::Foreign {
        team: "T0PARTNER1".to_owned(),
    };
    vec![
        person(ANA, "ana", "Ana Ferreira", "on-call engineer", Standing::Member),
        person(BEN, "ben", "Ben Okafor", "SRE lead", Standing::Member),
        person(CLEO, "cleo", "Cleo Martin", "product manager", Standing::Member),
        person(GUS, "gus", "Gus Lindqvist", "guest", Standing::Guest),
        person(FAY, "fay", "Fay Tanaka", "from a partner company", foreign),
        person(
            "U0DREW0001",
            "drew",
            "Drew Novak",
            "left the company",
            Standing::Deactivated,
        ),
    ]
}

fn standard_channels() -> Vec<SeedChannel> {
    vec![
        channel("C0INCIDENT", "incidents", &[ANA, BEN, CLEO, GUS], true),
        channel("C0PAYMENTS", "payments", &[ANA, BEN, CLEO], true),
        channel("C0PLATFORM", "platform", &[ANA, BEN], true),
        channel("C0GENERAL1", "general", &[ANA, BEN, CLEO], false),
        SeedChannel {
            is_private: true,
            ..channel("C0SREPRIV1", "sre-private", &[BEN], false)
        },
        SeedChannel {
            is_shared: true,
            ..channel("C0SHARED01", "partner-status", &[ANA, BEN, FAY], true)
        },
    ]
}

fn owned(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|&id| id.to_owned()).collect()
}

fn group(id: &str, handle: &str, name: &str, members: &[&str]) -> SeedGroup {
    SeedGroup {
        id: id.to_owned(),
        handle: handle.to_owned(),
        name: name.to_owned(),
        members: owned(members),
    }
}

fn channel(id: &str, name: &str, members: &[&str], has_app: bool) -> SeedChannel {
    SeedChannel {
        id: id.to_owned(),
        name: name.to_owned(),
        is_private: false,
        is_shared: false,
        members: owned(members),
        has_app,
    }
}

fn tokens(given: Option<Tokens>) -> Tokens {
    given.unwrap_or_else(|| Tokens {
        bot: format!("xoxb-{}-{}", ids::secret(12), ids::secret(24)),
        app: format!("xapp-1-A0INTERLCK-{}-{}", ids::secret(13), ids::secret(32)),
        signing_secret: ids::secret(32),
    })
}

fn app(options: &SlackOptions) -> App {
    let tokens = tokens(options.tokens.clone());
    App {
        id: "A0INTERLCK".to_owned(),
        bot_id: "B0INTERLCK".to_owned(),
        bot_user: BOT_USER.to_owned(),
        bot_token: tokens.bot,
        app_token: tokens.app,
        signing_secret: tokens.signing_secret,
        verification_token: ids::secret(24),
        settings: options.app.clone(),
        bot_token_state: TokenState::Valid,
        link_disabled: false,
    }
}

fn channels(seed: &[SeedChannel], now: Moment) -> IndexMap<String, Channel> {
    let mut channels = IndexMap::new();
    for item in seed {
        let kind = if item.is_private {
            ChannelKind::Private
        } else {
            ChannelKind::Public
        };
        let mut channel = Channel::new(&item.id, &item.name, kind, now.seconds());
        channel.members.extend(item.members.iter().cloned());
        if item.has_app {
            channel.members.insert(BOT_USER.to_owned());
        }
        channel.shared = item.is_shared;
        channels.insert(item.id.clone(), channel);
    }
    channels
}

/// The workspace at its first moment; `base` is the address clients reach it at.
pub(super) fn workspace(options: &SlackOptions, base: String, now: Moment) -> Workspace {
    let app = app(options);
    let mut users: IndexMap<String, User> = options
        .seed
        .users
        .iter()
        .map(|user| (user.id.clone(), user.clone()))
        .collect();
    let handle = app.settings.name.to_lowercase();
    users.insert(
        BOT_USER.to_owned(),
        person(BOT_USER, &handle, &app.settings.name, "app", Standing::Bot),
    );
    let group = |item: &SeedGroup| UserGroup {
        id: item.id.clone(),
        handle: item.handle.clone(),
        name: item.name.clone(),
        members: item.members.clone(),
        updated: now.seconds(),
    };
    let seed = &options.seed;
    Workspace {
        team: Team {
            id: seed.team_id.clone(),
            domain: seed.team_domain.clone(),
            name: seed.team_name.clone(),
        },
        app,
        base,
        users,
        groups: seed
            .groups
            .iter()
            .map(|item| (item.id.clone(), group(item)))
            .collect(),
        channels: channels(&seed.channels, now),
        ephemerals: Vec::new(),
        files: IndexMap::new(),
        views: Views::default(),
        message_state: HashMap::new(),
        triggers: HashMap::new(),
        response_urls: HashMap::new(),
        tickets: HashMap::new(),
        notices: Vec::new(),
        limits: options.limits,
        levels: Levels::default(),
        checks: options.checks.clone(),
        faults: FaultPlan::default(),
        calls: VecDeque::new(),
        deliveries: VecDeque::new(),
        delivery_count: 0,
        violations: Vec::new(),
        updates: VecDeque::new(),
        posts: HashMap::new(),
        delivery_ids: HashMap::new(),
        pending_events: Vec::new(),
        dirty: false,
        edit_window: None,
        file_delay: options.file_delay,
    }
}
