//! The same promises over generated words: what is shown reads back, nothing panics, no spelling lowers a tier.

use proptest::prelude::*;

use super::tests::{EXEC_TIERS, TIERS, argv, defaults, tier};
use super::*;

/// Argv with everything that could be mistaken on a screen or by a reader.
fn any_word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9./=:-]{0,12}",
        "\\PC{0,8}",
        proptest::collection::vec(
            prop_oneof![
                Just('\''),
                Just('"'),
                Just('\\'),
                Just('$'),
                Just(' '),
                Just('\n'),
                Just('\t'),
                Just('\r'),
                Just('\u{7f}'),
                Just('\u{202e}'),
                Just('\u{200b}'),
                Just('\u{2066}'),
                Just('\u{feff}'),
                Just('\u{e0041}'),
                Just('\u{a0}'),
                Just('x'),
                Just('u'),
                Just('0'),
                Just('`'),
                Just('#'),
                Just('~'),
                Just('!')
            ],
            0..8
        )
        .prop_map(|characters| characters.into_iter().collect()),
    ]
}

fn flips(text: &str, mask: u64) -> String {
    text.chars()
        .enumerate()
        .map(|(at, c)| {
            if mask >> (at % 64) & 1 == 1 {
                c.to_ascii_uppercase()
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
}

proptest! {
    #[test]
    fn what_is_shown_reads_back(argv in proptest::collection::vec(any_word(), 0..6)) {
        let line = display_argv(&argv);
        prop_assert!(!line.chars().any(is_deceptive), "{line:?}");
        prop_assert_eq!(read_argv(&line).unwrap(), argv);
    }

    #[test]
    fn nothing_panics(words in proptest::collection::vec(any_word(), 0..8), program in 0_usize..6) {
        let mut argv = vec![["kubectl", "curl", "jq", "grep", "head", "wc"][program].to_owned()];
        argv.extend(words);
        let facts = TierFacts::default();
        if let Ok(action) = Action::parse(&argv, &defaults()) {
            let _ = (action.tier(&facts), action.effect_class(), action.target_key());
            prop_assert!(action.plain_line().chars().count() <= 200);
        }
        let _ = Filter::parse(&argv);
        let _ = classify(&argv);
    }

    #[test]
    fn an_accepted_command_reads_back_from_its_line(pick in 0_usize..TIERS.len() + EXEC_TIERS.len(), extra in any_word()) {
        let mut argv = match TIERS.get(pick) {
            Some((line, _)) => argv(line),
            None => argv(&format!("kubectl exec -n production deploy/redis-a -- {}", EXEC_TIERS[pick - TIERS.len()].0)),
        };
        if TIERS.get(pick).is_none() {
            argv.push(extra);
        }
        if let Ok(action) = Action::parse(&argv, &defaults()) {
            let again = Action::parse(&read_argv(&action.command_line()).unwrap(), &defaults());
            prop_assert_eq!(again, Ok(action));
        }
    }

    #[test]
    fn no_spelling_of_a_dangerous_redis_command_is_harmless(
        command in prop_oneof![Just("flushall"), Just("flushdb"), Just("del"), Just("shutdown"), Just("debug"), Just("eval"), Just("slaveof")],
        case in any::<u64>(),
        path in prop_oneof![Just(""), Just("/usr/bin/"), Just("./")],
        options in proptest::sample::subsequence(vec!["-n 1", "-a get", "--no-auth-warning", "-p 6380", "--raw", "-h info", "-x", "--user ping", "-i 0", "--tls"], 0..5),
        wrapper in prop_oneof![Just(""), Just("env FOO=1 "), Just("timeout 5 "), Just("sudo -u redis "), Just("nice "), Just("exec ")],
        rest in prop_oneof![Just(""), Just(" set x"), Just(" get"), Just(" async")],
    ) {
        let line = format!("{wrapper}{path}redis-cli {} {}{rest}", options.join(" "), flips(command, case));
        let exec = format!("kubectl exec -n staging deploy/redis-a -- {line}");
        prop_assert_eq!(tier(&exec), Tier::Three, "{}", line);
        let on_cache = tier(&format!("kubectl exec -n production deploy/redis-a -- {line}"));
        prop_assert!(on_cache >= Tier::One, "{line}");
    }

    #[test]
    fn no_spelling_of_kubectl_lowers_a_tier(
        pick in 4_usize..12,
        context in prop_oneof![Just(""), Just("--context main "), Just("--context=main ")],
    ) {
        let (line, expected) = TIERS[pick];
        let before = line.replacen("kubectl ", &format!("kubectl {context}"), 1);
        prop_assert_eq!(tier(&before), expected);
    }
}
