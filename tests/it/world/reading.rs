//! Reading channels, cards and threads. What is read counts as read; `leftovers` looks for the rest.

use interlock::playground::slack::view::MessageView;

use super::{TestWorld, text};

/// A channel as its members see it.
pub struct Channel<'w> {
    world: &'w TestWorld,
    name: &'static str,
}

/// The thread under the card of an incident.
pub struct Thread<'w> {
    world: &'w TestWorld,
    incident: String,
}

impl TestWorld {
    pub fn channel(&self, name: &'static str) -> Channel<'_> {
        Channel { world: self, name }
    }

    /// The thread of the first incident.
    pub fn thread(&self) -> Thread<'_> {
        self.thread_of("INC-1")
    }

    pub fn thread_of(&self, incident: &str) -> Thread<'_> {
        Thread {
            world: self,
            incident: incident.to_owned(),
        }
    }

    /// Every card of the bot with its channel's name and id.
    pub(super) fn cards(&self) -> Vec<(String, String, MessageView)> {
        let mut posted = self.posted();
        posted.retain(|(_, _, message)| message.text.starts_with("INC-"));
        posted
    }

    /// Everything of the bot that stands in a channel and in no thread.
    fn posted(&self) -> Vec<(String, String, MessageView)> {
        let view = self.seen();
        let bot = self.doubles.slack.bot_user();
        let mut cards = Vec::new();
        for channel in view.channels.iter().filter(|channel| !channel.is_direct) {
            let own = channel
                .messages
                .iter()
                .filter(|message| message.author == bot && !message.ephemeral);
            cards.extend(own.map(|message| (channel.name.clone(), channel.id.clone(), message.clone())));
        }
        cards
    }

    /// Channel id and card of an incident.
    pub fn card_of(&self, incident: &str) -> Option<(String, MessageView)> {
        let beginning = format!("{incident} ");
        let found = self
            .cards()
            .into_iter()
            .find(|(_, _, card)| card.text.starts_with(&beginning))?;
        Some((found.1, found.2))
    }

    /// Waits until the card of an incident shows this, and gives all that is on it.
    pub async fn card_shows(&self, incident: &str, fragment: &str) -> String {
        let what = format!("the card of {incident} shows `{fragment}`");
        let (ts, shown) = self
            .until(&what, || {
                let (_, card) = self.card_of(incident)?;
                let shown = text::card(&card);
                shown.contains(fragment).then_some((card.ts, shown))
            })
            .await;
        self.read.lock().cards.insert(ts);
        shown
    }

    /// Waits until the card of the first incident shows this.
    pub async fn card(&self, fragment: &str) -> String {
        self.card_shows("INC-1", fragment).await
    }

    /// Waits until the card of the first incident says this no more.
    pub async fn card_no_longer_says(&self, fragment: &str) {
        let what = format!("the card no longer says `{fragment}`");
        self.until(&what, || {
            let (_, card) = self.card_of("INC-1")?;
            (!text::card(&card).contains(fragment)).then_some(())
        })
        .await;
    }

    /// All that can be seen, for the message of a failure.
    pub fn log(&self) -> String {
        let mut log = String::new();
        for (channel, _, card) in self.cards() {
            log.push_str(&format!(
                "#{channel} ({})\n{}\n",
                card.text,
                indented(&text::card(&card), "  ")
            ));
            for reply in &card.replies {
                log.push_str(&format!("{}\n", indented(&text::message(reply), "    > ")));
            }
        }
        for name in ["ana", "ben", "cleo", "gus", "fay"] {
            let told = self.someone(name).told();
            if !told.is_empty() {
                log.push_str(&format!("{name} was told: {told:#?}\n"));
            }
        }
        log.push_str(&format!(
            "pages: {:#?}\neffects: {:#?}\n",
            self.pages(),
            self.effects()
        ));
        log
    }
}

