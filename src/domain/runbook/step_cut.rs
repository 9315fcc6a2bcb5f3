//! Cuts Steps, Prechecks and Verification into steps, at headings, numbered items or, where these are missing, code blocks.
//! Not here: what the parts of a step mean.

use super::diagnostics::{Code, Findings};
use super::markdown::{Block, Piece};
use super::sections::Section;
use super::step_keys::{self, StepKey};
use super::steps::{Role, is_shell};
use super::words::{normalise, one_of, split_key, unquote};

/// One step before its keys are read.
pub(super) struct Draft<'a> {
    pub title: Piece<'a>,
    /// The number that the author wrote.
    pub number: Option<u32>,
    pub commands: Vec<Piece<'a>>,
    pub keys: Vec<(StepKey, Piece<'a>, Piece<'a>)>,
    /// The last line of text, which names a command without a heading.
    pub remark: Option<Piece<'a>>,
}

impl<'a> Draft<'a> {
    fn new(heading: Piece<'a>) -> Self {
        let (number, title) = numbered(heading);
        Self {
            title,
            number,
            commands: Vec::new(),
            keys: Vec::new(),
            remark: None,
        }
    }
}

/// `Step 2: Title`, `2. Title`, `Step 2 - Title` and a plain title.
fn numbered(heading: Piece<'_>) -> (Option<u32>, Piece<'_>) {
    let heading = heading.trim_matches(|c| c == '*').trim();
    let word = heading
        .text
        .get(..4)
        .is_some_and(|word| word.eq_ignore_ascii_case("step"));
    let rest = if word { heading.from(4).trim() } else { heading };
    let digits = rest.text.bytes().take_while(u8::is_ascii_digit).count();
    let after = rest.from(digits);
    let separated = after.is_empty() || after.text.starts_with([':', '.', ')', ' ', '-', '–', '—']);
    // "3 replicas are enough" is a title, "Step 3 replicas" and "3. Replicas" are numbered.
    let marked = word || after.text.starts_with([':', '.', ')']);
    match rest.slice(0, digits).text.parse() {
        Ok(number) if separated && marked => (
            Some(number),
            after.trim_matches(|c: char| c.is_whitespace() || ":.)-–—".contains(c)),
        ),
        _ => (None, heading),
    }
}

/// Cuts the section into steps; what belongs to none is reported.
pub(super) fn cut<'a>(section: &Section<'a, '_>, role: Role, findings: &mut Findings<'_>) -> Vec<Draft<'a>> {
    let level = section.blocks.iter().find_map(|block| match block {
        Block::Heading { level, .. } => Some(*level),
        Block::Item { .. } | Block::Text { .. } | Block::Fence { .. } | Block::Blank => None,
    });
    let mut cutter = Cutter {
        role,
        level,
        drafts: Vec::new(),
        open_key: None,
    };
    for block in section.blocks {
        cutter.take(*block, findings);
    }
    cutter.close_key(findings);
    cutter.drafts
}

struct Cutter<'a> {
    role: Role,
    /// Level of the headings that start steps; without headings, numbered items do.
    level: Option<u8>,
    drafts: Vec<Draft<'a>>,
    /// A key without a value: the code block below is its value.
    open_key: Option<(StepKey, Piece<'a>)>,
}

impl<'a> Cutter<'a> {
    fn take(&mut self, block: Block<'a>, findings: &mut Findings<'_>) {
        match block {
            Block::Blank => {}
            Block::Heading { level, text } => {
                self.close_key(findings);
                // Deeper headings are part of the step.
                if Some(level) <= self.level {
                    self.drafts.push(Draft::new(text));
                }
            }
            Block::Item {
                indent,
                ordered,
                text,
            } => {
                self.close_key(findings);
                let starts = self.level.is_none() && indent == 0 && self.split(text).is_none();
                if starts && (ordered || self.role != Role::Steps) {
                    self.start(text, findings);
                } else {
                    self.line(text, findings);
                }
            }
            Block::Text { text, .. } => {
                self.close_key(findings);
                self.line(text, findings);
            }
            Block::Fence { info, body } => self.fence(info, body, findings),
        }
    }

