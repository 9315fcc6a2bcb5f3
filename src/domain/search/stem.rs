//! Brings the forms of a word together: `failing`, `failed` and `fails` become `fail`. Light on purpose: what it does not
//! know it leaves alone. It works on lower-case ASCII; other scripts pass unchanged.

/// Shorter words are left as they are.
const SHORT: usize = 4;

/// The stem of a lower-case word.
#[must_use]
pub fn stem(word: &str) -> String {
    let mut stem = word.to_owned();
    if word.len() < SHORT || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return stem;
    }
    plural(&mut stem);
    let verbal = ending(&mut stem, "ing") || ending(&mut stem, "ed");
    if verbal {
        undouble(&mut stem);
    }
    derived(&mut stem);
    if stem.len() > SHORT && stem.ends_with('e') {
        stem.pop();
    }
    stem
}

fn plural(word: &mut String) {
    if word.ends_with("sses") || word.ends_with("xes") || word.ends_with("ches") || word.ends_with("shes") {
        word.truncate(word.len() - 2);
    } else if word.ends_with("ies") && word.len() > SHORT {
        word.truncate(word.len() - 3);
        word.push('y');
    } else if word.ends_with('s') && !["ss", "us", "is", "ics"].iter().any(|end| word.ends_with(end)) {
        word.pop();
    }
}

/// Takes a verb's ending off when a word is left.
fn ending(word: &mut String, end: &str) -> bool {
    let Some(rest) = word.strip_suffix(end) else {
        return false;
    };
    let is_word = rest.len() >= 3 && rest.bytes().any(|byte| b"aeiouy".contains(&byte));
    if is_word {
        word.truncate(rest.len());
    }
    is_word
}

fn undouble(word: &mut String) {
    let bytes = word.as_bytes();
    if let [.., one, other] = bytes
        && one == other
        && b"bdgmnprt".contains(one)
    {
        word.pop();
    }
}

/// Endings that make nouns of verbs, and the two spellings of `synchronise`.
fn derived(word: &mut String) {
    const CUT: [(&str, &str, usize); 12] = [
        ("isation", "is", 4),
        ("ization", "is", 4),
        ("izat", "is", 4),
        ("iz", "is", 4),
        ("ize", "is", 4),
        ("ation", "at", 3),
        ("tion", "t", 3),
        ("sion", "s", 3),
        ("ment", "", 4),
        ("ness", "", 4),
        ("fully", "", 4),
        ("ly", "", 4),
    ];
    for (end, instead, left) in CUT {
        if let Some(rest) = word.strip_suffix(end)
            && rest.len() >= left
        {
            let keep = rest.len();
            word.truncate(keep);
            word.push_str(instead);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn forms_of_a_word_meet() {
        let meet = |words: &[&str]| {
            let stems: Vec<String> = words.iter().map(|word| stem(word)).collect();
            assert!(
                stems.iter().all(|other| *other == stems[0]),
                "{words:?} became {stems:?}"
            );
        };
        meet(&["fail", "fails", "failing", "failed"]);
        meet(&["schedule", "schedules", "scheduled", "scheduling"]);
        meet(&["compaction", "compactions", "compacting", "compact"]);
        meet(&[
            "synchronising",
            "synchronizing",
            "synchronised",
            "synchronisation",
        ]);
        meet(&["drop", "drops", "dropped", "dropping"]);
        meet(&["replication", "replicate", "replicated"]);
        meet(&["deployment", "deployments", "deploy", "deployed"]);
        meet(&["entry", "entries"]);
    }

    #[test]
    fn other_words_stay_apart() {
        for (one, other) in [
            ("node", "nodes3"),
            ("status", "stat"),
            ("class", "clas"),
            ("disk", "dis"),
        ] {
            assert_ne!(stem(one), stem(other));
        }
        assert_eq!(stem("ring"), "ring");
        assert_eq!(stem("überlast"), "überlast");
    }
}
