//! People and groups by the names that the policy has for them, and the one sentence that says who may approve something:
//! the card, the reminder and `/runbook who` all say it with this.

use super::escape::Mrkdwn;
use super::words;
use crate::domain::event::Who;
use crate::domain::policy::ON_CALL_NOW;

/// Names of one list that are told; the rest is counted.
const NAMES: usize = 6;

/// `May approve: @sre.` `each` is what [`Policy::named_for`](crate::domain::policy::Policy::named_for) says, as shown.
#[must_use]
pub fn may_approve(each: &[Vec<String>]) -> String {
    match each {
        [] => "The policy names nobody who may approve it.".to_owned(),
        each => format!("May approve: {}.", anybody(each)),
    }
}

/// `@sre or @ana`, `whoever is in @sre and in @leads`.
#[must_use]
pub fn anybody(each: &[Vec<String>]) -> String {
    let one = |names: &Vec<String>| {
        let mut told: Vec<String> = names.iter().take(NAMES).cloned().collect();
        if names.len() > NAMES {
            told.push(format!("{} more", names.len() - NAMES));
        }
        words::any_of(&told)
    };
    match each {
        [] => "nobody".to_owned(),
        [only] => one(only),
        each => {
            let each: Vec<String> = each.iter().map(one).collect();
            format!("whoever is in {}", each.join(" and in "))
        }
    }
}

/// The names of each list as a hand writes them; one that can't be written is left out. A list of which nobody can be
/// written stays: that somebody of it is needed as well is not to be lost.
#[must_use]
pub fn written(each: &[Vec<String>], name: impl Fn(&str) -> Option<String>) -> Vec<Vec<String>> {
    let one_list = |names: &Vec<String>| {
        let written: Vec<String> = names.iter().filter_map(|one| name(one)).collect();
        match written.is_empty() && !names.is_empty() {
            true => vec![UNWRITTEN.to_owned()],
            false => written,
        }
    };
    let lists = each.iter().map(one_list);
    lists.filter(|names: &Vec<String>| !names.is_empty()).collect()
}

/// As plain text.
#[must_use]
pub fn plain(name: &str) -> Option<String> {
    Some(match name {
        ON_CALL_NOW => ON_CALL_WORDS.to_owned(),
        name => name.to_owned(),
    })
}

/// In Slack: an id becomes a mention, a handle stays a word; `None` for what is neither.
#[must_use]
pub fn slack(name: &str) -> Option<String> {
    if name == ON_CALL_NOW {
        return Some(ON_CALL_WORDS.to_owned());
    }
    if let Some(handle) = name.strip_prefix('@') {
        let good = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        let fits = !handle.is_empty() && handle.len() <= 80 && handle.chars().all(good);
        return fits.then(|| Mrkdwn::escape(name).to_string());
    }
    let upper = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    if !(2..=32).contains(&name.len()) || !name.bytes().all(upper) {
        return None;
    }
    Some(match name.starts_with('S') {
        true => format!("<!subteam^{name}>"),
        false => format!("<@{name}>"),
    })
}

/// One who counts for nothing, as mrkdwn, struck out with why in brackets.
#[must_use]
pub fn struck(written: &str, why: &str) -> String {
    format!("~{written}~ ({why})")
}

/// A person by name, as mrkdwn; by a mention where the name was never learned and only the id is known.
#[must_use]
pub fn who(who: &Who) -> String {
    named(&who.id.user, &who.name)
}

/// The same, in its parts.
#[must_use]
pub fn named(id: &str, name: &str) -> String {
    match slack(id).filter(|_| name == id) {
        Some(mention) => mention,
        None => format!("@{}", Mrkdwn::escape(name)),
    }
}

const UNWRITTEN: &str = "people whom the policy names";
const ON_CALL_WORDS: &str = "whoever is on call now";

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(each: &[&[&str]]) -> Vec<Vec<String>> {
        let owned = |list: &&[&str]| list.iter().map(|&name| name.to_owned()).collect();
        each.iter().map(owned).collect()
    }

    #[test]
    fn who_may_approve_is_one_sentence_whoever_is_named() {
        let said = |each: &[&[&str]]| may_approve(&written(&lists(each), slack));
        assert_eq!(said(&[]), "The policy names nobody who may approve it.");
        assert_eq!(said(&[&["@sre"]]), "May approve: @sre.");
        assert_eq!(
            said(&[&["@sre", "U0ANA", "S0LEADS", "on-call <now>"]]),
            "May approve: @sre, <@U0ANA> or <!subteam^S0LEADS>."
        );
        assert_eq!(
            said(&[&["@sre", "U1"], &["@leads"]]),
            "May approve: whoever is in @sre or <@U1> and in @leads."
        );
        assert_eq!(
            said(&[&["@sre"], &["somebody else"]]),
            "May approve: whoever is in @sre and in people whom the policy names."
        );
        assert_eq!(
            said(&[&["@a", "@b", "@c", "@d", "@e", "@f", "@g", "@h"]]),
            "May approve: @a, @b, @c, @d, @e, @f or 2 more."
        );
    }
}