    /// A list item that is a step: its text is the title, or the command itself when it is all code.
    fn start(&mut self, text: Piece<'a>, findings: &mut Findings<'_>) {
        let mut draft = Draft::new(text);
        if let Some(code) = unquote(text).filter(|_| text.text.starts_with('`')) {
            draft.title = code;
            draft.commands.push(code);
        } else if let Some((title, code)) = trailing_code(text) {
            draft.title = title;
            draft.commands.push(code);
        }
        self.drafts.push(draft);
        self.close_key(findings);
    }

    fn split(&self, text: Piece<'a>) -> Option<(StepKey, Piece<'a>, Piece<'a>)> {
        let (key, value) = split_key(text)?;
        Some((StepKey::of(&normalise(key.text))?, key, value))
    }

    fn line(&mut self, text: Piece<'a>, findings: &mut Findings<'_>) {
        let Some((key, value)) = split_key(text) else {
            return self.remark(text);
        };
        let words = normalise(key.text);
        let Some(known) = StepKey::of(&words) else {
            let near = StepKey::near(&words);
            // A sentence with a colon is a sentence, unless it begins like a key.
            if near.is_none() && (words.split(' ').count() > 3 || step_keys::is_note(&words)) {
                return self.remark(text);
            }
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "the keys of a step are {}; a remark starts with `Note:`",
                    one_of(StepKey::titles()).replace(" or ", " and ")
                ),
            };
            findings.error(
                Code::UnknownKey,
                key.span(),
                format!("unknown key `{}`", key.text),
                help,
            );
            return;
        };
        let Some(draft) = self.drafts.last_mut() else {
            let help = "put it below the heading of its step: `### Step 1: …`";
            let message = format!("`{}` stands before the first step", key.text);
            findings.error(Code::FenceOutsideStep, key.span(), message, help);
            return;
        };
        if draft.keys.iter().any(|(other, ..)| *other == known) {
            let message = format!("`{}` stands twice in this step", key.text);
            findings.error(Code::DuplicateKey, key.span(), message, "leave one of them");
            return;
        }
        if value.is_empty() {
            self.open_key = Some((known, key));
        } else {
            draft.keys.push((known, key, value));
        }
    }

    fn remark(&mut self, text: Piece<'a>) {
        if let Some(draft) = self.drafts.last_mut() {
            draft.remark = Some(text);
        }
    }

    fn close_key(&mut self, findings: &mut Findings<'_>) {
        if let Some((_, key)) = self.open_key.take() {
            let message = format!("`{}` has no value", key.text);
            findings.error(
                Code::MissingValue,
                key.span(),
                message,
                "write the value behind the colon",
            );
        }
    }

    fn fence(&mut self, info: Piece<'a>, body: Piece<'a>, findings: &mut Findings<'_>) {
        if let (Some((known, key)), Some(draft)) = (self.open_key.take(), self.drafts.last_mut()) {
            draft.keys.push((known, key, body));
            return;
        }
        if !is_shell(info) {
            return;
        }
        // Without headings, each block of Prechecks and Verification is a step.
        let own = self.role != Role::Steps && self.level.is_none();
        let taken = self.drafts.last().is_none_or(|draft| !draft.commands.is_empty());
        if own && taken {
            let mut draft = Draft::new(body.trim());
            draft.number = None;
            draft.title = body.trim();
            self.drafts.push(draft);
        }
        match self.drafts.last_mut() {
            Some(draft) => draft.commands.push(body),
            None => findings.error(
                Code::FenceOutsideStep,
                body.trim().span(),
                "this command stands before the first step",
                "put a heading above it: `### Step 1: what it does`",
            ),
        }
    }
}

/// `` Redis answers: `kubectl …` ``.
fn trailing_code(text: Piece<'_>) -> Option<(Piece<'_>, Piece<'_>)> {
    let inner = text.text.strip_suffix('`')?;
    let at = inner.rfind('`')?;
    let title = text
        .slice(0, at)
        .trim_matches(|c: char| c.is_whitespace() || ":-–—".contains(c));
    let code = text.slice(at.saturating_add(1), inner.len());
    (!title.is_empty() && code.text.contains(' ')).then_some((title, code))
}