fn indented(text: &str, by: &str) -> String {
    text.lines()
        .map(|line| format!("{by}{line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

impl Channel<'_> {
    /// Waits until a card in this channel shows this.
    pub async fn shows_card(&self, fragment: &str) -> String {
        let what = format!("#{} shows a card with `{fragment}`", self.name);
        let (ts, shown) = self
            .world
            .until(&what, || {
                let here = self
                    .world
                    .cards()
                    .into_iter()
                    .filter(|(name, _, _)| name == self.name);
                here.map(|(_, _, card)| (card.ts.clone(), text::card(&card)))
                    .find(|(_, shown)| shown.contains(fragment))
            })
            .await;
        self.world.read.lock().cards.insert(ts);
        shown
    }

    /// The story is not about what is said in its threads.
    pub fn threads_are_uninteresting(&self) {
        let cards = self.world.cards();
        let cards = cards.into_iter().map(|(_, _, card)| card.ts);
        self.world.read.lock().ignored_threads.extend(cards);
    }

    /// What was said here to everybody that is about no one incident, oldest first.
    pub fn notices(&self) -> Vec<String> {
        let posted = self.world.posted().into_iter();
        posted
            .filter(|(name, _, message)| name == self.name && !message.text.starts_with("INC-"))
            .map(|(_, _, message)| text::message(&message))
            .collect()
    }

    /// Waits until everybody here was told this.
    pub async fn tells(&self, fragment: &str) -> String {
        let what = format!("everybody in #{} is told `{fragment}`", self.name);
        let find = || self.notices().into_iter().find(|said| said.contains(fragment));
        self.world.until(&what, find).await
    }

    /// How many cards there are.
    pub fn cards(&self) -> usize {
        self.world
            .cards()
            .iter()
            .filter(|(name, _, _)| name == self.name)
            .count()
    }
}

impl Thread<'_> {
    /// Everything said so far.
    pub fn said(&self) -> Vec<String> {
        let Some((_, card)) = self.world.card_of(&self.incident) else {
            return Vec::new();
        };
        let bot = self.world.doubles.slack.bot_user();
        let own = card
            .replies
            .iter()
            .filter(|reply| reply.author == bot && !reply.ephemeral);
        own.flat_map(|reply| text::said(&text::message(reply))).collect()
    }

    fn key(&self) -> String {
        self.world
            .card_of(&self.incident)
            .map(|(_, card)| card.ts)
            .unwrap_or_default()
    }

    /// Waits until it says this, after what was read before, and gives the whole of it.
    pub async fn says(&self, fragment: &str) -> String {
        let what = format!("the thread of {} says `{fragment}`", self.incident);
        let (next, said) = self
            .world
            .until(&what, || {
                let from = self
                    .world
                    .read
                    .lock()
                    .threads
                    .get(&self.key())
                    .copied()
                    .unwrap_or(0);
                let said = self.said();
                // A line begins with a capital, whatever stands in it.
                let wanted = fragment.to_lowercase();
                let at = said
                    .iter()
                    .skip(from)
                    .position(|line| line.to_lowercase().contains(&wanted))?;
                Some((from + at + 1, said[from + at].clone()))
            })
            .await;
        self.world.read.lock().threads.insert(self.key(), next);
        said
    }

    /// Waits until it says this as its last word; that nothing follows is seen at the end of the story.
    pub async fn ends_with(&self, fragment: &str) -> String {
        self.says(fragment).await
    }

    /// Waits until it has said exactly this, from its beginning.
    pub async fn reads(&self, expected: &[&str]) {
        let what = format!("the thread of {} says {} things", self.incident, expected.len());
        self.world
            .until(&what, || (self.said().len() >= expected.len()).then_some(()))
            .await;
        assert_eq!(self.said(), expected, "\n{}", self.world.log());
        self.world.read.lock().threads.insert(self.key(), expected.len());
    }

    /// Waits for a file in it, and reads it.
    pub async fn has_file(&self) -> bytes::Bytes {
        let what = format!("a file is in the thread of {}", self.incident);
        self.world
            .until(&what, || {
                let (_, card) = self.world.card_of(&self.incident)?;
                let file = card.replies.iter().flat_map(|reply| &reply.files).next()?;
                self.world.doubles.slack.file(&file.id).map(|file| file.bytes)
            })
            .await
    }

    /// The story is not about what it says.
    pub fn is_uninteresting(&self) {
        self.world.read.lock().ignored_threads.insert(self.key());
    }
}
