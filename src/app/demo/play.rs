//! A story played without a browser: the person who may approve watches the channel, reads aloud what appears, and
//! presses what has to be pressed, and hears the pager. Only what a person sees is used.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::scene::Scene;
use super::stage::Stage;
use crate::playground::page::Backend;
use crate::playground::press;
use crate::playground::slack::view::{MessageView, WorkspaceView};

/// How often the person looks at the channel.
const LOOK: Duration = Duration::from_millis(100);
/// The summary of what was handed over is waited for so long.
const SUMMED_UP: Duration = Duration::from_secs(3);
/// A page that is due at once is waited for so long.
const PAGED: Duration = Duration::from_secs(3);
/// A story takes no longer than this.
const MOST: Duration = Duration::from_secs(60);
/// What the person presses when it is there, in this order: the beginnings of the labels.
const PRESSED: [&str; 2] = ["approve", "it worked"];

/// How a story ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Played {
    /// The thread ended with the summary.
    Summary,
    /// A human has it now; that is how some stories are meant to end.
    HandedOver,
    /// Neither came in time.
    TimedOut,
}

/// Plays a story and hands every new line to `say`.
///
/// # Errors
/// When the scene can't be fired or a button does not answer.
pub async fn play(stage: &Arc<Stage>, scene: Scene, mut say: impl FnMut(&str)) -> Result<Played, String> {
    let person = stage
        .world
        .slack
        .user_id(scene.approver())
        .ok_or("the person is not in the workspace")?;
    say(&format!("Fired: {}. {}", scene.title(), scene.story()));
    stage.fire(scene).await?;
    let mut watcher = Watcher::default();
    let until = Instant::now() + MOST;
    while Instant::now() < until {
        let view = stage.world.slack.view_as(&person);
        let played = watcher.read(&view, &mut say);
        watcher.hear(stage, &mut say);
        if let Some(played) = played {
            if scene.pages_at_once() {
                watcher.wait_for_a_page(stage, &mut say).await;
            }
            return Ok(played);
        }
        watcher
            .press(stage, &view, &person, scene.approver(), &mut say)
            .await?;
        sleep(LOOK).await;
    }
    Ok(Played::TimedOut)
}

/// What has been read aloud already.
#[derive(Default)]
struct Watcher {
    cards: BTreeMap<String, String>,
    lines: BTreeMap<String, ()>,
    /// Labels pressed on which text of a card, so that a press is not repeated while the card has not changed.
    pressed: Vec<(String, String)>,
    /// When a human got it.
    handed: Option<Instant>,
    /// Pages that came, by their ids.
    paged: Vec<String>,
}

impl Watcher {
    fn read(&mut self, view: &WorkspaceView, say: &mut impl FnMut(&str)) -> Option<Played> {
        let cards = view.channels.iter().flat_map(|channel| &channel.messages);
        for card in cards.filter(|message| !message.blocks.is_empty()) {
            let text = plain(&card.text);
            if self.cards.get(&card.ts) != Some(&text) {
                say(&format!("[card] {text}"));
                self.cards.insert(card.ts.clone(), text);
            }
            for reply in &card.replies {
                if let Some(played) = self.reply(reply, say) {
                    return Some(played);
                }
            }
        }
        // Without a plan there is nothing to sum up.
        let handed = self.handed.is_some_and(|at| at.elapsed() > SUMMED_UP);
        handed.then_some(Played::HandedOver)
    }

    /// What the pager rang for since it was listened to last.
    fn hear(&mut self, stage: &Stage, say: &mut impl FnMut(&str)) {
        for page in stage.world.pager.incidents() {
            if !self.paged.contains(&page.id) {
                say(&format!("[pager] {}", page.title));
                self.paged.push(page.id);
            }
        }
    }

    async fn wait_for_a_page(&mut self, stage: &Stage, say: &mut impl FnMut(&str)) {
        let until = Instant::now() + PAGED;
        while self.paged.is_empty() && Instant::now() < until {
            sleep(LOOK).await;
            self.hear(stage, say);
        }
    }

    fn reply(&mut self, reply: &MessageView, say: &mut impl FnMut(&str)) -> Option<Played> {
        if self.lines.insert(reply.ts.clone(), ()).is_some() {
            return None;
        }
        let text = plain(&reply.text);
        say(&text
            .lines()
            .map(|line| format!("  {line}"))
            .collect::<Vec<_>>()
            .join("\n"));
        if text.contains("Summary of INC-") {
            return Some(Played::Summary);
        }
        if text.contains("Summary so far of INC-") {
            return Some(Played::HandedOver);
        }
        if text.contains("Handed over to a human") {
            self.handed.get_or_insert_with(Instant::now);
        }
        None
    }

    async fn press(
        &mut self,
        stage: &Arc<Stage>,
        view: &WorkspaceView,
        person: &str,
        name: &str,
        say: &mut impl FnMut(&str),
    ) -> Result<(), String> {
        for label in PRESSED {
            let Some(click) = press::find(view, label) else {
                continue;
            };
            let on = self.cards.values().next_back().cloned().unwrap_or_default();
            if self.pressed.contains(&(label.to_owned(), on.clone())) {
                continue;
            }
            self.pressed.push((label.to_owned(), on));
            say(&format!("[{name} presses {label}]"));
            stage
                .click(person, click)
                .await
                .map_err(|error| error.to_string())?;
            return Ok(());
        }
        Ok(())
    }
}

/// Slack's text without its marks, for a terminal.
fn plain(text: &str) -> String {
    text.replace('*', "")
        .replace("```", "")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}
